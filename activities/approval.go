package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"picket/internal/contract"
	"picket/internal/soc"
)

// RequestApproval writes the approval that people see. Repeating it changes nothing.
func (a *Activities) RequestApproval(ctx context.Context, in contract.ApprovalInput) error {
	defer a.settled(in.RunID)
	run, err := a.Desk.GetRun(ctx, in.RunID)
	if err != nil {
		return failure(err)
	}
	approval := soc.Approval{
		ID: in.ApprovalID, RunID: in.RunID, Playbook: run.Playbook, Step: in.Path, AlertID: run.AlertID, Severity: run.Severity,
		Title: in.Title, Message: in.Message, Role: in.Role, NotUser: in.NotUser, Escalated: in.Escalated,
		Calls: []soc.ApprovalCall{}, Evidence: []soc.Evidence{},
		Status: soc.ApprovalPending, CreatedAt: in.CreatedAt, Deadline: in.Deadline, OnTimeout: in.OnTimeout,
	}
	for _, c := range in.Calls {
		origins := make([]soc.Origin, 0, len(c.Origins))
		for _, o := range c.Origins {
			origins = append(origins, soc.Origin{Argument: o.Argument, From: o.From, Untrusted: o.Untrusted})
		}
		approval.Calls = append(approval.Calls, soc.ApprovalCall{
			Step: c.Step, Title: c.Title, Operation: c.Operation, Connection: c.Connection,
			Arguments: c.Arguments, Origins: origins, Digest: c.Digest,
		})
	}
	for _, e := range in.Evidence {
		approval.Evidence = append(approval.Evidence, soc.Evidence{ID: e.ID, Title: e.Title, Data: e.Data, Untrusted: e.Untrusted})
	}
	if approval.Digest, err = shownDigest(approval); err != nil {
		return failure(err)
	}
	key := "approval/" + in.ApprovalID + "/requested"
	noted := append(entries(in.Entries), entry(key, contract.KindApprovalRequested, in.Path, 0, in.CreatedAt, approval))
	_, err = a.Desk.RequestApproval(ctx, approval, noted)
	return failure(err)
}

// shownDigest is SHA-256, hex, over what the approver is shown: title, message, calls and evidence.
func shownDigest(a soc.Approval) (string, error) {
	text, err := json.Marshal([]any{"picket-approval-v1", a.ID, a.RunID, a.Title, a.Message, a.Calls, a.Evidence})
	if err != nil {
		return "", fmt.Errorf("digest of approval %s: %w", a.ID, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// ReadDecision reads the row that a signal named. An id that names no signed decision on this approval of this run
// gives no outcome; the ledger keeps that it was tried.
func (a *Activities) ReadDecision(ctx context.Context, in contract.DecisionInput) (contract.DecisionOutput, error) {
	if err := a.keep(ctx, in.Step); err != nil {
		return contract.DecisionOutput{}, failure(err)
	}
	var out contract.DecisionOutput
	d, err := a.Desk.GetDecision(ctx, in.DecisionID)
	switch {
	case soc.KindOf(err) == soc.NotFound:
		out.Refused = "there is no decision with this id"
	case err != nil:
		return out, failure(err)
	case d.ApprovalID != in.ApprovalID || d.RunID != in.RunID:
		out.Refused = "the decision is on another approval"
	case a.Signer.Verify(d) != nil:
		out.Refused = "the decision's signature is not ours"
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

func decided(out contract.DecisionOutput, d soc.Decision) contract.DecisionOutput {
	out.Outcome, out.By, out.Reason, out.Calls, out.At = string(d.Outcome), d.By, d.Reason, d.Calls, d.At
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
