package model

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"picket/internal/soc"
)

// EveryPlaybook is the name of the budget that each playbook has that has none by its own name.
const EveryPlaybook = "*"

// Limit is what may be used in a day, in UTC. 0 is without end.
type Limit struct {
	USD    float64
	Tokens int64
}

func (l Limit) none() bool { return l.USD <= 0 && l.Tokens <= 0 }

// Budgets are limits for all playbooks together and for each by its name, or EveryPlaybook.
type Budgets struct {
	Day       Limit
	Playbooks map[string]Limit
}

// Spending tells what has been used since a time, by a playbook or, for "", by all.
type Spending func(ctx context.Context, playbook string, since time.Time) (usd float64, tokens int64, err error)

// Budget stops requests when a day's budget is spent. It is looked at before a request: what is under way then is not
// counted yet, so it is overdrawn by as much as the requests that run at once use.
type Budget struct {
	budgets Budgets
	spent   Spending
	now     func() time.Time
}

// NewBudget returns a budget over what has been spent.
func NewBudget(b Budgets, spent Spending, now func() time.Time) *Budget {
	return &Budget{budgets: b, spent: spent, now: now}
}

// BudgetError is a budget that is spent. It is of kind Denied.
type BudgetError struct {
	Budget string    // "the day's" or "the playbook's"
	Frees  time.Time // when it begins anew
	cause  *soc.Error
}

func (e *BudgetError) Error() string { return e.cause.Error() }

func (e *BudgetError) Unwrap() error { return e.cause }

// BudgetState is a budget and what is spent of it.
type BudgetState struct {
	Playbook string // "" is that of all playbooks together
	Limit    Limit
	USD      float64
	Tokens   int64
	Frees    time.Time
}

func (s BudgetState) spent() bool {
	return s.Limit.USD > 0 && s.USD >= s.Limit.USD || s.Limit.Tokens > 0 && s.Tokens >= s.Limit.Tokens
}

// Allow is a *BudgetError when a playbook may not ask a model any more today.
func (b *Budget) Allow(ctx context.Context, playbook string) error {
	own, ok := b.budgets.Playbooks[playbook]
	setting := "playbooks." + playbook
	if !ok {
		own, setting = b.budgets.Playbooks[EveryPlaybook], `playbooks."`+EveryPlaybook+`"`
	}
	for _, one := range []struct {
		playbook, whose, setting string
		limit                    Limit
	}{{"", "the day's budget of models", "", b.budgets.Day}, {playbook, "the day's budget of models of the playbook " + playbook, setting + ".", own}} {
		s, err := b.state(ctx, one.playbook, one.limit)
		if err != nil {
			return err
		}
		if !s.spent() {
			continue
		}
		var used []string
		if l := s.Limit.USD; l > 0 && s.USD >= l {
			used = append(used, fmt.Sprintf("$%.4f of $%.2f (models.budgets.%sday_usd)", s.USD, l, one.setting))
		}
		if l := s.Limit.Tokens; l > 0 && s.Tokens >= l {
			used = append(used, fmt.Sprintf("%d of %d tokens (models.budgets.%sday_tokens)", s.Tokens, l, one.setting))
		}
		return &BudgetError{Budget: one.whose, Frees: s.Frees, cause: soc.Errorf(soc.Denied,
			"%s is spent: %s; it begins anew at %s", one.whose, strings.Join(used, " and "), s.Frees.Format(time.RFC3339))}
	}
	return nil
}

func (b *Budget) state(ctx context.Context, playbook string, l Limit) (BudgetState, error) {
	today := b.now().UTC().Truncate(24 * time.Hour)
	s := BudgetState{Playbook: playbook, Limit: l, Frees: today.Add(24 * time.Hour)}
	if l.none() {
		return s, nil
	}
	var err error
	s.USD, s.Tokens, err = b.spent(ctx, playbook, today)
	return s, err
}

// States tells of every budget by name how far it is spent. What EveryPlaybook gives is not told for each.
func (b *Budget) States(ctx context.Context) ([]BudgetState, error) {
	states := []BudgetState{}
	if !b.budgets.Day.none() {
		s, err := b.state(ctx, "", b.budgets.Day)
		if err != nil {
			return nil, err
		}
		states = append(states, s)
	}
	for _, name := range slices.Sorted(maps.Keys(b.budgets.Playbooks)) {
		if name == EveryPlaybook || b.budgets.Playbooks[name].none() {
			continue
		}
		s, err := b.state(ctx, name, b.budgets.Playbooks[name])
		if err != nil {
			return nil, err
		}
		states = append(states, s)
	}
	return states, nil
}
