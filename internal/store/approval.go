package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"picket/internal/consent"
	"picket/internal/contract"
	"picket/internal/soc"
)

// RequestApproval keeps an approval as pending, appends the entries and lets the run wait, in one transaction. It is
// idempotent by the approval's id: the standing approval is answered.
func (s *Store) RequestApproval(ctx context.Context, a soc.Approval, entries []soc.LedgerEntry) (soc.Approval, error) {
	doing := "request an approval"
	if a.ID == "" || a.RunID == "" || a.Digest == "" || a.Deadline.IsZero() {
		return soc.Approval{}, soc.Errorf(soc.Invalid, "%s: it needs an id, a run, a digest and a deadline", doing)
	}
	if err := checkEntries(entries); err != nil {
		return soc.Approval{}, wrap(doing, err)
	}
	a.CreatedAt, a.Deadline = a.CreatedAt.UTC().Round(0), a.Deadline.UTC().Round(0)
	stored := a
	stored.Status, stored.Decision, stored.Votes, stored.Reminders, stored.Reminded = "", nil, nil, 0, nil
	doc, err := json.Marshal(stored)
	if err != nil {
		return soc.Approval{}, wrap(doing, err)
	}
	if err := checkJSON("approval", doc); err != nil {
		return soc.Approval{}, wrap(doing, err)
	}
	var standing soc.Approval
	err = s.write(ctx, doing, func(t *tx) error {
		created := nanos(a.CreatedAt)
		if created == 0 {
			created = t.now.UnixNano()
		}
		n, err := t.exec(`INSERT INTO approvals (id, run_id, workflow, status, created_ns, deadline_ns, doc)
			VALUES (?, ?, ?, 'pending', ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			a.ID, a.RunID, a.WorkflowID, created, nanos(a.Deadline), string(doc))
		if err != nil {
			return err
		}
		if n > 0 {
			if _, err := t.exec("UPDATE runs SET status = 'waiting' WHERE id = ?"+notFinal, a.RunID); err != nil {
				return err
			}
		}
		if _, err := t.append(a.RunID, entries); err != nil {
			return err
		}
		standing, err = t.approval(a.ID)
		return err
	})
	return standing, err
}

const approvalQuery = `SELECT a.id, a.workflow, a.status, a.created_ns, a.reminders, a.reminded_ns, a.doc, COALESCE(d.doc, '')
	FROM approvals a LEFT JOIN decisions d ON d.approval_id = a.id`

func scanApproval(row scanner) (soc.Approval, error) {
	var id, workflow, status, doc, decided string
	var created, reminded int64
	var reminders int
	if err := row.Scan(&id, &workflow, &status, &created, &reminders, &reminded, &doc, &decided); err != nil {
		return soc.Approval{}, err
	}
	var a soc.Approval
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		return soc.Approval{}, fmt.Errorf("read the kept approval %s: %w", id, err)
	}
	a.ID, a.WorkflowID, a.Status, a.CreatedAt = id, workflow, soc.ApprovalStatus(status), fromNanos(created)
	a.Reminders, a.Reminded = reminders, optionalTime(reminded)
	if decided != "" {
		a.Decision = &soc.Decision{}
		if err := json.Unmarshal([]byte(decided), a.Decision); err != nil {
			return soc.Approval{}, fmt.Errorf("read the kept decision on %s: %w", id, err)
		}
	}
	return a, nil
}

func (q querier) approval(id string) (soc.Approval, error) {
	a, err := scanApproval(q.row(approvalQuery+" WHERE a.id = ?", plain(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return soc.Approval{}, soc.Errorf(soc.NotFound, "there is no approval %q", id)
	}
	if err == nil && a.Quorum > 1 {
		a.Votes, err = q.votes(id)
	}
	return a, err
}

// GetApproval answers an approval with its decision, if there is one.
func (s *Store) GetApproval(ctx context.Context, id string) (soc.Approval, error) {
	a, err := s.read(ctx).approval(id)
	return a, wrap("find an approval", err)
}

// ApprovalFilter selects approvals, newest first; its zero value selects all.
type ApprovalFilter struct {
	Status  soc.ApprovalStatus
	RunID   string
	AlertID string
	Q       string // text in what was asked, in any case
	Limit   int
	Cursor  string
}

// Approvals lists approvals and the cursor of the next page, "" at the end.
func (s *Store) Approvals(ctx context.Context, f ApprovalFilter) ([]soc.Approval, string, error) {
	w := where{}
	if f.Status != "" {
		w.add("a.status = ?", plain(string(f.Status)))
	}
	if f.RunID != "" {
		w.add("a.run_id = ?", plain(f.RunID))
	}
	if f.AlertID != "" {
		w.add("a.run_id IN (SELECT id FROM runs WHERE alert_id = ?)", plain(f.AlertID))
	}
	if f.Q != "" {
		w.add(`LOWER(a.doc) LIKE ? ESCAPE '\'`, contains(f.Q))
	}
	order, limit, err := page(&w, "a.", "created_ns", f.Cursor, f.Limit)
	if err != nil {
		return nil, "", err
	}
	approvals, err := all(s.read(ctx), scanApproval, approvalQuery+w.String()+order, w.args...)
	if err != nil {
		return nil, "", wrap("list approvals", err)
	}
	approvals, next := cut(approvals, limit, func(a soc.Approval) (int64, string) { return nanos(a.CreatedAt), a.ID })
	for i := range approvals {
		if a := &approvals[i]; a.Quorum > 1 {
			if a.Votes, err = s.read(ctx).votes(a.ID); err != nil {
				return nil, "", wrap("list approvals", err)
			}
		}
	}
	return approvals, next, nil
}

// Decide keeps a person's signed decision, in one transaction with its ledger entry and the signal to the workflow.
// The approval must be pending, in time, and be what the decision says it is; else nothing is written and the error
// is a Conflict. Repeating a decision answers it again. Whether the person may decide is the caller's to check, but
// for the approval's NotUser.
func (s *Store) Decide(ctx context.Context, d soc.Decision) (soc.Decision, error) {
	doing := "decide an approval"
	if d.Outcome != soc.ApprovalApproved && d.Outcome != soc.ApprovalDenied {
		return soc.Decision{}, soc.Errorf(soc.Invalid, "%s: the outcome is approved or denied, not %q", doing, d.Outcome)
	}
	if d.ID == "" || d.By == "" || d.Signature == "" {
		return soc.Decision{}, soc.Errorf(soc.Invalid, "%s: the decision needs an id, a person and a signature", doing)
	}
	var standing soc.Decision
	err := s.write(ctx, doing, func(t *tx) error {
		a, err := t.approval(d.ApprovalID)
		if err != nil {
			return err
		}
		if a.Decision != nil && a.Decision.ID == d.ID && a.Decision.Signature == d.Signature {
			standing = *a.Decision
			return nil
		}
		if err := t.decidable(a, d); err != nil {
			return err
		}
		if d.Outcome == soc.ApprovalApproved && a.Quorum > 1 {
			return soc.Errorf(soc.Invalid, "it needs the votes of %d people", a.Quorum)
		}
		standing = d
		return t.decide(a, d, true)
	})
	if err != nil {
		return soc.Decision{}, err
	}
	return standing, nil
}

func (t *tx) decidable(a soc.Approval, d soc.Decision) error {
	switch {
	case a.Status != soc.ApprovalPending && a.Decision != nil:
		return soc.Errorf(soc.Conflict, "it was %s by %s at %s", a.Status, a.Decision.By, a.Decision.At.Format("2006-01-02 15:04:05Z07:00"))
	case a.Status != soc.ApprovalPending:
		return soc.Errorf(soc.Conflict, "it is %s: its run has ended", a.Status)
	case !t.now.Before(a.Deadline):
		return soc.Errorf(soc.Conflict, "its time ran out at %s", a.Deadline.Format("2006-01-02 15:04:05Z07:00"))
	case d.RunID != a.RunID:
		return soc.Errorf(soc.Invalid, "the decision names another run than the approval")
	case d.Digest != a.Digest:
		return soc.Errorf(soc.Conflict, "what was shown is not what is asked for; read the approval again")
	case consent.Barred(&a, d.By):
		return soc.Errorf(soc.Denied, "%s may not decide this approval", d.By)
	}
	return consent.Fits(&a, &d)
}

// decide writes a decision that was found fit.
func (t *tx) decide(a soc.Approval, d soc.Decision, signal bool) error {
	doc, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if _, err := t.exec("INSERT INTO decisions (id, approval_id, doc) VALUES (?, ?, ?)", d.ID, a.ID, string(doc)); err != nil {
		return err
	}
	if _, err := t.exec("UPDATE approvals SET status = ? WHERE id = ?", string(d.Outcome), a.ID); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE runs SET status = 'running' WHERE id = ? AND status = 'waiting'
		AND NOT EXISTS (SELECT 1 FROM approvals p WHERE p.run_id = runs.id AND p.status = 'pending')`, a.RunID); err != nil {
		return err
	}
	entry := soc.LedgerEntry{
		AlertID: a.AlertID, Key: "approval/" + a.ID + "/decided", Kind: contract.KindApprovalDecided,
		Step: a.Step, At: d.At, Actor: d.By, Body: doc,
	}
	if err := checkEntries([]soc.LedgerEntry{entry}); err != nil {
		return err
	}
	if _, err := t.append(a.RunID, []soc.LedgerEntry{entry}); err != nil || !signal {
		return err
	}
	workflow := a.WorkflowID
	if workflow == "" {
		if err := t.row("SELECT workflow_id FROM runs WHERE id = ?", a.RunID).Scan(&workflow); err != nil {
			return err
		}
	}
	return t.signal(a.RunID, workflow, contract.SignalApprovalDecided, contract.ApprovalDecided{ApprovalID: a.ID, DecisionID: d.ID})
}

// ExpireApproval ends an approval whose time ran out with d, a signed decision of outcome expired, unless it was
// decided before; it answers the decision that stands. The caller's clock decides that the time has run out.
func (s *Store) ExpireApproval(ctx context.Context, approvalID string, d soc.Decision) (soc.Decision, error) {
	doing := "expire an approval"
	if d.Outcome != soc.ApprovalExpired || d.ApprovalID != approvalID || d.ID == "" || d.Signature == "" || len(d.Calls) > 0 {
		return soc.Decision{}, soc.Errorf(soc.Invalid, "%s: needs a signed decision on it of outcome expired that releases nothing", doing)
	}
	var standing soc.Decision
	err := s.write(ctx, doing, func(t *tx) error {
		a, err := t.approval(approvalID)
		switch {
		case err != nil:
			return err
		case a.Decision != nil:
			standing = *a.Decision
			return nil
		case d.RunID != a.RunID || d.Digest != a.Digest:
			return soc.Errorf(soc.Invalid, "the decision names another run or digest than the approval")
		}
		standing = d
		return t.decide(a, d, false)
	})
	if err != nil {
		return soc.Decision{}, err
	}
	return standing, nil
}

// GetDecision answers a decision by its id. Its signature is the caller's to verify.
func (s *Store) GetDecision(ctx context.Context, id string) (soc.Decision, error) {
	d, err := scanDecision(s.read(ctx).row("SELECT doc FROM decisions WHERE id = ?", plain(id)))
	return d, wrap(fmt.Sprintf("find decision %q", id), err)
}

// DecisionFor answers the decision on an approval, or NotFound. Its signature is the caller's to verify.
func (s *Store) DecisionFor(ctx context.Context, approvalID string) (soc.Decision, error) {
	d, err := scanDecision(s.read(ctx).row("SELECT doc FROM decisions WHERE approval_id = ?", plain(approvalID)))
	return d, wrap(fmt.Sprintf("find the decision on approval %q", approvalID), err)
}

func scanDecision(row scanner) (soc.Decision, error) {
	var doc string
	if err := row.Scan(&doc); err != nil {
		return soc.Decision{}, err
	}
	var d soc.Decision
	err := json.Unmarshal([]byte(doc), &d)
	return d, err
}
