package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// stopped is a run's planned end, by a stop step or by an approval that was not given.
type stopped struct{ status, reason string }

func (s *stopped) Error() string { return s.status + ": " + s.reason }

// failure names the step at which a run failed.
type failure struct {
	step string
	err  error
}

func (f *failure) Error() string { return "step " + f.step + ": " + callError(f.err).Message }
func (f *failure) Unwrap() error { return f.err }

// undoing is the failure of a step whose on_error is undo. It ends the run: what the run has done is taken back once
// all of its steps have ended.
type undoing struct{ err error }

func (u *undoing) Error() string { return u.err.Error() }
func (u *undoing) Unwrap() error { return u.err }

// overtaken is a failure in a finally block, which takes the place of how the steps before it ended.
type overtaken struct{ err, first error }

func (o *overtaken) Error() string {
	if o.first == nil {
		return o.err.Error()
	}
	return o.err.Error() + " (before that: " + o.first.Error() + ")"
}
func (o *overtaken) Unwrap() error { return o.err }

// endsRun tells whether an error ends the run whatever stands around the step.
func endsRun(err error) bool {
	var stop *stopped
	var undo *undoing
	return errors.As(err, &stop) || errors.As(err, &undo)
}

// catchable tells whether an error is one that a playbook can go on after.
func catchable(err error) bool {
	return err != nil && !endsRun(err) && !temporal.IsCanceledError(err)
}

// fail is an error of the interpreter, of a kind that expressions can ask for.
func fail(kind, format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), kind, nil)
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
			policy.MaximumInterval = max(policy.MaximumInterval, policy.InitialInterval) // else the server refuses the policy
		}
	}
	return policy
}
