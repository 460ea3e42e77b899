package storetest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

func TestAnAlertIsClosedOpenedAgainAndOfAnotherSeverity(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		alert := soc.Alert{ID: soc.NewID("alr"), Source: "generic", Title: "t", Severity: soc.SeverityHigh, Raw: json.RawMessage(`{}`)}
		_, err := s.AcceptAlerts(t.Context(), []store.Accept{{Alert: alert, DedupKey: alert.ID}})
		require.NoError(t, err)
		change := func(c soc.AlertChange) (soc.AlertState, error) {
			c.AlertID, c.By, c.Reason = alert.ID, "ana", "a scanner of ours"
			return s.ChangeAlert(t.Context(), c)
		}
		closed := soc.AlertChange{Status: soc.AlertClosed, Classification: "false_positive"}
		state, err := change(closed)
		require.NoError(t, err)
		require.Equal(t, soc.AlertClosed, state.Status)
		again, err := change(closed)
		require.NoError(t, err)
		require.Equal(t, state.At.UnixNano(), again.At.UnixNano(), "what it is already changes nothing")
		_, err = change(soc.AlertChange{Status: soc.AlertClosed, Classification: "true_positive"})
		kind(t, soc.Conflict, err)
		for _, bad := range []soc.AlertChange{
			{}, {Status: "gone"}, {Status: soc.AlertClosed}, {Status: soc.AlertClosed, Classification: "undetermined"}, {Severity: "grave"},
			{Status: soc.AlertOpen, Severity: soc.SeverityLow},
		} {
			_, err = change(bad)
			kind(t, soc.Invalid, err)
		}
		_, err = s.ChangeAlert(t.Context(), soc.AlertChange{AlertID: "alr_none", Status: soc.AlertOpen, By: "ana", Reason: "x"})
		kind(t, soc.NotFound, err)

		listed := func(f store.AlertFilter) int {
			list, _, err := s.Alerts(t.Context(), f)
			require.NoError(t, err)
			return len(list)
		}
		require.Equal(t, []int{0, 1, 1}, []int{listed(store.AlertFilter{Status: "open"}), listed(store.AlertFilter{Status: "closed"}), listed(store.AlertFilter{})})
		_, err = change(soc.AlertChange{Status: soc.AlertOpen})
		require.NoError(t, err)
		_, err = change(soc.AlertChange{Severity: soc.SeverityLow})
		require.NoError(t, err)
		require.Equal(t, 1, listed(store.AlertFilter{Severity: soc.SeverityLow, Status: "open"}))

		now, err := s.AlertNow(t.Context(), alert.ID)
		require.NoError(t, err)
		require.Equal(t, []any{soc.SeverityHigh, soc.SeverityLow, "ana"}, []any{now.Severity, now.State.Severity, now.State.By}, "what the source said stays")
		sent, err := s.GetAlert(t.Context(), alert.ID)
		require.NoError(t, err)
		require.Nil(t, sent.State, "playbooks see what the source sent")
		entries, err := s.Entries(t.Context(), store.Filter{AlertID: alert.ID, Kinds: []string{contract.KindAlertChanged}})
		require.NoError(t, err)
		require.Len(t, entries, 3)
	})
}
