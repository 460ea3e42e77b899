package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
)

func TestAsks(t *testing.T) {
	t.Parallel()
	form := func(onTimeout string) string {
		return `[{"id":"last","line":1,"verb":"ask","ask":{"title":{"text":[{"text":"Was it you, "},{"expr":"alert.user.name"},{"text":"?"}]},"role":"analyst",
			"fields":[{"name":"why","type":"text","required":true},{"name":"known","type":"boolean","default":false}],
			"within":3600000,"remind":1200000,"on_timeout":"` + onTimeout + `","escalate_to":"lead"}}]`
	}
	answered := contract.DecisionOutput{Outcome: "approved", By: "bo", Answers: json.RawMessage(`{"why":"travel","known":true}`)}
	cases := map[string]struct {
		onTimeout string
		script    func(env *testsuite.TestWorkflowEnvironment)
		status    string
		reason    string
		last      string
		asked     int
		reminders int
		kind      string
	}{
		"an answer is the output": {
			onTimeout: "fail", status: "completed", asked: 1, last: `{"answered":true,"by":"bo","values":{"why":"travel","known":true}}`,
			script: func(env *testsuite.TestWorkflowEnvironment) { approve(env, time.Minute, "last", "dec_yes") },
		},
		"a forged answer is none": {
			onTimeout: "continue", status: "completed", asked: 1, reminders: 2, last: `{"answered":false,"by":"","values":{"why":null,"known":false}}`,
			script: func(env *testsuite.TestWorkflowEnvironment) { approve(env, time.Minute, "last", "dec_forged") },
		},
		"whoever declines to answer fails it": {
			onTimeout: "continue", status: "failed", reason: "step last: bo declined to answer: not mine", asked: 1, last: "null", kind: "denied",
			script: func(env *testsuite.TestWorkflowEnvironment) { approve(env, time.Minute, "last", "dec_no") },
		},
		"silence fails it": {onTimeout: "fail", status: "failed", reason: "step last: nobody answered within 1h0m0s", asked: 1, reminders: 2, last: "null", kind: "timeout"},
		"silence may be gone past with the defaults": {
			onTimeout: "continue", status: "completed", asked: 1, reminders: 2, last: `{"answered":false,"by":"","values":{"why":null,"known":false}}`,
		},
		"silence escalates, and then fails it": {
			onTimeout: "escalate", status: "failed", reason: "step last: nobody answered within 1h0m0s", asked: 2, reminders: 4, last: "null", kind: "timeout",
		},
		"a cancelled run withdraws the question": {
			onTimeout: "fail", status: "cancelled", reason: "cancelled", asked: 1, last: "null",
			script: func(env *testsuite.TestWorkflowEnvironment) {
				env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true, decisions: map[string]contract.DecisionOutput{"dec_yes": answered, "dec_no": {Outcome: "denied", By: "bo", Reason: "not mine"}}}
			out := play(t, w, form(c.onTimeout), c.script)
			require.Equal(t, c.status, out.Status, out.Reason)
			require.Equal(t, c.reason, out.Reason)
			require.JSONEq(t, `{"last":`+c.last+`}`, string(out.Outputs))
			require.Len(t, w.approvals, c.asked)
			require.Equal(t, "Was it you, ana?", w.approvals[0].Title)
			require.Len(t, w.approvals[0].Form, 2)
			require.Empty(t, w.approvals[0].Calls)
			require.Len(t, w.reminders, c.reminders)
			require.Len(t, w.kinds(contract.KindApprovalReminded), c.reminders)
			body := w.bodies(t)["last"]
			if c.kind != "" {
				require.Equal(t, c.kind, body.Error.Kind)
			}
			if c.status == "cancelled" {
				require.True(t, w.expired[0].Withdraw)
			}
		})
	}
}

const editable = `[{"id":"gate","line":1,"verb":"approve","approve":{"title":{"lit":"?"},"role":"responder","quorum":2,"remind":1200000,
	"covers":["contain"],"within":3600000,"on_timeout":"deny","edit":[{"step":"contain","argument":"minutes"}]}},
 {"id":"contain","line":2,"verb":"action","action":{"operation":"okta.suspend_user","effect":"consequential","approvals":["gate"],
   "with":{"object":[{"name":"user_id","value":{"expr":"alert.user.name"}},{"name":"minutes","value":{"lit":30}}]}}}]`

func TestTheApproverMayEdit(t *testing.T) {
	t.Parallel()
	edit := func(arguments, digestOfArguments string) contract.DecisionOutput {
		return contract.DecisionOutput{
			Outcome: "approved", By: "bo", Calls: []string{digestOf(t, "okta.suspend_user", digestOfArguments)},
			Edited: map[string]json.RawMessage{"contain": json.RawMessage(arguments)},
		}
	}
	cases := map[string]struct {
		decision contract.DecisionOutput
		status   string
		made     string // arguments
		gate     string
		contain  string
	}{
		"what may be changed is changed": {
			decision: edit(`{"user_id":"ana","minutes":5}`, `{"user_id":"ana","minutes":5}`), status: "completed", made: `{"user_id":"ana","minutes":5}`, gate: "ok", contain: "ok",
		},
		"what may not be changed releases nothing": {
			decision: edit(`{"user_id":"bo","minutes":5}`, `{"user_id":"bo","minutes":5}`), status: "failed", gate: "failed",
		},
		"an argument more releases nothing": {
			decision: edit(`{"user_id":"ana","minutes":5,"all":true}`, `{"user_id":"ana","minutes":5,"all":true}`), status: "failed", gate: "failed",
		},
		"an argument less releases nothing": {
			decision: edit(`{"minutes":5}`, `{"minutes":5}`), status: "failed", gate: "failed",
		},
		"a change of a step that is not covered releases nothing": {
			decision: contract.DecisionOutput{Outcome: "approved", Edited: map[string]json.RawMessage{"other": json.RawMessage(`{}`)}}, status: "failed", gate: "failed",
		},
		"a change that the decision's digests don't name releases nothing": {
			decision: edit(`{"user_id":"ana","minutes":5}`, `{"user_id":"ana","minutes":30}`), status: "completed", gate: "ok", contain: "skipped",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true, decisions: map[string]contract.DecisionOutput{"dec_1": c.decision}}
			out := play(t, w, editable, func(env *testsuite.TestWorkflowEnvironment) {
				approve(env, 10*time.Minute, "gate", "dec_vote") // a vote that does not complete the quorum gives no outcome
				approve(env, 30*time.Minute, "gate", "dec_1")
			})
			require.Equal(t, c.status, out.Status, out.Reason)
			require.Equal(t, 2, w.approvals[0].Quorum)
			require.Len(t, w.approvals[0].Calls[0].Edit, 1)
			require.Len(t, w.reminders, 1)
			require.Equal(t, c.gate, w.ended(t)["gate"])
			require.Equal(t, c.contain, w.ended(t)["contain"])
			if c.made == "" {
				require.Empty(t, w.calls)
				return
			}
			require.JSONEq(t, c.made, string(w.calls[0].Arguments))
			require.Equal(t, digestOf(t, "okta.suspend_user", c.made), w.calls[0].Digest)
		})
	}
}

func TestSignalsNobodyWaitsForAreNotKept(t *testing.T) {
	t.Parallel()
	yes := contract.DecisionOutput{Outcome: "approved", By: "bo", Calls: []string{digestOf(t, "okta.suspend_user", `{"user_id":"ana","minutes":30}`)}}
	w := &world{full: true, decisions: map[string]contract.DecisionOutput{"dec_1": yes}}
	out := play(t, w, editable, func(env *testsuite.TestWorkflowEnvironment) {
		for i := range 300 {
			approve(env, time.Minute, string(rune('a'+i%26))+"x", "dec_1")
		}
		approve(env, 2*time.Minute, "gate", "dec_1")
	})
	require.Equal(t, "completed", out.Status)
	require.Len(t, w.calls, 1, "a flood of signals for others does not hide the true one")
}
