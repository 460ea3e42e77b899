package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/audit"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

// arriving is an alert with one run, with all that depends on a number.
func arriving(n int) store.Accept {
	id := soc.NewID("alr")
	return store.Accept{
		Alert: soc.Alert{
			ID: id, Source: "wazuh", ClassUID: 2004, Title: fmt.Sprintf("Alert %d", n), Severity: soc.SeverityHigh,
			Time: time.Unix(1700000000, 5).UTC(), User: soc.User{Name: "Mallory"}, Raw: json.RawMessage(`{"b": 1,  "a":12345678901234567890}`),
		},
		DedupKey: fmt.Sprintf("key-%d", n),
		Runs: []store.NewRun{{
			Run:   soc.Run{ID: soc.NewID("run"), WorkflowID: "run/suspicious/" + id, Playbook: "suspicious", PlanDigest: "p1", AlertTitle: "Alert", Severity: soc.SeverityHigh},
			Start: json.RawMessage(`{"run_id": "x",  "n":1}`),
		}},
	}
}

func TestAcceptKeepsTheAlertItsRunItsStartAndItsEntry(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := arriving(1)
		got, err := s.AcceptAlert(t.Context(), a)
		require.NoError(t, err)
		require.Equal(t, store.AcceptResult{AlertID: a.Alert.ID, RunIDs: []string{a.Runs[0].Run.ID}}, got)

		alert, err := s.GetAlert(t.Context(), got.AlertID)
		require.NoError(t, err)
		require.Equal(t, string(a.Alert.Raw), string(alert.Raw))
		require.Equal(t, a.Alert.Title, alert.Title)
		require.False(t, alert.ReceivedAt.IsZero())

		run, err := s.GetRun(t.Context(), got.RunIDs[0])
		require.NoError(t, err)
		require.Equal(t, soc.RunQueued, run.Status)
		require.Equal(t, got.AlertID, run.AlertID)
		require.Nil(t, run.StartedAt)

		entries, err := s.Entries(t.Context(), store.Filter{AlertID: got.AlertID})
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.Equal(t, contract.KindAlertAccepted, entries[0].Kind)
		require.Equal(t, audit.Digest(entries[0]), entries[0].Digest)

		rows, err := s.ClaimOutbox(t.Context(), 10, time.Minute)
		require.NoError(t, err)
		require.Len(t, rows, 1)
		require.Equal(t, store.OutboxStart, rows[0].Kind)
		require.Equal(t, run.WorkflowID, rows[0].WorkflowID)
		require.Equal(t, string(a.Runs[0].Start), string(rows[0].Payload))
	})
}

func TestAHundredCallersLoseNothingAndBreakNoChain(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		const callers, each = 100, 5
		var wg sync.WaitGroup
		errs := make(chan error, callers*each)
		for c := range callers {
			wg.Go(func() {
				for i := range each {
					got, err := s.AcceptAlert(t.Context(), arriving(c*each+i))
					if err == nil {
						_, err = s.Append(t.Context(), got.RunIDs[0], []soc.LedgerEntry{{Key: "a", Kind: "step.finished"}, {Key: "b", Kind: "step.finished"}})
					}
					errs <- err
				}
			})
		}
		wg.Wait()
		for range callers * each {
			require.NoError(t, <-errs)
		}
		report, err := audit.Verify(t.Context(), s)
		require.NoError(t, err)
		require.True(t, report.OK, report.Why)
		require.EqualValues(t, callers*each*3, report.Entries)
		n, err := s.OutboxLen(t.Context())
		require.NoError(t, err)
		require.Equal(t, callers*each, n)
	})
}
