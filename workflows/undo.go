package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// undoable is a finished step that can be taken back.
type undoable struct {
	Path  string            `json:"path"`
	Title string            `json:"title"` // of the step, or its id
	Call  contract.UndoBody `json:"call"`
}

// canUndo computes what would take a finished call back, and keeps it.
func (r *run) canUndo(ctx workflow.Context, f *frame, s *plan.Step, done outcome) outcome {
	u := s.Action.Undo
	f.finish(s.ID, seen{Status: contract.StepOK, Output: done.output}) // its own output may say what to take back
	arguments, err := f.value(ctx, u.With)
	if err != nil { // the call has been made all the same
		done.reason = "it can't be undone by the playbook: undo: " + err.Error()
		return done
	}
	done.body.Undo = &contract.UndoBody{
		Operation: u.Operation, Connection: u.Connection, Effect: u.Effect, Arguments: arguments, Origins: u.Origins,
		Role: u.Role, Within: u.Within, Timeout: u.Timeout,
	}
	title := s.Title
	if title == "" {
		title = s.ID
	}
	r.undo = append(r.undo, undoable{Path: f.prefix + s.ID, Title: title, Call: *done.body.Undo})
	return done
}

// unwind takes back what the run has done, last things first, when a step with `on_error: undo` has failed. The run
// still ends with that failure. A run that is cancelled takes nothing back by itself.
func (r *run) unwind(ctx workflow.Context, err error) error {
	var undo *undoing
	if !errors.As(err, &undo) {
		return err
	}
	for len(r.undo) > 0 && ctx.Err() == nil {
		last := r.undo[len(r.undo)-1]
		r.undo = r.undo[:len(r.undo)-1]
		r.takeBack(ctx, last)
	}
	return err
}

// takeBack undoes one step and notes how that ended. A failure is noted, and the rest goes on.
func (r *run) takeBack(ctx workflow.Context, u undoable) {
	path := u.Path + ".undo"
	body := contract.StepBody{Verb: plan.VerbAction, Title: "Undo " + u.Title, Started: workflow.Now(ctx).UTC(), Undoes: u.Path}
	out, err := r.reverse(ctx, path, u)
	body.Status, body.Reason, body.Shadow, body.Expired = out.status, out.reason, out.body.Shadow, out.body.Expired
	switch {
	case err == nil:
	case ctx.Err() != nil:
		body.Status = contract.StepCancelled
	default:
		body.Status, body.Error = contract.StepFailed, callError(err)
		if body.Error.Kind == "unknown" {
			body.Status = contract.StepUnknown
		}
	}
	body.Ended = workflow.Now(ctx).UTC()
	r.note(ctx, path+"/end", contract.KindStepFinished, path, body)
	r.flushLong(ctx)
}

// reverse makes the call that takes a step back; a consequential one has a decision of its own.
func (r *run) reverse(ctx workflow.Context, path string, u undoable) (outcome, error) {
	in := contract.CallInput{
		Operation: u.Call.Operation, Connection: u.Call.Connection, Effect: u.Call.Effect, Arguments: u.Call.Arguments,
	}
	if in.Effect == plan.EffectConsequential {
		digest, err := contract.CallDigest(in.Operation, in.Connection, in.Arguments)
		if err != nil {
			return outcome{}, err
		}
		in.Digest = digest
		if r.shadows(in.Operation) {
			return r.shadowed(ctx, path, in.Operation, in.Connection, &released{arguments: in.Arguments, digest: digest}), nil
		}
		approval, refused, err := r.mayUndo(ctx, path, u, digest)
		if err != nil || refused.status != "" {
			return refused, err
		}
		in.Approval = approval
	}
	step := &plan.Step{ID: path, Title: "Undo " + u.Title, Timeout: u.Call.Timeout}
	in.TimeoutMS = timeout(step, defaultCallTimeout).Milliseconds()
	in.Step = r.step(path, step.Title)
	err := workflow.ExecuteActivity(callOptions(ctx, step, in), contract.ActivityCall, in).Get(ctx, nil)
	r.unsent(in.Step, err)
	return outcome{status: contract.StepOK}, err
}

// mayUndo asks whether a consequential undo may be made. refused says why not.
func (r *run) mayUndo(ctx workflow.Context, path string, u undoable, digest string) (approval string, refused outcome, err error) {
	in := contract.ApprovalInput{
		Title: "Undo " + u.Title + "?", Role: u.Call.Role, OnTimeout: "deny", CreatedAt: workflow.Now(ctx).UTC(),
		Calls: []contract.ApprovalCall{{
			Step: path, Title: u.Title, Operation: u.Call.Operation, Connection: u.Call.Connection,
			Arguments: u.Call.Arguments, Origins: u.Call.Origins, Digest: digest,
		}},
	}
	in.Path = path
	in.Deadline = in.CreatedAt.Add(millis(u.Call.Within))
	d, err := r.await(ctx, in, 0)
	if err != nil {
		return "", outcome{}, err
	}
	granted := grant{Approval: contract.ApprovalID(r.in.RunID, path, false), Calls: d.Calls}
	if d.Outcome == "approved" {
		if approval, ok := granted.releases(digest); ok {
			return approval, outcome{}, nil
		}
		return "", outcome{status: contract.StepSkipped, reason: "not approved"}, nil
	}
	refused = outcome{status: contract.StepDenied, reason: "nobody decided before the deadline"}
	if d.Outcome == "denied" {
		refused.reason = denial(d)
	}
	refused.body.Expired = d.Outcome == "expired"
	return "", refused, nil
}
