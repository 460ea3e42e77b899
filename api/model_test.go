package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
)

// models are a provider that is down, behind its breaker, and a budget.
type models struct {
	breaker *model.Breaker
	budget  *model.Budget
}

func (m models) Default() []string { return []string{"local", "builtin"} }

func (m models) Names() []string { return []string{"builtin", "local"} }

func (m models) Status() []model.Status { return []model.Status{m.breaker.Status()} }

func (m models) Budgets(ctx context.Context) ([]model.BudgetState, error) {
	return m.budget.States(ctx)
}

func TestModelsTellHowTheyDo(t *testing.T) {
	t.Parallel()
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(down.Close)
	provider, err := model.NewOpenAI(model.OpenAIConfig{Name: "local", BaseURL: down.URL, Model: "m", HTTP: down.Client()})
	require.NoError(t, err)
	breaker := model.NewBreaker(provider)
	for range 5 {
		_, err = breaker.Complete(t.Context(), model.Request{Prompt: "?", Returns: model.ReturnsVerdict})
		require.Equal(t, soc.Unavailable, soc.KindOf(err))
	}
	p := start(t, func(o *api.Options) {
		reader := o.Reader
		o.Models = models{breaker, model.NewBudget(model.Budgets{Day: model.Limit{USD: 2}, Playbooks: map[string]model.Limit{"isolate": {Tokens: 100}}},
			func(ctx context.Context, playbook string, since time.Time) (float64, int64, error) {
				sums, err := reader.ModelUsage(ctx, store.UsageFilter{Playbook: playbook, Since: since})
				return sums[0].CostUSD, sums[0].TokensIn + sums[0].TokensOut, err
			}, time.Now)}
	})
	_, run := p.accepted(1)
	body, err := json.Marshal(contract.ModelBody{Provider: "local", Model: "m", TokensIn: 90, TokensOut: 20, CostUSD: 0.5})
	require.NoError(t, err)
	_, err = p.store.Append(t.Context(), run, []soc.LedgerEntry{{Key: "j/model/1", Kind: contract.KindModelAnswered, Body: body}})
	require.NoError(t, err)

	viewer := p.as("vera", soc.RoleAnalyst)
	var got struct {
		Default   []string
		Providers []struct {
			Name, State string
			Failures    int
			Until       *time.Time
			LastError   string `json:"last_error"`
		}
		Budgets []struct {
			Playbook string
			USD      float64
			Tokens   int64
			Frees    time.Time
		}
	}
	viewer.get("/v1/models").is(200).into(&got)
	require.Equal(t, []string{"local", "builtin"}, got.Default)
	require.Len(t, got.Providers, 1)
	require.Equal(t, "open", got.Providers[0].State)
	require.Equal(t, 5, got.Providers[0].Failures)
	require.NotNil(t, got.Providers[0].Until)
	require.Contains(t, got.Providers[0].LastError, "503")
	require.Len(t, got.Budgets, 2)
	require.Empty(t, got.Budgets[0].Playbook)
	require.InDelta(t, 0.5, got.Budgets[0].USD, 1e-9)
	require.Equal(t, "isolate", got.Budgets[1].Playbook)
	require.EqualValues(t, 110, got.Budgets[1].Tokens)

	items := viewer.get("/v1/models/usage?by=model&playbook=isolate&since=2020-01-01T00:00:00Z").is(200).list().Items
	require.Len(t, items, 1)
	require.Equal(t, object{"key": "m", "requests": 1.0, "failed": 0.0, "tokens_in": 90.0, "tokens_out": 20.0, "cost_usd": 0.5, "unpriced": 0.0}, items[0])
	require.Len(t, viewer.get("/v1/models/usage?run="+run).is(200).list().Items, 1)
	require.Empty(t, viewer.get("/v1/models/usage?by=run&until=2020-01-01T00:00:00Z").is(200).list().Items)
	viewer.get("/v1/models/usage?by=secret").is(422)
	viewer.get("/v1/models/usage?since=yesterday").is(422)
	p.nobody().get("/v1/models/usage").is(401)
	p.nobody().get("/v1/models").is(401)
}

func TestWithoutModelsThereIsNothingToTell(t *testing.T) {
	t.Parallel()
	p := start(t)
	got := p.as("vera", soc.RoleAnalyst).get("/v1/models").is(200)
	require.JSONEq(t, `{"default":[],"names":[],"providers":[],"budgets":[]}`, string(got.body))
}
