package check

import (
	"fmt"
	"slices"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// try checks steps that may fail anywhere. What they make certain is known only after them, where nothing failed: not
// in catch, and not in finally, which is also reached when a person has said no or the run is cancelled.
func (c *checker) try(t *spec.Try, sc *scope) *plan.Try {
	out := &plan.Try{}
	before := sc.clone()
	tried := before.clone()
	out.Steps = c.block(t.Steps, tried)
	sc.see(tried)
	var live []facts
	if !tried.dead {
		live = append(live, tried.facts)
	}
	failure := expr.Object(map[string]expr.Type{"kind": expr.String(), "message": expr.String(), "step": expr.String()})
	if t.HasCatch {
		caught := before.clone()
		caught.see(tried)
		caught.roots["error"] = root{typ: failure, taint: taint{all: fromError}}
		out.Catch = c.block(t.Catch, caught)
		sc.see(caught)
		if !caught.dead {
			live = append(live, caught.facts)
		}
	}
	sc.dead = sc.dead || len(live) == 0
	sc.facts.common(live)
	if t.HasFinally {
		final := before.clone()
		final.see(sc)
		final.dead = before.dead
		final.roots["error"] = root{typ: expr.Optional(failure), taint: taint{all: fromError}}
		out.Finally = c.block(t.Finally, final)
		sc.see(final)
		sc.dead = sc.dead || final.dead
		sc.facts.learn(final.facts, nil)
	}
	return out
}

func (c *checker) wait(w *spec.Wait, sc *scope) (*plan.Wait, visible) {
	out := &plan.Wait{For: w.For, Within: w.Within, OnTimeout: w.OnTimeout}
	if w.Until != nil {
		value, r := c.value(w.Until, sc, reading{})
		out.Until = &value
		text, _ := r.typ.Assignable(expr.String())
		moment, _ := r.typ.Assignable(expr.Time())
		if !r.failed && !text && !moment {
			c.bag.Error(spec.CodeResult, w.Until.Span, "such as parse_time(...), or now() + duration(\"1h\")", "`until` must be a time, and this is %s", r.typ)
		}
	}
	if w.Event == nil {
		return out, visible{output: expr.Object(map[string]expr.Type{"waited_until": expr.String()})}
	}
	out.Event = &plan.Event{}
	for _, source := range w.Event.Sources {
		c.source(source)
		out.Event.Sources = append(out.Event.Sources, source.Text)
	}
	inner := sc.clone()
	inner.roots["event"] = root{typ: expr.AlertType(), taint: alertTaint(fromEvent)}
	out.Event.When, _ = c.condition(w.Event.When, inner)
	out.Event.Uses = uses(out.Event.When)
	event := expr.AlertType()
	if w.OnTimeout == "continue" {
		event = expr.Optional(event)
	}
	return out, visible{
		output: expr.Object(map[string]expr.Type{"matched": expr.Bool(), "event": event}),
		taint:  taint{all: fromEvent, members: map[string]labels{"matched": 0}},
	}
}

// uses are the roots that an expression names but `event`, and of the steps each by itself.
func uses(source string) []string {
	refs, err := expr.Refs(source)
	if source == "" || err != nil {
		return nil
	}
	var names []string
	for _, ref := range refs {
		switch {
		case ref.Path[0] == "event":
		case ref.Path[0] == "steps" && len(ref.Path) > 1:
			names = append(names, "steps."+ref.Path[1])
		default:
			names = append(names, ref.Path[0])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *checker) call(s *spec.Step, sc *scope) (*plan.Call, visible) {
	out := &plan.Call{Detached: s.Call.Detached}
	v := visible{output: expr.Any(), taint: taint{all: fromAnswer}}
	if s.Call.Playbook == nil {
		return out, v
	}
	name := s.Call.Playbook.Text
	out.Playbook = name
	callee, known := c.cat.Playbooks[name]
	switch {
	case !known:
		c.bag.Near(spec.CodePlaybook, s.Call.Playbook.Span, name, c.cat.playbooks(), "there is no playbook %s", name)
	case callee.Broken:
		c.bag.Error(spec.CodePlaybook, s.Call.Playbook.Span, "mend its mistakes first", "the playbook %s does not compile, so it can't be called", name)
	}
	known = known && !callee.Broken && !callee.Circle
	c.called = append(c.called, name)
	out.Digest = callee.Digest
	out.Inputs = c.callInputs(s, sc, callee, known)
	members := map[string]expr.Type{"run_id": expr.String()}
	if !s.Call.Detached {
		members["status"], members["reason"], members["outputs"] = expr.String(), expr.String(), expr.Any()
		if known {
			members["outputs"] = callee.Outputs
		}
	}
	v.output = expr.Object(members)
	v.taint.members = map[string]labels{"run_id": 0, "status": 0}
	if known && !callee.Untrusted {
		v.taint.members["outputs"] = 0
	}
	return out, v
}

func (c *checker) callInputs(s *spec.Step, sc *scope, callee Callable, known bool) []plan.Field {
	var fields []plan.Field
	var given, names []string
	for _, in := range callee.Inputs {
		names = append(names, in.Name)
	}
	for _, e := range s.Call.Inputs {
		given = append(given, e.Key.Text)
		value, r := c.value(e.Value, sc, reading{})
		fields = append(fields, plan.Field{Name: e.Key.Text, Value: value})
		i := slices.Index(names, e.Key.Text)
		switch {
		case !known:
		case i < 0:
			c.bag.Near(spec.CodeInput, e.Key.Span, e.Key.Text, names, "the playbook %s has no input %s", s.Call.Playbook.Text, e.Key.Text)
		case !r.failed:
			if fits, why := r.typ.Assignable(callee.Inputs[i].Type); !fits {
				c.bag.Error(spec.CodeResult, e.Value.Span, "", "the input %s %s", e.Key.Text, why)
			}
		}
	}
	for _, in := range callee.Inputs {
		if in.Required && !slices.Contains(given, in.Name) {
			c.bag.Error(spec.CodeInput, s.Call.Playbook.Span, "add `"+in.Name+":` to the call's `inputs`", "the playbook %s needs the input %s", s.Call.Playbook.Text, in.Name)
		}
	}
	return fields
}

// callableInputs are the declared inputs as a caller sees them.
func (c *checker) callableInputs(p *spec.Playbook, out *plan.Plan, sc *scope) []CallableInput {
	inputs := make([]CallableInput, 0, len(p.Inputs))
	for _, in := range out.Inputs {
		typ, known := inputTypes[in.Type]
		if !known {
			typ = expr.Any()
		}
		if !in.Required {
			typ = expr.Optional(typ)
		}
		inputs = append(inputs, CallableInput{Name: in.Name, Type: typ, Required: in.Required})
	}
	return inputs
}

var fieldTypes = map[string]expr.Type{
	"text": expr.String(), "date": expr.String(), "number": expr.Number(), "boolean": expr.Bool(), "choice": expr.String(),
}

func (c *checker) ask(a *spec.Ask, sc *scope) (*plan.Ask, visible) {
	out := &plan.Ask{
		NotRequester: a.NotRequester, Within: a.Within, OnTimeout: a.OnTimeout, Remind: a.Remind,
		Role: c.role(a.Role), EscalateTo: c.role(a.EscalateTo), Evidence: c.named(a.Evidence, sc),
	}
	if a.Title != nil {
		out.Title, _ = c.value(a.Title, sc, reading{})
	}
	if a.Message != nil {
		message, _ := c.value(a.Message, sc, reading{})
		out.Message = &message
	}
	values := map[string]expr.Type{}
	for _, f := range a.Fields {
		field, typ := c.field(f, sc)
		if field.Default == nil && (!field.Required || a.OnTimeout == "continue") {
			typ = expr.Optional(typ)
		}
		values[field.Name] = typ
		out.Fields = append(out.Fields, field)
	}
	by := expr.String()
	if a.OnTimeout == "continue" {
		by = expr.Optional(by)
	}
	return out, visible{
		output: expr.Object(map[string]expr.Type{"answered": expr.Bool(), "by": by, "values": expr.Object(values)}),
		taint:  taint{all: fromPerson},
	}
}

func (c *checker) field(f spec.Field, sc *scope) (plan.FormField, expr.Type) {
	out := plan.FormField{Name: f.Name.Text, Type: f.Type, Title: f.Title, Required: f.Required}
	typ, known := fieldTypes[f.Type]
	if !known {
		typ = expr.Any()
	}
	var options []string
	for _, o := range f.Options {
		options = append(options, o.Text)
	}
	out.Options = options
	if f.Type == "choice" && len(options) > 0 {
		typ = expr.Enum(options...)
	}
	if f.From != nil {
		value, r := c.value(f.From, sc, reading{})
		if !r.failed && !r.typ.CanBeList() {
			c.bag.Error(spec.CodeResult, f.From.Span, "write the words as a list, or name a list of texts", "`options` must be a list of texts, and this is %s", r.typ)
		}
		out.From = &value
	}
	if f.Type == "choices" {
		typ = expr.List(expr.String())
	}
	if f.Default == nil {
		return out, typ
	}
	value, r := c.value(f.Default, emptyScope(nil), reading{})
	if value.Literal == nil {
		c.bag.Error(spec.CodeLiteral, f.Default.Span, "write it out, or show it in `message`", "the default of a field must stand in the source: no expression may compute it")
		return out, typ
	}
	out.Default = value.Literal
	fits, why := r.typ.Assignable(typ)
	if f.Type == "choice" && fits && f.From == nil && !slices.Contains(options, f.Default.Text) {
		fits, why = false, fmt.Sprintf("can't be %s, which is none of its options", value.Literal)
	}
	if !fits {
		c.bag.Error(spec.CodeResult, f.Default.Span, "", "the default of %s %s", f.Name.Text, why)
	}
	return out, typ
}

// canUndo tells whether an action that stands before a step, or in it, can be taken back.
func (c *checker) canUndo(s *spec.Step) bool {
	entry := c.all[s.ID]
	last := 0
	if entry != nil {
		last = entry.order
	}
	var within func(steps []*spec.Step)
	within = func(steps []*spec.Step) {
		for _, inner := range steps {
			if e := c.all[inner.ID]; e != nil {
				last = max(last, e.order)
			}
			for _, block := range inner.Blocks() {
				within(block)
			}
		}
	}
	for _, block := range s.Blocks() {
		within(block)
	}
	for _, e := range c.all {
		if e.order <= last && e.spec.Action != nil && e.spec.Action.Undo != nil {
			return true
		}
	}
	return false
}

// discard marks the loops whose output nothing refers to: it may be left out. In a loop whose output is kept, the
// outputs of its steps are part of it.
func (c *checker) discard(steps []plan.Step, kept bool) {
	for i := range steps {
		s := &steps[i]
		keep := kept || c.used[s.ID]
		switch {
		case s.Foreach != nil:
			s.Foreach.Discard = !keep
			c.discard(s.Foreach.Steps, keep && s.Foreach.Collect == nil)
		case s.Repeat != nil:
			c.discard(s.Repeat.Steps, keep)
		default:
			for _, block := range s.Blocks() {
				c.discard(block, false)
			}
		}
	}
}

// literals are values in which nothing is computed.
func (c *checker) literals(entries []spec.Entry, what string) []plan.Field {
	var fields []plan.Field
	for _, e := range entries {
		eachText(e.Value, func(n *spec.Node) {
			if containsExpression(n.Text) {
				c.bag.Error(spec.CodeLiteral, n.Span, "write it out", "%s must stand in the source: no expression may compute it", what)
			}
		})
		fields = append(fields, plan.Field{Name: e.Key.Text, Value: plan.Value{Literal: plainJSON(e.Value)}})
	}
	return fields
}
