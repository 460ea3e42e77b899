package workflows

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// call runs another playbook as a run of its own. A run that is waited for is cancelled with this one; a detached one
// lives on.
func (r *run) call(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	c := s.Call
	if r.in.Depth >= MaxCallDepth {
		return outcome{}, fail("invalid", "playbooks call each other more than %d deep here", MaxCallDepth)
	}
	inputs, err := f.value(ctx, plan.Value{Object: c.Inputs})
	if err != nil {
		return outcome{}, fmt.Errorf("inputs: %w", err)
	}
	if len(c.Inputs) == 0 {
		inputs = nil
	}
	path := f.prefix + s.ID
	open := contract.OpenInput{
		ChildRunID: contract.ChildRunID(r.in.RunID, path), Playbook: c.Playbook, Digest: c.Digest,
		AlertID: r.in.Trigger.AlertID, Inputs: inputs,
	}
	r.note(ctx, path+"/opened", contract.KindRunOpened, path, contract.OpenBody{
		RunID: open.ChildRunID, Playbook: c.Playbook, Digest: c.Digest, Detached: c.Detached,
	})
	open.Step = r.step(path, s.Title)
	var opened contract.OpenOutput
	err = r.record(ctx, contract.ActivityOpenRun, open, &opened)
	r.unsent(open.Step, err)
	if err != nil {
		return outcome{}, err
	}
	out := outcome{status: contract.StepOK}
	out.body.Run = open.ChildRunID
	run := ctx
	if c.Detached { // it outlives the context of this run
		run, _ = workflow.NewDisconnectedContext(ctx)
	}
	child := workflow.ExecuteChildWorkflow(calleeOptions(run, s, opened.WorkflowID), contract.WorkflowPlaybook, contract.PlaybookInput{
		RunID: open.ChildRunID, Plan: opened.Plan, Shadow: bothShadows(r.in.Shadow, opened.Shadow), Depth: r.in.Depth + 1,
		Trigger: contract.Trigger{
			Kind: "call", AlertID: r.in.Trigger.AlertID, Alert: r.in.Trigger.Alert, Inputs: inputs,
			RequestedBy: r.in.Trigger.RequestedBy, Parent: r.in.RunID,
		},
	})
	if c.Detached {
		if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return out, calleeError(ctx, c, open.ChildRunID, err)
		}
		out.output = encoded(map[string]string{"run_id": open.ChildRunID})
		return out, nil
	}
	var ended contract.PlaybookOutput
	if err := child.Get(ctx, &ended); err != nil {
		return out, calleeError(ctx, c, open.ChildRunID, err)
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	out.output = calleeOutput(open.ChildRunID, ended)
	if ended.Status != statusCompleted {
		return out, fail("failed", "playbook %s (%s) ended as %s%s", c.Playbook, open.ChildRunID, ended.Status, because(ended.Reason))
	}
	return out, nil
}

func calleeOptions(ctx workflow.Context, s *plan.Step, id string) workflow.Context {
	options := workflow.ChildWorkflowOptions{
		WorkflowID:          id,
		ParentClosePolicy:   enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WaitForCancellation: true, // its finally blocks run before ours
		StaticSummary:       summary(s),
	}
	if s.Call.Detached {
		options.ParentClosePolicy = enumspb.PARENT_CLOSE_POLICY_ABANDON
	}
	return workflow.WithChildOptions(ctx, options)
}

// calleeError is the step's error when a called playbook could not be run to its end.
func calleeError(ctx workflow.Context, c *plan.Call, id string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fail("failed", "playbook %s (%s) did not run to its end: %v", c.Playbook, id, err)
}

func calleeOutput(id string, ended contract.PlaybookOutput) []byte {
	outputs := ended.Outputs
	if len(outputs) == 0 {
		outputs = null
	}
	return object([]plan.Field{
		{Name: "run_id", Value: plan.Value{Literal: encoded(id)}},
		{Name: "status", Value: plan.Value{Literal: encoded(ended.Status)}},
		{Name: "reason", Value: plan.Value{Literal: encoded(ended.Reason)}},
		{Name: "outputs", Value: plan.Value{Literal: outputs}},
	})
}
