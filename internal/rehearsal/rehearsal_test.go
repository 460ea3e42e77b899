package rehearsal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// answers is a world in which every call answers how many were made before it.
type answers struct {
	World
	made   int
	acts   []*Act
	failed map[string]int // how often an operation fails first
}

func (a *answers) Call(c Call) (json.RawMessage, error) {
	if a.failed[c.Operation] > 0 {
		a.failed[c.Operation]--
		return nil, soc.Errorf(soc.Unavailable, "busy")
	}
	a.made++
	return json.RawMessage(fmt.Sprintf(`{"n":%d}`, a.made)), nil
}

func (a *answers) Decide(Question) ([]*Act, error) { return a.acts, nil }

func planOf(t *testing.T, steps string) *plan.Plan {
	t.Helper()
	var p plan.Plan
	require.NoError(t, json.Unmarshal([]byte(`{"version":1,"name":"probe","owner":"tests","source":"","triggers":[],"cost":{},"steps":`+steps+`,
		"outputs":[{"name":"last","value":{"expr":"steps.last?.output"}}]}`), &p))
	return &p
}

func action(id, operation string) string {
	return `{"id":"` + id + `","line":1,"verb":"action","action":{"operation":"` + operation + `","effect":"read","local":true,"with":{"object":[]}}}`
}

func TestWhatRunsAtOnceIsAnsweredInTheSameOrderEachTime(t *testing.T) {
	t.Parallel()
	p := planOf(t, `[{"id":"last","line":1,"verb":"foreach","foreach":{"items":"0..19","as":"item","at_once":10,"steps":[`+
		action("a", "x.a")+`,`+action("b", "x.b")+`]}}]`)
	var first string
	for range 5 {
		r, err := Play(Script{Plan: p, RunID: "run_1", Trigger: contract.Trigger{Kind: "manual"}, Start: start, World: &answers{}})
		require.NoError(t, err)
		require.Equal(t, "completed", r.Status, r.Reason)
		require.Len(t, r.Calls, 40)
		text, err := json.Marshal(r.Run)
		require.NoError(t, err)
		if first == "" {
			first = string(text)
		}
		require.True(t, first == string(text), "the same script was played in two ways")
	}
}

func TestARecordHasTheOutputsOfStepsUntilTheyAreTooMuch(t *testing.T) {
	t.Parallel()
	set := `{"id":"last","line":1,"verb":"set","set":[{"name":"text","value":{"expr":"repeat('x', ` + fmt.Sprint(maxKept/2) + `)"}}]}`
	p := planOf(t, `[`+action("a", "x.a")+`,`+strings.ReplaceAll(set, "last", "first")+`,`+set+`,`+action("b", "x.b")+`]`)
	r, err := Play(Script{Plan: p, RunID: "run_1", Trigger: contract.Trigger{Kind: "manual"}, Start: start, World: &answers{}})
	require.NoError(t, err)
	require.Equal(t, "completed", r.Status, r.Reason)
	require.Len(t, r.Steps, 4)
	require.JSONEq(t, `{"n":1}`, string(r.Steps[0].Output))
	require.Greater(t, len(r.Steps[1].Output), maxKept/2)
	for _, s := range r.Steps[2:] {
		require.Nil(t, s.Output, s.Path)
		require.True(t, s.LeftOut, s.Path)
	}
}

func TestRetriesWaitInSkippedTimeAndHoldNobodyUp(t *testing.T) {
	t.Parallel()
	slow := `{"id":"slow","line":1,"verb":"action","retry":{"attempts":3,"backoff":3600000},"action":{"operation":"x.slow","effect":"read","with":{"object":[]}}}`
	p := planOf(t, `[{"id":"last","line":1,"verb":"parallel","parallel":{"wait":"all","on_failure":"stop","branches":[
		{"name":"one","steps":[`+slow+`]},{"name":"two","steps":[`+action("quick", "x.quick")+`]}]}}]`)
	r, err := Play(Script{Plan: p, RunID: "run_1", Trigger: contract.Trigger{Kind: "manual"}, Start: start,
		World: &answers{failed: map[string]int{"x.slow": 2}}})
	require.NoError(t, err)
	require.Equal(t, "completed", r.Status, r.Reason)
	require.Equal(t, 2*time.Hour, r.Took)
	require.Equal(t, 3, r.Calls[0].Attempts)
	require.Equal(t, "quick", r.Steps[0].Path)
}

func TestARunThatWaitsForNothingIsToldSo(t *testing.T) {
	t.Parallel()
	p := planOf(t, `[{"id":"gate","line":1,"verb":"approve","approve":{"title":{"lit":"\"ok?\""},"role":"lead","covers":[],"within":60000,"on_timeout":"deny"}}]`)
	p.Key, p.Overlap = &plan.Value{Literal: json.RawMessage(`"k"`)}, plan.OverlapQueue
	r, err := Play(Script{Plan: p, RunID: "run_1", Trigger: contract.Trigger{Kind: "manual"}, Start: start, World: &keyed{answers: &answers{}, free: 30 * 24 * time.Hour}})
	require.NoError(t, err)
	require.Equal(t, 30*24*time.Hour+time.Minute, r.Took)
}

type keyed struct {
	*answers
	free time.Duration
}

func (k *keyed) Key(contract.KeyInput) (string, time.Duration) { return contract.KeyQueued, k.free }

// The interpreter makes no consequential call without its decision. Should it ever, the stage must say so: these calls
// are handed to it past the interpreter.
func TestAConsequentialCallWithoutItsDecisionIsABrokenPromise(t *testing.T) {
	t.Parallel()
	arguments := json.RawMessage(`{"user":"u1"}`)
	digest, err := contract.CallDigest("okta.suspend_user", "", arguments)
	require.NoError(t, err)
	good := contract.CallInput{
		Step: contract.Step{RunID: "run_1", Path: "contain"}, Operation: "okta.suspend_user", Effect: plan.EffectConsequential,
		Arguments: arguments, Digest: digest, Approval: "apr_1",
	}
	cases := map[string]struct {
		change func(in *contract.CallInput, m *matter)
		fault  string
	}{
		"a granted decision on it releases it": {},
		"no approval is named":                 {change: func(in *contract.CallInput, _ *matter) { in.Approval = "" }, fault: "no approval"},
		"it was denied":                        {change: func(_ *contract.CallInput, m *matter) { m.decision.Outcome = "denied" }, fault: "not granted"},
		"nobody has decided":                   {change: func(_ *contract.CallInput, m *matter) { m.decision = contract.DecisionOutput{} }, fault: "not granted"},
		"the arguments are others":             {change: func(in *contract.CallInput, _ *matter) { in.Arguments = json.RawMessage(`{"user":"u2"}`) }, fault: "another call"},
		"the decision is on another call":      {change: func(_ *contract.CallInput, m *matter) { m.decision.Calls = []string{"other"} }, fault: "another call"},
		"the approval is of another run":       {change: func(_ *contract.CallInput, m *matter) { m.in.RunID = "run_2" }, fault: "another run"},
		"it is called as if it were a read":    {change: func(in *contract.CallInput, _ *matter) { in.Effect, in.Approval = plan.EffectRead, "" }, fault: "called it as read"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var suite testsuite.WorkflowTestSuite
			world := &answers{}
			st := newStage(Script{
				Plan: &plan.Plan{Name: "p"}, RunID: "run_1", Start: start, World: world,
				Effect: func(string) string { return plan.EffectConsequential },
			}, suite.NewTestWorkflowEnvironment())
			m := &matter{path: "gate", in: contract.ApprovalInput{Step: contract.Step{RunID: "run_1"}, ApprovalID: "apr_1"}}
			m.decision = contract.DecisionOutput{Outcome: "approved", Calls: []string{digest}}
			in := good
			if c.change != nil {
				c.change(&in, m)
			}
			st.desk.list = []*matter{m}
			_, err := st.call(place{path: "contain", step: "contain", attempt: 1}, in)
			if c.fault == "" {
				require.NoError(t, err)
				require.Empty(t, st.faults)
				require.Equal(t, 1, world.made)
				return
			}
			require.Error(t, err)
			require.Equal(t, soc.Denied, soc.KindOf(err))
			require.Zero(t, world.made, "it is not answered")
			require.Contains(t, st.faults[0].Message, c.fault)
		})
	}
}
