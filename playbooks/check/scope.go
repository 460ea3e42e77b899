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
	steps  *layers[visible] // that stand before this place on some way to it, in this frame or one around it
	facts  facts
	guards conds  // conditions that hold here
	loop   string // the foreach or repeat step around this place, "" outside of loops
	dead   bool   // no run comes here: a stop stands before

	collects bool // what is computed here is computed for items that have failed too
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

// emptyScope is where nothing stands before.
func emptyScope(roots map[string]root) *scope {
	return &scope{roots: roots, steps: &layers[visible]{}, facts: noFacts()}
}

func (s *scope) clone() *scope {
	c := *s
	c.roots, c.steps, c.facts = maps.Clone(s.roots), s.steps.copied(), s.facts.clone()
	c.guards = slices.Clone(s.guards)
	return &c
}

// under is the scope where a condition holds, that is where each of its conjuncts does. What a conjunct says of a
// step's end is believed even if the conjunct depends on the clock: the end is in the past.
func (c *checker) under(s *scope, cond condition) *scope {
	inner := s.clone()
	inner.guards = inner.guards.with(cond.set)
	for _, p := range cond.parts {
		id := saysOK(p.text)
		step := c.all[id]
		if step == nil {
			continue
		}
		inner.facts.add(okFact(id), nil)
		if step.spec.Approve == nil {
			continue
		}
		for _, covered := range step.spec.Approve.Covers {
			if step.loop == s.loop || c.forEach(covered.Text, s.loop, step.loop) {
				inner.facts.add(coveredFact(covered.Text), nil)
			}
		}
	}
	return inner
}

// forEach tells whether a step stands in a foreach of which an approval before it, in the loop around that, can cover the
// calls for all items: their arguments are known then.
func (c *checker) forEach(id, loop, outer string) bool {
	step, around := c.all[id], c.all[loop]
	return step != nil && around != nil && step.loop == loop && around.spec.Foreach != nil && around.loop == outer
}

// inLoop is the scope of a loop's first step. Conditions outside may name another item, so only what is certain
// here stays known; and an approval outside was for other arguments than those of each item, unless it is for all.
func (c *checker) inLoop(s *scope, id string) *scope {
	inner := s.clone()
	inner.loop, inner.guards = id, nil
	inner.facts = noFacts()
	for fact := range s.facts.all() {
		covered, isCover := strings.CutPrefix(fact, coveredPrefix)
		if (!isCover || c.forEach(covered, id, s.loop)) && s.facts.holds(fact, s.guards) {
			inner.facts.add(fact, nil)
		}
	}
	return inner
}

// see makes the steps of an inner part visible after it.
func (s *scope) see(inner *scope) {
	for id, v := range inner.steps.since(s.steps) {
		if _, known := s.steps.get(id); !known && v.loop == s.loop {
			s.steps.set(id, v)
		}
	}
}

func (s *scope) ok(id string) bool { return s.facts.holds(okFact(id), s.guards) }

// ids are the visible steps, sorted.
func (s *scope) ids() []string { return slices.Sorted(maps.Keys(s.steps.all())) }

// info is what is known of every step before anything is checked.
type info struct {
	spec  *spec.Step
	loop  string // the foreach or repeat step around it
	order int
}

// index notes every step by its id, in the order of the source.
func index(all map[string]*info, steps []*spec.Step, loop string) {
	for _, s := range steps {
		if _, again := all[s.ID]; s.ID != "" && !again {
			all[s.ID] = &info{spec: s, loop: loop, order: len(all)}
		}
		inner := loop
		if s.Foreach != nil || s.Repeat != nil {
			inner = s.ID
		}
		for _, block := range s.Blocks() {
			index(all, block, inner)
		}
	}
}
