package expr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// schema is the part of JSON Schema that types are made of. What is not here narrows a type further than types go.
type schema struct {
	Type                 json.RawMessage   `json:"type"`
	Format               string            `json:"format"`
	Enum                 []json.RawMessage `json:"enum"`
	Const                json.RawMessage   `json:"const"`
	Properties           map[string]json.RawMessage
	Required             []string
	AdditionalProperties json.RawMessage            `json:"additionalProperties"`
	Items                json.RawMessage            `json:"items"`
	OneOf                []json.RawMessage          `json:"oneOf"`
	AnyOf                []json.RawMessage          `json:"anyOf"`
	AllOf                []json.RawMessage          `json:"allOf"`
	Ref                  string                     `json:"$ref"`
	Defs                 map[string]json.RawMessage `json:"$defs"`
	Definitions          map[string]json.RawMessage `json:"definitions"`
	Nullable             bool                       `json:"nullable"`
}

// FromJSONSchema is the type of the values that a JSON Schema allows. An object with properties is closed unless
// additionalProperties is true or a schema: a connector that says what it gives is taken at its word, so that a
// misspelt member is found. An object without properties is open. A member that is not required is optional.
func FromJSONSchema(raw json.RawMessage) (Type, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return Any(), nil
	}
	if len(raw) > MaxOutput {
		return Any(), fmt.Errorf("the schema has %d bytes; at most %d are allowed", len(raw), MaxOutput)
	}
	var root schema
	r := &schemaReader{root: raw}
	if raw[0] == '{' {
		if err := json.Unmarshal(raw, &root); err != nil {
			return Any(), errors.New("the schema is not a valid JSON Schema")
		}
		r.defs = root.Defs
		r.definitions = root.Definitions
	}
	return r.read(raw, 0)
}

type schemaReader struct {
	root              json.RawMessage
	defs, definitions map[string]json.RawMessage
	count             int // schemas read so far
}

const (
	maxSchemas     = 5000
	maxSchemaDepth = 24 // a schema that refers to itself is any below
)

func (r *schemaReader) read(raw json.RawMessage, depth int) (Type, error) {
	r.count++
	if text := string(bytes.TrimSpace(raw)); text == "true" || text == "false" || text == "" || depth > maxSchemaDepth || r.count > maxSchemas {
		return Any(), nil
	}
	var s schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return Any(), errors.New("the schema is not a valid JSON Schema")
	}
	t, err := r.kinds(s, depth)
	if err != nil {
		return Any(), err
	}
	if s.Nullable {
		t = Optional(t)
	}
	return t, nil
}

func (r *schemaReader) kinds(s schema, depth int) (Type, error) {
	switch {
	case s.Ref != "":
		return r.ref(s.Ref, depth)
	case len(s.Const) > 0:
		return constants([]json.RawMessage{s.Const})
	case len(s.Enum) > 0:
		return constants(s.Enum)
	case len(s.Type) == 0 && len(s.OneOf)+len(s.AnyOf) > 0:
		return r.choice(append(s.OneOf, s.AnyOf...), depth)
	case len(s.Type) == 0 && len(s.AllOf) == 1 && s.Properties == nil:
		return r.read(s.AllOf[0], depth+1)
	}
	names, err := typeNames(s)
	if err != nil {
		return Any(), err
	}
	if len(names) == 0 {
		return Any(), nil
	}
	out := Type{}
	for _, name := range names {
		t, err := r.named(name, s, depth)
		if err != nil {
			return Any(), err
		}
		out = union(out, t)
	}
	return out, nil
}

func typeNames(s schema) ([]string, error) {
	var names []string
	var name string
	switch {
	case len(s.Type) == 0 && s.Properties != nil:
		return []string{"object"}, nil
	case len(s.Type) == 0 && len(s.Items) > 0:
		return []string{"array"}, nil
	case len(s.Type) == 0:
		return nil, nil
	case json.Unmarshal(s.Type, &name) == nil:
		return []string{name}, nil
	case json.Unmarshal(s.Type, &names) == nil:
		return names, nil
	}
	return nil, errors.New("the schema's type must be a string or a list of strings")
}

func (r *schemaReader) named(name string, s schema, depth int) (Type, error) {
	switch name {
	case "null":
		return Null(), nil
	case "boolean":
		return Bool(), nil
	case "integer":
		return Integer(), nil
	case "number":
		return Number(), nil
	case "string":
		switch s.Format {
		case "date-time":
			return Time(), nil
		case "severity":
			return Severity(), nil
		}
		return String(), nil
	case "array":
		elem, err := r.read(s.Items, depth+1)
		return List(elem), err
	case "object":
		return r.object(s, depth)
	}
	return Any(), fmt.Errorf("the schema has no such type: %q", clip(name))
}

func (r *schemaReader) object(s schema, depth int) (Type, error) {
	fields := make(map[string]Type, len(s.Properties))
	for _, name := range sortedNames(s.Properties) { // in order, as the bound on schemas may cut some off
		t, err := r.read(s.Properties[name], depth+1)
		if err != nil {
			return Any(), err
		}
		if !slices.Contains(s.Required, name) {
			t = Optional(t)
		}
		fields[name] = t
	}
	additional := string(bytes.TrimSpace(s.AdditionalProperties))
	if additional == "false" || additional == "" && len(fields) > 0 && len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) == 0 {
		return Object(fields), nil
	}
	return OpenObject(fields), nil
}

func (r *schemaReader) choice(schemas []json.RawMessage, depth int) (Type, error) {
	out := Type{}
	for _, raw := range schemas {
		t, err := r.read(raw, depth+1)
		if err != nil {
			return Any(), err
		}
		out = union(out, t)
	}
	return out, nil
}

// ref follows a reference within the document; one that leads elsewhere is any.
func (r *schemaReader) ref(ref string, depth int) (Type, error) {
	if ref == "#" {
		return r.read(r.root, depth+1)
	}
	if name, ok := strings.CutPrefix(ref, "#/$defs/"); ok && r.defs[name] != nil {
		return r.read(r.defs[name], depth+1)
	}
	if name, ok := strings.CutPrefix(ref, "#/definitions/"); ok && r.definitions[name] != nil {
		return r.read(r.definitions[name], depth+1)
	}
	return Any(), nil
}

// constants is the type of some fixed values: strings as their words. The seven severities are a Severity.
func constants(values []json.RawMessage) (Type, error) {
	out := Type{}
	var texts []string
	for _, raw := range values {
		value, err := decode(raw)
		if err != nil {
			return Any(), errors.New("the schema holds a value that is not valid JSON")
		}
		if text, ok := value.(string); ok {
			texts = append(texts, text)
			continue
		}
		switch k := kindOf(value); k {
		case kList, kObject:
			return Any(), nil
		default:
			out = union(out, Type{kinds: k})
		}
	}
	switch {
	case len(texts) == 0:
	case isSeverities(texts):
		out = union(out, Severity())
	default:
		out = union(out, Enum(texts...))
	}
	return out, nil
}

func isSeverities(texts []string) bool {
	if len(texts) < 3 {
		return false
	}
	for _, text := range texts {
		if _, ok := severityRank(text); !ok {
			return false
		}
	}
	return true
}
