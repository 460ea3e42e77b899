package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"picket/internal/contract"
	"picket/internal/soc"
)

// MaxVersions bounds how many versions of a playbook a list has: the newest.
const MaxVersions = 200

// NewerVersionError says that a playbook has a version that the writer of another has not seen.
type NewerVersionError struct{ Newest soc.PlaybookVersion }

func (e *NewerVersionError) Error() string {
	if e.Newest.Number == 0 {
		return "no version of this playbook has been saved yet: its base is 0"
	}
	return fmt.Sprintf("%s saved version %d of this playbook meanwhile", e.Newest.Author, e.Newest.Number)
}

// Unwrap makes it a Conflict.
func (e *NewerVersionError) Unwrap() error { return soc.Errorf(soc.Conflict, "a newer version") }

// SaveVersion keeps a text as the next version of a playbook and says so in the ledger; it runs when it is published. The
// base must be the newest version, else the error is a *NewerVersionError. The answer is without the texts.
func (s *Store) SaveVersion(ctx context.Context, v soc.PlaybookVersion) (soc.PlaybookVersion, error) {
	doing := "save a version"
	if v.Playbook == "" || len(v.Playbook) > 200 || v.Playbook != plain(v.Playbook) || v.Author == "" || v.Source == "" {
		return soc.PlaybookVersion{}, soc.Errorf(soc.Invalid, "%s: it needs a playbook's name of 1 to 200 bytes, a text and a person", doing)
	}
	source, tests := plain(v.Source), plain(v.Tests)
	sum := sha256.New()
	fmt.Fprintf(sum, "%d\n%s%s", len(source), source, tests)
	v.Digest, v.Source, v.Tests = hex.EncodeToString(sum.Sum(nil)), "", ""
	v.Message = plain(v.Message)
	err := s.write(ctx, doing, func(t *tx) error {
		newest, err := t.newest(v.Playbook)
		if err != nil {
			return err
		}
		if newest.Number != v.Base {
			return &NewerVersionError{newest}
		}
		v.Number, v.At = newest.Number+1, t.now
		if _, err := t.exec(`INSERT INTO playbook_versions (playbook, number, base, digest, source, tests, author, message, at_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			v.Playbook, v.Number, v.Base, v.Digest, source, tests, plain(v.Author), v.Message, nanos(v.At)); err != nil {
			return err
		}
		return t.noteOfNone(contract.KindPlaybookSaved, v.Playbook, v.Author, v)
	})
	return v, err
}

const versionColumns = "playbook, number, base, digest, author, message, at_ns"

func scanVersion(row scanner) (soc.PlaybookVersion, error) {
	var v soc.PlaybookVersion
	var at int64
	err := row.Scan(&v.Playbook, &v.Number, &v.Base, &v.Digest, &v.Author, &v.Message, &at)
	v.At = fromNanos(at)
	return v, err
}

// newest answers a playbook's newest version without its texts; the zero value is none.
func (q querier) newest(playbook string) (soc.PlaybookVersion, error) {
	v, err := scanVersion(q.row("SELECT "+versionColumns+" FROM playbook_versions WHERE playbook = ? ORDER BY number DESC LIMIT 1", plain(playbook)))
	if errors.Is(err, sql.ErrNoRows) {
		return soc.PlaybookVersion{}, nil
	}
	return v, err
}

// Versions lists the versions of a playbook without their texts, the newest first, at most MaxVersions.
func (s *Store) Versions(ctx context.Context, playbook string) ([]soc.PlaybookVersion, error) {
	list, err := all(s.read(ctx), scanVersion, "SELECT "+versionColumns+" FROM playbook_versions WHERE playbook = ? ORDER BY number DESC LIMIT ?", plain(playbook), MaxVersions)
	return list, wrap("list versions", err)
}

// NewestVersions lists the newest version of every playbook that has one, without their texts, by name.
func (s *Store) NewestVersions(ctx context.Context) ([]soc.PlaybookVersion, error) {
	list, err := all(s.read(ctx), scanVersion, "SELECT "+versionColumns+` FROM playbook_versions v
		WHERE number = (SELECT MAX(number) FROM playbook_versions w WHERE w.playbook = v.playbook) ORDER BY playbook`)
	return list, wrap("list the newest versions", err)
}

// Version answers a version with its texts.
func (s *Store) Version(ctx context.Context, playbook string, number int) (soc.PlaybookVersion, error) {
	var v soc.PlaybookVersion
	var at int64
	err := s.read(ctx).row("SELECT "+versionColumns+", source, tests FROM playbook_versions WHERE playbook = ? AND number = ?", plain(playbook), number).
		Scan(&v.Playbook, &v.Number, &v.Base, &v.Digest, &v.Author, &v.Message, &at, &v.Source, &v.Tests)
	v.At = fromNanos(at)
	return v, wrap(fmt.Sprintf("find version %d of %q", number, playbook), err)
}

// Publish keeps which version of a playbook runs from now on and says in the ledger who decided that, and why.
func (s *Store) Publish(ctx context.Context, p soc.Publication) (soc.Publication, error) {
	doing := "publish a version"
	if p.Playbook == "" || p.By == "" || p.Version < 0 {
		return soc.Publication{}, soc.Errorf(soc.Invalid, "%s: it needs a playbook, a version and a person", doing)
	}
	p.Reason = plain(p.Reason)
	err := s.write(ctx, doing, func(t *tx) error {
		p.At = t.now
		if p.Version > 0 {
			var is int
			if err := t.row("SELECT number FROM playbook_versions WHERE playbook = ? AND number = ?", plain(p.Playbook), p.Version).Scan(&is); err != nil {
				return err
			}
		}
		if _, err := t.exec("INSERT INTO publications (playbook, at_ns, version, set_by, reason) VALUES (?, ?, ?, ?, ?)",
			plain(p.Playbook), nanos(p.At), p.Version, plain(p.By), p.Reason); err != nil {
			return err
		}
		return t.noteOfNone(contract.KindPlaybookPublished, p.Playbook, p.By, p)
	})
	return p, err
}

func scanPublication(row scanner) (soc.Publication, error) {
	var p soc.Publication
	var at int64
	err := row.Scan(&p.Playbook, &at, &p.Version, &p.By, &p.Reason)
	p.At = fromNanos(at)
	return p, err
}

// Publications lists when which version of a playbook was published, the newest first, at most MaxVersions; for "", the
// last publication of each playbook, by name.
func (s *Store) Publications(ctx context.Context, playbook string) ([]soc.Publication, error) {
	const columns = "SELECT playbook, at_ns, version, set_by, reason FROM publications p "
	if playbook == "" {
		list, err := all(s.read(ctx), scanPublication, columns+"WHERE at_ns = (SELECT MAX(at_ns) FROM publications q WHERE q.playbook = p.playbook) ORDER BY playbook")
		return list, wrap("list what is published", err)
	}
	list, err := all(s.read(ctx), scanPublication, columns+"WHERE playbook = ? ORDER BY at_ns DESC LIMIT ?", plain(playbook), MaxVersions)
	return list, wrap("list publications", err)
}
