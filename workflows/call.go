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

const (
	defaultCallTimeout  = 30 * time.Second
	defaultModelTimeout = 3 * time.Minute
	// callHeartbeat is how long a worker may be silent: what a crash costs before the call is looked at again.
	callHeartbeat = 10 * time.Second
	// lookAgain bounds how often a consequential call is looked at: the activity itself decides whether it may be made.
	lookAgain = 6
)

// action calls an operation: short safe ones as local activities, consequential ones behind their decision.
func (r *run) action(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	a := s.Action
	arguments, err := f.value(ctx, a.With)
	if err != nil {
		return outcome{}, fmt.Errorf("with: %w", err)
	}
	in := contract.CallInput{
		Operation: a.Operation, Connection: a.Connection, Effect: a.Effect, Arguments: arguments,
		TimeoutMS: timeout(s, defaultCallTimeout).Milliseconds(),
	}
	if a.Effect == plan.EffectConsequential {
		digest, err := contract.CallDigest(a.Operation, a.Connection, arguments)
		if err != nil {
			return outcome{}, err
		}
		in.Digest = digest
		in.Approval = r.grantFor(f, a, digest)
		if in.Approval == "" {
			return outcome{status: contract.StepSkipped, reason: "not approved"}, nil
		}
	}
	in.Step = r.step(f.prefix+s.ID, s.Title)
	var out contract.CallOutput
	if a.Local && a.Effect != plan.EffectConsequential {
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			StartToCloseTimeout: timeout(s, defaultCallTimeout),
			RetryPolicy:         retryPolicy(s),
			Summary:             in.Path,
		})
		err = workflow.ExecuteLocalActivity(ctx, contract.ActivityCall, in).Get(ctx, &out)
	} else {
		err = workflow.ExecuteActivity(r.callOptions(ctx, s, in), contract.ActivityCall, in).Get(ctx, &out)
	}
	return outcome{status: contract.StepOK, output: out.Output, kept: true}, err
}

// grantFor finds the approval among those that cover the action that was given for exactly this call.
func (r *run) grantFor(f *frame, a *plan.Action, digest string) string {
	for _, id := range a.Approvals {
		if g, ok := r.approved[f.prefix+id]; ok && slices.Contains(g.calls, digest) {
			return g.approvalID
		}
	}
	return ""
}

func (r *run) callOptions(ctx workflow.Context, s *plan.Step, in contract.CallInput) workflow.Context {
	options := workflow.ActivityOptions{
		ActivityID:          in.Path,
		TaskQueue:           contract.QueueSlow,
		StartToCloseTimeout: timeout(s, defaultCallTimeout),
		HeartbeatTimeout:    callHeartbeat,
		RetryPolicy:         retryPolicy(s),
		Summary:             summary(s),
	}
	if in.Effect == plan.EffectConsequential {
		options.TaskQueue = contract.QueueConsequential
		options.WaitForCancellation = true // what was sent must be known before the run ends
		options.RetryPolicy = &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: lookAgain,
		}
	}
	return workflow.WithActivityOptions(ctx, options)
}

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
			if f.done[e.ID].Status != contract.StepSkipped {
				in.Missing = append(in.Missing, e.ID)
			}
			continue
		}
		in.Evidence = append(in.Evidence, contract.Evidence{ID: e.ID, Data: data, Untrusted: e.Untrusted})
	}
	for _, id := range m.Missing {
		if f.done[id].Status != contract.StepOK && !slices.Contains(in.Missing, id) {
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
	if err := workflow.ExecuteActivity(ctx, contract.ActivityModel, in).Get(ctx, &out); err != nil {
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

func timeout(s *plan.Step, otherwise time.Duration) time.Duration {
	if s.Timeout > 0 {
		return millis(s.Timeout)
	}
	return otherwise
}

// summary is what Temporal's own tools show for a step, within their 400 bytes.
func summary(s *plan.Step) string {
	text := s.Title
	if text == "" {
		text = s.ID
	}
	if len(text) > 200 {
		text = text[:200]
	}
	return text
}
