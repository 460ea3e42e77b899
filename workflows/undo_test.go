package workflows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
)

// tag writes something that can be taken back without asking.
func tag(id, what string) string {
	return `{"id":"` + id + `","title":"Tag","line":1,"verb":"action","action":{"operation":"x.tag","effect":"write","with":{"object":[{"name":"what","value":{"expr":` + quoted(what) + `}}]},
		"undo":{"operation":"x.untag","effect":"write","with":{"object":[{"name":"id","value":{"expr":"steps.` + id + `.output.id"}},{"name":"of","value":{"expr":` + quoted(what) + `}}]}}}}`
}

// isolate is consequential, and so is its undo.
const isolate = `{"id":"gate","line":1,"verb":"approve","approve":{"title":{"lit":"?"},"role":"responder","covers":["contain"],"within":60000,"on_timeout":"deny"}},
 {"id":"contain","line":2,"verb":"action","action":{"operation":"edr.isolate","effect":"consequential","approvals":["gate"],"with":{"lit":{}},
   "undo":{"operation":"edr.release","effect":"consequential","with":{"object":[{"name":"id","value":{"expr":"steps.contain.output.id"}}]},"role":"lead","within":600000}}}`

func undoOf(id, operation string) string { return read(id, operation, `"on_error":"undo",`) }

func TestUndo(t *testing.T) {
	t.Parallel()
	answer := func(in contract.CallInput) (string, error) {
		switch {
		case in.Operation == "bad.one":
			return "", refused
		case in.Operation == "x.untag" && strings.Contains(string(in.Arguments), "stuck"):
			return "", refused
		}
		return `{"id":"` + in.Path + `"}`, nil
	}
	yes := contract.DecisionOutput{Outcome: "approved", By: "bo", Calls: []string{digestOf(t, "edr.isolate", `{}`)}}
	back := contract.DecisionOutput{Outcome: "approved", By: "li", Calls: []string{digestOf(t, "edr.release", `{"id":"contain"}`)}}
	decided := func(undo string) func(env *testsuite.TestWorkflowEnvironment) {
		return func(env *testsuite.TestWorkflowEnvironment) {
			approve(env, time.Second, "gate", "dec_yes")
			if undo != "" {
				approve(env, time.Minute, "contain.undo", undo)
			}
		}
	}
	cases := map[string]struct {
		steps  string
		script func(env *testsuite.TestWorkflowEnvironment)
		shadow *contract.Shadow
		status string
		reason string
		undone []string // path and status, in order
		made   []string // operation and arguments of the undo calls
	}{
		"what was done is taken back, the last first": {
			steps:  `[` + tag("a", `"one"`) + `,` + tag("b", `"two"`) + `,` + undoOf("c", "bad.one") + `,` + tag("d", `"three"`) + `]`,
			status: "failed", reason: "step c: no such user", undone: []string{"b.undo ok", "a.undo ok"},
			made: []string{`x.untag {"id":"b","of":"two"}`, `x.untag {"id":"a","of":"one"}`},
		},
		"a failure that does not say so undoes nothing": {
			steps: `[` + tag("a", `"one"`) + `,` + read("c", "bad.one", "") + `]`, status: "failed", reason: "step c: no such user",
		},
		"an undo that fails is noted, and the rest goes on": {
			steps:  `[` + tag("a", `"one"`) + `,` + tag("b", `"stuck"`) + `,` + undoOf("c", "bad.one") + `]`,
			status: "failed", reason: "step c: no such user", undone: []string{"b.undo failed", "a.undo ok"},
			made: []string{`x.untag {"id":"b","of":"stuck"}`, `x.untag {"id":"a","of":"one"}`},
		},
		"it passes catch and on_error by, and runs after finally": {
			steps:  `[` + tryStep("t", tag("a", `"one"`)+`,`+undoOf("c", "bad.one"), setID("caught", "1"), tag("b", `"two"`)) + `]`,
			status: "failed", reason: "step c: no such user", undone: []string{"b.undo ok", "a.undo ok"},
			made: []string{`x.untag {"id":"b","of":"two"}`, `x.untag {"id":"a","of":"one"}`},
		},
		"what loops did is taken back too, theirs the last first": {
			steps: `[` + tag("z", `"zero"`) + `,` + foreachStep(`["x","y","w"]`, `"at_once":1,"batch":2,"on_failure":"collect"`,
				tag("a", "item")+`,`+read("r", "bad.one", `"if":"item == \"w\"","on_error":"undo",`)) + `]`,
			status: "failed", reason: "step last[2]/r: no such user",
			undone: []string{"last[2]/a.undo ok", "last[1]/a.undo ok", "last[0]/a.undo ok", "z.undo ok"},
			made: []string{
				`x.untag {"id":"last[2]/a","of":"w"}`, `x.untag {"id":"last[1]/a","of":"y"}`, `x.untag {"id":"last[0]/a","of":"x"}`, `x.untag {"id":"z","of":"zero"}`,
			},
		},
		"a consequential undo is asked for, and made": {
			steps: `[` + isolate + `,` + undoOf("c", "bad.one") + `]`, script: decided("dec_back"),
			status: "failed", reason: "step c: no such user", undone: []string{"contain.undo ok"}, made: []string{`edr.release {"id":"contain"}`},
		},
		"a consequential undo that is denied is passed over": {
			steps: `[` + tag("a", `"one"`) + `,` + isolate + `,` + undoOf("c", "bad.one") + `]`, script: decided("dec_no"),
			status: "failed", reason: "step c: no such user", undone: []string{"contain.undo denied", "a.undo ok"}, made: []string{`x.untag {"id":"a","of":"one"}`},
		},
		"a consequential undo that nobody decides on is passed over": {
			steps: `[` + isolate + `,` + undoOf("c", "bad.one") + `]`, script: decided(""),
			status: "failed", reason: "step c: no such user", undone: []string{"contain.undo denied"},
		},
		"a forged yes to an undo releases nothing": {
			steps: `[` + isolate + `,` + undoOf("c", "bad.one") + `]`, script: decided("dec_forged"),
			status: "failed", reason: "step c: no such user", undone: []string{"contain.undo denied"},
		},
		"a yes to another call than the undo releases nothing": {
			steps: `[` + isolate + `,` + undoOf("c", "bad.one") + `]`, script: decided("dec_yes"),
			status: "failed", reason: "step c: no such user", undone: []string{"contain.undo skipped"},
		},
		"an undo that is only recorded is not asked for": {
			steps: `[` + isolate + `,` + undoOf("c", "bad.one") + `]`, script: decided(""), shadow: &contract.Shadow{Operations: []string{"edr.release"}},
			status: "failed", reason: "step c: no such user", undone: []string{"contain.undo ok"},
		},
		"a cancelled run takes nothing back": {
			steps: `[` + tag("a", `"one"`) + `,` + waitAs("w", `{"for":3600000}`) + `]`,
			script: func(env *testsuite.TestWorkflowEnvironment) {
				env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
			},
			status: "cancelled", reason: "cancelled",
		},
		"a run that is cancelled while it takes back goes no further": {
			steps: `[` + tag("a", `"one"`) + `,` + isolate + `,` + undoOf("c", "bad.one") + `]`,
			script: func(env *testsuite.TestWorkflowEnvironment) {
				decided("")(env)
				env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
			},
			status: "cancelled", reason: "cancelled", undone: []string{"contain.undo cancelled"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true, answer: answer, shadow: c.shadow, decisions: map[string]contract.DecisionOutput{
				"dec_yes": yes, "dec_back": back, "dec_no": {Outcome: "denied", By: "li"},
			}}
			out := play(t, w, c.steps, c.script)
			require.Equal(t, c.status, out.Status, out.Reason)
			require.Equal(t, c.reason, out.Reason)
			require.NotContains(t, w.ended(t), "caught")
			var undone, made []string
			for _, e := range w.kinds(contract.KindStepFinished) {
				var body contract.StepBody
				require.NoError(t, json.Unmarshal(e.Body, &body))
				if body.Undoes != "" {
					require.Equal(t, e.Step, body.Undoes+".undo")
					undone = append(undone, e.Step+" "+body.Status)
				}
			}
			for _, call := range w.calls {
				if strings.HasSuffix(call.Path, ".undo") {
					made = append(made, call.Operation+" "+string(call.Arguments))
				}
			}
			require.Equal(t, c.undone, undone)
			require.Equal(t, c.made, made)
			for _, a := range w.approvals[min(1, len(w.approvals)):] {
				require.Equal(t, "Undo contain?", a.Title)
				require.Equal(t, "lead", a.Role)
				require.Equal(t, 10*time.Minute, a.Deadline.Sub(a.CreatedAt))
			}
		})
	}
}

func TestAFinishedStepSaysWhatWouldTakeItBack(t *testing.T) {
	t.Parallel()
	w := &world{full: true, answer: func(contract.CallInput) (string, error) { return `{"id":7}`, nil }}
	require.Equal(t, "completed", play(t, w, `[`+tag("a", `"one"`)+`]`, nil).Status)
	require.JSONEq(t, `{"operation":"x.untag","effect":"write","arguments":{"id":7,"of":"one"}}`, string(mustJSON(t, w.bodies(t)["a"].Undo)))

	w = &world{full: true, answer: func(contract.CallInput) (string, error) { return `"no object"`, nil }}
	require.Equal(t, "completed", play(t, w, `[`+strings.Replace(tag("a", `"one"`), `steps.a.output.id`, `1 + steps.a.output`, 1)+`]`, nil).Status)
	require.Nil(t, w.bodies(t)["a"].Undo)
	require.Contains(t, w.bodies(t)["a"].Reason, "can't be undone")
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}
