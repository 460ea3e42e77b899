package model

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestABudgetStopsWhenItIsSpent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 22, 30, 0, 0, time.FixedZone("west", -3*3600)) // the 2nd in UTC
	midnight := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	used := map[string]struct {
		usd    float64
		tokens int64
	}{"": {9, 900}, "phishing": {2, 10}, "malware": {0.1, 500}, "other": {0, 50}}
	var since time.Time
	spending := func(_ context.Context, playbook string, from time.Time) (float64, int64, error) {
		since = from
		return used[playbook].usd, used[playbook].tokens, nil
	}
	for name, c := range map[string]struct {
		budgets  Budgets
		playbook string
		says     string
	}{
		"no budgets":             {Budgets{}, "phishing", ""},
		"enough is left":         {Budgets{Day: Limit{USD: 10, Tokens: 1000}, Playbooks: map[string]Limit{"phishing": {USD: 3}}}, "phishing", ""},
		"the day's money":        {Budgets{Day: Limit{USD: 9}}, "phishing", "the day's budget of models is spent: $9.0000 of $9.00 (models.budgets.day_usd); it begins anew at 2026-03-03T00:00:00Z"},
		"the day's tokens":       {Budgets{Day: Limit{USD: 10, Tokens: 900}}, "phishing", "900 of 900 tokens (models.budgets.day_tokens)"},
		"a playbook's money":     {Budgets{Playbooks: map[string]Limit{"phishing": {USD: 1.5}}}, "phishing", "of the playbook phishing is spent: $2.0000 of $1.50 (models.budgets.playbooks.phishing.day_usd)"},
		"another playbook's":     {Budgets{Playbooks: map[string]Limit{"phishing": {USD: 1.5}}}, "malware", ""},
		"that of every playbook": {Budgets{Playbooks: map[string]Limit{"*": {Tokens: 50}, "phishing": {}}}, "other", `models.budgets.playbooks."*".day_tokens`},
		"one of its own":         {Budgets{Playbooks: map[string]Limit{"*": {Tokens: 5}, "phishing": {}}}, "phishing", ""},
	} {
		b := NewBudget(c.budgets, spending, func() time.Time { return now })
		err := b.Allow(t.Context(), c.playbook)
		if c.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.says, name)
		require.Equal(t, soc.Denied, soc.KindOf(err))
		spent, ok := errors.AsType[*BudgetError](err)
		require.True(t, ok)
		require.Equal(t, midnight, spent.Frees)
		require.Equal(t, midnight.Add(-24*time.Hour), since)
	}

	b := NewBudget(Budgets{Day: Limit{USD: 10}, Playbooks: map[string]Limit{"*": {Tokens: 1}, "malware": {Tokens: 600}, "phishing": {}}}, spending, func() time.Time { return now })
	states, err := b.States(t.Context())
	require.NoError(t, err)
	require.Equal(t, []BudgetState{
		{Limit: Limit{USD: 10}, USD: 9, Tokens: 900, Frees: midnight},
		{Playbook: "malware", Limit: Limit{Tokens: 600}, USD: 0.1, Tokens: 500, Frees: midnight},
	}, states)

	broken := NewBudget(Budgets{Day: Limit{USD: 1}}, func(context.Context, string, time.Time) (float64, int64, error) {
		return 0, 0, soc.Errorf(soc.Unavailable, "the database is away")
	}, time.Now)
	require.Equal(t, soc.Unavailable, soc.KindOf(broken.Allow(t.Context(), "x")), "who does not know what is spent spends nothing")
}
