package app

import (
	"context"
	"encoding/json"
	"time"

	"picket/api"
	"picket/internal/backtest"
	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
)

// asker asks another model what a step of a run asked, or the same one with another prompt.
type asker struct {
	store  *store.Store
	models *modelProviders
}

// AskAgain answers with the verdict that the provider gives on the evidence of then. The run stays as it is.
func (a *asker) AskAgain(ctx context.Context, r api.AgainRequest) (soc.Verdict, error) {
	kept, err := a.store.PlanByDigest(ctx, r.Run.PlanDigest)
	if err != nil {
		return soc.Verdict{}, err
	}
	p, err := kept.Decode()
	if err != nil {
		return soc.Verdict{}, err
	}
	in, err := backtest.Asked(ctx, a.store, r.Run, p, r.Step)
	if err != nil {
		return soc.Verdict{}, err
	}
	if in.Returns != model.ReturnsVerdict {
		return soc.Verdict{}, soc.Errorf(soc.Invalid, "the step %s asks for no verdict", r.Step)
	}
	if r.Prompt != "" {
		in.Prompt = r.Prompt
	}
	req := model.RequestOf(in)
	req.Model = "" // the step's is of the provider that it asked
	provider, err := a.models.Provider(r.Provider)
	if err != nil {
		return soc.Verdict{}, err
	}
	if a.models.budget != nil && !model.Free(provider.Name()) {
		if err := a.models.budget.Allow(ctx, r.Run.Playbook); err != nil {
			return soc.Verdict{}, err
		}
	}
	body := contract.ModelBody{Provider: provider.Name(), Started: time.Now().UTC()}
	got, err := provider.Complete(ctx, req)
	body.Ended = time.Now().UTC()
	got.Note(&body)
	var verdict soc.Verdict
	if err == nil {
		verdict, err = model.CompleteVerdict(got.Output, req, soc.Provenance{
			Provider: body.Provider, Model: got.Model, PromptDigest: got.PromptDigest, TokensIn: got.TokensIn, TokensOut: got.TokensOut,
			CostUSD: got.CostUSD, LatencyMS: body.Ended.Sub(body.Started).Milliseconds(), NoModel: body.Provider == model.NameBuiltin,
		})
	}
	if err == nil {
		body.Output, err = json.Marshal(verdict)
	}
	if err != nil {
		body.Error = &contract.CallError{Kind: string(soc.KindOf(err)), Message: err.Error()}
	}
	if noted := a.store.NoteAskedAgain(context.WithoutCancel(ctx), r.By, body, contract.AskedAgainBody{RunID: r.Run.ID, Step: r.Step, OwnPrompt: r.Prompt != ""}); noted != nil {
		return soc.Verdict{}, noted
	}
	return verdict, err
}
