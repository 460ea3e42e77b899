package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

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

// Accept keeps the alerts of one request and posts the start of every playbook that they match.
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
	results, err := in.store.AcceptAlerts(ctx, batch)
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

// runs are the runs that an alert starts: one for each playbook with a trigger that matches.
func (in *Intake) runs(ctx context.Context, alert soc.Alert) ([]store.NewRun, error) {
	text, err := json.Marshal(alert)
	if err != nil {
		return nil, err
	}
	scope := expr.NewScope(expr.Vars{"alert": text}, time.Now())
	var runs []store.NewRun
	for _, p := range in.library.All() {
		if !in.matches(ctx, p, alert, scope) {
			continue
		}
		run, err := newRun(p, contract.Trigger{Kind: "alert", AlertID: alert.ID, Alert: text}, alert)
		if err != nil {
			return nil, err
		}
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

// StartRun starts a playbook by hand, for an alert.
func (in *Intake) StartRun(ctx context.Context, playbook string, alert soc.Alert, by string) (soc.Run, error) {
	p, err := in.library.Find(playbook)
	if err != nil {
		return soc.Run{}, err
	}
	text, err := json.Marshal(alert)
	if err != nil {
		return soc.Run{}, err
	}
	run, err := newRun(p, contract.Trigger{Kind: "manual", AlertID: alert.ID, Alert: text, RequestedBy: by}, alert)
	if err != nil {
		return soc.Run{}, err
	}
	run.Run.WorkflowID = "run/" + run.Run.ID // by hand as often as one likes
	return in.store.CreateRun(ctx, run)
}

func newRun(p Playbook, trigger contract.Trigger, alert soc.Alert) (store.NewRun, error) {
	run := soc.Run{
		ID: soc.NewID("run"), WorkflowID: workflowID(p.Name, alert.ID), Playbook: p.Name, PlanDigest: p.Digest,
		AlertID: alert.ID, AlertTitle: alert.Title, Severity: alert.Severity, Status: soc.RunQueued, RequestedBy: trigger.RequestedBy,
	}
	start, err := json.Marshal(contract.PlaybookInput{RunID: run.ID, Plan: *p.Plan, Trigger: trigger})
	return store.NewRun{Run: run, Start: start}, err
}
