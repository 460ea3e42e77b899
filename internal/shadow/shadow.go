// Package shadow compares what a playbook in shadow mode would have done with what people and other runs really did
// for the same alerts. It reads the ledger and nothing else.
package shadow

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

// What became of a call that shadow mode has not made.
const (
	Done    = "done"     // another run made the same call for the alert
	Denied  = "denied"   // somebody said no to it
	NotDone = "not_done" // nobody did it here
	NoAlert = "no_alert" // the run has no alert by which it could be compared
	mostRun = 500        // runs of one report
	mostFor = 2000       // ledger entries looked at for one alert
)

// Ledger is what a report reads. *store.Store is one.
type Ledger interface {
	Runs(ctx context.Context, f store.RunFilter) ([]soc.Run, string, error)
	Entries(ctx context.Context, f store.Filter) ([]soc.LedgerEntry, error)
}

// Report is the comparison. Agreement is the share of calls that were really done among those that can be compared;
// null when there are none.
type Report struct {
	Playbook  string    `json:"playbook"`
	Since     time.Time `json:"since"`
	Runs      int       `json:"runs"`
	Truncated bool      `json:"truncated"` // there are more runs than a report looks at
	Calls     int       `json:"calls"`
	Done      int       `json:"done"`
	Denied    int       `json:"denied"`
	NotDone   int       `json:"not_done"`
	NoAlert   int       `json:"no_alert"`
	Agreement *float64  `json:"agreement"`
	Items     []Item    `json:"items"`
}

// Item is one call that was not made.
type Item struct {
	RunID      string          `json:"run_id"`
	AlertID    string          `json:"alert_id,omitempty"`
	AlertTitle string          `json:"alert_title,omitempty"`
	Step       string          `json:"step"`
	Operation  string          `json:"operation"`
	Connection string          `json:"connection,omitempty"`
	Arguments  json.RawMessage `json:"arguments"`
	At         time.Time       `json:"at"`
	Outcome    string          `json:"outcome"`
	By         string          `json:"by,omitempty"`        // who approved or denied it
	OtherRun   string          `json:"other_run,omitempty"` // the run in which it was done or denied
	OtherAt    *time.Time      `json:"other_at,omitempty"`
}

// Targets names the arguments of an operation that say what it acts on; nil is all of them.
type Targets func(operation string) []string

// Required makes Targets of an input schema: the required arguments, but for remarks.
func Required(schema json.RawMessage) []string {
	var s struct {
		Required []string `json:"required"`
	}
	if json.Unmarshal(schema, &s) != nil {
		return nil
	}
	names := slices.DeleteFunc(s.Required, func(name string) bool {
		return name == "comment" || name == "reason" || name == "note" || name == "message"
	})
	if len(names) == 0 {
		return nil
	}
	return names
}

// Compare makes the report of a playbook's shadow runs since a time.
func Compare(ctx context.Context, l Ledger, playbook string, since time.Time, targets Targets) (Report, error) {
	r := Report{Playbook: playbook, Since: since.UTC(), Items: []Item{}}
	runs, next, err := l.Runs(ctx, store.RunFilter{Playbook: playbook, Shadow: true, Since: since, Limit: mostRun})
	if err != nil {
		return r, err
	}
	r.Runs, r.Truncated = len(runs), next != ""
	deeds := map[string]*deeds{}
	for _, run := range runs {
		items, err := shadowed(ctx, l, run)
		if err != nil {
			return r, err
		}
		if len(items) > 0 && run.AlertID != "" && deeds[run.AlertID] == nil {
			if deeds[run.AlertID], err = read(ctx, l, run.AlertID); err != nil {
				return r, err
			}
		}
		for _, item := range items {
			deeds[run.AlertID].judge(&item, targets)
			r.count(item)
		}
	}
	if compared := r.Calls - r.NoAlert; compared > 0 {
		share := float64(r.Done) / float64(compared)
		r.Agreement = &share
	}
	return r, nil
}

func (r *Report) count(item Item) {
	r.Calls++
	switch item.Outcome {
	case Done:
		r.Done++
	case Denied:
		r.Denied++
	case NoAlert:
		r.NoAlert++
	default:
		r.NotDone++
	}
	r.Items = append(r.Items, item)
}

// shadowed are the calls that a run has only recorded.
func shadowed(ctx context.Context, l Ledger, run soc.Run) ([]Item, error) {
	entries, err := l.Entries(ctx, store.Filter{RunID: run.ID, Kinds: []string{contract.KindCallShadowed}, Limit: mostFor})
	if err != nil {
		return nil, err
	}
	var items []Item
	for i := range entries {
		var body contract.CallBody
		if json.Unmarshal(entries[i].Body, &body) != nil {
			continue
		}
		items = append(items, Item{
			RunID: run.ID, AlertID: run.AlertID, AlertTitle: run.AlertTitle, Step: entries[i].Step, Operation: body.Operation,
			Connection: body.Connection, Arguments: body.Input, At: entries[i].At, Outcome: NoAlert,
		})
	}
	return items, nil
}

// deeds are what was really done or refused for one alert.
type deeds struct {
	calls  []deed
	denied []deed
}

type deed struct {
	run       string
	operation string
	arguments json.RawMessage
	by        string
	at        time.Time
}

// read gathers them from the ledger.
func read(ctx context.Context, l Ledger, alertID string) (*deeds, error) {
	entries, err := l.Entries(ctx, store.Filter{AlertID: alertID, Limit: mostFor, Kinds: []string{
		contract.KindCallFinished, contract.KindApprovalRequested, contract.KindApprovalDecided,
	}})
	if err != nil {
		return nil, err
	}
	d := &deeds{}
	asked, people := map[string]soc.Approval{}, map[string]string{}
	for i := range entries {
		e := &entries[i]
		switch e.Kind {
		case contract.KindApprovalRequested:
			var a soc.Approval
			if json.Unmarshal(e.Body, &a) == nil {
				asked[a.ID] = a
			}
		case contract.KindApprovalDecided:
			var decision soc.Decision
			if json.Unmarshal(e.Body, &decision) == nil {
				people[decision.ID] = by(decision)
				d.refuse(asked[decision.ApprovalID], decision)
			}
		default:
			var body contract.CallBody
			if json.Unmarshal(e.Body, &body) == nil && body.Error == nil && body.Decision != "" {
				d.calls = append(d.calls, deed{e.RunID, body.Operation, body.Input, people[body.Decision], e.At})
			}
		}
	}
	return d, nil
}

// by names everybody who made a decision.
func by(d soc.Decision) string {
	if len(d.Votes) == 0 {
		return d.By
	}
	names := make([]string, len(d.Votes))
	for i, v := range d.Votes {
		names[i] = v.By
	}
	return strings.Join(names, ", ")
}

func (d *deeds) refuse(a soc.Approval, decision soc.Decision) {
	if decision.Outcome != soc.ApprovalDenied {
		return
	}
	for _, c := range a.Calls {
		d.denied = append(d.denied, deed{a.RunID, c.Operation, c.Arguments, decision.By, decision.At})
	}
}

// judge says what became of a call.
func (d *deeds) judge(item *Item, targets Targets) {
	if d == nil {
		return
	}
	item.Outcome = NotDone
	names := targets(item.Operation)
	for outcome, list := range map[string][]deed{Done: d.calls, Denied: d.denied} {
		for _, other := range list {
			if item.Outcome == Done || other.run == item.RunID || other.operation != item.Operation || !same(names, item.Arguments, other.arguments) {
				continue
			}
			item.Outcome, item.By, item.OtherRun, item.OtherAt = outcome, other.by, other.run, &other.at
		}
	}
}

// same tells whether two calls act on the same.
func same(names []string, a, b json.RawMessage) bool {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	if names == nil {
		for name := range x {
			names = append(names, name)
		}
		if len(x) != len(y) {
			return false
		}
	}
	for _, name := range names {
		if !equal(x[name], y[name]) {
			return false
		}
	}
	return true
}

func equal(a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	one, err := contract.Canonical(a)
	if err != nil {
		return false
	}
	other, err := contract.Canonical(b)
	return err == nil && string(one) == string(other)
}
