package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
)

// Accept is an alert on its way in.
type Accept struct {
	Alert      soc.Alert // ID and ReceivedAt are set if empty; a caller that names the id in Start sets it
	DedupKey   string    // two alerts of a source with the same key are one; empty is never the same
	RequestID  string    // of the sender; a source's request with the same id gets the same answer
	BodyDigest string    // of the request's body: the same id with another body is a Conflict
	Runs       []NewRun  // what the alert starts
	Matches    []string  // the subscriptions that it meets
	// Newest is the newest subscription that the alert was held against. When there is a newer one by the time that the
	// alert is kept, nothing is written and the error is ErrStale. A negative one is not looked at.
	Newest int64
}

// ErrStale tells that subscriptions were made after the alert was held against them: read them again.
var ErrStale = soc.Errorf(soc.Unavailable, "what runs wait for has changed meanwhile")

// AcceptResult is what became of an alert.
type AcceptResult struct {
	AlertID   string
	Duplicate bool // the alert was there already and nothing was started
	Replayed  bool // the answer is that of the earlier request with this id
	RunIDs    []string
}

// acceptance is an Accept made ready, so that the writer has little to do.
type acceptance struct {
	Accept
	part                   int
	runIDs                 []string
	doc, raw, search, runs string
	entry                  soc.LedgerEntry
}

// AcceptAlert keeps an alert, its runs, what starts them, and the ledger entry, in one transaction.
func (s *Store) AcceptAlert(ctx context.Context, a Accept) (AcceptResult, error) {
	results, err := s.AcceptAlerts(ctx, []Accept{a})
	if err != nil {
		return AcceptResult{}, err
	}
	return results[0], nil
}

// AcceptAlerts accepts the alerts of one request in one transaction: all or none. Their order within the request must
// be the same when the request is repeated.
func (s *Store) AcceptAlerts(ctx context.Context, batch []Accept) ([]AcceptResult, error) {
	doing := "accept an alert"
	ready := make([]acceptance, len(batch))
	for i, a := range batch {
		one, err := prepare(a, i)
		if err != nil {
			return nil, wrap(doing, err)
		}
		ready[i] = one
	}
	var results []AcceptResult
	err := s.write(ctx, doing, func(t *tx) error {
		results = make([]AcceptResult, 0, len(ready))
		for i := range ready {
			result, err := t.accept(&ready[i])
			if err != nil {
				return err
			}
			results = append(results, result)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

func prepare(a Accept, part int) (acceptance, error) {
	alert := &a.Alert
	if alert.ID == "" {
		alert.ID = soc.NewID("alr")
	}
	if alert.ReceivedAt.IsZero() {
		alert.ReceivedAt = time.Now()
	}
	alert.ReceivedAt = alert.ReceivedAt.UTC().Round(0)
	if alert.Source == "" || alert.Source != plain(alert.Source) || alert.ID != plain(alert.ID) {
		return acceptance{}, soc.Errorf(soc.Invalid, "the alert names no source")
	}
	if err := checkJSON("alert's raw document", alert.Raw); err != nil {
		return acceptance{}, err
	}
	a.Runs = slices.Clone(a.Runs)
	runIDs := make([]string, len(a.Runs))
	for i := range a.Runs {
		if err := checkJSON("run's start", a.Runs[i].Start); err != nil {
			return acceptance{}, err
		}
		if a.Runs[i].Run.ID == "" {
			a.Runs[i].Run.ID = soc.NewID("run")
		}
		runIDs[i] = a.Runs[i].Run.ID
	}
	runs, err := json.Marshal(runIDs)
	if err != nil {
		return acceptance{}, fmt.Errorf("write the run ids as JSON: %w", err)
	}
	a.DedupKey, a.RequestID, a.BodyDigest = bounded(a.DedupKey), bounded(a.RequestID), bounded(a.BodyDigest)
	if a.DedupKey == "" {
		a.DedupKey = "id:" + alert.ID
	}
	raw := string(alert.Raw)
	stored := *alert
	stored.Raw, stored.State = nil, nil
	doc, err := json.Marshal(stored)
	if err != nil {
		return acceptance{}, fmt.Errorf("write the alert as JSON: %w", err)
	}
	sum := sha256.New()
	sum.Write(doc)
	sum.Write([]byte(raw))
	body, err := json.Marshal(struct {
		ID       string       `json:"id"`
		Source   string       `json:"source"`
		Title    string       `json:"title"`
		Severity soc.Severity `json:"severity"`
		Digest   string       `json:"digest"` // SHA-256 over the alert as it is kept and its raw document
	}{alert.ID, alert.Source, alert.Title, alert.Severity, hex.EncodeToString(sum.Sum(nil))})
	if err != nil {
		return acceptance{}, fmt.Errorf("write the ledger entry as JSON: %w", err)
	}
	return acceptance{
		Accept: a, part: part, runIDs: runIDs, runs: string(runs), doc: string(doc), raw: raw, search: searchText(alert),
		entry: soc.LedgerEntry{
			AlertID: alert.ID, Key: "alert/" + alert.ID, Kind: contract.KindAlertAccepted,
			At: alert.ReceivedAt, Actor: "source/" + alert.Source, Body: body,
		},
	}, nil
}

// searchText is what a text filter looks into.
func searchText(a *soc.Alert) string {
	var b strings.Builder
	for _, field := range [...]string{a.Title, a.User.Name, a.User.Email, a.Host.Name, a.Host.IP, a.SrcIP, a.DstIP, a.Rule.ID, a.SourceID} {
		if field != "" {
			b.WriteString(field[:min(len(field), nameMost)])
			b.WriteByte('\n')
		}
	}
	return strings.ToLower(plain(b.String()))
}

// bounded makes a foreign key fit for an index: long or strange ones become their digest.
func bounded(key string) string {
	if len(key) <= 256 && key == plain(key) {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (t *tx) accept(a *acceptance) (AcceptResult, error) {
	if a.RequestID != "" {
		result, found, err := t.replay(a)
		if found || err != nil {
			return result, err
		}
	}
	result := AcceptResult{AlertID: a.Alert.ID, RunIDs: a.runIDs}
	n, err := t.exec(`INSERT INTO alerts (id, source, dedup_key, severity, search, received_ns, runs, doc, raw)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, dedup_key) DO NOTHING`,
		a.Alert.ID, a.Alert.Source, a.DedupKey, string(a.Alert.Severity), a.search, nanos(a.Alert.ReceivedAt), a.runs, a.doc, a.raw)
	if err != nil {
		return AcceptResult{}, err
	}
	if n == 0 {
		result.Duplicate = true
		if err := t.arrival(&result, "source = ? AND dedup_key = ?", a.Alert.Source, a.DedupKey); err != nil {
			return AcceptResult{}, err
		}
	} else {
		if err := t.fresh(a.Newest); err != nil {
			return AcceptResult{}, err
		}
		if _, err := t.append("", []soc.LedgerEntry{a.entry}); err != nil {
			return AcceptResult{}, err
		}
		for _, r := range a.Runs {
			r.Run.AlertID = a.Alert.ID
			if _, err := t.createRun(r); err != nil {
				return AcceptResult{}, err
			}
		}
		for _, id := range a.Matches {
			if _, err := t.match(id, a.Alert.ID); err != nil {
				return AcceptResult{}, err
			}
		}
	}
	if a.RequestID != "" {
		if _, err := t.exec(`INSERT INTO requests (source, request_id, part, body_digest, alert_id, duplicate, created_ns)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
			a.Alert.Source, a.RequestID, a.part, a.BodyDigest, result.AlertID, flag(result.Duplicate), t.now.UnixNano()); err != nil {
			return AcceptResult{}, err
		}
	}
	return result, nil
}

// replay answers an earlier request with the same id.
func (t *tx) replay(a *acceptance) (AcceptResult, bool, error) {
	var digest string
	var duplicate int
	result := AcceptResult{Replayed: true}
	err := t.row("SELECT body_digest, alert_id, duplicate FROM requests WHERE source = ? AND request_id = ? AND part = ?",
		a.Alert.Source, a.RequestID, a.part).Scan(&digest, &result.AlertID, &duplicate)
	if errors.Is(err, sql.ErrNoRows) {
		return AcceptResult{}, false, nil
	}
	if err != nil {
		return AcceptResult{}, false, err
	}
	if digest != a.BodyDigest {
		return AcceptResult{}, false, soc.Errorf(soc.Conflict, "request %q of source %q came before with another body; send a new request id", a.RequestID, a.Alert.Source)
	}
	result.Duplicate = duplicate != 0
	return result, true, t.arrival(&result, "id = ?", result.AlertID)
}

// arrival answers the id and the first runs of the alert that the condition finds.
func (t *tx) arrival(result *AcceptResult, condition string, args ...any) error {
	var runs string
	if err := t.row("SELECT id, runs FROM alerts WHERE "+condition, args...).Scan(&result.AlertID, &runs); err != nil {
		return err
	}
	return json.Unmarshal([]byte(runs), &result.RunIDs)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
