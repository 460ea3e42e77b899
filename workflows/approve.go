package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// approve asks for a decision on the exact calls it covers and waits for it. Denied and expired end the run.
func (r *run) approve(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	in, err := r.request(ctx, f, s)
	if err != nil {
		return outcome{}, err
	}
	decision, err := r.ask(ctx, in)
	if err == nil && decision.Outcome == "expired" && s.Approve.OnTimeout == "escalate" {
		in.Escalated, in.Role = true, s.Approve.EscalateTo
		in.OnTimeout = "deny" // there is nobody above
		in.CreatedAt = workflow.Now(ctx).UTC()
		in.Deadline = in.CreatedAt.Add(millis(s.Approve.Within))
		decision, err = r.ask(ctx, in)
	}
	if err != nil {
		return outcome{}, err
	}
	output, err := json.Marshal(map[string]any{
		"approved": decision.Outcome == "approved", "outcome": decision.Outcome, "by": decision.By, "reason": decision.Reason,
	})
	if err != nil {
		return outcome{}, err
	}
	switch decision.Outcome {
	case "approved":
		path := f.prefix + s.ID
		r.approved[path] = grant{approvalID: contract.ApprovalID(r.in.RunID, path, in.Escalated), calls: decision.Calls}
		return outcome{status: contract.StepOK, reason: "approved by " + decision.By, output: output}, nil
	case "denied":
		reason := "denied by " + decision.By
		if decision.Reason != "" {
			reason += ": " + decision.Reason
		}
		return outcome{status: contract.StepDenied, output: output}, &stopped{status: statusCompleted, reason: reason}
	default:
		return outcome{status: contract.StepDenied, output: output},
			&stopped{status: statusCompleted, reason: "nobody decided before the deadline; nothing was released"}
	}
}

// request is the approval as people will see it: the covered calls with the arguments they will have.
func (r *run) request(ctx workflow.Context, f *frame, s *plan.Step) (contract.ApprovalInput, error) {
	a := s.Approve
	in := contract.ApprovalInput{Role: a.Role, OnTimeout: a.OnTimeout, CreatedAt: workflow.Now(ctx).UTC(), Calls: []contract.ApprovalCall{}}
	in.Deadline = in.CreatedAt.Add(millis(a.Within))
	in.Path = f.prefix + s.ID
	var err error
	if in.Title, err = f.text(ctx, &a.Title); err != nil {
		return in, fmt.Errorf("title: %w", err)
	}
	if in.Message, err = f.text(ctx, a.Message); err != nil {
		return in, fmt.Errorf("message: %w", err)
	}
	if a.NotRequester {
		in.NotUser = r.in.Trigger.RequestedBy
	}
	for _, id := range a.Covers {
		covered := r.steps[id]
		if covered == nil || covered.Action == nil {
			return in, fmt.Errorf("covers %s, which is no action of this plan", id)
		}
		arguments, err := f.value(ctx, covered.Action.With)
		if err != nil {
			return in, fmt.Errorf("arguments of %s: %w", id, err)
		}
		digest, err := contract.CallDigest(covered.Action.Operation, covered.Action.Connection, arguments)
		if err != nil {
			return in, err
		}
		in.Calls = append(in.Calls, contract.ApprovalCall{
			Step: f.prefix + id, Title: covered.Title, Operation: covered.Action.Operation, Connection: covered.Action.Connection,
			Arguments: arguments, Origins: covered.Action.Origins, Digest: digest,
		})
	}
	for _, id := range a.Evidence {
		if step, ok := f.done[id]; ok && step.Status == contract.StepOK {
			in.Evidence = append(in.Evidence, contract.Evidence{ID: id, Title: r.steps[id].Title, Data: step.Output})
		}
	}
	return in, nil
}

// ask writes the approval where people see it, and waits until a verified decision stands or the deadline has passed.
func (r *run) ask(ctx workflow.Context, in contract.ApprovalInput) (contract.DecisionOutput, error) {
	in.ApprovalID = contract.ApprovalID(r.in.RunID, in.Path, in.Escalated)
	in.Step = r.step(in.Path, in.Title)
	if err := r.record(ctx, contract.ActivityRequestApproval, in, nil); err != nil {
		return contract.DecisionOutput{}, err
	}
	for {
		left := in.Deadline.Sub(workflow.Now(ctx))
		arrived := false
		if left > 0 {
			var err error
			arrived, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
				Timeout: left, TimerOptions: workflow.TimerOptions{Summary: in.Path + " deadline"},
			}, func() bool { return len(r.inbox[in.ApprovalID]) > 0 })
			if err != nil {
				return contract.DecisionOutput{}, r.withdraw(ctx, in, err)
			}
		}
		query := contract.DecisionInput{ApprovalID: in.ApprovalID}
		activity := contract.ActivityExpireApproval
		if arrived {
			box := r.inbox[in.ApprovalID]
			query.DecisionID, r.inbox[in.ApprovalID] = box[0], box[1:]
			activity = contract.ActivityReadDecision
		}
		query.Step = r.step(in.Path, in.Title)
		var decision contract.DecisionOutput
		if err := r.record(ctx, activity, query, &decision); err != nil {
			return contract.DecisionOutput{}, err
		}
		if decision.Outcome != "" {
			return decision, nil
		}
		if !arrived { // the clocks of database and server differ: the deadline is near, not past
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return contract.DecisionOutput{}, err
			}
		}
	}
}

// withdraw closes an approval whose run was cancelled, so that nobody decides on what can't happen any more.
func (r *run) withdraw(ctx workflow.Context, in contract.ApprovalInput, cause error) error {
	if !temporal.IsCanceledError(cause) {
		return cause
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	query := contract.DecisionInput{ApprovalID: in.ApprovalID, Withdraw: true, Step: r.step(in.Path, in.Title)}
	return errors.Join(cause, r.record(ctx, contract.ActivityExpireApproval, query, nil))
}
