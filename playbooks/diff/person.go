package diff

import (
	"slices"

	"picket/playbooks/plan"
)

// asked is what approve and ask have in common: people are asked, and given time.
type asked struct {
	title        plan.Value
	message      *plan.Value
	role         string
	notRequester bool
	within       plan.Duration
	onTimeout    string
	escalateTo   string
	remind       plan.Duration
	evidence     []string
}

// person compares how people are asked. Loose is the severity of what changes who answers, by when, and what they see.
func (d *differ) person(p pair, loose Severity, old, new asked) {
	id := p.id()
	d.text(p, "question", Behaviour, "the question", &old.title, &new.title)
	d.text(p, "message", Behaviour, "the message", old.message, new.message)
	d.role(p, id, loose, old.role, new.role)
	if old.notRequester != new.notRequester {
		if new.notRequester {
			d.say(p, "requester.excluded", Behaviour, "no longer lets the person who started the run decide on %s", id)
		} else {
			d.say(p, "requester.allowed", loose, "lets the person who started the run decide on %s", id)
		}
	}
	d.deadline(p, id, loose, old.within, new.within)
	if old.onTimeout != new.onTimeout {
		d.word(p, "on_timeout", loose, "what happens after the deadline", old.onTimeout, new.onTimeout)
	}
	if old.escalateTo != new.escalateTo {
		d.say(p, "escalation.changed", loose, "escalates %s to %s instead of %s", id, or(quote(new.escalateTo), "nobody"), or(quote(old.escalateTo), "nobody"))
	}
	d.length(p, "remind", Behaviour, "the time between reminders of "+id, old.remind, new.remind)
	d.words(p, "evidence", Behaviour, loose, d.ids(old.evidence), new.evidence,
		"shows %s to those who are asked at "+id, "no longer shows %s to those who are asked at "+id)
}

func (d *differ) approve(p pair, old, new *plan.Approve) {
	id := p.id()
	of := func(a *plan.Approve) asked {
		return asked{a.Title, a.Message, a.Role, a.NotRequester, a.Within, a.OnTimeout, a.EscalateTo, a.Remind, a.Evidence}
	}
	d.person(p, Safety, of(old), of(new))
	if before, after := max(old.Quorum, 1), max(new.Quorum, 1); before != after {
		d.say(p, "quorum."+choice(after > before, "raised", "lowered"), pick(after > before, Behaviour, Safety),
			"asks for %d yes instead of %d at %s", after, before, id)
	} else if old.Quorum != new.Quorum && (old.Quorum < 0 || new.Quorum < 0) {
		d.say(p, "quorum.changed", Safety, "changes how many must say yes at %s", id)
	}
	if old.OnDeny != new.OnDeny {
		d.say(p, "on_deny.changed", Safety, "%s after a no at %s", choice(new.OnDeny == "", "ends the run", "goes on"), id)
	}
	d.each(p, old.Each, new.Each)
	d.edits(p, old.Edit, new.Edit)
}

// each compares which covered steps are released for all items of a list by one decision.
func (d *differ) each(p pair, old, new []plan.Each) {
	names := func(list []plan.Each, id func(string) string) []string {
		var out []string
		for _, e := range list {
			out = append(out, id(e.Step)+" for every item of "+id(e.Foreach))
		}
		return out
	}
	d.words(p, "each", Safety, Behaviour, names(old, d.id), names(new, func(id string) string { return id }),
		"lets one yes at "+p.id()+" release %s", "no longer lets one yes at "+p.id()+" release %s")
}

func pick(is bool, yes, no Severity) Severity {
	if is {
		return yes
	}
	return no
}

// edits compares what the approver may change.
func (d *differ) edits(p pair, old, new []plan.Edit) {
	name := func(e plan.Edit) string { return e.Step + "." + e.Argument }
	old = slices.Clone(old)
	for i := range old {
		old[i].Step = d.id(old[i].Step)
	}
	for _, e := range new {
		i := slices.IndexFunc(old, func(o plan.Edit) bool { return name(o) == name(e) })
		if i < 0 {
			d.say(p, "edit.widened", Safety, "lets the approver of %s change %s", p.id(), quote(name(e)))
			continue
		}
		if !d.same(old[i].Schema, e.Schema) {
			d.say(p, "edit.changed", Safety, "changes what the approver of %s may make of %s", p.id(), quote(name(e)))
		}
		old = slices.Delete(old, i, i+1)
	}
	for _, e := range old {
		d.say(p, "edit.narrowed", Behaviour, "no longer lets the approver of %s change %s", p.id(), quote(name(e)))
	}
}

func (d *differ) ask(p pair, old, new *plan.Ask) {
	of := func(a *plan.Ask) asked {
		return asked{a.Title, a.Message, a.Role, a.NotRequester, a.Within, a.OnTimeout, a.EscalateTo, a.Remind, a.Evidence}
	}
	d.person(p, Behaviour, of(old), of(new))
	id := p.id()
	matched := make([]bool, len(old.Fields))
	last := -1
	for _, f := range new.Fields {
		i := 0
		for i < len(matched) && (matched[i] || old.Fields[i].Name != f.Name) {
			i++
		}
		if i == len(matched) {
			d.say(p, "field.added", Behaviour, "asks for %s at %s", quote(f.Name), id)
			continue
		}
		d.formField(p, old.Fields[i], f)
		if i < last {
			d.say(p, "field.moved", Cosmetic, "asks for %s later at %s", quote(f.Name), id)
		}
		last, matched[i] = max(last, i), true
	}
	for i, f := range old.Fields {
		if !matched[i] {
			d.say(p, "field.removed", Behaviour, "no longer asks for %s at %s", quote(f.Name), id)
		}
	}
}

func (d *differ) formField(p pair, old, new plan.FormField) {
	of := "the field " + quote(new.Name) + " of " + p.id()
	d.named(p, "field", Behaviour, "the type of "+of, old.Type, new.Type)
	d.named(p, "field.title", Cosmetic, "the title of "+of, old.Title, new.Title)
	d.words(p, "options", Behaviour, Behaviour, old.Options, new.Options, "offers %s in "+of, "no longer offers %s in "+of)
	if len(old.Options) > 0 && !slices.Equal(old.Options, new.Options) && len(without(old.Options, new.Options))+len(without(new.Options, old.Options)) == 0 {
		d.say(p, "options.moved", Cosmetic, "orders the options of %s anew", of)
	}
	if !d.same(old.From, new.From) {
		d.value(d.say(p, "options.changed", Behaviour, "changes what is offered in %s%s", of, fromTo(showOptional(old.From), showOptional(new.From))), old.From, new.From)
	}
	if old.Required != new.Required {
		d.say(p, "field.changed", Behaviour, "makes %s %s", of, choice(new.Required, "required", "optional"))
	}
	if !d.same(old.Default, new.Default) {
		d.named(p, "field", Behaviour, "the default of "+of, string(old.Default), string(new.Default))
	}
}
