package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

func subscribed(t *testing.T, s *store.Store, run, id string, until time.Time) store.Subscription {
	t.Helper()
	sub := store.Subscription{
		ID: id, RunID: run, WorkflowID: "loop/" + run, Step: "reply", Sources: []string{"wazuh"}, When: "event.title == 'x'",
		Vars: json.RawMessage(`{"alert":{"n":12345678901234567890}}`), Until: until,
	}
	for range 2 {
		require.NoError(t, s.Subscribe(t.Context(), sub, nil), "asking twice is asking once")
	}
	return sub
}

func TestAnAlertEndsTheSubscriptionsItMeetsWithItself(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		sub := subscribed(t, s, run, "sub_1", time.Now().Add(time.Hour))
		open, newest, err := s.OpenSubscriptions(t.Context())
		require.NoError(t, err)
		require.Len(t, open, 1)
		require.Equal(t, newest, open[0].Place)
		require.Equal(t, string(sub.Vars), string(open[0].Vars))
		require.Equal(t, sub.Sources, open[0].Sources)
		posted(t, s, "")

		a := arriving(2)
		a.Newest, a.Matches = newest, []string{"sub_1", "sub_none"}
		got, err := s.AcceptAlert(t.Context(), a)
		require.NoError(t, err)
		require.Equal(t, []string{run + " loop/" + run + " " + contract.SignalEventMatched + ` {"subscription_id":"sub_1"}`}, posted(t, s, store.OutboxSignal))
		read, err := s.ReadSubscription(t.Context(), run, "sub_1", true, nil)
		require.NoError(t, err)
		require.Equal(t, got.AlertID, read.AlertID, "the match was before the end")

		b := arriving(3)
		b.Matches = []string{"sub_1"}
		_, err = s.AcceptAlert(t.Context(), b)
		require.NoError(t, err)
		read, err = s.ReadSubscription(t.Context(), run, "sub_1", false, nil)
		require.NoError(t, err)
		require.Equal(t, got.AlertID, read.AlertID, "the first match stands")
		foreign, err := s.ReadSubscription(t.Context(), "", "sub_1", true, nil)
		require.NoError(t, err)
		require.Empty(t, foreign.AlertID, "another run's subscription is none")
	})
}

func TestAnAlertThatHasNotSeenTheNewestSubscriptionIsNotKept(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		subscribed(t, s, run, "sub_1", time.Now().Add(time.Hour))
		_, seen, err := s.OpenSubscriptions(t.Context())
		require.NoError(t, err)
		subscribed(t, s, run, "sub_2", time.Now().Add(time.Hour))
		a := arriving(2)
		a.Newest = seen
		_, err = s.AcceptAlert(t.Context(), a)
		require.ErrorIs(t, err, store.ErrStale)
		_, a.Newest, err = s.OpenSubscriptions(t.Context())
		require.NoError(t, err)
		_, err = s.AcceptAlert(t.Context(), a)
		require.NoError(t, err)
		b := arriving(3)
		b.Newest = -1
		_, err = s.AcceptAlert(t.Context(), b)
		require.NoError(t, err)
	})
}

func TestWhatIsClosedOrOverIsNotMet(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		alert, run := accepted(t, s, 1)
		subscribed(t, s, run, "closed", time.Now().Add(time.Hour))
		subscribed(t, s, run, "expired", time.Now().Add(-time.Second))
		subscribed(t, s, run, "long gone", time.Now().Add(-2*time.Hour))
		subscribed(t, s, run, "open", time.Now().Add(time.Hour))
		_, err := s.ReadSubscription(t.Context(), run, "closed", true, nil)
		require.NoError(t, err)
		open, _, err := s.OpenSubscriptions(t.Context())
		require.NoError(t, err)
		require.Len(t, open, 1)
		of, err := s.SubscriptionsOf(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, open, of)
		for _, id := range []string{"closed", "expired", "long gone"} {
			matched, err := s.Match(t.Context(), id, alert)
			require.NoError(t, err)
			require.False(t, matched, id)
		}
		closeRun(t, s, run, soc.RunCompleted)
		matched, err := s.Match(t.Context(), "open", alert)
		require.NoError(t, err)
		require.False(t, matched, "the run is over")
	})
}

func TestWhatWaitsIsBounded(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		large := store.Subscription{ID: "large", RunID: run, Until: time.Now().Add(time.Hour), Vars: json.RawMessage(`"` + strings.Repeat("x", store.MaxSubscriptionLen) + `"`)}
		kind(t, soc.Invalid, s.Subscribe(t.Context(), large, nil))
		fits := json.RawMessage(`"` + strings.Repeat("x", store.MaxSubscriptionLen-100) + `"`)
		var err error
		kept := 0
		for ; err == nil && kept <= store.MaxSubscriptionSum/store.MaxSubscriptionLen+1; kept++ {
			err = s.Subscribe(t.Context(), store.Subscription{ID: fmt.Sprint(kept), RunID: run, Until: time.Now().Add(time.Hour), Vars: fits}, nil)
		}
		kind(t, soc.Unavailable, err)
		require.Equal(t, store.MaxSubscriptionSum/store.MaxSubscriptionLen, kept-1)
	})
}

func TestShadowModeIsSetAndEndedByADecisionInTheLedger(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, err := s.Shadow(t.Context(), "p")
		kind(t, soc.NotFound, err)
		kind(t, soc.Conflict, s.Promote(t.Context(), "p", "ann", "ready"))
		_, err = s.SetShadow(t.Context(), soc.ShadowSetting{Playbook: "p", By: "ann", Reason: "new", Operations: []string{"a.b"}})
		require.NoError(t, err)
		set, err := s.SetShadow(t.Context(), soc.ShadowSetting{Playbook: "p", By: "bob", Reason: "all of it", PlanDigest: "d"})
		require.NoError(t, err)
		got, err := s.Shadow(t.Context(), "p")
		require.NoError(t, err)
		require.Equal(t, set, got)
		require.NoError(t, s.Promote(t.Context(), "p", "lea", "a week of agreement"))
		_, err = s.Shadow(t.Context(), "p")
		kind(t, soc.NotFound, err)
		entries, err := s.Entries(t.Context(), store.Filter{Kinds: []string{contract.KindPlaybookShadowed, contract.KindPlaybookPromoted}})
		require.NoError(t, err)
		require.Len(t, entries, 3)
		require.Equal(t, "lea", entries[2].Actor)
		require.Contains(t, string(entries[2].Body), "a week of agreement")
	})
}
