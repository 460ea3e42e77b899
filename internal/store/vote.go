package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"picket/internal/consent"
	"picket/internal/contract"
	"picket/internal/soc"
)

// Vote keeps a person's signed yes to an approval that needs several, with its ledger entry; the last one needed becomes
// the decision that decide makes of all of them, in the same transaction. The votes must be to the same calls. A vote
// by somebody who has voted for the same changes nothing. It answers the approval as it then stands.
func (s *Store) Vote(ctx context.Context, v soc.Vote, decide func(votes []soc.Vote) soc.Decision) (soc.Approval, error) {
	doing := "vote on an approval"
	if v.ID == "" || v.By == "" || v.Signature == "" {
		return soc.Approval{}, soc.Errorf(soc.Invalid, "%s: the vote needs an id, a person and a signature", doing)
	}
	var standing soc.Approval
	err := s.write(ctx, doing, func(t *tx) error {
		a, err := t.approval(v.ApprovalID)
		if err != nil {
			return err
		}
		voted, err := t.vote(&a, v)
		if err != nil {
			return err
		}
		if voted && len(a.Votes) >= a.Quorum {
			d := decide(a.Votes)
			if err := t.decidable(a, d); err != nil {
				return err
			}
			if err := consent.Quorum(&a, &d); err != nil {
				return err
			}
			if err := t.decide(a, d, true); err != nil {
				return err
			}
		}
		standing, err = t.approval(a.ID)
		return err
	})
	return standing, err
}

// vote adds a vote to the approval's; false when it stands already.
func (t *tx) vote(a *soc.Approval, v soc.Vote) (bool, error) {
	for _, other := range a.Votes {
		if strings.EqualFold(other.By, v.By) && consent.SameCalls(other.Calls, v.Calls) {
			return false, nil
		}
	}
	yes := soc.Decision{
		ApprovalID: v.ApprovalID, RunID: v.RunID, Outcome: soc.ApprovalApproved, By: v.By, Digest: v.Digest, Calls: v.Calls, Edited: v.Edited,
	}
	if err := t.decidable(*a, yes); err != nil {
		return false, err
	}
	for _, other := range a.Votes {
		switch {
		case strings.EqualFold(other.By, v.By):
			return false, soc.Errorf(soc.Conflict, "%s has said yes to other arguments", v.By)
		case !consent.SameCalls(other.Calls, v.Calls):
			return false, soc.Errorf(soc.Conflict, "%s said yes to other arguments than these; say yes to the same, or say no", other.By)
		}
	}
	doc, err := json.Marshal(v)
	if err != nil {
		return false, err
	}
	voter := strings.ToLower(v.By)
	if _, err := t.exec("INSERT INTO votes (id, approval_id, voter, doc) VALUES (?, ?, ?, ?)", v.ID, a.ID, voter, string(doc)); err != nil {
		return false, err
	}
	a.Votes = append(a.Votes, v)
	entry := soc.LedgerEntry{
		AlertID: a.AlertID, Key: "approval/" + a.ID + "/vote/" + voter, Kind: contract.KindApprovalVoted,
		Step: a.Step, At: v.At, Actor: v.By, Body: doc,
	}
	if err := checkEntries([]soc.LedgerEntry{entry}); err != nil {
		return false, err
	}
	_, err = t.append(a.RunID, []soc.LedgerEntry{entry})
	return true, err
}

// votes are the yeses to an approval, in the order of their ids.
func (q querier) votes(approvalID string) ([]soc.Vote, error) {
	return all(q, func(row scanner) (soc.Vote, error) {
		var doc string
		if err := row.Scan(&doc); err != nil {
			return soc.Vote{}, err
		}
		var v soc.Vote
		if err := json.Unmarshal([]byte(doc), &v); err != nil {
			return soc.Vote{}, fmt.Errorf("read a kept vote on %s: %w", approvalID, err)
		}
		return v, nil
	}, "SELECT doc FROM votes WHERE approval_id = ? ORDER BY id", approvalID)
}

// RemindApproval appends the entries and notes that people were reminded of an approval for the n-th time, if it is still
// pending; it answers whether it is. Repeating it changes nothing.
func (s *Store) RemindApproval(ctx context.Context, runID, approvalID string, number int, entries []soc.LedgerEntry) (bool, error) {
	doing := "remind of an approval"
	if err := checkEntries(entries); err != nil {
		return false, wrap(doing, err)
	}
	pending := false
	err := s.write(ctx, doing, func(t *tx) error {
		if _, err := t.append(runID, entries); err != nil {
			return err
		}
		a, err := t.approval(approvalID)
		if err != nil {
			return err
		}
		if a.RunID != runID {
			return soc.Errorf(soc.Denied, "the approval is of another run")
		}
		if pending = a.Status == soc.ApprovalPending; !pending {
			return nil
		}
		if number > a.Reminders {
			_, err = t.exec("UPDATE approvals SET reminders = ?, reminded_ns = ? WHERE id = ?", number, t.now.UnixNano(), a.ID)
		}
		return err
	})
	return pending, err
}
