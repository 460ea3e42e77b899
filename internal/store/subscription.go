package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
)

// The bounds on what open runs listen for: each alert is held against all of it.
const (
	MaxSubscriptions   = 2000
	MaxSubscriptionLen = 256 << 10 // bytes of one subscription's roots
	MaxSubscriptionSum = 16 << 20  // bytes of those of all
)

// expiredKept is how long a subscription that nothing met is kept after its time, so that a late workflow can read it.
const expiredKept = time.Hour

// Subscription is what a `wait: event` step of an open run listens for.
type Subscription struct {
	ID         string
	Place      int64 // rises with every subscription
	RunID      string
	WorkflowID string // that is signalled
	Step       string
	Sources    []string // none is any
	When       string   // an expression over Vars and `event`; "" always holds
	Vars       json.RawMessage
	Until      time.Time
	AlertID    string // of the first alert that met it
}

// Subscribe keeps a subscription and appends the entries, in one transaction. It is idempotent by id.
func (s *Store) Subscribe(ctx context.Context, sub Subscription, entries []soc.LedgerEntry) error {
	doing := "subscribe"
	if sub.ID == "" || sub.RunID == "" || sub.Until.IsZero() {
		return soc.Errorf(soc.Invalid, "%s: it needs an id, a run and an end", doing)
	}
	if len(sub.Vars) == 0 {
		sub.Vars = json.RawMessage("{}")
	}
	if len(sub.Vars)+len(sub.When) > MaxSubscriptionLen {
		return soc.Errorf(soc.Invalid, "what the condition of %s names has %d bytes; at most %d can be waited with", sub.Step, len(sub.Vars), MaxSubscriptionLen)
	}
	if err := errors.Join(checkJSON("roots", sub.Vars), checkEntries(entries)); err != nil {
		return wrap(doing, err)
	}
	sources, err := json.Marshal(append([]string{}, sub.Sources...))
	if err != nil {
		return wrap(doing, err)
	}
	return s.write(ctx, doing, func(t *tx) error {
		if _, err := t.append(sub.RunID, entries); err != nil {
			return err
		}
		var there int
		if err := t.row("SELECT count(*) FROM subscriptions WHERE id = ?", sub.ID).Scan(&there); err != nil || there > 0 {
			return err
		}
		if err := t.roomToSubscribe(len(sub.Vars)); err != nil {
			return err
		}
		// The place rises though rows are deleted, so that an alert can tell whether it has seen the newest.
		_, err := t.exec(`INSERT INTO subscriptions (id, place, run_id, workflow, step, sources, cond, vars, until_ns, alert_id, closed)
			VALUES (?, (SELECT CASE WHEN COALESCE(MAX(place), 0) >= ? THEN MAX(place) + 1 ELSE ? END FROM subscriptions), ?, ?, ?, ?, ?, ?, ?, '', 0)`,
			sub.ID, t.now.UnixNano(), t.now.UnixNano(), sub.RunID, sub.WorkflowID, sub.Step, string(sources), plain(sub.When), string(sub.Vars),
			nanos(sub.Until))
		return err
	})
}

// roomToSubscribe drops what has expired and refuses one more where there are too many.
func (t *tx) roomToSubscribe(size int) error {
	if _, err := t.exec("DELETE FROM subscriptions WHERE alert_id = '' AND until_ns < ?", t.now.Add(-expiredKept).UnixNano()); err != nil {
		return err
	}
	var open, bytes int
	if err := t.row("SELECT count(*), COALESCE(SUM(LENGTH(vars)), 0) FROM subscriptions WHERE alert_id = '' AND closed = 0").Scan(&open, &bytes); err != nil {
		return err
	}
	if open >= MaxSubscriptions || bytes+size > MaxSubscriptionSum {
		return soc.Errorf(soc.Unavailable, "%d steps wait for events already; there is no room for more", open)
	}
	return nil
}

const (
	subscriptionColumns = "id, place, run_id, workflow, step, sources, cond, vars, until_ns, alert_id"
	openSubscription    = " FROM subscriptions WHERE alert_id = '' AND closed = 0"
)

func scanSubscription(row scanner) (Subscription, error) {
	var sub Subscription
	var sources, vars string
	var until int64
	err := row.Scan(&sub.ID, &sub.Place, &sub.RunID, &sub.WorkflowID, &sub.Step, &sources, &sub.When, &vars, &until, &sub.AlertID)
	if err != nil {
		return Subscription{}, err
	}
	sub.Vars, sub.Until = json.RawMessage(vars), fromNanos(until)
	if err := json.Unmarshal([]byte(sources), &sub.Sources); err != nil {
		return Subscription{}, fmt.Errorf("read the kept subscription %s: %w", sub.ID, err)
	}
	return sub, nil
}

// OpenSubscriptions answers all that an alert can meet now, oldest first, and the place of the newest for Accept.Newest.
func (s *Store) OpenSubscriptions(ctx context.Context) ([]Subscription, int64, error) {
	subs, err := all(s.read(ctx), scanSubscription, "SELECT "+subscriptionColumns+openSubscription+" ORDER BY place")
	if err != nil {
		return nil, 0, wrap("read subscriptions", err)
	}
	newest, now := int64(0), time.Now()
	live := subs[:0]
	for _, sub := range subs {
		newest = sub.Place
		if now.Before(sub.Until) {
			live = append(live, sub)
		}
	}
	return live, newest, nil
}

// SubscriptionsOf answers the open subscriptions of a run, oldest first.
func (s *Store) SubscriptionsOf(ctx context.Context, runID string) ([]Subscription, error) {
	subs, err := all(s.read(ctx), scanSubscription,
		"SELECT "+subscriptionColumns+openSubscription+" AND run_id = ? AND until_ns > ? ORDER BY place", plain(runID), time.Now().UnixNano())
	return subs, wrap("read subscriptions", err)
}

// JoinedAlerts answers the alerts that joined runs have brought to a run and that nothing has taken, oldest first.
func (s *Store) JoinedAlerts(ctx context.Context, runID string) ([]string, error) {
	ids, err := all(s.read(ctx), func(row scanner) (id string, err error) { return id, row.Scan(&id) },
		"SELECT alert_id FROM joined_alerts WHERE run_id = ? ORDER BY place LIMIT 1000", plain(runID))
	return ids, wrap("read the alerts of joined runs", err)
}

// Match ends an open subscription by an alert that meets it, and posts the signal to the workflow. It tells whether the
// subscription was open.
func (s *Store) Match(ctx context.Context, subscriptionID, alertID string) (bool, error) {
	matched := false
	err := s.write(ctx, "match an event", func(t *tx) (err error) {
		matched, err = t.match(subscriptionID, alertID)
		return err
	})
	return matched, err
}

func (t *tx) match(id, alertID string) (bool, error) {
	var run, workflow string
	err := t.row(`UPDATE subscriptions SET alert_id = ? WHERE id = ? AND alert_id = '' AND closed = 0 AND until_ns > ?
		RETURNING run_id, workflow`, alertID, id, t.now.UnixNano()).Scan(&run, &workflow)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err := t.exec("DELETE FROM joined_alerts WHERE run_id = ? AND alert_id = ?", run, alertID); err != nil {
		return false, err
	}
	return true, t.signal(run, workflow, contract.SignalEventMatched, contract.EventMatched{SubscriptionID: id})
}

// fresh answers ErrStale when there is an open subscription that is newer than the newest that was looked at.
func (t *tx) fresh(seen int64) error {
	if seen < 0 {
		return nil
	}
	var newest int64
	if err := t.row("SELECT COALESCE(MAX(place), 0)" + openSubscription).Scan(&newest); err != nil {
		return err
	}
	if newest > seen {
		return ErrStale
	}
	return nil
}

// ReadSubscription answers a run's subscription, and with end ends it if nothing has met it. One that is gone has
// expired: it is answered without an alert.
func (s *Store) ReadSubscription(ctx context.Context, runID, id string, end bool, entries []soc.LedgerEntry) (Subscription, error) {
	doing := "read a subscription"
	if err := checkEntries(entries); err != nil {
		return Subscription{}, wrap(doing, err)
	}
	var sub Subscription
	err := s.write(ctx, doing, func(t *tx) error {
		if _, err := t.append(runID, entries); err != nil {
			return err
		}
		if end {
			if _, err := t.exec("UPDATE subscriptions SET closed = 1 WHERE id = ? AND run_id = ? AND alert_id = ''", id, runID); err != nil {
				return err
			}
		}
		var err error
		sub, err = scanSubscription(t.row("SELECT "+subscriptionColumns+" FROM subscriptions WHERE id = ? AND run_id = ?", id, runID))
		if errors.Is(err, sql.ErrNoRows) {
			sub, err = Subscription{ID: id, RunID: runID}, nil
		}
		return err
	})
	return sub, err
}
