package check

import "slices"

// facts is what is known at a place of the playbook, whatever way led there. A fact maps to alternatives: it is true
// if all conditions of one of them hold; the empty alternative is always true. Conditions are over facts that
// don't change any more, so one that held at a step holds at every later place of the same frame.
//
// There are two sorts of facts: "ok ID", the step ran and ended well, and "covered ID", an approve step that
// covers ID stood on the way here.
type facts struct{ *layers[[]conds] }

func noFacts() facts { return facts{&layers[[]conds]{}} }

func okFact(id string) string      { return "ok " + id }
func coveredFact(id string) string { return "covered " + id }

const coveredPrefix = "covered "

func (f facts) clone() facts { return facts{f.copied()} }

func (f facts) alternatives(fact string) []conds {
	known, _ := f.get(fact)
	return known
}

// add learns that a fact is true if these conditions hold.
func (f facts) add(fact string, when conds) {
	standing := f.alternatives(fact)
	for _, known := range standing {
		if known.within(when) {
			return
		}
	}
	kept := slices.DeleteFunc(slices.Clone(standing), func(known conds) bool { return when.within(known) })
	if len(kept) < maxAlternatives {
		f.set(fact, append(kept, when))
	}
}

// maxAlternatives bounds what is kept of a fact; what is left out is not proven.
const maxAlternatives = 32

// learn adds what is known inside a part of the playbook that is passed if the conditions hold.
func (f facts) learn(inside facts, when conds) {
	for fact, alternatives := range inside.since(f.layers) {
		for _, a := range alternatives {
			f.add(fact, a.with(when))
		}
	}
}

// holds tells whether a fact is true where these conditions hold.
func (f facts) holds(fact string, guards conds) bool {
	return slices.ContainsFunc(f.alternatives(fact), func(a conds) bool { return a.within(guards) })
}

// common adds what is known at the ends of all of several ways, of which a run takes one.
func (f facts) common(ways []facts) {
	if len(ways) == 0 {
		return
	}
	for fact, alternatives := range ways[0].since(f.layers) {
		for _, a := range alternatives {
			everywhere := !slices.ContainsFunc(ways[1:], func(other facts) bool {
				return !slices.ContainsFunc(other.alternatives(fact), func(b conds) bool { return b.within(a) })
			})
			if everywhere {
				f.add(fact, a)
			}
		}
	}
}
