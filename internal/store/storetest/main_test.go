// Package storetest holds the store's conformance suite: every test runs on SQLite and on a real PostgreSQL.
package storetest

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// both runs a test on an empty database of each kind.
func both(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	bothAt(t, func(t *testing.T, dsn string) { test(t, open(t, dsn)) })
}

func bothAt(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "picket.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, pgtest.Database(t))
	})
}

func open(t testing.TB, dsn string, options ...store.Option) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), dsn, options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// raw opens the database past the store, as someone with its password or its file would.
func raw(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	driver, source := "pgx", dsn
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// kind requires an error of a kind.
func kind(t *testing.T, want soc.Kind, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, soc.KindOf(err), err.Error())
}
