package workflows

import (
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

const (
	defaultCallTimeout = 30 * time.Second
	// callHeartbeat is how long a worker may be silent: what a crash costs before the call is looked at again.
	callHeartbeat = 10 * time.Second
	// lookAgain bounds how often a consequential call is looked at: the activity itself decides whether it may be made.
	lookAgain = 6
)

// action calls an operation: short safe ones as local activities, consequential ones behind their decision.
func (r *run) action(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	a := s.Action
	arguments, err := f.value(ctx, a.With)
	if err != nil {
		return outcome{}, fmt.Errorf("with: %w", err)
	}
	in := contract.CallInput{
		Operation: a.Operation, Connection: a.Connection, Effect: a.Effect, Arguments: arguments,
		TimeoutMS: timeout(s, defaultCallTimeout).Milliseconds(),
	}
	if a.Effect == plan.EffectConsequential {
		released, err := r.release(f, s, arguments)
		switch {
		case err != nil:
			return outcome{}, err
		case released == nil:
			return outcome{status: contract.StepSkipped, reason: "not approved"}, nil
		case r.shadows(a.Operation):
			return r.shadowed(ctx, f.prefix+s.ID, a.Operation, a.Connection, released), nil
		case released.approval == "":
			return outcome{status: contract.StepSkipped, reason: "not approved"}, nil
		}
		in.Arguments, in.Digest, in.Approval = released.arguments, released.digest, released.approval
	}
	in.Step = r.step(f.prefix+s.ID, s.Title)
	var out contract.CallOutput
	if a.Local && a.Effect != plan.EffectConsequential {
		ctx := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			StartToCloseTimeout: timeout(s, defaultCallTimeout),
			RetryPolicy:         retryPolicy(s),
			Summary:             in.Path,
		})
		err = workflow.ExecuteLocalActivity(ctx, contract.ActivityCall, in).Get(ctx, &out)
	} else {
		err = workflow.ExecuteActivity(callOptions(ctx, s, in), contract.ActivityCall, in).Get(ctx, &out)
	}
	r.unsent(in.Step, err)
	done := outcome{status: contract.StepOK, output: out.Output, kept: true}
	if err == nil && a.Undo != nil {
		done = r.canUndo(ctx, f, s, done)
	}
	return done, err
}

// released is a consequential call as it was approved. Without the id of an approval it may only be recorded.
type released struct {
	arguments json.RawMessage
	digest    string
	approval  string
}

// release finds the approval among those that cover a call that was given for exactly it, or nil. Where the approver
// has changed arguments, the call is the changed one, if the playbook's own arguments are still what was asked about.
func (r *run) release(f *frame, s *plan.Step, arguments json.RawMessage) (*released, error) {
	a := s.Action
	own, err := contract.CallDigest(a.Operation, a.Connection, arguments)
	if err != nil {
		return nil, err
	}
	for _, id := range a.Approvals {
		g, ok := r.grantFor(f, id, s.ID)
		if !ok {
			continue
		}
		call := released{arguments: arguments, digest: own}
		if changed, ok := g.Edited[f.prefix+s.ID]; ok {
			if changed.Asked != own {
				continue
			}
			call.arguments, call.digest = changed.Arguments, changed.Digest
		}
		if approval, ok := g.releases(call.digest); ok {
			call.approval = approval
			return &call, nil
		}
	}
	return nil, nil
}

func callOptions(ctx workflow.Context, s *plan.Step, in contract.CallInput) workflow.Context {
	options := workflow.ActivityOptions{
		ActivityID:          in.Path,
		TaskQueue:           contract.QueueSlow,
		StartToCloseTimeout: timeout(s, defaultCallTimeout),
		HeartbeatTimeout:    callHeartbeat,
		RetryPolicy:         retryPolicy(s),
		Summary:             summary(s),
	}
	if in.Effect == plan.EffectConsequential {
		options.TaskQueue = contract.QueueConsequential
		options.WaitForCancellation = true // what was sent must be known before the run ends
		options.RetryPolicy = &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: lookAgain,
		}
	}
	return workflow.WithActivityOptions(ctx, options)
}

func timeout(s *plan.Step, otherwise time.Duration) time.Duration {
	if s.Timeout > 0 {
		return millis(s.Timeout)
	}
	return otherwise
}

// summary is what Temporal's own tools show for a step, within their 400 bytes.
func summary(s *plan.Step) string {
	text := s.Title
	if text == "" {
		text = s.ID
	}
	if len(text) > 200 {
		text = text[:200]
	}
	return text
}
