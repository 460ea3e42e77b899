package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
)

// form is a question to a person.
func form(onTimeout string) string {
	return `[{"id":"last","line":1,"verb":"ask","ask":{"title":{"text":[{"text":"Was it you, "},{"expr":"alert.user.name"},{"text":"?"}]},"role":"analyst",
		"fields":[{"name":"why","type":"text","required":true},{"name":"known","type":"boolean","default":false}],
		"within":3600000,"remind":1200000,"on_timeout":"` + onTimeout + `","escalate_to":"lead"}}]`
}

func TestAsks(t *testing.T) {
	t.Parallel()
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

func TestOptionsAreComputed(t *testing.T) {
	t.Parallel()
	ask := func(from string) string {
		return `[{"id":"last","line":1,"verb":"ask","ask":{"title":{"lit":"Which?"},"role":"analyst","within":60000,"on_timeout":"continue",
			"fields":[{"name":"which","type":"choices","from":{"expr":` + quoted(from) + `}}]}}]`
	}
	for from, reason := range map[string]string{
		`["a", alert.user.name]`: "",
		`alert.user`:             "the options of which are no list of texts",
		`[1]`:                    "the options of which are no list of texts",
		`null`:                   "the options of which are no list of texts",
		`map(0..100, "x")`:       "which has 101 options; at most 100 are allowed",
		`[repeat("ä", 201)]`:     "an option of which has more than 200 characters",
	} {
		w := &world{full: true}
		out := play(t, w, ask(from), nil)
		require.Contains(t, out.Reason, reason)
		if reason == "" {
			require.Equal(t, "completed", out.Status, out.Reason)
			require.Equal(t, []string{"a", "ana"}, w.approvals[0].Form[0].Options)
			require.Nil(t, w.approvals[0].Form[0].From)
		} else {
			require.Equal(t, "failed", out.Status)
			require.Empty(t, w.approvals)
		}
	}
}

func TestOneDecisionForTheCallsOfAForeach(t *testing.T) {
	t.Parallel()
	block := `{"id":"block","line":3,"verb":"action","action":{"operation":"fw.block","effect":"consequential","approvals":["gate"],
		"with":{"object":[{"name":"ip","value":{"expr":"item"}}]}}}`
	steps := func(items string, batch string) string {
		return `[{"id":"gate","line":1,"verb":"approve","approve":{"title":{"lit":"?"},"role":"responder","covers":["block"],
			"each":[{"step":"block","foreach":"last"}],"within":60000,"on_timeout":"deny","edit":[{"step":"block","argument":"ip"}]}},` +
			foreachStep(items, `"at_once":1,"batch":`+batch, block) + `]`
	}
	one, two, nine := digestOf(t, "fw.block", `{"ip":"1"}`), digestOf(t, "fw.block", `{"ip":"2"}`), digestOf(t, "fw.block", `{"ip":"9"}`)
	cases := map[string]struct {
		items    string
		decision contract.DecisionOutput
		shadow   *contract.Shadow
		status   string
		asked    []string
		made     []string
		recorded int
	}{
		"a yes to all": {
			items: `["1","2"]`, decision: contract.DecisionOutput{Outcome: "approved", Calls: []string{one, two}}, status: "completed",
			asked: []string{"last[0]/block", "last[1]/block"}, made: []string{`{"ip":"1"}`, `{"ip":"2"}`},
		},
		"a yes to one": {
			items: `["1","2"]`, decision: contract.DecisionOutput{Outcome: "approved", Calls: []string{two}}, status: "completed",
			asked: []string{"last[0]/block", "last[1]/block"}, made: []string{`{"ip":"2"}`},
		},
		"a yes with a change of one": {
			items: `["1","2"]`, status: "completed", asked: []string{"last[0]/block", "last[1]/block"}, made: []string{`{"ip":"1"}`, `{"ip":"9"}`},
			decision: contract.DecisionOutput{Outcome: "approved", Calls: []string{one, nine}, Edited: map[string]json.RawMessage{"last[1]/block": json.RawMessage(`{"ip":"9"}`)}},
		},
		"a no":                  {items: `["1","2"]`, decision: contract.DecisionOutput{Outcome: "denied"}, status: "completed", asked: []string{"last[0]/block", "last[1]/block"}},
		"nothing to decide on":  {items: `[]`, status: "completed"},
		"too many to decide on": {items: `map(0..100, string(#))`, status: "failed"},
		"in shadow":             {items: `["1","2"]`, shadow: &contract.Shadow{}, status: "completed", recorded: 2},
	}
	for name, c := range cases {
		for _, batch := range []string{"0", "1"} {
			t.Run(name+" (batches of "+batch+")", func(t *testing.T) {
				t.Parallel()
				w := &world{full: true, shadow: c.shadow, decisions: map[string]contract.DecisionOutput{"dec_1": c.decision}}
				out := play(t, w, steps(c.items, batch), func(env *testsuite.TestWorkflowEnvironment) { approve(env, time.Second, "gate", "dec_1") })
				require.Equal(t, c.status, out.Status, out.Reason)
				var asked, made []string
				for _, a := range w.approvals {
					for _, call := range a.Calls {
						asked = append(asked, call.Step)
					}
				}
				for _, call := range w.calls {
					made = append(made, string(call.Arguments))
				}
				require.Equal(t, c.asked, asked)
				require.Equal(t, c.made, made)
				require.Len(t, w.kinds(contract.KindCallShadowed), c.recorded)
			})
		}
	}
}

// Where a worker is lost after it has asked, people decide while nobody waits, and the signal comes before the asking again.
func TestWhatWasDecidedBeforeTheAskingAgainIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	w := &world{full: true, standing: "dec_yes", decisions: map[string]contract.DecisionOutput{
		"dec_yes": {Outcome: "approved", By: "bo", Answers: json.RawMessage(`{"why":"travel","known":true}`)},
	}}
	var env *testsuite.TestWorkflowEnvironment
	var began time.Time
	out := play(t, w, form("fail"), func(e *testsuite.TestWorkflowEnvironment) { env, began = e, e.Now() })
	require.Equal(t, "completed", out.Status, out.Reason)
	require.WithinDuration(t, began, env.Now(), time.Second)
	require.Empty(t, w.expired)

	id := contract.SubscriptionID("run_1", "last")
	w = &world{full: true, met: true, events: map[string]contract.EventOutput{id: {Matched: true, AlertID: "alr_2", Alert: json.RawMessage(`{"id":"alr_2"}`)}}}
	out = play(t, w, `[`+waitStep(`{"event":{"when":"true"},"within":3600000}`)+`]`, func(e *testsuite.TestWorkflowEnvironment) { env, began = e, e.Now() })
	require.Equal(t, "completed", out.Status, out.Reason)
	require.JSONEq(t, `{"last":{"matched":true,"event":{"id":"alr_2"}}}`, string(out.Outputs))
	require.WithinDuration(t, began, env.Now(), time.Second)
	require.Len(t, w.reads, 1)
}
