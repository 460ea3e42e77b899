package model

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"picket/internal/soc"
)

// The bounds on a model's answer.
const (
	maxOutput = 1 << 20
	maxDepth  = 64
)

//go:embed verdict.schema.json
var verdictSchemaText string

// VerdictSchema returns the JSON Schema that a model's verdict holds to. What the engine sets itself is not in it.
func VerdictSchema() json.RawMessage { return json.RawMessage(verdictSchemaText) }

var verdictSchema = sync.OnceValues(func() (*jsonschema.Schema, error) { return compile([]byte(verdictSchemaText)) })

var verdictSchemaDocument = sync.OnceValues(func() (document map[string]any, err error) {
	err = json.Unmarshal([]byte(verdictSchemaText), &document)
	return document, err
})

// nowhere refuses every reference out of the schema: neither a file nor the network is read for a playbook's schema.
type nowhere struct{}

func (nowhere) Load(string) (any, error) {
	return nil, errors.New("schemas may not refer to other documents")
}

func compile(schema []byte) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "the schema is not valid JSON")
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	if err := c.AddResource("schema.json", document); err != nil {
		return nil, soc.Errorf(soc.Invalid, "the schema is not usable: %s", cut(err.Error(), 300))
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "the schema is not usable: %s", cut(err.Error(), 300))
	}
	return compiled, nil
}

// CheckOutput tells, as an *OutputError, why an answer does not hold to a JSON Schema. A schema that is itself at fault is
// a *soc.Error of kind Invalid.
func CheckOutput(output, schema json.RawMessage) error {
	compiled, err := compile(schema)
	if err != nil {
		return err
	}
	return check(output, compiled)
}

func check(output json.RawMessage, schema *jsonschema.Schema) error {
	switch {
	case len(bytes.TrimSpace(output)) == 0:
		return badOutput("it is empty")
	case len(output) > maxOutput:
		return badOutput("it has more than %d bytes", maxOutput)
	case deeper(output, maxDepth):
		return badOutput("it is nested deeper than %d", maxDepth)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(output))
	if err != nil {
		return badOutput("it is not valid JSON")
	}
	if err := schema.Validate(v); err != nil {
		return badOutput("it does not hold to the schema: %s", explain(err))
	}
	return nil
}

// prune leaves of a verdict what its schema names, and of two members with one name the last, which is the one that was
// checked. Go's decoder takes "VERDICT" for "verdict", and a member that the engine sets must not come from a model.
func prune(verdict json.RawMessage) (json.RawMessage, error) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(verdict))
	if err != nil {
		return nil, badOutput("it is not valid JSON")
	}
	root, err := verdictSchemaDocument()
	if err != nil {
		return nil, soc.Errorf(soc.Internal, "the schema of verdicts is broken: %v", err)
	}
	defs, _ := root["$defs"].(map[string]any)
	var walk func(schema map[string]any, v any) any
	walk = func(schema map[string]any, v any) any {
		if ref, ok := schema["$ref"].(string); ok {
			schema, _ = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		switch v := v.(type) {
		case map[string]any:
			properties, ok := schema["properties"].(map[string]any)
			if !ok {
				return v // free by its schema
			}
			out := map[string]any{}
			for name, property := range properties {
				if item, there := v[name]; there {
					child, _ := property.(map[string]any)
					out[name] = walk(child, item)
				}
			}
			return out
		case []any:
			items, _ := schema["items"].(map[string]any)
			for i := range v {
				v[i] = walk(items, v[i])
			}
		}
		return v
	}
	return json.Marshal(walk(root, v))
}

// explain shortens a validation error to one line.
func explain(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], " -")
	}
	if len(lines) > 1 {
		lines = lines[1:] // the first one names the schema's place
	}
	return cut(strings.Join(lines, "; "), 500)
}

// deeper tells whether brackets outside of strings are nested deeper than a limit, without recursion.
func deeper(document []byte, limit int) bool {
	depth, inString, escaped := 0, false, false
	for _, c := range document {
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// cut shortens a text to at most limit bytes, at a rune's border, and drops control characters.
func cut(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if (r < ' ' && r != '\n' && r != '\t') || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
