package app

import (
	"context"
	"encoding/json"
	"time"

	"go.temporal.io/sdk/client"

	"picket/activities"
	"picket/api"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

// Temporal is the instance's client.
func (a *App) Temporal() client.Client { return a.temporal }

// Store is the instance's database.
func (a *App) Store() *store.Store { return a.store }

// Publish publishes a version of a playbook.
func (a *App) Publish(ctx context.Context, p soc.Publication) (soc.Publication, error) {
	return a.press.Publish(ctx, p)
}

// Playbooks are those that runs can be started of.
func (a *App) Playbooks() []Playbook { return a.library.All() }

// StartRun starts a playbook by hand.
func (a *App) StartRun(ctx context.Context, r api.StartRequest) (soc.Run, error) {
	return a.intake.StartRun(ctx, r)
}

// NewEvaluator measures the providers of a configuration.
func NewEvaluator(s *store.Store, c ModelsConfig) (api.Evaluator, error) {
	models, err := newModels(c)
	return &evaluator{s, models}, err
}

// AgentOf finds the agent of a step.
func AgentOf(ctx context.Context, s *store.Store, runID, path string) (*plan.Agent, error) {
	return agents{s}.AgentOf(ctx, runID, path)
}

// AskAgain asks the providers of an instance without a configuration again.
func (a *App) AskAgain(ctx context.Context, r api.AgainRequest) (soc.Verdict, error) {
	models, err := newModels(ModelsConfig{})
	if err != nil {
		return soc.Verdict{}, err
	}
	return (&asker{a.store, models}).AskAgain(ctx, r)
}

// NewCalibrator calibrates by the judgements in a store.
func NewCalibrator(s *store.Store) activities.Calibrator { return &calibrator{store: s} }

// Rerun starts a run's playbook once more.
func (a *App) Rerun(ctx context.Context, r api.RerunRequest) (soc.Run, error) {
	return a.intake.Rerun(ctx, r)
}

// StartOn accepts an alert with a run of one playbook.
func (a *App) StartOn(ctx context.Context, playbook string, alert soc.Alert) (soc.Run, error) {
	p, err := a.library.Find(playbook)
	if err != nil {
		return soc.Run{}, err
	}
	alert.ID, alert.ReceivedAt, alert.Raw = soc.NewID("alr"), time.Now(), json.RawMessage(`{}`)
	alert.Time = alert.ReceivedAt
	document, err := json.Marshal(alert)
	if err != nil {
		return soc.Run{}, err
	}
	run, err := a.intake.newRun(ctx, p, contract.Trigger{Kind: soc.TriggerAlert, AlertID: alert.ID, Alert: document}, &alert)
	if err != nil {
		return soc.Run{}, err
	}
	results, err := a.store.AcceptAlerts(ctx, []store.Accept{{Alert: alert, DedupKey: alert.ID, Runs: []store.NewRun{run}}})
	if err != nil {
		return soc.Run{}, err
	}
	return a.store.GetRun(ctx, results[0].RunIDs[0])
}

// KeysDir holds the keys that sign.
func (a *App) KeysDir() string { return a.paths.keys() }
