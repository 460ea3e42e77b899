package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

func TestShadow(t *testing.T) {
	t.Parallel()
	steps := func(covers string) string {
		return `[{"id":"gate","line":1,"verb":"approve","approve":{"title":{"lit":"?"},"role":"responder","covers":` + covers + `,"within":60000,"on_timeout":"deny"}},` +
			act("contain", "gate") + `,{"id":"block","line":2,"verb":"action","action":{"operation":"fw.block","effect":"consequential","approvals":["gate"],"with":{"lit":{}}}},` +
			`{"id":"tag","line":2,"verb":"action","action":{"operation":"x.tag","effect":"write","with":{"lit":{}}}},` + setLast("[steps.contain.output, steps.contain.status]") + `]`
	}
	suspend, block := digestOf(t, "okta.suspend_user", `{"user_id":"ana"}`), digestOf(t, "fw.block", `{}`)
	both := steps(`["contain","block"]`)
	cases := map[string]struct {
		steps    string
		shadow   *contract.Shadow
		decision *contract.DecisionOutput
		made     []string
		recorded []string // digests
		asked    []string // digests asked about
		ended    map[string]string
	}{
		"all of them are recorded, and nobody is asked": {
			steps: both, shadow: &contract.Shadow{}, made: []string{"x.tag"}, recorded: []string{suspend, block},
			ended: map[string]string{"gate": "ok", "contain": "ok", "block": "ok", "tag": "ok", "last": "ok"},
		},
		"those of one operation are recorded, and the rest is asked for": {
			steps: both, shadow: &contract.Shadow{Operations: []string{"okta.suspend_user"}}, decision: &contract.DecisionOutput{Outcome: "approved", Calls: []string{block}},
			made: []string{"fw.block", "x.tag"}, recorded: []string{suspend}, asked: []string{block},
			ended: map[string]string{"gate": "ok", "contain": "ok", "block": "ok", "tag": "ok", "last": "ok"},
		},
		"a no to the rest ends the run": {
			steps: both, shadow: &contract.Shadow{Operations: []string{"okta.suspend_user"}}, decision: &contract.DecisionOutput{Outcome: "denied"},
			asked: []string{block}, ended: map[string]string{"gate": "denied"},
		},
		"a yes that forgets the rest makes no call": {
			steps: both, shadow: &contract.Shadow{Operations: []string{"okta.suspend_user"}}, decision: &contract.DecisionOutput{Outcome: "approved", Calls: []string{suspend}},
			made: []string{"x.tag"}, recorded: []string{suspend}, asked: []string{block},
			ended: map[string]string{"gate": "ok", "contain": "ok", "block": "skipped", "tag": "ok", "last": "ok"},
		},
		"what the approval does not cover is neither made nor recorded": {
			steps: steps(`["contain"]`), shadow: &contract.Shadow{}, made: []string{"x.tag"}, recorded: []string{suspend},
			ended: map[string]string{"gate": "ok", "contain": "ok", "block": "skipped", "tag": "ok", "last": "ok"},
		},
		"a grant in shadow releases no call of another operation": {
			steps: steps(`["contain"]`), shadow: &contract.Shadow{Operations: []string{"okta.suspend_user"}}, made: []string{"x.tag"}, recorded: []string{suspend},
			ended: map[string]string{"gate": "ok", "contain": "ok", "block": "skipped", "tag": "ok", "last": "ok"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true, shadow: c.shadow, decisions: map[string]contract.DecisionOutput{}}
			out := play(t, w, c.steps, func(env *testsuite.TestWorkflowEnvironment) {
				if c.decision != nil {
					w.decisions["dec_1"] = *c.decision
					approve(env, time.Second, "gate", "dec_1")
				}
			})
			require.Equal(t, "completed", out.Status, out.Reason)
			var made, recorded, asked []string
			for _, call := range w.calls {
				made = append(made, call.Operation)
			}
			for _, e := range w.kinds(contract.KindCallShadowed) {
				var body contract.CallBody
				require.NoError(t, json.Unmarshal(e.Body, &body))
				require.NotEmpty(t, body.Input)
				recorded = append(recorded, body.Digest)
				require.True(t, w.bodies(t)[e.Step].Shadow)
			}
			for _, a := range w.approvals {
				for _, call := range a.Calls {
					asked = append(asked, call.Digest)
				}
			}
			require.Equal(t, c.made, made)
			require.Equal(t, c.recorded, recorded)
			require.Equal(t, c.asked, asked)
			require.Equal(t, c.ended, w.ended(t))
			if c.asked == nil {
				noted := w.kinds(contract.KindApprovalShadowed)
				require.Len(t, noted, 1)
				var in contract.ApprovalInput
				require.NoError(t, json.Unmarshal(noted[0].Body, &in))
				require.Len(t, in.Calls, len(c.recorded))
				require.JSONEq(t, `{"last":{"v":[null,"ok"]}}`, string(out.Outputs))
			}
		})
	}
}

func TestACalledPlaybookIsInItsCallersShadow(t *testing.T) {
	t.Parallel()
	callee := fullPlan(t, `[{"id":"gate","line":1,"verb":"approve","approve":{"title":{"lit":"?"},"role":"responder","covers":["contain"],"within":60000,"on_timeout":"deny"}},`+act("contain", "gate")+`]`)
	w := &world{full: true, shadow: &contract.Shadow{}, playbooks: map[string]plan.Plan{"other": callee}}
	out := play(t, w, `[`+callStep(`"playbook":"other"`)+`]`, nil)
	require.Equal(t, "completed", out.Status, out.Reason)
	require.Empty(t, w.calls)
	require.Empty(t, w.approvals)
	require.Len(t, w.kinds(contract.KindCallShadowed), 1)
}
