package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"picket/internal/soc"
)

// The kinds of outbox rows.
const (
	OutboxStart   = "start"   // start the run's workflow; the payload is NewRun.Start
	OutboxSignal  = "signal"  // signal a workflow: the name is Signal, the payload its argument
	OutboxCancel  = "cancel"  // cancel the run's workflow; the payload is {"by","reason"}
	OutboxArchive = "archive" // archive the run's history; the payload is {"workflow_id","temporal_run_id"}
)

// Outbox is something that must happen because of a committed change. It is done at least once.
type Outbox struct {
	ID         string
	Kind       string
	RunID      string
	WorkflowID string
	Signal     string // OutboxSignal only; "" is approval.decided, as rows of the first version are
	Payload    json.RawMessage
	Tries      int // counts this one
}

const (
	// archiveDelay leaves the workflow the time to return after the activity that closed the run.
	archiveDelay = time.Second
	// handoverMost bounds the rows that wait in memory to be claimed; what is more is claimed from the database.
	handoverMost = 10000
	// pollEvery is the least time between looks into the database while rows come from memory.
	pollEvery = time.Second
)

// leasedRow is a row that was inserted with a lease of this process.
type leasedRow struct {
	Outbox
	until time.Time
}

// handover passes freshly committed rows to ClaimOutbox of the same process without reading them back. They carry a
// lease in the database, so that another process takes them when this one dies.
type handover struct {
	mu     sync.Mutex
	rows   []leasedRow
	lease  time.Duration // that of the last claim; 0 while nobody claims in this process
	polled time.Time
	wake   chan struct{}
}

// reserve answers the lease for a new row; 0 when it should not be leased.
func (h *handover) reserve() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.rows) >= handoverMost {
		return 0
	}
	return h.lease
}

func (h *handover) push(rows []leasedRow, posted bool) {
	if len(rows) > 0 {
		h.mu.Lock()
		h.rows = append(h.rows, rows...)
		h.mu.Unlock()
	}
	if len(rows) > 0 || posted {
		h.signal()
	}
}

func (h *handover) signal() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// take answers up to limit rows from memory, and whether the database should be looked at too.
func (h *handover) take(limit int, lease time.Duration, now time.Time) ([]Outbox, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lease = lease
	var rows []Outbox
	next := 0
	for ; next < len(h.rows) && len(rows) < limit; next++ {
		// A row whose lease is half gone is left to be claimed anew when it has ended.
		if h.rows[next].until.Sub(now) > lease/2 {
			rows = append(rows, h.rows[next].Outbox)
		}
	}
	h.rows = slices.Delete(h.rows, 0, next)
	if len(h.rows) > 0 {
		h.signal()
	}
	poll := len(rows) < limit && (len(rows) == 0 || now.Sub(h.polled) >= pollEvery)
	if poll {
		h.polled = now
	}
	return rows, poll
}

// posted is what a new outbox row holds.
type posted struct {
	kind, runID, workflow, signal string
	payload                       []byte
	delay                         time.Duration
}

// post adds an outbox row to the transaction.
func (t *tx) post(p posted) error {
	row := leasedRow{Outbox: Outbox{
		ID: soc.NewID("obx"), Kind: p.kind, RunID: p.runID, WorkflowID: p.workflow, Signal: p.signal, Payload: p.payload,
	}}
	var leaseUntil int64
	if lease := t.store.handover.reserve(); lease > 0 && p.delay == 0 {
		row.until, row.Tries = t.now.Add(lease), 1
		leaseUntil = row.until.UnixNano()
	}
	_, err := t.exec(`INSERT INTO outbox (id, kind, run_id, workflow, signal, payload, tries, due_ns, lease_ns, last_error)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')`,
		row.ID, p.kind, p.runID, p.workflow, p.signal, string(p.payload), row.Tries, t.now.Add(p.delay).UnixNano(), leaseUntil)
	switch {
	case err != nil:
		return err
	case leaseUntil > 0:
		t.leased = append(t.leased, row)
	case p.delay == 0:
		t.posted = true
	}
	return nil
}

// signal posts a signal to a workflow.
func (t *tx) signal(runID, workflow, name string, argument any) error {
	payload, err := json.Marshal(argument)
	if err != nil {
		return err
	}
	return t.post(posted{kind: OutboxSignal, runID: runID, workflow: workflow, signal: name, payload: payload})
}

// OutboxWake receives when there may be something to claim. One dispatcher may wait on it; it should also claim every
// second or so, for rows that fall due, were left by a process that died, or were posted by another.
func (s *Store) OutboxWake() <-chan struct{} { return s.handover.wake }

// ClaimOutbox leases up to limit due rows to the caller, oldest first. A row that is neither done nor put off when its
// lease ends is claimed again. A process that claims gets its own fresh rows from memory.
func (s *Store) ClaimOutbox(ctx context.Context, limit int, lease time.Duration) ([]Outbox, error) {
	if limit <= 0 || lease <= 0 {
		return nil, soc.Errorf(soc.Invalid, "claim outbox rows: limit and lease must be positive")
	}
	rows, poll := s.handover.take(limit, lease, time.Now())
	if !poll {
		return rows, nil
	}
	claimed, err := s.claim(ctx, limit-len(rows), lease)
	if err != nil && len(rows) > 0 {
		return rows, nil // what memory gave must not be lost; the database is asked again
	}
	return append(rows, claimed...), err
}

const dueRows = " FROM outbox WHERE due_ns <= ? AND lease_ns <= ?"

func (s *Store) claim(ctx context.Context, limit int, lease time.Duration) ([]Outbox, error) {
	const doing = "claim outbox rows"
	now := time.Now().UnixNano()
	var any int
	if err := s.read(ctx).row("SELECT count(*) FROM (SELECT 1"+dueRows+" LIMIT 1) AS due", now, now).Scan(&any); err != nil {
		return nil, wrap(doing, err)
	}
	if any == 0 {
		return nil, nil
	}
	query := `UPDATE outbox SET lease_ns = ?, tries = tries + 1
		WHERE id IN (SELECT id` + dueRows + ` ORDER BY due_ns, id LIMIT ?` + s.skipLocked() + `)
		RETURNING id, kind, run_id, workflow, signal, payload, tries`
	var rows []Outbox
	err := s.write(ctx, doing, func(t *tx) (err error) {
		now := t.now.UnixNano()
		rows, err = all(t.querier, scanOutbox, query, t.now.Add(lease).UnixNano(), now, now, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b Outbox) int { return strings.Compare(a.ID, b.ID) })
	return rows, nil
}

// skipLocked lets dispatchers of several processes claim side by side.
func (s *Store) skipLocked() string {
	if s.dialect == postgresDialect {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

func scanOutbox(row scanner) (Outbox, error) {
	var o Outbox
	var payload string
	err := row.Scan(&o.ID, &o.Kind, &o.RunID, &o.WorkflowID, &o.Signal, &payload, &o.Tries)
	o.Payload = json.RawMessage(payload)
	return o, err
}

// DoneOutbox removes rows that have been carried out.
func (s *Store) DoneOutbox(ctx context.Context, ids ...string) error {
	return s.write(ctx, "finish outbox rows", func(t *tx) error {
		for _, id := range ids {
			if err := t.done(id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) done(outboxID string) error {
	_, err := t.exec("DELETE FROM outbox WHERE id = ?", outboxID)
	return err
}

// RetryOutbox puts a row off until at and keeps why. The reason must hold no secret.
func (s *Store) RetryOutbox(ctx context.Context, id string, at time.Time, reason string) error {
	if len(reason) > 1000 {
		reason = reason[:1000]
	}
	return s.write(ctx, "put off an outbox row", func(t *tx) error {
		_, err := t.exec("UPDATE outbox SET due_ns = ?, lease_ns = 0, last_error = ? WHERE id = ?", at.UnixNano(), plain(reason), id)
		return err
	})
}

// ReleaseOutbox ends all leases. A process that knows it is the only one calls it at its start, so that what the last
// one had claimed goes on at once.
func (s *Store) ReleaseOutbox(ctx context.Context) error {
	return s.write(ctx, "release outbox rows", func(t *tx) error {
		_, err := t.exec("UPDATE outbox SET lease_ns = 0 WHERE lease_ns <> 0")
		return err
	})
}

// OutboxLen is the number of rows that are not done.
func (s *Store) OutboxLen(ctx context.Context) (int, error) {
	var n int
	err := s.read(ctx).row("SELECT count(*) FROM outbox").Scan(&n)
	return n, wrap("count outbox rows", err)
}
