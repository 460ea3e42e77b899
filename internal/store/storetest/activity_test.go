package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/store"
)

func TestActivityHasEveryDay(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		before := time.Now().UTC()
		accepted(t, s, 1)
		accepted(t, s, 2)
		days, err := s.Activity(t.Context(), 7)
		require.NoError(t, err)
		require.Len(t, days, 7)
		today := days[6]
		if time.Now().UTC().Day() == before.Day() { // not over midnight
			require.Equal(t, store.Day{Day: before.Format(time.DateOnly), Alerts: 2, Runs: 2}, today)
		}
		require.Zero(t, days[0].Alerts)
		days, err = s.Activity(t.Context(), 10_000)
		require.NoError(t, err)
		require.Len(t, days, store.MaxActivityDays)
	})
}
