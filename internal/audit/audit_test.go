package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/audit"
	"picket/internal/blob"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const length = 40

// marker is in the body of the entry whose file is changed.
const marker = "the quick brown fox"

func signer(t *testing.T) *audit.Signer {
	t.Helper()
	s, err := audit.NewSigner([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(t, err)
	return s
}

func open(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), dsn, store.WithHeadSigner(signer(t).SignHead))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// written is a ledger of length entries.
func written(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s := open(t, dsn)
	run, err := s.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "p"}})
	require.NoError(t, err)
	for n := 1; n <= length; n++ {
		_, err := s.Append(t.Context(), run.ID, []soc.LedgerEntry{{
			Key: fmt.Sprint("k", n), Kind: "step.finished", Step: "contain", Attempt: 1, Actor: "picket", AlertID: "alr_1",
			Body: json.RawMessage(fmt.Sprintf(`{"n":%d,"text":"%s %d"}`, n, marker, n)),
		}})
		require.NoError(t, err)
	}
	report, err := audit.Verify(t.Context(), s, audit.WithSigner(signer(t)))
	require.NoError(t, err)
	require.True(t, report.OK, report.Why)
	require.True(t, report.Signed)
	require.EqualValues(t, length, report.Entries)
	return s
}

// tamper opens the database past the store and removes what guards the ledger, as an intruder with full access would.
func tamper(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	driver, source := "pgx", dsn
	guards := []string{"DROP TRIGGER ledger_no_change ON ledger", "DROP TRIGGER ledger_no_truncate ON ledger"}
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
		guards = []string{"DROP TRIGGER ledger_no_update", "DROP TRIGGER ledger_no_delete"}
	}
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range append(guards, statements...) {
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	}
}

func TestTheFirstBadEntryIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change []string
		bad    int64
		why    string
	}{
		"a byte of a body":       {[]string{"UPDATE ledger SET body = replace(body, 'quick', 'quiCk') WHERE seq = 17"}, 17, "changed after"},
		"white space in a body":  {[]string{"UPDATE ledger SET body = body || ' ' WHERE seq = 17"}, 17, "changed after"},
		"a kind":                 {[]string{"UPDATE ledger SET kind = 'call.finished' WHERE seq = 3"}, 3, "changed after"},
		"a run":                  {[]string{"UPDATE ledger SET run_id = 'run_x' WHERE seq = 3"}, 3, "changed after"},
		"an alert":               {[]string{"UPDATE ledger SET alert_id = 'alr_2' WHERE seq = 3"}, 3, "changed after"},
		"a key":                  {[]string{"UPDATE ledger SET key = 'kk' WHERE seq = 3"}, 3, "changed after"},
		"a step":                 {[]string{"UPDATE ledger SET step = 'contaim' WHERE seq = 3"}, 3, "changed after"},
		"an attempt":             {[]string{"UPDATE ledger SET attempt = 2 WHERE seq = 3"}, 3, "changed after"},
		"an actor":               {[]string{"UPDATE ledger SET actor = 'mallory' WHERE seq = 3"}, 3, "changed after"},
		"a time":                 {[]string{"UPDATE ledger SET at = '2020-01-01T00:00:00Z' WHERE seq = 3"}, 3, "changed after"},
		"a time's spelling":      {[]string{"UPDATE ledger SET at = replace(at, '.', ',') WHERE seq = 3"}, 3, "changed after"},
		"a digest":               {[]string{"UPDATE ledger SET digest = replace(digest, substr(digest, 1, 1), 'x') WHERE seq = 3"}, 3, "changed after"},
		"a link":                 {[]string{"UPDATE ledger SET prev = replace(prev, substr(prev, 1, 1), 'x') WHERE seq = 3"}, 3, "follow"},
		"a text moved":           {[]string{"UPDATE ledger SET step = 'contai', actor = 'npicket' WHERE seq = 3"}, 3, "changed after"},
		"an entry taken out":     {[]string{"DELETE FROM ledger WHERE seq = 20"}, 21, "entry 20 is missing"},
		"the first entry out":    {[]string{"DELETE FROM ledger WHERE seq = 1"}, 2, "entry 1 is missing"},
		"one put before all":     {[]string{"INSERT INTO ledger SELECT 0, '', '', key, kind, step, attempt, at, actor, body, prev, digest FROM ledger WHERE seq = 1"}, 0, "missing"},
		"the tail cut off":       {[]string{"DELETE FROM ledger WHERE seq > 30"}, 31, "tail was cut off"},
		"tail and head cut off":  {[]string{"DELETE FROM ledger WHERE seq > 30", "UPDATE ledger_head SET seq = 30, digest = (SELECT digest FROM ledger WHERE seq = 30)"}, 30, "not signed"},
		"the whole ledger":       {[]string{"DELETE FROM ledger"}, 1, "tail was cut off"},
		"the head's record":      {[]string{"DELETE FROM ledger_head"}, 0, "head is gone"},
		"two entries, exchanged": {[]string{"UPDATE ledger SET seq = 1000 WHERE seq = 5", "UPDATE ledger SET seq = 5 WHERE seq = 6", "UPDATE ledger SET seq = 6 WHERE seq = 1000"}, 5, "follow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, dsn := range []string{"sqlite:" + filepath.Join(t.TempDir(), "picket.db"), pgtest.Database(t)} {
				s := written(t, dsn)
				tamper(t, dsn, c.change...)
				report, err := audit.Verify(t.Context(), s, audit.WithSigner(signer(t)))
				require.NoError(t, err)
				require.False(t, report.OK)
				require.Equal(t, c.bad, report.FirstBad, report.Why)
				require.Contains(t, report.Why, c.why)
			}
		})
	}
}

func TestAForgerWithoutTheKeyCannotRewriteTheTail(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "picket.db")
	s := written(t, dsn)
	entries, err := s.Entries(t.Context(), store.Filter{AfterSeq: length - 1})
	require.NoError(t, err)
	forged := entries[0]
	forged.Body = json.RawMessage(`{"n":"forged"}`)
	forged.Digest = audit.Digest(forged) // anyone can compute it
	tamper(t, dsn,
		fmt.Sprintf("UPDATE ledger SET body = '%s', digest = '%s' WHERE seq = %d", forged.Body, forged.Digest, forged.Seq),
		fmt.Sprintf("UPDATE ledger_head SET digest = '%s'", forged.Digest))
	plain, err := audit.Verify(t.Context(), s)
	require.NoError(t, err)
	require.True(t, plain.OK, "without the key the forged tail looks whole")
	require.False(t, plain.Signed)
	report, err := audit.Verify(t.Context(), s, audit.WithSigner(signer(t)))
	require.NoError(t, err)
	require.False(t, report.OK)
	require.EqualValues(t, length, report.FirstBad)
}

func TestOneByteChangedInTheFileIsFound(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "picket.db")
	require.NoError(t, written(t, "sqlite:"+path).Close())
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	at := bytes.Index(file, []byte(marker+" 23\""))
	require.Positive(t, at)
	file[at] ^= 0x20
	require.NoError(t, os.WriteFile(path, file, 0o600))

	report, err := audit.Verify(t.Context(), open(t, "sqlite:"+path), audit.WithSigner(signer(t)))
	require.NoError(t, err)
	require.False(t, report.OK)
	require.EqualValues(t, 23, report.FirstBad)
	require.Equal(t, "step.finished", report.Kind)
	require.Equal(t, "k23", report.Key)
	require.NotEmpty(t, report.RunID)
	require.EqualValues(t, 22, report.Entries)
}

func TestTheArchiveIsVerifiedToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := written(t, "sqlite:"+filepath.Join(dir, "picket.db"))
	archive, err := blob.Open(filepath.Join(dir, "blobs"))
	require.NoError(t, err)
	digest, err := archive.Put(t.Context(), []byte("history"))
	require.NoError(t, err)
	runs, _, err := s.Runs(t.Context(), store.RunFilter{})
	require.NoError(t, err)
	appended, err := s.ArchiveRun(t.Context(), runs[0].ID, digest, []soc.LedgerEntry{{Key: "history", Kind: contract.KindHistoryArchived, Body: fmt.Appendf(nil, `{"digest":%q}`, digest)}})
	require.NoError(t, err)

	report, err := audit.Verify(t.Context(), s, audit.WithArchive(archive))
	require.NoError(t, err)
	require.True(t, report.OK, report.Why)
	require.EqualValues(t, 1, report.Archived)

	paths, err := filepath.Glob(filepath.Join(dir, "blobs", "*", "*", "*.zst"))
	require.NoError(t, err)
	require.Len(t, paths, 1)
	require.NoError(t, os.WriteFile(paths[0], []byte("other"), 0o600))
	report, err = audit.Verify(t.Context(), s, audit.WithArchive(archive))
	require.NoError(t, err)
	require.False(t, report.OK)
	require.Equal(t, appended[0].Entry.Seq, report.FirstBad)
	require.Contains(t, report.Why, "damaged")
	require.NoError(t, os.Remove(paths[0]))
	report, err = audit.Verify(t.Context(), s, audit.WithArchive(archive))
	require.NoError(t, err)
	require.Contains(t, report.Why, "has no document")
}

func TestWhatAnArchiveListsIsVerifiedToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := written(t, "sqlite:"+filepath.Join(dir, "picket.db"))
	archive, err := blob.Open(filepath.Join(dir, "blobs"))
	require.NoError(t, err)
	put := func(text string) string {
		digest, err := archive.Put(t.Context(), []byte(text))
		require.NoError(t, err)
		return digest
	}
	first, next, payload := put("first history"), put("next history"), put("payload")
	index := put(fmt.Sprintf(`{"histories":[{"digest":%q},{"digest":%q}],"payloads":[{"digest":%q}]}`, first, next, payload))
	runs, _, err := s.Runs(t.Context(), store.RunFilter{})
	require.NoError(t, err)
	appended, err := s.ArchiveRun(t.Context(), runs[0].ID, first, []soc.LedgerEntry{{
		Key: "archive", Kind: contract.KindHistoryArchived, Body: fmt.Appendf(nil, `{"digest":%q,"index":%q}`, first, index),
	}})
	require.NoError(t, err)
	report, err := audit.Verify(t.Context(), s, audit.WithArchive(archive))
	require.NoError(t, err)
	require.True(t, report.OK, report.Why)
	require.EqualValues(t, 4, report.Archived)

	for name, digest := range map[string]string{"a payload": payload, "another history": next, "the index": index} {
		file := filepath.Join(dir, "blobs", digest[:2], digest[2:6], digest+".zst")
		require.NoError(t, os.Rename(file, file+".lost"))
		report, err = audit.Verify(t.Context(), s, audit.WithArchive(archive))
		require.NoError(t, err)
		require.False(t, report.OK, name)
		require.Equal(t, appended[0].Entry.Seq, report.FirstBad, name)
		require.Contains(t, report.Why, digest, name)
		require.NoError(t, os.Rename(file+".lost", file))
	}
}

func TestALongLedgerIsVerifiedInPages(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "picket.db"))
	run, err := s.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "p"}})
	require.NoError(t, err)
	entries := make([]soc.LedgerEntry, 1203)
	for i := range entries {
		entries[i] = soc.LedgerEntry{Key: fmt.Sprint(i), Kind: "k"}
	}
	_, err = s.Append(t.Context(), run.ID, entries)
	require.NoError(t, err)
	report, err := audit.Verify(t.Context(), s, audit.WithSigner(signer(t)))
	require.NoError(t, err)
	require.True(t, report.OK, report.Why)
	require.EqualValues(t, len(entries), report.Entries)
}

func TestAnEmptyLedgerIsWhole(t *testing.T) {
	t.Parallel()
	report, err := audit.Verify(t.Context(), open(t, "sqlite:"+filepath.Join(t.TempDir(), "picket.db")), audit.WithSigner(signer(t)))
	require.NoError(t, err)
	require.True(t, report.OK, report.Why)
	require.Zero(t, report.Entries)
}
