// Package workflows interprets compiled playbooks as durable Temporal workflows. It is deterministic: it imports no
// clock, random, I/O or database, and everything that touches the world is an activity of internal/contract.
//
// An old plan runs as it always did: what was added later is asked for by fields that old plans do not have.
package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// The final statuses of a run, as soc.RunStatus has them.
const (
	statusCompleted = "completed"
	statusFailed    = "failed"
	statusCancelled = "cancelled"
	statusTimedOut  = "timed_out"
	statusSkipped   = "skipped"
	statusJoined    = "joined"
)

// Playbook interprets the plan of its input for one trigger. It returns an output for every end that a playbook can
// come to, failed steps included; an error only if the run could not be closed, or goes on in a new history.
func Playbook(ctx workflow.Context, in contract.PlaybookInput) (contract.PlaybookOutput, error) {
	if in.Plan.Version != plan.Version {
		return contract.PlaybookOutput{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("plan version %d is not known to this interpreter (knows %d)", in.Plan.Version, plan.Version), "invalid", nil)
	}
	r := newRun(in)
	if err := r.resume(); err != nil {
		return contract.PlaybookOutput{}, temporal.NewNonRetryableApplicationError("the state of the run: "+err.Error(), "invalid", err)
	}
	return r.play(ctx)
}

// run is the state of one execution of a plan, or of a part of a loop of it.
type run struct {
	in    contract.PlaybookInput
	full  bool                  // the plan is of the whole language: the entries of its steps say more
	steps map[string]*plan.Step // by id, for what approvals cover

	pending      []contract.Entry // seen, not yet in the ledger
	pendingBytes int

	inbox    map[string][]string // approval id -> decision ids signalled, not yet read
	matched  map[string]int      // subscription id -> signals not yet looked into
	expected map[string]bool     // ids of approvals and subscriptions that wait now
	keyFree  bool                // a signal says so

	approved map[string]grant // path of an approve step that was approved
	undo     []undoable       // in the order in which the steps finished
	verdict  string
	tokens   int
	costUSD  float64

	carried     *state    // what the history before this one has left
	started     time.Time // when the run's timeout began to count
	cursor      int       // the top-level step that runs now
	cancelledAt time.Time
	timedOut    bool
	cancelled   bool
}

func newRun(in contract.PlaybookInput) *run {
	r := &run{
		in:       in,
		full:     in.Plan.Cost != nil,
		steps:    map[string]*plan.Step{},
		inbox:    map[string][]string{},
		matched:  map[string]int{},
		expected: map[string]bool{},
		approved: map[string]grant{},
	}
	plan.Walk(in.Plan.Steps, func(s *plan.Step) { r.steps[s.ID] = s })
	return r
}

func (r *run) play(ctx workflow.Context) (contract.PlaybookOutput, error) {
	if r.carried == nil {
		r.note(ctx, "run", contract.KindRunStarted, "", r.about())
	}
	steps, cancel := workflow.WithCancel(ctx)
	defer cancel()
	r.listen(steps)
	r.watchCancel(steps)

	top, err := r.rootFrame(ctx)
	held := true
	if err == nil {
		var early *contract.PlaybookOutput
		early, err = r.acquire(steps, top)
		if early != nil {
			return *early, r.close(ctx, *early)
		}
		held = err == nil
	}
	if held {
		r.watchTimeout(steps, cancel)
	}
	if err == nil {
		err = r.topLevel(steps, top)
	}
	if workflow.IsContinueAsNewError(err) {
		return contract.PlaybookOutput{}, err
	}
	err = r.unwind(steps, err)
	r.cancelled = ctx.Err() != nil
	out := r.conclude(ctx, top, err)
	return out, r.close(ctx, out)
}

// about is the body of the entry that begins the run.
func (r *run) about() contract.RunBody {
	body := contract.RunBody{
		Playbook:    r.in.Plan.Name,
		PlanDigest:  r.in.Plan.Digest(),
		AlertID:     r.in.Trigger.AlertID,
		RequestedBy: r.in.Trigger.RequestedBy,
		Parent:      r.in.Trigger.Parent,
		Shadow:      r.in.Shadow != nil,
		Inputs:      r.in.Trigger.Inputs,
	}
	if kind := r.in.Trigger.Kind; kind != "alert" && kind != "manual" {
		body.Trigger = kind
	}
	return body
}

// topLevel runs the playbook's own steps, and continues as new between two of them when the history has become long.
func (r *run) topLevel(ctx workflow.Context, top *frame) error {
	for first := r.cursor; r.cursor < len(r.in.Plan.Steps); {
		if r.cursor > first && r.historyIsLong(ctx) { // each history gets on, however large what it began with
			if err := r.continueAsNew(ctx, top, r.cursor); err != nil {
				return err
			}
		}
		next := groupEnd(r.in.Plan.Steps, r.cursor)
		if err := r.block(ctx, top, r.in.Plan.Steps[r.cursor:next]); err != nil {
			return err
		}
		r.cursor = next
	}
	return nil
}

// historyIsLong tells whether the run should go on in a new history. Old plans never did.
func (r *run) historyIsLong(ctx workflow.Context) bool {
	return r.full && ctx.Err() == nil && workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// watchTimeout cancels the run's steps when its time is up.
func (r *run) watchTimeout(ctx workflow.Context, cancel workflow.CancelFunc) {
	if r.in.Plan.Timeout == 0 {
		return
	}
	left := millis(r.in.Plan.Timeout)
	if r.started.IsZero() {
		r.started = workflow.Now(ctx)
	} else {
		left -= workflow.Now(ctx).Sub(r.started)
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		if left <= 0 || workflow.Sleep(ctx, left) == nil {
			r.timedOut = true
			cancel()
		}
	})
}

// watchCancel notes when the run is cancelled: from then on its finally blocks have FinallyTimeout.
func (r *run) watchCancel(ctx workflow.Context) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		ctx.Done().Receive(ctx, nil)
		r.cancelledAt = workflow.Now(ctx)
	})
}

func millis(d plan.Duration) time.Duration { return time.Duration(d) * time.Millisecond }
