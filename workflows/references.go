package workflows

import (
	"slices"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

// uses are the roots and steps that expressions name. all tells that the root `steps` is used as a whole.
type uses struct {
	roots, steps []string
	all          bool
}

func (u *uses) root(name string) {
	if !slices.Contains(u.roots, name) {
		u.roots = append(u.roots, name)
	}
}

func (u *uses) step(id string) {
	if !slices.Contains(u.steps, id) {
		u.steps = append(u.steps, id)
	}
}

func (u *uses) add(other uses) {
	for _, name := range other.roots {
		u.root(name)
	}
	for _, id := range other.steps {
		u.step(id)
	}
	u.all = u.all || other.all
}

// references remembers what each expression uses.
type references struct{ known map[string]uses }

func (r *references) of(source string) uses {
	if used, ok := r.known[source]; ok {
		return used
	}
	refs, err := guarded(func() ([]expr.Ref, error) { return expr.Refs(source) })
	used := uses{all: err != nil} // evaluating it will say what is wrong
	for _, ref := range refs {
		used.root(ref.Path[0])
		switch {
		case ref.Path[0] != "steps":
		case len(ref.Path) == 1:
			used.all = true
		default:
			used.step(ref.Path[1])
		}
	}
	r.known[source] = used
	return used
}

func (r *references) ofValue(v plan.Value) uses {
	var used uses
	r.value(&used, v)
	return used
}

func (r *references) value(used *uses, v plan.Value) {
	if v.Expr != "" {
		used.add(r.of(v.Expr))
	}
	for _, part := range v.Text {
		if part.Expr != "" {
			used.add(r.of(part.Expr))
		}
	}
	for _, item := range v.List {
		r.value(used, item)
	}
	r.fields(used, v.Object)
}

func (r *references) fields(used *uses, fields []plan.Field) {
	for _, f := range fields {
		r.value(used, f.Value)
	}
}

// ofBlock is what a block of steps uses, those inside them included.
func (r *references) ofBlock(block []plan.Step) uses {
	var used uses
	plan.Walk(block, func(s *plan.Step) { r.ofStep(&used, s) })
	return used
}

// ofLoop is what the steps of a loop use, and what decides on its end or is collected of it.
func (r *references) ofLoop(s *plan.Step) uses {
	if s.Repeat != nil {
		return r.ofBlock([]plan.Step{*s})
	}
	used := r.ofBlock(s.Foreach.Steps) // the list itself is shared out, not seen
	if s.Foreach.Collect != nil {
		r.value(&used, *s.Foreach.Collect)
	}
	return used
}

func (r *references) ofStep(used *uses, s *plan.Step) {
	source := func(text string) {
		if text != "" {
			used.add(r.of(text))
		}
	}
	value := func(v *plan.Value) {
		if v != nil {
			r.value(used, *v)
		}
	}
	source(s.If)
	r.fields(used, s.Set)
	switch {
	case s.Action != nil:
		r.value(used, s.Action.With)
		if s.Action.Undo != nil {
			r.value(used, s.Action.Undo.With)
		}
	case s.Choose != nil:
		for _, b := range s.Choose.Branches {
			source(b.When)
		}
	case s.Foreach != nil:
		source(s.Foreach.Items)
		value(s.Foreach.Collect)
	case s.Repeat != nil:
		source(s.Repeat.Until)
		source(s.Repeat.While)
	case s.Wait != nil:
		value(s.Wait.Until)
		if s.Wait.Event != nil {
			source(s.Wait.Event.When)
		}
	case s.Call != nil:
		r.fields(used, s.Call.Inputs)
	case s.Stop != nil:
		value(s.Stop.Reason)
	case s.Model != nil:
		r.value(used, s.Model.Prompt)
		r.shown(used, s.Model.Evidence, s.Model.Missing)
	case s.Agent != nil:
		r.value(used, s.Agent.Goal)
		r.shown(used, s.Agent.Evidence, s.Agent.Missing)
	case s.Approve != nil:
		r.value(used, s.Approve.Title)
		value(s.Approve.Message)
		for _, id := range s.Approve.Evidence {
			used.step(id)
		}
	case s.Ask != nil:
		r.value(used, s.Ask.Title)
		value(s.Ask.Message)
		for _, field := range s.Ask.Fields {
			value(field.From)
		}
		for _, id := range s.Ask.Evidence {
			used.step(id)
		}
	}
}

// shown is what a model is shown, and the steps that it needs.
func (r *references) shown(used *uses, evidence []plan.Evidence, missing []string) {
	for _, e := range evidence {
		used.step(e.ID)
		r.value(used, e.Value)
	}
	for _, id := range missing {
		used.step(id)
	}
}
