package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/activity"

	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/soc"
)

// Model asks a provider once, completes and checks what it answers, and keeps request and answer in the ledger. An
// attempt that a crash repeats after its answer was kept is not paid again.
func (a *Activities) Model(ctx context.Context, in contract.ModelInput) (contract.ModelOutput, error) {
	defer heartbeat(ctx)()
	a.settled(in.RunID)
	if err := a.keep(ctx, in.Step); err != nil {
		return contract.ModelOutput{}, failure(err)
	}
	attempt := int(activity.GetInfo(ctx).Attempt)
	for earlier := attempt; earlier >= 1; earlier-- {
		e, err := a.Ledger.FindEntry(ctx, in.RunID, modelKey(in.Path, earlier))
		if err != nil {
			continue
		}
		var body contract.ModelBody
		if json.Unmarshal(e.Body, &body) == nil && body.Error == nil {
			return modelOutput(body), nil
		}
	}
	body, err := a.ask(ctx, in)
	body.Error, body.Ended = asCallError(err), a.Now().UTC()
	_, appendErr := a.Ledger.Append(context.WithoutCancel(ctx), in.RunID, []soc.LedgerEntry{
		entry(modelKey(in.Path, attempt), contract.KindModelAnswered, in.Path, attempt, body.Ended, body),
	})
	if appendErr != nil {
		return contract.ModelOutput{}, failure(appendErr)
	}
	if err != nil {
		return contract.ModelOutput{}, failure(err)
	}
	return modelOutput(body), nil
}

func modelKey(path string, attempt int) string { return fmt.Sprintf("%s/model/%d", path, attempt) }

func modelOutput(body contract.ModelBody) contract.ModelOutput {
	return contract.ModelOutput{
		Output: body.Output, TokensIn: body.TokensIn, TokensOut: body.TokensOut, CostUSD: body.CostUSD,
	}
}

// ask sends one request and turns its answer into the step's output.
func (a *Activities) ask(ctx context.Context, in contract.ModelInput) (contract.ModelBody, error) {
	body := contract.ModelBody{Started: a.Now().UTC()}
	provider, err := a.Models.Provider(in.Provider)
	if err != nil {
		return body, err
	}
	req := model.Request{
		Prompt: in.Prompt, Returns: in.Returns, Schema: in.Schema,
		Severity: soc.Severity(in.Severity), Missing: in.Missing,
	}
	for _, e := range in.Evidence {
		req.Evidence = append(req.Evidence, soc.Evidence{ID: e.ID, Title: e.Title, Data: e.Data, Untrusted: e.Untrusted})
	}
	body.Provider = provider.Name()
	answer, err := provider.Complete(ctx, req)
	body.Model, body.Answer, body.Request = answer.Model, answer.Text, answer.Request
	body.System, body.Prompt = answer.System, answer.Prompt
	body.TokensIn, body.TokensOut, body.CostUSD = answer.TokensIn, answer.TokensOut, answer.CostUSD
	if err != nil {
		return body, err
	}
	if in.Returns != "verdict" {
		body.Output = answer.Output
		return body, nil
	}
	took := a.Now().Sub(body.Started)
	verdict, err := model.CompleteVerdict(answer.Output, req, soc.Provenance{
		Provider: provider.Name(), Model: answer.Model, PromptDigest: answer.PromptDigest,
		TokensIn: answer.TokensIn, TokensOut: answer.TokensOut, CostUSD: answer.CostUSD,
		LatencyMS: took.Milliseconds(), NoModel: provider.Name() == "builtin",
	})
	if err != nil {
		return body, err
	}
	body.Output, err = json.Marshal(verdict)
	return body, err
}
