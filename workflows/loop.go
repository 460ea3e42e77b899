package workflows

import (
	"encoding/json"
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// LoopInput is the input of Loop: a part of one loop of a run, and what its steps can see of the rest.
type LoopInput struct {
	Run    contract.PlaybookInput `json:"run"` // its plan has the loop as its only step
	Prefix string                 `json:"prefix,omitempty"`
	Frame  frameState             `json:"frame"`
	First  int                    `json:"first"`            // number of the first item, or how many rounds have run
	Items  []json.RawMessage      `json:"items,omitempty"`  // foreach
	Rounds int                    `json:"rounds,omitempty"` // repeat: up to which number of rounds
	Last   []stepState            `json:"last,omitempty"`   // repeat: the steps of the round before
	Grants map[string]grant       `json:"grants,omitempty"` // by path: given around the loop, for all of its items
	Spent  spent                  `json:"spent,omitzero"`   // by the run before this part
	Kept   LoopOutput             `json:"kept"`             // what the histories of this part before this one came to
}

// LoopOutput is the result of Loop. It says how the part ended also when that was no good end.
type LoopOutput struct {
	Items     collected   `json:"items,omitzero"`
	Rounds    rounds      `json:"rounds,omitzero"`
	Last      []stepState `json:"last,omitempty"`
	Spent     spent       `json:"spent,omitzero"` // in this part
	Verdict   string      `json:"verdict,omitempty"`
	Undo      []undoable  `json:"undo,omitempty"`
	Stop      *loopStop   `json:"stop,omitempty"`
	Failure   *loopError  `json:"failure,omitempty"`
	Cancelled bool        `json:"cancelled,omitempty"`
}

// spent is what models have cost.
type spent struct {
	Tokens  int     `json:"tokens,omitempty"`
	CostUSD float64 `json:"cost_usd,omitempty"`
}

type loopStop struct {
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

type loopError struct {
	contract.CallError
	Step string `json:"step,omitempty"`
	Undo bool   `json:"undo,omitempty"`
}

// Loop runs some items of a long foreach, or some rounds of a long repeat, in a history of its own. Its steps have the
// paths, the ledger entries and the approvals that they would have in the run's own history.
func Loop(ctx workflow.Context, in LoopInput) (LoopOutput, error) {
	if len(in.Run.Plan.Steps) != 1 || in.Run.Plan.Version != plan.Version {
		return LoopOutput{}, fail("invalid", "the input is no part of a loop")
	}
	r := newRun(in.Run)
	r.tokens, r.costUSD = in.Spent.Tokens+in.Kept.Spent.Tokens, in.Spent.CostUSD+in.Kept.Spent.CostUSD
	r.undo, r.verdict, r.carried = in.Kept.Undo, in.Kept.Verdict, &state{Frame: in.Frame}
	for _, path := range workflow.DeterministicKeys(in.Grants) {
		r.approved[path] = in.Grants[path]
	}
	r.listen(ctx)
	r.watchCancel(ctx)
	f, err := r.rootFrame(ctx)
	if err != nil {
		return LoopOutput{}, err
	}
	f.prefix = in.Prefix
	s := &in.Run.Plan.Steps[0]
	out := in.Kept
	var more bool
	if s.Repeat != nil {
		more, err = r.partOfRounds(ctx, f, s, &in, &out)
	} else {
		more, err = r.partOfItems(ctx, f, s, &in, &out)
	}
	r.flush(ctx)
	out.Spent = spent{r.tokens - in.Spent.Tokens, r.costUSD - in.Spent.CostUSD}
	out.Undo, out.Verdict = r.undo, r.verdict
	if err == nil && more {
		in.Kept = out
		return LoopOutput{}, workflow.NewContinueAsNewError(ctx, contract.WorkflowLoop, in)
	}
	out.end(err)
	return out, nil
}

// partOfItems works on the items, as many as one history holds; more tells that some are left.
func (r *run) partOfItems(ctx workflow.Context, f *frame, s *plan.Step, in *LoopInput, out *LoopOutput) (more bool, err error) {
	done, err := r.each(ctx, f, s, in.Items, in.First, &out.Items, func() bool { return r.historyIsLong(ctx) })
	in.First, in.Items = in.First+done, in.Items[done:]
	return len(in.Items) > 0, err
}

// partOfRounds runs rounds, as many as one history holds; more tells that some are left.
func (r *run) partOfRounds(ctx workflow.Context, f *frame, s *plan.Step, in *LoopInput, out *LoopOutput) (more bool, err error) {
	got := rounds{Number: in.First, last: f.lastRound(in.Last)}
	err = r.rounds(ctx, f, s, in.Rounds, &got, func() bool { return got.Number > in.First && r.historyIsLong(ctx) })
	if got.last != nil {
		out.Last = got.last.level.states(r)
	}
	out.Rounds = got
	in.First, in.Last = got.Number, out.Last
	return !got.Ended && got.Number < in.Rounds, err
}

// lastRound is the frame of a round that another history has run, or nil.
func (f *frame) lastRound(steps []stepState) *frame {
	if len(steps) == 0 {
		return nil
	}
	last := f.within(f.prefix, "", nil, 0)
	frameState{Done: steps}.restore(last)
	return last
}

// states are the results of one level, as they travel.
func (l *level) states(r *run) []stepState {
	list := make([]stepState, len(l.names))
	for i, id := range l.names {
		list[i] = stepState{ID: id, Title: r.title(id), seen: *l.done[id]}
	}
	return list
}

// end says in the output how a part ended.
func (o *LoopOutput) end(err error) {
	var stop *stopped
	var undo *undoing
	switch {
	case err == nil:
	case errors.As(err, &stop):
		o.Stop = &loopStop{stop.status, stop.reason}
	case temporal.IsCanceledError(err):
		o.Cancelled = true
	default:
		o.Failure = &loopError{CallError: *callError(err), Undo: errors.As(err, &undo)}
		var named *failure
		if errors.As(err, &named) {
			o.Failure.Step = named.step
		}
	}
}

// err is the error that a part ended with, as its step would have had it inline.
func (o *LoopOutput) err() error {
	switch {
	case o.Stop != nil:
		return &stopped{o.Stop.Status, o.Stop.Reason}
	case o.Cancelled:
		return fail("failed", "the loop's workflow was cancelled from outside")
	case o.Failure == nil:
		return nil
	}
	err := fail(o.Failure.Kind, "%s", o.Failure.Message)
	if o.Failure.Step != "" {
		err = &failure{step: o.Failure.Step, err: err}
	}
	if o.Failure.Undo {
		err = &undoing{err}
	}
	return err
}
