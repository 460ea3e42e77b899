package diff

import (
	"fmt"
	"slices"

	"picket/playbooks/plan"
)

// placed is a step and where it stands.
type placed struct {
	step      *plan.Step
	key       string // its id; a second step with the same id has another key
	block     *block
	index     int // in the block
	blocks    []*block
	sensitive bool
	inner     []*placed // every step inside, at any depth
}

// block is a sequence of steps: the playbook's own, or one of a step.
type block struct {
	owner *placed // nil for the playbook's own
	part  part
	name  string // of a branch of parallel
	when  string // of a branch of choose
	nth   int    // among the branches
	steps []*placed
	twin  *block // the same block in the other version
}

// part says which block of a step it is.
type part string

const (
	partTop     part = "top"
	partWhen    part = "when"
	partElse    part = "else"
	partBranch  part = "branch"
	partLoop    part = "loop"
	partTry     part = "try"
	partCatch   part = "catch"
	partFinally part = "finally"
)

// side is one version, its steps in the order of the source.
type side struct {
	plan  *plan.Plan
	top   *block
	steps []*placed
	byKey map[string]*placed
}

func index(p *plan.Plan) *side {
	if p == nil {
		p = &plan.Plan{}
	}
	s := &side{plan: p, byKey: map[string]*placed{}}
	s.top = s.add(&block{part: partTop}, p.Steps)
	return s
}

func (s *side) add(b *block, steps []plan.Step) *block {
	for i := range steps {
		at := &placed{step: &steps[i], key: steps[i].ID, block: b, index: i}
		for n := 2; s.byKey[at.key] != nil; n++ {
			at.key = fmt.Sprintf("%s #%d", steps[i].ID, n)
		}
		s.byKey[at.key] = at
		s.steps = append(s.steps, at)
		from := len(s.steps)
		s.inside(at)
		at.inner = slices.Clone(s.steps[from:])
		at.sensitive = sensitive(at.step) || slices.ContainsFunc(at.inner, func(in *placed) bool { return in.sensitive })
		b.steps = append(b.steps, at)
	}
	return b
}

// inside adds the blocks of a step.
func (s *side) inside(at *placed) {
	add := func(b *block, steps []plan.Step) {
		b.owner, b.nth = at, len(at.blocks)
		at.blocks = append(at.blocks, b)
		s.add(b, steps)
	}
	step := at.step
	if step.Choose != nil {
		for _, branch := range step.Choose.Branches {
			add(&block{part: partWhen, when: branch.When}, branch.Steps)
		}
		add(&block{part: partElse}, step.Choose.Else)
	}
	if step.Parallel != nil {
		for _, branch := range step.Parallel.Branches {
			add(&block{part: partBranch, name: branch.Name}, branch.Steps)
		}
	}
	if step.Foreach != nil {
		add(&block{part: partLoop}, step.Foreach.Steps)
	}
	if step.Repeat != nil {
		add(&block{part: partLoop}, step.Repeat.Steps)
	}
	if step.Try != nil {
		add(&block{part: partTry}, step.Try.Steps)
		add(&block{part: partCatch}, step.Try.Catch)
		add(&block{part: partFinally}, step.Try.Finally)
	}
}

func sensitive(s *plan.Step) bool {
	return s.Approve != nil || s.Action != nil && (s.Action.Effect == plan.EffectConsequential ||
		s.Action.Undo != nil && s.Action.Undo.Effect == plan.EffectConsequential)
}

// pairOf is the pair that a step is part of.
func (d *differ) pairOf(new *placed) pair { return pair{old: d.pairs[new], new: new} }

// common are the steps that are in both versions, in the order of the new one.
func (d *differ) common() []pair {
	var out []pair
	for _, at := range d.new.steps {
		if p := d.pairOf(at); p.old != nil {
			out = append(out, p)
		}
	}
	return out
}

// twins finds the blocks that are the same block of the same step.
func (d *differ) twins() {
	join := func(old, new *block) { old.twin, new.twin = new, old }
	join(d.old.top, d.new.top)
	for _, p := range d.common() {
		for _, same := range []func(a, b *block) bool{
			func(a, b *block) bool { return a.part == partWhen && d.sameText(a.when, b.when) },
			func(a, b *block) bool { return a.part == partBranch && a.name == b.name },
			func(a, b *block) bool { return d.shared(a.steps, b.steps) > 0 },
			func(a, b *block) bool { return a.part != partWhen && a.part != partBranch },
		} {
			for _, b := range p.new.blocks {
				i := slices.IndexFunc(p.old.blocks, func(a *block) bool {
					return a.twin == nil && b.twin == nil && a.part == b.part && same(a, b)
				})
				if i >= 0 {
					join(p.old.blocks[i], b)
				}
			}
		}
	}
}

// shared counts the steps that are in both lists.
func (d *differ) shared(old, new []*placed) int {
	n := 0
	for _, at := range old {
		if twin := d.pairs[at]; twin != nil && slices.Contains(new, twin) {
			n++
		}
	}
	return n
}
