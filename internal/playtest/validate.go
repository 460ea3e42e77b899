package playtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"picket/internal/consent"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/plan"
	"picket/playbooks/playtest"
	"picket/playbooks/spec"
)

// steps are those of the tested playbook, and of those that it calls, by id.
func (t *trial) steps() map[string][]*plan.Step {
	all := map[string][]*plan.Step{}
	seen := map[string]bool{}
	var add func(p *plan.Plan)
	add = func(p *plan.Plan) {
		if seen[p.Name] {
			return
		}
		seen[p.Name] = true
		plan.Walk(p.Steps, func(s *plan.Step) {
			all[s.ID] = append(all[s.ID], s)
			if s.Call != nil {
				if callee := t.r.find(s.Call.Playbook); callee != nil && callee.Plan != nil {
					add(callee.Plan)
				}
			}
		})
	}
	add(t.plan)
	return all
}

// validate finds what can't be meant, before anything runs: names that are not there, and answers that no operation and
// no model can give.
func (t *trial) validate() {
	steps := t.steps()
	known := slices.Sorted(maps.Keys(steps))
	find := func(target string, at spec.Span, what string, fits func(*plan.Step) bool) []*plan.Step {
		id := lastID(target)
		list := steps[id]
		switch {
		case len(list) == 0:
			t.problem(at, "there is no step %s%s", target, did(id, known))
		case fits != nil && !slices.ContainsFunc(list, fits):
			t.problem(at, "step %s is no %s", target, what)
		}
		return list
	}
	for i := range t.c.Mocks {
		t.mock(&t.c.Mocks[i])
	}
	for i := range t.c.Models {
		m := &t.c.Models[i]
		for _, s := range find(m.Target, m.At, "question to a model", func(s *plan.Step) bool { return s.Model != nil || s.Agent != nil }) {
			t.modelAnswer(m, s)
		}
	}
	for i := range t.c.Answers {
		a := &t.c.Answers[i]
		find(a.Target, a.At, "approval and no question", asks)
		for _, e := range a.Edit {
			find(e.Step, e.At, "action", func(s *plan.Step) bool { return s.Action != nil })
		}
	}
	for i := range t.c.Events {
		e := &t.c.Events[i]
		find(e.Target, e.At, "wait for an event", func(s *plan.Step) bool { return s.Wait != nil && s.Wait.Event != nil })
	}
	for i := range t.c.Calls {
		c := &t.c.Calls[i]
		for _, s := range find(c.Target, c.At, "call of a playbook", func(s *plan.Step) bool { return s.Call != nil }) {
			t.subRun(c, s)
		}
	}
	for _, list := range [][]playtest.Word{t.c.Expect.Ran, t.c.Expect.Skipped, t.c.Expect.Failed} {
		for _, w := range list {
			find(w.Text, w.At, "", nil)
		}
	}
	for _, a := range t.c.Expect.Asked {
		find(a.Step, a.At, "approval and no question", asks)
	}
	for _, o := range t.c.Expect.Outputs {
		if !slices.ContainsFunc(t.plan.Outputs, func(f plan.Field) bool { return f.Name == o.Name }) {
			t.problem(o.At, "the playbook has no output %s", o.Name)
		}
	}
	for _, c := range slices.Concat(t.c.Expect.Calls, t.c.Expect.Shadowed) {
		t.operation(c.Operation, c.At)
	}
	for _, c := range t.c.Expect.Never {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(t.r.Catalog.Operations)), func(name string) bool { return playtest.Like(c.Operation, name) }) {
			t.problem(c.At, "there is no operation %s", c.Operation)
		}
	}
	if t.c.Shadow != nil {
		for _, name := range t.c.Shadow.Operations {
			t.operation(name, t.c.NameAt)
		}
	}
}

func (t *trial) problem(at spec.Span, format string, args ...any) {
	t.fail(at, playtest.Failure{Message: fmt.Sprintf(format, args...)})
}

func did(word string, known []string) string {
	if near := spec.Nearest(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// asks tells whether a step can put something to people.
func asks(s *plan.Step) bool {
	return s.Approve != nil || s.Ask != nil || s.Agent != nil && s.Agent.Role != "" || s.Action != nil && s.Action.Undo != nil
}

// undoSuffix ends the path of what takes a step back.
const undoSuffix = ".undo"

// lastID is the id of the step that a path ends in; of an undo's own path, that of the step that it takes back.
func lastID(target string) string {
	target = contract.StepPath(target) // of what an agent does, that of the agent
	id := strings.TrimSuffix(target[strings.LastIndexByte(target, '/')+1:], undoSuffix)
	id, _, _ = strings.Cut(id, "[")
	return id
}

func (t *trial) operation(name string, at spec.Span) (playbooks.Operation, bool) {
	op, ok := t.r.Catalog.Operations[name]
	if !ok {
		t.problem(at, "there is no operation %s%s", name, did(name, slices.Collect(maps.Keys(t.r.Catalog.Operations))))
	}
	return op, ok
}

// mock checks a mock against the operation's schemas: a mock that lies proves nothing.
func (t *trial) mock(m *playtest.Mock) {
	op, ok := t.operation(m.Operation, m.At)
	if !ok {
		return
	}
	if with, err := members(m.With); err == nil && len(with) > 0 {
		var input struct {
			Properties map[string]json.RawMessage `json:"properties"`
		}
		if json.Unmarshal(op.Input, &input) == nil && input.Properties != nil {
			for _, w := range with {
				if _, ok := input.Properties[w.name]; !ok {
					t.problem(m.At, "%s has no argument %s%s", m.Operation, w.name, did(w.name, slices.Collect(maps.Keys(input.Properties))))
				}
			}
		}
	}
	if m.Fails != nil {
		return
	}
	output, err := t.returned(m)
	if err != nil {
		t.problem(m.At, "%v", err)
		return
	}
	if len(op.Output) > 0 {
		if err := consent.Conforms(op.Output, output); err != nil {
			t.problem(m.At, "this is no answer that %s can give: %v", m.Operation, err)
		}
	}
}

// returned is what a mock answers.
func (t *trial) returned(m *playtest.Mock) (json.RawMessage, error) {
	if !m.Example {
		return m.Returns, nil
	}
	example, ok := t.r.Examples[m.Operation]
	if !ok {
		return nil, fmt.Errorf("%s has no recorded example to start from", m.Operation)
	}
	joined := map[string]json.RawMessage{}
	if err := json.Unmarshal(example, &joined); err != nil {
		return nil, fmt.Errorf("the recorded example of %s is no object", m.Operation)
	}
	if err := json.Unmarshal(m.Returns, &joined); err != nil {
		return nil, fmt.Errorf("with `example: true`, `returns` must be a mapping")
	}
	return json.Marshal(joined)
}

func (t *trial) modelAnswer(m *playtest.Scripted, s *plan.Step) {
	var returns string
	var schema json.RawMessage
	switch {
	case m.Fails != nil:
		return
	case s.Agent != nil:
		returns, schema = s.Agent.Returns, s.Agent.Schema
	case s.Model != nil && len(m.Calls) > 0:
		t.problem(m.At, "step %s has no tools: only an agent calls them", s.ID)
		return
	case s.Model != nil:
		returns, schema = s.Model.Returns, s.Model.Schema
	default:
		return
	}
	for _, c := range m.Calls { // also such as the agent may not call: that is worth a test
		t.operation(c.Operation, c.At)
	}
	if len(m.Calls) > 0 {
		return
	}
	if returns == "verdict" {
		if _, err := completeVerdict(m.Returns, soc.SeverityMedium); err != nil {
			t.problem(m.At, "%v", err)
		}
		return
	}
	if err := consent.Conforms(schema, m.Returns); err != nil {
		t.problem(m.At, "this does not hold to the schema that step %s asks for: %v", s.ID, err)
	}
}

func (t *trial) subRun(c *playtest.SubRun, s *plan.Step) {
	if s.Call == nil {
		return
	}
	callee := t.r.find(s.Call.Playbook)
	outputs, err := members(c.Returns)
	if err != nil || callee == nil || callee.Plan == nil {
		return
	}
	for _, m := range outputs {
		if !slices.ContainsFunc(callee.Plan.Outputs, func(f plan.Field) bool { return f.Name == m.name }) {
			t.problem(c.At, "the playbook %s has no output %s", s.Call.Playbook, m.name)
		}
	}
}

type member struct {
	name  string
	value json.RawMessage
}

// members are the members of an object in their order.
func members(object json.RawMessage) ([]member, error) {
	if len(object) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var list []member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var m member
		m.name, _ = name.(string)
		if err := dec.Decode(&m.value); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// completeVerdict fills what a scripted verdict leaves out, and holds the whole against the schema of verdicts.
func completeVerdict(given json.RawMessage, severity soc.Severity) (json.RawMessage, error) {
	if severity == "" {
		severity = soc.SeverityUnknown
	}
	v := soc.Verdict{
		Verdict: "suspicious", Summary: "As the test says.", Severity: soc.VerdictSeverity{Before: severity, After: severity},
		Indicators: []soc.Indication{}, Confidence: soc.Confidence{Stated: 0.8}, Questions: []soc.Question{}, Findings: []soc.Finding{},
		Against: []string{}, Missing: []string{}, Attack: []soc.Technique{}, Recommended: []soc.Recommended{}, Notes: []string{},
		Provenance: soc.Provenance{Provider: "test", Model: "scripted"},
	}
	dec := json.NewDecoder(bytes.NewReader(given))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("this is no verdict: %w", err)
	}
	fits := map[string]struct {
		classification string
		id             int
	}{
		"malicious": {"true_positive", 2}, "suspicious": {"undetermined", 4}, "benign": {"benign_true_positive", 5}, "inconclusive": {"undetermined", 7},
	}[v.Verdict]
	if v.Classification == "" {
		v.Classification = fits.classification
	}
	if v.VerdictID == 0 {
		v.VerdictID = fits.id
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if err := consent.Conforms(playbooks.VerdictSchema(), text); err != nil {
		return nil, fmt.Errorf("this is no verdict: %w", err)
	}
	return text, nil
}
