package workflows

import (
	"encoding/json"
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

// scope is what an expression evaluates against now: the roots, and of the steps those that it uses.
func (f *frame) scope(ctx workflow.Context, used uses) *expr.Scope {
	vars := make(expr.Vars, len(f.vars)+1)
	for _, name := range workflow.DeterministicKeys(f.vars) {
		vars[name] = f.vars[name]
	}
	vars["steps"] = f.stepsDocument(used)
	return expr.NewScope(vars, workflow.Now(ctx))
}

// stepsDocument is the root `steps` with what is used of it.
func (f *frame) stepsDocument(used uses) json.RawMessage {
	ids := used.steps
	if used.all {
		ids = f.level.all()
	}
	fields := make([]plan.Field, 0, len(ids))
	for _, id := range ids {
		if found := f.level.find(id); found != nil {
			fields = append(fields, plan.Field{Name: id, Value: plan.Value{Literal: found.document()}})
		}
	}
	return object(fields)
}

// size is how many bytes the steps of a use have.
func (f *frame) size(used uses) int {
	ids, n := used.steps, 0
	if used.all {
		ids = f.level.all()
	}
	for _, id := range ids {
		if found := f.level.find(id); found != nil {
			n += len(found.Output)
		}
	}
	return n
}

// holds evaluates a condition.
func (f *frame) holds(ctx workflow.Context, source string) (bool, error) {
	return guarded(func() (bool, error) { return expr.EvalBool(source, f.scope(ctx, f.refs.of(source))) })
}

// value evaluates a value. One whose expressions use more than one document may hold is evaluated part by part.
func (f *frame) value(ctx workflow.Context, v plan.Value) (json.RawMessage, error) {
	used := f.refs.ofValue(v)
	if len(used.steps) < 2 && !used.all || f.size(used) < expr.MaxDocument/2 {
		return guarded(func() (json.RawMessage, error) { return expr.EvalValue(v, f.scope(ctx, used)) })
	}
	split := plan.Value{Literal: v.Literal, Expr: v.Expr}
	switch {
	case v.Object != nil:
		for _, field := range v.Object {
			part, err := f.value(ctx, field.Value)
			if err != nil {
				return nil, named(field.Name, err)
			}
			split.Object = append(split.Object, plan.Field{Name: field.Name, Value: plan.Value{Literal: part}})
		}
	case v.List != nil:
		for _, item := range v.List {
			part, err := f.value(ctx, item)
			if err != nil {
				return nil, err
			}
			split.List = append(split.List, plan.Value{Literal: part})
		}
	case len(v.Text) > 1:
		for _, p := range v.Text {
			part, err := f.text(ctx, &plan.Value{Text: []plan.Part{p}})
			if err != nil {
				return nil, err
			}
			split.Text = append(split.Text, plan.Part{Text: part})
		}
	default: // one expression: it may use what it can
		split.Text = v.Text
	}
	return guarded(func() (json.RawMessage, error) { return expr.EvalValue(split, f.scope(ctx, f.refs.ofValue(split))) })
}

func named(field string, err error) error { return fmt.Errorf("%s: %w", field, err) }

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

// guarded keeps a fault of the evaluator from the workflow: a panic there would stop the run for good. Nothing inside
// an evaluation blocks, so the SDK's own panics never pass here.
func guarded[T any](evaluate func() (T, error)) (result T, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the expression cannot be evaluated")
		}
	}()
	return evaluate()
}

// items evaluates the list of a foreach.
func (f *frame) items(ctx workflow.Context, each *plan.Foreach) ([]json.RawMessage, error) {
	return guarded(func() ([]json.RawMessage, error) {
		scope := f.scope(ctx, f.refs.of(each.Items))
		if each.Batch > 0 {
			return expr.EvalItems(each.Items, scope)
		}
		return expr.EvalList(each.Items, scope)
	})
}
