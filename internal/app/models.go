package app

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"picket/internal/connector"
	"picket/internal/eval"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
)

// maxModelBody is above every bound that the providers set themselves, which say better what was too long.
const maxModelBody = 64 << 20

// modelProviders names the providers that the configuration gives.
type modelProviders struct {
	byName   map[string]model.Provider
	breakers []*model.Breaker
	standard string
	order    []string // of the default
	budget   *model.Budget
}

func newModels(c ModelsConfig) (*modelProviders, error) {
	builtin := model.NewBuiltin()
	m := &modelProviders{byName: map[string]model.Provider{}, standard: builtin.Name(), order: []string{builtin.Name()}}
	if err := m.add(builtin); err != nil {
		return nil, err
	}
	if err := m.remote(c); err != nil {
		return nil, err
	}
	if r := c.Recorded; r != nil {
		recorded, err := model.NewRecorded(r.Dir)
		if err != nil {
			return nil, err
		}
		if err := m.add(recorded); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Committee)) {
		members, err := m.members("models.committee."+name, c.Committee[name], false)
		if err != nil {
			return nil, err
		}
		committee, err := model.NewCommittee(name, members...)
		if err != nil {
			return nil, err
		}
		if err := m.add(committee); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fallback)) {
		if err := m.chain("models.fallback."+name, name, c.Fallback[name]); err != nil {
			return nil, err
		}
	}
	switch len(c.Default) {
	case 0:
	case 1:
		m.standard, m.order = c.Default[0], c.Default
		if _, ok := m.byName[m.standard]; !ok {
			return nil, soc.Errorf(soc.Invalid, "models.default is %q, which is not configured", m.standard)
		}
	default:
		m.standard, m.order = "default", c.Default
		if err := m.chain("models.default", m.standard, c.Default); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// remote adds what is asked over the network, each behind a breaker of its own.
func (m *modelProviders) remote(c ModelsConfig) error {
	prices := c.prices()
	var providers []model.Provider
	models := map[string]string{}
	if g := c.Gemini; g != nil {
		p, err := model.NewGemini(model.GeminiConfig{
			Endpoint: g.Endpoint, Key: g.Key, Model: g.Model, MaxTokens: g.MaxTokens, Prices: prices, HTTP: modelClient(g.AllowPrivate),
		})
		if err != nil {
			return err
		}
		providers, models[p.Name()] = append(providers, p), p.Model()
	}
	for _, o := range c.OpenAI {
		p, err := model.NewOpenAI(model.OpenAIConfig{
			Name: o.Name, BaseURL: o.BaseURL, Key: o.Key, Model: o.Model, MaxTokens: o.MaxTokens, Structured: o.Structured,
			NoStream: o.Stream != nil && !*o.Stream, Extra: o.Extra, Prices: prices, HTTP: modelClient(o.AllowPrivate),
		})
		if err != nil {
			return err
		}
		providers, models[o.Name] = append(providers, p), o.Model
	}
	if a := c.Anthropic; a != nil {
		p, err := model.NewAnthropic(model.AnthropicConfig{
			BaseURL: a.BaseURL, Key: a.Key, Model: a.Model, MaxTokens: a.MaxTokens,
			NoStream: a.Stream != nil && !*a.Stream, Prices: prices, HTTP: modelClient(a.AllowPrivate),
		})
		if err != nil {
			return err
		}
		providers, models[p.Name()] = append(providers, p), a.Model
	}
	var record []string
	if c.Recorded != nil {
		record = c.Recorded.Record
	}
	for _, p := range providers {
		name := p.Name()
		if _, priced := prices[models[name]]; c.Budgets.inMoney() && !priced {
			return soc.Errorf(soc.Invalid,
				"models.budgets counts dollars, and models.prices has no price of %s (%s): what it costs is not known; add it, or count tokens", models[name], name)
		}
		if slices.Contains(record, name) {
			recorder, err := model.NewRecorder(p, c.Recorded.Dir)
			if err != nil {
				return err
			}
			p = recorder
			record = slices.DeleteFunc(slices.Clone(record), func(r string) bool { return r == name })
		}
		breaker := model.NewBreaker(p)
		m.breakers = append(m.breakers, breaker)
		if err := m.add(breaker); err != nil {
			return err
		}
	}
	if len(record) > 0 {
		return soc.Errorf(soc.Invalid, "models.recorded.record: %s is not configured", strings.Join(record, ", "))
	}
	return nil
}

// modelClient is a guarded client without an end of its own: an answer's end is the step's timeout, and silence is noticed.
func modelClient(allowPrivate bool) *http.Client {
	return connector.NewHTTPClient(connector.ClientOptions{AllowPrivate: allowPrivate, MaxBody: maxModelBody, Timeout: -1})
}

func (m *modelProviders) add(p model.Provider) error {
	if _, taken := m.byName[p.Name()]; taken {
		return soc.Errorf(soc.Invalid, "models: two providers have the name %q", p.Name())
	}
	m.byName[p.Name()] = p
	return nil
}

func (m *modelProviders) chain(where, name string, names []string) error {
	members, err := m.members(where, names, true)
	if err != nil {
		return err
	}
	chain, err := model.NewChain(name, members...)
	if err != nil {
		return err
	}
	return m.add(chain)
}

// members finds providers by name. Chains have no chains in them, and committees neither chains nor committees.
func (m *modelProviders) members(where string, names []string, committees bool) ([]model.Provider, error) {
	var members []model.Provider
	for _, name := range names {
		p, ok := m.byName[name]
		_, isChain := p.(*model.Chain)
		_, isCommittee := p.(*model.Committee)
		if !ok || isChain || isCommittee && !committees {
			return nil, soc.Errorf(soc.Invalid, "%s: %q is no provider that is configured", where, name)
		}
		members = append(members, p)
	}
	return members, nil
}

// Provider finds a provider by name; "" is the default.
func (m *modelProviders) Provider(name string) (model.Provider, error) {
	if name == "" {
		name = m.standard
	}
	if p, ok := m.byName[name]; ok {
		return p, nil
	}
	return nil, soc.Errorf(soc.Invalid, "the model provider %q is not configured; add it to models in picket.yaml", name)
}

// Default is the providers that are asked where a step names none, in their order.
func (m *modelProviders) Default() []string { return m.order }

// Names are those of all providers, chains and committees among them.
func (m *modelProviders) Names() []string { return slices.Sorted(maps.Keys(m.byName)) }

// Status tells how each provider does that is asked over the network.
func (m *modelProviders) Status() []model.Status {
	list := make([]model.Status, 0, len(m.breakers))
	for _, b := range m.breakers {
		list = append(list, b.Status())
	}
	return list
}

// Budgets tells how far each budget is spent.
func (m *modelProviders) Budgets(ctx context.Context) ([]model.BudgetState, error) {
	if m.budget == nil {
		return []model.BudgetState{}, nil
	}
	return m.budget.States(ctx)
}

// spending sums up the ledger's usage.
func spending(s *store.Store) model.Spending {
	return func(ctx context.Context, playbook string, since time.Time) (float64, int64, error) {
		sums, err := s.ModelUsage(ctx, store.UsageFilter{Playbook: playbook, Since: since})
		if err != nil || len(sums) == 0 {
			return 0, 0, err
		}
		return sums[0].CostUSD, sums[0].TokensIn + sums[0].TokensOut, nil
	}
}

// calibrator tells what stated confidences come to, by the judgements in a store. What was fitted stands until the next
// judgement of that model.
type calibrator struct {
	store  *store.Store
	mu     sync.Mutex
	fitted map[[2]string]fit // by provider and model
}

type fit struct {
	newest time.Time
	is     *eval.Calibrated // nil: there are not enough judgements
}

// Calibrated fits the newest judgements of a model.
func (c *calibrator) Calibrated(ctx context.Context, provider, name string, stated float64) (float64, bool, error) {
	of := store.JudgementFilter{Provider: provider, Model: name, Limit: 1}
	last, err := c.store.Judgements(ctx, of)
	if err != nil || len(last) == 0 {
		return 0, false, err
	}
	c.mu.Lock()
	known, ok := c.fitted[[2]string{provider, name}]
	c.mu.Unlock()
	if !ok || !known.newest.Equal(last[0].At) {
		of.Limit = maxCalibrated
		list, err := c.store.Judgements(ctx, of)
		if err != nil {
			return 0, false, err
		}
		known = fit{last[0].At, eval.Calibrate(list)}
		c.mu.Lock()
		if c.fitted == nil {
			c.fitted = map[[2]string]fit{}
		}
		c.fitted[[2]string{provider, name}] = known
		c.mu.Unlock()
	}
	if known.is == nil {
		return 0, false, nil
	}
	return known.is.Of(stated), true, nil
}

// maxCalibrated bounds the judgements that a calibration is fitted to: a model and its prompts change, and old ones tell less.
const maxCalibrated = 2000
