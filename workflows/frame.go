package workflows

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

var null = json.RawMessage("null")

// frame is what expressions at one place can see: the roots of the run and the steps that ended before.
type frame struct {
	prefix string    // of step paths: "" or "lookup[3]/"
	vars   expr.Vars // roots but steps; not changed once made
	level  *level
	refs   *references
}

// level holds the steps that ended at one level of loops.
type level struct {
	outer *level
	names []string // in the order in which they ended
	done  map[string]*seen
}

// seen is a step's result as expressions see it.
type seen struct {
	Status string              `json:"status"`
	Output json.RawMessage     `json:"output"`
	Error  *contract.CallError `json:"error"`

	text json.RawMessage // all of it, made when an expression first asks
}

// rootFrame is the frame of the playbook's own steps, with the inputs' defaults filled in.
func (r *run) rootFrame(ctx workflow.Context) (*frame, error) {
	alert := r.in.Trigger.Alert
	if alert == nil {
		alert = null
	}
	about, err := json.Marshal(map[string]string{
		"id": r.in.RunID, "playbook": r.in.Plan.Name, "requested_by": r.in.Trigger.RequestedBy, "trigger": r.in.Trigger.Kind,
	})
	if err != nil {
		return nil, err
	}
	f := &frame{
		vars:  expr.Vars{"alert": alert, "run": about, "case": null, "inputs": json.RawMessage("{}")},
		level: newLevel(nil),
		refs:  &references{known: map[string]uses{}},
	}
	if r.carried != nil {
		r.carried.Frame.restore(f)
		return f, nil
	}
	inputs, err := r.inputs(ctx, f)
	if err != nil {
		return nil, err
	}
	f.vars["inputs"] = inputs
	r.takeOver(ctx, f)
	return f, nil
}

// inputs are the given inputs, and the defaults of those that were not given.
func (r *run) inputs(ctx workflow.Context, f *frame) (json.RawMessage, error) {
	given := map[string]json.RawMessage{}
	if len(r.in.Trigger.Inputs) > 0 {
		if err := json.Unmarshal(r.in.Trigger.Inputs, &given); err != nil {
			return nil, fmt.Errorf("inputs: %w", err)
		}
	}
	var fields []plan.Field
	for _, in := range r.in.Plan.Inputs {
		value, ok := given[in.Name]
		switch {
		case ok:
		case in.Default != nil:
			computed, err := f.value(ctx, *in.Default)
			if err != nil {
				return nil, fmt.Errorf("default of input %s: %w", in.Name, err)
			}
			value = computed
		case in.Required:
			return nil, fmt.Errorf("input %s is required and was not given", in.Name)
		default:
			value = null
		}
		fields = append(fields, plan.Field{Name: in.Name, Value: plan.Value{Literal: value}})
	}
	return object(fields), nil
}

func newLevel(outer *level) *level { return &level{outer: outer, done: map[string]*seen{}} }

// within is a frame for one item or round of a loop: it sees what its parent sees, and the item.
func (f *frame) within(prefix, as string, item json.RawMessage, number int) *frame {
	inner := f.with("index", json.RawMessage(fmt.Sprint(number)))
	inner.prefix, inner.level = prefix, newLevel(f.level)
	if as != "" {
		inner.vars[as] = item
	}
	return inner
}

// with is the same frame with one more root.
func (f *frame) with(name string, value json.RawMessage) *frame {
	same := &frame{prefix: f.prefix, vars: make(expr.Vars, len(f.vars)+2), level: f.level, refs: f.refs}
	for _, known := range workflow.DeterministicKeys(f.vars) {
		same.vars[known] = f.vars[known]
	}
	same.vars[name] = value
	return same
}

// finish makes a step's result visible to the steps after it.
func (f *frame) finish(id string, result seen) {
	if result.Output == nil {
		result.Output = null
	}
	if _, again := f.level.done[id]; !again {
		f.level.names = append(f.level.names, id)
	}
	f.level.done[id] = &result
}

// result is how a step ended that can be seen from here; nothing when it has not.
func (f *frame) result(id string) seen {
	if found := f.level.find(id); found != nil {
		return *found
	}
	return seen{}
}

func (l *level) find(id string) *seen {
	for ; l != nil; l = l.outer {
		if found, ok := l.done[id]; ok {
			return found
		}
	}
	return nil
}

// all are the ids of the steps that can be seen, the outer ones first.
func (l *level) all() []string {
	if l == nil {
		return nil
	}
	return append(l.outer.all(), l.names...)
}

// document is the result as an expression reads it.
func (s *seen) document() json.RawMessage {
	if s.text == nil {
		var b bytes.Buffer
		failed, err := json.Marshal(s.Error)
		if err != nil {
			failed = null
		}
		fmt.Fprintf(&b, `{"status":%q,"error":%s,"output":`, s.Status, failed)
		start := b.Len()
		b.Write(s.Output)
		b.WriteByte('}')
		s.text = b.Bytes()
		s.Output = s.text[start : len(s.text)-1] // one copy of a large output is enough
	}
	return s.text
}

// object joins literal fields to a JSON object, in their order.
func object(fields []plan.Field) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, field := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(field.Name)
		if err != nil {
			continue // a string always encodes
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(field.Value.Literal)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// array joins JSON values to a list.
func array(items []json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(item)
	}
	b.WriteByte(']')
	return b.Bytes()
}
