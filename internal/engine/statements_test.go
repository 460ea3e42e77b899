package engine

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	modernc "modernc.org/sqlite"
)

// openCached opens a database as the server's are opened.
func openCached(t *testing.T) *sql.DB {
	t.Helper()
	db := sql.OpenDB(&connector{driver: &modernc.Driver{}, dsn: dsn(sqlConfig(filepath.Join(t.TempDir(), "x.db"), "full"))})
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err := db.ExecContext(t.Context(), "CREATE TABLE numbers (n INTEGER PRIMARY KEY, name TEXT)")
	require.NoError(t, err)
	for n := range 5 {
		_, err := db.ExecContext(t.Context(), "INSERT INTO numbers (n, name) VALUES (?, ?)", n, fmt.Sprint("number ", n))
		require.NoError(t, err)
	}
	return db
}

func TestAQueryWithinItselfReadsItsOwnRows(t *testing.T) {
	t.Parallel()
	db := openCached(t)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	const query = "SELECT n FROM numbers WHERE n >= ? ORDER BY n"
	outer, err := tx.QueryContext(t.Context(), query, 1)
	require.NoError(t, err)
	var pairs []string
	for outer.Next() {
		var a, b int
		require.NoError(t, outer.Scan(&a))
		require.NoError(t, tx.QueryRowContext(t.Context(), query, a).Scan(&b))
		pairs = append(pairs, fmt.Sprint(a, b))
	}
	require.NoError(t, outer.Err())
	require.NoError(t, outer.Close())
	require.Equal(t, []string{"1 1", "2 2", "3 3", "4 4"}, pairs)
}

func TestStatementsSurviveErrorsSchemaChangesAndAFullCache(t *testing.T) {
	t.Parallel()
	db := openCached(t)
	const insert = "INSERT INTO numbers (n, name) VALUES (?, ?)"
	_, err := db.ExecContext(t.Context(), insert, 1, "again")
	require.ErrorContains(t, err, "UNIQUE constraint failed")
	_, err = db.ExecContext(t.Context(), insert, 10, "ten")
	require.NoError(t, err)
	read := func() (name string) {
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT name FROM numbers WHERE n = ?", 10).Scan(&name))
		return name
	}
	require.Equal(t, "ten", read())
	_, err = db.ExecContext(t.Context(), "ALTER TABLE numbers ADD COLUMN more TEXT")
	require.NoError(t, err)
	require.Equal(t, "ten", read())
	for i := range 2 * maxStatements {
		var n int
		require.NoError(t, db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d", i)).Scan(&n))
		require.Equal(t, i, n)
	}
	require.Equal(t, "ten", read())
}

func TestTheServersPluginIsStillAsWeKnowIt(t *testing.T) {
	t.Parallel()
	register()
	cfg := sqlConfig(filepath.Join(t.TempDir(), "y.db"), "full")
	db, err := storage.CreateDB(0, cfg, nil, nil, nil)
	require.NoError(t, err, "adapt plugin.go to this version of the server")
	require.NoError(t, db.Close())
	require.NoError(t, storage.closeFiles(files{main: cfg, visibility: cfg}))
}

func TestAMarkIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, summary := range []string{"", "geo", "lookup[3]/geo #1:abc", "a #b", string(make([]byte, 500))} {
		marked := mark(summary, 42, "0123456789abcdef0123456789abcdef")
		require.LessOrEqual(t, len(marked), 250)
		_, n, digest, ok := unmark(marked)
		require.True(t, ok)
		require.Equal(t, 42, n)
		require.Equal(t, "0123456789abcdef0123456789abcdef", digest)
	}
	_, _, _, ok := unmark("geo of #1")
	require.False(t, ok)
}

func TestStatementsSurviveCallersThatGiveUp(t *testing.T) {
	t.Parallel()
	db := openCached(t)
	const slow = "WITH RECURSIVE c(n) AS (SELECT ? UNION ALL SELECT n+1 FROM c WHERE n < 3000) SELECT max(n) FROM c"
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for j := range 50 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*j)*10*time.Microsecond)
				if tx, err := db.BeginTx(ctx, nil); err == nil {
					_, _ = tx.ExecContext(ctx, "UPDATE numbers SET name = name || ? WHERE n = 3", "x")
					var n int
					_ = tx.QueryRowContext(ctx, slow, 1).Scan(&n)
					_ = tx.Rollback()
				}
				cancel()
			}
		})
	}
	callers.Wait()
	var n int
	require.NoError(t, db.QueryRowContext(t.Context(), slow, 1).Scan(&n))
	require.Equal(t, 3000, n)
	var name string
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT name FROM numbers WHERE n = 3").Scan(&name))
	require.Equal(t, "number 3", name, "what was rolled back stayed")
}
