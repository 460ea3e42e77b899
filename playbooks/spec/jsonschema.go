package spec

import (
	"bytes"
	"encoding/json"
	"slices"

	"picket/playbooks/plan"
)

// SchemaID names the JSON Schema of the language.
const SchemaID = "https://picket.dev/schema/playbook.json"

// object is a JSON object whose members keep their order, so that the schema reads like the language.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// JSONSchema is the JSON Schema (2020-12) of a playbook, for any editor that knows YAML. It holds the shape of a
// document; names, types and safety are the compiler's.
func JSONSchema() []byte {
	definitions := object{}
	for _, c := range Language {
		definitions = append(definitions, member{c.Name, constructSchema(c)})
	}
	definitions = append(definitions,
		member{"steps", object{{"type", "array"}, {"minItems", 1}, {"items", reference("step")}}},
		member{"duration", object{{"type", "string"}, {"pattern", `^(\d{1,9}(ms|s|m|h|d))+$`}, {"examples", []string{"30s", "10m", "1h30m", "7d"}}}},
	)
	root := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", SchemaID},
		{"title", "Picket playbook"},
		{"$ref", "#/$defs/playbook"},
		{"$defs", definitions},
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("spec: " + err.Error()) // only text, numbers and lists of these
	}
	return append(text, '\n')
}

func reference(name string) object { return object{{"$ref", "#/$defs/" + name}} }

func constructSchema(c Construct) object {
	properties, required := object{}, []string{}
	for _, k := range c.Keys {
		properties = append(properties, member{k.Name, keySchema(k)})
		if k.Required {
			required = append(required, k.Name)
		}
	}
	s := object{{"description", c.Doc}, {"type", "object"}, {"additionalProperties", false}, {"properties", properties}}
	if len(required) > 0 {
		s = append(s, member{"required", required})
	}
	if c.Name == "step" {
		var verbs []object
		for _, verb := range Verbs {
			verbs = append(verbs, object{{"required", []string{verb}}})
		}
		s = append(s, member{"oneOf", verbs})
		s = append(s, member{"dependentRequired", object{
			{"with", []string{plan.VerbAction}}, {"connection", []string{plan.VerbAction}}, {"undo", []string{plan.VerbAction}},
		}})
	}
	return s
}

// keySchema is the schema of what a key takes: one form, or any of several.
func keySchema(k Key) object {
	var forms []object
	for _, takes := range k.Takes {
		if takes == TakesMap {
			forms = append(forms, object{{"type", "object"}, {"additionalProperties", reference(k.In[0])}})
			continue
		}
		forms = append(forms, formSchema(takes, k))
	}
	if !slices.Contains(k.Takes, TakesMap) {
		for _, in := range k.In {
			forms = append(forms, reference(in))
		}
	}
	if k.List {
		forms = append(forms, object{{"type", "array"}, {"items", anyOf(forms)}})
	}
	s := object{{"description", k.Doc}}
	if k.Default != "" {
		s = append(s, member{"default", k.Default})
	}
	if k.Example != "" {
		s = append(s, member{"examples", []string{k.Example}})
	}
	return append(s, anyOf(forms)...)
}

func anyOf(forms []object) object {
	if len(forms) == 1 {
		return forms[0]
	}
	return object{{"anyOf", forms}}
}

func formSchema(takes string, k Key) object {
	switch takes {
	case TakesLiteral:
		if len(k.Enum) > 0 {
			return object{{"enum", k.Enum}}
		}
		return object{{"type", []string{"string", "number", "boolean"}}}
	case TakesText, TakesCondition:
		return object{{"type", []string{"string", "number", "boolean"}}}
	case TakesValue:
		return object{}
	case TakesValues, TakesSchema:
		return object{{"type", "object"}}
	case TakesDuration:
		return reference("duration")
	case TakesInteger:
		return object{{"type", "integer"}}
	case TakesNumber:
		return object{{"type", "number"}}
	case TakesBoolean:
		return object{{"type", "boolean"}}
	case TakesWords:
		return object{{"type", "array"}, {"items", object{{"type", []string{"string", "number"}}}}}
	case TakesSteps:
		return reference("steps")
	case TakesNothing:
		return object{{"type", "null"}}
	}
	panic("spec: the language has no form " + takes) // a name in this package
}
