package runview

import (
	"picket/internal/contract"
	"picket/playbooks/plan"
)

// inner shows the steps inside a step, which stands at a place of the list.
func (v *view) inner(s *plan.Step, step Step, prefix string, self int) {
	at := place{prefix: prefix, parent: step.Path, reach: live, since: step.Started}
	switch {
	case step.Status == Queued:
		at.reach = queued
	case step.Status == contract.StepSkipped:
		at.reach, at.why = over, step.Reason
	case ended(step.Status):
		at.reach, at.why = over, "an earlier step ended this branch"
	}
	switch {
	case s.Choose != nil:
		v.branches(s.Choose, step, at)
	case s.Parallel != nil:
		for _, b := range s.Parallel.Branches {
			at.branch = b.Name
			v.block(b.Steps, at)
		}
	case s.Foreach != nil:
		begun, shown := v.loop(s.Foreach.Steps, step, at)
		v.steps[self].Items, v.steps[self].Shown = max(step.Items, begun), shown
	case s.Repeat != nil:
		begun, shown := v.loop(s.Repeat.Steps, step, at)
		v.steps[self].Rounds, v.steps[self].Shown = max(step.Rounds, begun), shown
	case s.Try != nil:
		v.try(s.Try, step, at)
	case s.Agent != nil:
		v.agent(s, step, self)
	}
}

// loop shows items or rounds. It answers how many were begun and, if not all stand here, how many do.
func (v *view) loop(steps []plan.Step, step Step, at place) (begun, shown int) {
	all := v.facts.items[step.Path]
	some := v.choose(step.Path, all, v.facts.unwell[step.Path])
	for _, i := range some {
		at.prefix, at.item = itemPrefix(step.Path, i), &i
		v.block(steps, at)
	}
	if len(some) == len(all) {
		return len(all), 0
	}
	return len(all), len(some)
}

// try shows its three blocks; the later ones are begun when the ledger knows of something in them.
func (v *view) try(t *plan.Try, step Step, at place) {
	at.branch = "try"
	if at.reach == live && (v.facts.touchedAny(t.Catch, at.prefix) || v.facts.touchedAny(t.Finally, at.prefix)) {
		at.reach, at.why = over, "an earlier step ended this branch"
	}
	v.block(t.Steps, at)
	for _, later := range []struct {
		name, why string
		steps     []plan.Step
	}{{"catch", "nothing failed", t.Catch}, {"finally", "the run ended before this step", t.Finally}} {
		here := at
		here.branch = later.name
		switch {
		case step.Status == Queued || step.Status == contract.StepSkipped:
		case v.facts.touchedAny(later.steps, at.prefix):
			if !v.over && !ended(step.Status) {
				here.reach = live
			}
		case ended(step.Status) || v.over:
			here.reach, here.why = over, later.why
		default:
			here.reach = queued
		}
		v.block(later.steps, here)
	}
}

// branches shows those of a choose: the one that was taken, as far as it is known, and the others.
func (v *view) branches(c *plan.Choose, step Step, at place) {
	branches := append([]plan.Branch{}, c.Branches...)
	if len(c.Else) > 0 {
		branches = append(branches, plan.Branch{Steps: c.Else})
	}
	taken := -1
	for i, b := range branches {
		if v.facts.touchedAny(b.Steps, at.prefix) || ended(step.Status) && step.Reason == branchReason(b) {
			taken = i
			break
		}
	}
	for i, b := range branches {
		here := at
		if here.branch = b.When; b.When == "" {
			here.branch = "else"
		}
		switch {
		case i == taken || at.reach == queued || step.Status == contract.StepSkipped:
		case taken >= 0 || ended(step.Status):
			here.reach, here.why = over, "this branch was not taken"
		default:
			here.reach = queued // which one it will be is not known yet
		}
		v.block(b.Steps, here)
	}
}

// branchReason is what the interpreter says of a branch that it took.
func branchReason(b plan.Branch) string {
	if b.When == "" {
		return "else"
	}
	return "when: " + b.When
}
