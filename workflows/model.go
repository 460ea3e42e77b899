package workflows

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

const defaultModelTimeout = 3 * time.Minute

// model asks a language model, or the builtin scorer, about the evidence.
func (r *run) model(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	m := s.Model
	if r.spent() {
		return outcome{}, fail("denied", "%s", r.budgetSpent())
	}
	prompt, err := f.text(ctx, &m.Prompt)
	if err != nil {
		return outcome{}, fmt.Errorf("prompt: %w", err)
	}
	in := contract.ModelInput{Provider: m.Provider, Prompt: prompt, Returns: m.Returns, Schema: m.Schema, Severity: r.severity()}
	if in.Evidence, in.Missing, err = f.evidence(ctx, m.Evidence, m.Missing); err != nil {
		return outcome{}, err
	}
	in.Step = r.step(f.prefix+s.ID, s.Title)
	out, err := r.askModel(ctx, s, in)
	if err != nil {
		return outcome{}, err
	}
	r.concluded(m.Returns, out.Output)
	return outcome{status: contract.StepOK, output: out.Output, kept: true}, nil
}

// askModel asks a model once, and counts what that has cost.
func (r *run) askModel(ctx workflow.Context, s *plan.Step, in contract.ModelInput) (out contract.ModelOutput, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		ActivityID:          in.Path,
		TaskQueue:           contract.QueueSlow,
		StartToCloseTimeout: timeout(s, defaultModelTimeout),
		HeartbeatTimeout:    callHeartbeat,
		RetryPolicy:         retryPolicy(s),
		Summary:             summary(s),
	})
	err = workflow.ExecuteActivity(ctx, contract.ActivityModel, in).Get(ctx, &out)
	r.unsent(in.Step, err)
	r.tokens += out.TokensIn + out.TokensOut
	r.costUSD += out.CostUSD
	return out, err
}

// concluded keeps the verdict that a run has come to.
func (r *run) concluded(returns string, output json.RawMessage) {
	if verdict, ok := contract.Verdict(returns, output); ok {
		r.verdict = verdict
	}
}

// evidence is what a model is shown, and what it should have been shown and is not there.
func (f *frame) evidence(ctx workflow.Context, list []plan.Evidence, needed []string) (shown []contract.Evidence, missing []string, err error) {
	for _, e := range list {
		data, err := f.value(ctx, e.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("evidence %s: %w", e.ID, err)
		}
		if string(data) == "null" {
			// A step that was skipped had nothing to say about this alert; one that failed has left a gap.
			if f.result(e.ID).Status != contract.StepSkipped {
				missing = append(missing, e.ID)
			}
			continue
		}
		shown = append(shown, contract.Evidence{ID: e.ID, Data: data, Untrusted: e.Untrusted})
	}
	for _, id := range needed {
		if f.result(id).Status != contract.StepOK && !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	return shown, missing, nil
}

// spent tells whether the run's budget for models is.
func (r *run) spent() bool {
	b := r.in.Plan.Budget
	return b.ModelTokens > 0 && r.tokens >= b.ModelTokens || b.ModelCostUSD > 0 && r.costUSD >= b.ModelCostUSD
}

func (r *run) budgetSpent() string {
	return fmt.Sprintf("the run's model budget is spent: %d tokens, $%.4f", r.tokens, r.costUSD)
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
