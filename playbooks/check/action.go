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
	v := visible{output: expr.Any(), taint: taint{all: fromAnswer}}
	if s.Action.Operation == nil {
		return a, v
	}
	op, known := c.calls(s.Action, sc, &call{operation: &a.Operation, connection: &a.Connection, with: &a.With, origins: &a.Origins})
	if known {
		a.Effect = op.Effect
		if !op.Untrusted {
			v.taint.all = 0
		}
		v.output = c.outputType(op, s.Action.Operation)
		c.timing(op, a, out)
	}
	if known && op.Effect == plan.EffectConsequential {
		c.consequential(s, sc, a)
	}
	if s.Action.Undo != nil {
		a.Undo = c.undo(s, sc, a, v)
	}
	return a, v
}

// call is where the checked parts of a call go in the plan.
type call struct {
	operation, connection *string
	with                  *plan.Value
	origins               *[]plan.Origin
}

// calls checks an operation with its connection and arguments.
func (c *checker) calls(a *spec.Action, sc *scope, out *call) (Operation, bool) {
	*out.operation = a.Operation.Text
	op, known := c.operation(a.Operation)
	if n := a.Connection; n != nil {
		*out.connection = n.Text
		c.connection(n, connectorOf(a.Operation.Text))
	}
	input := (*schema)(nil)
	if known {
		input = c.schema(op.Input, a.Operation, "the input schema of "+a.Operation.Text)
	}
	c.arguments(a, sc, out, input)
	return op, known
}

func (c *checker) operation(n *spec.Node) (Operation, bool) {
	op, known := c.cat.Operations[n.Text]
	if known {
		return op, true
	}
	connector := connectorOf(n.Text)
	connectors := c.cat.connectors()
	if slices.Contains(connectors, n.Text) {
		c.bag.Error(spec.CodeOperation, n.Span, spec.Suggest("", c.operations(connector)), "%s is a connector, and an action names one of its operations", n.Text)
		return Operation{}, false
	}
	if !slices.Contains(connectors, connector) {
		c.bag.Error(spec.CodeOperation, n.Span, suggestOperation(n.Text, connector, connectors, c.cat.names()), "there is no connector %s", connector)
		if near := spec.Nearest(n.Text, c.cat.names()); near != "" {
			c.bag.Fix("Change it to "+near, spec.Replace(n.Span, near))
		}
		return Operation{}, false
	}
	c.bag.Near(spec.CodeOperation, n.Span, n.Text, c.operations(connector), "the connector %s has no operation %s", connector, strings.TrimPrefix(n.Text, connector+"."))
	return Operation{}, false
}

// operations are the names of a connector's operations, sorted.
func (c *checker) operations(connector string) []string {
	return slices.DeleteFunc(c.cat.names(), func(name string) bool { return connectorOf(name) != connector })
}

func suggestOperation(name, connector string, connectors, names []string) string {
	if near := spec.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	if near := spec.Nearest(connector, connectors); near != "" {
		return "did you mean the connector " + near + "?"
	}
	return spec.Suggest(connector, connectors)
}

func (c *checker) connection(n *spec.Node, connector string) {
	known, listed := c.cat.Connections[connector]
	if listed && !slices.Contains(known, n.Text) {
		c.bag.Near(spec.CodeConnection, n.Span, n.Text, known, "%s has no connection %q", connector, n.Text)
	}
}

// timing sets the timeout that a step does not name, and decides whether the call is short enough to run in the
// workflow's own worker.
func (c *checker) timing(op Operation, a *plan.Action, out *plan.Step) {
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
func (c *checker) arguments(a *spec.Action, sc *scope, out *call, input *schema) {
	var fields []plan.Field
	var given, meant []string // meant are those that a misspelt name is near to
	operation := a.Operation.Text
	if a.With != nil {
		for _, e := range a.With.Entries {
			name := e.Key.Text
			given = append(given, name)
			if input != nil && !input.takes(name) {
				missing := a.With.Lacks(input.names)
				c.bag.Near(spec.CodeArgument, e.Key.Span, name, missing, "%s has no argument %s", operation, name)
				meant = append(meant, spec.Nearest(name, missing))
			}
			value, r := c.value(e.Value, sc, reading{})
			if input != nil && !r.failed {
				c.fits(e.Value, value, r, input.property(name), name)
			}
			l := r.taint.of(nil)
			if input != nil && l.untrusted() && sinkOf(input.property(name)) == "host" {
				c.bag.Error(spec.CodeSink, e.Value.Span, "write it into the playbook, or keep it in the connection",
					"the argument %s decides which host is called, and an attacker can have written it: %s", name, shortened(r.from))
			}
			fields = append(fields, plan.Field{Name: name, Value: value})
			*out.origins = append(*out.origins, plan.Origin{Argument: name, From: r.from, Untrusted: l.untrusted(), Labels: l.names()})
		}
	}
	if len(fields) > 0 {
		*out.with = plan.Value{Object: fields}
	}
	if input == nil {
		return
	}
	for _, name := range input.required {
		if !slices.Contains(given, name) && !slices.Contains(meant, name) {
			c.bag.Error(spec.CodeNoArgument, a.Operation.Span, "add `"+name+":` to its `with`", "%s needs the argument %s", operation, name)
		}
	}
	if len(input.AnyOf) > 0 && !slices.ContainsFunc(input.AnyOf, func(alt alternative) bool { return containsAll(given, alt.Required) }) {
		c.bag.Error(spec.CodeNoArgument, a.Operation.Span, "add one to its `with`", "%s needs one of these arguments: %s", operation, alternatives(input.AnyOf))
	}
}

func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(name string) bool { return !slices.Contains(list, name) })
}

// alternatives reads "user, name" or "a with b, c".
func alternatives(of []alternative) string {
	words := make([]string, len(of))
	for i, alt := range of {
		words[i] = strings.Join(alt.Required, " with ")
	}
	return strings.Join(words, ", ")
}

// sinkOf is what an argument decides, by the keyword x-picket-sink of its schema: "host", or nothing.
func sinkOf(property json.RawMessage) string {
	var s struct {
		Sink string `json:"x-picket-sink"`
	}
	if len(property) == 0 || json.Unmarshal(property, &s) != nil {
		return ""
	}
	return s.Sink
}

// undo checks the call that takes an action back. It sees what the action saw, and the action's own output.
func (c *checker) undo(s *spec.Step, sc *scope, a *plan.Action, v visible) *plan.Undo {
	u := s.Action.Undo
	out := &plan.Undo{Effect: plan.EffectConsequential, With: plan.Value{Literal: json.RawMessage("{}")}, Role: c.role(u.Role), Within: u.Within}
	if u.Operation == nil {
		return out
	}
	after := sc.clone()
	v.loop = sc.loop
	after.steps.set(s.ID, v)
	after.facts.add(okFact(s.ID), nil)
	op, known := c.calls(&u.Action, after, &call{operation: &out.Operation, connection: &out.Connection, with: &out.With, origins: &out.Origins})
	if u.Connection == nil && connectorOf(out.Operation) == connectorOf(a.Operation) {
		out.Connection = a.Connection
	}
	if !known {
		return out
	}
	out.Effect, out.Timeout = op.Effect, plan.Duration(op.TimeoutMS)
	switch {
	case a.Effect == plan.EffectRead:
		c.bag.Error(spec.CodeUndoRead, u.At, "take `undo` out", "%s only reads: there is nothing to take back", a.Operation)
		c.bag.TakeOut(s.Node, "undo")
	case op.Effect == plan.EffectRead:
		c.bag.Error(spec.CodeUndoRead, u.Operation.Span, "name the operation that does", "%s only reads: it takes nothing back", out.Operation)
	}
	c.undoBy(s, a, out)
	return out
}

// undoBy finds who decides on an undo that changes the world: who is named, else those who approved the action.
func (c *checker) undoBy(s *spec.Step, a *plan.Action, out *plan.Undo) {
	if out.Effect != plan.EffectConsequential {
		out.Role, out.Within = "", 0
		return
	}
	for _, id := range a.Approvals {
		approval := c.all[id].spec.Approve
		if out.Role == "" && approval.Role != nil {
			out.Role = approval.Role.Text
		}
		if out.Within == 0 {
			out.Within = approval.Within
		}
	}
	if out.Role == "" || out.Within == 0 {
		c.bag.Error(spec.CodeUndoBy, s.Action.Undo.At, "add `by: {role: responder}` and `within: 30m`", "%s changes the world, and nobody is named who decides on it", out.Operation)
		c.offerUndoBy(s.Node.Get("undo"), out)
	}
}

// offerUndoBy is the fix where nobody decides on an undo: the keys that are missing.
func (c *checker) offerUndoBy(n *spec.Node, out *plan.Undo) {
	within, timed := n.Insert("within", "1h")
	by, named := n.Insert("by", "{role: responder}")
	switch {
	case !timed || !named:
	case out.Role != "":
		c.bag.Fix("Add `within: 1h`", within)
	case out.Within != 0:
		c.bag.Fix("Add `by: {role: responder}`", by)
	default:
		by.Text += within.Text
		c.bag.Fix("Add `by: {role: responder}` and `within: 1h`", by)
	}
}
