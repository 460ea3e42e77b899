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
	Severity soc.Severity
	Q        string    // text in the title, user, host, addresses, rule or source id, in any case
	Since    time.Time // received at or after
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
		"SELECT doc FROM alerts"+w.String()+order, w.args...)
	if err != nil {
		return nil, "", wrap("list alerts", err)
	}
	alerts, next := cut(alerts, limit, func(a soc.Alert) (int64, string) { return nanos(a.ReceivedAt), a.ID })
	return alerts, next, nil
}

// GetAlert answers an alert with its raw document.
func (s *Store) GetAlert(ctx context.Context, id string) (soc.Alert, error) {
	a, err := scanAlert(s.read(ctx).row("SELECT doc, raw FROM alerts WHERE id = ?", plain(id)), true)
	return a, wrap(fmt.Sprintf("find alert %q", id), err)
}

func scanAlert(row scanner, withRaw bool) (soc.Alert, error) {
	var doc, raw string
	into := []any{&doc}
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
