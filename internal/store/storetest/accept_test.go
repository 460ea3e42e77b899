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

func TestTheSameAlertTwiceIsOneAlertWithOneRun(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		first := arriving(1)
		got, err := s.AcceptAlert(t.Context(), first)
		require.NoError(t, err)
		again, err := s.AcceptAlert(t.Context(), arriving(1))
		require.NoError(t, err)
		require.Equal(t, store.AcceptResult{AlertID: got.AlertID, Duplicate: true, RunIDs: got.RunIDs}, again)

		other := arriving(1)
		other.Alert.Source = "defender"
		elsewhere, err := s.AcceptAlert(t.Context(), other)
		require.NoError(t, err)
		require.False(t, elsewhere.Duplicate, "another source's key is another key")

		runs, _, err := s.Runs(t.Context(), store.RunFilter{})
		require.NoError(t, err)
		require.Len(t, runs, 2)
		entries, err := s.Entries(t.Context(), store.Filter{})
		require.NoError(t, err)
		require.Len(t, entries, 2)
	})
}

func TestTheSameAlertFromManySendersAtOnceIsOneAlert(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		var wg sync.WaitGroup
		results := make(chan store.AcceptResult, 50)
		for range cap(results) {
			wg.Go(func() {
				got, err := s.AcceptAlert(t.Context(), arriving(7))
				if err == nil {
					results <- got
				}
			})
		}
		wg.Wait()
		require.Len(t, results, cap(results))
		fresh, ids := 0, map[string]bool{}
		for range cap(results) {
			got := <-results
			ids[got.AlertID+got.RunIDs[0]] = true
			if !got.Duplicate {
				fresh++
			}
		}
		require.Equal(t, 1, fresh)
		require.Len(t, ids, 1)
	})
}

func TestTheSameRequestTwiceIsOneAnswerAndWithAnotherBodyAConflict(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := arriving(1)
		a.RequestID, a.BodyDigest = "req-1", "d1"
		first, err := s.AcceptAlert(t.Context(), a)
		require.NoError(t, err)

		b := arriving(2) // what the repeated request was parsed to is not looked at
		b.RequestID, b.BodyDigest = "req-1", "d1"
		again, err := s.AcceptAlert(t.Context(), b)
		require.NoError(t, err)
		first.Replayed = true
		require.Equal(t, first, again)

		b.BodyDigest = "d2"
		_, err = s.AcceptAlert(t.Context(), b)
		kind(t, soc.Conflict, err)

		b.Alert.Source = "defender"
		elsewhere, err := s.AcceptAlert(t.Context(), b)
		require.NoError(t, err)
		require.False(t, elsewhere.Replayed)
	})
}

func TestABatchIsAcceptedWholeOrNotAtAll(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		batch := []store.Accept{arriving(1), arriving(2), arriving(1)}
		for i := range batch {
			batch[i].RequestID, batch[i].BodyDigest = "req", "d"
		}
		got, err := s.AcceptAlerts(t.Context(), batch)
		require.NoError(t, err)
		require.Len(t, got, 3)
		require.True(t, got[2].Duplicate)
		require.Equal(t, got[0].AlertID, got[2].AlertID)

		again, err := s.AcceptAlerts(t.Context(), batch)
		require.NoError(t, err)
		for i := range again {
			require.True(t, again[i].Replayed)
			require.Equal(t, got[i].AlertID, again[i].AlertID)
			require.Equal(t, got[i].Duplicate, again[i].Duplicate)
		}

		bad := []store.Accept{arriving(3), arriving(4)}
		bad[1].Runs[0].Run.WorkflowID = batch[0].Runs[0].Run.WorkflowID
		_, err = s.AcceptAlerts(t.Context(), bad)
		kind(t, soc.Conflict, err)
		_, err = s.GetAlert(t.Context(), bad[0].Alert.ID)
		kind(t, soc.NotFound, err)
	})
}

func TestHostileTextIsKeptOrRefusedButBreaksNothing(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := arriving(1)
		a.Alert.Title = "nul \x00 and \xff\xfe bad bytes '; DROP TABLE ledger; -- ? @name $1"
		a.DedupKey = "\x00" + string(make([]byte, 5000))
		a.RequestID = "\xff?"
		got, err := s.AcceptAlert(t.Context(), a)
		require.NoError(t, err)
		again, err := s.AcceptAlert(t.Context(), a)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		alert, err := s.GetAlert(t.Context(), got.AlertID)
		require.NoError(t, err)
		require.Contains(t, alert.Title, "DROP TABLE")

		for name, document := range map[string]string{"no JSON": "{", "no UTF-8": "\"\xff\"", "two documents": "{} {}"} {
			bad := arriving(2)
			bad.Alert.Raw = json.RawMessage(document)
			_, err = s.AcceptAlert(t.Context(), bad)
			require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		}
		escaped := arriving(3)
		escaped.Alert.Raw = json.RawMessage(`{"x":"\u0000\ud800"}`)
		got, err = s.AcceptAlert(t.Context(), escaped)
		require.NoError(t, err)
		alert, err = s.GetAlert(t.Context(), got.AlertID)
		require.NoError(t, err)
		require.Equal(t, string(escaped.Alert.Raw), string(alert.Raw))
	})
}
