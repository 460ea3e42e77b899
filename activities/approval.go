package activities

import (
	"context"
	"strings"

	"go.temporal.io/sdk/activity"

	"picket/internal/consent"
	"picket/internal/contract"
	"picket/internal/soc"
)

// RequestApproval writes the approval that people see. Repeating it changes nothing, and answers the decision that people
// may have come to since.
func (a *Activities) RequestApproval(ctx context.Context, in contract.ApprovalInput) (contract.ApprovalOutput, error) {
	var out contract.ApprovalOutput
	defer a.settled(in.RunID)
	run, err := a.Desk.GetRun(ctx, in.RunID)
	if err != nil {
		return out, failure(err)
	}
	approval := soc.Approval{
		ID: in.ApprovalID, RunID: in.RunID, Playbook: run.Playbook, Step: in.Path, AlertID: run.AlertID, Severity: run.Severity,
		Title: in.Title, Message: in.Message, Role: in.Role, NotUser: in.NotUser, Escalated: in.Escalated,
		Calls: []soc.ApprovalCall{}, Evidence: []soc.Evidence{},
		Verdict: run.Verdict, Status: soc.ApprovalPending, CreatedAt: in.CreatedAt, Deadline: in.Deadline, OnTimeout: in.OnTimeout,
		WorkflowID: activity.GetInfo(ctx).WorkflowExecution.ID,
	}
	if in.Quorum > 1 {
		approval.Quorum = in.Quorum
	}
	if len(in.Form) > 0 {
		approval.Kind = soc.KindAsk
	}
	for _, f := range in.Form {
		approval.Form = append(approval.Form, soc.FormField{
			Name: f.Name, Type: f.Type, Title: f.Title, Options: f.Options, Required: f.Required, Default: f.Default,
		})
	}
	for _, c := range in.Calls {
		origins := make([]soc.Origin, 0, len(c.Origins))
		for _, o := range c.Origins {
			origins = append(origins, soc.Origin{Argument: o.Argument, From: o.From, Untrusted: o.Untrusted, Labels: o.Labels})
		}
		var edit []soc.Edit
		for _, e := range c.Edit {
			edit = append(edit, soc.Edit{Argument: e.Argument, Schema: e.Schema})
		}
		approval.Calls = append(approval.Calls, soc.ApprovalCall{
			Step: c.Step, Title: c.Title, Operation: c.Operation, Connection: c.Connection,
			Arguments: c.Arguments, Origins: origins, Digest: c.Digest, Edit: edit,
		})
	}
	for _, e := range in.Evidence {
		approval.Evidence = append(approval.Evidence, soc.Evidence{ID: e.ID, Title: e.Title, Data: e.Data, Untrusted: e.Untrusted})
	}
	if approval.Digest, err = consent.Digest(approval); err != nil {
		return out, failure(err)
	}
	noted := append(entries(in.Entries), entry(requestedKey(in.ApprovalID), contract.KindApprovalRequested, in.Path, 0, in.CreatedAt, approval))
	standing, err := a.Desk.RequestApproval(ctx, approval, noted)
	if err == nil && standing.Decision == nil && standing.Status == soc.ApprovalPending {
		err = a.byPolicy(ctx, &standing)
	}
	if err == nil && standing.Decision != nil {
		out.DecisionID = standing.Decision.ID
	}
	return out, failure(err)
}

// byPolicy keeps the decision of the policy that covers an approval, if one does; people who were faster win.
func (a *Activities) byPolicy(ctx context.Context, approval *soc.Approval) error {
	if a.Policies == nil {
		return nil
	}
	d, decided, err := a.Policies.Decide(ctx, *approval)
	if err != nil || !decided {
		return err
	}
	kept, err := a.Desk.Decide(ctx, a.Signer.Sign(d))
	switch {
	case soc.KindOf(err) == soc.Conflict:
		*approval, err = a.Desk.GetApproval(ctx, approval.ID)
		return err
	case err == nil:
		approval.Decision = &kept
	}
	return err
}

// requestedKey is the key of the entry that holds an approval as it was asked for.
func requestedKey(approvalID string) string { return "approval/" + approvalID + "/requested" }

// ReadDecision reads the row that a signal named. An id that names no signed decision on this approval of this run
// gives no outcome; the ledger keeps that it was tried.
func (a *Activities) ReadDecision(ctx context.Context, in contract.DecisionInput) (contract.DecisionOutput, error) {
	if err := a.keep(ctx, in.Step); err != nil {
		return contract.DecisionOutput{}, failure(err)
	}
	var out contract.DecisionOutput
	d, err := a.Desk.GetDecision(ctx, in.DecisionID)
	if err == nil {
		out.Refused, err = a.refused(ctx, in, d)
	}
	switch {
	case soc.KindOf(err) == soc.NotFound:
		out.Refused = "there is no decision with this id"
	case err != nil:
		return out, failure(err)
	}
	if out.Refused == "" {
		return decided(out, d), nil
	}
	id := in.DecisionID
	if len(id) > 64 {
		id = id[:64]
	}
	_, err = a.Ledger.Append(ctx, in.RunID, []soc.LedgerEntry{
		entry("signal/"+in.ApprovalID+"/"+id, contract.KindSignalRefused, in.Path, 0, a.Now().UTC(),
			map[string]string{"approval_id": in.ApprovalID, "decision_id": id, "why": out.Refused}),
	})
	return out, failure(err)
}

// ExpireApproval ends an approval whose deadline has passed, unless somebody decided before: that decision then stands.
func (a *Activities) ExpireApproval(ctx context.Context, in contract.DecisionInput) (contract.DecisionOutput, error) {
	if err := a.keep(ctx, in.Step); err != nil {
		return contract.DecisionOutput{}, failure(err)
	}
	var out contract.DecisionOutput
	approval, err := a.Desk.GetApproval(ctx, in.ApprovalID)
	if err != nil {
		return out, failure(err)
	}
	now := a.Now().UTC()
	if approval.Decision == nil && !in.Withdraw && now.Before(approval.Deadline) {
		return out, nil
	}
	reason := "nobody decided before the deadline"
	if in.Withdraw {
		reason = "the run was cancelled"
	}
	d, err := a.Desk.ExpireApproval(ctx, in.ApprovalID, a.Signer.Sign(soc.Decision{
		ID: soc.NewID("dec"), ApprovalID: in.ApprovalID, RunID: in.RunID, Outcome: soc.ApprovalExpired,
		By: "picket", Reason: reason, Digest: approval.Digest, At: now,
	}))
	if err != nil {
		return out, failure(err)
	}
	if err := a.Signer.Verify(d); err != nil {
		return out, failure(soc.Errorf(soc.Denied, "decision %s on %s: %v", d.ID, in.ApprovalID, err))
	}
	return decided(out, d), nil
}

// refused says why a decision gives no outcome; "" when it does. A yes must be one to the approval as it was shown, by as
// many people as it needs.
func (a *Activities) refused(ctx context.Context, in contract.DecisionInput, d soc.Decision) (string, error) {
	switch {
	case d.ApprovalID != in.ApprovalID || d.RunID != in.RunID:
		return "the decision is on another approval", nil
	case a.Signer.Verify(d) != nil:
		return "the decision's signature is not ours", nil
	case d.Outcome != soc.ApprovalApproved:
		return "", nil
	}
	approval, err := a.Desk.GetApproval(ctx, in.ApprovalID)
	if err != nil {
		return "", err
	}
	approval.Decision = &d
	if err := consent.Verify(a.Signer, &approval); err != nil {
		return err.Error(), nil
	}
	return "", nil
}

// RemindApproval notes that people are reminded of an approval, if nobody has decided it. Repeating it changes nothing.
func (a *Activities) RemindApproval(ctx context.Context, in contract.RemindInput) error {
	_, err := a.Desk.RemindApproval(ctx, in.RunID, in.ApprovalID, in.Number, entries(in.Entries))
	return failure(err)
}

func decided(out contract.DecisionOutput, d soc.Decision) contract.DecisionOutput {
	out.Outcome, out.By, out.Reason, out.Calls, out.At = string(d.Outcome), d.By, d.Reason, d.Calls, d.At
	out.Edited, out.Answers = d.Edited, d.Answers
	if len(d.Votes) > 0 {
		people := make([]string, len(d.Votes))
		for i, v := range d.Votes {
			people[i] = v.By
		}
		out.By = strings.Join(people, ", ")
	}
	return out
}

// keep appends the entries that the workflow sent along.
func (a *Activities) keep(ctx context.Context, s contract.Step) error {
	if len(s.Entries) == 0 {
		return nil
	}
	_, err := a.Ledger.Append(ctx, s.RunID, entries(s.Entries))
	return err
}
