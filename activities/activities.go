// Package activities is what touches the world for a workflow: calls of operations, models, approvals and the ledger.
package activities

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"picket/internal/connector"
	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

// Ledger appends to the chain. The first entry with a key wins, and what stands is answered.
type Ledger interface {
	Append(ctx context.Context, runID string, entries []soc.LedgerEntry) ([]store.Appended, error)
	FindEntry(ctx context.Context, runID, key string) (soc.LedgerEntry, error)
}

// Desk is where approvals wait and decisions stand.
type Desk interface {
	GetRun(ctx context.Context, id string) (soc.Run, error)
	RequestApproval(ctx context.Context, a soc.Approval, entries []soc.LedgerEntry) (soc.Approval, error)
	ExpireApproval(ctx context.Context, approvalID string, d soc.Decision) (soc.Decision, error)
	GetApproval(ctx context.Context, id string) (soc.Approval, error)
	Decide(ctx context.Context, d soc.Decision) (soc.Decision, error)
	GetDecision(ctx context.Context, id string) (soc.Decision, error)
	RemindApproval(ctx context.Context, runID, approvalID string, number int, entries []soc.LedgerEntry) (bool, error)
	Conclude(ctx context.Context, runID, verdict string, entries []soc.LedgerEntry) error
	CloseRun(ctx context.Context, c store.Closing) ([]store.Appended, error)
}

// Runs is where a run meets other runs and later alerts.
type Runs interface {
	AcquireKey(ctx context.Context, r store.KeyRequest) (store.KeyState, error)
	OpenRun(ctx context.Context, n store.NewRun, entries []soc.LedgerEntry) (soc.Run, error)
	RunShadow(ctx context.Context, runID string) (json.RawMessage, error)
	PlanByDigest(ctx context.Context, digest string) (store.Plan, error)
	Shadow(ctx context.Context, playbook string) (soc.ShadowSetting, error)
	Subscribe(ctx context.Context, sub store.Subscription, entries []soc.LedgerEntry) error
	SubscriptionsOf(ctx context.Context, runID string) ([]store.Subscription, error)
	ReadSubscription(ctx context.Context, runID, id string, end bool, entries []soc.LedgerEntry) (store.Subscription, error)
	JoinedAlerts(ctx context.Context, runID string) ([]string, error)
	Match(ctx context.Context, subscriptionID, alertID string) (bool, error)
	GetAlert(ctx context.Context, id string) (soc.Alert, error)
}

// Starter starts a playbook's run because its time has come. It is idempotent by the run's id.
type Starter interface {
	StartScheduled(ctx context.Context, runID, playbook string, inputs json.RawMessage) error
}

// Caller calls operations of connectors.
type Caller interface {
	Call(ctx context.Context, req connector.Request) (json.RawMessage, error)
	Confirm(ctx context.Context, req connector.Request) (done, supported bool, err error)
}

// Signer signs decisions and knows its own signatures.
type Signer interface {
	Sign(d soc.Decision) soc.Decision
	Verify(d soc.Decision) error
	VerifyVote(v soc.Vote) error
}

// Models names the provider for a model step; "" is the workspace's default.
type Models interface {
	Provider(name string) (model.Provider, error)
}

// Budget tells whether a playbook may ask a model; an error says which budget is spent, and until when.
type Budget interface {
	Allow(ctx context.Context, playbook string) error
}

// Calibrator tells how often a model was right with a confidence that it stated, by what people say of its verdicts; ok is
// false while too few of them were judged.
type Calibrator interface {
	Calibrated(ctx context.Context, provider, model string, stated float64) (calibrated float64, ok bool, err error)
}

// Floors tells below which severity no verdict on a run's alert may come, and the name of the rule that says so; "" for none.
type Floors interface {
	Floor(ctx context.Context, runID string) (rule string, severity soc.Severity, err error)
}

// Policies decide approvals that the workspace does not want people to be asked for; false leaves one to people.
type Policies interface {
	Decide(ctx context.Context, a soc.Approval) (soc.Decision, bool, error)
}

// Agents finds the agent of a step of a run; nil where the step is none.
type Agents interface {
	AgentOf(ctx context.Context, runID, path string) (*plan.Agent, error)
}

// Activities holds what activities need.
type Activities struct {
	Ledger Ledger
	Desk   Desk
	Runs   Runs
	Start  Starter // nil where nothing is scheduled
	Caller Caller
	Signer Signer
	Models Models
	Budget Budget // nil is without end
	// Calibrator may be nil: then confidences stand as they were stated.
	Calibrator Calibrator
	// MaskBenign asks for a benign verdict of a model again, with the texts masked that an attacker can have written.
	MaskBenign bool
	Floors     Floors   // nil is none
	Policies   Policies // nil leaves everything to people
	Agents     Agents   // nil tells nothing of the agents that gave verdicts
	Now        func() time.Time
	// Settled is told when a run has ended or has come to something slow: a person, a model, a remote call. It may be nil.
	Settled func(runID string)
}

func (a *Activities) settled(runID string) {
	if a.Settled != nil {
		a.Settled(runID)
	}
}

// Registry takes activities: a worker, a replayer or a test environment.
type Registry interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// Register makes every activity known under its name in the contract.
func (a *Activities) Register(r Registry) {
	for _, known := range []struct {
		name string
		run  any
	}{
		{contract.ActivityCall, a.Call},
		{contract.ActivityModel, a.Model},
		{contract.ActivityRequestApproval, a.RequestApproval},
		{contract.ActivityReadDecision, a.ReadDecision},
		{contract.ActivityExpireApproval, a.ExpireApproval},
		{contract.ActivityRemindApproval, a.RemindApproval},
		{contract.ActivityAcquireKey, a.AcquireKey},
		{contract.ActivityOpenRun, a.OpenRun},
		{contract.ActivitySubscribe, a.Subscribe},
		{contract.ActivityReadEvent, a.ReadEvent},
		{contract.ActivityStartScheduled, a.StartScheduled},
		{contract.ActivityRecord, a.Record},
		{contract.ActivityCloseRun, a.CloseRun},
	} {
		r.RegisterActivityWithOptions(known.run, activity.RegisterOptions{Name: known.name})
	}
}

// Record appends the workflow's entries to the ledger.
func (a *Activities) Record(ctx context.Context, in contract.RecordInput) error {
	_, err := a.Ledger.Append(ctx, in.RunID, entries(in.Entries))
	return failure(err)
}

// CloseRun appends the last entries and writes the run's result. Repeating it changes nothing.
func (a *Activities) CloseRun(ctx context.Context, in contract.CloseInput) error {
	defer a.settled(in.RunID)
	_, err := a.Desk.CloseRun(ctx, store.Closing{
		RunID: in.RunID, Status: soc.RunStatus(in.Output.Status), Reason: in.Output.Reason, Verdict: in.Verdict,
		Outputs: in.Output.Outputs, TemporalRunID: activity.GetInfo(ctx).WorkflowExecution.RunID, Entries: entries(in.Entries),
	})
	return failure(err)
}

func entries(noted []contract.Entry) []soc.LedgerEntry {
	list := make([]soc.LedgerEntry, 0, len(noted)+2)
	for _, e := range noted {
		list = append(list, soc.LedgerEntry{Key: e.Key, Kind: e.Kind, Step: e.Step, Attempt: e.Attempt, At: e.At, Body: e.Body})
	}
	return list
}

func entry(key, kind, path string, attempt int, at time.Time, body any) soc.LedgerEntry {
	text, err := json.Marshal(body)
	if err != nil {
		text, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	return soc.LedgerEntry{Key: key, Kind: kind, Step: path, Attempt: attempt, At: at, Body: text}
}

// failure maps an error's kind to whether Temporal may repeat the activity. The kind becomes the error's type.
func failure(err error) error {
	if err == nil {
		return nil
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app
	}
	kind := soc.KindOf(err)
	options := temporal.ApplicationErrorOptions{NonRetryable: kind != soc.Unavailable && kind != soc.Internal}
	if call, ok := errors.AsType[*connector.CallError](err); ok {
		options.NextRetryDelay = min(call.RetryAfter, longestRetryAfter)
	}
	if call, ok := errors.AsType[*model.CallError](err); ok {
		options.NextRetryDelay = min(call.RetryAfter, longestRetryAfter)
	}
	if _, ok := errors.AsType[*model.OutputError](err); ok {
		options.NonRetryable = false // another turn may give an answer that holds
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(kind), options)
}

// longestRetryAfter bounds what a vendor can make us wait between attempts.
const longestRetryAfter = 15 * time.Minute

func asCallError(err error) *contract.CallError {
	if err == nil {
		return nil
	}
	return &contract.CallError{Kind: string(soc.KindOf(err)), Message: err.Error()}
}

// fromCallError is the error that a ledger entry has kept.
func fromCallError(e *contract.CallError) error { return soc.Errorf(soc.Kind(e.Kind), "%s", e.Message) }
