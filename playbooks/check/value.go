package check

import (
	"bytes"
	"encoding/json"
	"strings"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// value makes a plan's value of a node: literal where nothing is computed, else with its computed parts in place.
func (c *checker) value(n *spec.Node, sc *scope, opts reading) (plan.Value, result) {
	switch n.Kind {
	case spec.String:
		return c.textValue(n, sc, opts)
	case spec.List:
		return c.listValue(n, sc, opts)
	case spec.Map:
		return c.mapValue(n, sc, opts)
	}
	return literalOf(n)
}

// literalOf is a scalar that is not text.
func literalOf(n *spec.Node) (plan.Value, result) {
	r := result{from: "literal"}
	switch n.Kind {
	case spec.Bool:
		r.typ = expr.Bool()
	case spec.Number:
		r.typ = expr.Number()
		if !strings.ContainsAny(n.Text, ".eE") {
			r.typ = expr.Integer()
		}
	default:
		r.typ = expr.Null()
		return plan.Value{Literal: json.RawMessage("null")}, r
	}
	return plan.Value{Literal: json.RawMessage(n.Text)}, r
}

func (c *checker) textValue(n *spec.Node, sc *scope, opts reading) (plan.Value, result) {
	segments, err := expr.Template(n.Text)
	if err != nil {
		c.report(n, 0, spec.CodeTemplate, err)
		return plan.Value{Literal: jsonText(n.Text)}, result{typ: expr.Any(), from: "literal", failed: true}
	}
	if len(segments) == 1 && segments[0].Expr != "" {
		s := segments[0]
		return plan.Value{Expr: s.Expr}, c.expression(n, s.Offset, s.Expr, sc, opts)
	}
	out := result{typ: expr.String(), from: "literal"}
	parts := make([]plan.Part, 0, len(segments))
	fixed := ""
	for _, s := range segments {
		parts = append(parts, plan.Part{Text: s.Text, Expr: s.Expr})
		if s.Expr == "" {
			fixed += s.Text
			continue
		}
		r := c.expression(n, s.Offset, s.Expr, sc, opts)
		out.from = strings.TrimSpace(n.Text)
		out.taint.all |= r.taint.of(nil)
		out.failed = out.failed || r.failed
	}
	if len(parts) < 2 {
		return plan.Value{Literal: jsonText(fixed)}, out
	}
	return plan.Value{Text: parts}, out
}

func (c *checker) listValue(n *spec.Node, sc *scope, opts reading) (plan.Value, result) {
	out := result{typ: expr.List(expr.Any()), from: "literal"}
	items := make([]plan.Value, 0, len(n.Items))
	for i, item := range n.Items {
		v, r := c.value(item, sc, opts)
		items = append(items, v)
		out.join(r)
		if i == 0 {
			out.typ = expr.List(r.typ)
		} else if out.typ.Elem().String() != r.typ.String() {
			out.typ = expr.List(expr.Any())
		}
	}
	if out.from == "literal" {
		return plan.Value{Literal: literalList(items)}, out
	}
	return plan.Value{List: items}, out
}

func (c *checker) mapValue(n *spec.Node, sc *scope, opts reading) (plan.Value, result) {
	out := result{from: "literal", taint: taint{members: map[string]labels{}}}
	members := map[string]expr.Type{}
	fields := make([]plan.Field, 0, len(n.Entries))
	for _, e := range n.Entries {
		if i := strings.Index(e.Key.Text, "${{"); i >= 0 {
			c.bag.Error(spec.CodeLiteral, e.Key.Span, "write the name out", "a name must stand in the source: no expression may compute it")
		}
		v, r := c.value(e.Value, sc, opts)
		fields = append(fields, plan.Field{Name: e.Key.Text, Value: v})
		members[e.Key.Text], out.taint.members[e.Key.Text] = r.typ, r.taint.of(nil)
		from, failed := out.from, out.failed
		out.from, out.failed = join(from, r.from), failed || r.failed
	}
	out.typ = expr.Object(members)
	if out.from == "literal" {
		return plan.Value{Literal: literalObject(fields)}, out
	}
	return plan.Value{Object: fields}, out
}

func (r *result) join(other result) {
	r.from = join(r.from, other.from)
	r.taint.all |= other.taint.of(nil)
	r.failed = r.failed || other.failed
}

// join names two origins, of which a literal says nothing.
func join(a, b string) string {
	switch {
	case a == "literal" || a == b:
		return b
	case b == "literal":
		return a
	}
	return a + ", " + b
}

func jsonText(text string) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return json.RawMessage(`""`) // text always encodes
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

func literalList(items []plan.Value) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, v := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(v.Literal)
	}
	b.WriteByte(']')
	return b.Bytes()
}

func literalObject(fields []plan.Field) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(jsonText(f.Name))
		b.WriteByte(':')
		b.Write(f.Value.Literal)
	}
	b.WriteByte('}')
	return b.Bytes()
}
