package workflows

import (
	"encoding/json"
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// grant is what an approval released. It is kept over the histories of a run.
type grant struct {
	Approval string            `json:"approval"`
	Calls    []string          `json:"calls"`              // digests
	Shadowed []string          `json:"shadowed,omitempty"` // digests of calls that are only recorded: nobody was asked
	Edited   map[string]edited `json:"edited,omitempty"`   // by path
	Each     []string          `json:"each,omitempty"`     // ids of the steps that it releases in a foreach
}

// edited is a call that the approver has changed.
type edited struct {
	Asked     string          `json:"asked"` // digest of the call that was asked about
	Digest    string          `json:"digest"`
	Arguments json.RawMessage `json:"arguments"`
}

// releases tells whether a call may go on; the approval is empty when it may only be recorded.
func (g grant) releases(digest string) (approval string, ok bool) {
	if slices.Contains(g.Calls, digest) {
		return g.Approval, true
	}
	return "", slices.Contains(g.Shadowed, digest)
}

// approve asks for a decision on the exact calls it covers and waits for it. Denied and expired end the run.
func (r *run) approve(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	in, err := r.request(ctx, f, s)
	if err != nil {
		return outcome{}, err
	}
	path := f.prefix + s.ID
	if len(in.Calls) == 0 && len(s.Approve.Each) > 0 {
		return outcome{status: contract.StepSkipped, reason: "there is no call to decide on"}, nil
	}
	made, recorded := r.unshadowed(in.Calls)
	if len(recorded) > 0 && len(made) == 0 {
		return r.unasked(ctx, in, s.Approve, recorded)
	}
	in.Calls = made
	decision, err := r.await(ctx, in, s.Approve.Remind)
	if err == nil && decision.Outcome == "expired" && s.Approve.OnTimeout == "escalate" {
		in = r.escalated(ctx, in, s.Approve.EscalateTo, s.Approve.Within)
		decision, err = r.await(ctx, in, s.Approve.Remind)
	}
	if err != nil {
		return outcome{}, err
	}
	output, err := approvalOutput(decision)
	if err != nil {
		return outcome{}, err
	}
	switch decision.Outcome {
	case "approved":
		changed, err := edits(in.Calls, decision)
		if err != nil {
			return outcome{output: output}, err
		}
		r.approved[path] = grant{
			Approval: contract.ApprovalID(r.in.RunID, path, in.Escalated), Calls: decision.Calls, Shadowed: recorded, Edited: changed,
			Each: inForeach(s.Approve),
		}
		return outcome{status: contract.StepOK, reason: "approved by " + decision.By, output: output}, nil
	case "denied":
		return refusal(s, outcome{status: contract.StepDenied, output: output}, denial(decision))
	default:
		out := outcome{status: contract.StepDenied, output: output}
		out.body.Expired = r.full
		return refusal(s, out, "nobody decided before the deadline; nothing was released")
	}
}

// refusal ends the run or, where the plan says so, lets it go on without what would have been released.
func refusal(s *plan.Step, out outcome, reason string) (outcome, error) {
	if s.Approve.OnDeny == "continue" {
		out.reason = reason
		return out, nil
	}
	return out, &stopped{status: statusCompleted, reason: reason}
}

func approvalOutput(d contract.DecisionOutput) (json.RawMessage, error) {
	return json.Marshal(map[string]any{"approved": d.Outcome == "approved", "outcome": d.Outcome, "by": d.By, "reason": d.Reason})
}

func denial(d contract.DecisionOutput) string {
	reason := "denied by " + d.By
	if d.Reason != "" {
		reason += ": " + d.Reason
	}
	return reason
}

// unshadowed are the calls that will be made, and the digests of those that will only be recorded.
func (r *run) unshadowed(calls []contract.ApprovalCall) (made []contract.ApprovalCall, recorded []string) {
	made = []contract.ApprovalCall{}
	for _, c := range calls {
		if r.shadows(c.Operation) {
			recorded = append(recorded, c.Digest)
		} else {
			made = append(made, c)
		}
	}
	return made, recorded
}

// unasked notes an approval whose calls are all only recorded: there is nothing to decide on. What it grants is enough
// for a record, and for nothing else.
func (r *run) unasked(ctx workflow.Context, in contract.ApprovalInput, a *plan.Approve, recorded []string) (outcome, error) {
	in.RunID, in.ApprovalID = r.in.RunID, contract.ApprovalID(r.in.RunID, in.Path, false)
	r.note(ctx, in.Path+"/shadow", contract.KindApprovalShadowed, in.Path, in)
	r.approved[in.Path] = grant{Shadowed: recorded, Each: inForeach(a)}
	output, err := approvalOutput(contract.DecisionOutput{Outcome: "approved", By: "picket", Reason: "shadow mode: nobody was asked"})
	out := outcome{status: contract.StepOK, reason: "shadow mode: nobody was asked", output: output}
	out.body.Shadow = true
	return out, err
}

// request is the approval as people will see it: the covered calls with the arguments they will have.
func (r *run) request(ctx workflow.Context, f *frame, s *plan.Step) (contract.ApprovalInput, error) {
	a := s.Approve
	in, err := r.question(ctx, f, s, &a.Title, a.Message, a.Evidence)
	in.Role, in.OnTimeout, in.Quorum = a.Role, a.OnTimeout, a.Quorum
	in.Deadline = in.CreatedAt.Add(millis(a.Within))
	if err != nil {
		return in, err
	}
	if a.NotRequester {
		in.NotUser = r.in.Trigger.RequestedBy
	}
	for _, id := range a.Covers {
		covered := r.steps[id]
		if covered == nil || covered.Action == nil {
			return in, fmt.Errorf("covers %s, which is no action of this plan", id)
		}
		if err := r.addCalls(ctx, f, a, covered, &in.Calls); err != nil {
			return in, err
		}
	}
	return in, nil
}

// question is what approvals and forms have in common.
func (r *run) question(
	ctx workflow.Context, f *frame, s *plan.Step, title, message *plan.Value, evidence []string,
) (in contract.ApprovalInput, err error) {
	in.CreatedAt, in.Calls, in.Path = workflow.Now(ctx).UTC(), []contract.ApprovalCall{}, f.prefix+s.ID
	if in.Title, err = f.text(ctx, title); err != nil {
		return in, fmt.Errorf("title: %w", err)
	}
	if in.Message, err = f.text(ctx, message); err != nil {
		return in, fmt.Errorf("message: %w", err)
	}
	for _, id := range evidence {
		if step := f.result(id); step.Status == contract.StepOK {
			in.Evidence = append(in.Evidence, contract.Evidence{ID: id, Title: r.title(id), Data: step.Output})
		}
	}
	return in, nil
}

// escalated is the same question to other people, who have as much time again.
func (r *run) escalated(ctx workflow.Context, in contract.ApprovalInput, role string, within plan.Duration) contract.ApprovalInput {
	in.Escalated, in.Role = true, role
	in.OnTimeout = "deny" // there is nobody above
	in.CreatedAt = workflow.Now(ctx).UTC()
	in.Deadline = in.CreatedAt.Add(millis(within))
	return in
}
