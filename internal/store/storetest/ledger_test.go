package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/audit"
	"picket/internal/soc"
	"picket/internal/store"
)

func accepted(t *testing.T, s *store.Store, n int) (alertID, runID string) {
	t.Helper()
	got, err := s.AcceptAlert(t.Context(), arriving(n))
	require.NoError(t, err)
	return got.AlertID, got.RunIDs[0]
}

func TestTheFirstEntryWithAKeyWins(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		alert, run := accepted(t, s, 1)
		at := time.Date(2026, 1, 2, 3, 4, 5, 678900, time.FixedZone("east", 3600))
		got, err := s.Append(t.Context(), run, []soc.LedgerEntry{
			{Key: "a", Kind: "step.finished", Step: "lookup[3]/geo", Attempt: 2, At: at, Actor: "picket", Body: json.RawMessage("{\"n\": 12345678901234567890,\n \"é\":1}")},
			{Key: "b", Kind: "step.finished"},
		})
		require.NoError(t, err)
		require.True(t, got[0].New)
		require.True(t, got[1].New)
		require.Equal(t, alert, got[0].Entry.AlertID, "an entry of a run names the run's alert")

		again, err := s.Append(t.Context(), run, []soc.LedgerEntry{
			{Key: "a", Kind: "step.finished", Body: json.RawMessage(`"another"`)}, {Key: "c", Kind: "step.finished"}, {Key: "c", Kind: "step.finished"},
		})
		require.NoError(t, err)
		require.False(t, again[0].New)
		require.Equal(t, got[0].Entry, again[0].Entry)
		require.True(t, again[1].New)
		require.False(t, again[2].New, "the same key twice in one call is one entry")
		require.Equal(t, again[1].Entry, again[2].Entry)

		found, err := s.FindEntry(t.Context(), run, "a")
		require.NoError(t, err)
		require.Equal(t, got[0].Entry, found)
		require.Equal(t, "{\"n\": 12345678901234567890,\n \"é\":1}", string(found.Body))
		require.Equal(t, audit.Digest(found), found.Digest)
		_, err = s.FindEntry(t.Context(), run, "z")
		kind(t, soc.NotFound, err)

		entries, err := s.Entries(t.Context(), store.Filter{})
		require.NoError(t, err)
		for i, e := range entries {
			require.EqualValues(t, i+1, e.Seq)
			if i > 0 {
				require.Equal(t, entries[i-1].Digest, e.Prev)
			}
		}
		head, err := s.Head(t.Context())
		require.NoError(t, err)
		require.Equal(t, entries[len(entries)-1].Digest, head.Digest)
	})
}

func TestOneKeyFromManyCallersIsOneEntry(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		var wg sync.WaitGroup
		results := make(chan store.Appended, 100)
		for i := range cap(results) {
			wg.Go(func() {
				got, err := s.Append(t.Context(), run, []soc.LedgerEntry{{Key: "call", Kind: "call.started", Body: fmt.Appendf(nil, "%d", i)}})
				if err == nil {
					results <- got[0]
				}
			})
		}
		wg.Wait()
		require.Len(t, results, cap(results))
		fresh, bodies := 0, map[string]bool{}
		for range cap(results) {
			got := <-results
			bodies[string(got.Entry.Body)] = true
			if got.New {
				fresh++
			}
		}
		require.Equal(t, 1, fresh)
		require.Len(t, bodies, 1)
	})
}

func TestAnEntryThatCannotStandIsRefusedAndTheRestGoesOn(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		for name, e := range map[string]soc.LedgerEntry{
			"without a key":         {Kind: "k"},
			"without a kind":        {Key: "k"},
			"with a body not JSON":  {Key: "k", Kind: "k", Body: json.RawMessage("{")},
			"with a body not UTF-8": {Key: "k", Kind: "k", Body: json.RawMessage("\"\xff\"")},
			"with NUL in the step":  {Key: "k", Kind: "k", Step: "a\x00"},
		} {
			_, err := s.Append(t.Context(), run, []soc.LedgerEntry{{Key: "good", Kind: "k"}, e})
			require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		}
		_, err := s.Append(t.Context(), "run_unknown", []soc.LedgerEntry{{Key: "k", Kind: "k"}})
		kind(t, soc.NotFound, err)
		_, err = s.FindEntry(t.Context(), run, "good")
		kind(t, soc.NotFound, err)
		report, err := audit.Verify(t.Context(), s)
		require.NoError(t, err)
		require.True(t, report.OK)
		require.EqualValues(t, 1, report.Entries)
	})
}

func TestEntriesAreFilteredInOrder(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		alert, run := accepted(t, s, 1)
		_, other := accepted(t, s, 2)
		for i := range 3 {
			for _, r := range []string{run, other} {
				_, err := s.Append(t.Context(), r, []soc.LedgerEntry{{Key: fmt.Sprint(i), Kind: fmt.Sprintf("kind%d", i), Body: json.RawMessage(`1`)}})
				require.NoError(t, err)
			}
		}
		_, err := s.Append(t.Context(), "", []soc.LedgerEntry{{Key: "x", Kind: "loose"}, {Key: "x", Kind: "loose"}})
		require.NoError(t, err)

		count := func(f store.Filter) int {
			entries, err := s.Entries(t.Context(), f)
			require.NoError(t, err)
			for i := 1; i < len(entries); i++ {
				require.Less(t, entries[i-1].Seq, entries[i].Seq)
			}
			return len(entries)
		}
		require.Equal(t, 3, count(store.Filter{RunID: run}))
		require.Equal(t, 4, count(store.Filter{AlertID: alert}), "the alert's own entry and its run's")
		require.Equal(t, 2, count(store.Filter{RunID: run, Kinds: []string{"kind0", "kind2"}}))
		require.Equal(t, 2, count(store.Filter{Kinds: []string{"loose"}}), "without a run a key may come again")
		require.Equal(t, 5, count(store.Filter{AfterSeq: 2, Limit: 5}))
		require.Equal(t, 0, count(store.Filter{AfterSeq: 100}))
		thin, err := s.Entries(t.Context(), store.Filter{RunID: run, NoBody: true})
		require.NoError(t, err)
		require.Empty(t, thin[0].Body)
		require.NotEmpty(t, thin[0].Kind)
	})
}

func TestEntriesOfLargeBodiesAreReadInPartsThatFit(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		for i := range 5 {
			body := json.RawMessage(`"` + strings.Repeat("x", 98) + `"`)
			_, err := s.Append(t.Context(), run, []soc.LedgerEntry{{Key: fmt.Sprint(i), Kind: "large", Body: body}})
			require.NoError(t, err)
		}
		var parts []int
		after := int64(0)
		for {
			entries, err := s.Entries(t.Context(), store.Filter{RunID: run, AfterSeq: after, Bytes: 150})
			require.NoError(t, err)
			if len(entries) == 0 {
				break
			}
			parts, after = append(parts, len(entries)), entries[len(entries)-1].Seq
		}
		require.Equal(t, []int{2, 2, 1}, parts)
		one, err := s.Entries(t.Context(), store.Filter{RunID: run, Bytes: 1})
		require.NoError(t, err)
		require.Len(t, one, 1, "one at least, however large")
	})
}

func TestChangedTellsOfEveryAppend(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		for i := range 3 {
			changed := s.Changed()
			select {
			case <-changed:
				t.Fatal("nothing has changed yet")
			default:
			}
			_, err := s.Append(t.Context(), run, []soc.LedgerEntry{{Key: fmt.Sprint(i), Kind: "k"}})
			require.NoError(t, err)
			<-changed
		}
	})
}

func TestTheLedgerAndDecisionsRefuseToBeChanged(t *testing.T) {
	bothAt(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := asked(t, s, 1)
		_, err := s.Decide(t.Context(), signed(t, a, soc.ApprovalApproved))
		require.NoError(t, err)
		db := raw(t, dsn)
		for _, statement := range []string{
			"UPDATE ledger SET body = '{}'", "UPDATE ledger SET seq = seq + 100 WHERE seq = 1", "DELETE FROM ledger", "DELETE FROM ledger WHERE seq = 2",
			"UPDATE decisions SET doc = '{}'", "DELETE FROM decisions",
		} {
			_, err := db.Exec(statement)
			require.ErrorContains(t, err, "append-only", statement)
		}
		if dsn[:6] != "sqlite" {
			_, err := db.Exec("TRUNCATE ledger")
			require.ErrorContains(t, err, "append-only")
		}
		report, err := audit.Verify(t.Context(), s)
		require.NoError(t, err)
		require.True(t, report.OK, report.Why)
	})
}
