package check

import (
	"maps"
	"slices"
	"strings"

	"picket/playbooks/expr"
	"picket/playbooks/spec"
)

// scope is what stands before a place of the playbook and is known there.
type scope struct {
	roots  map[string]root
	steps  map[string]visible // that stand before this place on some way to it, in this frame or one around it
	facts  facts
	guards conds  // conditions that hold here
	loop   string // the foreach step around this place, "" outside of loops
	dead   bool   // no run comes here: a stop stands before
}

// root is a name that expressions begin with.
type root struct {
	typ   expr.Type
	taint taint
}

// visible is a step as the expressions after it see it.
type visible struct {
	output expr.Type
	taint  taint
	loop   string
}

// taint tells whether an attacker can have written a value, for the whole of it and for members that differ.
type taint struct {
	all     bool
	members map[string]bool
}

// of is the taint of a member, by the path that leads to it.
func (t taint) of(path []string) bool {
	if t.members == nil {
		return t.all
	}
	if len(path) > 0 {
		if is, ok := t.members[path[0]]; ok {
			return is
		}
		return t.all
	}
	for _, is := range t.members {
		if is {
			return true
		}
	}
	return t.all
}

func (s *scope) clone() *scope {
	c := *s
	c.roots, c.steps, c.facts = maps.Clone(s.roots), maps.Clone(s.steps), s.facts.clone()
	c.guards = slices.Clone(s.guards)
	return &c
}

// under is the scope where a condition holds, that is where each of its conjuncts does. What a conjunct says of a
// step's end is believed even if the conjunct depends on the clock: the end is in the past.
func (s *scope) under(c condition, all map[string]*info) *scope {
	inner := s.clone()
	inner.guards = inner.guards.with(c.set)
	for _, p := range c.parts {
		id := saysOK(p.text)
		step := all[id]
		if step == nil {
			continue
		}
		inner.facts.add(okFact(id), nil)
		if step.spec.Approve != nil && step.loop == s.loop {
			for _, covered := range step.spec.Approve.Covers {
				inner.facts.add(coveredFact(covered.Text), nil)
			}
		}
	}
	return inner
}

// inLoop is the scope of a foreach's first step. Conditions outside may name another item, so only what is certain
// here stays known; and an approval outside was for other arguments than those of each item.
func (s *scope) inLoop(id string) *scope {
	inner := s.clone()
	inner.loop, inner.guards = id, nil
	inner.facts = facts{}
	for fact := range s.facts {
		if !strings.HasPrefix(fact, coveredPrefix) && s.facts.holds(fact, s.guards) {
			inner.facts.add(fact, nil)
		}
	}
	return inner
}

// see makes the steps of an inner part visible after it.
func (s *scope) see(inner *scope) {
	for id, v := range inner.steps {
		if _, known := s.steps[id]; !known && v.loop == s.loop {
			s.steps[id] = v
		}
	}
}

func (s *scope) ok(id string) bool { return s.facts.holds(okFact(id), s.guards) }

// ids are the visible steps, sorted.
func (s *scope) ids() []string { return slices.Sorted(maps.Keys(s.steps)) }

// info is what is known of every step before anything is checked.
type info struct {
	spec  *spec.Step
	loop  string // the foreach step around it
	order int
}

// index notes every step by its id, in the order of the source.
func index(all map[string]*info, steps []*spec.Step, loop string) {
	for _, s := range steps {
		if _, again := all[s.ID]; s.ID != "" && !again {
			all[s.ID] = &info{spec: s, loop: loop, order: len(all)}
		}
		switch {
		case s.Choose != nil:
			for _, b := range s.Choose.Branches {
				index(all, b.Steps, loop)
			}
			index(all, s.Choose.Else, loop)
		case s.Parallel != nil:
			for _, b := range s.Parallel.Branches {
				index(all, b.Steps, loop)
			}
		case s.Foreach != nil:
			index(all, s.Foreach.Steps, s.ID)
		}
	}
}
