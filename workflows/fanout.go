package workflows

import (
	"encoding/json"
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

// MaxForeachItems bounds a foreach: what one history can hold with room to spare.
const MaxForeachItems = 500

// parallel runs the branches at once. They see the steps before them, not each other's.
func (r *run) parallel(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	p := s.Parallel
	branches, cancel := workflow.WithCancel(ctx)
	defer cancel()
	results := make([]error, len(p.Branches))
	ended, succeeded := 0, 0
	var first error // what ended the step early
	for i := range p.Branches {
		workflow.Go(branches, func(ctx workflow.Context) {
			err := r.block(ctx, f, p.Branches[i].Steps)
			results[i] = err
			ended++
			var stop *stopped
			switch {
			case err == nil:
				succeeded++
				if p.Wait == "any" {
					cancel()
				}
			case errors.As(err, &stop), p.OnFailure != "collect" && p.Wait != "any" && !temporal.IsCanceledError(err):
				if first == nil {
					first = err
				}
				cancel()
			}
		})
	}
	// Cancelled branches end by themselves; waiting for all keeps what they did in this step.
	all, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	if err := workflow.Await(all, func() bool { return ended == len(p.Branches) }); err != nil {
		return outcome{}, err
	}
	if err := ctx.Err(); err != nil {
		return outcome{}, err
	}
	if first != nil {
		return outcome{}, first
	}
	if p.Wait == "any" && succeeded == 0 {
		return outcome{}, errors.Join(results...)
	}
	return outcome{status: contract.StepOK, output: branchReport(p, results)}, nil
}

// branchReport is a parallel step's output: for each branch its status and error.
func branchReport(p *plan.Parallel, results []error) json.RawMessage {
	fields := make([]plan.Field, len(p.Branches))
	for i, b := range p.Branches {
		report := seen{Status: contract.StepOK}
		switch err := results[i]; {
		case err == nil:
		case temporal.IsCanceledError(err):
			report.Status = contract.StepCancelled
		default:
			report.Status, report.Error = contract.StepFailed, callError(err)
		}
		text, err := json.Marshal(struct {
			Status string              `json:"status"`
			Error  *contract.CallError `json:"error"`
		}{report.Status, report.Error})
		if err != nil {
			text = null
		}
		fields[i] = plan.Field{Name: b.Name, Value: plan.Value{Literal: text}}
	}
	return object(fields)
}

// foreach runs its steps for each item, at most AtOnce at a time. The first failure ends it.
func (r *run) foreach(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	items, err := expr.EvalList(s.Foreach.Items, f.scope(ctx))
	if err != nil {
		return outcome{}, fmt.Errorf("items: %w", err)
	}
	if len(items) > MaxForeachItems {
		return outcome{}, fmt.Errorf("%d items: a foreach takes at most %d; filter or slice the list", len(items), MaxForeachItems)
	}
	loop, cancel := workflow.WithCancel(ctx)
	defer cancel()
	window := workflow.NewSemaphore(loop, int64(max(s.Foreach.AtOnce, 1)))
	outputs := make([]json.RawMessage, len(items))
	running := 0
	var first error
	for i, item := range items {
		if window.Acquire(loop, 1) != nil {
			break // cancelled, by a failed item or from outside
		}
		running++
		workflow.Go(loop, func(ctx workflow.Context) {
			inner := f.within(fmt.Sprintf("%s%s[%d]/", f.prefix, s.ID, i), s.Foreach.As, item, i)
			err := r.block(ctx, inner, s.Foreach.Steps)
			outputs[i] = itemOutput(inner, s.Foreach.Steps)
			if err != nil && first == nil {
				first = err
				cancel()
			}
			running--
			window.Release(1)
		})
	}
	all, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	if err := workflow.Await(all, func() bool { return running == 0 }); err != nil {
		return outcome{}, err
	}
	if err := ctx.Err(); err != nil {
		return outcome{}, err
	}
	if first != nil {
		return outcome{}, first
	}
	list := make([]plan.Value, len(outputs))
	for i, o := range outputs {
		list[i] = plan.Value{Literal: o}
	}
	output, err := expr.EvalValue(plan.Value{List: list}, expr.NewScope(nil, workflow.Now(ctx)))
	return outcome{status: contract.StepOK, output: output}, err
}

// itemOutput is one item's element of a foreach's output: the outputs of its steps by id.
func itemOutput(inner *frame, steps []plan.Step) json.RawMessage {
	fields := make([]plan.Field, 0, len(steps))
	for i := range steps {
		result, ok := inner.done[steps[i].ID]
		if !ok {
			result.Output = null
		}
		fields = append(fields, plan.Field{Name: steps[i].ID, Value: plan.Value{Literal: result.Output}})
	}
	return object(fields)
}
