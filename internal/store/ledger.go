package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"picket/internal/audit/chain"
	"picket/internal/contract"
	"picket/internal/soc"
)

const (
	bodyMost = 32 << 20 // bytes of an entry's body: two alerts of the greatest size fit
	nameMost = 1024     // bytes of each other field of an entry
)

// Appended is an entry that stands in the ledger; New tells whether this call appended it.
type Appended struct {
	Entry soc.LedgerEntry
	New   bool
}

// Head is the last entry's place and digest. Signature is that of WithHeadSigner's function, or empty.
type Head struct {
	Seq       int64
	Digest    string
	Signature string
}

// Append appends entries to the chain in one transaction. Within a run the first entry with a key wins: for a key that
// is there already the standing entry is answered and nothing is written. Seq, Prev and Digest are set here, At and
// AlertID if they are empty. runID may be empty for entries that belong to no run.
func (s *Store) Append(ctx context.Context, runID string, entries []soc.LedgerEntry) ([]Appended, error) {
	if err := checkEntries(entries); err != nil {
		return nil, wrap("append to the ledger", err)
	}
	var appended []Appended
	err := s.write(ctx, "append to the ledger", func(t *tx) (err error) {
		appended, err = t.append(runID, entries)
		return err
	})
	if err != nil {
		return nil, err
	}
	return appended, nil
}

// checkEntries runs before the writer is asked.
func checkEntries(entries []soc.LedgerEntry) error {
	for _, e := range entries {
		if e.Kind == "" || e.Key == "" {
			return soc.Errorf(soc.Invalid, "entry %q of kind %q: needs a key and a kind", e.Key, e.Kind)
		}
		for _, field := range [...]string{e.AlertID, e.Key, e.Kind, e.Step, e.Actor} {
			if len(field) > nameMost || field != plain(field) {
				return soc.Errorf(soc.Invalid, "entry %q of kind %q: a field is longer than %d bytes or not plain text", e.Key[:min(len(e.Key), 100)], e.Kind[:min(len(e.Kind), 100)], nameMost)
			}
		}
		if err := checkJSON("body", e.Body); err != nil {
			return fmt.Errorf("entry %q of kind %q: %w", e.Key, e.Kind, err)
		}
	}
	return nil
}

// checkJSON refuses a document that is not JSON in UTF-8 of a bearable size; none is fine.
func checkJSON(what string, document json.RawMessage) error {
	switch {
	case len(document) == 0:
		return nil
	case len(document) > bodyMost:
		return soc.Errorf(soc.Invalid, "the %s is longer than %d MiB", what, bodyMost>>20)
	case !utf8.Valid(document) || !json.Valid(document):
		return soc.Errorf(soc.Invalid, "the %s is not JSON in UTF-8", what)
	}
	return nil
}

const ledgerColumns = "seq, run_id, alert_id, key, kind, step, attempt, at, actor, body, prev, digest"

func (t *tx) append(runID string, entries []soc.LedgerEntry) ([]Appended, error) {
	appended := make([]Appended, 0, len(entries))
	for _, e := range entries {
		one, err := t.appendOne(runID, e)
		if err != nil {
			return nil, err
		}
		appended = append(appended, one)
	}
	return appended, nil
}

func (t *tx) appendOne(runID string, e soc.LedgerEntry) (Appended, error) {
	e.RunID = runID
	if e.AlertID == "" && runID != "" {
		alert, err := t.store.runs.alert(t, runID)
		if err != nil {
			return Appended{}, err
		}
		e.AlertID = alert
	}
	if e.At.IsZero() {
		e.At = t.now
	}
	e.At = e.At.UTC().Round(0)
	if len(e.Body) == 0 {
		e.Body = json.RawMessage("null")
	}
	e.Seq, e.Prev = t.head.Seq+1, t.head.Digest
	e.Digest = chain.Digest(e)
	n, err := t.exec("INSERT INTO ledger ("+ledgerColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"+
		" ON CONFLICT (run_id, key) WHERE run_id <> '' DO NOTHING",
		e.Seq, e.RunID, e.AlertID, e.Key, e.Kind, e.Step, e.Attempt, e.At.Format(time.RFC3339Nano), e.Actor, string(e.Body), e.Prev, e.Digest)
	if err != nil {
		return Appended{}, err
	}
	if n == 0 {
		standing, err := scanEntry(t.row("SELECT "+ledgerColumns+" FROM ledger WHERE run_id = ? AND run_id <> '' AND key = ?", runID, e.Key))
		return Appended{Entry: standing}, err
	}
	t.head.Seq, t.head.Digest = e.Seq, e.Digest
	if e.Kind == contract.KindModelAnswered {
		if err := t.noteUsage(e); err != nil {
			return Appended{}, err
		}
	}
	return Appended{Entry: e, New: true}, nil
}

func (t *tx) saveHead() error {
	t.head.Signature = ""
	if t.store.sign != nil {
		t.head.Signature = t.store.sign(t.head.Seq, t.head.Digest)
	}
	_, err := t.exec("UPDATE ledger_head SET seq = ?, digest = ?, signature = ? WHERE one = 1", t.head.Seq, t.head.Digest, t.head.Signature)
	return err
}

func scanEntry(row scanner) (soc.LedgerEntry, error) {
	var e soc.LedgerEntry
	var at, body string
	if err := row.Scan(&e.Seq, &e.RunID, &e.AlertID, &e.Key, &e.Kind, &e.Step, &e.Attempt, &at, &e.Actor, &body, &e.Prev, &e.Digest); err != nil {
		return soc.LedgerEntry{}, err
	}
	if body != "" {
		e.Body = json.RawMessage(body)
	}
	// A time that we would write otherwise was not written by us; it becomes zero, and the digest shows it.
	if parsed, err := time.Parse(time.RFC3339Nano, at); err == nil && parsed.Format(time.RFC3339Nano) == at {
		e.At = parsed
	}
	return e, nil
}

// Head is where the ledger ends.
func (s *Store) Head(ctx context.Context) (Head, error) {
	var h Head
	err := s.read(ctx).row("SELECT seq, digest, signature FROM ledger_head WHERE one = 1").Scan(&h.Seq, &h.Digest, &h.Signature)
	return h, wrap("read the ledger's head", err)
}

// Filter selects ledger entries; its zero value selects all.
type Filter struct {
	RunID    string
	AlertID  string
	AfterSeq int64
	Kinds    []string
	NoBody   bool // leave the bodies out: for those who only follow what happens
	Limit    int  // 1000 if 0, at most 10000
	Bytes    int  // the entry whose body brings the bodies to this many is the last, if it is not 0; only an empty answer is the end then
}

// errEnough ends the reading of rows.
var errEnough = errors.New("enough")

// Entries answers entries in the order of the chain.
func (s *Store) Entries(ctx context.Context, f Filter) ([]soc.LedgerEntry, error) {
	w := where{}
	w.add("seq > ?", f.AfterSeq)
	if f.RunID != "" {
		w.add("run_id = ? AND run_id <> ''", plain(f.RunID))
	}
	if f.AlertID != "" {
		w.add("alert_id = ? AND alert_id <> ''", plain(f.AlertID))
	}
	if len(f.Kinds) > 0 {
		w.add("kind IN ?", f.Kinds)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 1000
	}
	columns := ledgerColumns
	if f.NoBody {
		columns = strings.Replace(columns, "body", "''", 1)
	}
	query := "SELECT " + columns + " FROM ledger" + w.String() + " ORDER BY seq LIMIT ?"
	entries, bytes := []soc.LedgerEntry{}, 0
	err := s.read(ctx).each(func(row scanner) error {
		e, err := scanEntry(row)
		if err != nil {
			return err
		}
		entries, bytes = append(entries, e), bytes+len(e.Body)
		if f.Bytes > 0 && bytes >= f.Bytes {
			return errEnough
		}
		return nil
	}, query, append(w.args, min(limit, 10000))...)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, wrap("read the ledger", err)
	}
	return entries, nil
}

// RunEntries answers all entries of a run, in the order of the chain.
func (s *Store) RunEntries(ctx context.Context, runID string) ([]soc.LedgerEntry, error) {
	const most = 5000
	all := []soc.LedgerEntry{}
	for after := int64(0); ; after = all[len(all)-1].Seq {
		some, err := s.Entries(ctx, Filter{RunID: runID, AfterSeq: after, Limit: most})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < most {
			return all, nil
		}
	}
}

// FindEntry answers a run's entry by its key, or NotFound.
func (s *Store) FindEntry(ctx context.Context, runID, key string) (soc.LedgerEntry, error) {
	e, err := scanEntry(s.read(ctx).row("SELECT "+ledgerColumns+" FROM ledger WHERE run_id = ? AND run_id <> '' AND key = ?", plain(runID), plain(key)))
	return e, wrap(fmt.Sprintf("find ledger entry %q of run %q", key, runID), err)
}

// runCache remembers the alerts of recent runs, which every entry of a run names.
type runCache struct {
	mu     sync.Mutex
	alerts map[string]string
}

// runCacheMost bounds the cache to about a megabyte.
const runCacheMost = 10000

// alert is the alert of a run, "" for a run without one.
func (c *runCache) alert(t *tx, runID string) (string, error) {
	c.mu.Lock()
	alert, ok := c.alerts[runID]
	c.mu.Unlock()
	if ok {
		return alert, nil
	}
	err := t.row("SELECT COALESCE(alert_id, '') FROM runs WHERE id = ?", runID).Scan(&alert)
	if errors.Is(err, sql.ErrNoRows) {
		return "", soc.Errorf(soc.NotFound, "there is no run %q", runID)
	}
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alerts == nil || len(c.alerts) >= runCacheMost {
		c.alerts = make(map[string]string)
	}
	c.alerts[runID] = alert
	return alert, nil
}
