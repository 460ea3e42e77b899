package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"picket/playbooks/plan"
)

// Eval evaluates a source over a scope. The result is compact JSON with sorted keys. An error is an *Error; no input
// makes it panic.
func Eval(source string, s *Scope) (json.RawMessage, error) {
	return (&run{scope: s}).json(source)
}

// EvalBool evaluates a condition. Null is false, as a fact that is not there fulfils no condition; any other value
// that is not true or false is an error.
func EvalBool(source string, s *Scope) (bool, error) {
	value, err := (&run{scope: s}).source(source)
	if err != nil {
		return false, err
	}
	switch v := value.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	}
	return false, &Error{Length: len(source), Message: "a condition must be true or false; this is " + article(value), Source: source}
}

// EvalList evaluates a source that gives a list, and gives its elements. Null is an error: a list that is silently
// empty would skip the work that it was made for.
func EvalList(source string, s *Scope) ([]json.RawMessage, error) {
	return evalList(source, s, MaxOutput)
}

// EvalItems is EvalList for a list that may be as large as a document: its elements are shared out, not kept together.
func EvalItems(source string, s *Scope) ([]json.RawMessage, error) {
	return evalList(source, s, MaxDocument)
}

func evalList(source string, s *Scope, left int) ([]json.RawMessage, error) {
	r := &run{scope: s}
	value, err := r.source(source)
	if err != nil {
		return nil, err
	}
	elements, ok := value.([]any)
	if !ok {
		message := "a list is needed; this is " + article(value)
		if value == nil {
			message += " (if it may be missing, write `?? []` after it)"
		}
		return nil, &Error{Length: len(source), Message: message, Source: source}
	}
	items := make([]json.RawMessage, len(elements))
	for i, item := range elements {
		out, fault := encode(item, left)
		if fault != "" {
			return nil, &Error{Length: len(source), Message: fault, Source: source}
		}
		items[i], left = out, left-len(out)
	}
	return items, nil
}

// EvalValue evaluates a value of a plan, part by part, within the bounds of one evaluation. Texts are joined of their
// parts: strings as they are, null as nothing, everything else as compact JSON.
func EvalValue(v plan.Value, s *Scope) (json.RawMessage, error) {
	r := &run{scope: s}
	value, err := r.value(v, 0)
	if err != nil {
		return nil, err
	}
	out, fault := encode(value, MaxOutput)
	if fault != "" {
		return nil, &Error{Message: fault}
	}
	return out, nil
}

func (r *run) json(source string) (json.RawMessage, error) {
	value, err := r.source(source)
	if err != nil {
		return nil, err
	}
	out, fault := encode(value, MaxOutput)
	if fault != "" {
		return nil, &Error{Length: len(source), Message: fault}
	}
	return out, nil
}

// source evaluates one source; whatever goes wrong in it comes back as an *Error.
func (r *run) source(source string) (value any, err error) {
	p, err := programs.get(source)
	if err != nil {
		return nil, err
	}
	r.p, r.bound, r.frames = p, r.bound[:0], r.frames[:0]
	defer func() {
		switch failed := recover().(type) {
		case nil:
		case *Error:
			failed.Source = source
			value, err = nil, failed
		default: // a fault of ours, not to be met; still no reason to take the worker down
			value, err = nil, &Error{Length: len(source), Message: "the expression cannot be evaluated", Source: source}
		}
	}()
	return r.eval(p.root), nil
}

func (r *run) value(v plan.Value, depth int) (any, error) {
	if depth > MaxDepth {
		return nil, &Error{Message: fmt.Sprintf("the value is nested deeper than %d levels", MaxDepth)}
	}
	switch {
	case v.Expr != "":
		return r.source(v.Expr)
	case v.Text != nil:
		return r.text(v.Text)
	case v.List != nil:
		list := make([]any, len(v.List))
		for i, item := range v.List {
			value, err := r.value(item, depth+1)
			if err != nil {
				return nil, at(fmt.Sprintf("[%d]", i), err)
			}
			list[i] = value
		}
		return list, nil
	case v.Object != nil:
		object := make(map[string]any, len(v.Object))
		for _, field := range v.Object {
			value, err := r.value(field.Value, depth+1)
			if err != nil {
				return nil, at(field.Name, err)
			}
			object[field.Name] = value
		}
		return object, nil
	case len(v.Literal) > 0:
		value, err := decode(v.Literal)
		if err != nil {
			return nil, &Error{Message: "the literal cannot be read: " + err.Error()}
		}
		return value, nil
	}
	return nil, nil
}

func (r *run) text(parts []plan.Part) (any, error) {
	var b strings.Builder
	for _, part := range parts {
		text := part.Text
		if part.Expr != "" {
			value, err := r.source(part.Expr)
			if err != nil {
				return nil, err
			}
			rendered, fault := render(value)
			if fault != "" {
				return nil, &Error{Length: len(part.Expr), Message: fault}
			}
			text = rendered
		}
		if b.Len()+len(text) > MaxOutput {
			return nil, &Error{Message: fmt.Sprintf("the text has more than %d bytes", MaxOutput)}
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// render is a value as text: as it is shown in a template, and by string().
func render(value any) (text, fault string) {
	switch v := value.(type) {
	case nil:
		return "", ""
	case string:
		return v, ""
	case severity:
		return string(v), ""
	}
	out, fault := encode(value, MaxOutput)
	if fault == "" && len(out) > 1 && out[0] == '"' { // times and durations: their text, not JSON's quotes
		out = out[1 : len(out)-1]
	}
	return string(out), fault
}

// at says in which member of a value an error lies.
func at(where string, err error) error {
	found, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	separator := ": "
	if strings.HasPrefix(found.Message, "[") {
		separator = ""
	}
	return &Error{Offset: found.Offset, Length: found.Length, Message: where + separator + found.Message, Source: found.Source}
}
