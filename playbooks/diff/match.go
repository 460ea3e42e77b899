package diff

import "slices"

// match finds the steps that are in both versions: those with the same id, then those that were renamed.
func (d *differ) match() {
	for _, at := range d.new.steps {
		if old := d.old.byKey[at.key]; old != nil {
			d.join(old, at)
		}
	}
	d.matchContent()
	d.matchPurpose()
	d.twins()
	for _, p := range d.common() {
		if p.old.step.ID != p.new.step.ID {
			d.say(p, "step.renamed", Cosmetic, "renames the step %s to %s", p.old.step.ID, p.new.step.ID)
		}
	}
}

func (d *differ) join(old, new *placed) {
	d.pairs[old], d.pairs[new] = new, old
	if old.step.ID != new.step.ID {
		d.renamed[old.step.ID] = new.step.ID
	}
}

func (d *differ) unmatched(steps []*placed) []*placed {
	var out []*placed
	for _, at := range steps {
		if d.pairs[at] == nil {
			out = append(out, at)
		}
	}
	return out
}

// matchContent pairs the steps whose names are in one version only and that are the same but for that name. What they
// say of other steps that may have been renamed counts for nothing here; it is compared once all names are known.
func (d *differ) matchContent() {
	olds, news := d.unmatched(d.old.steps), d.unmatched(d.new.steps)
	open := map[string]bool{}
	for _, at := range slices.Concat(olds, news) {
		open[at.step.ID] = true
	}
	blur := func(id string) string {
		if open[id] {
			return "?"
		}
		return id
	}
	waiting := map[string][]*placed{}
	for _, at := range news {
		print := canonical(at.step, blur)
		waiting[print] = append(waiting[print], at)
	}
	for _, at := range olds {
		print := canonical(at.step, blur)
		if same := waiting[print]; len(same) > 0 {
			d.join(at, same[0])
			waiting[print] = same[1:]
		}
	}
}

// matchPurpose pairs the steps that were renamed and changed, where it is certain enough that they are the same: an
// approval that covers some of the same steps, a block that holds some of the same steps.
func (d *differ) matchPurpose() {
	for _, old := range d.unmatched(d.old.steps) {
		var best *placed
		most := 0.0
		for _, new := range d.unmatched(d.new.steps) {
			if likeness := d.likeness(old, new); old.step.Verb == new.step.Verb && likeness > most {
				best, most = new, likeness
			}
		}
		if best != nil {
			d.join(old, best)
		}
	}
}

// likeness is the part of what two steps cover or hold that is the same, from 0 to 1.
func (d *differ) likeness(old, new *placed) float64 {
	if a, b := old.step.Approve, new.step.Approve; a != nil && b != nil {
		both := 0
		for _, id := range d.ids(a.Covers) {
			if slices.Contains(b.Covers, id) {
				both++
			}
		}
		return fraction(both, len(a.Covers)+len(b.Covers)-both)
	}
	both := d.shared(old.inner, new.inner)
	return fraction(both, len(old.inner)+len(new.inner)-both)
}

func fraction(n, of int) float64 {
	if of <= 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// replaced tells that a step kept its name and does another thing now.
func (p pair) replaced() bool { return p.old.step.Verb != p.new.step.Verb }
