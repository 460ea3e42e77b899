package workflows_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
	"picket/workflows"
)

// world is the other side of the contract, scripted: what operations answer and what people decide.
type world struct {
	full   bool             // the plan is of the whole language
	change func(*plan.Plan) // what the plan has beside its steps
	shadow *contract.Shadow
	depth  int

	answer    func(contract.CallInput) (string, error)
	models    func(contract.ModelInput) (contract.ModelOutput, error)
	decisions map[string]contract.DecisionOutput // by decision id
	keys      []contract.KeyOutput               // the answers to those who ask for a key, the last one for ever
	events    map[string]contract.EventOutput    // by subscription id
	playbooks map[string]plan.Plan               // that can be called
	onAsked   func(context.Context, contract.ApprovalInput)
	decide    func(contract.DecisionInput) contract.DecisionOutput
	standing  string // the decision that stands already when an approval is asked for
	met       bool   // an event has matched already when a step subscribes

	mu         sync.Mutex
	calls      []contract.CallInput
	asked      []contract.ModelInput
	approvals  []contract.ApprovalInput
	reminders  []contract.RemindInput
	expired    []contract.DecisionInput
	keyed      int
	opened     []contract.OpenInput
	subscribed []contract.SubscribeInput
	reads      []contract.EventInput
	closed     map[string]contract.CloseInput // by run
	entries    []contract.Entry               // as a ledger keeps them: the first with a key
	seen       map[string]bool
}

func (w *world) note(s contract.Step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = map[string]bool{}
	}
	for _, e := range s.Entries {
		if key := s.RunID + " " + e.Key; !w.seen[key] {
			w.seen[key] = true
			w.entries = append(w.entries, e)
		}
	}
}

func (w *world) called(operation string) int {
	n := 0
	for _, c := range w.calls {
		if c.Operation == operation {
			n++
		}
	}
	return n
}

// bodies are the entries of how steps ended, by path.
func (w *world) bodies(t *testing.T) map[string]contract.StepBody {
	t.Helper()
	found := map[string]contract.StepBody{}
	for _, e := range w.entries {
		if e.Kind != contract.KindStepFinished {
			continue
		}
		var body contract.StepBody
		require.NoError(t, json.Unmarshal(e.Body, &body))
		_, again := found[e.Step]
		require.False(t, again, "step %s ended twice", e.Step)
		found[e.Step] = body
	}
	return found
}

// ended is how each step ended, by its path.
func (w *world) ended(t *testing.T) map[string]string {
	t.Helper()
	statuses := map[string]string{}
	for path, body := range w.bodies(t) {
		statuses[path] = body.Status
	}
	return statuses
}

// kinds are the entries of one kind.
func (w *world) kinds(kind string) []contract.Entry {
	var found []contract.Entry
	for _, e := range w.entries {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}

func planOf(t *testing.T, steps string) plan.Plan {
	t.Helper()
	var p plan.Plan
	require.NoError(t, json.Unmarshal([]byte(`{"version":1,"name":"probe","owner":"tests","source":"","triggers":[],"steps":`+steps+`,
		"outputs":[{"name":"last","value":{"expr":"steps.last?.output"}}]}`), &p))
	return p
}

func fullPlan(t *testing.T, steps string) plan.Plan {
	t.Helper()
	p := planOf(t, steps)
	p.Cost = &plan.Cost{}
	return p
}

// play runs steps in a world to the end of the run.
func play(t *testing.T, w *world, steps string, script func(env *testsuite.TestWorkflowEnvironment)) contract.PlaybookOutput {
	t.Helper()
	env, in := w.prepare(t, steps)
	if script != nil {
		script(env)
	}
	env.ExecuteWorkflow(contract.WorkflowPlaybook, in)
	w.end(t)
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	var out contract.PlaybookOutput
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, out.Status, w.closed["run_1"].Output.Status, "what the workflow returns is what the ledger says")
	require.Len(t, w.kinds(contract.KindRunStarted), 1+len(w.opened), "a run starts once")
	return out
}

// playOn runs steps in a world, and goes on in new histories for as long as the run does.
func playOn(t *testing.T, w *world, steps string, script func(env *testsuite.TestWorkflowEnvironment)) (out contract.PlaybookOutput, histories int) {
	t.Helper()
	_, in := w.prepare(t, steps)
	for histories = 1; ; histories++ {
		env, _ := w.prepare(t, steps)
		env.SetContinueAsNewSuggested(true)
		if script != nil {
			script(env)
		}
		env.ExecuteWorkflow(contract.WorkflowPlaybook, in)
		require.True(t, env.IsWorkflowCompleted())
		again, next := continued(t, env)
		if !again {
			w.end(t)
			require.NoError(t, env.GetWorkflowResult(&out))
			return out, histories
		}
		in = next
	}
}

// continued tells whether a workflow goes on in a new history, and with what.
func continued(t *testing.T, env *testsuite.TestWorkflowEnvironment) (bool, contract.PlaybookInput) {
	t.Helper()
	var in contract.PlaybookInput
	err := env.GetWorkflowError()
	if err == nil {
		return false, in
	}
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, err, &again)
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	return true, in
}

func (w *world) prepare(t *testing.T, steps string) (*testsuite.TestWorkflowEnvironment, contract.PlaybookInput) {
	t.Helper()
	p := planOf(t, steps)
	if w.full {
		p.Cost = &plan.Cost{}
	}
	if w.change != nil {
		w.change(&p)
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(5 * time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	env.RegisterWorkflowWithOptions(workflows.Playbook, workflow.RegisterOptions{Name: contract.WorkflowPlaybook})
	env.RegisterWorkflowWithOptions(workflows.Loop, workflow.RegisterOptions{Name: contract.WorkflowLoop})
	w.register(env)
	return env, contract.PlaybookInput{
		RunID: "run_1", Plan: p, Shadow: w.shadow, Depth: w.depth,
		Trigger: contract.Trigger{Kind: "alert", AlertID: "alr_1", Alert: json.RawMessage(`{"severity":"high","user":{"name":"ana"},"n":9007199254740993}`)},
	}
}

// register makes the world's activities known.
func (w *world) register(env *testsuite.TestWorkflowEnvironment) {
	for name, run := range map[string]any{
		contract.ActivityCall: w.call, contract.ActivityModel: w.model,
		contract.ActivityRequestApproval: w.requestApproval, contract.ActivityReadDecision: w.readDecision,
		contract.ActivityExpireApproval: w.expireApproval, contract.ActivityRemindApproval: w.remindApproval,
		contract.ActivityAcquireKey: w.acquireKey, contract.ActivityOpenRun: w.openRun,
		contract.ActivitySubscribe: w.subscribe, contract.ActivityReadEvent: w.readEvent,
		contract.ActivityRecord: w.record, contract.ActivityCloseRun: w.closeRun,
	} {
		env.RegisterActivityWithOptions(run, activity.RegisterOptions{Name: name})
	}
}

// keep does what every activity does first; the returned function ends the activity.
func (w *world) keep(s contract.Step) func() {
	w.note(s)
	w.mu.Lock()
	return w.mu.Unlock
}

// end lets the test alone look at what happened: an activity that was cancelled may go on after its run has ended.
func (w *world) end(t *testing.T) {
	w.mu.Lock()
	t.Cleanup(w.mu.Unlock)
}

func (w *world) call(ctx context.Context, in contract.CallInput) (contract.CallOutput, error) {
	done := w.keep(in.Step)
	w.calls = append(w.calls, in)
	done()
	text, err := "{}", error(nil)
	if w.answer != nil {
		text, err = w.answer(in)
	}
	if err != nil {
		return contract.CallOutput{}, err
	}
	if text == "hang" {
		for ctx.Err() == nil { // the way a cancellation reaches an activity
			activity.RecordHeartbeat(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
		return contract.CallOutput{}, ctx.Err()
	}
	return contract.CallOutput{Output: json.RawMessage(text)}, nil
}

func (w *world) model(_ context.Context, in contract.ModelInput) (contract.ModelOutput, error) {
	done := w.keep(in.Step)
	w.asked = append(w.asked, in)
	done()
	if w.models == nil {
		return contract.ModelOutput{Output: json.RawMessage(`{"verdict":"benign"}`), TokensIn: 10, TokensOut: 5, CostUSD: 0.25}, nil
	}
	return w.models(in)
}

func (w *world) requestApproval(ctx context.Context, in contract.ApprovalInput) (contract.ApprovalOutput, error) {
	done := w.keep(in.Step)
	w.approvals = append(w.approvals, in)
	done()
	if w.onAsked != nil {
		w.onAsked(ctx, in)
	}
	return contract.ApprovalOutput{DecisionID: w.standing}, nil
}

func (w *world) readDecision(_ context.Context, in contract.DecisionInput) (contract.DecisionOutput, error) {
	defer w.keep(in.Step)()
	if w.decide != nil {
		return w.decide(in), nil
	}
	return w.decisions[in.DecisionID], nil
}

func (w *world) expireApproval(_ context.Context, in contract.DecisionInput) (contract.DecisionOutput, error) {
	defer w.keep(in.Step)()
	w.expired = append(w.expired, in)
	return contract.DecisionOutput{Outcome: "expired", By: "picket"}, nil
}

func (w *world) remindApproval(_ context.Context, in contract.RemindInput) error {
	defer w.keep(in.Step)()
	w.reminders = append(w.reminders, in)
	return nil
}

func (w *world) acquireKey(_ context.Context, in contract.KeyInput) (contract.KeyOutput, error) {
	defer w.keep(in.Step)()
	w.keyed++
	return w.keys[min(w.keyed, len(w.keys))-1], nil
}

func (w *world) openRun(_ context.Context, in contract.OpenInput) (contract.OpenOutput, error) {
	defer w.keep(in.Step)()
	w.opened = append(w.opened, in)
	p, ok := w.playbooks[in.Playbook]
	if !ok {
		return contract.OpenOutput{}, temporal.NewNonRetryableApplicationError("there is no playbook "+in.Playbook, "not_found", nil)
	}
	return contract.OpenOutput{WorkflowID: "run/" + in.ChildRunID, Plan: p}, nil
}

func (w *world) subscribe(_ context.Context, in contract.SubscribeInput) (contract.SubscribeOutput, error) {
	defer w.keep(in.Step)()
	w.subscribed = append(w.subscribed, in)
	return contract.SubscribeOutput{Matched: w.met}, nil
}

func (w *world) readEvent(_ context.Context, in contract.EventInput) (contract.EventOutput, error) {
	defer w.keep(in.Step)()
	w.reads = append(w.reads, in)
	return w.events[in.SubscriptionID], nil
}

func (w *world) record(_ context.Context, in contract.RecordInput) error {
	w.note(in.Step)
	return nil
}

func (w *world) closeRun(_ context.Context, in contract.CloseInput) error {
	defer w.keep(in.Step)()
	if w.closed == nil {
		w.closed = map[string]contract.CloseInput{}
	}
	w.closed[in.RunID] = in
	return nil
}

// approve signals a yes or no to what stands at a path.
func approve(env *testsuite.TestWorkflowEnvironment, after time.Duration, path, decision string) {
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(contract.SignalApprovalDecided, contract.ApprovalDecided{
			ApprovalID: contract.ApprovalID("run_1", path, false), DecisionID: decision,
		})
	}, after)
}

func digestOf(t *testing.T, operation, arguments string) string {
	t.Helper()
	digest, err := contract.CallDigest(operation, "", json.RawMessage(arguments))
	require.NoError(t, err)
	return digest
}

func withTimeout(d time.Duration) func(*plan.Plan) {
	return func(p *plan.Plan) { p.Timeout = plan.Duration(d.Milliseconds()) }
}

// act is a consequential step behind a gate.
func act(id, gate string) string {
	return `{"id":"` + id + `","line":2,"verb":"action","action":{"operation":"okta.suspend_user","effect":"consequential","approvals":["` + gate + `"],
		"with":{"object":[{"name":"user_id","value":{"expr":"alert.user.name"}}]}}}`
}

func setID(id, expression string) string {
	return `{"id":"` + id + `","line":9,"verb":"set","set":[{"name":"v","value":{"expr":` + quoted(expression) + `}}]}`
}
