package api_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/eval"
	"picket/internal/model"
	"picket/internal/soc"
)

// rules measures the builtin provider.
type rules struct{}

func (rules) Evaluate(ctx context.Context, r api.EvalRequest) (eval.Document, error) {
	cases, err := eval.Read(bytes.NewReader(eval.Sample()), r.Source)
	if err != nil {
		return eval.Document{}, err
	}
	trial := eval.Trial{Set: r.Set, Cases: cases, Seed: 1, Limit: r.Limit}
	for _, name := range []string{r.Provider, r.Against} {
		if name != "" {
			trial.Configurations = append(trial.Configurations, eval.Configuration{Name: name, Provider: model.NewBuiltin(), Repeats: r.Repeats, Inject: r.Inject})
		}
	}
	return eval.Try(ctx, trial)
}

func TestAProviderIsMeasured(t *testing.T) {
	p := start(t, func(o *api.Options) { o.Evaluator = rules{} })
	lead := p.as("lea", soc.RoleLead)
	var out eval.Document
	lead.post("/v1/verdicts/measure", map[string]any{"set": "sample", "provider": "builtin", "split": 1}).is(422)
	lead.post("/v1/verdicts/measure", map[string]any{"set": "sample", "provider": "builtin", "against": "builtin", "limit": 20, "inject": true}).is(200).into(&out)
	require.Equal(t, 20, out.Reports[0].Cases)
	require.NotNil(t, out.Comparison)
	require.NotEmpty(t, out.Reports[0].Baselines)
	p.as("ana", soc.RoleAnalyst).post("/v1/verdicts/measure", map[string]any{"set": "sample", "provider": "builtin"}).is(403)
	for _, body := range []map[string]any{
		{"set": "all", "provider": "builtin"}, {"set": "sample", "provider": ""}, {"set": "sample", "provider": "builtin", "repeats": 9},
		{"set": "sample", "provider": "builtin", "limit": 100_000},
	} {
		lead.post("/v1/verdicts/measure", body).is(422)
	}
}
