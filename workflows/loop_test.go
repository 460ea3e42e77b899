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
	"picket/workflows"
)

func repeatStep(more, steps string) string {
	return `{"id":"last","line":1,"verb":"repeat","repeat":{` + more + `,"steps":[` + steps + `]}}`
}

func foreachStep(items, more, steps string) string {
	return `{"id":"last","line":1,"verb":"foreach","foreach":{"items":` + quoted(items) + `,"as":"item",` + more + `,"steps":[` + steps + `]}}`
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	poll := read("poll", "x.poll", "")
	third := func(in contract.CallInput) (string, error) {
		return fmt.Sprintf(`{"done":%v}`, strings.HasPrefix(in.Path, "last[2]/")), nil
	}
	cases := map[string]struct {
		repeat  string
		answer  func(contract.CallInput) (string, error)
		status  string
		kind    string
		last    string
		rounds  int
		takes   time.Duration
		shuts   bool // cancelled after a minute
		timeout time.Duration
	}{
		"until is asked after each round and sees it": {
			repeat: repeatStep(`"until":"steps.poll.output.done","at_most":10,"every":30000`, poll), answer: third,
			status: "completed", last: `{"rounds":3,"last":{"poll":{"done":true}}}`, rounds: 3, takes: time.Minute,
		},
		"while is asked before each round and sees the one before": {
			repeat: repeatStep(`"while":"steps.poll == null || !steps.poll.output.done","at_most":10`, poll), answer: third,
			status: "completed", last: `{"rounds":3,"last":{"poll":{"done":true}}}`, rounds: 3,
		},
		"while that never holds runs nothing": {
			repeat: repeatStep(`"while":"false","at_most":10`, poll), status: "completed", last: `{"rounds":0,"last":null}`,
		},
		"each round knows its number": {
			repeat: repeatStep(`"until":"index >= 1","at_most":5`, setID("n", "index * 10")), status: "completed",
			last: `{"rounds":2,"last":{"n":{"v":10}}}`, rounds: 2,
		},
		"a round sees what the one before it came to": {
			repeat: repeatStep(`"until":"len(steps.seen.output.v) >= 3","at_most":5`, setID("seen", "concat(last?.seen?.v ?? [], [index])")), status: "completed",
			last: `{"rounds":3,"last":{"seen":{"v":[0,1,2]}}}`, rounds: 3,
		},
		"too many rounds fail it": {
			repeat: repeatStep(`"until":"false","at_most":4`, poll), status: "failed", kind: "exhausted", last: "null", rounds: 4,
		},
		"while that still holds after the last round fails it": {
			repeat: repeatStep(`"while":"true","at_most":4`, poll), status: "failed", kind: "exhausted", last: "null", rounds: 4,
		},
		"while that ends with the last round does not": {
			repeat: repeatStep(`"while":"index < 4","at_most":4`, poll), status: "completed", last: `{"rounds":4,"last":{"poll":{}}}`, rounds: 4,
		},
		"a round that fails fails it": {
			repeat: repeatStep(`"until":"false","at_most":4`, read("poll", "bad.one", "")), answer: failing(map[string]error{"bad.one": refused}),
			status: "failed", kind: "not_found", last: "null",
		},
		"a cancelled run ends between rounds": {
			repeat: repeatStep(`"until":"false","at_most":400,"every":40000`, poll), status: "cancelled", last: "null", rounds: 2, shuts: true,
		},
		"a run whose time is up ends between rounds": {
			repeat: repeatStep(`"until":"false","at_most":400,"every":40000`, poll), status: "timed_out", last: "null", rounds: 2, timeout: time.Minute,
		},
	}
	for name, c := range cases {
		for _, batch := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s (batches of %d)", name, batch), func(t *testing.T) {
				t.Parallel()
				w := &world{full: true, answer: c.answer}
				if c.timeout > 0 {
					w.change = withTimeout(c.timeout)
				}
				steps := strings.Replace(c.repeat, `"repeat":{`, fmt.Sprintf(`"repeat":{"batch":%d,`, batch), 1)
				var env *testsuite.TestWorkflowEnvironment
				var began time.Time
				out := play(t, w, `[`+steps+`]`, func(e *testsuite.TestWorkflowEnvironment) {
					if env, began = e, e.Now(); c.shuts {
						e.RegisterDelayedCallback(e.CancelWorkflow, time.Minute)
					}
				})
				require.Equal(t, c.status, out.Status, out.Reason)
				require.JSONEq(t, `{"last":`+c.last+`}`, string(out.Outputs))
				body := w.bodies(t)["last"]
				require.Equal(t, c.rounds, body.Rounds)
				if c.kind != "" {
					require.Equal(t, c.kind, body.Error.Kind)
				}
				if c.takes > 0 {
					require.WithinDuration(t, began.Add(c.takes), env.Now(), time.Second)
				}
			})
		}
	}
}

func TestForeach(t *testing.T) {
	t.Parallel()
	double := setID("double", "item * 2")
	second := func(in contract.CallInput) (string, error) {
		if strings.HasPrefix(in.Path, "last[1]/") {
			return "", refused
		}
		return "{}", nil
	}
	cases := map[string]struct {
		foreach string
		answer  func(contract.CallInput) (string, error)
		status  string
		reason  string
		last    string
		failed  int
		shuts   bool
	}{
		"the output is in the order of the items": {
			foreach: foreachStep("[3,1,2]", `"at_once":2`, double), status: "completed", last: `[{"double":{"v":6}},{"double":{"v":2}},{"double":{"v":4}}]`,
		},
		"collect says what the list has of an item": {
			foreach: foreachStep("[3,1,2]", `"at_once":2,"collect":{"expr":"steps.double.output.v + index"}`, double), status: "completed", last: `[6,3,6]`,
		},
		"an output that nothing refers to is not kept": {
			foreach: foreachStep("[3,1,2]", `"at_once":2,"discard":true`, double), status: "completed", last: `null`,
		},
		"more items than at_most are an error": {
			foreach: foreachStep("[3,1,2]", `"at_once":2,"at_most":2`, double), status: "failed", reason: "step last: 3 items: this foreach takes at most 2 (at_most); filter or slice the list", last: `null`,
		},
		"what is no list is an error": {
			foreach: foreachStep("alert.user", `"at_once":2`, double), status: "failed", last: `null`,
			reason: "step last: items: a list is needed; this is an object, in `alert.user`",
		},
		"an item that fails fails it": {
			foreach: foreachStep("[3,1,2]", `"at_once":1`, read("geo", "x.geo", "")+`,`+double), answer: second, status: "failed", reason: "step last[1]/geo: no such user", last: `null`,
		},
		"an item that fails is collected, with what it came to": {
			foreach: foreachStep("[3,1,2]", `"at_once":1,"on_failure":"collect"`, double+`,`+read("geo", "x.geo", "")), answer: second, status: "completed",
			last: `[{"double":{"v":6},"geo":{}},{"double":{"v":2},"geo":null},{"double":{"v":4},"geo":{}}]`, failed: 1,
		},
		"what can't be collected of a failed item is null": {
			foreach: foreachStep("[3,1,2]", `"at_once":1,"on_failure":"collect","collect":{"expr":"1 + steps.double.output.v"}`, read("geo", "x.geo", "")+`,`+double),
			answer:  second, status: "completed", last: `[7,null,5]`, failed: 1,
		},
		"a stop ends the run from within": {
			foreach: foreachStep("[3,1,2]", `"at_once":1,"on_failure":"collect"`, `{"id":"halt","line":1,"verb":"stop","if":"item == 1","stop":{"status":"completed","reason":{"lit":"enough"}}}`),
			status:  "completed", reason: "enough", last: `null`,
		},
		"a cancelled run ends it": {
			foreach: foreachStep("[3,1,2]", `"at_once":1`, waitAs("w", `{"for":40000}`)), status: "cancelled", reason: "cancelled", last: `null`, shuts: true,
		},
	}
	for name, c := range cases {
		for _, batch := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s (batches of %d)", name, batch), func(t *testing.T) {
				t.Parallel()
				w := &world{full: true, answer: c.answer}
				steps := strings.Replace(c.foreach, `"foreach":{`, fmt.Sprintf(`"foreach":{"batch":%d,`, batch), 1)
				out := play(t, w, `[`+steps+`]`, func(env *testsuite.TestWorkflowEnvironment) {
					if c.shuts {
						env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
					}
				})
				require.Equal(t, c.status, out.Status, out.Reason)
				require.Equal(t, c.reason, out.Reason)
				require.JSONEq(t, `{"last":`+c.last+`}`, string(out.Outputs))
				require.Equal(t, c.failed, w.bodies(t)["last"].Failed)
			})
		}
	}
}

func TestTenThousandItems(t *testing.T) {
	t.Parallel()
	w := &world{full: true, models: nil}
	w.answer = func(in contract.CallInput) (string, error) { return string(in.Arguments), nil }
	step := `{"id":"look","line":2,"verb":"action","action":{"operation":"x.look","effect":"read","local":true,
		"with":{"object":[{"name":"n","value":{"expr":"item.n + steps.base.output.v"}}]}}}`
	out := play(t, w, `[`+setID("base", "1")+`,`+foreachStep(`map(0..9999, ({n: #, pad: "a text that makes the whole list longer than one result may be, as lists of real findings are: it has more than a hundred bytes"}))`,
		`"at_once":10,"batch":500,"collect":{"expr":"steps.look.output.n"}`, step)+`]`, nil)
	require.Equal(t, "completed", out.Status, out.Reason)
	var outputs struct{ Last []int }
	require.NoError(t, json.Unmarshal(out.Outputs, &outputs))
	require.Len(t, outputs.Last, workflows.MaxLoopItems)
	require.Equal(t, 10_000, outputs.Last[9999])
	require.Len(t, w.calls, workflows.MaxLoopItems)
	require.Equal(t, "ok", w.ended(t)["last[9999]/look"], "each item has its own entries")

	out = play(t, &world{full: true}, `[`+foreachStep(`0..10000`, `"at_once":10,"batch":500`, setID("n", "item"))+`]`, nil)
	require.Equal(t, "failed", out.Status)
	require.Contains(t, out.Reason, "10001 items: a foreach takes at most 10000")
}

func TestALongListOfLargeOutputsIsRefused(t *testing.T) {
	t.Parallel()
	w := &world{full: true}
	w.answer = func(contract.CallInput) (string, error) { return quoted(strings.Repeat("x", 1<<20)), nil }
	for _, batch := range []string{"0", "4"} {
		out := play(t, &world{full: true, answer: w.answer}, `[`+foreachStep(`0..9`, `"at_once":1,"batch":`+batch, read("look", "x.look", ""))+`]`, nil)
		require.Equal(t, "failed", out.Status)
		require.Contains(t, out.Reason, "more than 8 MiB; say with `collect`")
	}
	out := play(t, w, `[`+foreachStep(`0..9`, `"at_once":1,"batch":4,"collect":{"expr":"len(steps.look.output)"}`, read("look", "x.look", ""))+`]`, nil)
	require.Equal(t, "completed", out.Status, out.Reason)
}

func TestALoopsPartCarriesWhatItsStepsNeed(t *testing.T) {
	t.Parallel()
	inner := `{"id":"ask","line":3,"verb":"model","model":{"prompt":{"text":[{"text":"Who is "},{"expr":"inputs.who"},{"text":"?"}]},
		"evidence":[{"id":"geo","value":{"expr":"steps.geo.output"}}],"returns":"verdict","missing":["gone"]}}`
	steps := `[` + read("geo", "x.geo", "") + `,` + read("gone", "bad.one", `"on_error":"continue",`) + `,` +
		foreachStep("[1,2,3,4]", `"at_once":1,"batch":2,"on_failure":"collect"`, inner) + `]`
	w := &world{full: true, answer: failing(map[string]error{"bad.one": refused}), change: func(p *plan.Plan) {
		p.Budget.ModelTokens = 40 // three calls of 15
		p.Inputs = []plan.Input{{Name: "who", Type: "string", Default: &plan.Value{Expr: "alert.user.name"}}}
	}}
	out := play(t, w, steps, nil)
	require.Equal(t, "completed", out.Status, out.Reason)
	require.Len(t, w.asked, 3, "the fourth is beyond the budget of the whole run")
	require.Equal(t, "Who is ana?", w.asked[2].Prompt)
	require.Equal(t, []string{"gone"}, w.asked[2].Missing)
	require.Equal(t, "high", w.asked[2].Severity)
	require.JSONEq(t, `{}`, string(w.asked[2].Evidence[0].Data))
	require.Equal(t, "benign", w.closed["run_1"].Verdict, "a verdict given in a part is the run's")
	require.Equal(t, "failed", w.ended(t)["last[3]/ask"])
}

func TestALoopInALoopInABranch(t *testing.T) {
	t.Parallel()
	innermost := `{"id":"in","line":3,"verb":"foreach","foreach":{"items":"[item, item * 10]","as":"x","at_once":2,"batch":1,"collect":{"expr":"x + index + steps.base.output.v"},"steps":[` + setID("n", "x") + `]}}`
	steps := `[` + setID("base", "100") + `,` + tryStep("t", `{"id":"p","line":1,"verb":"parallel","parallel":{"wait":"all","on_failure":"stop","branches":[
		{"name":"a","steps":[`+foreachStep("[1,2,3]", `"at_once":2,"batch":2,"collect":{"expr":"steps.in.output"}`, innermost)+`]},
		{"name":"b","steps":[`+read("geo", "x.geo", "")+`]}]}}`, "", setID("end", "1")) + `]`
	w := &world{full: true}
	out := play(t, w, steps, nil)
	require.Equal(t, "completed", out.Status, out.Reason)
	require.JSONEq(t, `{"last":[[101,111],[102,121],[103,131]]}`, string(out.Outputs))
	require.Equal(t, "ok", w.ended(t)["last[2]/in[1]/n"])
	require.Equal(t, "ok", w.ended(t)["end"])
}
