package check

import (
	"encoding/json"
	"slices"
	"strings"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

func (c *checker) action(s *spec.Step, sc *scope, out *plan.Step) (*plan.Action, visible) {
	a := &plan.Action{With: plan.Value{Literal: json.RawMessage("{}")}}
	v := visible{output: expr.Any(), taint: taint{all: true}}
	if s.Action.Operation == nil {
		return a, v
	}
	a.Operation = s.Action.Operation.Text
	op, known := c.operation(s.Action.Operation)
	if n := s.Action.Connection; n != nil {
		a.Connection = n.Text
		c.connection(n, connectorOf(a.Operation))
	}
	input := (*schema)(nil)
	if known {
		a.Effect = op.Effect
		v.taint.all = op.Untrusted
		v.output = c.schemaType(op.Output, s.Action.Operation, "the output schema of "+a.Operation)
		input = c.schema(op.Input, s.Action.Operation, "the input schema of "+a.Operation)
		c.timing(s, op, a, out)
	}
	c.arguments(s, sc, a, input)
	if known && op.Effect == plan.EffectConsequential {
		c.consequential(s, sc, a)
	}
	return a, v
}

func (c *checker) operation(n *spec.Node) (Operation, bool) {
	op, known := c.cat.Operations[n.Text]
	if known {
		return op, true
	}
	connector := connectorOf(n.Text)
	connectors := c.cat.connectors()
	if !slices.Contains(connectors, connector) {
		c.bag.Error(spec.CodeOperation, n.Span, suggestOperation(n.Text, connector, connectors, c.cat.names()), "there is no connector %s", connector)
		return Operation{}, false
	}
	var own []string
	for _, name := range c.cat.names() {
		if connectorOf(name) == connector {
			own = append(own, name)
		}
	}
	c.bag.Error(spec.CodeOperation, n.Span, spec.Suggest(n.Text, own), "the connector %s has no operation %s", connector, strings.TrimPrefix(n.Text, connector+"."))
	return Operation{}, false
}

func suggestOperation(name, connector string, connectors, names []string) string {
	if near := spec.Nearest(connector, connectors); near != "" {
		return spec.Suggest(near+strings.TrimPrefix(name, connector), names)
	}
	return spec.Suggest(connector, connectors)
}

func (c *checker) connection(n *spec.Node, connector string) {
	known, listed := c.cat.Connections[connector]
	if listed && !slices.Contains(known, n.Text) {
		c.bag.Error(spec.CodeConnection, n.Span, spec.Suggest(n.Text, known), "%s has no connection %q", connector, n.Text)
	}
}

// timing sets the timeout that a step does not name, and decides whether the call is short enough to run in the
// workflow's own worker.
func (c *checker) timing(s *spec.Step, op Operation, a *plan.Action, out *plan.Step) {
	local := op.Local && op.Effect != plan.EffectConsequential
	if out.Timeout == 0 {
		out.Timeout = plan.Duration(op.TimeoutMS)
		if out.Timeout == 0 && local {
			out.Timeout = maxLocal
		}
	}
	a.Local = local && out.Timeout <= maxLocal
}

// arguments checks `with` against the operation's input schema, which is nil when it is not known.
func (c *checker) arguments(s *spec.Step, sc *scope, a *plan.Action, input *schema) {
	var fields []plan.Field
	var given []string
	if s.Action.With != nil {
		for _, e := range s.Action.With.Entries {
			given = append(given, e.Key.Text)
			if input != nil && !input.takes(e.Key.Text) {
				c.bag.Error(spec.CodeArgument, e.Key.Span, spec.Suggest(e.Key.Text, input.names), "%s has no argument %s", a.Operation, e.Key.Text)
			}
			value, r := c.value(e.Value, sc, reading{})
			if input != nil && !r.failed {
				c.fits(e.Value, value, r, input.property(e.Key.Text), e.Key.Text)
			}
			fields = append(fields, plan.Field{Name: e.Key.Text, Value: value})
			a.Origins = append(a.Origins, plan.Origin{Argument: e.Key.Text, From: r.from, Untrusted: r.taint.of(nil)})
		}
	}
	if len(fields) > 0 {
		a.With = plan.Value{Object: fields}
	}
	if input == nil {
		return
	}
	for _, name := range input.required {
		if !slices.Contains(given, name) {
			c.bag.Error(spec.CodeNoArgument, s.Action.Operation.Span, "", "%s needs the argument %s", a.Operation, name)
		}
	}
}
