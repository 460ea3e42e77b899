package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/audit"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/store/pgtest"
)

func postgres(t *testing.T) string { t.Helper(); return pgtest.Database(t) }

func TestWhatWasAnsweredIsThereWhenOpenedAgain(t *testing.T) {
	bothAt(t, func(t *testing.T, dsn string) {
		s, err := store.Open(t.Context(), dsn)
		require.NoError(t, err)
		_, run := accepted(t, s, 1)
		require.NoError(t, s.Close())
		_, err = s.Append(t.Context(), run, []soc.LedgerEntry{{Key: "k", Kind: "k"}})
		kind(t, soc.Unavailable, err)

		s = open(t, dsn)
		_, err = s.Append(t.Context(), run, []soc.LedgerEntry{{Key: "k", Kind: "k"}})
		require.NoError(t, err)
		report, err := audit.Verify(t.Context(), s)
		require.NoError(t, err)
		require.True(t, report.OK, report.Why)
		require.EqualValues(t, 2, report.Entries)
	})
}

func TestManyProcessesMayOpenAnEmptyDatabaseAtOnceAndShareOneChain(t *testing.T) {
	bothAt(t, func(t *testing.T, dsn string) {
		var wg sync.WaitGroup
		errs := make(chan error, 4)
		for p := range cap(errs) {
			wg.Go(func() {
				s, err := store.Open(t.Context(), dsn)
				for n := 0; err == nil && n < 20; n++ {
					_, err = s.AcceptAlert(t.Context(), arriving(p*100+n))
				}
				if s != nil {
					s.Close()
				}
				errs <- err
			})
		}
		wg.Wait()
		for range cap(errs) {
			require.NoError(t, <-errs)
		}
		report, err := audit.Verify(t.Context(), open(t, dsn))
		require.NoError(t, err)
		require.True(t, report.OK, report.Why)
		require.EqualValues(t, 80, report.Entries)
	})
}

func TestADatabaseOfANewerPicketIsNotOpened(t *testing.T) {
	bothAt(t, func(t *testing.T, dsn string) {
		require.NoError(t, open(t, dsn).Ping(t.Context()))
		_, err := raw(t, dsn).Exec("INSERT INTO migrations (name, applied_at) VALUES ('9999_future.sql', '')")
		require.NoError(t, err)
		_, err = store.Open(t.Context(), dsn)
		kind(t, soc.Conflict, err)
		require.ErrorContains(t, err, "newer picket")
	})
}

func TestAnAddressThatCannotBeOpenedSaysWhyWithoutThePassword(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for dsn, want := range map[string]soc.Kind{
		"mysql://x":                          soc.Invalid,
		"sqlite:":                            soc.Invalid,
		"sqlite::memory:":                    soc.Invalid,
		"postgres://u:hunter2@[bad":          soc.Invalid,
		"sqlite:" + dir:                      soc.Unavailable,
		"sqlite:" + dir + "/none/picket.db":  soc.Unavailable,
		"postgres://u:hunter2@127.0.0.1:1/x": soc.Unavailable,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := store.Open(ctx, dsn)
		cancel()
		require.Error(t, err, dsn)
		require.NotContains(t, err.Error(), "hunter2")
		require.Equal(t, want, soc.KindOf(err), err.Error())
	}
}

func TestTheSQLiteFileIsOursAloneWhateverItsName(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b?c%20#d.db")
	s := open(t, "sqlite:"+path)
	accepted(t, s, 1)
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	db := raw(t, "sqlite:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path))
	var mode string
	require.NoError(t, db.QueryRow("PRAGMA journal_mode").Scan(&mode))
	require.Equal(t, "wal", mode)
}

func TestWritingGoesOnAfterPostgreSQLDroppedItsConnections(t *testing.T) {
	t.Parallel()
	dsn := postgres(t)
	s := open(t, dsn)
	_, run := accepted(t, s, 1)
	db := raw(t, dsn)
	for n := range 5 {
		var dropped int
		require.NoError(t, db.QueryRow(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&dropped))
		require.Positive(t, dropped)
		_, err := s.Append(t.Context(), run, []soc.LedgerEntry{{Key: fmt.Sprint(n), Kind: "k"}})
		require.NoError(t, err)
		_, err = s.GetRun(t.Context(), run)
		require.NoError(t, err)
	}
	report, err := audit.Verify(t.Context(), s)
	require.NoError(t, err)
	require.True(t, report.OK, report.Why)
	require.EqualValues(t, 6, report.Entries)
}
