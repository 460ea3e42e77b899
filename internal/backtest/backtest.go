// Package backtest runs a version of a playbook against what really happened: the runs of a period, each with the answers
// that its ledger has of operations, models and people. Nothing is called and nothing is stored. It tells which runs
// would have ended otherwise, and says in plain words what the record can't answer.
package backtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"picket/internal/contract"
	"picket/internal/rehearsal"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks"
	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

// The bounds of one backtest.
const (
	DefaultRuns = 200   // runs, the newest first
	MaxRuns     = 5000  // that can be asked for
	maxAlerts   = 20000 // alerts of the period that are held against the triggers
	maxListed   = 100   // of them that are named
)

// Records is where past runs are kept. *store.Store is one.
type Records interface {
	Runs(ctx context.Context, f store.RunFilter) ([]soc.Run, string, error)
	GetRun(ctx context.Context, id string) (soc.Run, error)
	Entries(ctx context.Context, f store.Filter) ([]soc.LedgerEntry, error)
	GetAlert(ctx context.Context, id string) (soc.Alert, error)
	Alerts(ctx context.Context, f store.AlertFilter) ([]soc.Alert, string, error)
	RunShadow(ctx context.Context, runID string) (json.RawMessage, error)
}

var _ Records = (*store.Store)(nil)

// Options say what is tested against what.
type Options struct {
	Plan    *plan.Plan            // the version that is tested; runs of the playbook of its name are its record
	Callees map[string]*plan.Plan // the playbooks that it can call, by name
	Catalog *playbooks.Catalog    // for the effects of operations
	Since   time.Time
	Limit   int // of runs; DefaultRuns if 0
}

// The results of one run.
const (
	Same         = "same"
	Changed      = "changed"
	Unanswerable = "unanswerable" // the new version asks for something that the record does not have
	LeftOut      = "left_out"     // it can't be run again: it is not over, or it is no run of the playbook's own steps
)

// Report is what a backtest has found.
type Report struct {
	Playbook  string    `json:"playbook"`
	Digest    string    `json:"digest"` // of the version that was tested
	Since     time.Time `json:"since"`
	Totals    Totals    `json:"totals"`
	Runs      []Result  `json:"runs"`                // newest first
	Truncated bool      `json:"truncated,omitempty"` // there are older runs in the period
	// AlsoStarts counts the alerts of the period that started no run of the playbook and would start the new version.
	AlsoStarts int            `json:"also_starts"`
	Starts     []StartedAlert `json:"starts"` // the newest of them
}

// StartedAlert is an alert that the new version takes.
type StartedAlert struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Title  string `json:"title"`
}

// Totals count runs by their result.
type Totals struct {
	Runs         int `json:"runs"`
	Same         int `json:"same"`
	Changed      int `json:"changed"`
	Unanswerable int `json:"unanswerable"`
	LeftOut      int `json:"left_out"`
}

// Result is one run, as it was and as it would have been.
type Result struct {
	RunID      string     `json:"run_id"`
	AlertID    string     `json:"alert_id,omitempty"`
	AlertTitle string     `json:"alert_title,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	PlanDigest string     `json:"plan_digest"` // of the version that ran then
	Status     string     `json:"status"`      // as it was
	Verdict    string     `json:"verdict,omitempty"`
	Result     string     `json:"result"`
	Why        string     `json:"why,omitempty"` // left out
	Changes    []Change   `json:"changes"`       // of an unanswerable run: what is known before the question
	Questions  []Question `json:"questions"`     // that the record can't answer
	Assumed    []string   `json:"assumed"`       // where an answer was taken that was given to something a little different
}

// The things that can change.
const (
	OfStart    = "start"
	OfStatus   = "status"
	OfVerdict  = "verdict"
	OfApproval = "approval"
	OfAction   = "action"
	OfOutput   = "output"
)

// Change is one thing that is otherwise. Old or New is empty where there was or is nothing.
type Change struct {
	Of   string `json:"of"`
	Name string `json:"name"` // an output's name, an operation, a step
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// Question is something that the new version asks for and the old run never did.
type Question struct {
	Kind string `json:"kind"` // call | model | decision | event | playbook | interpreter
	Step string `json:"step"`
	Text string `json:"text"`
}

func (q *Question) Error() string { return q.Text }

// Run backtests a plan. The error is of the store; what goes wrong with one run is in its result.
func Run(ctx context.Context, records Records, o Options) (*Report, error) {
	limit := o.Limit
	if limit <= 0 {
		limit = DefaultRuns
	}
	limit = min(limit, MaxRuns)
	report := &Report{Playbook: o.Plan.Name, Digest: o.Plan.Digest(), Since: o.Since.UTC(), Runs: []Result{}, Starts: []StartedAlert{}}
	b := &backtest{records: records, options: o, had: map[string]bool{}}
	for cursor := ""; ; {
		runs, next, err := records.Runs(ctx, store.RunFilter{Playbook: o.Plan.Name, Since: o.Since, Limit: 100, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for i := range runs {
			if len(report.Runs) == limit {
				report.Truncated = true
				break
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			result, err := b.run(ctx, runs[i])
			if err != nil {
				return nil, fmt.Errorf("backtest run %s: %w", runs[i].ID, err)
			}
			report.Runs = append(report.Runs, result)
			report.Totals.count(result.Result)
		}
		if cursor = next; cursor == "" || report.Truncated {
			break
		}
	}
	if report.Truncated {
		return report, nil // which alerts started runs is not known of the older ones
	}
	return report, b.starts(ctx, report)
}

func (t *Totals) count(result string) {
	t.Runs++
	switch result {
	case Same:
		t.Same++
	case Changed:
		t.Changed++
	case Unanswerable:
		t.Unanswerable++
	case LeftOut:
		t.LeftOut++
	}
}

type backtest struct {
	records Records
	options Options
	had     map[string]bool // alerts that started a run
}

// run plays the new version with the record of one run.
func (b *backtest) run(ctx context.Context, run soc.Run) (Result, error) {
	b.had[run.AlertID] = true
	result := Result{
		RunID: run.ID, AlertID: run.AlertID, AlertTitle: run.AlertTitle, CreatedAt: run.CreatedAt, PlanDigest: run.PlanDigest,
		Status: string(run.Status), Verdict: run.Verdict, Changes: []Change{}, Questions: []Question{}, Assumed: []string{},
	}
	leave := func(why string) (Result, error) {
		result.Result, result.Why = LeftOut, why
		return result, nil
	}
	switch {
	case !run.Status.Final():
		return leave("it is not over yet")
	case run.Trigger == soc.TriggerUndo, run.Trigger == soc.TriggerRecommended:
		return leave("it made the calls that somebody asked for after another run, and has no steps of the playbook")
	}
	rec, err := load(ctx, b.records, run)
	if err != nil {
		return result, err
	}
	if rec.started.IsZero() {
		return leave("the ledger does not have its beginning")
	}
	if rec.trigger.Kind == soc.TriggerAlert {
		if why := b.untaken(rec); why != "" {
			result.Result = Changed
			result.Changes = append(result.Changes, Change{Of: OfStart, Name: run.AlertID, Old: "started", New: "not started: " + why})
			return result, nil
		}
	}
	world := newRecorded(ctx, b, rec)
	script := rehearsal.Script{
		Plan: b.options.Plan, RunID: run.ID, Trigger: rec.trigger, Start: rec.started, Shadow: rec.shadow, Cancel: rec.cancel,
		World: world, StopAtFault: true, Effect: b.effect,
	}
	played, err := rehearsal.Play(script)
	if err != nil {
		result.Result = Unanswerable
		result.Questions = append(result.Questions, Question{Kind: "interpreter", Text: err.Error()})
		return result, nil
	}
	result.Assumed = world.assumed.list()
	for _, f := range played.Faults {
		q, ok := errors.AsType[*Question](f.Err)
		if !ok {
			q = &Question{Kind: "interpreter", Step: f.Path, Text: f.Message}
		}
		result.Questions = append(result.Questions, *q)
	}
	result.Changes = append(result.Changes, compare(rec, played, len(result.Questions) > 0)...)
	switch {
	case len(result.Questions) > 0:
		result.Result = Unanswerable
	case len(result.Changes) > 0:
		result.Result = Changed
	default:
		result.Result = Same
	}
	return result, nil
}

func (b *backtest) effect(operation string) string {
	if b.options.Catalog == nil {
		return ""
	}
	return b.options.Catalog.Operations[operation].Effect
}

// untaken says why no trigger of the new version takes the alert of a run.
func (b *backtest) untaken(rec *record) string {
	if b.takes(rec.alert.Source, rec.trigger.Alert, rec.started) {
		return ""
	}
	return "no trigger of the new version takes the alert"
}

func (b *backtest) takes(source string, alert json.RawMessage, at time.Time) bool {
	scope := expr.NewScope(expr.Vars{"alert": alert}, at)
	for _, t := range b.options.Plan.Triggers {
		if t.Kind != soc.TriggerAlert || t.Source != "" && t.Source != source {
			continue
		}
		if t.When == "" {
			return true
		}
		if holds, err := expr.EvalBool(t.When, scope); err == nil && holds {
			return true
		}
	}
	return false
}

// starts finds the alerts of the period that started no run and would now.
func (b *backtest) starts(ctx context.Context, report *Report) error {
	seen := 0
	for cursor := ""; ; {
		alerts, next, err := b.records.Alerts(ctx, store.AlertFilter{Since: b.options.Since, Limit: 100, Cursor: cursor})
		if err != nil {
			return err
		}
		for i := range alerts {
			if b.had[alerts[i].ID] {
				continue
			}
			alert, err := b.records.GetAlert(ctx, alerts[i].ID) // with its raw document, which a condition may read
			if err != nil {
				return err
			}
			document, err := json.Marshal(alert)
			if err != nil {
				return err
			}
			if !b.takes(alert.Source, document, alert.ReceivedAt) {
				continue
			}
			report.AlsoStarts++
			if len(report.Starts) < maxListed {
				report.Starts = append(report.Starts, StartedAlert{ID: alert.ID, Source: alert.Source, Title: alert.Title})
			}
		}
		if seen += len(alerts); next == "" || seen >= maxAlerts {
			return ctx.Err()
		}
		cursor = next
	}
}

// shadowOf is what a run only recorded.
func shadowOf(ctx context.Context, records Records, run soc.Run) (*contract.Shadow, error) {
	if !run.Shadow {
		return nil, nil
	}
	text, err := records.RunShadow(ctx, run.ID)
	if err != nil || len(text) == 0 {
		return nil, err
	}
	var shadow contract.Shadow
	if err := json.Unmarshal(text, &shadow); err != nil {
		return nil, fmt.Errorf("read what run %s only recorded: %w", run.ID, err)
	}
	return &shadow, nil
}
