package workflows

import (
	"encoding/json"
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// try runs its steps; catch, if one of them failed; finally in any case. An end of the run and a cancellation are no
// errors: they pass catch by.
func (r *run) try(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	t := s.Try
	out := outcome{status: contract.StepOK}
	err := r.block(ctx, f, t.Steps)
	inner := f.with("error", caught(err))
	if catchable(err) && len(t.Catch) > 0 {
		first := callError(err)
		if err = r.block(ctx, inner, t.Catch); err == nil {
			out.body.Caught = first
		}
	}
	if len(t.Finally) > 0 {
		if last := r.finally(ctx, inner, s); last != nil && (err == nil || !endsRun(last)) {
			err = &overtaken{err: last, first: err}
		}
	}
	return out, err
}

// caught is the root `error` of catch and finally: null unless a step failed.
func caught(err error) json.RawMessage {
	if !catchable(err) {
		return null
	}
	e := callError(err)
	step := ""
	var named *failure
	if errors.As(err, &named) {
		step = named.step
	}
	return encoded(map[string]string{"kind": e.Kind, "message": e.Message, "step": step})
}

// finally runs the last steps of a try, which a cancellation does not end. Once the run is cancelled they have FinallyTimeout in all.
func (r *run) finally(ctx workflow.Context, f *frame, s *plan.Step) error {
	own, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	late := false
	workflow.Go(own, func(own workflow.Context) {
		workflow.NewSelector(own).
			AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {}).
			AddReceive(own.Done(), func(workflow.ReceiveChannel, bool) {}).
			Select(own)
		if own.Err() == nil && workflow.Sleep(own, r.finallyLeft(own)) == nil {
			late = true
			cancel()
		}
	})
	err := r.block(own, f, s.Try.Finally)
	if late {
		err = fail("timeout", "finally took longer than the %s that a cancelled run has for it", FinallyTimeout)
		return &failure{step: f.prefix + s.ID, err: err}
	}
	return err
}

// finallyLeft is how long finally blocks may still run, from now.
func (r *run) finallyLeft(ctx workflow.Context) time.Duration {
	if r.cancelledAt.IsZero() { // only a part of the run was cancelled
		return FinallyTimeout
	}
	return max(FinallyTimeout-workflow.Now(ctx).Sub(r.cancelledAt), 0)
}
