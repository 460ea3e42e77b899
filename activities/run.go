package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/expr"
)

// AcquireKey asks for the key of a run. When the run is to join another one, its alert is offered to what that one waits for.
func (a *Activities) AcquireKey(ctx context.Context, in contract.KeyInput) (contract.KeyOutput, error) {
	state, err := a.Runs.AcquireKey(ctx, store.KeyRequest{
		RunID: in.RunID, Playbook: in.Playbook, Key: in.Key, Overlap: in.Overlap, Entries: entries(in.Entries),
	})
	if err != nil {
		return contract.KeyOutput{}, failure(err)
	}
	switch state.State {
	case contract.KeyQueued:
		a.settled(in.RunID)
	case contract.KeyJoined:
		if err := a.offer(ctx, state.Holder); err != nil {
			return contract.KeyOutput{}, failure(err)
		}
	}
	return contract.KeyOutput{State: state.State, Holder: state.Holder}, nil
}

// offer holds the alerts that joined runs have brought to a run against what the run waits for. An alert that meets
// nothing stays until something does, or the run is over.
func (a *Activities) offer(ctx context.Context, runID string) error {
	alerts, err := a.Runs.JoinedAlerts(ctx, runID)
	if err != nil || len(alerts) == 0 {
		return err
	}
	open, err := a.Runs.SubscriptionsOf(ctx, runID)
	if err != nil {
		return err
	}
	for _, id := range alerts {
		if len(open) == 0 {
			return nil
		}
		alert, err := a.Runs.GetAlert(ctx, id)
		if err != nil {
			return err
		}
		event, err := json.Marshal(alert)
		if err != nil {
			return err
		}
		for _, sub := range open {
			if !Meets(sub, alert.Source, event, a.Now()) {
				continue
			}
			if _, err := a.Runs.Match(ctx, sub.ID, id); err != nil {
				return err
			}
		}
		if open, err = a.Runs.SubscriptionsOf(ctx, runID); err != nil {
			return err
		}
	}
	return nil
}

// Meets tells whether an alert is what a subscription waits for. A condition that fails does not hold.
func Meets(sub store.Subscription, source string, event json.RawMessage, now time.Time) bool {
	if len(sub.Sources) > 0 && !slices.Contains(sub.Sources, source) {
		return false
	}
	if sub.When == "" {
		return true
	}
	vars := expr.Vars{}
	if json.Unmarshal(sub.Vars, &vars) != nil {
		return false
	}
	vars["event"] = event
	holds, err := expr.EvalBool(sub.When, expr.NewScope(vars, now))
	return err == nil && holds
}

// Subscribe begins to listen for an event. Repeating it changes nothing, and tells whether one has matched since.
func (a *Activities) Subscribe(ctx context.Context, in contract.SubscribeInput) (contract.SubscribeOutput, error) {
	var out contract.SubscribeOutput
	defer a.settled(in.RunID)
	if in.SubscriptionID != contract.SubscriptionID(in.RunID, in.Path) {
		return out, failure(soc.Errorf(soc.Denied, "the subscription %s is not that of step %s", in.SubscriptionID, in.Path))
	}
	err := a.Runs.Subscribe(ctx, store.Subscription{
		ID: in.SubscriptionID, RunID: in.RunID, WorkflowID: activity.GetInfo(ctx).WorkflowExecution.ID, Step: in.Path,
		Sources: in.Sources, When: in.When, Vars: in.Vars, Until: in.Until,
	}, entries(in.Entries))
	if err == nil {
		err = a.offer(ctx, in.RunID)
	}
	if err != nil {
		return out, failure(err)
	}
	sub, err := a.Runs.ReadSubscription(ctx, in.RunID, in.SubscriptionID, false, nil)
	out.Matched = sub.AlertID != ""
	return out, failure(err)
}

// ReadEvent reads what a signal has named, and ends a subscription whose time is over.
func (a *Activities) ReadEvent(ctx context.Context, in contract.EventInput) (contract.EventOutput, error) {
	sub, err := a.Runs.ReadSubscription(ctx, in.RunID, in.SubscriptionID, in.Close, entries(in.Entries))
	if err != nil || sub.AlertID == "" {
		return contract.EventOutput{}, failure(err)
	}
	alert, err := a.Runs.GetAlert(ctx, sub.AlertID)
	if err != nil {
		return contract.EventOutput{}, failure(err)
	}
	event, err := json.Marshal(alert)
	if err != nil {
		return contract.EventOutput{}, failure(err)
	}
	return contract.EventOutput{Matched: true, AlertID: alert.ID, Alert: event}, nil
}

// OpenRun keeps the row of the run that a call step makes, and answers its plan. Repeating it changes nothing.
func (a *Activities) OpenRun(ctx context.Context, in contract.OpenInput) (contract.OpenOutput, error) {
	if in.ChildRunID != contract.ChildRunID(in.RunID, in.Path) {
		return contract.OpenOutput{}, failure(soc.Errorf(soc.Denied, "the run %s is not that of step %s", in.ChildRunID, in.Path))
	}
	parent, err := a.Desk.GetRun(ctx, in.RunID)
	if err != nil {
		return contract.OpenOutput{}, failure(err)
	}
	var out contract.OpenOutput
	kept, err := a.Runs.PlanByDigest(ctx, in.Digest)
	if err != nil {
		return contract.OpenOutput{}, failure(err)
	}
	if sum := sha256.Sum256(kept.Plan); hex.EncodeToString(sum[:]) != in.Digest || json.Unmarshal(kept.Plan, &out.Plan) != nil || out.Plan.Name != in.Playbook {
		return contract.OpenOutput{}, failure(soc.Errorf(soc.Denied, "the kept plan %s is not the one that %s was compiled with", in.Digest, in.Playbook))
	}
	if out.Shadow, err = a.shadow(ctx, parent, in); err != nil {
		return contract.OpenOutput{}, failure(err)
	}
	n := store.NewRun{Run: soc.Run{
		ID: in.ChildRunID, WorkflowID: "run/" + in.ChildRunID, Playbook: in.Playbook, PlanDigest: in.Digest, AlertID: in.AlertID,
		Parent: parent.ID, Trigger: soc.TriggerCall, RequestedBy: parent.RequestedBy,
	}}
	if in.AlertID == parent.AlertID {
		n.Run.AlertTitle, n.Run.Severity = parent.AlertTitle, parent.Severity
	}
	if out.Shadow != nil {
		if n.Shadow, err = json.Marshal(out.Shadow); err != nil {
			return contract.OpenOutput{}, failure(err)
		}
	}
	opened, err := a.Runs.OpenRun(ctx, n, entries(in.Entries))
	out.WorkflowID = opened.WorkflowID
	return out, failure(err)
}

// shadow is what a called playbook's run only records: what its caller only records, and what the playbook's own
// setting says.
func (a *Activities) shadow(ctx context.Context, parent soc.Run, in contract.OpenInput) (*contract.Shadow, error) {
	var both *contract.Shadow
	if parent.Shadow {
		text, err := a.Runs.RunShadow(ctx, parent.ID)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &both); err != nil {
			return nil, err
		}
	}
	set, err := a.Runs.Shadow(ctx, in.Playbook)
	switch {
	case soc.KindOf(err) == soc.NotFound:
		return both, nil
	case err != nil:
		return nil, err
	case set.PlanDigest != "" && set.PlanDigest != in.Digest:
		return both, nil
	case both == nil:
		return &contract.Shadow{Operations: set.Operations}, nil
	case len(both.Operations) == 0 || len(set.Operations) == 0:
		return &contract.Shadow{}, nil
	}
	both.Operations = append(both.Operations, set.Operations...)
	slices.Sort(both.Operations)
	both.Operations = slices.Compact(both.Operations)
	return both, nil
}

// StartScheduled starts the run of a playbook whose time has come. Its id derives from the workflow's, so that a time
// starts one run.
func (a *Activities) StartScheduled(ctx context.Context, in contract.ScheduledInput) (contract.ScheduledOutput, error) {
	if a.Start == nil {
		return contract.ScheduledOutput{}, failure(soc.Errorf(soc.Invalid, "this process starts no runs"))
	}
	out := contract.ScheduledOutput{RunID: contract.ScheduledRunID(activity.GetInfo(ctx).WorkflowExecution.ID)}
	return out, failure(a.Start.StartScheduled(ctx, out.RunID, in.Playbook, in.Inputs))
}
