// Package rehearsal runs a plan in the interpreter that real runs use, with everything around it played: time is skipped,
// operations and models answer from a script, people decide when the script says. Nothing is called and nothing is
// stored. Tests of playbooks and backtests stand on it.
package rehearsal

import (
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
	"picket/playbooks/playtest"
	"picket/workflows"
)

const (
	// stuckAfter is how long a run may stand still, in real time, with nothing left that could wake it.
	stuckAfter = 15 * time.Second
	// slowTask is how long one piece of the interpreter may compute on a busy machine.
	slowTask = 20 * time.Second
)

// Script is one run to be played.
type Script struct {
	Plan    *plan.Plan
	RunID   string
	Trigger contract.Trigger
	Start   time.Time // the clock when it starts
	Shadow  *contract.Shadow
	Cancel  time.Duration // when it is cancelled; 0 is never
	World   World
	// StopAtFault cancels the run at the first thing that the world does not answer.
	StopAtFault bool
	// Effect is that of an operation by the catalog, against which every call is held.
	Effect func(operation string) string
}

// World answers what a run asks of the outside. Its methods are called one at a time. An error that is a *soc.Error is
// what a step sees; any other is a fault of the script, of which Record.Faults has the text, and fails the step for good.
type World interface {
	Call(Call) (json.RawMessage, error)
	Model(Model) (contract.ModelOutput, error)
	// Decide is asked when a step puts something to people for the first time: what they do, in the order of time.
	Decide(Question) ([]*Act, error)
	// Events are the alerts that arrive after a step begins to wait.
	Events(Waiting) ([]*Arrival, error)
	// Open gives the plan of a called playbook, and the name under which its steps are known.
	Open(Opening) (*plan.Plan, error)
	// Key tells what the run's key meets: a state of package contract, and when a queued run gets it.
	Key(contract.KeyInput) (state string, free time.Duration)
}

// Call is an operation that is to answer. Path is unique in the run, called playbooks included.
type Call struct {
	Path       string
	Step       string // its id
	Operation  string
	Connection string
	Effect     string
	Arguments  json.RawMessage
	Attempt    int
	At         time.Time
}

// Model is a question to a model.
type Model struct {
	Path string
	Step string
	In   contract.ModelInput
	At   time.Time
}

// Question is an approval or a form. In.Form is set for a form.
type Question struct {
	Path string
	Step string
	In   contract.ApprovalInput
}

// Act is what one person does about a question.
type Act struct {
	After   time.Duration // from the first time that the step asks
	Approve bool
	By      string
	Reason  string
	Edit    map[string]map[string]json.RawMessage // by step id and argument
	Values  map[string]json.RawMessage            // of a form; nil declines to answer

	Done bool   // it came in time and was taken
	Why  string // else why not
}

// Waiting is a step that waits for an event.
type Waiting struct {
	Path string
	Step string
	In   contract.SubscribeInput
	At   time.Time
}

// Arrival is an alert that arrives.
type Arrival struct {
	After time.Duration
	Alert soc.Alert

	Done bool   // it was what the step waited for
	Why  string // else why not
}

// Opening is a call of another playbook.
type Opening struct {
	Path string
	Step string
	In   contract.OpenInput
}

// Record is what happened.
type Record struct {
	playtest.Run
	Took      time.Duration // of skipped time
	Faults    []Fault
	Approvals []Approval
}

// Fault is something that must not be: a call that the script does not answer, or a broken promise of the interpreter.
type Fault struct {
	Path    string
	Message string
	Err     error // of the world; nil when a promise is broken
}

// Approval is what was put to people, and what came of it.
type Approval struct {
	Path     string
	In       contract.ApprovalInput
	Decision contract.DecisionOutput
}

// Play plays a script to its end.
func Play(s Script) (record *Record, err error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(s.Start)
	env.SetTestTimeout(stuckAfter)
	st := newStage(s, env)
	env.SetWorkerOptions(worker.Options{
		DeadlockDetectionTimeout: slowTask, Interceptors: []interceptor.WorkerInterceptor{&ordering{queue: st.queue}},
	})
	env.SetOnActivityCompletedListener(st.queue.activityDone)
	env.SetOnLocalActivityCompletedListener(st.queue.activityDone)
	env.SetOnActivityCanceledListener(st.queue.over)
	env.SetOnLocalActivityCanceledListener(st.queue.over)
	registerWorkflows(env)
	st.register(env)
	if s.Cancel > 0 {
		env.RegisterDelayedCallback(env.CancelWorkflow, s.Cancel)
	}
	defer func() { // the environment's way to say that nothing moves any more
		if r := recover(); r != nil {
			record, err = nil, soc.Errorf(soc.Invalid, "the run does not come to an end: it waits for something that does not come%s", st.waiting())
		}
	}()
	env.ExecuteWorkflow(contract.WorkflowPlaybook, contract.PlaybookInput{RunID: s.RunID, Plan: *s.Plan, Trigger: s.Trigger, Shadow: s.Shadow})
	if err := env.GetWorkflowError(); err != nil {
		return nil, fmt.Errorf("the interpreter failed: %w", err)
	}
	var out contract.PlaybookOutput
	if err := env.GetWorkflowResult(&out); err != nil {
		return nil, fmt.Errorf("read the run's result: %w", err)
	}
	return st.record(out), nil
}

// registerWorkflows makes the interpreter known under its names in the contract.
func registerWorkflows(env *testsuite.TestWorkflowEnvironment) {
	env.RegisterWorkflowWithOptions(workflows.Playbook, workflow.RegisterOptions{Name: contract.WorkflowPlaybook})
	env.RegisterWorkflowWithOptions(workflows.Loop, workflow.RegisterOptions{Name: contract.WorkflowLoop})
}

// quiet is a logger that keeps silent: what happens is in the record.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
