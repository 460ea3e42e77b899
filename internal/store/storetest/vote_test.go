package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

// askedOf is a pending approval that needs two people, for a loop's workflow.
func askedOf(t *testing.T, s *store.Store, n int) soc.Approval {
	t.Helper()
	a := asked(t, s, n)
	a.ID, a.Quorum, a.NotUser, a.WorkflowID = soc.NewID("apr"), 2, "Req", "run/loop/1"
	a.Calls[0].Edit = []soc.Edit{{Argument: "user"}}
	a, err := s.RequestApproval(t.Context(), a, nil)
	require.NoError(t, err)
	return a
}

func voteOf(t *testing.T, a soc.Approval, by string, calls ...string) soc.Vote {
	t.Helper()
	return signer(t).SignVote(soc.Vote{ID: soc.NewID("vot"), ApprovalID: a.ID, RunID: a.RunID, By: by, Digest: a.Digest, Calls: calls, At: time.Now()})
}

func decideOf(t *testing.T, a soc.Approval) func([]soc.Vote) soc.Decision {
	t.Helper()
	return func(votes []soc.Vote) soc.Decision {
		return signer(t).Sign(soc.Decision{
			ID: soc.NewID("dec"), ApprovalID: a.ID, RunID: a.RunID, Outcome: soc.ApprovalApproved, By: votes[len(votes)-1].By, Digest: a.Digest,
			Calls: votes[0].Calls, Edited: votes[0].Edited, Votes: votes, At: time.Now(),
		})
	}
}

func TestAQuorumDecidesInTheTransactionOfItsLastVote(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := askedOf(t, s, 1)
		posted(t, s, "")
		_, err := s.Decide(t.Context(), signed(t, a, soc.ApprovalApproved))
		kind(t, soc.Invalid, err)
		_, err = s.Vote(t.Context(), voteOf(t, a, "req", "c1"), decideOf(t, a))
		kind(t, soc.Denied, err)
		for range 2 {
			got, err := s.Vote(t.Context(), voteOf(t, a, "ann", "c1"), decideOf(t, a))
			require.NoError(t, err)
			require.Equal(t, soc.ApprovalPending, got.Status)
			require.Len(t, got.Votes, 1)
		}
		_, err = s.Vote(t.Context(), voteOf(t, a, "bob"), decideOf(t, a))
		kind(t, soc.Conflict, err)
		_, err = s.Vote(t.Context(), voteOf(t, a, "bob", "c2"), decideOf(t, a))
		kind(t, soc.Invalid, err)
		require.Empty(t, posted(t, s, store.OutboxSignal))

		got, err := s.Vote(t.Context(), voteOf(t, a, "bob", "c1"), decideOf(t, a))
		require.NoError(t, err)
		require.Equal(t, soc.ApprovalApproved, got.Status)
		require.Len(t, got.Decision.Votes, 2)
		require.NoError(t, signer(t).Verify(*got.Decision))
		for _, v := range got.Decision.Votes {
			require.NoError(t, signer(t).VerifyVote(v))
		}
		require.Equal(t, []string{fmt.Sprintf(`%s run/loop/1 %s {"approval_id":"%s","decision_id":"%s"}`,
			a.RunID, contract.SignalApprovalDecided, a.ID, got.Decision.ID)}, posted(t, s, store.OutboxSignal), "to the workflow that asked")
		e, err := s.FindEntry(t.Context(), a.RunID, "approval/"+a.ID+"/vote/ann")
		require.NoError(t, err)
		require.Equal(t, contract.KindApprovalVoted, e.Kind)
		_, err = s.Vote(t.Context(), voteOf(t, a, "cid", "c1"), decideOf(t, a))
		kind(t, soc.Conflict, err)
		listed, _, err := s.Approvals(t.Context(), store.ApprovalFilter{AlertID: a.AlertID, Status: soc.ApprovalApproved})
		require.NoError(t, err)
		require.Len(t, listed, 1)
		require.Len(t, listed[0].Votes, 2)
	})
}

func TestOfManyVotesAtOnceOneDecisionComes(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := askedOf(t, s, 1)
		var wg sync.WaitGroup
		for i := range 10 {
			v := voteOf(t, a, fmt.Sprintf("person-%d", i%5), "c1")
			wg.Go(func() { _, _ = s.Vote(t.Context(), v, decideOf(t, a)) })
		}
		wg.Wait()
		d, err := s.DecisionFor(t.Context(), a.ID)
		require.NoError(t, err)
		require.Len(t, d.Votes, 2)
		require.NotEqual(t, d.Votes[0].By, d.Votes[1].By)
	})
}

func TestOneNoEndsAQuorumAndVotesStay(t *testing.T) {
	bothAt(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		a := askedOf(t, s, 1)
		_, err := s.Vote(t.Context(), voteOf(t, a, "ann", "c1"), decideOf(t, a))
		require.NoError(t, err)
		_, err = s.Decide(t.Context(), signed(t, a, soc.ApprovalDenied))
		require.NoError(t, err)
		got, err := s.GetApproval(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, soc.ApprovalDenied, got.Status)
		for _, query := range []string{"UPDATE votes SET voter = 'x'", "DELETE FROM votes"} {
			_, err := raw(t, dsn).Exec(query)
			require.ErrorContains(t, err, "append-only")
		}
	})
}

func TestAChangedCallMayDifferInWhatMayBeChangedOnly(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := asked(t, s, 1)
		a.ID, a.Calls[0].Edit = soc.NewID("apr"), []soc.Edit{{Argument: "user"}}
		a, err := s.RequestApproval(t.Context(), a, nil)
		require.NoError(t, err)
		changed := json.RawMessage(`{"user":"eve"}`)
		digest, err := contract.CallDigest("idp.suspend_user", "sandbox", changed)
		require.NoError(t, err)
		d := signed(t, a, soc.ApprovalApproved)
		d.Edited = soc.EditedCalls{"suspend": changed}
		_, err = s.Decide(t.Context(), signer(t).Sign(d))
		kind(t, soc.Invalid, err)
		d.Calls, d.Edited = []string{digest}, soc.EditedCalls{"suspend": json.RawMessage(`{"user":"eve","more":1}`)}
		_, err = s.Decide(t.Context(), signer(t).Sign(d))
		kind(t, soc.Invalid, err)
		d.Edited = soc.EditedCalls{"suspend": changed}
		d, err = s.Decide(t.Context(), signer(t).Sign(d))
		require.NoError(t, err)
		kept, err := s.GetDecision(t.Context(), d.ID)
		require.NoError(t, err)
		require.NoError(t, signer(t).Verify(kept))
	})
}

func TestAReminderIsCountedWhileTheApprovalWaits(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		a := asked(t, s, 1)
		for _, n := range []int{1, 2, 1} {
			pending, err := s.RemindApproval(t.Context(), a.RunID, a.ID, n, []soc.LedgerEntry{{Key: fmt.Sprint("r", n), Kind: contract.KindApprovalReminded}})
			require.NoError(t, err)
			require.True(t, pending)
		}
		got, err := s.GetApproval(t.Context(), a.ID)
		require.NoError(t, err)
		require.Equal(t, 2, got.Reminders)
		_, err = s.RemindApproval(t.Context(), "", a.ID, 3, nil)
		kind(t, soc.Denied, err)
		_, err = s.Decide(t.Context(), signed(t, a, soc.ApprovalDenied))
		require.NoError(t, err)
		pending, err := s.RemindApproval(t.Context(), a.RunID, a.ID, 3, nil)
		require.NoError(t, err)
		require.False(t, pending)
	})
}
