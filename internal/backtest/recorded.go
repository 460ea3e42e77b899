package backtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/rehearsal"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

// recorded answers a rehearsal from the record of a run.
type recorded struct {
	ctx     context.Context
	b       *backtest
	rec     *record
	used    map[*call]bool
	chosen  map[string]*call // by path and key: an attempt after the first asks the same call
	assumed assumptions
	within  time.Duration // how far apart two times may lie and be the same
}

var _ rehearsal.World = (*recorded)(nil)

// clockSlack is what times may differ by beside the length of the run.
const clockSlack = time.Minute

func newRecorded(ctx context.Context, b *backtest, rec *record) *recorded {
	w := &recorded{ctx: ctx, b: b, rec: rec, used: map[*call]bool{}, chosen: map[string]*call{}, within: clockSlack}
	if rec.run.EndedAt != nil {
		w.within += max(rec.run.EndedAt.Sub(rec.started), 0)
	}
	return w
}

// assumptions are noted once each, in their order.
type assumptions struct{ texts []string }

func (a *assumptions) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(a.texts, text) {
		a.texts = append(a.texts, text)
	}
}

func (a *assumptions) list() []string {
	if a.texts == nil {
		return []string{}
	}
	return a.texts
}

// Call answers with what the same call was answered then: by operation, connection and arguments, that of the same step
// before others.
func (w *recorded) Call(c rehearsal.Call) (json.RawMessage, error) {
	key, err := callKey(c.Operation, c.Connection, c.Arguments)
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "%v", err)
	}
	found := w.chosen[c.Path+"\n"+key]
	if c.Attempt == 1 || found == nil {
		if found, err = w.find(c, key); err != nil {
			return nil, err
		}
		w.used[found], w.chosen[c.Path+"\n"+key] = true, found
	}
	if c.Attempt > len(found.attempts) {
		w.assumed.note("step %s tries %s more often than the old run did: the last answer is repeated", c.Path, c.Operation)
	}
	body := found.attempts[min(c.Attempt, len(found.attempts))-1]
	if body.Error != nil {
		return nil, soc.Errorf(soc.Kind(body.Error.Kind), "%s", body.Error.Message)
	}
	return body.Output, nil
}

// find is the recorded call that answers one.
func (w *recorded) find(c rehearsal.Call, key string) (*call, error) {
	var ahead, again, drifted, step *call // the same call not used yet, used already, but for the clock; another of the step
	for _, r := range w.rec.calls {
		if r.shadowed || r.body.Operation != c.Operation || r.body.Connection != c.Connection {
			continue
		}
		switch {
		case r.key == key && r.path == c.Path && !w.used[r]:
			return r, nil
		case r.key == key && !w.used[r]:
			ahead = first(ahead, r)
		case r.key == key:
			again = r
		case sameButClock(r.body.Input, c.Arguments, w.within):
			drifted = first(drifted, r)
		}
		if r.path == c.Path {
			step = r
		}
	}
	switch {
	case ahead != nil:
		return ahead, nil
	case again != nil:
		return again, nil
	case drifted != nil:
		w.assumed.note("step %s calls %s with a time that differs by the run's own length", c.Path, c.Operation)
		return drifted, nil
	case step != nil && c.Effect == plan.EffectWrite:
		w.assumed.note("step %s calls %s with other arguments; what it answered then is taken", c.Path, c.Operation)
		return step, nil
	case step != nil:
		return nil, &Question{Kind: "call", Step: c.Path, Text: fmt.Sprintf("%s is called with %s; the old run called it with %s and never with these",
			c.Operation, brief(c.Arguments), brief(step.body.Input))}
	}
	return nil, &Question{Kind: "call", Step: c.Path, Text: fmt.Sprintf("the old run never called %s with %s", c.Operation, brief(c.Arguments))}
}

func first(was, is *call) *call {
	if was != nil {
		return was
	}
	return is
}

// Model answers with what the model said at this step. Whether it was asked the same is told by the words that it was sent.
func (w *recorded) Model(m rehearsal.Model) (contract.ModelOutput, error) {
	i := slices.IndexFunc(w.rec.models, func(a *answer) bool { return a.path == m.Path })
	if i < 0 {
		return contract.ModelOutput{}, &Question{Kind: "model", Step: m.Path, Text: "the old run never asked a model at step " + m.Path}
	}
	attempts := w.rec.models[i].attempts
	body := attempts[len(attempts)-1]
	if !asked(m.In, body) {
		w.assumed.note("step %s asks the model otherwise, or with other evidence; its answer of then is taken by the step alone", m.Path)
	}
	if body.Error != nil {
		return contract.ModelOutput{}, soc.Errorf(soc.Kind(body.Error.Kind), "%s", body.Error.Message)
	}
	return contract.ModelOutput{
		Output: body.Output, TokensIn: body.TokensIn, TokensOut: body.TokensOut, CostUSD: body.CostUSD,
		Reply: body.Reply, Stop: body.Stop, Problem: body.Problem,
	}, nil
}

// asked tells whether a model was sent just this. Of an agent's later turns it is told by what the first one asked.
func asked(in contract.ModelInput, body contract.ModelBody) bool {
	prompt, err := model.Prompt(model.RequestOf(in))
	return err == nil && prompt == body.Prompt
}

// Decide gives what people did about the same calls, or the same form.
func (w *recorded) Decide(q rehearsal.Question) ([]*rehearsal.Act, error) {
	var found []*approval
	for _, a := range w.rec.approvals {
		if sameQuestion(q, a) {
			found = append(found, a)
		}
	}
	if at := slices.IndexFunc(found, func(a *approval) bool { return a.path == q.Path }); at >= 0 {
		found = slices.DeleteFunc(found, func(a *approval) bool { return a.path != q.Path })
	}
	if len(found) == 0 {
		return nil, w.unasked(q)
	}
	if len(q.In.Calls) == 0 && len(q.In.Form) == 0 && found[0].asked.Title != q.In.Title {
		w.assumed.note("step %s asks in other words; what was decided then is taken by the step alone", q.Path)
	}
	var acts []*rehearsal.Act
	begun := found[0].asked.CreatedAt
	for _, a := range found {
		acts = append(acts, w.acts(a, begun)...)
	}
	return acts, nil
}

// sameQuestion tells whether a recorded approval was one on exactly these calls, or a form with these fields at this step.
func sameQuestion(q rehearsal.Question, a *approval) bool {
	switch {
	case len(q.In.Form) > 0:
		return a.path == q.Path && sameForm(q.In.Form, a.asked.Form)
	case len(q.In.Calls) == 0:
		return a.path == q.Path && len(a.asked.Calls) == 0 && !a.asked.Ask()
	case len(q.In.Calls) != len(a.asked.Calls):
		return false
	}
	return slices.Equal(digests(q.In.Calls, func(c contract.ApprovalCall) string { return c.Digest }),
		digests(a.asked.Calls, func(c soc.ApprovalCall) string { return c.Digest }))
}

func digests[T any](calls []T, of func(T) string) []string {
	list := make([]string, 0, len(calls))
	for _, c := range calls {
		list = append(list, of(c))
	}
	slices.Sort(list)
	return list
}

func sameForm(a []plan.FormField, b []soc.FormField) bool {
	return slices.EqualFunc(a, b, func(x plan.FormField, y soc.FormField) bool {
		return x.Name == y.Name && x.Type == y.Type && slices.Equal(x.Options, y.Options)
	})
}

// unasked is the question to which there is no decision.
func (w *recorded) unasked(q rehearsal.Question) error {
	out := &Question{Kind: "decision", Step: q.Path}
	there := slices.IndexFunc(w.rec.approvals, func(a *approval) bool { return a.path == q.Path })
	operations := make([]string, 0, len(q.In.Calls))
	for _, c := range q.In.Calls {
		operations = append(operations, c.Operation+" "+brief(c.Arguments))
	}
	what := strings.Join(operations, ", ")
	switch {
	case there < 0 && len(q.In.Form) > 0:
		out.Text = fmt.Sprintf("the old run never asked people %q", q.In.Title)
	case len(q.In.Form) > 0:
		out.Text = fmt.Sprintf("the form %q has other fields than the one that was filled in then", q.In.Title)
	case there < 0:
		out.Text = fmt.Sprintf("nobody was asked %q then, so nobody has decided on %s", q.In.Title, orNothing(what))
	default:
		out.Text = fmt.Sprintf("people decided on other calls at this step then, not on %s", orNothing(what))
	}
	return out
}

func orNothing(text string) string {
	if text == "" {
		return "it"
	}
	return text
}

// acts are what people did about an approval; begun is when the step first asked.
func (w *recorded) acts(a *approval, begun time.Time) []*rehearsal.Act {
	d := a.decision
	if d == nil || d.Outcome == soc.ApprovalExpired {
		return nil
	}
	act := func(by, reason string, at time.Time, edited soc.EditedCalls) *rehearsal.Act {
		return &rehearsal.Act{
			After: max(at.Sub(begun), time.Millisecond), Approve: d.Outcome == soc.ApprovalApproved, By: by, Reason: reason, Edit: edits(a.asked, edited),
		}
	}
	if a.asked.Ask() {
		one := act(d.By, d.Reason, d.At, nil)
		if d.Outcome == soc.ApprovalApproved {
			one.Values = given(d.Answers)
		}
		return []*rehearsal.Act{one}
	}
	if len(d.Votes) == 0 {
		return []*rehearsal.Act{act(d.By, d.Reason, d.At, d.Edited)}
	}
	var acts []*rehearsal.Act
	for _, v := range d.Votes {
		acts = append(acts, act(v.By, v.Reason, v.At, v.Edited))
	}
	return acts
}

// given are the answers of a form that were not left empty.
func given(answers json.RawMessage) map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	if json.Unmarshal(answers, &values) != nil {
		return nil
	}
	for name, value := range values {
		if string(bytes.TrimSpace(value)) == "null" {
			delete(values, name)
		}
	}
	return values
}

// edits are the arguments that an approver changed, by step and name.
func edits(asked soc.Approval, edited soc.EditedCalls) map[string]map[string]json.RawMessage {
	if len(edited) == 0 {
		return nil
	}
	changes := map[string]map[string]json.RawMessage{}
	for _, c := range asked.Calls {
		whole, ok := edited[c.Step]
		if !ok {
			continue
		}
		was, is := map[string]json.RawMessage{}, map[string]json.RawMessage{}
		if json.Unmarshal(c.Arguments, &was) != nil || json.Unmarshal(whole, &is) != nil {
			continue
		}
		changes[c.Step] = map[string]json.RawMessage{}
		for name, value := range is {
			if !sameButClock(value, was[name], 0) || was[name] == nil {
				changes[c.Step][name] = value
			}
		}
	}
	return changes
}

// maxArrivals bounds the alerts that are held against what a step waits for.
const maxArrivals = 2000

// Events are the alerts that Picket accepted while the step waits: the store has them all, whatever was waited for then.
func (w *recorded) Events(o rehearsal.Waiting) ([]*rehearsal.Arrival, error) {
	begun := o.At
	for _, m := range w.rec.matched[o.Path] {
		if m.at.Before(begun) {
			begun = m.at.Add(-time.Millisecond) // the real step waited earlier in its run than the clock that stands says
		}
	}
	var arrivals []*rehearsal.Arrival
	for cursor := ""; ; {
		alerts, next, err := w.b.records.Alerts(w.ctx, store.AlertFilter{Since: begun, Limit: 100, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for i := range alerts {
			if alerts[i].ID == w.rec.run.AlertID || alerts[i].ReceivedAt.After(o.In.Until) ||
				len(o.In.Sources) > 0 && !slices.Contains(o.In.Sources, alerts[i].Source) {
				continue
			}
			whole, err := w.b.records.GetAlert(w.ctx, alerts[i].ID)
			if err != nil {
				return nil, err
			}
			arrivals = append(arrivals, &rehearsal.Arrival{After: max(whole.ReceivedAt.Sub(o.At), time.Millisecond), Alert: whole})
		}
		if len(arrivals) > maxArrivals {
			return nil, &Question{Kind: "event", Step: o.Path, Text: fmt.Sprintf("more than %d alerts arrived while step %s waits", maxArrivals, o.Path)}
		}
		if cursor = next; cursor == "" {
			return arrivals, nil
		}
	}
}

// Open gives the called playbook as it is now.
func (w *recorded) Open(o rehearsal.Opening) (*plan.Plan, error) {
	callee := w.b.options.Callees[o.In.Playbook]
	if callee == nil {
		return nil, &Question{Kind: "playbook", Step: o.Path, Text: "the playbook " + o.In.Playbook + " is not here"}
	}
	return callee, nil
}

// Key is what the run's key met then.
func (w *recorded) Key(contract.KeyInput) (string, time.Duration) {
	keys := w.rec.keys
	if len(keys) == 0 {
		w.assumed.note("the old run had no key; that no other run had it is assumed")
		return contract.KeyHeld, 0
	}
	last := keys[len(keys)-1]
	if keys[0].state == contract.KeyQueued && last.state == contract.KeyHeld {
		return contract.KeyQueued, last.at.Sub(w.rec.started)
	}
	return last.state, 0
}

// brief is a document for people.
func brief(document json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, document); err != nil {
		b.Reset()
		b.Write(document)
	}
	if text := []rune(b.String()); len(text) > 200 {
		return string(text[:200]) + "…"
	}
	return b.String()
}

var errNoMembers = errors.New("no object")

// members are an object's members.
func members(object json.RawMessage) (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	if len(object) == 0 || string(object) == "null" {
		return all, nil
	}
	if err := json.Unmarshal(object, &all); err != nil {
		return nil, errNoMembers
	}
	return all, nil
}
