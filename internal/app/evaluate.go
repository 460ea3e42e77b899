package app

import (
	"bytes"
	"context"
	"sync"
	"time"

	"picket/api"
	"picket/internal/contract"
	"picket/internal/eval"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
)

// evaluator measures providers on labelled alerts, within the budgets; what they used is counted.
type evaluator struct {
	store  *store.Store
	models *modelProviders
}

// Evaluate runs one or two providers over a set of alerts.
func (e *evaluator) Evaluate(ctx context.Context, r api.EvalRequest) (eval.Document, error) {
	trial := eval.Trial{Split: r.Split, Seed: r.Seed, Limit: r.Limit}
	var text []byte
	switch r.Set {
	case api.EvalJudged:
		list, err := e.store.Judgements(ctx, store.JudgementFilter{})
		if err != nil {
			return eval.Document{}, err
		}
		var lines bytes.Buffer
		if err := eval.Export(ctx, &lines, list, judged(e.store)); err != nil {
			return eval.Document{}, err
		}
		trial.Set, text = "the judged alerts", lines.Bytes()
	case api.EvalSample:
		trial.Set, text = "the sample alerts of Picket", eval.Sample()
	default:
		trial.Set, text = "the uploaded alerts", []byte(r.Alerts)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return eval.Document{}, soc.Errorf(soc.Invalid, "%s: there is none to measure on", trial.Set)
	}
	var err error
	if trial.Cases, err = eval.Read(bytes.NewReader(text), r.Source); err != nil {
		return eval.Document{}, err
	}
	var meters []*meter
	for _, name := range []string{r.Provider, r.Against} {
		if name == "" {
			continue
		}
		p, err := e.models.Provider(name)
		if err != nil {
			return eval.Document{}, err
		}
		m := &meter{Provider: p, budget: e.models.budget}
		meters = append(meters, m)
		trial.Configurations = append(trial.Configurations, eval.Configuration{Name: name, Provider: m, Repeats: r.Repeats, Inject: r.Inject})
	}
	began := time.Now().UTC()
	document, err := eval.Try(ctx, trial)
	var calls []contract.ModelBody
	for _, m := range meters {
		if m.body.TokensIn+m.body.TokensOut > 0 {
			m.body.Started, m.body.Ended = began, time.Now().UTC()
			calls = append(calls, m.body)
		}
	}
	noted := e.store.NoteEvaluation(context.WithoutCancel(ctx), r.By, calls, contract.EvaluationBody{
		Set: trial.Set, Alerts: document.Set.Held, Provider: r.Provider, Against: r.Against,
	})
	if err != nil {
		return document, err
	}
	return document, noted
}

// meter is a provider whose use is summed up, and that the budgets bound.
type meter struct {
	model.Provider
	budget *model.Budget
	mu     sync.Mutex
	body   contract.ModelBody
}

// Complete asks the budgets first. What costs nothing is asked in any case.
func (m *meter) Complete(ctx context.Context, req model.Request) (model.Response, error) {
	if m.budget != nil && !model.Free(m.Name()) {
		if err := m.budget.Allow(ctx, ""); err != nil {
			return model.Response{}, err
		}
	}
	got, err := m.Provider.Complete(ctx, req)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.body.Provider, m.body.Answer = m.Name(), "an evaluation; its answers are not kept"
	if got.Model != "" {
		m.body.Model = got.Model
	}
	m.body.TokensIn, m.body.TokensOut = m.body.TokensIn+got.TokensIn, m.body.TokensOut+got.TokensOut
	m.body.CostUSD, m.body.NoPrice = m.body.CostUSD+got.CostUSD, m.body.NoPrice || got.NoPrice
	return got, err
}
