package workflows

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

const defaultModelTimeout = 3 * time.Minute

// model asks a language model, or the builtin scorer, about the evidence.
func (r *run) model(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	m := s.Model
	if b := r.in.Plan.Budget; b.ModelTokens > 0 && r.tokens >= b.ModelTokens || b.ModelCostUSD > 0 && r.costUSD >= b.ModelCostUSD {
		return outcome{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("the run's model budget is spent: %d tokens, $%.4f", r.tokens, r.costUSD), "denied", nil)
	}
	prompt, err := f.text(ctx, &m.Prompt)
	if err != nil {
		return outcome{}, fmt.Errorf("prompt: %w", err)
	}
	in := contract.ModelInput{Provider: m.Provider, Prompt: prompt, Returns: m.Returns, Schema: m.Schema, Severity: r.severity()}
	for _, e := range m.Evidence {
		data, err := f.value(ctx, e.Value)
		if err != nil {
			return outcome{}, fmt.Errorf("evidence %s: %w", e.ID, err)
		}
		if string(data) == "null" {
			// A step that was skipped had nothing to say about this alert; one that failed has left a gap.
			if f.result(e.ID).Status != contract.StepSkipped {
				in.Missing = append(in.Missing, e.ID)
			}
			continue
		}
		in.Evidence = append(in.Evidence, contract.Evidence{ID: e.ID, Data: data, Untrusted: e.Untrusted})
	}
	for _, id := range m.Missing {
		if f.result(id).Status != contract.StepOK && !slices.Contains(in.Missing, id) {
			in.Missing = append(in.Missing, id)
		}
	}
	in.Step = r.step(f.prefix+s.ID, s.Title)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		ActivityID:          in.Path,
		TaskQueue:           contract.QueueSlow,
		StartToCloseTimeout: timeout(s, defaultModelTimeout),
		HeartbeatTimeout:    callHeartbeat,
		RetryPolicy:         retryPolicy(s),
		Summary:             summary(s),
	})
	var out contract.ModelOutput
	err = workflow.ExecuteActivity(ctx, contract.ActivityModel, in).Get(ctx, &out)
	r.unsent(in.Step, err)
	if err != nil {
		return outcome{}, err
	}
	r.tokens += out.TokensIn + out.TokensOut
	r.costUSD += out.CostUSD
	if m.Returns == "verdict" {
		var v struct {
			Verdict string `json:"verdict"`
		}
		if err := json.Unmarshal(out.Output, &v); err == nil {
			r.verdict = v.Verdict
		}
	}
	return outcome{status: contract.StepOK, output: out.Output, kept: true}, nil
}

// severity is the alert's, for the verdict's ratchet.
func (r *run) severity() string {
	var alert struct {
		Severity string `json:"severity"`
	}
	if len(r.in.Trigger.Alert) == 0 || json.Unmarshal(r.in.Trigger.Alert, &alert) != nil {
		return ""
	}
	return alert.Severity
}
