package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

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
	var after *overtaken
	if (r.timedOut || r.cancelled) && errors.As(err, &after) {
		out.Reason += "; " + after.err.Error()
	}
	if top == nil || len(r.in.Plan.Outputs) == 0 {
		return out
	}
	fail := func(reason string) {
		if out.Status == statusCompleted && stop == nil {
			out.Status, out.Reason = statusFailed, reason
		}
	}
	outputs := make([]plan.Field, 0, len(r.in.Plan.Outputs))
	for _, f := range r.in.Plan.Outputs {
		value, err := top.value(ctx, f.Value)
		if err != nil { // a run that ended early has the outputs it came to
			fail("output " + f.Name + ": " + err.Error())
			value = null
		}
		outputs = append(outputs, plan.Field{Name: f.Name, Value: plan.Value{Literal: value}})
	}
	text, err := expr.EvalValue(plan.Value{Object: outputs}, expr.NewScope(nil, workflow.Now(ctx)))
	switch {
	case err == nil:
		out.Outputs = text
	case r.full:
		fail("outputs: " + err.Error())
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
