package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"picket/activities"
	"picket/internal/contract"
	"picket/internal/ingest"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/expr"
)

// Intake accepts alerts: it decides what each starts and writes it all in one transaction.
type Intake struct {
	store   *store.Store
	library *Library
	pace    *admission
	log     *slog.Logger
}

// Accept keeps the alerts of one request, posts the start of every playbook that they match, and ends every wait that
// they meet.
func (in *Intake) Accept(ctx context.Context, source string, alerts []ingest.Normalised, requestID, bodyDigest string) ([]store.AcceptResult, error) {
	batch := make([]store.Accept, len(alerts))
	for i, n := range alerts {
		alert := n.Alert
		alert.ID = soc.NewID("alr")
		alert.Source = source
		runs, err := in.runs(ctx, alert)
		if err != nil {
			return nil, err
		}
		batch[i] = store.Accept{Alert: alert, DedupKey: n.DedupKey, RequestID: requestID, BodyDigest: bodyDigest, Runs: runs}
	}
	for _, a := range batch { // before they can start, so that none has ended before it is counted
		for _, r := range a.Runs {
			in.pace.begin(r.Run.ID)
		}
	}
	results, err := in.keep(ctx, batch)
	for i, a := range batch {
		if err != nil || results[i].Duplicate || results[i].Replayed {
			for _, r := range a.Runs {
				in.pace.settled(r.Run.ID)
			}
		}
	}
	if err == nil {
		in.pace.pace(ctx)
	}
	return results, err
}

// acceptTries bounds how often alerts are held against what runs wait for, should that change all the time.
const acceptTries = 5

// keep holds the alerts against what runs wait for and keeps them. A wait that begins between the two is seen too.
func (in *Intake) keep(ctx context.Context, batch []store.Accept) ([]store.AcceptResult, error) {
	for try := 1; ; try++ {
		open, newest, err := in.store.OpenSubscriptions(ctx)
		if err != nil {
			return nil, err
		}
		if try == acceptTries {
			newest = -1
			in.log.WarnContext(ctx, "what runs wait for changes all the time; an alert was not held against the newest")
		}
		for i := range batch {
			if err := in.match(&batch[i], open); err != nil {
				return nil, err
			}
			batch[i].Newest = newest
		}
		results, err := in.store.AcceptAlerts(ctx, batch)
		if !errors.Is(err, store.ErrStale) {
			return results, err
		}
	}
}

// match names the subscriptions that an alert meets.
func (in *Intake) match(a *store.Accept, open []store.Subscription) error {
	a.Matches = nil
	if len(open) == 0 {
		return nil
	}
	event, err := json.Marshal(a.Alert)
	if err != nil {
		return err
	}
	for _, sub := range open {
		if activities.Meets(sub, a.Alert.Source, event, time.Now()) {
			a.Matches = append(a.Matches, sub.ID)
		}
	}
	return nil
}

// runs are the runs that an alert starts: one for each playbook with a trigger that matches.
func (in *Intake) runs(ctx context.Context, alert soc.Alert) ([]store.NewRun, error) {
	text, err := json.Marshal(alert)
	if err != nil {
		return nil, err
	}
	scope := expr.NewScope(expr.Vars{"alert": text}, time.Now())
	var runs []store.NewRun
	for _, p := range in.library.All() {
		if p.Plan == nil || !in.matches(ctx, p, alert, scope) {
			continue
		}
		run, err := in.newRun(ctx, p, contract.Trigger{Kind: soc.TriggerAlert, AlertID: alert.ID, Alert: text}, &alert)
		if err != nil {
			return nil, err
		}
		run.Run.WorkflowID = workflowID(p.Name, alert.ID)
		runs = append(runs, run)
	}
	return runs, nil
}

// matches tells whether an alert starts a playbook. A condition that fails on an alert does not hold; it is logged, for
// an alert must not be lost because of a playbook.
func (in *Intake) matches(ctx context.Context, p Playbook, alert soc.Alert, scope *expr.Scope) bool {
	for _, t := range p.Plan.Triggers {
		if t.Kind != "alert" || t.Source != "" && t.Source != alert.Source {
			continue
		}
		if t.When == "" {
			return true
		}
		holds, err := expr.EvalBool(t.When, scope)
		if err != nil {
			in.log.WarnContext(ctx, "trigger condition failed", "playbook", p.Name, "alert_id", alert.ID, "error", err)
			continue
		}
		if holds {
			return true
		}
	}
	return false
}
