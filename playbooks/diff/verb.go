package diff

import (
	"encoding/json"
	"slices"
	"strconv"

	"picket/playbooks/plan"
)

// choose compares the conditions of the branches and their order.
func (d *differ) choose(p pair) {
	for _, b := range p.new.blocks {
		switch {
		case b.part != partWhen:
		case b.twin == nil:
			d.say(p, "branch.added", b.severity(), "adds a branch to %s for the condition %s", p.id(), quote(b.when)).New = b.when
		default:
			severity := b.severity()
			if b.twin.severity() == Safety {
				severity = Safety
			}
			d.condition(p, "condition", "branch "+strconv.Itoa(b.nth+1)+" of "+p.id(), severity, b.twin.when, b.when)
		}
	}
	for _, b := range p.old.blocks {
		if b.part == partWhen && b.twin == nil {
			d.say(p, "branch.removed", b.severity(), "removes the branch of %s for the condition %s", p.id(), quote(b.when)).Old = b.when
		}
	}
	var kept []*block
	for _, b := range p.new.blocks {
		if b.part == partWhen && b.twin != nil {
			kept = append(kept, b)
		}
	}
	order := make([]int, len(kept))
	for i, b := range kept {
		order[i] = b.twin.nth
	}
	for i, stays := range rising(order) {
		if !stays {
			d.say(p, "branch.moved", p.severity(), "tries the condition %s at another place of %s", quote(kept[i].when), p.id())
		}
	}
}

// severity is that of a change to what leads into a block.
func (b *block) severity() Severity {
	if slices.ContainsFunc(b.steps, func(at *placed) bool { return at.sensitive }) {
		return Safety
	}
	return Behaviour
}

func (d *differ) parallel(p pair, old, new *plan.Parallel) {
	for _, b := range p.new.blocks {
		if b.twin == nil {
			d.say(p, "branch.added", Behaviour, "adds the branch %s to %s", quote(b.name), p.id())
		} else if b.twin.name != b.name {
			d.say(p, "branch.renamed", Cosmetic, "renames the branch %s of %s to %s", quote(b.twin.name), p.id(), quote(b.name))
		}
	}
	for _, b := range p.old.blocks {
		if b.twin == nil {
			d.say(p, "branch.removed", Behaviour, "removes the branch %s of %s", quote(b.name), p.id())
		}
	}
	d.named(p, "wait_for", Behaviour, "which branches of "+p.id()+" are waited for", old.Wait, new.Wait)
	d.named(p, "on_failure", Behaviour, "what a failed branch of "+p.id()+" does", old.OnFailure, new.OnFailure)
}

func (d *differ) foreach(p pair, old, new *plan.Foreach) {
	d.expression(p, "items", p.severity(), "the list", old.Items, new.Items)
	d.word(p, "as", Cosmetic, "the name of an item", old.As, new.As)
	d.bound(p, "at_once", Behaviour, "how many items of "+p.id()+" run at once", float64(old.AtOnce), float64(new.AtOnce))
	d.bound(p, "at_most", p.severity(), "how many items "+p.id()+" takes at most", float64(old.AtMost), float64(new.AtMost))
	d.named(p, "on_failure", Behaviour, "what a failed item of "+p.id()+" does", old.OnFailure, new.OnFailure)
	d.text(p, "collect", Behaviour, "the collected value", old.Collect, new.Collect)
}

func (d *differ) repeat(p pair, old, new *plan.Repeat) {
	d.expression(p, "until", p.severity(), "the end", old.Until, new.Until)
	d.expression(p, "while", p.severity(), "the condition to go on", old.While, new.While)
	d.length(p, "every", Behaviour, "the time between rounds of "+p.id(), old.Every, new.Every)
	d.bound(p, "at_most", p.severity(), "how many rounds "+p.id()+" goes at most", float64(old.AtMost), float64(new.AtMost))
}

func (d *differ) wait(p pair, old, new *plan.Wait) {
	id := p.id()
	d.length(p, "wait", Behaviour, "the time that "+id+" waits", old.For, new.For)
	d.text(p, "wait", Behaviour, "the end of the wait", old.Until, new.Until)
	d.event(p, old.Event, new.Event)
	d.length(p, "deadline", Behaviour, "the deadline of "+id, old.Within, new.Within)
	d.word(p, "on_timeout", Behaviour, "what happens after the deadline", old.OnTimeout, new.OnTimeout)
}

func (d *differ) event(p pair, old, new *plan.Event) {
	if old == nil || new == nil {
		if old != new {
			d.say(p, "event."+choice(new != nil, "added", "removed"), Behaviour, "%s for an event at %s", choice(new != nil, "waits", "no longer waits"), p.id())
		}
		return
	}
	if before, after := len(old.Sources) == 0, len(new.Sources) == 0; before != after {
		d.say(p, "event."+choice(after, "widened", "narrowed"), Behaviour, "waits for an event of %s at %s", or(quote(list(new.Sources)), "any source"), p.id())
	} else {
		d.words(p, "event.source", Behaviour, Behaviour, old.Sources, new.Sources, "waits for events of %s at "+p.id(), "no longer waits for events of %s at "+p.id())
	}
	how, detail := d.compareConditions(old.When, new.When)
	switch how {
	case condSame:
		return
	case condRemoved:
		how = condWider
	case condAdded:
		how = condTighter
	}
	if detail == "" {
		detail = or(quote(new.When), "any")
	}
	c := d.say(p, "event."+how, Behaviour, "waits for other events at %s: %s", p.id(), detail)
	c.Old, c.New = old.When, new.When
}

func (d *differ) call(p pair, old, new *plan.Call) {
	id := p.id()
	if old.Playbook != new.Playbook {
		d.say(p, "subplaybook.changed", Behaviour, "calls the playbook %s instead of %s in %s", quote(new.Playbook), quote(old.Playbook), id)
	} else if old.Digest != new.Digest {
		d.say(p, "subplaybook.updated", Behaviour, "calls another version of the playbook %s in %s", quote(new.Playbook), id)
	}
	d.fields(p, "argument", Behaviour, "the input", " of "+id, old.Inputs, new.Inputs)
	if old.Detached != new.Detached {
		d.say(p, "detached.changed", Behaviour, "%s the playbook that %s calls", choice(new.Detached, "no longer waits for", "waits for"), id)
	}
}

func (d *differ) model(p pair, old, new *plan.Model) {
	d.word(p, "provider", Behaviour, "the provider", old.Provider, new.Provider)
	d.text(p, "prompt", Behaviour, "the prompt", &old.Prompt, &new.Prompt)
	d.answer(p, old.Returns, new.Returns, old.Schema, new.Schema)
	d.evidence(p, old.Missing, new.Missing, old.Evidence, new.Evidence)
}

// answer compares what a model gives back.
func (d *differ) answer(p pair, old, new string, oldSchema, newSchema json.RawMessage) {
	d.word(p, "returns", Behaviour, "the result", old, new)
	if !d.same(oldSchema, newSchema) {
		c := d.say(p, "schema.changed", Behaviour, "changes the schema that %s returns", p.id())
		c.Old, c.New = string(oldSchema), string(newSchema)
	}
}

// evidence compares what a model needs and is shown.
func (d *differ) evidence(p pair, oldMissing, newMissing []string, old, new []plan.Evidence) {
	id := p.id()
	d.words(p, "missing", Behaviour, Behaviour, d.ids(oldMissing), newMissing,
		"counts %s as missing evidence of "+id+" if it did not run", "no longer counts %s as missing evidence of "+id)
	d.shown(p, old, new)
}

// shown compares the facts that a model is shown.
func (d *differ) shown(p pair, old, new []plan.Evidence) {
	id := p.id()
	old = slices.Clone(old)
	for i := range old {
		old[i].ID = d.id(old[i].ID)
	}
	for _, e := range new {
		i := slices.IndexFunc(old, func(o plan.Evidence) bool { return o.ID == e.ID })
		if i < 0 {
			d.say(p, "evidence.added", Behaviour, "shows %s to the model of %s", quote(e.ID), id)
			continue
		}
		before := old[i]
		old = slices.Delete(old, i, i+1)
		if !d.same(before.Value, e.Value) {
			c := d.say(p, "evidence.changed", Behaviour, "changes what %s shows of %s%s", id, quote(e.ID), fromTo(show(before.Value), show(e.Value)))
			d.value(c, &before.Value, &e.Value)
		}
		more, less := without(e.Labels, before.Labels), without(before.Labels, e.Labels)
		switch {
		case e.Untrusted && !before.Untrusted || len(more) > 0:
			d.say(p, "taint.widened", Safety, "shows the model of %s text of %s that an attacker can have written", id, quote(e.ID))
		case before.Untrusted && !e.Untrusted || len(less) > 0:
			d.say(p, "taint.narrowed", Behaviour, "no longer shows the model of %s text of %s that an attacker can have written", id, quote(e.ID))
		}
	}
	for _, e := range old {
		d.say(p, "evidence.removed", Behaviour, "no longer shows %s to the model of %s", quote(e.ID), id)
	}
}
