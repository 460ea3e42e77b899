package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"picket/internal/soc"
)

// AlertFilter selects alerts, newest first; its zero value selects all.
type AlertFilter struct {
	Source   string
	Severity soc.Severity // as it is now
	Status   string       // open or closed
	Q        string       // text in the title, user, host, addresses, rule or source id, in any case
	Since    time.Time    // received at or after
	Limit    int
	Cursor   string
}

// Alerts lists alerts without their raw documents, and the cursor of the next page, "" at the end.
func (s *Store) Alerts(ctx context.Context, f AlertFilter) ([]soc.Alert, string, error) {
	w := where{}
	if f.Source != "" {
		w.add("source = ?", plain(f.Source))
	}
	if f.Severity != "" {
		w.add("severity = ?", plain(string(f.Severity)))
	}
	if f.Status != "" {
		w.add("status = ?", plain(f.Status))
	}
	if f.Q != "" {
		w.add(`search LIKE ? ESCAPE '\'`, contains(f.Q))
	}
	if !f.Since.IsZero() {
		w.add("received_ns >= ?", nanos(f.Since))
	}
	order, limit, err := page(&w, "", "received_ns", f.Cursor, f.Limit)
	if err != nil {
		return nil, "", err
	}
	alerts, err := all(s.read(ctx), func(row scanner) (soc.Alert, error) { return scanAlert(row, false) },
		"SELECT status, severity, state, doc FROM alerts"+w.String()+order, w.args...)
	if err != nil {
		return nil, "", wrap("list alerts", err)
	}
	alerts, next := cut(alerts, limit, func(a soc.Alert) (int64, string) { return nanos(a.ReceivedAt), a.ID })
	return alerts, next, nil
}

// GetAlert answers an alert as its source sent it, with its raw document and without its state.
func (s *Store) GetAlert(ctx context.Context, id string) (soc.Alert, error) {
	a, err := s.AlertNow(ctx, id)
	a.State = nil
	return a, err
}

// AlertNow answers an alert with its raw document and with what has been made of it.
func (s *Store) AlertNow(ctx context.Context, id string) (soc.Alert, error) {
	a, err := s.read(ctx).alert(id)
	return a, wrap(fmt.Sprintf("find alert %q", id), err)
}

func (q querier) alert(id string) (soc.Alert, error) {
	return scanAlert(q.row("SELECT status, severity, state, doc, raw FROM alerts WHERE id = ?", plain(id)), true)
}

func scanAlert(row scanner, withRaw bool) (soc.Alert, error) {
	var status, severity, state, doc, raw string
	into := []any{&status, &severity, &state, &doc}
	if withRaw {
		into = append(into, &raw)
	}
	if err := row.Scan(into...); err != nil {
		return soc.Alert{}, err
	}
	var a soc.Alert
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		return soc.Alert{}, fmt.Errorf("read the kept alert: %w", err)
	}
	a.State = &soc.AlertState{}
	if state != "" {
		if err := json.Unmarshal([]byte(state), a.State); err != nil {
			return soc.Alert{}, fmt.Errorf("read the kept state of an alert: %w", err)
		}
	}
	a.State.Status, a.State.Severity = status, soc.Severity(severity)
	a.Raw = nil
	if raw != "" {
		a.Raw = json.RawMessage(raw)
	}
	return a, nil
}

// Counts are the numbers of the navigation's badges.
type Counts struct {
	PendingApprovals int `json:"pending_approvals"`
	OpenAlerts       int `json:"open_alerts"` // alerts with a run that is not over
	RunningRuns      int `json:"running_runs"`
}

// Counts counts what is open.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := s.read(ctx).row(`SELECT
		(SELECT count(*) FROM approvals WHERE status = 'pending'),
		(SELECT count(DISTINCT alert_id) FROM runs WHERE status IN ('queued', 'running', 'waiting')),
		(SELECT count(*) FROM runs WHERE status IN ('queued', 'running', 'waiting'))`).
		Scan(&c.PendingApprovals, &c.OpenAlerts, &c.RunningRuns)
	return c, wrap("count what is open", err)
}
