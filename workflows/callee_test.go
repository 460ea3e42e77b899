package workflows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
	"picket/playbooks/plan"
	"picket/workflows"
)

func callStep(more string) string {
	return `{"id":"last","line":1,"verb":"call","call":{"digest":"d",` + more + `}}`
}

func TestCalls(t *testing.T) {
	t.Parallel()
	child := contract.ChildRunID("run_1", "last")
	inputs := `"inputs":[{"name":"who","value":{"expr":"alert.user.name"}}]`
	cases := map[string]struct {
		callee string // its steps
		more   string
		depth  int
		script func(env *testsuite.TestWorkflowEnvironment)
		status string
		reason string
		last   string
		theirs string // how the callee ended
	}{
		"its outputs are the step's": {
			callee: setLast("[inputs.who, run.trigger]"), status: "completed", theirs: "completed",
			last: `{"run_id":"` + child + `","status":"completed","reason":"","outputs":{"last":{"v":["ana","call"]}}}`,
		},
		"its failure is the step's": {
			callee: read("a", "bad.one", ""), status: "failed", theirs: "failed",
			last:   `{"run_id":"` + child + `","status":"failed","reason":"step a: no such user","outputs":{"last":null}}`,
			reason: "step last: playbook other (" + child + ") ended as failed: step a: no such user",
		},
		"one that stops well has ended well": {
			callee: `{"id":"halt","line":1,"verb":"stop","stop":{"status":"completed","reason":{"lit":"nothing to do"}}}`, status: "completed", theirs: "completed",
			last: `{"run_id":"` + child + `","status":"completed","reason":"nothing to do","outputs":{"last":null}}`,
		},
		"its timeout is the step's failure": {
			callee: waitAs("w", `{"for":7200000}`), status: "failed", theirs: "timed_out",
			last:   `{"run_id":"` + child + `","status":"timed_out","reason":"the run's timeout of 1h0m0s is over","outputs":{"last":null}}`,
			reason: "step last: playbook other (" + child + ") ended as timed_out: the run's timeout of 1h0m0s is over",
		},
		"one that is not there fails the step": {
			callee: "none", status: "failed", reason: "step last: there is no playbook other", last: "null",
		},
		"it is cancelled with its caller, and runs its finally": {
			callee: tryStep("t", waitAs("w", `{"for":600000}`), "", setLast(`"tidied"`)), status: "cancelled", reason: "cancelled", theirs: "cancelled", last: "null",
			script: func(env *testsuite.TestWorkflowEnvironment) {
				env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
			},
		},
		"a detached one lives on": {
			callee: waitAs("w", `{"for":600000}`), more: `,"detached":true`, status: "completed", theirs: "completed", last: `{"run_id":"` + child + `"}`,
		},
		"playbooks don't call each other without end": {
			callee: setLast("1"), depth: workflows.MaxCallDepth, status: "failed", last: "null",
			reason: "step last: playbooks call each other more than 8 deep here",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true, depth: c.depth, answer: failing(map[string]error{"bad.one": refused}), playbooks: map[string]plan.Plan{}}
			if c.callee != "none" {
				callee := fullPlan(t, `[`+c.callee+`]`)
				callee.Timeout = plan.Duration(time.Hour.Milliseconds())
				callee.Inputs = []plan.Input{{Name: "who", Type: "string"}}
				w.playbooks["other"] = callee
			}
			env, in := w.prepare(t, `[`+callStep(`"playbook":"other",`+inputs+c.more)+`]`)
			if c.script != nil {
				c.script(env)
			}
			env.ExecuteWorkflow(contract.WorkflowPlaybook, in)
			w.end(t)
			var out contract.PlaybookOutput
			require.NoError(t, env.GetWorkflowResult(&out))
			require.Equal(t, c.status, out.Status, out.Reason)
			require.Equal(t, c.reason, out.Reason)
			require.JSONEq(t, `{"last":`+c.last+`}`, string(out.Outputs))
			require.Equal(t, c.theirs, w.closed[child].Output.Status)
			if c.theirs == "cancelled" {
				require.JSONEq(t, `{"last":{"v":"tidied"}}`, string(w.closed[child].Output.Outputs))
			}
			if c.depth > 0 {
				return
			}
			require.JSONEq(t, `{"who":"ana"}`, string(w.opened[0].Inputs))
			require.Equal(t, "alr_1", w.opened[0].AlertID)
			var opened contract.OpenBody
			require.NoError(t, json.Unmarshal(w.kinds(contract.KindRunOpened)[0].Body, &opened))
			require.Equal(t, contract.OpenBody{RunID: child, Playbook: "other", Digest: "d", Detached: strings.Contains(c.more, "detached")}, opened)
		})
	}
}
