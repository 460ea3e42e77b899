// Package schema makes the JSON Schema of the plan's format from the plan's Go types.
package schema

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"

	"picket/playbooks/plan"
)

// ID names the schema.
const ID = "https://picket.dev/schema/plan.json"

// enums are the fields that hold one of a few words.
var enums = map[string][]string{
	"Plan.Overlap":       {plan.OverlapQueue, plan.OverlapSkip, plan.OverlapJoin, plan.OverlapCancelRunning},
	"Trigger.Kind":       {"alert", "manual", "schedule"},
	"Input.Type":         {"string", "number", "integer", "boolean", "array", "object"},
	"Step.Verb":          verbs(),
	"Step.OnError":       {"fail", "continue", "undo"},
	"Action.Effect":      {plan.EffectRead, plan.EffectWrite, plan.EffectConsequential},
	"Undo.Effect":        {plan.EffectRead, plan.EffectWrite, plan.EffectConsequential},
	"Parallel.Wait":      {"all", "any"},
	"Parallel.OnFailure": {"stop", "collect"},
	"Foreach.OnFailure":  {"stop", "collect"},
	"Wait.OnTimeout":     {"fail", "continue"},
	"Model.Returns":      {"verdict", "schema"},
	"Approve.OnTimeout":  {"deny", "escalate"},
	"Approve.OnDeny":     {"continue"},
	"Ask.OnTimeout":      {"fail", "continue", "escalate"},
	"FormField.Type":     {"text", "number", "boolean", "choice", "choices", "date"},
	"Stop.Status":        {"completed", "failed"},
}

// verbs are the fields of a step that hold what its verb takes.
func verbs() []string {
	var names []string
	after := false
	for field := range reflect.TypeFor[plan.Step]().Fields() {
		after = after || field.Name == "Action" // the first of them
		if after {
			names = append(names, name(field))
		}
	}
	return names
}

type object = map[string]any

// JSON is the schema (2020-12) of a plan of this version.
func JSON() []byte {
	m := &maker{definitions: object{}, comments: comments()}
	m.definition(reflect.TypeFor[plan.Plan]())
	text, err := encode(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id":     ID,
		"title":   "Picket plan",
		"description": "A compiled playbook. Fields are added, never redefined: a plan is valid by the schema of the version " +
			"of Picket that compiled it, and by that of any later one.",
		"$ref":  "#/$defs/Plan",
		"$defs": m.definitions,
	})
	if err != nil {
		panic("schema: " + err.Error()) // only text, numbers and lists of these
	}
	return text
}

func encode(document object) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(document)
	return b.Bytes(), err
}

type maker struct {
	definitions object
	comments    map[string]string // by "Type" and "Type.Field"
}

// definition adds a struct's schema, and those of the structs inside.
func (m *maker) definition(typ reflect.Type) {
	if m.definitions[typ.Name()] != nil {
		return
	}
	properties, required := object{}, []string{}
	s := object{"type": "object", "additionalProperties": false, "properties": properties}
	m.definitions[typ.Name()] = s
	m.describe(s, typ.Name())
	for field := range typ.Fields() {
		at := typ.Name() + "." + field.Name
		property := m.schema(field.Type)
		if words := enums[at]; words != nil {
			property["enum"] = words
		}
		m.describe(property, at)
		properties[name(field)] = property
		if !strings.Contains(field.Tag.Get("json"), ",omit") {
			required = append(required, name(field))
		}
	}
	if len(required) > 0 {
		s["required"] = required
	}
	switch typ {
	case reflect.TypeFor[plan.Step]():
		oneVerb(s)
	case reflect.TypeFor[plan.Value]():
		s["minProperties"], s["maxProperties"] = 1, 1
	case reflect.TypeFor[plan.Plan]():
		properties["version"].(object)["const"] = plan.Version
	}
}

// oneVerb says that a step has what its verb takes, and nothing of another verb.
func oneVerb(step object) {
	has, only := []object{}, object{}
	for _, verb := range verbs() {
		is := object{"properties": object{"verb": object{"const": verb}}}
		has = append(has, object{"properties": object{"verb": object{"const": verb}}, "required": []string{verb}})
		only[verb] = is
	}
	step["oneOf"], step["dependentSchemas"] = has, only
}

func (m *maker) describe(s object, at string) {
	if text := m.comments[at]; text != "" {
		s["description"] = text
	}
}

func name(field reflect.StructField) string {
	tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return tag
}

func (m *maker) schema(typ reflect.Type) object {
	switch {
	case typ == reflect.TypeFor[json.RawMessage]():
		return object{} // any JSON
	case typ == reflect.TypeFor[plan.Duration]():
		return object{"type": "integer", "minimum": 0}
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return m.schema(typ.Elem())
	case reflect.Struct:
		m.definition(typ)
		return object{"$ref": "#/$defs/" + typ.Name()}
	case reflect.Slice:
		return object{"type": "array", "items": m.schema(typ.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	}
	panic("schema: a plan holds no " + typ.Kind().String())
}

// comments are those of the plan's types and fields, on one line each.
func comments() map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), "plan.go", plan.Source, parser.ParseComments)
	if err != nil {
		panic("schema: " + err.Error()) // it has been compiled
	}
	out := map[string]string{}
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			typ, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			out[typ.Name.Name] = line(group.Doc)
			structure, ok := typ.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, field := range structure.Fields.List {
				for _, n := range field.Names {
					out[typ.Name.Name+"."+n.Name] = line(field.Comment)
				}
			}
		}
	}
	return out
}

func line(comment *ast.CommentGroup) string { return strings.Join(strings.Fields(comment.Text()), " ") }
