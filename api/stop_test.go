package api_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

func (p *picket) note(runID, kind, step string, body any) {
	p.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(p.t, err)
	_, err = p.store.Append(p.t.Context(), runID, []soc.LedgerEntry{{Key: step + "/" + kind, Kind: kind, Step: step, Body: text, Actor: "test"}})
	require.NoError(p.t, err)
}

func (p *picket) over(runID string) {
	p.t.Helper()
	_, err := p.store.CloseRun(p.t.Context(), store.Closing{RunID: runID, Status: soc.RunCompleted})
	require.NoError(p.t, err)
}

func TestARunIsCancelledOnceAndForAReason(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, run := p.accepted(1)
	ana := p.as("ana", soc.RoleAnalyst)
	path := "/v1/runs/" + run + "/cancel"
	p.as("guest").post(path, object{"reason": "a drill"}).is(403)
	ana.post(path, object{"reason": " "}).is(422)
	ana.post("/v1/runs/run_none/cancel", object{"reason": "a drill"}).is(404)
	for range 2 {
		ana.post(path, object{"reason": "a drill"}).is(202)
	}
	_, err := p.store.CloseRun(t.Context(), store.Closing{RunID: run, Status: soc.RunCancelled})
	require.NoError(t, err)
	var now soc.Run
	ana.get("/v1/runs/" + run).is(200).into(&now)
	require.Equal(t, "cancelled by ana: a drill", now.Reason)
	ana.post(path, object{"reason": "a drill"}).is(409)
}

func TestARunIsTakenBackByARunOfItsOwn(t *testing.T) {
	t.Parallel()
	p := start(t)
	alert, run := p.accepted(1)
	ana := p.as("ana", soc.RoleAnalyst)
	path := "/v1/runs/" + run + "/undo"
	require.Contains(t, ana.post(path, object{"reason": "wrong host"}).is(409).problem().Detail, "cancel it before")
	p.note(run, contract.KindStepFinished, "isolate", contract.StepBody{Verb: plan.VerbAction, Status: contract.StepOK, Undo: &contract.UndoBody{
		Operation: "edr.release_host", Connection: "edr", Effect: plan.EffectConsequential, Arguments: json.RawMessage(`{"host_id":"h"}`), Role: soc.RoleResponder,
	}})
	p.over(run)
	p.as("guest").post(path, object{"reason": "wrong host"}).is(403)
	ana.post(path, object{}).is(422)

	var first, again soc.Run
	ana.with("Idempotency-Key", "k1").post(path, object{"reason": "wrong host"}).is(202).into(&first)
	ana.with("Idempotency-Key", "k1").post(path, object{"reason": "wrong host"}).is(202).into(&again)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, soc.TriggerUndo, first.Trigger)
	require.Equal(t, run, first.Parent)
	require.Equal(t, alert, first.AlertID)
	require.Contains(t, ana.post(path, object{"reason": "again"}).is(409).problem().Detail, "is taking it back already")
	require.Len(t, ana.get("/v1/runs?parent_id="+run).is(200).list().Items, 1)
	var kept struct {
		Plan plan.Plan `json:"plan"`
	}
	ana.get("/v1/runs/" + first.ID + "/plan").is(200).into(&kept)
	require.Equal(t, "soc", kept.Plan.Owner)
	require.Equal(t, plan.VerbApprove, kept.Plan.Steps[0].Verb)
	ana.get("/v1/runs/" + first.ID + "/steps").is(200)

	p.note(first.ID, contract.KindCallFinished, "undo_1", contract.CallBody{Operation: "edr.release_host", Connection: "edr", Input: json.RawMessage(`{"host_id":"h"}`)})
	p.over(first.ID)
	require.Contains(t, ana.post(path, object{"reason": "again"}).is(409).problem().Detail, "nothing to undo")
}

func TestAPlaybookStartsWithTheInputsThatItDeclares(t *testing.T) {
	t.Parallel()
	p := start(t)
	changed := *p.plan
	changed.Inputs = []plan.Input{
		{Name: "host", Type: "string", Required: true}, {Name: "hours", Type: "integer"}, {Name: "deep", Type: "boolean"},
		{Name: "tags", Type: "array"}, {Name: "more", Type: "object"}, {Name: "score", Type: "number"},
	}
	p.playbook.Plan = &changed
	ana := p.as("ana", soc.RoleAnalyst)
	got := ana.post("/v1/playbooks/isolate/runs", object{"inputs": object{
		"hours": 1.5, "deep": "yes", "tags": object{}, "more": []int{}, "score": "high", "other": nil,
	}}).is(422).problem()
	pointers := []string{}
	for _, e := range got.Errors {
		pointers = append(pointers, e.Pointer)
	}
	require.Equal(t, []string{"/inputs/host", "/inputs/hours", "/inputs/deep", "/inputs/tags", "/inputs/more", "/inputs/score", "/inputs/other"}, pointers)

	good := object{"inputs": object{"host": "h", "hours": 2, "deep": true, "tags": []string{}, "more": object{}, "score": 0.5}}
	var run, again soc.Run
	ana.with("Idempotency-Key", "k").post("/v1/playbooks/isolate/runs", good).is(202).into(&run)
	ana.with("Idempotency-Key", "k").post("/v1/playbooks/isolate/runs", good).is(202).into(&again)
	require.Equal(t, run.ID, again.ID)
	require.Equal(t, "ana", run.RequestedBy)
	require.Empty(t, run.AlertID)
	alert, _ := p.accepted(1)
	good["alert_id"] = alert
	ana.post("/v1/playbooks/isolate/runs", good).is(202).into(&run)
	require.Equal(t, alert, run.AlertID)
	good["alert_id"] = "alr_none"
	ana.post("/v1/playbooks/isolate/runs", good).is(404)
	ana.post("/v1/playbooks/none/runs", object{}).is(404)
	p.as("guest").post("/v1/playbooks/isolate/runs", good).is(403)
	p.playbook.Plan = nil
	ana.post("/v1/playbooks/isolate/runs", good).is(409)
}

func TestALoopsItemsArePaged(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, run := p.accepted(1)
	long := plan.Plan{Version: 1, Name: "isolate", Triggers: []plan.Trigger{}, Steps: []plan.Step{{ID: "each", Verb: plan.VerbForeach, Foreach: &plan.Foreach{
		Items: "x", As: "item", AtOnce: 1, Steps: []plan.Step{{ID: "look", Verb: plan.VerbSet, Set: []plan.Field{}}},
	}}}}
	text, err := long.Encode()
	require.NoError(t, err)
	require.NoError(t, p.store.SavePlan(t.Context(), store.Plan{Digest: "long", Name: "isolate", Plan: text}))
	looped, err := p.store.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "isolate", PlanDigest: "long", Parent: run}})
	require.NoError(t, err)
	for i := range 5 {
		p.note(looped.ID, contract.KindStepFinished, fmt.Sprintf("each[%d]/look", i), contract.StepBody{Status: contract.StepOK, Started: time.Now(), Ended: time.Now()})
	}
	ana := p.as("ana", soc.RoleAnalyst)
	steps := "/v1/runs/" + looped.ID + "/steps"
	require.Len(t, ana.get(steps).is(200).list().Items, 6)
	first := ana.get(steps + "?loop=each&limit=2").is(200).list()
	require.Equal(t, "2", first.Next)
	require.Equal(t, "each[1]/look", first.Items[1]["path"])
	last := ana.get(steps + "?loop=each&limit=3&from=2").is(200).list()
	require.Len(t, last.Items, 3)
	require.Empty(t, last.Next)
	ana.get(steps + "?loop=each&from=-1").is(422)
	ana.get(steps + "?loop=each&limit=0").is(422)
}

func TestShadowModeIsForLeadsAndReportsWhatReallyHappened(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana, lea := p.as("ana", soc.RoleAnalyst), p.as("lea", soc.RoleLead)
	put := func(c *client, body object) answer {
		text, err := json.Marshal(body)
		require.NoError(t, err)
		return c.put("/v1/playbooks/isolate/shadow", text)
	}
	lea.get("/v1/playbooks/isolate/shadow").is(404)
	put(ana, object{"reason": "new"}).is(403)
	put(lea, object{}).is(422)
	put(lea, object{"reason": "new", "operations": []string{"no.such"}}).is(422)
	put(lea, object{"reason": "new", "plan_digest": "other"}).is(422)
	put(lea, object{"reason": "new", "operations": []string{"edr.isolate_host"}, "plan_digest": p.playbook.Digest}).is(200)
	ana.get("/v1/playbooks/isolate/shadow").is(200)

	would := func(n int, host string) (alert, run string) {
		alert, _ = p.accepted(n)
		r, err := p.store.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "isolate", AlertID: alert}, Shadow: json.RawMessage(`{}`)})
		require.NoError(t, err)
		p.note(r.ID, contract.KindCallShadowed, "isolate", contract.CallBody{
			Operation: "edr.isolate_host", Connection: "edr", Effect: plan.EffectConsequential, Input: json.RawMessage(`{"host_id":"` + host + `","comment":"by machine"}`),
		})
		return alert, r.ID
	}
	// One was done by hand, in other words and by somebody's decision; one was denied; one other host was isolated.
	other := func(alert string) string {
		r, err := p.store.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "by-hand", AlertID: alert}})
		require.NoError(t, err)
		return r.ID
	}
	did := func(run, host, decision string) {
		p.note(run, contract.KindCallFinished, "isolate", contract.CallBody{
			Operation: "edr.isolate_host", Effect: plan.EffectConsequential, Decision: decision, Input: json.RawMessage(`{ "comment":"ana","host_id": "` + host + `"}`),
		})
	}
	done, _ := would(1, "h1")
	byHand := other(done)
	p.note(byHand, contract.KindApprovalDecided, "gate", soc.Decision{ID: "dec_1", By: "rita", Outcome: soc.ApprovalApproved})
	did(byHand, "h1", "dec_1")
	denied, _ := would(2, "h2")
	asked := other(denied)
	p.note(asked, contract.KindApprovalRequested, "gate", soc.Approval{ID: "apr_2", RunID: asked, Calls: []soc.ApprovalCall{
		{Operation: "edr.isolate_host", Arguments: json.RawMessage(`{"host_id":"h2","comment":"x"}`)},
	}})
	p.note(asked, contract.KindApprovalDecided, "gate", soc.Decision{ID: "dec_2", ApprovalID: "apr_2", By: "ron", Outcome: soc.ApprovalDenied})
	missed, _ := would(3, "h3")
	did(other(missed), "h4", "dec_1")
	alone, err := p.store.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "isolate"}, Shadow: json.RawMessage(`{}`)})
	require.NoError(t, err)
	p.note(alone.ID, contract.KindCallShadowed, "isolate", contract.CallBody{Operation: "edr.isolate_host", Input: json.RawMessage(`{}`)})

	var report struct {
		Runs, Calls, Done, Denied int
		NotDone                   int     `json:"not_done"`
		NoAlert                   int     `json:"no_alert"`
		Agreement                 float64 `json:"agreement"`
		Items                     []struct {
			AlertID  string `json:"alert_id"`
			Outcome  string
			By       string
			OtherRun string `json:"other_run"`
		}
	}
	ana.get("/v1/playbooks/isolate/shadow/report").is(200).into(&report)
	require.Equal(t, []int{4, 4, 1, 1, 1, 1}, []int{report.Runs, report.Calls, report.Done, report.Denied, report.NotDone, report.NoAlert})
	require.InDelta(t, 1.0/3, report.Agreement, 0.001)
	for _, item := range report.Items {
		switch item.AlertID {
		case done:
			require.Equal(t, []string{"done", "rita", byHand}, []string{item.Outcome, item.By, item.OtherRun})
		case denied:
			require.Equal(t, []string{"denied", "ron", asked}, []string{item.Outcome, item.By, item.OtherRun})
		case missed:
			require.Equal(t, "not_done", item.Outcome)
		default:
			require.Equal(t, "no_alert", item.Outcome)
		}
	}
	ana.get("/v1/playbooks/isolate/shadow/report?since=2999-01-01T00:00:00Z").is(200).into(&report)
	require.Zero(t, report.Runs)
	ana.get("/v1/playbooks/isolate/shadow/report?since=yesterday").is(422)

	ana.post("/v1/playbooks/isolate/promote", object{"reason": "a week of agreement"}).is(403)
	lea.post("/v1/playbooks/isolate/promote", object{"reason": "a week of agreement"}).is(204)
	lea.post("/v1/playbooks/isolate/promote", object{"reason": "a week of agreement"}).is(409)
	lea.get("/v1/playbooks/isolate/shadow").is(404)
}
