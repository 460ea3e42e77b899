package playtest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"picket/internal/contract"
	"picket/internal/rehearsal"
	"picket/internal/soc"
	"picket/playbooks/plan"
	"picket/playbooks/playtest"
	"picket/playbooks/spec"
)

// scripted answers a run as its case says.
type scripted struct {
	ctx    context.Context
	t      *trial
	mocks  []int // how often each mock of the case has answered
	models []int
	acts   map[int][]*rehearsal.Act // by index of the case's answers
	events map[int][]*rehearsal.Arrival
	began  map[int]time.Time // when a step first waited for the event
	asked  map[int]bool      // answers that were asked for
	subs   map[int]bool      // called playbooks of the case that were called
}

var _ rehearsal.World = (*scripted)(nil)

func newScripted(ctx context.Context, t *trial) *scripted {
	return &scripted{
		ctx: ctx, t: t, mocks: make([]int, len(t.c.Mocks)), models: make([]int, len(t.c.Models)),
		acts: map[int][]*rehearsal.Act{}, events: map[int][]*rehearsal.Arrival{}, began: map[int]time.Time{}, asked: map[int]bool{}, subs: map[int]bool{},
	}
}

// unanswered is something that the run asked for and the case does not say.
type unanswered struct {
	at   spec.Span
	text string
}

func (u *unanswered) Error() string { return u.text }

// about tells whether a target, a step's id or path, is that of a place.
func about(target, path, step string) bool { return target == path || target == step }

// matching are the indices of what is said about a place: what names its path goes before what names its step.
func matching(n int, target func(i int) string, path, step string) []int {
	var exact, loose []int
	for i := range n {
		switch target(i) {
		case path:
			exact = append(exact, i)
		case step:
			loose = append(loose, i)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return loose
}

func (s *scripted) Call(c rehearsal.Call) (json.RawMessage, error) {
	there := false
	for i := range s.t.c.Mocks {
		m := &s.t.c.Mocks[i]
		if m.Operation != c.Operation {
			continue
		}
		there = true
		if m.Times > 0 && s.mocks[i] >= m.Times || m.With != nil && len(playtest.Match(m.With, c.Arguments)) > 0 {
			continue
		}
		s.mocks[i]++
		if m.Fails != nil {
			return nil, soc.Errorf(soc.Kind(m.Fails.Kind), "%s", m.Fails.Message)
		}
		return s.t.returned(m)
	}
	if !there && native(c.Operation) && s.t.r.Native != nil {
		return s.t.r.Native(s.ctx, c.Operation, c.Arguments)
	}
	called := playtest.Shorten(string(c.Arguments), 300)
	if there {
		return nil, &unanswered{text: fmt.Sprintf("no mock of %s fits the call of step %s with %s: none has a `with` for it that is not used up", c.Operation, c.Path, called)}
	}
	return nil, &unanswered{text: fmt.Sprintf("%s is not mocked, and step %s called it with %s; add it under `mocks`", c.Operation, c.Path, called)}
}

// wanted is a turn of an agent that calls tools.
func wanted(answer *playtest.Scripted) *contract.Turn {
	turn := &contract.Turn{Role: contract.RoleAssistant, Text: answer.Says}
	for i, c := range answer.Calls {
		turn.Calls = append(turn.Calls, contract.ToolCall{ID: fmt.Sprintf("call-%d", i+1), Name: c.Operation, Arguments: c.With})
	}
	return turn
}

func (s *scripted) Model(m rehearsal.Model) (contract.ModelOutput, error) {
	if m.In.Conclude != "" {
		verdict, err := completeVerdict([]byte(`{"verdict": "inconclusive"}`), soc.Severity(m.In.Severity))
		return contract.ModelOutput{Output: verdict}, err
	}
	said := matching(len(s.t.c.Models), func(i int) string { return s.t.c.Models[i].Target }, m.Path, m.Step)
	if len(said) == 0 {
		return contract.ModelOutput{}, &unanswered{text: fmt.Sprintf("step %s asks a model, and the case does not say what it answers; add %s under `models`", m.Path, m.Step)}
	}
	next := said[len(said)-1]
	for _, i := range said {
		if s.models[i] == 0 {
			next = i
			break
		}
	}
	s.models[next]++
	answer := &s.t.c.Models[next]
	if answer.Fails != nil {
		return contract.ModelOutput{}, soc.Errorf(soc.Kind(answer.Fails.Kind), "%s", answer.Fails.Message)
	}
	if len(answer.Calls) > 0 {
		return contract.ModelOutput{Reply: wanted(answer), Stop: contract.StopTools}, nil
	}
	if m.In.Returns != "verdict" {
		return contract.ModelOutput{Output: answer.Returns}, nil
	}
	verdict, err := completeVerdict(answer.Returns, soc.Severity(m.In.Severity))
	if err != nil {
		return contract.ModelOutput{}, &unanswered{at: answer.At, text: err.Error()}
	}
	return contract.ModelOutput{Output: verdict}, nil
}

func (s *scripted) Decide(q rehearsal.Question) ([]*rehearsal.Act, error) {
	said := matching(len(s.t.c.Answers), func(i int) string { return s.t.c.Answers[i].Target }, q.Path, q.Step)
	if len(said) == 0 {
		return nil, &unanswered{text: fmt.Sprintf(
			"step %s asks %q, and the case does not say who answers; add %s under `answers`, `{timeout: true}` if nobody does", q.Path, q.In.Title, q.Step)}
	}
	var acts []*rehearsal.Act
	for _, i := range said {
		s.asked[i] = true
		a := &s.t.c.Answers[i]
		if a.Timeout {
			continue
		}
		act := &rehearsal.Act{After: span(a.After), Approve: a.Approve, By: a.By, Reason: a.Reason}
		for _, e := range a.Edit {
			if act.Edit == nil {
				act.Edit = map[string]map[string]json.RawMessage{}
			}
			if act.Edit[e.Step] == nil {
				act.Edit[e.Step] = map[string]json.RawMessage{}
			}
			act.Edit[e.Step][e.Argument] = e.Value
		}
		if a.Values != nil {
			if err := json.Unmarshal(a.Values, &act.Values); err != nil {
				return nil, &unanswered{at: a.At, text: "`values`: " + err.Error()}
			}
		}
		s.acts[i] = append(s.acts[i], act)
		acts = append(acts, act)
	}
	return acts, nil
}

// Events are those that are still to come: an event happens once, so many after the step first waited, and whoever waits
// then sees it. In a loop, the round after does not.
func (s *scripted) Events(w rehearsal.Waiting) ([]*rehearsal.Arrival, error) {
	var arrivals []*rehearsal.Arrival
	for _, i := range matching(len(s.t.c.Events), func(i int) string { return s.t.c.Events[i].Target }, w.Path, w.Step) {
		e := &s.t.c.Events[i]
		if _, before := s.began[i]; !before {
			s.began[i] = w.At
		}
		after := s.began[i].Add(span(e.After)).Sub(w.At)
		if after < 0 || after == 0 && slices.ContainsFunc(s.events[i], func(a *rehearsal.Arrival) bool { return a.Done }) {
			continue
		}
		alert, err := s.t.alert(&e.Alert)
		if err != nil {
			return nil, &unanswered{at: e.At, text: err.Error()}
		}
		a := &rehearsal.Arrival{After: after, Alert: alert}
		s.events[i] = append(s.events[i], a)
		arrivals = append(arrivals, a)
	}
	return arrivals, nil
}

func (s *scripted) Open(o rehearsal.Opening) (*plan.Plan, error) {
	for _, i := range matching(len(s.t.c.Calls), func(i int) string { return s.t.c.Calls[i].Target }, o.Path, o.Step) {
		s.subs[i] = true
		return standIn(o.In.Playbook, &s.t.c.Calls[i]), nil
	}
	callee := s.t.r.find(o.In.Playbook)
	if callee == nil || callee.Plan == nil {
		return nil, &unanswered{text: fmt.Sprintf("step %s calls the playbook %s, which is not here; add %s under `calls`", o.Path, o.In.Playbook, o.Step)}
	}
	return callee.Plan, nil
}

// standIn is a plan that ends as the case says.
func standIn(name string, c *playtest.SubRun) *plan.Plan {
	p := &plan.Plan{Version: plan.Version, Name: name, Owner: "test", Triggers: []plan.Trigger{}, Cost: &plan.Cost{}}
	reason, _ := json.Marshal(c.Reason) // a string always encodes
	p.Steps = []plan.Step{{ID: "scripted", Line: 1, Verb: plan.VerbStop, Stop: &plan.Stop{Status: c.Status, Reason: &plan.Value{Literal: reason}}}}
	outputs, err := members(c.Returns)
	if err != nil {
		return p // reported when the case was validated
	}
	for _, m := range outputs {
		p.Outputs = append(p.Outputs, plan.Field{Name: m.name, Value: plan.Value{Literal: m.value}})
	}
	return p
}

func (s *scripted) Key(contract.KeyInput) (string, time.Duration) {
	return s.t.c.Key.State, span(s.t.c.Key.Free)
}

// unused warns of what the case says and nothing asked for.
func (s *scripted) unused() {
	t := s.t
	for i := range t.c.Mocks {
		if m := &t.c.Mocks[i]; s.mocks[i] == 0 && !m.Shared {
			t.warn(m.At, "this mock of "+m.Operation+" was never used")
		}
	}
	for i := range t.c.Models {
		if m := &t.c.Models[i]; s.models[i] == 0 && !m.Shared {
			t.warn(m.At, "this answer of the model at "+m.Target+" was never used")
		}
	}
	for i := range t.c.Answers {
		a := &t.c.Answers[i]
		switch {
		case a.Shared:
		case !s.asked[i]:
			t.warn(a.At, "step "+a.Target+" never asked, so this answer was not used")
		case !a.Timeout:
			s.taken(a.At, "the answer of "+a.By, len(s.acts[i]), func(k int) (bool, string) { return s.acts[i][k].Done, s.acts[i][k].Why })
		}
	}
	for i := range t.c.Events {
		e := &t.c.Events[i]
		switch {
		case e.Shared:
		case len(s.events[i]) == 0:
			t.warn(e.At, "step "+e.Target+" never waited, so this event was not used")
		default:
			s.taken(e.At, "the event", len(s.events[i]), func(k int) (bool, string) { return s.events[i][k].Done, s.events[i][k].Why })
		}
	}
	for i := range t.c.Calls {
		if c := &t.c.Calls[i]; !s.subs[i] && !c.Shared {
			t.warn(c.At, "step "+c.Target+" called no playbook, so this was not used")
		}
	}
}

// taken warns when what somebody did, or what came, had no effect anywhere.
func (s *scripted) taken(at spec.Span, what string, n int, outcome func(int) (bool, string)) {
	var why []string
	for k := range n {
		done, reason := outcome(k)
		if done {
			return
		}
		if reason == "" {
			reason = "the run had ended before"
		}
		why = append(why, reason)
	}
	if len(why) > 0 {
		s.t.warn(at, what+" had no effect: "+strings.Join(why[:1], "; "))
	}
}
