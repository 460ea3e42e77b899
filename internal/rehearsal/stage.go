package rehearsal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
	"picket/playbooks/playtest"
)

// stage is the state of one script being played.
type stage struct {
	script Script
	queue  *queue

	env *testsuite.TestWorkflowEnvironment

	mu      sync.Mutex
	runs    map[string]*scene // by run id
	noted   map[string]bool   // keys of entries that were seen
	steps   []playtest.Step
	kept    int                        // bytes of their outputs
	gave    map[string]json.RawMessage // by path: the answers of calls and models, which no step's own entry has
	calls   []playtest.Made
	made    map[string]int // index of calls by path and operation
	desk    desk
	waits   map[string]*subscription
	faults  []Fault
	verdict string
}

// scene is one run: the script's own, or that of a called playbook.
type scene struct {
	playbook string
	prefix   string    // of its paths: "" or "sub/"
	workflow string    // id of its workflow; "" for the script's own
	keyFree  time.Time // when a queued run gets its key; zero when it was not asked for yet
}

func newStage(s Script, env *testsuite.TestWorkflowEnvironment) *stage {
	return &stage{
		script: s, env: env, queue: newQueue(), runs: map[string]*scene{s.RunID: {playbook: s.Plan.Name}}, noted: map[string]bool{},
		made: map[string]int{}, gave: map[string]json.RawMessage{}, desk: newDesk(), waits: map[string]*subscription{},
	}
}

// later does something once so much time has passed in the run.
func (st *stage) later(after time.Duration, what func()) {
	st.env.RegisterDelayedCallback(func() {
		st.mu.Lock()
		defer st.mu.Unlock()
		what()
	}, max(after, 0))
}

func (st *stage) now() time.Time { return st.env.Now().UTC() }

// signal reaches the workflow that asked, or a run's own.
func (st *stage) signal(workflowID, name string, payload any) {
	if workflowID == "" || workflowID == rootWorkflow {
		st.env.SignalWorkflow(name, payload)
		return
	}
	_ = st.env.SignalWorkflowByID(workflowID, name, payload) // one that has ended needs it no more
}

// rootWorkflow is what the test environment calls the workflow that it was told to run.
const rootWorkflow = "default-test-workflow-id"

// act wraps an activity: in its turn, with the stage locked.
func act[In, Out any](st *stage, name string, run func(st *stage, at place, in In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		step, _ := stepOf(in)
		mine := st.queue.enter(ctx, ticketKey(name, step))
		st.mu.Lock()
		defer st.mu.Unlock()
		info := activity.GetInfo(ctx)
		at := place{attempt: int(info.Attempt), workflow: info.WorkflowExecution.ID, scene: st.runs[step.RunID]}
		if at.scene == nil {
			at.scene = &scene{playbook: "?", prefix: step.RunID + "/"}
		}
		at.path = at.scene.prefix + step.Path
		at.step = stepID(contract.StepPath(step.Path))
		st.note(at.scene, step.Entries)
		out, err := run(st, at, in)
		st.queue.leave(mine, err != nil)
		return out, st.failure(at, err)
	}
}

// place is where an activity stands.
type place struct {
	path     string
	step     string
	attempt  int
	workflow string // id of the one that asked
	scene    *scene
}

// stepID is the id of the step at a path.
func stepID(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		path = path[i+1:]
	}
	return path
}

// failure is an error as the activities of real runs give it: kinds that may pass are repeated.
func (st *stage) failure(at place, err error) error {
	if err == nil {
		return nil
	}
	known, ok := errors.AsType[*soc.Error](err)
	if !ok {
		st.fault(Fault{Path: at.path, Message: err.Error(), Err: err})
		return temporal.NewNonRetryableApplicationError(err.Error(), string(soc.Internal), nil)
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(known.Kind), temporal.ApplicationErrorOptions{
		NonRetryable: known.Kind != soc.Unavailable && known.Kind != soc.Internal,
	})
}

func (st *stage) fault(f Fault) {
	if st.faults = append(st.faults, f); len(st.faults) == 1 && st.script.StopAtFault {
		st.env.RegisterDelayedCallback(st.env.CancelWorkflow, 0)
	}
}

// broken notes a promise of the interpreter that does not hold.
func (st *stage) broken(path, format string, args ...any) {
	st.fault(Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (st *stage) register(env *testsuite.TestWorkflowEnvironment) {
	add := func(name string, run any) {
		env.RegisterActivityWithOptions(run, activity.RegisterOptions{Name: name})
	}
	add(contract.ActivityCall, act(st, contract.ActivityCall, (*stage).call))
	add(contract.ActivityModel, act(st, contract.ActivityModel, (*stage).model))
	add(contract.ActivityRequestApproval, act(st, contract.ActivityRequestApproval, (*stage).request))
	add(contract.ActivityReadDecision, act(st, contract.ActivityReadDecision, (*stage).readDecision))
	add(contract.ActivityExpireApproval, act(st, contract.ActivityExpireApproval, (*stage).expire))
	add(contract.ActivityRemindApproval, act(st, contract.ActivityRemindApproval, (*stage).remind))
	add(contract.ActivityAcquireKey, act(st, contract.ActivityAcquireKey, (*stage).acquire))
	add(contract.ActivityOpenRun, act(st, contract.ActivityOpenRun, (*stage).open))
	add(contract.ActivitySubscribe, act(st, contract.ActivitySubscribe, (*stage).subscribe))
	add(contract.ActivityReadEvent, act(st, contract.ActivityReadEvent, (*stage).readEvent))
	add(contract.ActivityRecord, act(st, contract.ActivityRecord, (*stage).write))
	add(contract.ActivityCloseRun, act(st, contract.ActivityCloseRun, (*stage).close))
}

type nothing struct{}

func (st *stage) write(place, contract.RecordInput) (nothing, error) { return nothing{}, nil }

func (st *stage) close(at place, in contract.CloseInput) (nothing, error) {
	if at.scene.prefix == "" {
		st.verdict = in.Verdict
	}
	return nothing{}, nil
}

// call answers an operation. A consequential one is held against its decision first, as the activity of real runs does.
func (st *stage) call(at place, in contract.CallInput) (contract.CallOutput, error) {
	effect := in.Effect
	if st.script.Effect != nil {
		effect = st.script.Effect(in.Operation)
		if effect != "" && effect != in.Effect {
			st.broken(at.path, "%s is %s, and the run called it as %s", in.Operation, effect, in.Effect)
		}
	}
	if effect == plan.EffectConsequential || in.Effect == plan.EffectConsequential {
		if why := st.desk.unreleased(in); why != "" {
			st.broken(at.path, "%s is consequential and was about to be called without its approval: %s", in.Operation, why)
			return contract.CallOutput{}, soc.Errorf(soc.Denied, "%s is consequential and was not made: %s", in.Operation, why)
		}
	}
	output, err := st.script.World.Call(Call{
		Path: at.path, Step: at.step, Operation: in.Operation, Connection: in.Connection, Effect: in.Effect, Arguments: in.Arguments,
		Attempt: at.attempt, At: st.now(),
	})
	key := at.path + "\n" + in.Operation
	i, again := st.made[key]
	if !again || at.attempt == 1 {
		i = len(st.calls)
		st.made[key] = i
		st.calls = append(st.calls, playtest.Made{
			Path: at.path, Operation: in.Operation, Connection: in.Connection, Effect: in.Effect, Arguments: in.Arguments,
		})
	}
	st.calls[i].Attempts++
	st.calls[i].Output, st.calls[i].Error = output, ""
	if err != nil {
		st.calls[i].Error = err.Error()
		_, known := errors.AsType[*soc.Error](err)
		st.calls[i].Unanswered = !known
	}
	st.gave[at.path] = output
	return contract.CallOutput{Output: output}, err
}

func (st *stage) model(at place, in contract.ModelInput) (contract.ModelOutput, error) {
	out, err := st.script.World.Model(Model{Path: at.path, Step: at.step, In: in, At: st.now()})
	st.gave[at.path] = out.Output
	return out, err
}

func (st *stage) acquire(at place, in contract.KeyInput) (contract.KeyOutput, error) {
	if at.scene.prefix != "" {
		return contract.KeyOutput{State: contract.KeyHeld}, nil
	}
	state, free := st.script.World.Key(in)
	switch sc := at.scene; {
	case state != contract.KeyQueued:
	case sc.keyFree.IsZero():
		sc.keyFree = st.now().Add(free)
		st.later(free, func() { st.signal(sc.workflow, contract.SignalKeyFree, contract.KeyFree{RunID: in.RunID}) })
	case !st.now().Before(sc.keyFree):
		state = contract.KeyHeld
	}
	return contract.KeyOutput{State: state, Holder: otherRun(state)}, nil
}

func otherRun(state string) string {
	if state == contract.KeyHeld {
		return ""
	}
	return "run_other"
}

func (st *stage) open(at place, in contract.OpenInput) (contract.OpenOutput, error) {
	callee, err := st.script.World.Open(Opening{Path: at.path, Step: at.step, In: in})
	if err != nil {
		return contract.OpenOutput{}, err
	}
	workflowID := "run/" + in.ChildRunID
	st.runs[in.ChildRunID] = &scene{playbook: in.Playbook, prefix: at.path + "/", workflow: workflowID}
	return contract.OpenOutput{WorkflowID: workflowID, Plan: *callee, Shadow: st.script.Shadow}, nil
}

// waiting names what a run that does not end still waits for.
func (st *stage) waiting() string {
	if !st.mu.TryLock() {
		return ""
	}
	defer st.mu.Unlock()
	var open []string
	for _, a := range st.desk.list {
		if a.decision.Outcome == "" {
			open = append(open, "a decision on "+a.path)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(st.waits)) {
		if w := st.waits[id]; w.alert == nil && !w.closed {
			open = append(open, "an event for "+w.path)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return ": " + strings.Join(open, ", ")
}

// record is what happened, once it is over.
func (st *stage) record(out contract.PlaybookOutput) *Record {
	st.mu.Lock()
	defer st.mu.Unlock()
	r := &Record{
		Run: playtest.Run{
			Started: true, Status: out.Status, Reason: out.Reason, Verdict: st.verdict, Outputs: out.Outputs,
			Steps: st.steps, Calls: st.calls, Asked: []playtest.Question{},
		},
		Took: st.env.Now().Sub(st.script.Start), Faults: st.faults,
	}
	if r.Steps == nil {
		r.Steps = []playtest.Step{}
	}
	if r.Calls == nil {
		r.Calls = []playtest.Made{}
	}
	for _, a := range st.desk.list {
		q := playtest.Question{
			Path: a.path, Title: a.in.Title, Role: a.in.Role, Escalated: a.in.Escalated, Form: len(a.in.Form) > 0,
			Outcome: a.decision.Outcome, By: a.decision.By,
		}
		for _, c := range a.in.Calls {
			q.Calls = append(q.Calls, c.Operation)
		}
		r.Asked = append(r.Asked, q)
		r.Approvals = append(r.Approvals, Approval{Path: a.path, In: a.in, Decision: a.decision})
		if a.in.Escalated {
			for i := range r.Steps {
				if r.Steps[i].Path == a.path {
					r.Steps[i].Raised = true
				}
			}
		}
	}
	return r
}

// outcomeOf reads how an approve, ask or wait step came out, from its output.
func outcomeOf(verb string, body contract.StepBody) string {
	var out struct {
		Outcome  string `json:"outcome"`
		Answered *bool  `json:"answered"`
		Matched  *bool  `json:"matched"`
	}
	_ = json.Unmarshal(body.Output, &out) // an output of another form has no outcome
	switch {
	case verb == plan.VerbApprove && out.Outcome != "":
		return out.Outcome
	case body.Expired:
		return "expired"
	case verb == plan.VerbAsk && out.Answered != nil && *out.Answered:
		return "answered"
	case verb == plan.VerbWait && out.Matched != nil && *out.Matched:
		return "matched"
	}
	return ""
}
