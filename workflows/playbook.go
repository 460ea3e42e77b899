// Package workflows interprets compiled playbooks as durable Temporal workflows. It is deterministic: it imports no
// clock, random, I/O or database, and everything that touches the world is an activity of internal/contract.
package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

// DefaultRunTimeout bounds a run whose playbook names no timeout.
const DefaultRunTimeout = 30 * 24 * time.Hour

// The final statuses of a run, as soc.RunStatus has them.
const (
	statusCompleted = "completed"
	statusFailed    = "failed"
	statusCancelled = "cancelled"
	statusTimedOut  = "timed_out"
)

// Playbook interprets the plan of its input for one trigger. It returns an output for every end that a playbook can
// come to, failed steps included; an error only if the run could not be closed.
func Playbook(ctx workflow.Context, in contract.PlaybookInput) (contract.PlaybookOutput, error) {
	if in.Plan.Version != plan.Version {
		return contract.PlaybookOutput{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("plan version %d is not known to this interpreter (knows %d)", in.Plan.Version, plan.Version), "invalid", nil)
	}
	r := newRun(in)
	return r.play(ctx)
}

// run is the state of one execution of a plan.
type run struct {
	in        contract.PlaybookInput
	steps     map[string]*plan.Step // by id, for what approvals cover
	pending   []contract.Entry      // seen, not yet in the ledger
	inbox     map[string][]string   // approval id -> decision ids signalled, not yet read
	approved  map[string]grant      // path of an approve step that was approved
	verdict   string
	tokens    int
	costUSD   float64
	timedOut  bool
	cancelled bool
}

// grant is what an approval released.
type grant struct {
	approvalID string
	calls      []string
}

func newRun(in contract.PlaybookInput) *run {
	r := &run{
		in:       in,
		steps:    map[string]*plan.Step{},
		inbox:    map[string][]string{},
		approved: map[string]grant{},
	}
	index(r.steps, in.Plan.Steps)
	return r
}

// index notes every step of a block and of the blocks inside it by its id.
func index(steps map[string]*plan.Step, block []plan.Step) {
	for i := range block {
		s := &block[i]
		steps[s.ID] = s
		switch s.Verb {
		case plan.VerbChoose:
			for _, b := range s.Choose.Branches {
				index(steps, b.Steps)
			}
			index(steps, s.Choose.Else)
		case plan.VerbParallel:
			for _, b := range s.Parallel.Branches {
				index(steps, b.Steps)
			}
		case plan.VerbForeach:
			index(steps, s.Foreach.Steps)
		}
	}
}

func (r *run) play(ctx workflow.Context) (contract.PlaybookOutput, error) {
	r.note(ctx, "run", contract.KindRunStarted, "", contract.RunBody{
		Playbook:    r.in.Plan.Name,
		PlanDigest:  r.in.Plan.Digest(),
		AlertID:     r.in.Trigger.AlertID,
		RequestedBy: r.in.Trigger.RequestedBy,
	})
	steps, cancel := workflow.WithCancel(ctx)
	defer cancel()
	r.listen(steps)
	r.watchTimeout(steps, cancel)

	top, err := r.rootFrame(ctx)
	if err == nil {
		err = r.block(steps, top, r.in.Plan.Steps)
	}
	r.cancelled = ctx.Err() != nil
	out := r.conclude(ctx, top, err)
	return out, r.close(ctx, out)
}

// watchTimeout cancels the run's steps when its time is up.
func (r *run) watchTimeout(ctx workflow.Context, cancel workflow.CancelFunc) {
	if r.in.Plan.Timeout == 0 {
		return
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		if workflow.Sleep(ctx, millis(r.in.Plan.Timeout)) == nil {
			r.timedOut = true
			cancel()
		}
	})
}

// conclude turns how the steps ended into the run's output.
func (r *run) conclude(ctx workflow.Context, top *frame, err error) contract.PlaybookOutput {
	out := contract.PlaybookOutput{Status: statusCompleted}
	var stop *stopped
	switch {
	case r.timedOut:
		out.Status, out.Reason = statusTimedOut, "the run's timeout of "+millis(r.in.Plan.Timeout).String()+" is over"
	case r.cancelled:
		out.Status, out.Reason = statusCancelled, "cancelled"
	case errors.As(err, &stop):
		out.Status, out.Reason = stop.status, stop.reason
	case err != nil:
		out.Status, out.Reason = statusFailed, err.Error()
	}
	if top == nil || len(r.in.Plan.Outputs) == 0 {
		return out
	}
	outputs := make([]plan.Field, 0, len(r.in.Plan.Outputs))
	for _, f := range r.in.Plan.Outputs {
		value, err := top.value(ctx, f.Value)
		switch {
		case err == nil:
		case out.Status == statusCompleted && stop == nil:
			out.Status, out.Reason = statusFailed, "output "+f.Name+": "+err.Error()
			value = null
		default:
			value = null // a run that ended early has the outputs it came to
		}
		outputs = append(outputs, plan.Field{Name: f.Name, Value: plan.Value{Literal: value}})
	}
	text, err := expr.EvalValue(plan.Value{Object: outputs}, expr.NewScope(nil, workflow.Now(ctx)))
	if err == nil {
		out.Outputs = text
	}
	return out
}

// close writes the run's end. It does so even when the run was cancelled, and goes on trying while the database is away.
func (r *run) close(ctx workflow.Context, out contract.PlaybookOutput) error {
	r.note(ctx, "run/end", contract.KindRunFinished, "", out)
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	in := contract.CloseInput{Step: r.step("", ""), Output: out, Verdict: r.verdict}
	return r.record(ctx, contract.ActivityCloseRun, in, nil)
}

// note keeps an entry for the ledger until the next activity takes it along.
func (r *run) note(ctx workflow.Context, key, kind, path string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		text, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	r.pending = append(r.pending, contract.Entry{Key: key, Kind: kind, Step: path, At: workflow.Now(ctx).UTC(), Body: text})
}

// step is the place of an activity; it takes the pending entries along.
func (r *run) step(path, title string) contract.Step {
	s := contract.Step{RunID: r.in.RunID, Path: path, Title: title, Entries: r.pending}
	r.pending = nil
	return s
}

// record runs a short local activity that writes to our own database, for as long as that takes.
func (r *run) record(ctx workflow.Context, activity string, in, out any) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: 24 * time.Hour,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
		},
	})
	return workflow.ExecuteLocalActivity(ctx, activity, in).Get(ctx, out)
}

// listen collects the ids of decisions as their signals arrive. An id is only a hint to read the row it names.
func (r *run) listen(ctx workflow.Context) {
	decided := workflow.GetSignalChannel(ctx, contract.SignalApprovalDecided)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var s contract.ApprovalDecided
			if !decided.Receive(ctx, &s) {
				return
			}
			if box := r.inbox[s.ApprovalID]; len(box) < maxSignalsKept && len(r.inbox) < maxSignalsKept {
				r.inbox[s.ApprovalID] = append(box, s.DecisionID)
			}
		}
	})
}

// maxSignalsKept bounds what a flood of forged signals can make a run remember.
const maxSignalsKept = 100

func millis(d plan.Duration) time.Duration { return time.Duration(d) * time.Millisecond }

// stopped is a run's planned end, by a stop step or by an approval that was not given.
type stopped struct{ status, reason string }

func (s *stopped) Error() string { return s.status + ": " + s.reason }
