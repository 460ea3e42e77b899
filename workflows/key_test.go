package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	held := contract.KeyOutput{State: contract.KeyHeld}
	queued := contract.KeyOutput{State: contract.KeyQueued, Holder: "run_0"}
	free := func(after time.Duration) func(env *testsuite.TestWorkflowEnvironment) {
		return func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() { env.SignalWorkflow(contract.SignalKeyFree, contract.KeyFree{RunID: "run_1"}) }, after)
		}
	}
	cases := map[string]struct {
		key    string
		keys   []contract.KeyOutput
		script func(env *testsuite.TestWorkflowEnvironment)
		status string
		reason string
		asked  int
		noted  int
		waited time.Duration
	}{
		"a free key is held":                    {keys: []contract.KeyOutput{held}, status: "completed", asked: 1, noted: 1},
		"null is no key":                        {key: "alert.nothing", status: "completed"},
		"an empty text is no key":               {key: `""`, status: "completed"},
		"a key that can't be computed fails it": {key: `1 + {}`, status: "failed", reason: "key: "},
		"a queued run waits for the signal":     {keys: []contract.KeyOutput{queued, held}, script: free(2 * time.Minute), status: "completed", asked: 2, noted: 2, waited: 2 * time.Minute},
		"a forged signal frees no key":          {keys: []contract.KeyOutput{queued, queued, held}, script: free(time.Minute), status: "completed", asked: 3, noted: 2, waited: 6 * time.Minute},
		"a lost signal costs five minutes":      {keys: []contract.KeyOutput{queued, held}, status: "completed", asked: 2, noted: 2, waited: 5 * time.Minute},
		"the timeout counts from when the key is held": {
			keys: []contract.KeyOutput{queued, queued, queued, held}, status: "completed", asked: 4, noted: 2, waited: 15 * time.Minute,
		},
		"skip ends the run": {
			keys: []contract.KeyOutput{{State: contract.KeySkipped, Holder: "run_0"}}, status: "skipped", reason: "the run run_0 has the key ana", asked: 1, noted: 1,
		},
		"join ends the run": {
			keys: []contract.KeyOutput{{State: contract.KeyJoined, Holder: "run_0"}}, status: "joined",
			reason: "its alert has joined the run run_0, which has the key ana", asked: 1, noted: 1,
		},
		"a run that is cancelled in the queue is cancelled": {
			keys: []contract.KeyOutput{queued}, status: "cancelled", reason: "cancelled while it waited for its key ana", asked: 1, noted: 1, waited: time.Minute,
			script: func(env *testsuite.TestWorkflowEnvironment) {
				env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true, keys: c.keys, change: func(p *plan.Plan) {
				p.Key, p.Overlap, p.Timeout = &plan.Value{Expr: "alert.user.name"}, plan.OverlapQueue, plan.Duration((10 * time.Minute).Milliseconds())
				if c.key != "" {
					p.Key.Expr = c.key
				}
			}}
			var env *testsuite.TestWorkflowEnvironment
			var began time.Time
			out := play(t, w, `[`+setLast("1")+`]`, func(e *testsuite.TestWorkflowEnvironment) {
				if env, began = e, e.Now(); c.script != nil {
					c.script(e)
				}
			})
			require.Equal(t, c.status, out.Status, out.Reason)
			require.Contains(t, out.Reason, c.reason)
			require.Equal(t, c.asked, w.keyed)
			require.Len(t, w.kinds(contract.KindKeyState), c.noted)
			require.WithinDuration(t, began.Add(c.waited), env.Now(), 10*time.Second)
			_, ran := w.ended(t)["last"]
			require.Equal(t, c.status == "completed", ran)
		})
	}
}
