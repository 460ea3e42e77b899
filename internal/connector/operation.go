package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"time"
)

// operationEntry is an operation made ready for calls.
type operationEntry struct {
	connector *connectorEntry
	info      Operation
	spec      operation
	input     *schema
	output    *schema
	native    nativeFunc

	path    template
	query   []queryPart
	headers http.Header
	body    *tree
	form    []queryPart
	from    pointer
	where   []condition
	newest  pointer
	fields  map[string]field
	absent  map[string]field
	confirm *confirmation
}

// queryPart is a parameter of a query or a form.
type queryPart struct {
	name   string
	values []template // the first whose holes are all filled is sent
}

type condition struct {
	at    pointer
	value template
}

type confirmation struct {
	operation string
	with      tree
	equals    []confirmEqual
}

type confirmEqual struct {
	at    pointer
	value tree
}

func compileOperation(entry *connectorEntry, name string, spec operation) (*operationEntry, error) {
	m := entry.manifest
	op := &operationEntry{connector: entry, spec: spec}
	var err error
	if op.input, err = compileSchema(spec.Input); err != nil {
		return nil, fmt.Errorf("input schema: %w", err)
	}
	if op.output, err = compileSchema(spec.Output); err != nil {
		return nil, fmt.Errorf("output schema: %w", err)
	}
	op.info = Operation{
		Name: m.Name + "." + name, Title: spec.Title, Description: spec.Description, Connector: m.Name, Vendor: m.Vendor,
		Effect: spec.Effect, Local: spec.Local, Input: op.input.text, Output: op.output.text, Timeout: spec.Timeout,
		TimeoutMS: int64(spec.Timeout / time.Millisecond), Untrusted: spec.Untrusted,
	}
	if op.info.Example, err = op.example(spec.Example); err != nil {
		return nil, fmt.Errorf("example: %w", err)
	}
	names, known := argumentNames(spec.Input)
	if spec.Confirm != nil {
		if op.confirm, err = compileConfirm(m.Name, spec.Confirm, names); err != nil {
			return nil, fmt.Errorf("confirm: %w", err)
		}
		op.info.Confirm = op.confirm.operation
	}
	if m.Native {
		return op, nil
	}
	if err := op.compileRequest(spec.Request, names); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if err := op.compileResponse(spec.Response, names, known); err != nil {
		return nil, fmt.Errorf("response: %w", err)
	}
	if spec.Absent != nil {
		if op.absent, err = parseFields(spec.Absent.Fields, known); err != nil {
			return nil, fmt.Errorf("absent: %w", err)
		}
	}
	return op, nil
}

func (op *operationEntry) compileRequest(spec requestSpec, names []string) error {
	var err error
	if op.path, err = parseTemplate(spec.Path, names); err != nil {
		return err
	}
	if op.query, err = parseParameters(spec.Query, names); err != nil {
		return err
	}
	if spec.QueryFrom != "" && !slices.Contains(names, spec.QueryFrom) {
		return fmt.Errorf("query_from: the input schema has no property %q", spec.QueryFrom)
	}
	form := map[string]any{}
	for name, text := range spec.Form {
		form[name] = text
	}
	if op.form, err = parseParameters(form, names); err != nil {
		return err
	}
	op.headers = http.Header{}
	for name, value := range spec.Headers {
		op.headers.Set(name, value)
	}
	if spec.Body != nil {
		body, err := parseTree(spec.Body, names)
		if err != nil {
			return err
		}
		op.body = &body
	}
	return nil
}

func parseParameters(raw map[string]any, names []string) ([]queryPart, error) {
	parts := make([]queryPart, 0, len(raw))
	for name, value := range raw {
		choices, isList := value.([]any)
		if !isList {
			choices = []any{value}
		}
		part := queryPart{name: name}
		for _, choice := range choices {
			text, isText := choice.(string)
			if !isText {
				return nil, fmt.Errorf("parameter %s is a template or a list of them", name)
			}
			t, err := parseTemplate(text, names)
			if err != nil {
				return nil, err
			}
			part.values = append(part.values, t)
		}
		parts = append(parts, part)
	}
	sort.Slice(parts, func(i, j int) bool { return parts[i].name < parts[j].name })
	return parts, nil
}

func (op *operationEntry) compileResponse(spec responseSpec, names []string, known map[string]bool) error {
	var err error
	if op.from, err = parsePointer(spec.From); err != nil {
		return err
	}
	for at, text := range spec.Where {
		c := condition{}
		if c.at, err = parsePointer(at); err != nil {
			return err
		}
		if c.value, err = parseTemplate(text, names); err != nil {
			return err
		}
		op.where = append(op.where, c)
	}
	if op.newest, err = parsePointer(spec.Newest); err != nil {
		return err
	}
	op.fields, err = parseFields(spec.Fields, known)
	return err
}

func compileConfirm(connectorName string, spec *confirmSpec, names []string) (*confirmation, error) {
	with, err := parseTree(spec.With, names)
	if err != nil {
		return nil, err
	}
	c := &confirmation{operation: connectorName + "." + spec.Operation, with: with}
	for text, value := range spec.Equals {
		at, err := parsePointer(text)
		if err != nil {
			return nil, err
		}
		want, err := parseTree(value, names)
		if err != nil {
			return nil, err
		}
		c.equals = append(c.equals, confirmEqual{at: at, value: want})
	}
	return c, nil
}

func argumentNames(input map[string]any) (names []string, known map[string]bool) {
	properties, _ := input["properties"].(map[string]any)
	known = map[string]bool{}
	for name := range properties {
		names, known[name] = append(names, name), true
	}
	sort.Strings(names)
	return names, known
}

// example checks the recorded exchange against the schemas: it is required, and it must be true.
func (op *operationEntry) example(spec exampleSpec) (Example, error) {
	e := Example{Request: spec.Request}
	var err error
	for _, part := range []struct {
		value any
		to    *json.RawMessage
	}{{spec.Arguments, &e.Arguments}, {spec.Body, &e.Body}, {spec.Response, &e.Response}, {spec.Output, &e.Output}} {
		if part.value == nil {
			continue
		}
		if *part.to, err = jsonOf(part.value); err != nil {
			return e, err
		}
	}
	if _, err := op.arguments(e.Arguments); err != nil {
		return e, err
	}
	output, err := decodeJSON(e.Output)
	if err != nil {
		return e, errors.New("output is required")
	}
	if err := op.output.validate(output); err != nil {
		return e, fmt.Errorf("output: %w", err)
	}
	return e, nil
}
