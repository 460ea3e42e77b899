package app

import (
	"context"
	"encoding/json"

	"picket/api"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

// StartRun starts a playbook by hand, as often as one likes.
func (in *Intake) StartRun(ctx context.Context, r api.StartRequest) (soc.Run, error) {
	p, err := in.library.Find(r.Playbook)
	if err != nil {
		return soc.Run{}, err
	}
	trigger := contract.Trigger{Kind: soc.TriggerManual, Inputs: r.Inputs, RequestedBy: r.By}
	if r.Alert != nil {
		trigger.AlertID = r.Alert.ID
		if trigger.Alert, err = json.Marshal(r.Alert); err != nil {
			return soc.Run{}, err
		}
	}
	run, err := in.newRun(ctx, p, trigger, r.Alert)
	if err != nil {
		return soc.Run{}, err
	}
	return in.store.CreateRun(ctx, run)
}

// StartPlan starts a plan that was made for a run, such as the one that takes back what it did, as a run of the same playbook.
func (in *Intake) StartPlan(ctx context.Context, of soc.Run, p *plan.Plan, kind, by string) (soc.Run, error) {
	text, err := p.Encode()
	if err != nil {
		return soc.Run{}, err
	}
	digest := p.Digest()
	if err := in.store.SavePlan(ctx, store.Plan{Digest: digest, Name: p.Name, Plan: text}); err != nil {
		return soc.Run{}, err
	}
	trigger := contract.Trigger{Kind: kind, AlertID: of.AlertID, RequestedBy: by, Parent: of.ID}
	alert, err := in.about(ctx, &trigger)
	if err != nil {
		return soc.Run{}, err
	}
	run, err := startOf(Playbook{Name: of.Playbook, Plan: p, Digest: digest}, trigger, alert, nil)
	if err != nil {
		return soc.Run{}, err
	}
	return in.store.CreateRun(ctx, run)
}

// Rerun starts a playbook once more for what a run was about: with the plan of then, or the present one.
func (in *Intake) Rerun(ctx context.Context, r api.RerunRequest) (soc.Run, error) {
	p := Playbook{Name: r.Of.Playbook, Plan: r.Plan, Digest: r.Of.PlanDigest}
	var err error
	if r.Plan == nil {
		if p, err = in.library.Find(r.Of.Playbook); err != nil {
			return soc.Run{}, err
		}
	}
	trigger := contract.Trigger{Kind: r.Of.Trigger, AlertID: r.Of.AlertID, Inputs: r.Inputs, RequestedBy: r.By, Parent: r.Of.ID}
	alert, err := in.about(ctx, &trigger)
	if err != nil {
		return soc.Run{}, err
	}
	run, err := in.newRun(ctx, p, trigger, alert)
	if err != nil {
		return soc.Run{}, err
	}
	if r.Earlier != nil {
		if err := alter(&run, func(start *contract.PlaybookInput) { start.Earlier = r.Earlier }); err != nil {
			return soc.Run{}, err
		}
	}
	return in.store.CreateRun(ctx, run)
}

// about puts the alert into a trigger that names one, and answers it; nil for one that names none.
func (in *Intake) about(ctx context.Context, trigger *contract.Trigger) (*soc.Alert, error) {
	if trigger.AlertID == "" {
		return nil, nil //nolint:nilnil // no alert is no mistake
	}
	alert, err := in.store.GetAlert(ctx, trigger.AlertID)
	if err != nil {
		return nil, err
	}
	trigger.Alert, err = json.Marshal(alert)
	return &alert, err
}

// StartScheduled starts a playbook because its time has come; the same run id again is the same run.
func (in *Intake) StartScheduled(ctx context.Context, runID, playbook string, inputs json.RawMessage) error {
	p, err := in.library.Find(playbook)
	if err != nil {
		return err
	}
	run, err := in.newRun(ctx, p, contract.Trigger{Kind: soc.TriggerSchedule, Inputs: inputs}, nil)
	if err != nil {
		return err
	}
	if run, err = named(run, runID); err != nil {
		return err
	}
	_, err = in.store.CreateRun(ctx, run)
	if soc.KindOf(err) != soc.Conflict {
		return err
	}
	_, err = in.store.GetRun(ctx, runID) // it is there already
	return err
}

// named gives a run that was not kept yet another id.
func named(run store.NewRun, id string) (store.NewRun, error) {
	run.Run.ID, run.Run.WorkflowID = id, "run/"+id
	return run, alter(&run, func(start *contract.PlaybookInput) { start.RunID = id })
}

// alter changes what the workflow of a run that was not kept yet begins with.
func alter(run *store.NewRun, change func(*contract.PlaybookInput)) (err error) {
	var start contract.PlaybookInput
	if err := json.Unmarshal(run.Start, &start); err != nil {
		return err
	}
	change(&start)
	run.Start, err = json.Marshal(start)
	return err
}

// newRun is a run of a playbook, in shadow mode where the playbook is.
func (in *Intake) newRun(ctx context.Context, p Playbook, trigger contract.Trigger, alert *soc.Alert) (store.NewRun, error) {
	set, err := in.store.Shadow(ctx, p.Name)
	switch {
	case soc.KindOf(err) == soc.NotFound, err == nil && set.PlanDigest != "" && set.PlanDigest != p.Digest:
		return startOf(p, trigger, alert, nil)
	case err != nil:
		return store.NewRun{}, err
	}
	return startOf(p, trigger, alert, &contract.Shadow{Operations: set.Operations})
}

func startOf(p Playbook, trigger contract.Trigger, alert *soc.Alert, shadow *contract.Shadow) (store.NewRun, error) {
	run := soc.Run{
		ID: soc.NewID("run"), Playbook: p.Name, PlanDigest: p.Digest, Status: soc.RunQueued,
		RequestedBy: trigger.RequestedBy, Trigger: trigger.Kind, Parent: trigger.Parent,
	}
	run.WorkflowID = "run/" + run.ID
	if alert != nil {
		run.AlertID, run.AlertTitle, run.Severity = alert.ID, alert.Title, alert.Severity
	}
	n := store.NewRun{Run: run}
	var err error
	if shadow != nil {
		if n.Shadow, err = json.Marshal(shadow); err != nil {
			return store.NewRun{}, err
		}
	}
	n.Start, err = json.Marshal(contract.PlaybookInput{RunID: run.ID, Plan: *p.Plan, Trigger: trigger, Shadow: shadow})
	return n, err
}
