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

// outcome is how a step ended when it did not fail.
type outcome struct {
	status string // contract.StepOK, StepSkipped or StepDenied
	reason string
	output json.RawMessage
	kept   bool // an activity has written the output to the ledger already
}

// block runs steps one after the other and ends at the first that fails or stops the run.
func (r *run) block(ctx workflow.Context, f *frame, steps []plan.Step) error {
	for i := range steps {
		if err := r.one(ctx, f, &steps[i]); err != nil {
			return err
		}
	}
	return nil
}

// one runs one step, notes how it ended and makes its result visible.
func (r *run) one(ctx workflow.Context, f *frame, s *plan.Step) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	started := workflow.Now(ctx).UTC()
	out, err := r.perform(ctx, f, s)

	body := contract.StepBody{Verb: s.Verb, Title: s.Title, Started: started}
	result := seen{Status: out.status, Output: out.output}
	var stop *stopped
	switch {
	case err == nil:
	case errors.As(err, &stop):
		result.Status, out.reason = contract.StepOK, stop.reason
		if s.Verb == plan.VerbApprove {
			result.Status = contract.StepDenied
		}
	case temporal.IsCanceledError(err):
		result.Status = contract.StepCancelled
	default:
		result.Status, result.Error = contract.StepFailed, callError(err)
		if result.Error.Kind == "unknown" {
			result.Status = contract.StepUnknown
		}
	}
	body.Status, body.Reason, body.Error, body.Ended = result.Status, out.reason, result.Error, workflow.Now(ctx).UTC()
	if !out.kept {
		body.Output = out.output
	}
	path := f.prefix + s.ID
	r.note(ctx, path+"/end", contract.KindStepFinished, path, body)
	f.finish(s.ID, result)

	if err != nil && stop == nil && s.OnError == "continue" && !temporal.IsCanceledError(err) {
		return nil
	}
	if err != nil && stop == nil && !temporal.IsCanceledError(err) {
		var named *failure
		if !errors.As(err, &named) {
			return &failure{step: path, err: err}
		}
	}
	return err
}

// failure names the step at which a run failed.
type failure struct {
	step string
	err  error
}

func (f *failure) Error() string { return "step " + f.step + ": " + callError(f.err).Message }
func (f *failure) Unwrap() error { return f.err }

// perform does what the step's verb says.
func (r *run) perform(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	if s.If != "" {
		holds, err := expr.EvalBool(s.If, f.scope(ctx))
		if err != nil {
			return outcome{}, fmt.Errorf("if: %w", err)
		}
		if !holds {
			return outcome{status: contract.StepSkipped, reason: "if: " + s.If}, nil
		}
	}
	switch s.Verb {
	case plan.VerbAction:
		return r.action(ctx, f, s)
	case plan.VerbSet:
		return r.set(ctx, f, s)
	case plan.VerbChoose:
		return r.choose(ctx, f, s)
	case plan.VerbParallel:
		return r.parallel(ctx, f, s)
	case plan.VerbForeach:
		return r.foreach(ctx, f, s)
	case plan.VerbModel:
		return r.model(ctx, f, s)
	case plan.VerbApprove:
		return r.approve(ctx, f, s)
	case plan.VerbStop:
		return r.stop(ctx, f, s)
	}
	return outcome{}, fmt.Errorf("verb %q is not known to this interpreter", s.Verb)
}

func (r *run) set(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	output, err := f.value(ctx, plan.Value{Object: s.Set})
	return outcome{status: contract.StepOK, output: output}, err
}

func (r *run) stop(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	reason, err := f.text(ctx, s.Stop.Reason)
	if err != nil {
		return outcome{}, fmt.Errorf("reason: %w", err)
	}
	return outcome{}, &stopped{status: s.Stop.Status, reason: reason}
}

func (r *run) choose(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	for i, b := range s.Choose.Branches {
		holds, err := expr.EvalBool(b.When, f.scope(ctx))
		if err != nil {
			return outcome{}, fmt.Errorf("when of branch %d: %w", i+1, err)
		}
		if holds {
			return outcome{status: contract.StepOK, reason: "when: " + b.When}, r.block(ctx, f, b.Steps)
		}
	}
	return outcome{status: contract.StepOK, reason: "else"}, r.block(ctx, f, s.Choose.Else)
}

// callError is an error as the ledger and expressions show it.
func callError(err error) *contract.CallError {
	var app *temporal.ApplicationError
	var late *temporal.TimeoutError
	switch {
	case errors.As(err, &app):
		return &contract.CallError{Kind: app.Type(), Message: app.Message()}
	case errors.As(err, &late):
		return &contract.CallError{Kind: "unavailable", Message: "no answer in time (" + late.TimeoutType().String() + ")"}
	}
	return &contract.CallError{Kind: "invalid", Message: err.Error()}
}

// retryPolicy is the step's own, or the default: three attempts from one second up.
func retryPolicy(s *plan.Step) *temporal.RetryPolicy {
	policy := &temporal.RetryPolicy{
		InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 3,
	}
	if s.Retry != nil {
		policy.MaximumAttempts = int32(min(max(s.Retry.Attempts, 1), 100))
		if s.Retry.Backoff > 0 {
			policy.InitialInterval = millis(s.Retry.Backoff)
		}
	}
	return policy
}
