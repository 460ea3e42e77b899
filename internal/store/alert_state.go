package store

import (
	"context"
	"encoding/json"

	"picket/internal/contract"
	"picket/internal/soc"
)

// ChangeAlert closes an alert, opens it again or sets its severity, and says so in the ledger, in one transaction. What the
// alert is already changes nothing. Closing a closed alert with another classification is a Conflict.
func (s *Store) ChangeAlert(ctx context.Context, c soc.AlertChange) (soc.AlertState, error) {
	doing := "change an alert"
	if err := c.Check(); err != nil {
		return soc.AlertState{}, wrap(doing, err)
	}
	c.Reason, c.By, c.AlertID = plain(c.Reason), plain(c.By), plain(c.AlertID)
	var state soc.AlertState
	err := s.write(ctx, doing, func(t *tx) error {
		a, err := t.alert(c.AlertID)
		if err != nil {
			return err
		}
		state = *a.State
		switch {
		case c.Status == soc.AlertClosed && state.Status == soc.AlertClosed && state.Classification != c.Classification:
			return soc.Errorf(soc.Conflict, "the alert is closed as %s already; open it again first", state.Classification)
		case c.Status == state.Status, c.Severity == state.Severity && c.Status == "":
			return nil
		}
		at := t.now.UTC()
		if c.Status != "" {
			state.Status, state.Classification = c.Status, c.Classification
		} else {
			state.Severity = c.Severity
		}
		state.Reason, state.By, state.RunID, state.At = c.Reason, c.By, c.RunID, &at
		doc, err := json.Marshal(state)
		if err != nil {
			return err
		}
		if _, err := t.exec("UPDATE alerts SET status = ?, severity = ?, state = ? WHERE id = ?",
			state.Status, string(state.Severity), string(doc), a.ID); err != nil {
			return err
		}
		body, err := json.Marshal(c)
		if err != nil {
			return err
		}
		entry := soc.LedgerEntry{AlertID: a.ID, Key: "alert/" + a.ID + "/" + soc.NewID("chg"), Kind: contract.KindAlertChanged, Actor: c.By, At: at, Body: body}
		if err := checkEntries([]soc.LedgerEntry{entry}); err != nil {
			return err
		}
		_, err = t.append(c.RunID, []soc.LedgerEntry{entry})
		return err
	})
	return state, err
}
