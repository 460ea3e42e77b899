package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"picket/internal/soc"
)

// Plan is a compiled playbook with the source it was compiled from, kept for ever by its digest.
type Plan struct {
	Digest    string
	Name      string
	Plan      json.RawMessage
	Source    string
	CreatedAt time.Time
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
	var plan string
	var created int64
	err := s.read(ctx).row("SELECT digest, name, plan, source, created_ns FROM plans WHERE digest = ?", plain(digest)).
		Scan(&p.Digest, &p.Name, &plan, &p.Source, &created)
	p.Plan, p.CreatedAt = json.RawMessage(plan), fromNanos(created)
	return p, wrap(fmt.Sprintf("find plan %q", digest), err)
}

// Playbook is the present source of a playbook. PlanDigest is empty while the source does not compile.
type Playbook struct {
	Name       string
	File       string
	Source     string
	PlanDigest string
	UpdatedAt  time.Time
}

// SavePlaybook keeps a playbook's source in the place of the former one.
func (s *Store) SavePlaybook(ctx context.Context, p Playbook) error {
	if p.Name == "" || len(p.Name) > 200 || p.Name != plain(p.Name) {
		return soc.Errorf(soc.Invalid, "save a playbook: the name must be 1 to 200 bytes of text")
	}
	return s.write(ctx, "save a playbook", func(t *tx) error {
		_, err := t.exec(`INSERT INTO playbooks (name, file, source, plan_digest, updated_ns) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET file = excluded.file, source = excluded.source,
			plan_digest = excluded.plan_digest, updated_ns = excluded.updated_ns`,
			p.Name, plain(p.File), plain(p.Source), p.PlanDigest, t.now.UnixNano())
		return err
	})
}

const playbookColumns = "name, file, source, plan_digest, updated_ns"

func scanPlaybook(row scanner) (Playbook, error) {
	var p Playbook
	var updated int64
	err := row.Scan(&p.Name, &p.File, &p.Source, &p.PlanDigest, &updated)
	p.UpdatedAt = fromNanos(updated)
	return p, err
}

// PlaybookByName answers a playbook's present source.
func (s *Store) PlaybookByName(ctx context.Context, name string) (Playbook, error) {
	p, err := scanPlaybook(s.read(ctx).row("SELECT "+playbookColumns+" FROM playbooks WHERE name = ?", plain(name)))
	return p, wrap(fmt.Sprintf("find playbook %q", name), err)
}

// Playbooks lists all playbooks by name.
func (s *Store) Playbooks(ctx context.Context) ([]Playbook, error) {
	list, err := all(s.read(ctx), scanPlaybook, "SELECT "+playbookColumns+" FROM playbooks ORDER BY name")
	return list, wrap("list playbooks", err)
}

// DeletePlaybook removes a playbook's source; its plans and runs stay.
func (s *Store) DeletePlaybook(ctx context.Context, name string) error {
	return s.write(ctx, "delete a playbook", func(t *tx) error {
		return t.changeOne("playbook", name, "DELETE FROM playbooks WHERE name = ?", name)
	})
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
