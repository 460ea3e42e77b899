package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"picket/internal/contract"
	"picket/internal/soc"
)

// SetShadow keeps that a playbook's consequential calls are recorded and not made, in the place of what was said before,
// and says so in the ledger.
func (s *Store) SetShadow(ctx context.Context, set soc.ShadowSetting) (soc.ShadowSetting, error) {
	doing := "put a playbook into shadow mode"
	if set.Playbook == "" || set.By == "" {
		return soc.ShadowSetting{}, soc.Errorf(soc.Invalid, "%s: it needs a playbook and a person", doing)
	}
	if set.Operations == nil {
		set.Operations = []string{}
	}
	operations, err := json.Marshal(set.Operations)
	if err != nil {
		return soc.ShadowSetting{}, wrap(doing, err)
	}
	err = s.write(ctx, doing, func(t *tx) error {
		set.At = t.now
		if _, err := t.exec(`INSERT INTO shadows (playbook, plan_digest, operations, set_by, reason, at_ns) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (playbook) DO UPDATE SET plan_digest = excluded.plan_digest, operations = excluded.operations,
			set_by = excluded.set_by, reason = excluded.reason, at_ns = excluded.at_ns`,
			set.Playbook, plain(set.PlanDigest), string(operations), plain(set.By), plain(set.Reason), nanos(set.At)); err != nil {
			return err
		}
		return t.noteOfNone(contract.KindPlaybookShadowed, set.Playbook, set.By, set)
	})
	return set, err
}

// Promote ends a playbook's shadow mode and says in the ledger who decided that, and why. One that is not in shadow
// mode is a Conflict.
func (s *Store) Promote(ctx context.Context, playbook, by, reason string) error {
	return s.write(ctx, "promote a playbook", func(t *tx) error {
		was, err := t.shadow(playbook)
		if errors.Is(err, sql.ErrNoRows) {
			return soc.Errorf(soc.Conflict, "the playbook %q is not in shadow mode", playbook)
		}
		if err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM shadows WHERE playbook = ?", playbook); err != nil {
			return err
		}
		return t.noteOfNone(contract.KindPlaybookPromoted, playbook, by, map[string]any{
			"playbook": playbook, "by": by, "reason": plain(reason), "was": was,
		})
	})
}

// noteOfNone appends an entry of no run.
func (t *tx) noteOfNone(kind, playbook, by string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	entry := soc.LedgerEntry{Key: kind + "/" + playbook + "/" + soc.NewID("set"), Kind: kind, Actor: by, Body: text}
	if err := checkEntries([]soc.LedgerEntry{entry}); err != nil {
		return err
	}
	_, err = t.append("", []soc.LedgerEntry{entry})
	return err
}

func (q querier) shadow(playbook string) (soc.ShadowSetting, error) {
	set := soc.ShadowSetting{Playbook: playbook}
	var operations string
	var at int64
	if err := q.row("SELECT plan_digest, operations, set_by, reason, at_ns FROM shadows WHERE playbook = ?", plain(playbook)).
		Scan(&set.PlanDigest, &operations, &set.By, &set.Reason, &at); err != nil {
		return soc.ShadowSetting{}, err
	}
	set.At = fromNanos(at)
	if err := json.Unmarshal([]byte(operations), &set.Operations); err != nil {
		return soc.ShadowSetting{}, fmt.Errorf("read the kept shadow setting of %s: %w", playbook, err)
	}
	return set, nil
}

// Shadow answers a playbook's shadow setting, or NotFound.
func (s *Store) Shadow(ctx context.Context, playbook string) (soc.ShadowSetting, error) {
	set, err := s.read(ctx).shadow(playbook)
	return set, wrap(fmt.Sprintf("find the shadow setting of %q", playbook), err)
}
