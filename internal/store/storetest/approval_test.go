package storetest

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/audit"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

func signer(t *testing.T) *audit.Signer {
	t.Helper()
	s, err := audit.NewSigner(testKey)
	require.NoError(t, err)
	return s
}

// asked is a pending approval on a fresh run.
func asked(t *testing.T, s *store.Store, n int) soc.Approval {
	t.Helper()
	alert, run := accepted(t, s, n)
	a := soc.Approval{
		ID: soc.NewID("apr"), RunID: run, AlertID: alert, Playbook: "suspicious", Step: "contain", Title: "Suspend mallory?", Role: soc.RoleResponder,
		Digest: "shown", Calls: []soc.ApprovalCall{{Step: "suspend", Operation: "idp.suspend_user", Connection: "sandbox", Arguments: json.RawMessage(`{"user": "mallory"}`), Digest: "c1"}},
		Evidence: []soc.Evidence{}, CreatedAt: time.Now(), Deadline: time.Now().Add(time.Hour), OnTimeout: "deny",
	}
	got, err := s.RequestApproval(t.Context(), a, []soc.LedgerEntry{{Key: "approval/" + a.ID + "/requested", Kind: contract.KindApprovalRequested, Step: a.Step, Body: json.RawMessage(`{}`)}})
	require.NoError(t, err)
	require.Equal(t, soc.ApprovalPending, got.Status)
	return got
}

func signed(t *testing.T, a soc.Approval, outcome soc.ApprovalStatus) soc.Decision {
	t.Helper()
	d := soc.Decision{ID: soc.NewID("dec"), ApprovalID: a.ID, RunID: a.RunID, Outcome: outcome, By: "ann", Reason: "because", Digest: a.Digest, At: time.Now()}
	if outcome == soc.ApprovalApproved {
		d.Calls = []string{a.Calls[0].Digest}
	}
	return signer(t).Sign(d)
}

func status(t *testing.T, s *store.Store, runID string) soc.RunStatus {
	t.Helper()
	r, err := s.GetRun(t.Context(), runID)
	require.NoError(t, err)
	return r.Status
}

func TestADecisionIsKeptSignedChainedAndSignalled(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := asked(t, s, 1)
		require.Equal(t, soc.RunWaiting, status(t, s, a.RunID))
		again, err := s.RequestApproval(t.Context(), a, nil)
		require.NoError(t, err)
		require.Equal(t, a, again, "asking twice is asking once")
		_, err = s.DecisionFor(t.Context(), a.ID)
		kind(t, soc.NotFound, err)

		d := signed(t, a, soc.ApprovalApproved)
		got, err := s.Decide(t.Context(), d)
		require.NoError(t, err)
		require.Equal(t, d, got)
		require.Equal(t, soc.RunRunning, status(t, s, a.RunID))

		kept, err := s.GetDecision(t.Context(), d.ID)
		require.NoError(t, err)
		require.Equal(t, d, kept)
		require.NoError(t, signer(t).Verify(kept))
		approval, err := s.GetApproval(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, soc.ApprovalApproved, approval.Status)
		require.Equal(t, &d, approval.Decision)

		e, err := s.FindEntry(t.Context(), a.RunID, "approval/"+a.ID+"/decided")
		require.NoError(t, err)
		require.Equal(t, contract.KindApprovalDecided, e.Kind)
		require.Equal(t, "ann", e.Actor)
		require.Equal(t, a.AlertID, e.AlertID)

		rows, err := s.ClaimOutbox(t.Context(), 10, time.Minute)
		require.NoError(t, err)
		require.Len(t, rows, 2)
		require.Equal(t, store.OutboxSignal, rows[1].Kind)
		require.JSONEq(t, `{"approval_id":"`+a.ID+`","decision_id":"`+d.ID+`"}`, string(rows[1].Payload))

		repeated, err := s.Decide(t.Context(), d)
		require.NoError(t, err)
		require.Equal(t, d, repeated)
		_, err = s.Decide(t.Context(), signed(t, a, soc.ApprovalDenied))
		kind(t, soc.Conflict, err)
		require.ErrorContains(t, err, "approved by ann")
	})
}

func TestADecisionThatDoesNotFitIsRefused(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := asked(t, s, 1)
		for name, c := range map[string]struct {
			want   soc.Kind
			change func(*soc.Decision)
		}{
			"on another digest":      {soc.Conflict, func(d *soc.Decision) { d.Digest = "other" }},
			"for another run":        {soc.Invalid, func(d *soc.Decision) { d.RunID = "run_other" }},
			"on no approval":         {soc.NotFound, func(d *soc.Decision) { d.ApprovalID = "apr_none" }},
			"releasing another call": {soc.Invalid, func(d *soc.Decision) { d.Calls = []string{"c1", "c2"} }},
			"that expires":           {soc.Invalid, func(d *soc.Decision) { d.Outcome = soc.ApprovalExpired }},
			"without a signature":    {soc.Invalid, func(d *soc.Decision) { d.Signature = "" }},
		} {
			d := signed(t, a, soc.ApprovalApproved)
			c.change(&d)
			_, err := s.Decide(t.Context(), d)
			require.Equal(t, c.want, soc.KindOf(err), name)
		}
		barred := asked(t, s, 2)
		barred.ID, barred.NotUser = soc.NewID("apr"), "ann"
		_, err := s.RequestApproval(t.Context(), barred, nil)
		require.NoError(t, err)
		_, err = s.Decide(t.Context(), signed(t, barred, soc.ApprovalApproved))
		kind(t, soc.Denied, err)

		late := asked(t, s, 3)
		late.ID, late.Deadline = soc.NewID("apr"), time.Now().Add(-time.Second)
		_, err = s.RequestApproval(t.Context(), late, nil)
		require.NoError(t, err)
		_, err = s.Decide(t.Context(), signed(t, late, soc.ApprovalApproved))
		kind(t, soc.Conflict, err)

		got, err := s.GetApproval(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, soc.ApprovalPending, got.Status)
	})
}

func TestOfADecisionAndItsExpiryOneStandsForBoth(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		for n := range 10 {
			a := asked(t, s, n)
			yes := signed(t, a, soc.ApprovalApproved)
			expired := signed(t, a, soc.ApprovalExpired)
			var wg sync.WaitGroup
			var decided, stands soc.Decision
			var decideErr, expireErr error
			wg.Go(func() { decided, decideErr = s.Decide(t.Context(), yes) })
			wg.Go(func() { stands, expireErr = s.ExpireApproval(t.Context(), a.ID, expired) })
			wg.Wait()
			require.NoError(t, expireErr)
			kept, err := s.DecisionFor(t.Context(), a.ID)
			require.NoError(t, err)
			require.Equal(t, kept, stands)
			if decideErr == nil {
				require.Equal(t, kept, decided)
				require.Equal(t, yes.ID, kept.ID)
			} else {
				kind(t, soc.Conflict, decideErr)
				require.Equal(t, expired.ID, kept.ID)
			}
			again, err := s.ExpireApproval(t.Context(), a.ID, signed(t, a, soc.ApprovalExpired))
			require.NoError(t, err)
			require.Equal(t, kept, again)
		}
	})
}

func TestARunThatWaitsShowsItsVerdictSoFar(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := asked(t, s, 1)
		verdict := func() string {
			r, err := s.GetRun(t.Context(), a.RunID)
			require.NoError(t, err)
			return r.Verdict
		}
		require.Empty(t, verdict())
		said := []soc.LedgerEntry{{Key: "triage/model/1", Kind: contract.KindModelAnswered, Step: "triage", Attempt: 1, Body: json.RawMessage(`{}`)}}
		for range 2 { // a repeated one changes nothing
			require.NoError(t, s.Conclude(t.Context(), a.RunID, "benign", said))
			require.Equal(t, "benign", verdict())
		}
		entries, err := s.RunEntries(t.Context(), a.RunID)
		require.NoError(t, err)
		require.Len(t, slices.DeleteFunc(entries, func(e soc.LedgerEntry) bool { return e.Kind != contract.KindModelAnswered }), 1)
		// The end of a run whose workflow could not say a verdict keeps what was said.
		_, err = s.CloseRun(t.Context(), store.Closing{RunID: a.RunID, Status: soc.RunFailed})
		require.NoError(t, err)
		require.Equal(t, "benign", verdict())
		require.NoError(t, s.Conclude(t.Context(), a.RunID, "malicious", said))
		require.Equal(t, "benign", verdict(), "a run that is over keeps its own")
	})
}

func TestTheEndOfARunEndsItsOpenApprovals(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := asked(t, s, 1)
		_, err := s.CloseRun(t.Context(), store.Closing{RunID: a.RunID, Status: soc.RunCancelled})
		require.NoError(t, err)
		got, err := s.GetApproval(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, soc.ApprovalExpired, got.Status)
		_, err = s.Decide(t.Context(), signed(t, a, soc.ApprovalApproved))
		kind(t, soc.Conflict, err)
		require.Equal(t, soc.RunCancelled, status(t, s, a.RunID))
	})
}
