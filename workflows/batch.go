package workflows

import (
	"encoding/json"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// batches works on the items of a long list, Batch by Batch, each in a child workflow: no history holds them all.
func (r *run) batches(ctx workflow.Context, f *frame, s *plan.Step, items []json.RawMessage, got *collected) error {
	for first := 0; first < len(items); first += s.Foreach.Batch {
		in := r.part(f, s)
		in.First, in.Items = first, items[first:min(first+s.Foreach.Batch, len(items))]
		out, err := r.runPart(ctx, f.prefix+s.ID, in)
		tooLarge := got.add(out.Items)
		if err != nil {
			return err
		}
		if tooLarge != nil {
			return tooLarge
		}
	}
	return nil
}

// manyRounds runs the rounds of a long repeat, Batch by Batch, each in a child workflow.
func (r *run) manyRounds(ctx workflow.Context, f *frame, s *plan.Step, got *rounds) error {
	var last []stepState
	for got.Number < s.Repeat.AtMost && !got.Ended {
		in := r.part(f, s)
		in.First, in.Rounds, in.Last = got.Number, min(got.Number+s.Repeat.Batch, s.Repeat.AtMost), last
		out, err := r.runPart(ctx, f.prefix+s.ID, in)
		last = out.Last
		*got = rounds{Number: max(out.Rounds.Number, got.Number), Ended: out.Rounds.Ended, last: f.lastRound(last)}
		if err != nil {
			return err
		}
	}
	return nil
}

// part is the input of a loop's child workflow, but for which items or rounds it is about.
func (r *run) part(f *frame, s *plan.Step) LoopInput {
	used := f.refs.ofLoop(s)
	return LoopInput{
		Run: contract.PlaybookInput{
			RunID: r.in.RunID, Trigger: r.in.Trigger, Shadow: r.in.Shadow, Depth: r.in.Depth,
			Plan: plan.Plan{
				Version: r.in.Plan.Version, Name: r.in.Plan.Name, Owner: r.in.Plan.Owner, Source: r.in.Plan.Source,
				Budget: r.in.Plan.Budget, Cost: r.in.Plan.Cost, Steps: []plan.Step{*s},
			},
		},
		Prefix: f.prefix, Frame: r.travelling(f, used, used.roots), Grants: r.grantsAround(f), Spent: spent{r.tokens, r.costUSD},
	}
}

// runPart runs a part of a loop to its end and takes over what it came to, however it ended.
func (r *run) runPart(ctx workflow.Context, path string, in LoopInput) (LoopOutput, error) {
	if n := in.Frame.size(); n > MaxCarriedBytes {
		return LoopOutput{}, fail("invalid", "the steps of the loop use %d MiB of what stands before it; at most %d MiB are allowed: keep what they need with a set before it", n>>20, MaxCarriedBytes>>20)
	}
	r.flush(ctx) // what stood before the part stands before it in the ledger
	child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:          fmt.Sprintf("%s/loop/%s/%d", r.in.RunID, path, in.First),
		ParentClosePolicy:   enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WaitForCancellation: true,
		StaticSummary:       path,
	})
	var out LoopOutput
	err := workflow.ExecuteChildWorkflow(child, contract.WorkflowLoop, in).Get(ctx, &out)
	r.tokens += out.Spent.Tokens
	r.costUSD += out.Spent.CostUSD
	r.undo = append(r.undo, out.Undo...)
	if out.Verdict != "" {
		r.verdict = out.Verdict
	}
	switch {
	case ctx.Err() != nil && (err != nil || out.Cancelled || out.err() == nil):
		return out, ctx.Err()
	case err != nil:
		return out, fail("failed", "a part of the loop did not run to its end: %v", err)
	}
	return out, out.err()
}
