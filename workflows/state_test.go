package workflows_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

func TestARunGoesOnInNewHistories(t *testing.T) {
	t.Parallel()
	steps := `[` + setID("base", "inputs.who + \"!\"") + `,` + tag("a", `"one"`) + `,` +
		`{"id":"gate","line":1,"verb":"approve","approve":{"title":{"lit":"?"},"role":"responder","covers":["contain"],"within":60000,"on_timeout":"deny"}},` +
		act("contain", "gate") + `,` + read("g1", "x.g", `"group":1,`) + `,` + read("g2", "x.g", `"group":1,`) + `,` +
		`{"id":"m","line":1,"verb":"model","model":{"prompt":{"lit":"?"},"evidence":[],"returns":"verdict"}},` +
		setLast("steps.base.output.v") + `,` + undoOf("c", "bad.one") + `]`
	yes := contract.DecisionOutput{Outcome: "approved", Calls: []string{digestOf(t, "okta.suspend_user", `{"user_id":"ana"}`)}}
	w := &world{full: true, answer: func(in contract.CallInput) (string, error) {
		if in.Operation == "bad.one" {
			return "", refused
		}
		return `{"id":1}`, nil
	}, decisions: map[string]contract.DecisionOutput{"dec_1": yes}, change: func(p *plan.Plan) {
		p.Inputs = []plan.Input{{Name: "who", Type: "string", Default: &plan.Value{Expr: "alert.user.name"}}}
		p.Key, p.Overlap = &plan.Value{Expr: "alert.user.name"}, plan.OverlapQueue
	}, keys: []contract.KeyOutput{{State: contract.KeyHeld}}}
	out, histories := playOn(t, w, steps, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { // only the one that waits for it takes it
			env.SignalWorkflow(contract.SignalApprovalDecided, contract.ApprovalDecided{ApprovalID: contract.ApprovalID("run_1", "gate", false), DecisionID: "dec_1"})
		}, time.Second)
	})
	require.Equal(t, "failed", out.Status)
	require.Equal(t, "step c: no such user", out.Reason)
	require.Equal(t, 8, histories, "one for each step, and the group is one")
	require.JSONEq(t, `{"last":{"v":"ana!"}}`, string(out.Outputs))
	require.Equal(t, map[string]string{
		"base": "ok", "a": "ok", "gate": "ok", "contain": "ok", "g1": "ok", "g2": "ok", "m": "ok", "last": "ok", "c": "failed", "a.undo": "ok",
	}, w.ended(t))
	require.Len(t, w.kinds(contract.KindRunStarted), 1)
	require.Equal(t, "benign", w.closed["run_1"].Verdict)
	require.Equal(t, 1, w.keyed, "the key is held over all of them")
	require.Equal(t, 1, w.called("okta.suspend_user"))
}

func TestTheTimeoutGoesOnCounting(t *testing.T) {
	t.Parallel()
	w := &world{full: true, change: withTimeout(time.Hour)}
	var steps []string
	for i := range 5 {
		steps = append(steps, waitAs(fmt.Sprintf("w%d", i), `{"for":1000000}`)) // 16 minutes and 40 seconds
	}
	_, in := w.prepare(t, `[`+strings.Join(steps, ",")+`]`)
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	histories := 0
	for ; ; histories++ {
		env, _ := w.prepare(t, `[]`)
		env.SetStartTime(now)
		env.SetContinueAsNewSuggested(true)
		env.ExecuteWorkflow(contract.WorkflowPlaybook, in)
		now = env.Now()
		again, next := continued(t, env)
		if !again {
			var out contract.PlaybookOutput
			require.NoError(t, env.GetWorkflowResult(&out))
			require.Equal(t, "timed_out", out.Status)
			break
		}
		in = next
	}
	require.Equal(t, 3, histories)
	require.WithinDuration(t, time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC), now, time.Minute)
}

func TestAQueuedRunGoesOnInNewHistories(t *testing.T) {
	t.Parallel()
	queued := contract.KeyOutput{State: contract.KeyQueued, Holder: "run_0"}
	w := &world{full: true, keys: []contract.KeyOutput{queued, queued, queued, {State: contract.KeyHeld}}, change: func(p *plan.Plan) {
		p.Key, p.Overlap = &plan.Value{Expr: "alert.user.name"}, plan.OverlapQueue
	}}
	out, histories := playOn(t, w, `[`+setLast("1")+`]`, nil)
	require.Equal(t, "completed", out.Status)
	require.Equal(t, 4, histories)
	require.Equal(t, 4, w.keyed)
	require.Len(t, w.kinds(contract.KindKeyState), 2)
}

func TestAPartOfALoopGoesOnInNewHistories(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]string{
		"foreach": foreachStep("0..9", `"at_once":3,"batch":5,"collect":{"expr":"steps.n.output.v"}`, setID("n", "item")+`,`+tag("a", "item")),
		"repeat":  repeatStep(`"while":"index < 10 && (index == 0 || steps.n.output.v == index - 1)","at_most":20,"batch":5,"every":1000`, setID("n", "index")+`,`+tag("a", "index")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true, answer: func(in contract.CallInput) (string, error) {
				if in.Operation == "bad.one" {
					return "", refused
				}
				return `{"id":1}`, nil
			}}
			out, histories := playOn(t, w, `[`+step+`,`+undoOf("c", "bad.one")+`]`, nil)
			require.Equal(t, "failed", out.Status)
			require.Equal(t, "step c: no such user", out.Reason)
			require.Equal(t, 2, histories)
			require.Equal(t, 10, w.called("x.tag"))
			require.Equal(t, 10, w.called("x.untag"))
			if name == "foreach" {
				require.JSONEq(t, `{"last":[0,1,2,3,4,5,6,7,8,9]}`, string(out.Outputs))
			} else {
				require.Contains(t, string(out.Outputs), `"rounds":10`)
			}
		})
	}
}

func TestOldPlansNeverGoOnInNewHistories(t *testing.T) {
	t.Parallel()
	w := &world{}
	out, histories := playOn(t, w, `[`+setLast("1")+`,`+setID("b", "1")+`]`, nil)
	require.Equal(t, "completed", out.Status)
	require.Equal(t, 1, histories)
}

func TestAHundredStepsOfAMegabyte(t *testing.T) {
	t.Parallel()
	big := quoted(strings.Repeat("x", 1<<20-100))
	w := &world{full: true, answer: func(in contract.CallInput) (string, error) {
		return `{"path":"` + in.Path + `","big":` + big + `}`, nil
	}}
	var steps, all, texts []string
	for i := range 100 {
		id := fmt.Sprintf("s%d", i)
		steps = append(steps, read(id, "x.big", ""))
		all = append(all, `{"name":"`+id+`","value":{"expr":"steps.`+id+`.output.path"}}`)
		texts = append(texts, `{"expr":"steps.`+id+`.output.path"}`)
	}
	steps = append(steps,
		`{"id":"each","line":9,"verb":"set","set":[`+strings.Join(all, ",")+`]}`,
		`{"id":"last","line":9,"verb":"set","set":[{"name":"text","value":{"text":[`+strings.Join(texts, ",")+`]}},{"name":"list","value":{"list":[`+strings.Join(texts[98:], ",")+`]}}]}`)
	out := play(t, w, `[`+strings.Join(steps, ",")+`]`, nil)
	require.Equal(t, "completed", out.Status, out.Reason)
	require.Contains(t, string(out.Outputs), `"list":["s98","s99"]`)
	require.Contains(t, string(out.Outputs), `s97s98s99`)
}

func TestARunBeginsInTheMiddleWithTheResultsOfAnEarlierOne(t *testing.T) {
	t.Parallel()
	queued := contract.KeyOutput{State: contract.KeyQueued, Holder: "run_9"}
	w := &world{full: true, keys: []contract.KeyOutput{queued, {State: contract.KeyHeld}}, change: func(p *plan.Plan) {
		p.Key, p.Overlap = &plan.Value{Expr: "alert.user.name"}, plan.OverlapQueue
	}}
	steps := `[` + read("look", "x.read", "") + `,` + setID("last", "steps.look.output.n + 1") + `]`
	_, in := w.prepare(t, steps)
	in.Earlier = &contract.Earlier{RunID: "run_0", First: 1, Steps: []contract.EarlierStep{{ID: "look", Status: contract.StepOK, Output: json.RawMessage(`{"n":41}`)}}}
	for histories := 1; ; histories++ { // it waits for its key over two of them
		env, _ := w.prepare(t, steps)
		env.SetContinueAsNewSuggested(true)
		env.ExecuteWorkflow(contract.WorkflowPlaybook, in)
		again, next := continued(t, env)
		if again {
			in = next
			continue
		}
		require.Equal(t, 2, histories)
		var out contract.PlaybookOutput
		require.NoError(t, env.GetWorkflowResult(&out))
		require.JSONEq(t, `{"last":{"v":42}}`, string(out.Outputs))
		break
	}
	require.Zero(t, w.called("x.read"), "what was taken over is not done again")
	require.Equal(t, "taken over from the run run_0", w.bodies(t)["look"].Reason)
	require.Equal(t, contract.StepOK, w.ended(t)["last"])
}
