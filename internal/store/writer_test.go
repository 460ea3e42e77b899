package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
	"picket/internal/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func both(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	t.Parallel()
	for name, dsn := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "picket.db") },
		"postgres": func(t *testing.T) string { return pgtest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(context.Background(), dsn(t))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			test(t, s)
		})
	}
}

// occupy keeps the writer busy until the answer is called, so that what is written meanwhile is one batch.
func occupy(t *testing.T, s *Store) (release func()) {
	t.Helper()
	begun, hold, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.write(context.Background(), "occupy", func(*tx) error {
			close(begun)
			<-hold
			return nil
		})
	}()
	<-begun
	return func() {
		close(hold)
		require.NoError(t, <-ended)
	}
}

// waiting returns when n writes wait.
func waiting(t *testing.T, s *Store, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.queue) == n }, time.Minute, time.Millisecond)
}

func set(t *tx, key string) error {
	_, err := t.exec("INSERT INTO settings (key, value) VALUES (?, 'v')", key)
	return err
}

func TestAWriteThatFailsTakesNoOtherWithIt(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		require.NoError(t, s.SetSetting(t.Context(), "taken", "v"))
		release := occupy(t, s)
		const writes = 60
		results := make([]chan error, writes)
		for i := range writes {
			results[i] = make(chan error, 1)
			go func() {
				results[i] <- s.write(t.Context(), "test", func(tx *tx) error {
					if _, err := tx.append("", []soc.LedgerEntry{{Key: fmt.Sprint(i), Kind: "k"}}); err != nil {
						return err
					}
					if err := set(tx, fmt.Sprint("key", i)); err != nil {
						return err
					}
					switch i % 4 {
					case 1:
						return soc.Errorf(soc.Denied, "no")
					case 2:
						return set(tx, "taken")
					case 3:
						panic("a fault")
					}
					return nil
				})
			}()
		}
		waiting(t, s, writes)
		release()
		for i, want := range results {
			switch err := <-want; i % 4 {
			case 0:
				require.NoError(t, err)
			case 1:
				require.Equal(t, soc.Denied, soc.KindOf(err))
			case 2:
				require.Equal(t, soc.Conflict, soc.KindOf(err))
			case 3:
				require.Equal(t, soc.Internal, soc.KindOf(err))
			}
			_, err := s.Setting(t.Context(), fmt.Sprint("key", i))
			require.Equal(t, i%4 == 0, err == nil, "write %d", i)
		}
		entries, err := s.Entries(t.Context(), Filter{})
		require.NoError(t, err)
		require.Len(t, entries, writes/4)
		head, err := s.Head(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, writes/4, head.Seq, "no gap where a write failed")
		require.Equal(t, entries[len(entries)-1].Digest, head.Digest)
	})
}

func TestAWriteThatNobodyWaitsForIsNotBegun(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		release := occupy(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- s.write(ctx, "test", func(tx *tx) error { return set(tx, "abandoned") }) }()
		waiting(t, s, 1)
		cancel()
		err := <-result
		require.Equal(t, soc.Unavailable, soc.KindOf(err))
		require.ErrorIs(t, err, context.Canceled)
		release()
		require.NoError(t, s.SetSetting(t.Context(), "later", "v"))
		_, err = s.Setting(t.Context(), "abandoned")
		require.Equal(t, soc.NotFound, soc.KindOf(err))
	})
}

func TestClosingCommitsWhatWaits(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "picket.db")
	s, err := Open(t.Context(), dsn)
	require.NoError(t, err)
	release := occupy(t, s)
	const writes = 300 // more than one batch
	results := make(chan error, writes)
	for i := range writes {
		go func() { results <- s.SetSetting(context.Background(), fmt.Sprint(i), "v") }()
	}
	waiting(t, s, writes)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	<-s.stopping
	release()
	require.NoError(t, <-closed)
	for range writes {
		require.NoError(t, <-results)
	}
	s, err = Open(t.Context(), dsn)
	require.NoError(t, err)
	defer s.Close()
	var kept int
	require.NoError(t, s.read(t.Context()).row("SELECT count(*) FROM settings").Scan(&kept))
	require.Equal(t, writes, kept)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice is closing once")
}

func TestABatchWhoseTransactionBreaksIsAnsweredToAll(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		release := occupy(t, s)
		results := make(chan error, 3)
		for i := range cap(results) {
			go func() {
				results <- s.write(t.Context(), "test", func(tx *tx) error {
					if i == 0 {
						if _, err := tx.exec("ROLLBACK"); err != nil { // as SQLite does when the disk is full
							return err
						}
						return errors.New("the transaction is gone")
					}
					return set(tx, fmt.Sprint("key", i))
				})
			}()
		}
		waiting(t, s, cap(results))
		release()
		failed := 0
		for range cap(results) {
			if <-results != nil {
				failed++
			}
		}
		require.Positive(t, failed)
		var kept int
		require.NoError(t, s.read(t.Context()).row("SELECT count(*) FROM settings").Scan(&kept))
		require.Equal(t, cap(results)-failed, kept, "what was answered as kept is kept, and nothing else")
		require.NoError(t, s.SetSetting(t.Context(), "later", "v"))
	})
}
