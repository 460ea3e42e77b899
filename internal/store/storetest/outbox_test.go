package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
	"picket/internal/store"
)

func claim(t *testing.T, s *store.Store, limit int, lease time.Duration) []string {
	t.Helper()
	rows, err := s.ClaimOutbox(t.Context(), limit, lease)
	require.NoError(t, err)
	ids := []string{}
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	return ids
}

func TestFreshRowsAreHandedOverOnceAndLeased(t *testing.T) {
	bothAt(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		require.Empty(t, claim(t, s, 10, time.Minute), "from now on this process claims")
		accepted(t, s, 1)
		accepted(t, s, 2)
		<-s.OutboxWake()
		rows, err := s.ClaimOutbox(t.Context(), 1, time.Minute)
		require.NoError(t, err)
		require.Len(t, rows, 1)
		require.Equal(t, 1, rows[0].Tries)
		<-s.OutboxWake() // for what the limit left
		require.Len(t, claim(t, s, 10, time.Minute), 1)
		require.Empty(t, claim(t, s, 10, time.Minute))

		other := open(t, dsn)
		require.Empty(t, claim(t, other, 10, time.Minute), "another process finds them leased")
		require.NoError(t, other.ReleaseOutbox(t.Context()))
		again, err := other.ClaimOutbox(t.Context(), 10, time.Minute)
		require.NoError(t, err)
		require.Len(t, again, 2)
		require.Equal(t, rows[0].ID, again[0].ID, "oldest first")
		require.Equal(t, 2, again[0].Tries)
		require.Equal(t, rows[0].Payload, again[0].Payload)

		require.NoError(t, s.DoneOutbox(t.Context(), again[0].ID, again[1].ID, again[1].ID))
		n, err := s.OutboxLen(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestRowsOfAProcessThatDoesNotClaimAreFreeAtOnce(t *testing.T) {
	bothAt(t, func(t *testing.T, dsn string) {
		accepting, dispatching := open(t, dsn), open(t, dsn)
		accepted(t, accepting, 1)
		require.Len(t, claim(t, dispatching, 10, time.Minute), 1)
	})
}

func TestALeaseThatEndedIsClaimedAgainAndARetryWaitsForItsTime(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		accepted(t, s, 1)
		ids := claim(t, s, 10, time.Nanosecond)
		require.Len(t, ids, 1)
		require.Equal(t, ids, claim(t, s, 10, time.Minute))

		require.NoError(t, s.RetryOutbox(t.Context(), ids[0], time.Now().Add(time.Hour), "no answer"))
		require.Empty(t, claim(t, s, 10, time.Minute))
		require.NoError(t, s.RetryOutbox(t.Context(), ids[0], time.Now().Add(-time.Second), "no answer"))
		require.Equal(t, ids, claim(t, s, 10, time.Minute))
	})
}

func TestTwoDispatchersNeverHoldTheSameRow(t *testing.T) {
	bothAt(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		for n := range 30 {
			accepted(t, a, n)
		}
		got := make(chan []store.Outbox)
		for _, s := range []*store.Store{a, b} {
			go func() {
				var mine []store.Outbox
				for {
					rows, err := s.ClaimOutbox(t.Context(), 4, time.Minute)
					if err != nil || len(rows) == 0 {
						break
					}
					mine = append(mine, rows...)
				}
				got <- mine
			}()
		}
		seen := map[string]int{}
		for _, row := range append(<-got, <-got...) {
			seen[row.ID]++
		}
		require.Len(t, seen, 30)
		for id, times := range seen {
			require.Equal(t, 1, times, id)
		}
	})
}

func TestAnotherProcessHearsOfACommit(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		changed, wake := s.Changed(), s.OutboxWake()
		accepted(t, s, 1)
		<-changed
		<-wake
	})
	t.Run("on PostgreSQL from the other process", func(t *testing.T) {
		t.Parallel()
		dsn := postgres(t)
		api, worker := open(t, dsn), open(t, dsn)
		changed := worker.Changed()
		accepted(t, api, 1)
		<-changed
		<-worker.OutboxWake()
		require.Len(t, claim(t, worker, 10, time.Minute), 1)
	})
}

func TestARunGoesItsWay(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		rows, err := s.ClaimOutbox(t.Context(), 1, time.Minute)
		require.NoError(t, err)
		require.NoError(t, s.RunStarted(t.Context(), rows[0].ID, run, "temporal-1"))
		r, err := s.GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, soc.RunRunning, r.Status)
		require.Equal(t, "temporal-1", r.TemporalRunID)
		require.NotNil(t, r.StartedAt)
		counts, err := s.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, store.Counts{OpenAlerts: 1, RunningRuns: 1}, counts)

		end := store.Closing{
			RunID: run, Status: soc.RunCompleted, Reason: "done", Verdict: "malicious", Outputs: []byte(`{"n": 12345678901234567890}`),
			Entries: []soc.LedgerEntry{{Key: "run/finished", Kind: "run.finished"}},
		}
		got, err := s.CloseRun(t.Context(), end)
		require.NoError(t, err)
		require.True(t, got[0].New)
		again, err := s.CloseRun(t.Context(), end)
		require.NoError(t, err)
		require.False(t, again[0].New)
		require.NoError(t, s.MarkRun(t.Context(), run, soc.RunRunning, "temporal-1"), "a late mark changes nothing")

		r, err = s.GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, soc.RunCompleted, r.Status)
		require.Equal(t, "malicious", r.Verdict)
		require.Equal(t, `{"n": 12345678901234567890}`, string(r.Outputs))
		require.NotNil(t, r.EndedAt)
		n, err := s.OutboxLen(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n, "one archiving, not two")

		_, err = s.ArchiveRun(t.Context(), run, "digest", []soc.LedgerEntry{{Key: "history", Kind: "history.archived", Body: []byte(`{"digest":"digest"}`)}})
		require.NoError(t, err)
		r, err = s.GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, "digest", r.Archive)
		counts, err = s.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, store.Counts{}, counts)

		_, err = s.CloseRun(t.Context(), store.Closing{RunID: "run_none", Status: soc.RunFailed})
		kind(t, soc.NotFound, err)
		_, err = s.CloseRun(t.Context(), store.Closing{RunID: run, Status: soc.RunRunning})
		kind(t, soc.Invalid, err)
		kind(t, soc.NotFound, s.MarkRun(t.Context(), "run_none", soc.RunRunning, "x"))
	})
}

func TestTheArchivingOfARunIsClaimedAfterAWhile(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		require.Len(t, claim(t, s, 10, time.Hour), 1)
		_, err := s.CloseRun(t.Context(), store.Closing{RunID: run, Status: soc.RunFailed, TemporalRunID: "t1"})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			rows, err := s.ClaimOutbox(t.Context(), 10, time.Hour)
			return err == nil && len(rows) == 1 && rows[0].Kind == store.OutboxArchive && rows[0].WorkflowID != ""
		}, time.Minute, 100*time.Millisecond)
	})
}

func TestAManualRunStartsOnceByItsWorkflowID(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		alert, _ := accepted(t, s, 1)
		r, err := s.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "p", AlertID: alert, WorkflowID: "w", RequestedBy: "ann"}, Start: []byte(`{}`)})
		require.NoError(t, err)
		kept, err := s.GetRun(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, r, kept)
		_, err = s.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "p", WorkflowID: "w"}})
		kind(t, soc.Conflict, err)
		_, err = s.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "p", AlertID: "alr_none"}})
		kind(t, soc.Invalid, err)

		again, err := s.AcceptAlert(t.Context(), arriving(1))
		require.NoError(t, err)
		require.NotContains(t, again.RunIDs, r.ID, "a repeated alert gets its first answer")
	})
}
