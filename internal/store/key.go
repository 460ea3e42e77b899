package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// KeyRequest is a run's wish for the key of its playbook.
type KeyRequest struct {
	RunID    string
	Playbook string
	Key      string
	Overlap  string // one of plan's
	Entries  []soc.LedgerEntry
}

// KeyState is what became of it: a state of contract's, and the run that has the key, if it is another.
type KeyState struct {
	State  string
	Holder string
}

// AcquireKey gives a run the key, or says what it must do instead. It is idempotent by run: an open run's state stays, but
// that a queued one holds the key when its turn has come. With cancel_running the run that holds the key is cancelled;
// with join the run's alert is kept for the holder.
func (s *Store) AcquireKey(ctx context.Context, r KeyRequest) (KeyState, error) {
	doing := fmt.Sprintf("acquire the key of run %q", r.RunID)
	if r.Playbook == "" || r.Key == "" {
		return KeyState{}, soc.Errorf(soc.Invalid, "%s: it needs a playbook and a key", doing)
	}
	if err := checkEntries(r.Entries); err != nil {
		return KeyState{}, wrap(doing, err)
	}
	r.Key = bounded(r.Key)
	var state KeyState
	err := s.write(ctx, doing, func(t *tx) error {
		if _, err := t.append(r.RunID, r.Entries); err != nil {
			return err
		}
		var err error
		state, err = t.acquire(r)
		return err
	})
	return state, err
}

func (t *tx) acquire(r KeyRequest) (KeyState, error) {
	var status soc.RunStatus
	if err := t.row("SELECT status FROM runs WHERE id = ?", r.RunID).Scan(&status); err != nil {
		return KeyState{}, err
	}
	if status.Final() {
		return KeyState{}, soc.Errorf(soc.Conflict, "the run is over: it is %s", status)
	}
	holder, err := t.holder(r.Playbook, r.Key)
	if err != nil {
		return KeyState{}, err
	}
	var state KeyState
	err = t.row("SELECT state, holder FROM run_keys WHERE run_id = ?", r.RunID).Scan(&state.State, &state.Holder)
	switch {
	case err == nil:
		if state.State == contract.KeyQueued {
			state.Holder = holder
		}
		return state, nil
	case !errors.Is(err, sql.ErrNoRows):
		return KeyState{}, err
	case holder == "":
		return t.want(r, KeyState{State: contract.KeyHeld})
	}
	switch r.Overlap {
	case plan.OverlapSkip:
		return t.want(r, KeyState{contract.KeySkipped, holder})
	case plan.OverlapJoin:
		if err := t.join(r.RunID, holder); err != nil {
			return KeyState{}, err
		}
		return t.want(r, KeyState{contract.KeyJoined, holder})
	case plan.OverlapCancelRunning:
		if _, err := t.cancel(holder, "picket", "run "+r.RunID+" takes its place"); err != nil {
			return KeyState{}, err
		}
	}
	return t.want(r, KeyState{contract.KeyQueued, holder})
}

// holder is the run that holds a key, "" for none.
func (t *tx) holder(playbook, key string) (string, error) {
	var holder string
	err := t.row("SELECT run_id FROM run_keys WHERE playbook = ? AND key = ? AND state = 'held'", playbook, key).Scan(&holder)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return holder, err
}

func (t *tx) want(r KeyRequest, state KeyState) (KeyState, error) {
	_, err := t.exec(`INSERT INTO run_keys (run_id, playbook, key, state, holder, place)
		SELECT ?, ?, ?, ?, ?, COALESCE(MAX(place), 0) + 1 FROM run_keys WHERE playbook = ? AND key = ?`,
		r.RunID, r.Playbook, r.Key, state.State, state.Holder, r.Playbook, r.Key)
	return state, err
}

// join keeps a run's alert for another run.
func (t *tx) join(runID, holder string) error {
	_, err := t.exec(`INSERT INTO joined_alerts (run_id, alert_id, place)
		SELECT ?, alert_id, (SELECT COALESCE(MAX(place), 0) + 1 FROM joined_alerts WHERE run_id = ?) FROM runs
		WHERE id = ? AND alert_id IS NOT NULL ON CONFLICT DO NOTHING`, holder, holder, runID)
	return err
}

// leave ends what a run that is over wanted and listened for. The key that it held goes to the run that has waited
// for it the longest, which is told.
func (t *tx) leave(runID string) error {
	for _, query := range [...]string{"DELETE FROM subscriptions WHERE run_id = ?", "DELETE FROM joined_alerts WHERE run_id = ?"} {
		if _, err := t.exec(query, runID); err != nil {
			return err
		}
	}
	var playbook, key, state string
	err := t.row("DELETE FROM run_keys WHERE run_id = ? RETURNING playbook, key, state", runID).Scan(&playbook, &key, &state)
	if errors.Is(err, sql.ErrNoRows) || err == nil && state != contract.KeyHeld {
		return nil
	}
	if err != nil {
		return err
	}
	var next, workflow string
	err = t.row(`UPDATE run_keys SET state = 'held', holder = '' WHERE run_id =
		(SELECT run_id FROM run_keys WHERE playbook = ? AND key = ? AND state = 'queued' ORDER BY place LIMIT 1)
		RETURNING run_id, (SELECT workflow_id FROM runs WHERE runs.id = run_keys.run_id)`, playbook, key).Scan(&next, &workflow)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.signal(next, workflow, contract.SignalKeyFree, contract.KeyFree{RunID: next})
}

// CancelRun asks for the end of an open run, in one transaction with the ledger entry that says by whom and why. Asking
// again changes nothing. A run that is over is a Conflict.
func (s *Store) CancelRun(ctx context.Context, runID, by, reason string) error {
	doing := fmt.Sprintf("cancel run %q", runID)
	return s.write(ctx, doing, func(t *tx) error {
		var status soc.RunStatus
		err := t.row("SELECT status FROM runs WHERE id = ?", runID).Scan(&status)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return soc.Errorf(soc.NotFound, "there is no run %q", runID)
		case err != nil:
			return err
		case status.Final():
			return soc.Errorf(soc.Conflict, "the run is over: it is %s", status)
		}
		_, err = t.cancel(runID, by, reason)
		return err
	})
}

// cancelled is the body of contract.KindCancelRequested, and of the outbox row.
type cancelled struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

const cancelKey = "cancel/requested"

// cancel posts the cancelling of a run; false when that was done before.
func (t *tx) cancel(runID, by, reason string) (bool, error) {
	body, err := json.Marshal(cancelled{plain(by), plain(reason)})
	if err != nil {
		return false, err
	}
	appended, err := t.append(runID, []soc.LedgerEntry{{Key: cancelKey, Kind: contract.KindCancelRequested, Actor: plain(by), Body: body}})
	if err != nil || !appended[0].New {
		return false, err
	}
	var workflow string
	if err := t.row("SELECT workflow_id FROM runs WHERE id = ?", runID).Scan(&workflow); err != nil {
		return false, err
	}
	return true, t.post(posted{kind: OutboxCancel, runID: runID, workflow: workflow, payload: body})
}

// cancelReason says who asked for the end of a run, and why; "" when nobody did.
func (t *tx) cancelReason(runID string) (string, error) {
	var text string
	err := t.row("SELECT body FROM ledger WHERE run_id = ? AND run_id <> '' AND key = ?", runID, cancelKey).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	var body cancelled
	if err != nil || json.Unmarshal([]byte(text), &body) != nil {
		return "", err
	}
	if body.Reason == "" {
		return "cancelled by " + body.By, nil
	}
	return "cancelled by " + body.By + ": " + body.Reason, nil
}
