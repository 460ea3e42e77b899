package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// Plan is a compiled playbook with the source it was compiled from, kept for ever by its digest.
type Plan struct {
	Digest    string
	Name      string
	Plan      json.RawMessage
	Source    string
	CreatedAt time.Time
}

// Decode reads the plan.
func (p Plan) Decode() (*plan.Plan, error) {
	var decoded plan.Plan
	if err := json.Unmarshal(p.Plan, &decoded); err != nil {
		return nil, fmt.Errorf("read the kept plan %s: %w", p.Digest, err)
	}
	return &decoded, nil
}

// SavePlan keeps a plan; one with the same digest is there already and stays.
func (s *Store) SavePlan(ctx context.Context, p Plan) error {
	if err := checkJSON("plan", p.Plan); err != nil || p.Digest == "" || len(p.Plan) == 0 {
		return soc.Errorf(soc.Invalid, "save a plan: needs a digest and a plan in JSON")
	}
	return s.write(ctx, "save a plan", func(t *tx) error {
		_, err := t.exec("INSERT INTO plans (digest, name, plan, source, created_ns) VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
			p.Digest, p.Name, string(p.Plan), plain(p.Source), t.now.UnixNano())
		return err
	})
}

// PlanByDigest answers a plan.
func (s *Store) PlanByDigest(ctx context.Context, digest string) (Plan, error) {
	var p Plan
	var text string
	var created int64
	err := s.read(ctx).row("SELECT digest, name, plan, source, created_ns FROM plans WHERE digest = ?", plain(digest)).
		Scan(&p.Digest, &p.Name, &text, &p.Source, &created)
	p.Plan, p.CreatedAt = json.RawMessage(text), fromNanos(created)
	return p, wrap(fmt.Sprintf("find plan %q", digest), err)
}

// Setting answers a setting's value, or NotFound.
func (s *Store) Setting(ctx context.Context, key string) (string, error) {
	var value string
	err := s.read(ctx).row("SELECT value FROM settings WHERE key = ?", plain(key)).Scan(&value)
	return value, wrap(fmt.Sprintf("find setting %q", key), err)
}

// SetSetting keeps a setting's value in the place of the former one.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	return s.write(ctx, "keep a setting", func(t *tx) error {
		_, err := t.exec("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
		return err
	})
}

// ForgetSetting removes a setting.
func (s *Store) ForgetSetting(ctx context.Context, key string) error {
	return s.write(ctx, "forget a setting", func(t *tx) error {
		return t.changeOne("setting", key, "DELETE FROM settings WHERE key = ?", key)
	})
}

// PinTools keeps the tools of a server under a setting and says in the ledger what they were.
func (s *Store) PinTools(ctx context.Context, key string, tools any, pinned contract.ToolsPinned) error {
	text, err := json.Marshal(tools)
	if err != nil {
		return err
	}
	return s.write(ctx, "pin the tools of a server", func(t *tx) error {
		if _, err := t.exec("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, string(text)); err != nil {
			return err
		}
		return t.noteOfNone(contract.KindToolsPinned, pinned.Server, "picket", pinned)
	})
}
