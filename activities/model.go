package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
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
		e, err := a.Ledger.FindEntry(ctx, in.RunID, modelKey(in, earlier))
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
	if err := a.answered(context.WithoutCancel(ctx), in, body, attempt); err != nil {
		return contract.ModelOutput{}, failure(err)
	}
	if err != nil {
		return contract.ModelOutput{}, failure(err)
	}
	return modelOutput(body), nil
}

// answered keeps what a model said; a verdict is the run's from then on, until it comes to another.
func (a *Activities) answered(ctx context.Context, in contract.ModelInput, body contract.ModelBody, attempt int) error {
	entries := []soc.LedgerEntry{entry(modelKey(in, attempt), contract.KindModelAnswered, in.Path, attempt, body.Ended, body)}
	if verdict, ok := contract.Verdict(in.Returns, body.Output); ok && body.Error == nil {
		return a.Desk.Conclude(ctx, in.RunID, verdict, entries)
	}
	_, err := a.Ledger.Append(ctx, in.RunID, entries)
	return err
}

// modelKey is the ledger's key of an attempt. An agent's turns have each their own.
func modelKey(in contract.ModelInput, attempt int) string {
	if in.Turn > 0 {
		return fmt.Sprintf("%s/turn/%d/model/%d", in.Path, in.Turn, attempt)
	}
	return fmt.Sprintf("%s/model/%d", in.Path, attempt)
}

func modelOutput(body contract.ModelBody) contract.ModelOutput {
	return contract.ModelOutput{
		Output: body.Output, TokensIn: body.TokensIn, TokensOut: body.TokensOut, CostUSD: body.CostUSD,
		Reply: body.Reply, Stop: body.Stop, Problem: body.Problem,
	}
}

// ask sends one request and turns its answer into the step's output.
func (a *Activities) ask(ctx context.Context, in contract.ModelInput) (body contract.ModelBody, err error) {
	body = contract.ModelBody{Started: a.Now().UTC(), Turn: in.Turn}
	req := model.RequestOf(in)
	if in.Conclude != "" {
		body.Provider = "picket"
		body.Output, err = model.Conclude(req, in.Conclude)
		return body, err
	}
	provider, err := a.Models.Provider(in.Provider)
	if err != nil {
		return body, err
	}
	body.Provider = provider.Name()
	if err := a.afford(ctx, in.RunID, body.Provider); err != nil {
		return body, err
	}
	var answer model.Response
	answer, err = provider.Complete(ctx, req)
	answer.Note(&body)
	if in.Turn > 0 {
		reply := answer.Reply()
		body.Reply = &reply
		defer func() {
			// An agent is told what is wrong with its answer; only the workflow knows how often.
			if bad, ok := errors.AsType[*model.OutputError](err); ok {
				body.Problem, body.Output, err = bad.Problem, nil, nil
			}
		}()
	}
	if err != nil || len(answer.ToolCalls) > 0 {
		return body, err
	}
	if in.Returns != "verdict" {
		body.Output = answer.Output
		return body, nil
	}
	took := a.Now().Sub(body.Started)
	verdict, err := model.CompleteVerdict(answer.Output, req, soc.Provenance{
		Provider: body.Provider, Model: answer.Model, PromptDigest: answer.PromptDigest,
		TokensIn: answer.TokensIn, TokensOut: answer.TokensOut, CostUSD: answer.CostUSD,
		LatencyMS: took.Milliseconds(), NoModel: body.Provider == model.NameBuiltin,
	})
	if err != nil {
		return body, err
	}
	for _, t := range answer.Tried {
		if !t.Answered {
			verdict.Notes = append(verdict.Notes, fmt.Sprintf("%s did not answer: %s", t.Provider, t.Message))
		}
	}
	if answer.NoPrice {
		verdict.Notes = append(verdict.Notes, "the cost is not known, because models.prices does not have every model that was asked")
	}
	a.doubt(ctx, provider, in, req, &verdict, &body)
	if err := a.trace(ctx, in, &verdict); err != nil {
		return body, err
	}
	if a.Floors != nil {
		rule, floor, err := a.Floors.Floor(ctx, in.RunID)
		if err != nil {
			return body, err
		}
		model.HoldUp(&verdict, rule, floor)
	}
	if err := a.calibrate(ctx, &verdict); err != nil {
		return body, err
	}
	body.Output, err = json.Marshal(verdict)
	return body, err
}

// trace adds to an agent's verdict which agent it was, and with which tools.
func (a *Activities) trace(ctx context.Context, in contract.ModelInput, v *soc.Verdict) error {
	if a.Agents == nil || in.Turn == 0 {
		return nil
	}
	agent, err := a.Agents.AgentOf(ctx, in.RunID, contract.StepPath(in.Path))
	if err != nil || agent == nil {
		return err
	}
	v.Provenance.Agent, v.Provenance.AgentDigest = agent.Use, agent.Digest
	text, err := json.Marshal(agent.Tools)
	if err == nil {
		text, err = contract.Canonical(text)
	}
	sum := sha256.Sum256(text)
	v.Provenance.ToolsDigest = hex.EncodeToString(sum[:])
	return err
}

// calibrate adds to a verdict's stated confidence what it comes to. It is kept with the answer, so a replay has it as it was.
func (a *Activities) calibrate(ctx context.Context, v *soc.Verdict) error {
	if a.Calibrator == nil || v.Confidence.Stated == 0 {
		return nil
	}
	calibrated, ok, err := a.Calibrator.Calibrated(ctx, v.Provenance.Provider, v.Provenance.Model, v.Confidence.Stated)
	if err == nil && ok {
		v.Confidence.Calibrated = &calibrated
	}
	return err
}

// afford asks the budgets. What costs nothing is asked in any case: the rules, and what was recorded.
func (a *Activities) afford(ctx context.Context, runID, provider string) error {
	if a.Budget == nil || model.Free(provider) {
		return nil
	}
	run, err := a.Desk.GetRun(ctx, runID)
	if err != nil {
		return err
	}
	return a.Budget.Allow(ctx, run.Playbook)
}
