package check

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// VerdictSchema is the JSON Schema of the built-in type `verdict`, as the engine completes it.
//
//go:embed verdict.schema.json
var VerdictSchema []byte

func (c *checker) model(s *spec.Step, sc *scope) (*plan.Model, visible) {
	m := s.Model
	out := &plan.Model{Provider: m.Provider}
	if m.Prompt != nil {
		out.Prompt = c.asks(m.Prompt, sc, "prompt")
	}
	out.Evidence = c.evidence(m.Evidence, sc)
	out.Missing = c.named(m.Missing, sc)
	v := c.answer(m.Returns, &out.Returns, &out.Schema)
	return out, v
}

// answer is what a model gives back: a verdict, or what a schema says.
func (c *checker) answer(n *spec.Node, returns *string, schema *json.RawMessage) visible {
	v := visible{output: expr.Any(), taint: taint{all: fromModel}}
	switch {
	case n == nil:
	case n.Kind == spec.Map:
		*returns = "schema"
		*schema, v.output = c.returns(n)
	default:
		*returns = "verdict"
		v.output = c.schemaType(VerdictSchema, n, "the schema of verdict")
	}
	return v
}

func shortened(text string) string {
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return text
}

// evidenceID names a fact by the step it comes from, or `alert`; "" when it comes from more than one thing.
func evidenceID(v plan.Value) string {
	refs, err := expr.Refs(v.Expr)
	if v.Expr == "" || err != nil {
		return ""
	}
	id := ""
	for _, ref := range refs {
		name := ref.Path[0]
		if name == "steps" && len(ref.Path) > 1 {
			name = ref.Path[1]
		} else if name != "alert" {
			return ""
		}
		if id != "" && id != name {
			return ""
		}
		id = name
	}
	return id
}

// returns is a JSON Schema that is written in the playbook.
func (c *checker) returns(n *spec.Node) (json.RawMessage, expr.Type) {
	eachText(n, func(t *spec.Node) {
		if strings.Contains(t.Text, "${{") {
			c.bag.Error(spec.CodeLiteral, t.Span, "write it out", "a schema must stand in the source: no expression may compute it")
		}
	})
	raw := plainJSON(n)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err == nil {
		compiler := jsonschema.NewCompiler()
		compiler.UseLoader(noLoader{})
		if err = compiler.AddResource("playbook:returns", document); err == nil {
			_, err = compiler.Compile("playbook:returns")
		}
	}
	if err != nil {
		c.bag.Error(spec.CodeSchema, n.Span, "", "`returns` is no JSON Schema that can be used: %s", schemaMistake(err))
		return raw, expr.Any()
	}
	return raw, c.schemaType(raw, n, "`returns`")
}

// noLoader keeps a schema from naming documents outside of the playbook.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not part of this playbook", url)
}

// schemaMistake is the innermost reason, with its place in the schema.
func schemaMistake(err error) string {
	var invalid *jsonschema.SchemaValidationError
	var inner *jsonschema.ValidationError
	if errors.As(err, &invalid) && errors.As(invalid.Err, &inner) {
		for len(inner.Causes) > 0 {
			inner = inner.Causes[0]
		}
		return shortened(strings.Join(strings.Fields(inner.Error()), " "))
	}
	var load *jsonschema.LoadURLError
	if errors.As(err, &load) {
		return shortened(load.Err.Error())
	}
	return shortened(strings.Join(strings.Fields(err.Error()), " "))
}

func eachText(n *spec.Node, visit func(*spec.Node)) {
	if n.Kind == spec.String {
		visit(n)
	}
	for _, item := range n.Items {
		eachText(item, visit)
	}
	for _, e := range n.Entries {
		eachText(e.Value, visit)
	}
}

// plainJSON is a node as JSON, texts as they stand.
func plainJSON(n *spec.Node) json.RawMessage {
	switch n.Kind {
	case spec.List:
		items := make([]plan.Value, len(n.Items))
		for i, item := range n.Items {
			items[i].Literal = plainJSON(item)
		}
		return literalList(items)
	case spec.Map:
		fields := make([]plan.Field, len(n.Entries))
		for i, e := range n.Entries {
			fields[i] = plan.Field{Name: e.Key.Text, Value: plan.Value{Literal: plainJSON(e.Value)}}
		}
		return literalObject(fields)
	}
	return literalNode(n).Literal
}
