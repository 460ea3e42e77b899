package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"picket/internal/soc"
)

// NewRun is a run to be started. Start is what its workflow is given, kept as it is.
type NewRun struct {
	Run    soc.Run // ID, Status and CreatedAt are set if empty; WorkflowID is "run/ID" if empty
	Start  json.RawMessage
	Shadow json.RawMessage // contract.Shadow; empty is none
}

// CreateRun keeps a run that a person started, and what starts it. A second run with the same workflow id is a Conflict.
func (s *Store) CreateRun(ctx context.Context, r NewRun) (soc.Run, error) {
	if err := checkJSON("run's start", r.Start); err != nil {
		return soc.Run{}, wrap("create a run", err)
	}
	if r.Run.ID == "" {
		r.Run.ID = soc.NewID("run")
	}
	var run soc.Run
	err := s.write(ctx, "create a run", func(t *tx) (err error) {
		run, err = t.createRun(r)
		return err
	})
	return run, err
}

func (t *tx) createRun(n NewRun) (soc.Run, error) {
	r, inserted, err := t.insertRun(n)
	if err != nil {
		return soc.Run{}, err
	}
	if !inserted {
		return soc.Run{}, soc.Errorf(soc.Conflict, "a run with id %q or workflow id %q is there already", r.ID, r.WorkflowID)
	}
	start := n.Start
	if len(start) == 0 {
		start = json.RawMessage("null")
	}
	return r, t.post(posted{kind: OutboxStart, runID: r.ID, workflow: r.WorkflowID, payload: start})
}

// insertRun keeps a run's row; false when one with its id or workflow id is there.
func (t *tx) insertRun(n NewRun) (soc.Run, bool, error) {
	r := n.Run
	if r.ID == "" {
		r.ID = soc.NewID("run")
	}
	if r.WorkflowID == "" {
		r.WorkflowID = "run/" + r.ID
	}
	if r.Status == "" {
		r.Status = soc.RunQueued
	}
	if r.CreatedAt.IsZero() {
		r.CreatedAt = t.now
	}
	r.CreatedAt = r.CreatedAt.UTC().Round(0)
	var alert any
	if r.AlertID != "" {
		alert = r.AlertID
	}
	var started int64
	if r.StartedAt != nil {
		started = nanos(*r.StartedAt)
	}
	r.Shadow = len(n.Shadow) > 0
	inserted, err := t.exec(`INSERT INTO runs (id, workflow_id, temporal_run_id, playbook, plan_digest, alert_id, alert_title, severity,
		status, reason, verdict, outputs, requested_by, created_ns, started_ns, ended_ns, archive, parent_id, trigger_kind, shadow)
		VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, '', '', '', ?, ?, ?, 0, '', ?, ?, ?) ON CONFLICT DO NOTHING`,
		r.ID, r.WorkflowID, r.Playbook, r.PlanDigest, alert, plain(r.AlertTitle), string(r.Severity),
		string(r.Status), plain(r.RequestedBy), nanos(r.CreatedAt), started, r.Parent, r.Trigger, string(n.Shadow))
	return r, inserted > 0, err
}

// OpenRun keeps the run that another one has opened and whose workflow it starts itself, and appends the entries to
// the parent's ledger, in one transaction. It is idempotent by the run's id: the standing run is answered.
func (s *Store) OpenRun(ctx context.Context, n NewRun, entries []soc.LedgerEntry) (soc.Run, error) {
	doing := fmt.Sprintf("open run %q", n.Run.ID)
	if n.Run.ID == "" || n.Run.Parent == "" {
		return soc.Run{}, soc.Errorf(soc.Invalid, "%s: it needs an id and a parent", doing)
	}
	if err := checkEntries(entries); err != nil {
		return soc.Run{}, wrap(doing, err)
	}
	var run soc.Run
	err := s.write(ctx, doing, func(t *tx) error {
		now := t.now
		n.Run.Status, n.Run.StartedAt = soc.RunRunning, &now
		if _, _, err := t.insertRun(n); err != nil {
			return err
		}
		if _, err := t.append(n.Run.Parent, entries); err != nil {
			return err
		}
		var err error
		run, err = scanRun(t.row("SELECT "+runColumns+" FROM runs WHERE id = ?", n.Run.ID))
		if err == nil && (run.Parent != n.Run.Parent || run.PlanDigest != n.Run.PlanDigest) {
			err = soc.Errorf(soc.Conflict, "there is another run with this id")
		}
		return err
	})
	return run, err
}

// RunShadow answers what a run only records, as contract.Shadow; empty is nothing.
func (s *Store) RunShadow(ctx context.Context, runID string) (json.RawMessage, error) {
	var shadow string
	err := s.read(ctx).row("SELECT shadow FROM runs WHERE id = ?", plain(runID)).Scan(&shadow)
	return json.RawMessage(shadow), wrap(fmt.Sprintf("find run %q", runID), err)
}

const runColumns = `id, workflow_id, temporal_run_id, playbook, plan_digest, COALESCE(alert_id, ''), alert_title, severity,
	status, reason, verdict, outputs, requested_by, created_ns, started_ns, ended_ns, archive, parent_id, trigger_kind, shadow`

func scanRun(row scanner) (soc.Run, error) {
	var r soc.Run
	var outputs, shadow string
	var created, started, ended int64
	err := row.Scan(&r.ID, &r.WorkflowID, &r.TemporalRunID, &r.Playbook, &r.PlanDigest, &r.AlertID, &r.AlertTitle, &r.Severity,
		&r.Status, &r.Reason, &r.Verdict, &outputs, &r.RequestedBy, &created, &started, &ended, &r.Archive,
		&r.Parent, &r.Trigger, &shadow)
	r.Shadow = shadow != ""
	if outputs != "" {
		r.Outputs = json.RawMessage(outputs)
	}
	r.CreatedAt, r.StartedAt, r.EndedAt = fromNanos(created), optionalTime(started), optionalTime(ended)
	return r, err
}

// GetRun answers a run by its id.
func (s *Store) GetRun(ctx context.Context, id string) (soc.Run, error) {
	r, err := scanRun(s.read(ctx).row("SELECT "+runColumns+" FROM runs WHERE id = ?", plain(id)))
	return r, wrap(fmt.Sprintf("find run %q", id), err)
}

// RunFilter selects runs, newest first; its zero value selects all.
type RunFilter struct {
	Status   soc.RunStatus
	Playbook string
	AlertID  string
	Parent   string
	Trigger  string
	Shadow   bool      // only those that record calls instead of making them
	Q        string    // text in the alert's title, the playbook, the reason, who asked for it, or the id, in any case
	Since    time.Time // created at or after
	Limit    int
	Cursor   string
}

// Runs lists runs and the cursor of the next page, "" at the end.
func (s *Store) Runs(ctx context.Context, f RunFilter) ([]soc.Run, string, error) {
	w := where{}
	if f.Status != "" {
		w.add("status = ?", plain(string(f.Status)))
	}
	if f.Playbook != "" {
		w.add("playbook = ?", plain(f.Playbook))
	}
	if f.AlertID != "" {
		w.add("alert_id = ?", plain(f.AlertID))
	}
	if f.Parent != "" {
		w.add("parent_id = ? AND parent_id <> ''", plain(f.Parent))
	}
	if f.Trigger != "" {
		w.add("trigger_kind = ?", plain(f.Trigger))
	}
	if f.Shadow {
		w.add("shadow <> ''")
	}
	if f.Q != "" {
		w.add(`LOWER(alert_title || ' ' || playbook || ' ' || reason || ' ' || requested_by || ' ' || id) LIKE ? ESCAPE '\'`, contains(f.Q))
	}
	if !f.Since.IsZero() {
		w.add("created_ns >= ?", nanos(f.Since))
	}
	order, limit, err := page(&w, "", "created_ns", f.Cursor, f.Limit)
	if err != nil {
		return nil, "", err
	}
	runs, err := all(s.read(ctx), scanRun, "SELECT "+runColumns+" FROM runs"+w.String()+order, w.args...)
	if err != nil {
		return nil, "", wrap("list runs", err)
	}
	runs, next := cut(runs, limit, func(r soc.Run) (int64, string) { return nanos(r.CreatedAt), r.ID })
	return runs, next, nil
}

const notFinal = " AND status IN ('queued', 'running', 'waiting')"

// MarkRun sets where an open run stands; a run that is over stays so. temporalRunID is kept unless it is empty. The
// first status but queued is the run's start.
func (s *Store) MarkRun(ctx context.Context, runID string, status soc.RunStatus, temporalRunID string) error {
	if status.Final() {
		return soc.Errorf(soc.Invalid, "mark run %q: use CloseRun to end a run", runID)
	}
	return s.write(ctx, "mark a run", func(t *tx) error { return t.mark(runID, status, temporalRunID) })
}

// RunStarted is MarkRun to running and DoneOutbox in one transaction.
func (s *Store) RunStarted(ctx context.Context, outboxID, runID, temporalRunID string) error {
	return s.write(ctx, "mark a run as started", func(t *tx) error {
		if err := t.mark(runID, soc.RunRunning, temporalRunID); err != nil {
			return err
		}
		return t.done(outboxID)
	})
}

func (t *tx) mark(runID string, status soc.RunStatus, temporalRunID string) error {
	if temporalRunID != "" {
		n, err := t.exec("UPDATE runs SET temporal_run_id = ? WHERE id = ?", temporalRunID, runID)
		if err != nil {
			return err
		}
		if n == 0 {
			return soc.Errorf(soc.NotFound, "there is no run %q", runID)
		}
	}
	started := int64(0)
	if status != soc.RunQueued {
		started = t.now.UnixNano()
	}
	// A run that waits for a person goes on by the decision, not because a late message says that it has started.
	_, err := t.exec(`UPDATE runs SET status = CASE WHEN status = 'waiting' THEN status ELSE ? END,
		started_ns = CASE WHEN started_ns = 0 THEN ? ELSE started_ns END WHERE id = ?`+notFinal, string(status), started, runID)
	return err
}

// Conclude appends entries to an open run's ledger and keeps the verdict that the run has come to so far, in one transaction.
// A run that is over keeps its own.
func (s *Store) Conclude(ctx context.Context, runID, verdict string, entries []soc.LedgerEntry) error {
	const doing = "keep a verdict"
	if err := checkEntries(entries); err != nil {
		return wrap(doing, err)
	}
	return s.write(ctx, doing, func(t *tx) error {
		if _, err := t.append(runID, entries); err != nil {
			return err
		}
		_, err := t.exec("UPDATE runs SET verdict = ? WHERE id = ?"+notFinal, plain(verdict), runID)
		return err
	})
}

// Closing is the end of a run.
type Closing struct {
	RunID         string
	Status        soc.RunStatus // a final one
	Reason        string
	Verdict       string
	Outputs       json.RawMessage
	TemporalRunID string    // kept unless it is empty
	EndedAt       time.Time // now if zero
	Entries       []soc.LedgerEntry
}

// CloseRun appends a run's last entries, ends it, ends its approvals that nobody decided and its subscriptions, gives
// its key to the next run that waits for it, and posts its archiving, in one transaction. Repeating it appends nothing twice and changes nothing.
func (s *Store) CloseRun(ctx context.Context, c Closing) ([]Appended, error) {
	doing := fmt.Sprintf("close run %q", c.RunID)
	if !c.Status.Final() {
		return nil, soc.Errorf(soc.Invalid, "%s: %q is no final status", doing, c.Status)
	}
	if err := checkJSON("run's outputs", c.Outputs); err != nil {
		return nil, wrap(doing, err)
	}
	if err := checkEntries(c.Entries); err != nil {
		return nil, wrap(doing, err)
	}
	var appended []Appended
	err := s.write(ctx, doing, func(t *tx) (err error) {
		if appended, err = t.append(c.RunID, c.Entries); err != nil {
			return err
		}
		return t.close(c)
	})
	if err != nil {
		return nil, err
	}
	return appended, nil
}

func (t *tx) close(c Closing) error {
	if c.EndedAt.IsZero() {
		c.EndedAt = t.now
	}
	ended := nanos(c.EndedAt)
	if c.Status == soc.RunCancelled {
		why, err := t.cancelReason(c.RunID)
		if err != nil {
			return err
		}
		if why != "" {
			c.Reason = why
		}
	}
	var workflow, temporal string
	err := t.row(`UPDATE runs SET status = ?, reason = ?, verdict = CASE WHEN ? = '' THEN verdict ELSE ? END, outputs = ?, ended_ns = ?,
		started_ns = CASE WHEN started_ns = 0 THEN ? ELSE started_ns END,
		temporal_run_id = CASE WHEN ? = '' THEN temporal_run_id ELSE ? END
		WHERE id = ?`+notFinal+` RETURNING workflow_id, temporal_run_id`,
		string(c.Status), plain(c.Reason), plain(c.Verdict), plain(c.Verdict), string(c.Outputs), ended, ended,
		c.TemporalRunID, c.TemporalRunID, c.RunID).Scan(&workflow, &temporal)
	if errors.Is(err, sql.ErrNoRows) {
		_, err := t.store.runs.alert(t, c.RunID) // over already, or not there at all
		return err
	}
	if err != nil {
		return err
	}
	if _, err := t.exec("UPDATE approvals SET status = 'expired' WHERE run_id = ? AND status = 'pending'", c.RunID); err != nil {
		return err
	}
	if err := t.leave(c.RunID); err != nil {
		return err
	}
	payload, err := json.Marshal(map[string]string{"workflow_id": workflow, "temporal_run_id": temporal})
	if err != nil {
		return err
	}
	return t.post(posted{kind: OutboxArchive, runID: c.RunID, workflow: workflow, payload: payload, delay: archiveDelay})
}

// ArchiveRun names the archived history of a run and appends the entries that say so.
func (s *Store) ArchiveRun(ctx context.Context, runID, digest string, entries []soc.LedgerEntry) ([]Appended, error) {
	if err := checkEntries(entries); err != nil {
		return nil, wrap("archive a run", err)
	}
	var appended []Appended
	err := s.write(ctx, "archive a run", func(t *tx) (err error) {
		n, err := t.exec("UPDATE runs SET archive = ? WHERE id = ?", digest, runID)
		if err == nil && n == 0 {
			err = soc.Errorf(soc.NotFound, "there is no run %q", runID)
		}
		if err == nil {
			appended, err = t.append(runID, entries)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return appended, nil
}
