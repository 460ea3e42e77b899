package playbooks_test

import (
	"math/rand/v2"
	"strings"
)

// How a block ends.
type ending int

const (
	through ending = iota
	failed
	stopped
	cancelled
)

// frame is what is known at one level of loops.
type frame struct {
	status   map[string]string // by step
	approved map[string]bool   // gate -> a yes was given here
	skipped  map[string]bool   // gate -> its own `if` skipped it here
	first    bool              // the item is 1
	outer    *frame            // of the loop around this one
}

func newFrame() *frame {
	return &frame{status: map[string]string{}, approved: map[string]bool{}, skipped: map[string]bool{}}
}

// simulator walks a playbook once.
type simulator struct {
	rng      *rand.Rand
	truth    map[string]bool
	covering map[string][]string // act -> gates
	loop     map[string]string   // step -> loop around it
	foreach  map[string]bool     // loop -> it is a foreach
	left     int                 // steps until the part that runs is cancelled; below 0 it is not
	ran      int                 // consequential calls made
	crimes   []string            // those made without a yes
}

func simulate(steps []*elem, seed uint64) *simulator {
	s := &simulator{rng: rand.New(rand.NewPCG(seed, 7)), truth: map[string]bool{}, covering: map[string][]string{}, loop: map[string]string{}, foreach: map[string]bool{}, left: -1}
	for _, c := range steady {
		s.truth[c] = s.rng.IntN(2) == 0
	}
	s.index(steps, "")
	if s.rng.IntN(4) == 0 {
		s.left = s.rng.IntN(12)
	}
	s.block(steps, newFrame())
	return s
}

func (s *simulator) index(steps []*elem, loop string) {
	for _, e := range steps {
		s.loop[e.id], s.foreach[e.id] = loop, e.kind == "foreach"
		inner := loop
		if e.kind == "foreach" || e.kind == "repeat" {
			inner = e.id
		}
		for _, act := range e.covers {
			s.covering[act] = append(s.covering[act], e.id)
		}
		for _, b := range e.branches {
			s.index(b, inner)
		}
	}
}

// holds evaluates conjuncts of which each may be an or of ands.
func (s *simulator) holds(conds []string, f *frame) bool {
	for _, c := range conds {
		holds := false
		for _, some := range strings.Split(c, " || ") {
			all := true
			for _, atom := range strings.Split(some, " && ") {
				all = all && s.atom(atom, f)
			}
			holds = holds || all
		}
		if !holds {
			return false
		}
	}
	return true
}

func (s *simulator) atom(c string, f *frame) bool {
	switch {
	case c == flicker:
		return s.rng.IntN(2) == 0
	case c == ofItem:
		return f.first
	case strings.HasPrefix(c, "steps."):
		return f.status[strings.Split(c, ".")[1]] == "ok"
	}
	return s.truth[c]
}

// block runs steps until one of them ends it or it is cancelled.
func (s *simulator) block(steps []*elem, f *frame) ending {
	for _, e := range steps {
		if s.left == 0 {
			return cancelled
		}
		s.left--
		if end := s.one(e, f); end != through {
			return end
		}
	}
	return through
}

func (s *simulator) one(e *elem, f *frame) ending {
	if e.conds != nil && !s.holds(e.conds, f) {
		f.status[e.id] = "skipped"
		if e.kind == "gate" {
			f.skipped[e.id] = true
		}
		return through
	}
	end := s.perform(e, f)
	switch {
	case end == failed:
		f.status[e.id] = "failed"
		if e.goOn {
			return through
		}
	case end == through && f.status[e.id] == "":
		f.status[e.id] = "ok"
	}
	return end
}

func (s *simulator) perform(e *elem, f *frame) ending {
	switch e.kind {
	case "read":
		return s.perhaps(failed, 5)
	case "gate":
		if s.rng.IntN(4) == 0 {
			return stopped // denied or expired
		}
		f.approved[e.id] = true
	case "act":
		return s.act(e, f)
	case "stop":
		return stopped
	case "choose":
		for i, b := range e.branches {
			if i >= len(e.whens) || s.holds(e.whens[i], f) {
				return s.block(b, f)
			}
		}
	case "parallel":
		return s.parallel(e, f)
	case "try":
		return s.try(e, f)
	case "foreach", "repeat":
		return s.loops(e, f)
	}
	return through
}

func (s *simulator) loops(e *elem, f *frame) ending {
	rounds := s.rng.IntN(3)
	if e.kind == "repeat" {
		rounds = 1 + s.rng.IntN(2)
	}
	for i := range rounds {
		inner := newFrame()
		inner.first, inner.outer = i == 0, f
		for id, status := range f.status {
			inner.status[id] = status
		}
		end := s.block(e.branches[0], inner)
		if end != through && (end != failed || e.failure != "collect") {
			return end
		}
		if e.kind == "repeat" && s.holds(e.whens[0], inner) {
			return through
		}
	}
	if e.kind == "repeat" {
		return failed // the rounds did not suffice
	}
	return through
}

// try runs the first branch, the second where that fails, and the third in any case, a cancelled run not left out.
func (s *simulator) try(e *elem, f *frame) ending {
	end := s.block(e.branches[0], f)
	if end == failed && len(e.branches[1]) > 0 {
		end = s.block(e.branches[1], f)
	}
	if len(e.branches[2]) == 0 {
		return end
	}
	left := s.left
	s.left = -1
	final := s.block(e.branches[2], f)
	s.left = left
	if final != through {
		return final
	}
	return end
}

func (s *simulator) perhaps(end ending, oneIn int) ending {
	if s.rng.IntN(oneIn) == 0 {
		return end
	}
	return through
}

// act makes a call, unless the one rule of run time keeps it from it: all its gates here were skipped by their `if`.
func (s *simulator) act(e *elem, f *frame) ending {
	yes, skipped := false, false
	for _, gate := range s.covering[e.id] {
		yes = yes || f.approved[gate]
		skipped = skipped || f.skipped[gate]
		if loop := s.loop[e.id]; s.foreach[loop] && s.loop[gate] == s.loop[loop] { // one decision for the calls of all items
			yes = yes || f.outer.approved[gate]
			skipped = skipped || f.outer.skipped[gate]
		}
	}
	if !yes && skipped {
		f.status[e.id] = "skipped"
		return through
	}
	s.ran++
	if !yes {
		s.crimes = append(s.crimes, e.id)
	}
	return s.perhaps(failed, 6)
}

// parallel runs branches one after the other in any order; those that a race or another's end cancels get some way only.
func (s *simulator) parallel(e *elem, f *frame) ending {
	result := through
	for _, i := range s.rng.Perm(len(e.branches)) {
		left, cut := s.left, e.wait == "any" || result != through
		if cut {
			s.left = s.rng.IntN(6)
		}
		end := s.block(e.branches[i], f)
		s.left = left
		switch end {
		case cancelled:
			if !cut { // the run is, and not this branch alone
				s.left, result = 0, cancelled
			}
		case stopped:
			result = stopped
		case failed:
			if result == through && e.failure != "collect" && e.wait != "any" {
				result = failed
			}
		}
	}
	return result
}
