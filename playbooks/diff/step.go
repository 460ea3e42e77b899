package diff

import (
	"slices"

	"picket/playbooks/plan"
)

// steps compares the steps that are in both versions, and tells which ones came and went.
func (d *differ) steps() {
	for _, at := range d.new.steps {
		p := d.pairOf(at)
		switch {
		case p.old == nil:
			d.added(p)
		case p.replaced():
			d.added(p)
			d.removed(p)
		default:
			d.step(p)
		}
	}
	for _, at := range d.unmatched(d.old.steps) {
		d.removed(pair{old: at})
	}
}

func (d *differ) added(p pair) {
	s := p.new.step
	switch {
	case s.Action != nil:
		released := ""
		severity := Behaviour
		if s.Action.Effect == plan.EffectConsequential {
			severity = Safety
			released = ", which " + or(list(s.Action.Approvals), "nobody") + " releases"
		}
		d.say(p, "call.added", severity, "adds a call to %s%s", quote(s.Action.Operation), released)
	case s.Call != nil:
		d.say(p, "subplaybook.added", Behaviour, "adds a call of the playbook %s", quote(s.Call.Playbook))
	case s.Approve != nil:
		if p.old != nil || !d.told(p.new) {
			d.say(p, "approval.added", Behaviour, "adds the approval %s", s.ID)
		}
	case s.Stop != nil:
		d.say(p, "stop.added", Behaviour, "ends the run at %s (%s)", s.ID, s.Stop.Status)
	default:
		d.say(p, "step.added", Behaviour, "adds the step %s (%s)", s.ID, s.Verb)
	}
}

func (d *differ) removed(p pair) {
	s := p.old.step
	switch {
	case s.Action != nil:
		d.say(p, "call.removed", Behaviour, "removes the call to %s", quote(s.Action.Operation))
	case s.Call != nil:
		d.say(p, "subplaybook.removed", Behaviour, "removes the call of the playbook %s", quote(s.Call.Playbook))
	case s.Approve != nil:
		if p.new != nil || !d.told(p.old) {
			d.say(p, "approval.removed", Behaviour, "removes the approval %s and all that it covered", s.ID)
		}
	case s.Stop != nil:
		// What stands behind it may come about where it did not.
		severity := Behaviour
		if slices.ContainsFunc(d.new.top.steps, func(at *placed) bool { return at.sensitive }) {
			severity = Safety
		}
		d.say(p, "stop.removed", severity, "no longer ends the run at %s", s.ID)
	default:
		d.say(p, "step.removed", Behaviour, "removes the step %s (%s)", s.ID, s.Verb)
	}
}

// step compares a step that is in both versions with itself: all but where it stands and what is inside.
func (d *differ) step(p pair) {
	old, new := p.old.step, p.new.step
	before := len(d.changes)
	d.condition(p, "condition", new.ID, p.severity(), old.If, new.If)
	d.length(p, "timeout", Behaviour, "the timeout of "+new.ID, old.Timeout, new.Timeout)
	d.retry(p, old.Retry, new.Retry)
	if old.OnError != new.OnError {
		d.say(p, "on_error.changed", Behaviour, "%s if %s fails", map[string]string{"": "ends the run", "fail": "ends the run", "continue": "goes on",
			"undo": "undoes what was done"}[new.OnError], new.ID)
	}
	d.verb(p, old, new)
	if len(d.changes) == before && own(old, d.id) != own(new, nil) {
		d.say(p, "step.changed", p.severity(), "changes %s", new.ID)
	}
	if old.Title != new.Title {
		d.say(p, "title.changed", Cosmetic, "changes the title of %s%s", new.ID, fromTo(old.Title, new.Title))
	}
}

func (d *differ) verb(p pair, old, new *plan.Step) {
	if old.Action != nil && new.Action != nil {
		d.action(p, old.Action, new.Action)
	}
	d.fields(p, "value", Behaviour, "the value", " of "+new.ID, old.Set, new.Set)
	if old.Choose != nil && new.Choose != nil {
		d.choose(p)
	}
	if old.Parallel != nil && new.Parallel != nil {
		d.parallel(p, old.Parallel, new.Parallel)
	}
	if old.Foreach != nil && new.Foreach != nil {
		d.foreach(p, old.Foreach, new.Foreach)
	}
	if old.Repeat != nil && new.Repeat != nil {
		d.repeat(p, old.Repeat, new.Repeat)
	}
	if old.Wait != nil && new.Wait != nil {
		d.wait(p, old.Wait, new.Wait)
	}
	if old.Call != nil && new.Call != nil {
		d.call(p, old.Call, new.Call)
	}
	if old.Model != nil && new.Model != nil {
		d.model(p, old.Model, new.Model)
	}
	if old.Agent != nil && new.Agent != nil {
		d.agent(p, old.Agent, new.Agent)
	}
	if old.Approve != nil && new.Approve != nil {
		d.approve(p, old.Approve, new.Approve)
	}
	if old.Ask != nil && new.Ask != nil {
		d.ask(p, old.Ask, new.Ask)
	}
	if old.Stop != nil && new.Stop != nil {
		d.stop(p, old.Stop, new.Stop)
	}
}

// condition compares what must hold for something to run.
func (d *differ) condition(p pair, subject, what string, severity Severity, old, new string) {
	how, detail := d.compareConditions(old, new)
	var c *Change
	switch how {
	case condSame:
		return
	case condAdded:
		c = d.say(p, subject+".added", severity, "moves %s behind the condition %s", what, quote(new))
	case condRemoved:
		c = d.say(p, subject+".removed", severity, "runs %s without the condition %s", what, quote(old))
	case condWider:
		c = d.say(p, subject+".widened", severity, "runs %s in more cases: %s", what, detail)
	case condTighter:
		c = d.say(p, subject+".narrowed", severity, "runs %s in fewer cases: %s", what, detail)
	default:
		c = d.say(p, subject+".changed", severity, "changes the condition of %s%s", what, fromTo(old, new))
	}
	c.Old, c.New = old, new
}

func (d *differ) retry(p pair, old, new *plan.Retry) {
	if d.same(old, new) {
		return
	}
	tries := func(r *plan.Retry) string {
		if r == nil {
			return "once"
		}
		return number(float64(r.Attempts)) + " times, at first " + r.Backoff.String() + " apart,"
	}
	d.say(p, "retry.changed", Behaviour, "tries %s %s instead of %s", p.id(), tries(new), tries(old))
}

func (d *differ) stop(p pair, old, new *plan.Stop) {
	if old.Status != new.Status {
		d.say(p, "status.changed", Behaviour, "ends the run at %s as %s instead of %s", p.id(), quote(new.Status), quote(old.Status))
	}
	d.text(p, "reason", Behaviour, "the reason", old.Reason, new.Reason)
}

// text compares a value that a step has by a name.
func (d *differ) text(p pair, subject string, severity Severity, what string, old, new *plan.Value) {
	if !d.same(old, new) {
		c := d.say(p, subject+".changed", severity, "changes %s of %s%s", what, p.id(), fromTo(showOptional(old), showOptional(new)))
		d.value(c, old, new)
	}
}

// word compares a setting that is one of a few words, or a name.
func (d *differ) word(p pair, subject string, severity Severity, what, old, new string) {
	if old != new {
		c := d.say(p, subject+".changed", severity, "changes %s of %s%s", what, p.id(), fromTo(old, new))
		c.Old, c.New = old, new
	}
}

// expression compares an expression that a step has by a name.
func (d *differ) expression(p pair, subject string, severity Severity, what, old, new string) {
	if !d.sameText(old, new) {
		c := d.say(p, subject+".changed", severity, "changes %s of %s%s", what, p.id(), fromTo(old, new))
		c.Old, c.New = old, new
	}
}
