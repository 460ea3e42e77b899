package diff

import (
	"maps"
	"slices"
	"strings"
)

// moves tells which steps stand elsewhere: in another block, or in another order in the same one.
func (d *differ) moves() {
	within := map[*block][]pair{}
	for _, p := range d.common() {
		if p.old.block.twin == p.new.block {
			within[p.new.block] = append(within[p.new.block], p)
			continue
		}
		d.say(p, "step.moved", p.severity(), "moves %s %s", p.id(), d.into(p))
	}
	for _, p := range d.common() { // in the order of the source, once for each block
		kept := within[p.new.block]
		delete(within, p.new.block)
		order := make([]int, len(kept))
		for i, k := range kept {
			order[i] = k.old.index
		}
		stays := rising(order)
		for i, k := range kept {
			if stays[i] {
				continue
			}
			to := "to the end"
			if next := slices.Index(stays[i:], true); next >= 0 {
				to = "before " + kept[i+next].id()
			}
			severity := k.severity()
			if k.new.stops() && k.new.block.severity() == Safety {
				severity = Safety
			}
			d.say(k, "step.moved", severity, "moves %s %s", k.id(), to)
		}
	}
}

// stops tells whether the step can end the run.
func (at *placed) stops() bool {
	return at.step.Stop != nil || slices.ContainsFunc(at.inner, func(in *placed) bool { return in.step.Stop != nil })
}

// into says where a step went that stood in another block.
func (d *differ) into(p pair) string {
	b := p.new.block
	if b.owner == nil {
		return "out of " + p.old.block.owner.step.ID
	}
	owner := b.owner.step.ID
	switch b.part {
	case partWhen:
		return "behind the condition " + quote(b.when)
	case partElse:
		return "into the else of " + owner
	case partBranch:
		return "into the branch " + quote(b.name) + " of " + owner
	case partLoop:
		return "into the loop " + owner
	case partTry:
		return "into the try of " + owner
	}
	return "into the " + string(b.part) + " of " + owner
}

// rising marks a longest rising run of a list of numbers: what keeps its order when the rest moves.
func rising(order []int) []bool {
	longest, before := make([]int, len(order)), make([]int, len(order))
	best := -1
	for i := range order {
		longest[i], before[i] = 1, -1
		for j := range i {
			if order[j] < order[i] && longest[j] >= longest[i] {
				longest[i], before[i] = longest[j]+1, j
			}
		}
		if best < 0 || longest[i] > longest[best] {
			best = i
		}
	}
	stays := make([]bool, len(order))
	for ; best >= 0; best = before[best] {
		stays[best] = true
	}
	return stays
}

// releases tells which approvals came before a step and come before it now. A step that is new or gone is passed over:
// what releases it is told with it.
func (d *differ) releases() {
	olds, news := released(d.old, d.id), released(d.new, func(id string) string { return id })
	covered := slices.Concat(slices.Collect(maps.Keys(olds)), slices.Collect(maps.Keys(news)))
	slices.Sort(covered)
	for _, id := range slices.Compact(covered) {
		if d.onOneSide(id) {
			continue
		}
		before, after := olds[id], news[id]
		gone, come := without(before.all(), after.all()), without(after.all(), before.all())
		p := pair{}
		if at := d.new.byKey[id]; at != nil {
			p = d.pairOf(at)
		}
		switch {
		case len(gone)+len(come) == 0:
			if len(without(before.covers, after.covers))+len(without(after.covers, before.covers)) > 0 {
				d.say(p, "covers.changed", Safety, "changes which approvals name %s as covered", id)
			}
			if len(without(before.names, after.names))+len(without(after.names, before.names)) > 0 {
				d.say(p, "covers.changed", Safety, "changes which approvals %s asks for", id)
			}
		case len(after.all()) == 0:
			d.say(p, "approval.removed", Safety, "removes the approval before %s", id)
		case len(before.all()) == 0:
			d.say(p, "approval.added", Behaviour, "puts the approval %s before %s", list(come), id)
		case len(gone) == 0:
			d.say(p, "approval.widened", Safety, "lets %s release %s too", list(come), id)
		case len(come) == 0:
			d.say(p, "approval.narrowed", Safety, "no longer lets %s release %s", list(gone), id)
		default:
			d.say(p, "approval.changed", Safety, "lets %s release %s instead of %s", list(come), id, list(gone))
		}
	}
}

// release is what says that approvals cover a step: the approvals that do, and those that the step itself names. The
// compiler writes both.
type release struct{ covers, names []string }

func (r release) all() []string {
	all := slices.Concat(r.covers, r.names)
	slices.Sort(all)
	return slices.Compact(all)
}

func released(s *side, id func(string) string) map[string]release {
	out := map[string]release{}
	for _, at := range s.steps {
		if a := at.step.Approve; a != nil {
			for _, covered := range a.Covers {
				r := out[id(covered)]
				r.covers = append(r.covers, id(at.step.ID))
				out[id(covered)] = r
			}
		}
		if a := at.step.Action; a != nil {
			for _, approval := range a.Approvals {
				r := out[id(at.step.ID)]
				r.names = append(r.names, id(approval))
				out[id(at.step.ID)] = r
			}
		}
	}
	return out
}

// onOneSide tells that the step of this name, as it is now, is new or gone.
func (d *differ) onOneSide(id string) bool {
	at := d.new.byKey[id]
	if at == nil {
		at = d.old.byKey[id]
	}
	return at != nil && d.pairs[at] == nil
}

// told tells whether releases reports that an approval came or went: when a step that it covers is in both versions.
func (d *differ) told(approval *placed) bool {
	return slices.ContainsFunc(approval.step.Approve.Covers, func(id string) bool {
		if approval == d.old.byKey[approval.key] {
			id = d.id(id)
		}
		return !d.onOneSide(id)
	})
}

// groups tells which steps run at once and did not, and the other way round.
func (d *differ) groups() {
	olds, news := d.atOnce(d.old), d.atOnce(d.new)
	report := func(groups, other map[string][]string, at string, sentence string) {
		for _, key := range slices.Sorted(maps.Keys(groups)) {
			ids := groups[key]
			within := func(group []string) bool { return len(without(ids, group)) == 0 }
			if len(ids) < 2 || slices.ContainsFunc(slices.Collect(maps.Values(other)), within) {
				continue
			}
			p := pair{}
			if first := d.new.byKey[ids[0]]; first != nil {
				p = d.pairOf(first)
			}
			d.say(p, "group."+at, Behaviour, sentence, list(ids))
		}
	}
	report(news, olds, "added", "runs %s at once")
	report(olds, news, "removed", "no longer runs %s at once")
}

// atOnce are the groups of steps that run at once, by their members: only steps that are in both versions, in the
// same block, by their names now.
func (d *differ) atOnce(s *side) map[string][]string {
	out := map[string][]string{}
	var last *placed
	var group []string
	flush := func() {
		if len(group) > 1 {
			out[strings.Join(group, " ")] = group
		}
		group = nil
	}
	for _, at := range s.steps {
		if last == nil || at.step.Group == 0 || at.block != last.block || at.step.Group != last.step.Group {
			flush()
		}
		if last = at; at.step.Group == 0 || d.pairs[at] == nil || d.pairs[at].block != at.block.twin {
			continue
		}
		id := at.step.ID
		if s == d.old {
			id = d.pairs[at].step.ID
		}
		group = append(group, id)
	}
	flush()
	return out
}
