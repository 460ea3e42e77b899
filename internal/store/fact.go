package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"picket/internal/contract"
	"picket/internal/soc"
)

// Bounds of what is known.
const (
	MaxFactText = 500                  // characters of a fact's text, entity or source
	MaxFactLife = 366 * 24 * time.Hour // nothing is known for longer without being looked at again
	MaxFacts    = 500                  // facts of one list
	MaxKnown    = 20                   // facts of one entity that are looked up, the newest
)

// FactFilter selects facts, the newest first; its zero value selects all, up to MaxFacts.
type FactFilter struct {
	Status string
	Type   string
	Value  string // the entity, in letters of any case
	Query  string // part of entity or text
}

// ProposeFact keeps what somebody, or a playbook, proposes to be known. The same proposal again is the one that stands.
func (s *Store) ProposeFact(ctx context.Context, f soc.Fact) (soc.Fact, error) {
	doing := "propose a fact"
	now := time.Now()
	for name, text := range map[string]string{"value": f.Value, "text": f.Text, "source": f.Source} {
		if n := utf8.RuneCountInString(text); strings.TrimSpace(text) == "" || n > MaxFactText {
			return soc.Fact{}, soc.Errorf(soc.Invalid, "%s: %s must have 1 to %d characters", doing, name, MaxFactText)
		}
	}
	switch {
	case !slices.Contains(soc.FactTypes, f.Type):
		return soc.Fact{}, soc.Errorf(soc.Invalid, "%s: the type is one of %s", doing, strings.Join(soc.FactTypes, ", "))
	case f.ProposedBy == "" || f.Owner == "":
		return soc.Fact{}, soc.Errorf(soc.Invalid, "%s: somebody must answer for it", doing)
	case !f.ExpiresAt.After(now) || f.ExpiresAt.After(now.Add(MaxFactLife)):
		return soc.Fact{}, soc.Errorf(soc.Invalid, "%s: it must expire within %d days", doing, int(MaxFactLife.Hours()/24))
	}
	f.Value, f.Text, f.Source, f.Owner = plain(f.Value), plain(f.Text), plain(f.Source), plain(f.Owner)
	f.Status, f.DecidedBy, f.Reason = soc.FactProposed, "", ""
	f.ExpiresAt = f.ExpiresAt.UTC().Round(0)
	err := s.write(ctx, doing, func(t *tx) error {
		open, err := t.facts(FactFilter{Status: soc.FactProposed, Type: f.Type, Value: f.Value}, MaxFacts)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(open, func(o soc.Fact) bool { return o.Text == f.Text }); at >= 0 {
			f = open[at]
			return nil
		}
		f.ID, f.ProposedAt = soc.NewID("fct"), t.now
		return t.keepFact(f, contract.KindFactProposed, f.ProposedBy)
	})
	return f, err
}

// DecideFact approves or rejects a proposal, or revokes what was approved, and says so in the ledger. What is not in the
// state for it is a Conflict.
func (s *Store) DecideFact(ctx context.Context, id, status, by, reason string) (soc.Fact, error) {
	var f soc.Fact
	err := s.write(ctx, "decide on a fact", func(t *tx) error {
		var err error
		if f, err = t.fact(id); err != nil {
			return err
		}
		from := soc.FactProposed
		if status == soc.FactRevoked {
			from = soc.FactApproved
		}
		switch {
		case !slices.Contains([]string{soc.FactApproved, soc.FactRejected, soc.FactRevoked}, status) || by == "":
			return soc.Errorf(soc.Invalid, "a fact is approved, rejected or revoked by somebody")
		case f.Status != from:
			return soc.Errorf(soc.Conflict, "the fact is %s already", f.Status)
		case status == soc.FactApproved && !t.now.Before(f.ExpiresAt):
			return soc.Errorf(soc.Conflict, "the fact expired at %s; propose it anew", f.ExpiresAt.Format(time.RFC3339))
		}
		f.Status, f.DecidedBy, f.DecidedAt, f.Reason = status, by, t.now, plain(reason)
		return t.keepFact(f, contract.KindFactDecided, by)
	})
	return f, err
}

func (t *tx) keepFact(f soc.Fact, kind, by string) error {
	doc, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO facts (id, type, entity, status, expires_ns, at_ns, doc) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, doc = excluded.doc`,
		f.ID, f.Type, strings.ToLower(f.Value), f.Status, nanos(f.ExpiresAt), nanos(f.ProposedAt), string(doc)); err != nil {
		return err
	}
	return t.noteOfNone(kind, f.ID, by, f)
}

func scanFact(row scanner) (soc.Fact, error) {
	var doc string
	var f soc.Fact
	if err := row.Scan(&doc); err != nil {
		return f, err
	}
	if err := json.Unmarshal([]byte(doc), &f); err != nil {
		return f, fmt.Errorf("read a kept fact: %w", err)
	}
	return f, nil
}

func (q querier) fact(id string) (soc.Fact, error) {
	return scanFact(q.row("SELECT doc FROM facts WHERE id = ?", plain(id)))
}

func (q querier) facts(f FactFilter, limit int, more ...any) ([]soc.Fact, error) {
	w := where{}
	if f.Status != "" {
		w.add("status = ?", plain(f.Status))
	}
	if f.Type != "" {
		w.add("type = ?", plain(f.Type))
	}
	if f.Value != "" {
		w.add("entity = ?", strings.ToLower(plain(f.Value)))
	}
	if f.Query != "" {
		w.add(`LOWER(doc) LIKE ? ESCAPE '\'`, contains(f.Query))
	}
	if len(more) == 1 {
		w.add("expires_ns > ?", more[0])
	}
	return all(q, scanFact, "SELECT doc FROM facts"+w.String()+" ORDER BY at_ns DESC, id LIMIT ?", append(w.args, limit)...)
}

// GetFact answers a fact.
func (s *Store) GetFact(ctx context.Context, id string) (soc.Fact, error) {
	f, err := s.read(ctx).fact(id)
	return f, wrap(fmt.Sprintf("find fact %q", id), err)
}

// Facts lists facts, the newest first.
func (s *Store) Facts(ctx context.Context, f FactFilter) ([]soc.Fact, error) {
	list, err := s.read(ctx).facts(f, MaxFacts)
	return list, wrap("list facts", err)
}

// Known lists what is believed of an entity now, the newest first, at most MaxKnown. kind "" is of any type.
func (s *Store) Known(ctx context.Context, kind, value string) ([]soc.Fact, error) {
	if value == "" {
		return nil, nil
	}
	list, err := s.read(ctx).facts(FactFilter{Status: soc.FactApproved, Type: kind, Value: value}, MaxKnown, time.Now().UnixNano())
	return list, wrap("look up what is known", err)
}
