package check

import (
	"slices"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// batch is how many items or rounds one workflow works at: what a history holds with room to spare.
const batch = 100

// reserved can't be the name of an item: the roots, and the words of the expression language.
var reserved = []string{
	"alert", "inputs", "steps", "run", "case", "index", "last", "error", "event", "null", "nil", "true", "false", "let", "if", "else", "in", "not",
	"and", "or", "matches", "contains", "startsWith", "endsWith",
	"unknown", "informational", "low", "medium", "high", "critical", "fatal",
}

func (c *checker) foreach(s *spec.Step, sc *scope) (*plan.Foreach, visible) {
	f := s.Foreach
	out := &plan.Foreach{As: f.As, AtOnce: f.AtOnce, AtMost: f.AtMost, Batch: batch}
	if slices.Contains(reserved, f.As) {
		c.bag.Error(spec.CodeName, f.AsAt, "name it after what it is, such as host", "an item can't be named %s: the word has a meaning in expressions", f.As)
	}
	element, marked := expr.Any(), labels(0)
	if f.Items != nil {
		var r result
		out.Items, r = c.items(f.Items, sc)
		marked = r.taint.of(nil)
		if !r.failed && !r.typ.IsAny() {
			element = r.typ.Elem()
		}
	}
	inner := c.inLoop(sc, s.ID)
	inner.roots[f.As] = root{typ: element, taint: taint{all: marked}}
	inner.roots["index"] = root{typ: expr.Integer()}
	ended := inner.clone()
	out.Steps = c.block(f.Steps, inner)
	if f.OnFailure == "collect" { // an item may have ended anywhere
		out.OnFailure = f.OnFailure
		ended.see(inner)
		ended.collects = true
	} else {
		ended = inner
	}
	element, l := c.lastOutputs(f.Steps, ended)
	if f.Collect != nil {
		value, r := c.value(f.Collect, ended, reading{})
		out.Collect, element, l = &value, r.typ, r.taint.of(nil)
	}
	return out, visible{output: expr.List(element), taint: taint{all: l}}
}

// lastOutputs is the type of an object of the outputs of a block's steps by id, and who can have written it.
func (c *checker) lastOutputs(steps []*spec.Step, sc *scope) (expr.Type, labels) {
	members, l := map[string]expr.Type{}, labels(0)
	for _, step := range steps {
		if step.ID == "" {
			continue
		}
		seen, _ := sc.steps.get(step.ID)
		members[step.ID] = seen.output
		if !sc.ok(step.ID) {
			members[step.ID] = expr.Optional(seen.output)
		}
		l |= seen.taint.of(nil)
	}
	return expr.Object(members), l
}

// repeat checks a loop with a condition. Nothing that a round makes certain is known after it or in the next one.
func (c *checker) repeat(s *spec.Step, sc *scope) (*plan.Repeat, visible) {
	p := s.Repeat
	out := &plan.Repeat{Every: p.Every, AtMost: p.AtMost}
	if p.AtMost > batch {
		out.Batch = batch
	}
	inner := c.inLoop(sc, s.ID)
	inner.roots["index"] = root{typ: expr.Integer()}
	inner.roots["last"] = root{typ: expr.Any(), taint: taint{all: untrustedLabels}}
	before := inner.clone()
	out.Steps = c.block(p.Steps, inner)
	before.see(inner)
	out.While, _ = c.condition(p.While, before)
	if inner.dead { // every round stops the run
		if p.Until != nil {
			c.bag.Error(spec.CodeUnreachable, p.Until.Span, "give the stop an `if`", "this condition is never asked: every round stops the run")
			sc.dead = true
		}
	} else {
		out.Until, _ = c.condition(p.Until, inner)
	}
	last, l := c.lastOutputs(p.Steps, inner)
	if p.While != nil {
		last = expr.Optional(last)
	}
	return out, visible{
		output: expr.Object(map[string]expr.Type{"rounds": expr.Integer(), "last": last}),
		taint:  taint{members: map[string]labels{"rounds": 0}, all: l},
	}
}

// items is the list of a foreach as an expression: one that is written, or a list of literals, which is one too.
func (c *checker) items(n *spec.Node, sc *scope) (string, result) {
	if n.Kind == spec.List {
		v, r := c.value(n, sc, reading{})
		if v.Literal == nil {
			c.bag.Error(spec.CodeLiteral, n.Span, "write one expression: '${{ [a, b] }}'", "a list here holds literals only")
			r.failed = true
		}
		return string(v.Literal), r
	}
	source, offset, ok := c.bare(n)
	if !ok {
		return "", result{failed: true}
	}
	r := c.expression(n, offset, source, sc, reading{})
	if !r.failed && !r.typ.CanBeList() {
		c.bag.Error(spec.CodeResult, n.At(offset, len(source)), "name the list that is meant, or write [...] around one item", "a foreach goes through a list, and this is %s", r.typ)
	}
	return source, r
}
