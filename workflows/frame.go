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
	names  []string  // ids of finished steps, in the order they ended
	done   map[string]seen
	steps  json.RawMessage // the root `steps`, built when asked for
}

// seen is a step's result as expressions see it.
type seen struct {
	Status string              `json:"status"`
	Output json.RawMessage     `json:"output"`
	Error  *contract.CallError `json:"error"`
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
		vars: expr.Vars{"alert": alert, "run": about, "case": null, "inputs": json.RawMessage("{}")},
		done: map[string]seen{},
	}
	inputs, err := r.inputs(ctx, f)
	if err != nil {
		return nil, err
	}
	f.vars["inputs"] = inputs
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

// within is a frame for one item of a loop: it sees what its parent sees, and the item.
func (f *frame) within(prefix, as string, item json.RawMessage, number int) *frame {
	inner := &frame{
		prefix: prefix,
		vars:   expr.Vars{},
		names:  append([]string(nil), f.names...),
		done:   make(map[string]seen, len(f.done)),
	}
	for _, name := range workflow.DeterministicKeys(f.vars) {
		inner.vars[name] = f.vars[name]
	}
	for _, name := range f.names {
		inner.done[name] = f.done[name]
	}
	inner.vars[as] = item
	inner.vars["index"] = json.RawMessage(fmt.Sprint(number))
	return inner
}

// finish makes a step's result visible to the steps after it.
func (f *frame) finish(id string, result seen) {
	if result.Output == nil {
		result.Output = null
	}
	if _, again := f.done[id]; !again {
		f.names = append(f.names, id)
	}
	f.done[id] = result
	f.steps = nil
}

// scope is what an expression evaluates against now.
func (f *frame) scope(ctx workflow.Context) *expr.Scope {
	if f.steps == nil {
		fields := make([]plan.Field, 0, len(f.names))
		for _, id := range f.names {
			text, err := json.Marshal(f.done[id])
			if err != nil {
				text = null
			}
			fields = append(fields, plan.Field{Name: id, Value: plan.Value{Literal: text}})
		}
		f.steps = object(fields)
	}
	vars := make(expr.Vars, len(f.vars)+1)
	for _, name := range workflow.DeterministicKeys(f.vars) {
		vars[name] = f.vars[name]
	}
	vars["steps"] = f.steps
	return expr.NewScope(vars, workflow.Now(ctx))
}

func (f *frame) value(ctx workflow.Context, v plan.Value) (json.RawMessage, error) {
	return expr.EvalValue(v, f.scope(ctx))
}

// text is a value as people read it: a string as it is, anything else as JSON.
func (f *frame) text(ctx workflow.Context, v *plan.Value) (string, error) {
	if v == nil {
		return "", nil
	}
	value, err := f.value(ctx, *v)
	if err != nil {
		return "", err
	}
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s, nil
	}
	return string(value), nil
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
