package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
	"picket/workflows"
)

func tryStep(id, steps, catch, finally string) string {
	return `{"id":"` + id + `","line":1,"verb":"try","try":{"steps":[` + steps + `],"catch":[` + catch + `],"finally":[` + finally + `]}}`
}

const denied = `{"id":"gate","line":1,"verb":"approve","approve":{"title":{"lit":"\"?\""},"role":"responder","covers":["contain"],"within":60000,"on_timeout":"deny"}}`

func TestTry(t *testing.T) {
	t.Parallel()
	bad := failing(map[string]error{"bad.one": refused, "bad.two": busy})
	saved := setLast("error")
	cancel := func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
	}
	hang := func(in contract.CallInput) (string, error) {
		if strings.HasPrefix(in.Operation, "slow.") {
			return "hang", nil
		}
		return "{}", nil
	}
	cases := map[string]struct {
		steps  string
		answer func(contract.CallInput) (string, error)
		script func(env *testsuite.TestWorkflowEnvironment)
		full   func(w *world)
		status string
		reason string
		ended  map[string]string
		last   string
	}{
		"steps that go well need no catch, and finally runs": {
			steps: `[` + tryStep("t", read("a", "x.a", ""), read("b", "x.b", ""), saved) + `]`, status: "completed",
			ended: map[string]string{"a": "ok", "last": "ok", "t": "ok"}, last: `{"v":null}`,
		},
		"a failure is caught with its kind, message and step": {
			steps: `[` + tryStep("t", read("a", "bad.one", ""), saved, read("b", "x.b", "")) + `]`, answer: bad, status: "completed",
			ended: map[string]string{"a": "failed", "last": "ok", "b": "ok", "t": "ok"},
			last:  `{"v":{"kind":"not_found","message":"no such user","step":"a"}}`,
		},
		"without a catch finally runs and the failure stands": {
			steps: `[` + tryStep("t", read("a", "bad.one", ""), "", saved) + `]`, answer: bad, status: "failed", reason: "step a: no such user",
			ended: map[string]string{"a": "failed", "last": "ok", "t": "failed"},
			last:  `{"v":{"kind":"not_found","message":"no such user","step":"a"}}`,
		},
		"a failure in catch is the failure": {
			steps: `[` + tryStep("t", read("a", "x.a", "")+`,`+read("b", "bad.one", ""), read("c", "bad.one", ""), saved) + `]`, answer: bad,
			status: "failed", reason: "step c: no such user",
			ended: map[string]string{"a": "ok", "b": "failed", "c": "failed", "last": "ok", "t": "failed"},
			last:  `{"v":{"kind":"not_found","message":"no such user","step":"b"}}`,
		},
		"a failure in finally takes the first one's place, and names it": {
			steps:  `[` + tryStep("t", read("a", "bad.one", ""), "", read("b", "bad.two", `"retry":{"attempts":2,"backoff":1000},`)) + `]`,
			answer: bad, status: "failed", reason: "step b: come back (before that: step a: no such user)",
			ended: map[string]string{"a": "failed", "b": "failed", "t": "failed"}, last: "null",
		},
		"a stop passes catch by and runs finally": {
			steps: `[` + tryStep("t", `{"id":"halt","line":1,"verb":"stop","stop":{"status":"failed","reason":{"lit":"enough"}}}`,
				read("b", "x.b", ""), saved) + `]`,
			status: "failed", reason: "enough", ended: map[string]string{"halt": "ok", "last": "ok", "t": "ok"}, last: `{"v":null}`,
		},
		"a denied approval passes catch by and runs finally": {
			steps:  `[` + tryStep("t", denied+`,`+act("contain", "gate"), read("b", "x.b", ""), saved) + `]`,
			status: "completed", reason: "nobody decided before the deadline; nothing was released",
			ended: map[string]string{"gate": "denied", "last": "ok", "t": "ok"}, last: `{"v":null}`,
		},
		"a cancelled run runs finally": {
			steps: `[` + tryStep("t", read("a", "slow.a", ""), read("b", "x.b", ""), saved) + `,` + read("c", "x.c", "") + `]`, answer: hang, script: cancel,
			status: "cancelled", reason: "cancelled", ended: map[string]string{"a": "cancelled", "last": "ok", "t": "cancelled"}, last: `{"v":null}`,
		},
		"a run whose time is up runs finally": {
			steps:  `[` + tryStep("t", `{"id":"w","line":1,"verb":"wait","wait":{"for":600000}}`, "", saved) + `]`,
			full:   func(w *world) { w.change = withTimeout(time.Minute) },
			status: "timed_out", reason: "the run's timeout of 1m0s is over", ended: map[string]string{"w": "cancelled", "last": "ok", "t": "cancelled"}, last: `{"v":null}`,
		},
		"finally of a cancelled run does not take for ever": {
			steps:  `[` + tryStep("t", waitAs("a", `{"for":3600000}`), "", `{"id":"w","line":1,"verb":"wait","wait":{"for":86400000}},`+saved) + `]`,
			answer: hang, script: cancel, status: "cancelled",
			reason: "cancelled; step t: " + "finally took longer than the " + workflows.FinallyTimeout.String() + " that a cancelled run has for it",
			ended:  map[string]string{"a": "cancelled", "w": "cancelled", "t": "failed"}, last: "null",
		},
		"a cancellation during finally lets it end": {
			steps:  `[` + tryStep("t", read("a", "x.a", ""), "", `{"id":"w","line":1,"verb":"wait","wait":{"for":60000}},`+saved) + `,` + read("c", "x.c", "") + `]`,
			script: cancel, status: "cancelled", reason: "cancelled", ended: map[string]string{"a": "ok", "w": "ok", "last": "ok", "t": "ok"}, last: `{"v":null}`,
		},
		"an inner finally runs before an outer one": {
			steps: `[` + tryStep("t", tryStep("u", read("a", "bad.one", ""), "", setID("inner", "1")), "", saved) + `]`, answer: bad, status: "failed",
			reason: "step a: no such user", last: `{"v":{"kind":"not_found","message":"no such user","step":"a"}}`,
			ended: map[string]string{"a": "failed", "inner": "ok", "u": "failed", "last": "ok", "t": "failed"},
		},
		"a failed branch of a parallel in a try is caught": {
			steps: `[` + tryStep("t", `{"id":"p","line":1,"verb":"parallel","parallel":{"wait":"all","on_failure":"stop","branches":[
				{"name":"x","steps":[`+read("a", "bad.one", "")+`]},
				{"name":"y","steps":[`+tryStep("u", `{"id":"w","line":1,"verb":"wait","wait":{"for":3600000}}`, "", setID("inner", "1"))+`]}]}}`, saved, "") + `]`,
			answer: bad, status: "completed",
			ended: map[string]string{"a": "failed", "w": "cancelled", "inner": "ok", "u": "cancelled", "p": "failed", "last": "ok", "t": "ok"},
			last:  `{"v":{"kind":"not_found","message":"no such user","step":"a"}}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true, answer: c.answer}
			if c.full != nil {
				c.full(w)
			}
			out := play(t, w, c.steps, c.script)
			require.Equal(t, c.status, out.Status, out.Reason)
			require.Equal(t, c.reason, out.Reason)
			require.Equal(t, c.ended, w.ended(t))
			require.JSONEq(t, `{"last":`+c.last+`}`, string(out.Outputs))
		})
	}
}
