package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// await writes an approval or a form where people see it, and waits until a verified decision stands or the deadline
// has passed. While nobody decides, they are reminded.
func (r *run) await(ctx workflow.Context, in contract.ApprovalInput, remind plan.Duration) (contract.DecisionOutput, error) {
	in.ApprovalID = contract.ApprovalID(r.in.RunID, in.Path, in.Escalated)
	r.expected[in.ApprovalID] = true
	defer delete(r.expected, in.ApprovalID)
	in.Step = r.step(in.Path, in.Title)
	var standing contract.ApprovalOutput
	if err := r.record(ctx, contract.ActivityRequestApproval, in, &standing); err != nil {
		r.unsent(in.Step, err)
		return contract.DecisionOutput{}, err
	}
	if standing.DecisionID != "" {
		r.decided(contract.ApprovalDecided{ApprovalID: in.ApprovalID, DecisionID: standing.DecisionID})
	}
	for reminders := 0; ; {
		left := in.Deadline.Sub(workflow.Now(ctx))
		what, late := "deadline", false
		if due := in.CreatedAt.Add(time.Duration(reminders+1) * millis(remind)).Sub(workflow.Now(ctx)); remind > 0 && reminders < MaxReminders && due < left {
			left, what, late = max(due, time.Millisecond), "reminder", true
		}
		arrived := false
		if left > 0 {
			var err error
			arrived, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
				Timeout: left, TimerOptions: workflow.TimerOptions{Summary: in.Path + " " + what},
			}, func() bool { return len(r.inbox[in.ApprovalID]) > 0 })
			if err != nil {
				return contract.DecisionOutput{}, r.withdraw(ctx, in, err)
			}
		}
		if late && !arrived {
			reminders++
			if err := r.remind(ctx, in, reminders); err != nil {
				return contract.DecisionOutput{}, r.withdraw(ctx, in, err)
			}
			continue
		}
		decision, err := r.read(ctx, in, arrived)
		if err != nil || decision.Outcome != "" {
			return decision, err
		}
		if !arrived { // the clocks of database and server differ: the deadline is near, not past
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return contract.DecisionOutput{}, err
			}
		}
	}
}

// read reads the decision that a signal named, or, without one, ends the approval.
func (r *run) read(ctx workflow.Context, in contract.ApprovalInput, arrived bool) (contract.DecisionOutput, error) {
	query := contract.DecisionInput{ApprovalID: in.ApprovalID}
	activity := contract.ActivityExpireApproval
	if arrived {
		box := r.inbox[in.ApprovalID]
		query.DecisionID, r.inbox[in.ApprovalID] = box[0], box[1:]
		activity = contract.ActivityReadDecision
	}
	query.Step = r.step(in.Path, in.Title)
	var decision contract.DecisionOutput
	err := r.record(ctx, activity, query, &decision)
	r.unsent(query.Step, err)
	if err != nil {
		return contract.DecisionOutput{}, err
	}
	return decision, nil
}

// remind tells people again. That it fails is no reason to end the run; only its cancellation is an error here.
func (r *run) remind(ctx workflow.Context, in contract.ApprovalInput, number int) error {
	r.note(ctx, fmt.Sprintf("%s/reminded/%d", in.ApprovalID, number), contract.KindApprovalReminded, in.Path,
		map[string]any{"approval_id": in.ApprovalID, "number": number})
	reminder := contract.RemindInput{Step: r.step(in.Path, in.Title), ApprovalID: in.ApprovalID, Number: number}
	r.unsent(reminder.Step, r.record(ctx, contract.ActivityRemindApproval, reminder, nil))
	return ctx.Err()
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
