package workflows_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
)

const gated = `[
 {"id":"gate","line":1,"verb":"approve","approve":{"title":{"text":[{"text":"Suspend "},{"expr":"alert.user.name"}]},"role":"responder",
   "covers":["contain"],"within":60000,"on_timeout":"ON_TIMEOUT","escalate_to":"lead"}},
 {"id":"contain","line":2,"verb":"action","action":{"operation":"okta.suspend_user","effect":"consequential","approvals":["gate"],
   "with":{"object":[{"name":"user_id","value":{"expr":"alert.user.name"}}]}}}]`

func gatedSteps(onTimeout string) string {
	return string(slices.Concat([]byte(gated[:indexOf(gated, "ON_TIMEOUT")]), []byte(onTimeout), []byte(gated[indexOf(gated, "ON_TIMEOUT")+10:])))
}

func indexOf(text, part string) int {
	for i := range len(text) - len(part) {
		if text[i:i+len(part)] == part {
			return i
		}
	}
	return -1
}

func decide(env *testsuite.TestWorkflowEnvironment, after time.Duration, escalated bool, decision string) {
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(contract.SignalApprovalDecided, contract.ApprovalDecided{
			ApprovalID: contract.ApprovalID("run_1", "gate", escalated), DecisionID: decision,
		})
	}, after)
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	digest, err := contract.CallDigest("okta.suspend_user", "", json.RawMessage(`{"user_id":"ana"}`))
	require.NoError(t, err)
	yes := contract.DecisionOutput{Outcome: "approved", By: "bo", Calls: []string{digest}}
	cases := map[string]struct {
		onTimeout string
		decisions map[string]contract.DecisionOutput
		script    func(env *testsuite.TestWorkflowEnvironment)
		calls     int
		gate      string
		contain   string
		asked     int
	}{
		"an approval releases the call": {
			onTimeout: "deny", decisions: map[string]contract.DecisionOutput{"dec_1": yes},
			script: func(env *testsuite.TestWorkflowEnvironment) { decide(env, time.Second, false, "dec_1") },
			calls:  1, gate: "ok", contain: "ok", asked: 1,
		},
		"a denial ends the run": {
			onTimeout: "deny", decisions: map[string]contract.DecisionOutput{"dec_1": {Outcome: "denied", By: "bo", Reason: "his holiday"}},
			script: func(env *testsuite.TestWorkflowEnvironment) { decide(env, time.Second, false, "dec_1") },
			gate:   "denied", asked: 1,
		},
		"silence releases nothing": {onTimeout: "deny", gate: "denied", asked: 1},
		"a forged signal releases nothing": {
			onTimeout: "deny", decisions: map[string]contract.DecisionOutput{"dec_forged": {Refused: "there is no decision with this id"}},
			script: func(env *testsuite.TestWorkflowEnvironment) { decide(env, time.Second, false, "dec_forged") },
			gate:   "denied", asked: 1,
		},
		"a forged signal does not hide the true one": {
			onTimeout: "deny", decisions: map[string]contract.DecisionOutput{"dec_forged": {}, "dec_1": yes},
			script: func(env *testsuite.TestWorkflowEnvironment) {
				decide(env, time.Second, false, "dec_forged")
				decide(env, 2*time.Second, false, "dec_1")
			},
			calls: 1, gate: "ok", contain: "ok", asked: 1,
		},
		"an approval of other arguments releases nothing": {
			onTimeout: "deny", decisions: map[string]contract.DecisionOutput{"dec_1": {Outcome: "approved", By: "bo", Calls: []string{"another"}}},
			script: func(env *testsuite.TestWorkflowEnvironment) { decide(env, time.Second, false, "dec_1") },
			gate:   "ok", contain: "skipped", asked: 1,
		},
		"silence escalates, and the lead decides": {
			onTimeout: "escalate", decisions: map[string]contract.DecisionOutput{"dec_2": yes},
			script: func(env *testsuite.TestWorkflowEnvironment) { decide(env, 70*time.Second, true, "dec_2") },
			calls:  1, gate: "ok", contain: "ok", asked: 2,
		},
		"silence of the lead releases nothing": {onTimeout: "escalate", gate: "denied", asked: 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{decisions: c.decisions}
			out := play(t, w, gatedSteps(c.onTimeout), c.script)
			require.Equal(t, "completed", out.Status)
			require.Equal(t, c.calls, w.called("okta.suspend_user"))
			ended := w.ended(t)
			require.Equal(t, c.gate, ended["gate"])
			require.Equal(t, c.contain, ended["contain"])
			require.Len(t, w.approvals, c.asked)
			require.Equal(t, "Suspend ana", w.approvals[0].Title)
			if c.asked == 2 {
				require.Equal(t, "lead", w.approvals[1].Role)
			}
		})
	}
}

func action(id, operation, more string) string {
	return `{"id":"` + id + `","line":1,"verb":"action",` + more + `"action":{"operation":"` + operation + `","effect":"read","local":true,"with":{"lit":{}}}}`
}

func TestSteps(t *testing.T) {
	t.Parallel()
	refused := temporal.NewNonRetryableApplicationError("no such user", "not_found", nil)
	cases := map[string]struct {
		steps  string
		answer func(contract.CallInput) (string, error)
		status string
		ended  map[string]string
		last   string
	}{
		"integers keep their digits": {
			steps:  `[{"id":"last","line":1,"verb":"set","set":[{"name":"n","value":{"expr":"alert.n"}}]}]`,
			status: "completed", ended: map[string]string{"last": "ok"}, last: `{"n":9007199254740993}`,
		},
		"an if that does not hold skips its step": {
			steps:  `[` + action("geo", "geoip.lookup", `"if":"alert.user.name == \"bo\"",`) + `]`,
			status: "completed", ended: map[string]string{"geo": "skipped"}, last: "null",
		},
		"a failed step fails the run": {
			steps:  `[` + action("geo", "geoip.lookup", "") + `,` + action("next", "geoip.lookup", "") + `]`,
			answer: func(contract.CallInput) (string, error) { return "", refused },
			status: "failed", ended: map[string]string{"geo": "failed"}, last: "null",
		},
		"a failed step may be gone past": {
			steps: `[` + action("geo", "geoip.lookup", `"on_error":"continue",`) +
				`,{"id":"last","line":1,"verb":"set","set":[{"name":"why","value":{"expr":"steps.geo.error.kind"}}]}]`,
			answer: func(contract.CallInput) (string, error) { return "", refused },
			status: "completed", ended: map[string]string{"geo": "failed", "last": "ok"}, last: `{"why":"not_found"}`,
		},
		"the first branch that holds runs": {
			steps: `[{"id":"pick","line":1,"verb":"choose","choose":{"branches":[
				{"when":"alert.user.name == \"bo\"","steps":[` + action("one", "a.b", "") + `]},
				{"when":"alert.user.name == \"ana\"","steps":[` + action("two", "a.b", "") + `]}],"else":[` + action("three", "a.b", "") + `]}}]`,
			status: "completed", ended: map[string]string{"pick": "ok", "two": "ok"}, last: "null",
		},
		"a stop ends the run from within": {
			steps: `[{"id":"pick","line":1,"verb":"choose","choose":{"branches":[{"when":"true","steps":[
				{"id":"halt","line":2,"verb":"stop","stop":{"status":"failed","reason":{"lit":"\"enough\""}}}]}]}},` + action("next", "a.b", "") + `]`,
			status: "failed", ended: map[string]string{"pick": "ok", "halt": "ok"}, last: "null",
		},
		"a failing branch ends the others": {
			steps: `[{"id":"both","line":1,"verb":"parallel","parallel":{"wait":"all","on_failure":"stop","branches":[
				{"name":"a","steps":[` + action("one", "bad.one", "") + `]},{"name":"b","steps":[` + action("two", "a.b", "") + `]}]}}]`,
			answer: func(in contract.CallInput) (string, error) {
				if in.Operation == "bad.one" {
					return "", refused
				}
				return "{}", nil
			},
			status: "failed", last: "null",
		},
		"a failing branch is collected": {
			steps: `[{"id":"last","line":1,"verb":"parallel","parallel":{"wait":"all","on_failure":"collect","branches":[
				{"name":"a","steps":[` + action("one", "bad.one", "") + `]},{"name":"b","steps":[` + action("two", "a.b", "") + `]}]}}]`,
			answer: func(in contract.CallInput) (string, error) {
				if in.Operation == "bad.one" {
					return "", refused
				}
				return "{}", nil
			},
			status: "completed", ended: map[string]string{"one": "failed", "two": "ok", "last": "ok"},
			last: `{"a":{"error":{"kind":"not_found","message":"no such user"},"status":"failed"},"b":{"error":null,"status":"ok"}}`,
		},
		"each item has its own steps and the output keeps their order": {
			steps: `[{"id":"last","line":1,"verb":"foreach","foreach":{"items":"[3,1,2]","as":"item","at_once":2,"steps":[
				{"id":"double","line":2,"verb":"set","set":[{"name":"n","value":{"expr":"item * 2"}}]}]}}]`,
			status: "completed", last: `[{"double":{"n":6}},{"double":{"n":2}},{"double":{"n":4}}]`,
			ended: map[string]string{"last": "ok", "last[0]/double": "ok", "last[1]/double": "ok", "last[2]/double": "ok"},
		},
		"an expression that fails fails its step": {
			steps:  `[{"id":"last","line":1,"verb":"set","set":[{"name":"n","value":{"expr":"1 + {}"}}]}]`,
			status: "failed", ended: map[string]string{"last": "failed"}, last: "null",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{answer: c.answer}
			out := play(t, w, c.steps, nil)
			require.Equal(t, c.status, out.Status, out.Reason)
			if c.ended != nil {
				require.Equal(t, c.ended, w.ended(t))
			}
			var outputs struct {
				Last json.RawMessage `json:"last"`
			}
			require.NoError(t, json.Unmarshal(out.Outputs, &outputs))
			require.JSONEq(t, c.last, string(outputs.Last))
		})
	}
}

func TestACancelledRunIsClosedAndWithdrawsItsApproval(t *testing.T) {
	t.Parallel()
	w := &world{}
	out := play(t, w, gatedSteps("deny"), func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(env.CancelWorkflow, 10*time.Second)
	})
	require.Equal(t, "cancelled", out.Status)
	require.Zero(t, w.called("okta.suspend_user"))
}
