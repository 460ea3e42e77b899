package backtest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

// record is what the ledger has of one run, and of the runs that it called. Paths are those of a rehearsal: a called
// playbook's steps have the path of the call before their own.
type record struct {
	run       soc.Run
	alert     soc.Alert
	trigger   contract.Trigger
	started   time.Time
	cancel    time.Duration // when it was cancelled, 0 if it was not
	shadow    *contract.Shadow
	calls     []*call
	models    []*answer
	approvals []*approval
	matched   map[string][]match  // alerts that a step waited for, by path
	waits     map[string]bool     // paths of the steps that waited for an event
	keys      []keyed             // what the run's key met, in order
	finished  map[string]struct{} // paths of the steps that ended
}

// call is a call of an operation with its attempts.
type call struct {
	path     string
	body     contract.CallBody // of the first attempt
	key      string            // operation, connection and canonical arguments
	attempts []contract.CallBody
	shadowed bool
}

// answer is a model's.
type answer struct {
	path     string
	attempts []contract.ModelBody
}

// approval is an approval or form, and what came of it.
type approval struct {
	path     string
	asked    soc.Approval
	decision *soc.Decision
}

type match struct {
	at      time.Time
	alertID string
}

type keyed struct {
	at    time.Time
	state string
}

const (
	entriesAtOnce = 2000
	bytesAtOnce   = 64 << 20
	maxEntries    = 200_000
	maxCalled     = 200 // runs that a run called
)

// load reads the record of a run.
func load(ctx context.Context, records Records, run soc.Run) (*record, error) {
	rec := &record{
		run: run, matched: map[string][]match{}, waits: map[string]bool{}, finished: map[string]struct{}{},
		trigger: contract.Trigger{Kind: run.Trigger, AlertID: run.AlertID, RequestedBy: run.RequestedBy, Parent: run.Parent},
	}
	if rec.trigger.Kind == "" { // a run of the first version
		rec.trigger.Kind = soc.TriggerAlert
		if run.RequestedBy != "" {
			rec.trigger.Kind = soc.TriggerManual
		}
	}
	var err error
	if rec.shadow, err = shadowOf(ctx, records, run); err != nil {
		return nil, err
	}
	if run.AlertID != "" {
		if rec.alert, err = records.GetAlert(ctx, run.AlertID); err != nil {
			return nil, err
		}
		if rec.trigger.Alert, err = json.Marshal(rec.alert); err != nil {
			return nil, err
		}
	}
	left := []opened{{id: run.ID}}
	for n := 0; len(left) > 0 && n < maxCalled; n++ {
		next, err := rec.read(ctx, records, left[0])
		if err != nil {
			return nil, err
		}
		left = append(left[1:], next...)
	}
	return rec, nil
}

// opened is a run whose entries are to be read, and what its paths have before them.
type opened struct{ id, prefix string }

func (r *record) read(ctx context.Context, records Records, of opened) ([]opened, error) {
	var called []opened
	for after, n := int64(0), 0; n < maxEntries; {
		some, err := records.Entries(ctx, store.Filter{RunID: of.id, AfterSeq: after, Limit: entriesAtOnce, Bytes: bytesAtOnce})
		if err != nil {
			return nil, err
		}
		if len(some) == 0 {
			break
		}
		for _, e := range some {
			child, err := r.take(of, e)
			if err != nil {
				return nil, fmt.Errorf("ledger entry %d: %w", e.Seq, err)
			}
			if child != nil {
				called = append(called, *child)
			}
		}
		after, n = some[len(some)-1].Seq, n+len(some)
	}
	return called, nil
}

// take takes over one entry. An entry that opens another run answers it.
func (r *record) take(of opened, e soc.LedgerEntry) (*opened, error) {
	path, own := of.prefix+e.Step, of.prefix == ""
	switch e.Kind {
	case contract.KindRunStarted:
		if !own {
			return nil, nil
		}
		var body contract.RunBody
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return nil, err
		}
		r.started, r.trigger.Inputs = e.At, body.Inputs
	case contract.KindStepFinished:
		r.finished[path] = struct{}{}
	case contract.KindCallFinished, contract.KindCallShadowed:
		return nil, r.takeCall(path, e)
	case contract.KindModelAnswered:
		var body contract.ModelBody
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return nil, err
		}
		if n := len(r.models); n > 0 && r.models[n-1].path == path && e.Attempt > 1 {
			r.models[n-1].attempts = append(r.models[n-1].attempts, body)
		} else {
			r.models = append(r.models, &answer{path: path, attempts: []contract.ModelBody{body}})
		}
	case contract.KindApprovalRequested:
		a := &approval{path: path}
		if err := json.Unmarshal(e.Body, &a.asked); err != nil {
			return nil, err
		}
		r.approvals = append(r.approvals, a)
	case contract.KindApprovalDecided:
		var d soc.Decision
		if err := json.Unmarshal(e.Body, &d); err != nil {
			return nil, err
		}
		for _, a := range r.approvals {
			if a.asked.ID == d.ApprovalID {
				a.decision = &d
			}
		}
	case contract.KindEventMatched:
		var body struct {
			AlertID string `json:"alert_id"`
		}
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return nil, err
		}
		r.matched[path] = append(r.matched[path], match{e.At, body.AlertID})
	case contract.KindKeyState:
		var body contract.KeyBody
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return nil, err
		}
		if own {
			r.keys = append(r.keys, keyed{e.At, body.State})
		}
	case contract.KindCancelRequested:
		if own && r.cancel == 0 && !r.started.IsZero() {
			r.cancel = max(e.At.Sub(r.started), time.Millisecond)
		}
	case contract.KindRunOpened:
		var body contract.OpenBody
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return nil, err
		}
		return &opened{id: body.RunID, prefix: path + "/"}, nil
	}
	return nil, nil
}

func (r *record) takeCall(path string, e soc.LedgerEntry) error {
	var body contract.CallBody
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return err
	}
	key, err := callKey(body.Operation, body.Connection, body.Input)
	if err != nil {
		return err
	}
	if e.Attempt > 1 {
		for _, c := range r.calls {
			if c.path == path && c.key == key {
				c.attempts = append(c.attempts, body)
				return nil
			}
		}
	}
	r.calls = append(r.calls, &call{path: path, body: body, key: key, attempts: []contract.CallBody{body}, shadowed: e.Kind == contract.KindCallShadowed})
	return nil
}

// callKey is the same for two calls that ask the same of the same.
func callKey(operation, connection string, arguments json.RawMessage) (string, error) {
	if len(arguments) == 0 {
		arguments = json.RawMessage("{}")
	}
	canonical, err := contract.Canonical(arguments)
	if err != nil {
		return "", fmt.Errorf("arguments of %s: %w", operation, err)
	}
	return operation + "\n" + connection + "\n" + string(canonical), nil
}

// last is how a call ended in the end.
func (c *call) last() contract.CallBody { return c.attempts[len(c.attempts)-1] }
