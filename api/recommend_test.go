package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

func TestARecommendedCallWaitsForItsApproval(t *testing.T) {
	p := start(t)
	p.hook().post("/v1/hooks/generic", `{"title":"x","severity":"high"}`).is(202)
	ana := p.as("ana", soc.RoleAnalyst)
	run := ana.get("/v1/runs").is(200).list().Items[0]["id"].(string)
	recommended := []soc.Recommended{
		{Operation: "edr.isolate_host", Arguments: json.RawMessage(`{"host_id":"h-1","comment":"${{ alert.title }}"}`), Why: "It beacons."},
		{Operation: "edr.isolate_host", Arguments: json.RawMessage(`{"host":1}`), Why: "x"},
		{Operation: "edr.format_everything", Why: "x"},
		{Operation: "net.classify", Arguments: json.RawMessage(`{"ip":"203.0.113.9"}`), Why: "x"},
	}
	verdict, err := json.Marshal(soc.Verdict{Verdict: soc.Malicious, Classification: "true_positive", VerdictID: 2, Recommended: recommended})
	require.NoError(t, err)
	body, err := json.Marshal(contract.ModelBody{Provider: "a", Model: "m", Output: verdict})
	require.NoError(t, err)
	_, err = p.store.Append(t.Context(), run, []soc.LedgerEntry{{Key: "triage/model/1", Kind: contract.KindModelAnswered, Step: "triage", At: time.Now(), Body: body}})
	require.NoError(t, err)
	path := "/v1/runs/" + run + "/recommended"
	ask := func(c *client, number int) answer {
		c.p.t.Helper()
		return c.post(path, map[string]any{"step": "triage", "number": number, "reason": "It must stop"})
	}

	var started soc.Run
	ask(ana, 0).is(202).into(&started)
	require.Equal(t, []string{soc.TriggerRecommended, run, "ana"}, []string{started.Trigger, started.Parent, started.RequestedBy})
	kept, err := p.store.PlanByDigest(t.Context(), started.PlanDigest)
	require.NoError(t, err)
	var made plan.Plan
	require.NoError(t, json.Unmarshal(kept.Plan, &made))
	require.Len(t, made.Steps, 3)
	gate, act := made.Steps[1], made.Steps[2]
	require.Equal(t, []string{act.ID}, gate.Approve.Covers)
	require.Equal(t, []string{gate.ID}, act.Action.Approvals)
	require.Equal(t, plan.EffectConsequential, act.Action.Effect)
	require.JSONEq(t, `{"host_id":"h-1","comment":"${{ alert.title }}"}`, string(act.Action.With.Literal), "what a model writes is never evaluated")
	require.Len(t, act.Action.Origins, 2)
	require.True(t, act.Action.Origins[0].Untrusted)
	require.Len(t, gate.Approve.Edit, 2)

	require.Contains(t, ask(ana, 0).is(409).problem().Detail, started.ID)
	require.Contains(t, ask(ana, 1).is(422).problem().Detail, "edr.isolate_host can't be called as the model recommends")
	require.Contains(t, ask(ana, 2).is(422).problem().Detail, "there is no operation edr.format_everything")
	ask(ana, 4).is(422)
	ask(p.as("mute"), 0).is(403)
	ana.post(path, map[string]any{"step": "gate", "number": 0, "reason": "x"}).is(422)
	ana.post(path, map[string]any{"step": "triage", "number": 0, "reason": ""}).is(422)
	ask(ana, 3).is(202).into(&started) // it only reads: nobody is asked
	kept, err = p.store.PlanByDigest(t.Context(), started.PlanDigest)
	require.NoError(t, err)
	made = plan.Plan{}
	require.NoError(t, json.Unmarshal(kept.Plan, &made))
	require.Len(t, made.Steps, 2)
}
