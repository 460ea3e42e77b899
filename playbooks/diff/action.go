package diff

import (
	"cmp"
	"maps"
	"slices"

	"picket/playbooks/plan"
)

func (d *differ) action(p pair, old, new *plan.Action) {
	id := p.id()
	d.operation(p, "operation", id, old.Operation, new.Operation)
	d.word(p, "connection", p.severity(), "the connection", old.Connection, new.Connection)
	d.effect(p, id, old.Effect, new.Effect)
	d.arguments(p, "argument", "the argument", id, old.With, new.With)
	d.origins(p, id, old.Origins, new.Origins, old.With, new.With)
	d.undo(p, old.Undo, new.Undo)
}

func (d *differ) operation(p pair, subject, what, old, new string) {
	if old != new {
		c := d.say(p, subject+".changed", p.severity(), "calls %s instead of %s in %s", quote(new), quote(old), what)
		c.Old, c.New = old, new
	}
}

// effect compares what an operation can do. A lower effect concerns safety as much as a higher one: nobody is asked any more.
func (d *differ) effect(p pair, what, old, new string) {
	if old == new {
		return
	}
	weight := func(effect string) int {
		return slices.Index([]string{plan.EffectRead, plan.EffectWrite, plan.EffectConsequential}, effect)
	}
	d.say(p, "effect."+choice(weight(new) > weight(old), "raised", "lowered"), Safety,
		"%s the effect of %s from %s to %s", choice(weight(new) > weight(old), "raises", "lowers"), what, or(quote(old), "none"), or(quote(new), "none"))
}

func (d *differ) arguments(p pair, subject, what, of string, old, new plan.Value) {
	if d.same(old, new) {
		return
	}
	before, first := fieldsOf(old)
	after, second := fieldsOf(new)
	told := len(d.changes)
	if first && second {
		d.fields(p, subject, p.severity(), what, " of "+of, before, after)
	}
	if len(d.changes) == told {
		d.value(d.say(p, subject+".changed", p.severity(), "changes the arguments of %s", of), &old, &new)
	}
}

// origin is what is known of where an argument comes from.
type origin struct {
	from      []string
	untrusted bool
	labels    []string
}

func origins(list []plan.Origin, id func(string) string) map[string]origin {
	out := map[string]origin{}
	for _, o := range list {
		known := out[o.Argument]
		known.from = append(known.from, canonicalExpr(o.From, id))
		known.untrusted = known.untrusted || o.Untrusted
		known.labels = append(known.labels, o.Labels...)
		out[o.Argument] = known
	}
	return out
}

// origins compares who can have written the arguments. Where an argument itself changed, that its origin has another
// name is part of that.
func (d *differ) origins(p pair, of string, old, new []plan.Origin, oldWith, newWith plan.Value) {
	olds, news := origins(old, d.id), origins(new, nil)
	names := slices.Collect(maps.Keys(news))
	for name := range olds {
		if _, both := news[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		before, after := olds[name], news[name]
		more, less := without(after.labels, before.labels), without(before.labels, after.labels)
		switch {
		case after.untrusted && !before.untrusted:
			d.say(p, "taint.widened", Safety, "fills the argument %s of %s with text that an attacker can have written", quote(name), of)
		case before.untrusted && !after.untrusted:
			d.say(p, "taint.narrowed", Behaviour, "no longer fills the argument %s of %s with text that an attacker can have written", quote(name), of)
		case len(more) > 0:
			d.say(p, "taint.widened", Safety, "fills the argument %s of %s with text of another source: %s", quote(name), of, quote(list(more)))
		case len(less) > 0:
			d.say(p, "taint.narrowed", Behaviour, "no longer fills the argument %s of %s with text of %s", quote(name), of, quote(list(less)))
		case !slices.Equal(before.from, after.from) && d.same(argument(oldWith, name), argument(newWith, name)):
			d.say(p, "origin.changed", Behaviour, "takes the argument %s of %s from elsewhere", quote(name), of)
		}
	}
}

// argument is an argument by name.
func argument(with plan.Value, name string) plan.Value {
	fields, _ := fieldsOf(with)
	if i := slices.IndexFunc(fields, func(f plan.Field) bool { return f.Name == name }); i >= 0 {
		return fields[i].Value
	}
	return plan.Value{}
}

func (d *differ) undo(p pair, old, new *plan.Undo) {
	id := p.id()
	switch {
	case old == nil && new == nil:
		return
	case old == nil:
		d.say(p, "undo.added", p.severity(), "adds a way to take %s back: %s", id, quote(new.Operation))
		return
	case new == nil:
		d.say(p, "undo.removed", Safety, "takes away the undo of %s, which was %s", id, quote(old.Operation))
		return
	}
	of := "the undo of " + id
	d.operation(p, "undo.operation", of, old.Operation, new.Operation)
	d.named(p, "undo.connection", p.severity(), "the connection of "+of, old.Connection, new.Connection)
	d.effect(p, of, old.Effect, new.Effect)
	d.arguments(p, "undo.argument", "the argument", of, old.With, new.With)
	d.origins(p, of, old.Origins, new.Origins, old.With, new.With)
	d.length(p, "undo.timeout", Behaviour, "the timeout of "+of, old.Timeout, new.Timeout)
	d.role(p, of, Safety, old.Role, new.Role)
	d.deadline(p, of, Safety, old.Within, new.Within)
}

// named compares a setting by its full name.
func (d *differ) named(p pair, subject string, severity Severity, what, old, new string) {
	if old != new {
		c := d.say(p, subject+".changed", severity, "changes %s%s", what, fromTo(old, new))
		c.Old, c.New = old, new
	}
}

// role compares who decides.
func (d *differ) role(p pair, what string, severity Severity, old, new string) {
	if old != new {
		d.say(p, "role.changed", severity, "lets %s decide instead of %s on %s", or(quote(new), "nobody"), or(quote(old), "nobody"), what)
	}
}

// deadline compares until when somebody can decide or answer. Longer is looser: what was asked for is older by then.
func (d *differ) deadline(p pair, what string, severity Severity, old, new plan.Duration) {
	if cmp.Compare(new, old) < 0 && new != 0 {
		severity = Behaviour
	}
	d.length(p, "deadline", severity, "the deadline of "+what, old, new)
}
