package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

func answeredAt(t *testing.T, key string, at time.Time, body contract.ModelBody) soc.LedgerEntry {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return soc.LedgerEntry{Key: key, Kind: contract.KindModelAnswered, At: at, Body: text}
}

func TestWhatModelsHaveUsedIsSummedUp(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		_, other := accepted(t, s, 2)
		noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		cost := 0.25
		entries := []soc.LedgerEntry{
			answeredAt(t, "a", noon, contract.ModelBody{Provider: "gemini", Model: "g-1", TokensIn: 1000, TokensOut: 100, CostUSD: 0.5}),
			answeredAt(t, "b", noon.Add(time.Hour), contract.ModelBody{Provider: "ollama", Model: "q-3", TokensIn: 10, TokensOut: 1, NoPrice: true}),
			answeredAt(t, "c", noon.Add(24*time.Hour), contract.ModelBody{Provider: "claude", Model: "c-4", TokensIn: 120, TokensOut: 12, CostUSD: 0.25, Tried: []contract.Tried{
				{Provider: "gemini", Model: "g-1", Kind: "unavailable", Message: "overloaded"},
				{Provider: "claude", Model: "c-4", Answered: true, TokensIn: 120, TokensOut: 12, CostUSD: &cost},
			}}),
		}
		for range 2 { // what is appended again has not been used again
			_, err := s.Append(t.Context(), run, entries)
			require.NoError(t, err)
		}
		_, err := s.Append(t.Context(), other, []soc.LedgerEntry{
			answeredAt(t, "d", noon, contract.ModelBody{Provider: "gemini", Model: "g-1", Error: &contract.CallError{Kind: "unavailable"}, NoPrice: true}),
			{Key: "e", Kind: contract.KindModelAnswered, At: noon, Body: json.RawMessage(`{"tokens_in":"odd"}`)},
			{Key: "f", Kind: "other", At: noon, Body: json.RawMessage(`{"tokens_in":9}`)},
		})
		require.NoError(t, err)

		for name, c := range map[string]struct {
			filter store.UsageFilter
			want   []store.Usage
		}{
			"all": {store.UsageFilter{}, []store.Usage{{Requests: 5, Failed: 2, TokensIn: 1130, TokensOut: 113, CostUSD: 0.75, Unpriced: 3}}},
			"by day": {store.UsageFilter{By: store.UsageByDay}, []store.Usage{
				{Key: "2026-03-02", Requests: 2, Failed: 1, TokensIn: 120, TokensOut: 12, CostUSD: 0.25, Unpriced: 1},
				{Key: "2026-03-01", Requests: 3, Failed: 1, TokensIn: 1010, TokensOut: 101, CostUSD: 0.5, Unpriced: 2},
			}},
			"by model, of a day": {store.UsageFilter{By: store.UsageByModel, Since: noon.Truncate(24 * time.Hour), Until: noon.Truncate(24 * time.Hour).Add(24 * time.Hour)}, []store.Usage{
				{Key: "g-1", Requests: 2, Failed: 1, TokensIn: 1000, TokensOut: 100, CostUSD: 0.5, Unpriced: 1},
				{Key: "q-3", Requests: 1, TokensIn: 10, TokensOut: 1, Unpriced: 1},
			}},
			"by provider, of a run": {store.UsageFilter{By: store.UsageByProvider, RunID: run}, []store.Usage{
				{Key: "gemini", Requests: 2, Failed: 1, TokensIn: 1000, TokensOut: 100, CostUSD: 0.5, Unpriced: 1},
				{Key: "claude", Requests: 1, TokensIn: 120, TokensOut: 12, CostUSD: 0.25},
				{Key: "ollama", Requests: 1, TokensIn: 10, TokensOut: 1, Unpriced: 1},
			}},
			"by run": {store.UsageFilter{By: store.UsageByRun}, []store.Usage{
				{Key: run, Requests: 4, Failed: 1, TokensIn: 1130, TokensOut: 113, CostUSD: 0.75, Unpriced: 2},
				{Key: other, Requests: 1, Failed: 1, Unpriced: 1},
			}},
			"by playbook":          {store.UsageFilter{By: store.UsageByPlaybook, Playbook: "suspicious"}, []store.Usage{{Key: "suspicious", Requests: 5, Failed: 2, TokensIn: 1130, TokensOut: 113, CostUSD: 0.75, Unpriced: 3}}},
			"of nobody":            {store.UsageFilter{Playbook: "none"}, []store.Usage{{}}},
			"of nobody, by a name": {store.UsageFilter{By: store.UsageByModel, Playbook: "none"}, []store.Usage{}},
		} {
			got, err := s.ModelUsage(t.Context(), c.filter)
			require.NoError(t, err, name)
			require.Equal(t, c.want, got, name)
		}
		_, err = s.ModelUsage(t.Context(), store.UsageFilter{By: "at_ns; DROP TABLE ledger"})
		kind(t, soc.Invalid, err)
	})
}

func TestUsageOfBeforeIsTakenFromTheLedger(t *testing.T) {
	bothAt(t, func(t *testing.T, dsn string) {
		s, err := store.Open(t.Context(), dsn)
		require.NoError(t, err)
		_, run := accepted(t, s, 1)
		for i, body := range []contract.ModelBody{
			{Provider: "gemini", Model: "g-1", TokensIn: 1000, TokensOut: 100},
			{Provider: "builtin", Model: "rules", Answer: "\x00 \\u0000", Request: json.RawMessage(`"\ud800 \ud83d\ude00"`)},
			{Provider: "gemini", Model: "g-1", Error: &contract.CallError{Kind: "unavailable"}},
		} {
			_, err = s.Append(t.Context(), run, []soc.LedgerEntry{answeredAt(t, fmt.Sprint(i), time.Date(2026, 3, 1, 23, 59, 59, 123456789, time.UTC), body)})
			require.NoError(t, err)
		}
		require.NoError(t, s.Close())
		db := raw(t, dsn)
		_, err = db.Exec("DROP TABLE model_usage")
		require.NoError(t, err)
		_, err = db.Exec("DELETE FROM migrations WHERE name = '0003_model_usage.sql'")
		require.NoError(t, err)

		got, err := open(t, dsn).ModelUsage(t.Context(), store.UsageFilter{By: store.UsageByProvider, Playbook: "suspicious", Since: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)})
		require.NoError(t, err)
		require.Equal(t, []store.Usage{
			{Key: "gemini", Requests: 2, Failed: 1, TokensIn: 1000, TokensOut: 100, Unpriced: 1},
			{Key: "builtin", Requests: 1},
		}, got)
	})
}
