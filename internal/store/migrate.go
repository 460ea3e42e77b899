package store

import (
	"context"
	"embed"
	"fmt"
	"path"
	"slices"
	"time"

	"picket/internal/soc"
)

//go:embed migrations
var migrations embed.FS

// migrationLock keeps two processes from migrating one PostgreSQL database at once; the number is arbitrary.
const migrationLock = 7420665321

// migrate applies the migrations that are not yet recorded, in the order of their names, each in its transaction.
func (s *Store) migrate(ctx context.Context) error {
	folder := path.Join("migrations", string(s.dialect))
	files, err := migrations.ReadDir(folder)
	if err != nil {
		return err
	}
	if err := s.migrateOne(ctx, "", `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)`); err != nil {
		return err
	}
	known := make([]string, 0, len(files))
	for _, file := range files {
		known = append(known, file.Name())
		text, err := migrations.ReadFile(path.Join(folder, file.Name()))
		if err != nil {
			return err
		}
		if err := s.migrateOne(ctx, file.Name(), string(text)); err != nil {
			return fmt.Errorf("migration %s: %w", file.Name(), err)
		}
	}
	recorded, err := all(querier{s.writes.WithContext(ctx)}, func(row scanner) (name string, err error) {
		return name, row.Scan(&name)
	}, "SELECT name FROM migrations ORDER BY name")
	if err != nil {
		return err
	}
	for _, name := range recorded {
		if !slices.Contains(known, name) {
			return soc.Errorf(soc.Conflict, "the database was written by a newer picket (migration %s is unknown here); start that version", name)
		}
	}
	return nil
}

// migrateOne runs a migration unless it is recorded; a nameless one runs always.
func (s *Store) migrateOne(ctx context.Context, name, text string) (err error) {
	q := querier{s.writes.WithContext(ctx)}
	if _, err := q.exec(s.begin()); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			if _, rollback := q.exec("ROLLBACK"); rollback != nil {
				s.conn.discard()
			}
		}
	}()
	if s.dialect == postgresDialect {
		if _, err := q.exec(fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", migrationLock)); err != nil {
			return err
		}
	}
	if name != "" {
		var applied int
		if err := q.row("SELECT count(*) FROM migrations WHERE name = ?", name).Scan(&applied); err != nil {
			return err
		}
		if applied > 0 {
			_, err := q.exec("COMMIT")
			return err
		}
	}
	// Past gorm, which would take a question mark in a migration for an argument.
	if err := s.conn.script(ctx, text); err != nil {
		return err
	}
	if name != "" {
		at := time.Now().UTC().Format(time.RFC3339)
		if _, err := q.exec("INSERT INTO migrations (name, applied_at) VALUES (?, ?)", name, at); err != nil {
			return err
		}
	}
	_, err = q.exec("COMMIT")
	return err
}

// begin starts a transaction that may write at once, so that it never fails half-way for want of the lock.
func (s *Store) begin() string {
	if s.dialect == sqliteDialect {
		return "BEGIN IMMEDIATE"
	}
	return "BEGIN"
}
