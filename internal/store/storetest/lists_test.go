package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
	"picket/internal/store"
)

func TestListsArePagedNewestFirstWithoutGapsOrRepeats(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		const many = 25
		received := time.Unix(1700000000, 0)
		for n := range many {
			a := arriving(n)
			a.Alert.ReceivedAt = received.Add(time.Duration(n/3) * time.Second) // three at the same instant
			_, err := s.AcceptAlert(t.Context(), a)
			require.NoError(t, err)
		}
		seen, cursor, last := map[string]bool{}, "", time.Now()
		for pages := 0; ; pages++ {
			require.Less(t, pages, 10)
			alerts, next, err := s.Alerts(t.Context(), store.AlertFilter{Limit: 4, Cursor: cursor})
			require.NoError(t, err)
			for _, a := range alerts {
				require.False(t, seen[a.ID])
				require.False(t, a.ReceivedAt.After(last))
				require.Nil(t, a.Raw)
				seen[a.ID], last = true, a.ReceivedAt
			}
			if cursor = next; next == "" {
				break
			}
		}
		require.Len(t, seen, many)

		runs, next, err := s.Runs(t.Context(), store.RunFilter{Limit: many})
		require.NoError(t, err)
		require.Len(t, runs, many)
		require.Empty(t, next, "a page that holds the rest has no next")
		for _, bad := range []string{"x", "!!", "bm8", "MTIzOg==", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OjE"} {
			_, _, err := s.Alerts(t.Context(), store.AlertFilter{Cursor: bad})
			kind(t, soc.Invalid, err)
		}
	})
}

func TestListsAreFiltered(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		for n, title := range []string{`100% "MALWARE" found_here`, `100x malware foundxhere`, `C:\Temp\ünlock`} {
			a := arriving(n)
			a.Alert.Title, a.Alert.ReceivedAt = title, time.Unix(int64(1700000000+n), 0)
			if n == 1 {
				a.Alert.Source, a.Alert.Severity = "defender", soc.SeverityLow
				a.Runs[0].Run.Playbook = "other"
			}
			_, err := s.AcceptAlert(t.Context(), a)
			require.NoError(t, err)
		}
		titles := func(f store.AlertFilter) (found []string) {
			alerts, _, err := s.Alerts(t.Context(), f)
			require.NoError(t, err)
			for _, a := range alerts {
				found = append(found, a.Title[:3])
			}
			return found
		}
		require.Equal(t, []string{"100", "100"}, titles(store.AlertFilter{Q: "Malware"}))
		require.Len(t, titles(store.AlertFilter{Q: "100%"}), 1)
		require.Len(t, titles(store.AlertFilter{Q: "found_here"}), 1)
		require.Len(t, titles(store.AlertFilter{Q: `c:\temp\Ü`}), 1)
		require.Len(t, titles(store.AlertFilter{Q: "mallory"}), 3, "the user too")
		require.Empty(t, titles(store.AlertFilter{Q: "' OR 1=1 --"}))
		require.Empty(t, titles(store.AlertFilter{Q: "\x00"}))
		require.Len(t, titles(store.AlertFilter{Source: "defender"}), 1)
		require.Len(t, titles(store.AlertFilter{Severity: soc.SeverityHigh}), 2)
		require.Len(t, titles(store.AlertFilter{Since: time.Unix(1700000001, 0)}), 2)

		runs, _, err := s.Runs(t.Context(), store.RunFilter{Playbook: "other", Status: soc.RunQueued})
		require.NoError(t, err)
		require.Len(t, runs, 1)
		mine, _, err := s.Runs(t.Context(), store.RunFilter{AlertID: runs[0].AlertID})
		require.NoError(t, err)
		require.Equal(t, runs, mine)

		for n := range 5 {
			a := asked(t, s, 100+n)
			if n%2 == 0 {
				_, err := s.Decide(t.Context(), signed(t, a, soc.ApprovalDenied))
				require.NoError(t, err)
			}
		}
		denied, _, err := s.Approvals(t.Context(), store.ApprovalFilter{Status: soc.ApprovalDenied})
		require.NoError(t, err)
		require.Len(t, denied, 3)
		require.NotNil(t, denied[0].Decision)
		first, next, err := s.Approvals(t.Context(), store.ApprovalFilter{Limit: 3})
		require.NoError(t, err)
		rest, end, err := s.Approvals(t.Context(), store.ApprovalFilter{Limit: 3, Cursor: next})
		require.NoError(t, err)
		require.Len(t, append(first, rest...), 5)
		require.Empty(t, end)
		counts, err := s.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, counts.PendingApprovals)
	})
}

func TestPlansAndSettings(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		plan := store.Plan{Digest: "d1", Name: "phish", Plan: []byte(`{"b":1, "a":2}`), Source: "name: phish"}
		require.NoError(t, s.SavePlan(t.Context(), plan))
		require.NoError(t, s.SavePlan(t.Context(), store.Plan{Digest: "d1", Plan: []byte(`"other"`)}))
		kept, err := s.PlanByDigest(t.Context(), "d1")
		require.NoError(t, err)
		require.Equal(t, `{"b":1, "a":2}`, string(kept.Plan))
		_, err = s.PlanByDigest(t.Context(), "d2")
		kind(t, soc.NotFound, err)
		kind(t, soc.Invalid, s.SavePlan(t.Context(), store.Plan{Digest: "d3", Plan: []byte(`{`)}))

		_, err = s.Setting(t.Context(), "k")
		kind(t, soc.NotFound, err)
		require.NoError(t, s.SetSetting(t.Context(), "k", "1"))
		require.NoError(t, s.SetSetting(t.Context(), "k", "2"))
		value, err := s.Setting(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, "2", value)
	})
}
