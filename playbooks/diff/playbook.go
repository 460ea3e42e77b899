package diff

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"picket/playbooks/plan"
)

// playbook compares what is said of the playbook as a whole.
func (d *differ) playbook() {
	old, new := d.old.plan, d.new.plan
	whole := pair{}
	if old.Version != new.Version {
		d.say(whole, "format.changed", Cosmetic, "is compiled to version %d of the plan's format instead of %d", new.Version, old.Version)
	}
	if old.Name != new.Name {
		d.say(whole, "playbook.renamed", Behaviour, "renames the playbook%s", fromTo(old.Name, new.Name))
	}
	if old.Owner != new.Owner {
		d.say(whole, "owner.changed", Behaviour, "hands the playbook%s", fromTo(old.Owner, new.Owner))
	}
	if old.Title != new.Title {
		d.say(whole, "title.changed", Cosmetic, "changes the title%s", fromTo(old.Title, new.Title))
	}
	d.words(whole, "labels", Cosmetic, Cosmetic, old.Labels, new.Labels, "labels it %s", "no longer labels it %s")
	d.words(whole, "attack", Cosmetic, Cosmetic, old.Attack, new.Attack, "says that it answers %s", "no longer says that it answers %s")
	d.triggers()
	d.inputs()
	d.run(whole, old, new)
	d.cost(whole, old.Cost, new.Cost)
	d.fields(whole, "output", Behaviour, "the output", "", old.Outputs, new.Outputs)
}

// words compares lists whose order says nothing. More and less say what a word more and a word less means; the
// severities are those of each.
func (d *differ) words(p pair, subject string, added, removed Severity, old, new []string, more, less string) {
	gone, come := without(old, new), without(new, old)
	if len(come) > 0 {
		d.say(p, subject+".added", added, more, quote(list(come)))
	}
	if len(gone) > 0 {
		d.say(p, subject+".removed", removed, less, quote(list(gone)))
	}
}

// without are the words of a list that another one lacks.
func without(words, other []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(other, w) })
}

func (d *differ) run(whole pair, old, new *plan.Plan) {
	if !d.same(old.Key, new.Key) {
		d.value(d.say(whole, "key.changed", Behaviour, "changes the key by which runs meet%s", fromTo(showOptional(old.Key), showOptional(new.Key))), old.Key, new.Key)
	}
	if old.Overlap != new.Overlap {
		d.say(whole, "overlap.changed", Behaviour, "changes what a run does that meets another one with its key%s", fromTo(old.Overlap, new.Overlap))
	}
	d.length(whole, "timeout", Behaviour, "the timeout of the run", old.Timeout, new.Timeout)
	d.bound(whole, "budget", Behaviour, "the budget of tokens", float64(old.Budget.ModelTokens), float64(new.Budget.ModelTokens))
	d.bound(whole, "budget", Behaviour, "the budget in US dollars", old.Budget.ModelCostUSD, new.Budget.ModelCostUSD)
}

func (d *differ) cost(whole pair, old, new *plan.Cost) {
	if old == nil || new == nil {
		if old != new {
			d.say(whole, "cost.changed", Behaviour, "changes whether it is known how many calls a run makes at most")
		}
		return
	}
	d.bound(whole, "cost", Behaviour, "the most calls that a run can make", float64(old.Calls), float64(new.Calls))
	d.bound(whole, "cost", Behaviour, "the most calls of models that a run can make", float64(old.Models), float64(new.Models))
	d.words(whole, "unbounded", Behaviour, Behaviour, d.ids(old.Unbounded), new.Unbounded,
		"sets no bound on what %s may call", "sets a bound on what %s may call")
}

// length compares two lengths of time, of which 0 is none.
func (d *differ) length(p pair, subject string, severity Severity, what string, old, new plan.Duration) {
	d.raise(p, subject, severity, what, cmp.Compare(new, old), old != 0, new != 0, old.String(), new.String())
}

// bound compares two numbers, of which 0 is none.
func (d *differ) bound(p pair, subject string, severity Severity, what string, old, new float64) {
	d.raise(p, subject, severity, what, cmp.Compare(new, old), old != 0, new != 0, number(old), number(new))
}

func (d *differ) raise(p pair, subject string, severity Severity, what string, order int, was, is bool, old, new string) {
	switch {
	case order == 0:
	case !was:
		d.say(p, subject+".added", severity, "sets %s to %s", what, new)
	case !is:
		d.say(p, subject+".removed", severity, "takes away %s, which was %s", what, old)
	case order > 0:
		d.say(p, subject+".raised", severity, "raises %s from %s to %s", what, old, new)
	default:
		d.say(p, subject+".lowered", severity, "lowers %s from %s to %s", what, old, new)
	}
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// value notes both values of a change.
func (d *differ) value(c *Change, old, new *plan.Value) {
	c.Old, c.New = showOptional(old), showOptional(new)
}

func (d *differ) inputs() {
	whole := pair{}
	olds := d.old.plan.Inputs
	for _, in := range d.new.plan.Inputs {
		i := slices.IndexFunc(olds, func(o plan.Input) bool { return o.Name == in.Name })
		if i < 0 {
			d.say(whole, "input.added", Behaviour, "adds the input %s", quote(in.Name))
			continue
		}
		old := olds[i]
		olds = slices.Delete(slices.Clone(olds), i, i+1)
		if old.Type != in.Type {
			d.say(whole, "input.changed", Behaviour, "changes the type of the input %s%s", quote(in.Name), fromTo(old.Type, in.Type))
		}
		if old.Required != in.Required {
			d.say(whole, "input.changed", Behaviour, "makes the input %s %s", quote(in.Name), choice(in.Required, "required", "optional"))
		}
		if !d.same(old.Default, in.Default) {
			c := d.say(whole, "input.changed", Behaviour, "changes the default of the input %s%s", quote(in.Name),
				fromTo(showOptional(old.Default), showOptional(in.Default)))
			d.value(c, old.Default, in.Default)
		}
	}
	for _, in := range olds {
		d.say(whole, "input.removed", Behaviour, "removes the input %s", quote(in.Name))
	}
}

func choice(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// fields compares named values whose order says nothing: "the output NAME", "the argument NAME of STEP".
func (d *differ) fields(p pair, subject string, severity Severity, what, of string, old, new []plan.Field) {
	for _, f := range new {
		i := slices.IndexFunc(old, func(o plan.Field) bool { return o.Name == f.Name })
		if i < 0 {
			d.say(p, subject+".added", severity, "adds %s %s%s%s", what, quote(f.Name), of, is(show(f.Value))).New = show(f.Value)
			continue
		}
		before := old[i].Value
		old = slices.Delete(slices.Clone(old), i, i+1)
		if !d.same(before, f.Value) {
			c := d.say(p, subject+".changed", severity, "changes %s %s%s%s", what, quote(f.Name), of, fromTo(show(before), show(f.Value)))
			d.value(c, &before, &f.Value)
		}
	}
	for _, f := range old {
		d.say(p, subject+".removed", severity, "removes %s %s%s", what, quote(f.Name), of).Old = show(f.Value)
	}
}

// is tells a new value where it is short enough.
func is(value string) string {
	if value == "" || !fits(value) {
		return ""
	}
	return " as " + quote(value)
}

// triggers compares what starts a run. Triggers that differ are compared one by one, those of the same source first.
func (d *differ) triggers() {
	olds, news := slices.Clone(d.old.plan.Triggers), slices.Clone(d.new.plan.Triggers)
	for _, pairs := range []struct {
		same func(a, b plan.Trigger) bool
	}{
		{func(a, b plan.Trigger) bool { return d.same(a, b) }},
		{func(a, b plan.Trigger) bool { return a.Kind == b.Kind && a.Source == b.Source }},
		{func(a, b plan.Trigger) bool { return a.Kind == b.Kind }},
	} {
		news = slices.DeleteFunc(news, func(b plan.Trigger) bool {
			i := slices.IndexFunc(olds, func(a plan.Trigger) bool { return pairs.same(a, b) })
			if i < 0 {
				return false
			}
			d.trigger(olds[i], b)
			olds = slices.Delete(olds, i, i+1)
			return true
		})
	}
	for _, t := range news {
		d.say(pair{}, "trigger.added", Behaviour, "starts a run %s", starts(t))
	}
	for _, t := range olds {
		d.say(pair{}, "trigger.removed", Behaviour, "no longer starts a run %s", starts(t))
	}
}

// starts says when a trigger starts a run.
func starts(t plan.Trigger) string {
	switch t.Kind {
	case "alert":
		text := "for alerts of " + or(quote(t.Source), "any source")
		if t.When != "" {
			text += " if " + quote(t.When)
		}
		return text
	case "manual":
		return "by hand"
	case "schedule":
		at := t.Cron
		if t.Every != 0 {
			at += " every " + t.Every.String()
		}
		return "at the times " + quote(strings.TrimSpace(at+" "+t.Timezone))
	}
	return "by " + quote(t.Kind)
}

func (d *differ) trigger(old, new plan.Trigger) {
	whole := pair{}
	switch {
	case old.Source == new.Source:
	case new.Source == "":
		d.say(whole, "trigger.widened", Behaviour, "starts for alerts of any source, no longer of %s alone", quote(old.Source))
	case old.Source == "":
		d.say(whole, "trigger.narrowed", Behaviour, "starts for alerts of %s alone, no longer of any source", quote(new.Source))
	default:
		d.say(whole, "trigger.changed", Behaviour, "starts for alerts of %s instead of %s", quote(new.Source), quote(old.Source))
	}
	how, detail := d.compareConditions(old.When, new.When)
	var c *Change
	switch how {
	case condSame:
	case condAdded:
		c = d.say(whole, "trigger.narrowed", Behaviour, "starts only for alerts with %s", quote(new.When))
	case condRemoved:
		c = d.say(whole, "trigger.widened", Behaviour, "starts for every alert, no longer only with %s", quote(old.When))
	case condWider:
		c = d.say(whole, "trigger.widened", Behaviour, "starts for more alerts: %s", detail)
	case condTighter:
		c = d.say(whole, "trigger.narrowed", Behaviour, "starts for fewer alerts: %s", detail)
	default:
		c = d.say(whole, "trigger.changed", Behaviour, "changes which alerts start it%s", fromTo(old.When, new.When))
	}
	if c != nil {
		c.Old, c.New = old.When, new.When
	}
	if old.Cron != new.Cron || old.Timezone != new.Timezone || old.Every != new.Every {
		d.say(whole, "schedule.changed", Behaviour, "starts a run %s, no longer %s", starts(new), starts(old))
	}
	d.fields(whole, "schedule_input", Behaviour, "the input", " of the schedule", old.Inputs, new.Inputs)
}
