package workflows

import (
	"encoding/json"
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

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
			switch {
			case err == nil:
				succeeded++
				if p.Wait == "any" {
					cancel()
				}
			case endsRun(err), p.OnFailure != "collect" && p.Wait != "any" && !temporal.IsCanceledError(err):
				if first == nil {
					first = err
				}
				cancel()
			}
		})
	}
	if err := awaitAll(ctx, func() bool { return ended == len(p.Branches) }); err != nil {
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
