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
	"picket/playbooks/plan"
)

func wanting(run, overlap string) store.KeyRequest {
	return store.KeyRequest{RunID: run, Playbook: "p", Key: "mallory", Overlap: overlap}
}

func acquire(t *testing.T, s *store.Store, run, overlap string) store.KeyState {
	t.Helper()
	state, err := s.AcquireKey(t.Context(), wanting(run, overlap))
	require.NoError(t, err)
	return state
}

func closeRun(t *testing.T, s *store.Store, run string, status soc.RunStatus) {
	t.Helper()
	_, err := s.CloseRun(t.Context(), store.Closing{RunID: run, Status: status})
	require.NoError(t, err)
}

// posted are the outbox rows of a kind, as "RUN WORKFLOW SIGNAL PAYLOAD".
func posted(t *testing.T, s *store.Store, kind string) []string {
	t.Helper()
	rows, err := s.ClaimOutbox(t.Context(), 1000, time.Hour)
	require.NoError(t, err)
	var list []string
	for _, r := range rows {
		if r.Kind == kind {
			list = append(list, fmt.Sprintf("%s %s %s %s", r.RunID, r.WorkflowID, r.Signal, r.Payload))
		}
	}
	return list
}

func TestAKeyGoesFromRunToRunInTheOrderTheyCame(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		runs := make([]string, 4)
		for i := range runs {
			_, runs[i] = accepted(t, s, i)
		}
		require.Equal(t, store.KeyState{State: contract.KeyHeld}, acquire(t, s, runs[0], plan.OverlapQueue))
		for _, run := range runs[1:] {
			require.Equal(t, store.KeyState{State: contract.KeyQueued, Holder: runs[0]}, acquire(t, s, run, plan.OverlapQueue))
		}
		require.Equal(t, contract.KeyHeld, acquire(t, s, runs[0], plan.OverlapQueue).State, "asking again changes nothing")
		other, err := s.AcquireKey(t.Context(), store.KeyRequest{RunID: runs[0], Playbook: "", Key: "x"})
		kind(t, soc.Invalid, err)
		require.Empty(t, other)
		posted(t, s, "")

		closeRun(t, s, runs[1], soc.RunCancelled)
		require.Empty(t, posted(t, s, store.OutboxSignal), "a run that only waited has nothing to pass on")
		closeRun(t, s, runs[0], soc.RunCompleted)
		closeRun(t, s, runs[0], soc.RunCompleted)
		third, err := s.GetRun(t.Context(), runs[2])
		require.NoError(t, err)
		require.Equal(t, []string{fmt.Sprintf(`%s %s %s {"run_id":"%s"}`, third.ID, third.WorkflowID, contract.SignalKeyFree, third.ID)},
			posted(t, s, store.OutboxSignal), "the run that was closed has left the queue")
		require.Equal(t, contract.KeyHeld, acquire(t, s, runs[2], plan.OverlapQueue).State)
		require.Equal(t, store.KeyState{State: contract.KeyQueued, Holder: runs[2]}, acquire(t, s, runs[3], plan.OverlapQueue))

		_, err = s.AcquireKey(t.Context(), wanting(runs[0], plan.OverlapQueue))
		kind(t, soc.Conflict, err)
		_, err = s.AcquireKey(t.Context(), wanting("run_none", plan.OverlapQueue))
		kind(t, soc.NotFound, err)
	})
}

func TestOfManyRunsAtOnceOneHoldsTheKeyAndAllComeToIt(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		const runs = 20
		var wg sync.WaitGroup
		held := make(chan string, runs)
		for i := range runs {
			_, run := accepted(t, s, i)
			wg.Go(func() {
				if state, err := s.AcquireKey(t.Context(), wanting(run, plan.OverlapQueue)); err == nil && state.State == contract.KeyHeld {
					held <- run
				}
			})
		}
		wg.Wait()
		require.Len(t, held, 1)
		holder := <-held
		for range runs - 1 {
			posted(t, s, "")
			closeRun(t, s, holder, soc.RunCompleted)
			next := posted(t, s, store.OutboxSignal)
			require.Len(t, next, 1)
			_, err := fmt.Sscanf(next[0], "%s", &holder)
			require.NoError(t, err)
			require.Equal(t, contract.KeyHeld, acquire(t, s, holder, plan.OverlapQueue).State)
		}
		report, err := audit.Verify(t.Context(), s)
		require.NoError(t, err)
		require.True(t, report.OK, report.Why)
	})
}

func TestASkippedOrJoinedRunStaysThatThoughTheHolderHasEnded(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, first := accepted(t, s, 1)
		_, skipped := accepted(t, s, 2)
		alert, joined := accepted(t, s, 3)
		acquire(t, s, first, plan.OverlapSkip)
		require.Equal(t, store.KeyState{State: contract.KeySkipped, Holder: first}, acquire(t, s, skipped, plan.OverlapSkip))
		require.Equal(t, store.KeyState{State: contract.KeyJoined, Holder: first}, acquire(t, s, joined, plan.OverlapJoin))
		alerts, err := s.JoinedAlerts(t.Context(), first)
		require.NoError(t, err)
		require.Equal(t, []string{alert}, alerts)
		closeRun(t, s, first, soc.RunCompleted)
		require.Equal(t, contract.KeySkipped, acquire(t, s, skipped, plan.OverlapSkip).State)
		require.Equal(t, contract.KeyJoined, acquire(t, s, joined, plan.OverlapJoin).State)
		closeRun(t, s, skipped, soc.RunSkipped)
		closeRun(t, s, joined, soc.RunJoined)
		alerts, err = s.JoinedAlerts(t.Context(), first)
		require.NoError(t, err)
		require.Empty(t, alerts)
	})
}

func TestCancelRunningCancelsTheHolderOnceAndQueues(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, first := accepted(t, s, 1)
		acquire(t, s, first, plan.OverlapCancelRunning)
		posted(t, s, "")
		for i := range 3 {
			_, next := accepted(t, s, 2+i)
			require.Equal(t, store.KeyState{State: contract.KeyQueued, Holder: first}, acquire(t, s, next, plan.OverlapCancelRunning))
		}
		cancels := posted(t, s, store.OutboxCancel)
		require.Len(t, cancels, 1)
		require.Contains(t, cancels[0], "takes its place")
		closeRun(t, s, first, soc.RunCancelled)
		run, err := s.GetRun(t.Context(), first)
		require.NoError(t, err)
		require.Contains(t, run.Reason, "cancelled by picket")
	})
}

func TestACancellationIsAskedForOnceAndSaysWhy(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		posted(t, s, "")
		require.NoError(t, s.CancelRun(t.Context(), run, "ann", "a drill"))
		require.NoError(t, s.CancelRun(t.Context(), run, "bob", "me too"))
		require.Len(t, posted(t, s, store.OutboxCancel), 1)
		closeRun(t, s, run, soc.RunCancelled)
		r, err := s.GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, "cancelled by ann: a drill", r.Reason)
		kind(t, soc.Conflict, s.CancelRun(t.Context(), run, "ann", "again"))
		kind(t, soc.NotFound, s.CancelRun(t.Context(), "run_none", "ann", "again"))
	})
}

func TestAnOpenedRunIsOneRunHoweverOftenItIsOpened(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		alert, parent := accepted(t, s, 1)
		posted(t, s, "")
		child := store.NewRun{
			Run:    soc.Run{ID: contract.ChildRunID(parent, "call"), Playbook: "other", PlanDigest: "d", AlertID: alert, Parent: parent, Trigger: soc.TriggerCall},
			Shadow: json.RawMessage(`{"operations":["a.b"]}`),
		}
		entries := []soc.LedgerEntry{{Key: "call/opened", Kind: contract.KindRunOpened, Step: "call"}}
		first, err := s.OpenRun(t.Context(), child, entries)
		require.NoError(t, err)
		again, err := s.OpenRun(t.Context(), child, entries)
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, soc.RunRunning, first.Status)
		require.Equal(t, parent, first.Parent)
		require.Equal(t, soc.TriggerCall, first.Trigger)
		require.True(t, first.Shadow)
		require.NotNil(t, first.StartedAt)
		require.Empty(t, posted(t, s, store.OutboxStart), "its workflow is started by the one that calls it")
		shadow, err := s.RunShadow(t.Context(), first.ID)
		require.NoError(t, err)
		require.JSONEq(t, `{"operations":["a.b"]}`, string(shadow))

		child.Run.PlanDigest = "another"
		_, err = s.OpenRun(t.Context(), child, entries)
		kind(t, soc.Conflict, err)
		children, _, err := s.Runs(t.Context(), store.RunFilter{Parent: parent, Trigger: soc.TriggerCall, Shadow: true})
		require.NoError(t, err)
		require.Len(t, children, 1)
	})
}
