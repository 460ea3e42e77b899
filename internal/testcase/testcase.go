// Package testcase writes a run down as a case of a playbook's tests: what started it, what operations and models answered,
// what people decided, and what came of it.
package testcase

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"picket/internal/contract"
	"picket/internal/runview"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// MaxCase bounds a case, in bytes: a test is read by people.
const MaxCase = 256 << 10

// Record is what there is of a run.
type Record struct {
	Run       soc.Run
	Plan      *plan.Plan
	Alert     *soc.Alert // nil for none
	Entries   []soc.LedgerEntry
	Approvals []soc.Approval
}

// item is a case, its keys in the order in which one reads them.
type item struct {
	Name    string           `yaml:"name"`
	At      string           `yaml:"at,omitempty"`
	Alert   any              `yaml:"alert,omitempty"`
	Manual  *started         `yaml:"manual,omitempty"`
	Call    *started         `yaml:"call,omitempty"`
	Shadow  bool             `yaml:"shadow,omitempty"`
	Mocks   map[string][]any `yaml:"mocks,omitempty"`
	Models  map[string]any   `yaml:"models,omitempty"`
	Calls   map[string]any   `yaml:"calls,omitempty"`
	Answers map[string]any   `yaml:"answers,omitempty"`
	Expect  expected         `yaml:"expect"`
}

type started struct {
	Inputs any    `yaml:"inputs,omitempty"`
	By     string `yaml:"by,omitempty"`
}

type expected struct {
	Status  string `yaml:"status"`
	Verdict string `yaml:"verdict,omitempty"`
	Calls   []any  `yaml:"calls,omitempty"`
	Outputs any    `yaml:"outputs,omitempty"`
}

// Of is the case of a run that is over, as an item of the list `cases`, indented by two. What has the run's id in it, or that of
// its alert, is left out of arguments and outputs, for another run has others. The error of a case that is too long is a soc.Conflict.
func Of(r Record) (string, error) {
	c := writer{ids: []string{r.Run.ID}, item: item{
		Name: "as the run of " + r.Run.CreatedAt.UTC().Format("2006-01-02 15:04"), At: r.Run.CreatedAt.UTC().Format(time.RFC3339),
		Mocks: map[string][]any{}, Models: map[string]any{}, Calls: map[string]any{}, Answers: map[string]any{},
		Expect: expected{Status: string(r.Run.Status), Verdict: r.Run.Verdict},
	}}
	if r.Run.AlertID != "" {
		c.ids = append(c.ids, r.Run.AlertID)
	}
	c.start(r)
	steps := runview.Steps(r.Plan, r.Run, r.Entries)
	for i := range steps {
		c.step(&steps[i])
	}
	for i := range r.Approvals {
		c.answer(&r.Approvals[i])
	}
	if outputs, ok := c.own(decoded(r.Run.Outputs)).(map[string]any); ok && len(outputs) > 0 {
		c.item.Expect.Outputs = outputs
	}
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode([]item{c.item}); err != nil {
		return "", fmt.Errorf("write the case of %s: %w", r.Run.ID, err)
	}
	if text.Len() > MaxCase {
		return "", soc.Errorf(soc.Conflict, "the case would have %d bytes; at most %d are written: the run's answers are too long for a test", text.Len(), MaxCase)
	}
	var out strings.Builder
	for line := range strings.Lines(text.String()) {
		out.WriteString("  " + line)
	}
	return out.String(), nil
}

type writer struct {
	ids  []string // of the run and its alert: another run has others
	item item
}

// start writes what started the run.
func (w *writer) start(r Record) {
	if r.Alert != nil {
		alert := *r.Alert
		alert.ID, alert.Raw, alert.State, alert.ReceivedAt = "", nil, nil, time.Time{}
		if text, err := json.Marshal(alert); err == nil {
			fields, _ := decoded(text).(map[string]any)
			delete(fields, "received_at")
			delete(fields, "class_uid")
			w.item.Alert = filled(fields)
		}
	}
	began := runview.Began(r.Entries)
	w.item.Shadow = began.Shadow
	switch r.Run.Trigger {
	case soc.TriggerAlert:
	case soc.TriggerCall:
		w.item.Call = &started{Inputs: decoded(began.Inputs)}
	default:
		w.item.Manual = &started{Inputs: decoded(began.Inputs), By: r.Run.RequestedBy}
	}
}

// step writes what a step was answered.
func (w *writer) step(s *runview.Step) {
	if s.Status == contract.StepSkipped || s.Status == runview.Queued || s.Started == nil {
		return
	}
	switch s.Verb {
	case plan.VerbAction:
		w.action(s)
	case plan.VerbModel, plan.VerbAgent:
		if answer := w.said(s); answer != nil {
			w.item.Models[s.Path] = answer
		}
	case plan.VerbCall:
		var out struct {
			Status  string          `json:"status"`
			Outputs json.RawMessage `json:"outputs"`
		}
		answer := map[string]any{"returns": map[string]any{}}
		if json.Unmarshal(s.Output, &out) == nil && len(out.Outputs) > 0 {
			answer["returns"] = decoded(out.Outputs)
		}
		if s.Error != nil {
			answer = map[string]any{"status": "failed", "reason": s.Error.Message}
		}
		w.item.Calls[s.Path] = answer
	}
}

func (w *writer) action(s *runview.Step) {
	with, _ := w.own(decoded(s.Input)).(map[string]any)
	mock := map[string]any{}
	if len(with) > 0 {
		mock["with"] = with
	}
	switch {
	case s.Error != nil:
		mock["fails"] = map[string]any{"kind": s.Error.Kind, "message": s.Error.Message}
	default:
		mock["returns"] = decoded(w.anyID(s.Output))
	}
	if !s.Shadow && !slices.ContainsFunc(w.item.Mocks[s.Operation], func(other any) bool { return same(other, mock) }) {
		w.item.Mocks[s.Operation] = append(w.item.Mocks[s.Operation], mock)
	}
	if s.Effect == plan.EffectConsequential && !s.Shadow {
		call := map[string]any{"operation": s.Operation}
		if len(with) > 0 {
			call["with"] = with
		}
		w.item.Expect.Calls = append(w.item.Expect.Calls, call)
	}
}

// said is what a model concluded: of a verdict what a test says of it, else all.
func (w *writer) said(s *runview.Step) any {
	if s.Error != nil {
		return map[string]any{"fails": map[string]any{"kind": s.Error.Kind, "message": s.Error.Message}}
	}
	if len(s.Output) == 0 {
		return nil
	}
	var v soc.Verdict
	if json.Unmarshal(s.Output, &v) == nil && v.VerdictID > 0 {
		return map[string]any{"returns": map[string]any{"verdict": v.Verdict, "classification": v.Classification, "summary": v.Summary}}
	}
	return map[string]any{"returns": decoded(s.Output)}
}

// answer writes what people decided.
func (w *writer) answer(a *soc.Approval) {
	d := a.Decision
	if d == nil {
		return
	}
	said := map[string]any{}
	switch {
	case d.Outcome == soc.ApprovalExpired:
		said["timeout"] = true
	case d.Outcome == soc.ApprovalDenied:
		said["deny"] = true
	case a.Ask():
		said["values"] = decoded(d.Answers)
	default:
		said["approve"] = true
	}
	if d.Outcome != soc.ApprovalExpired {
		said["by"] = d.By
		if after := d.At.Sub(a.CreatedAt).Round(time.Second); after > 0 {
			said["after"] = after.String()
		}
	}
	if edit := w.edits(a, d); len(edit) > 0 {
		said["edit"] = edit
	}
	w.item.Answers[a.Step] = said
}

// edits are the arguments that the approver changed, by STEP.ARGUMENT.
func (w *writer) edits(a *soc.Approval, d *soc.Decision) map[string]any {
	edit := map[string]any{}
	for _, call := range a.Calls {
		changed, ok := d.Edited[call.Step]
		if !ok {
			continue
		}
		was, _ := decoded(call.Arguments).(map[string]any)
		is, _ := decoded(changed).(map[string]any)
		for name, value := range is {
			if !same(was[name], value) {
				edit[call.Step+"."+name] = value
			}
		}
	}
	return edit
}

// anyID is an answer with ids of nobody in the place of those of the run and its alert.
func (w *writer) anyID(text json.RawMessage) json.RawMessage {
	for _, id := range w.ids {
		kind, _, _ := strings.Cut(id, "_")
		text = bytes.ReplaceAll(text, []byte(id), []byte(kind+"_of_then"))
	}
	return text
}

// own is a value without the members that hold the id of the run or of its alert.
func (w *writer) own(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	kept := map[string]any{}
	for name, member := range object {
		text, err := json.Marshal(member)
		if err == nil && !slices.ContainsFunc(w.ids, func(id string) bool { return bytes.Contains(text, []byte(id)) }) {
			kept[name] = member
		}
	}
	return kept
}

// filled is a value without what is empty in it.
func filled(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if member = filled(member); member == nil {
				delete(v, name)
			} else {
				v[name] = member
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		if len(v) == 0 {
			return nil
		}
	case string:
		if v == "" {
			return nil
		}
	}
	return value
}

// decoded is a JSON document as YAML writes it, whole numbers as such; nil for none.
func decoded(text json.RawMessage) any {
	if len(text) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var value any
	if dec.Decode(&value) != nil {
		return nil
	}
	return numbers(value)
}

func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for name, member := range v {
			v[name] = numbers(member)
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	}
	return value
}

func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
