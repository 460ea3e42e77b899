// Package diff tells what changed between two versions of a playbook, as an analyst would say it. It compares plans,
// so what only changes the text (comments, order of keys, quotes, spaces) falls away.
//
// It never hides a difference: what it has no sentence for is reported as step.changed. What it leaves out on purpose
// is listed in silent, with the reason.
package diff

import (
	"cmp"
	"fmt"
	"slices"

	"picket/playbooks/plan"
)

// Severity says how closely a change must be looked at.
type Severity string

// The severities, the gravest first.
const (
	// Safety loosens, or may loosen, what stands between the playbook and the world: approvals, who gives them and what
	// they see, effects, what an attacker's text reaches, and when a consequential call is come to.
	Safety Severity = "safety"
	// Behaviour is any other change of what a run does.
	Behaviour Severity = "behaviour"
	// Cosmetic changes how a playbook is named and shown.
	Cosmetic Severity = "cosmetic"
)

// Change is one difference. Kind is a stable word for programs: a subject and what happened to it, with a dot between.
// Step is the step's id in the new version, or in the old one if it is gone; it is empty for the playbook as a whole,
// and a line is 0 where the step is in one version only. Old and New are what stood there and what stands there, where
// that can be shown.
type Change struct {
	Kind     string   `json:"kind"`
	Severity Severity `json:"severity"`
	Step     string   `json:"step,omitempty"`
	OldLine  int      `json:"old_line,omitempty"`
	NewLine  int      `json:"new_line,omitempty"`
	Sentence string   `json:"sentence"`
	Old      string   `json:"old,omitempty"`
	New      string   `json:"new,omitempty"`
}

// Plans lists what the new plan does otherwise than the old one: what concerns safety first, then by place. It is empty
// for plans that differ in nothing but text and in what is derived from the rest.
func Plans(old, new *plan.Plan) []Change {
	d := &differ{old: index(old), new: index(new), pairs: map[*placed]*placed{}, renamed: map[string]string{}}
	d.match()
	d.playbook()
	d.steps()
	d.moves()
	d.releases()
	d.groups()
	slices.SortStableFunc(d.changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank(a.Severity), rank(b.Severity)), cmp.Compare(line(a), line(b)))
	})
	return d.changes
}

func rank(s Severity) int { return slices.Index([]Severity{Safety, Behaviour, Cosmetic}, s) }

func line(c Change) int { return cmp.Or(c.NewLine, c.OldLine) }

// differ holds two versions and what has been found so far.
type differ struct {
	old, new *side
	pairs    map[*placed]*placed // what is the same step: new to old, and old to new
	renamed  map[string]string   // old id to new id
	changes  []Change
}

// pair is a step in both versions, or in one of them; the other is nil.
type pair struct{ old, new *placed }

func (p pair) id() string {
	if p.new != nil {
		return p.new.step.ID
	}
	return p.old.step.ID
}

// sensitive tells whether the step, in either version, calls something consequential, decides on it, or holds a step
// that does.
func (p pair) sensitive() bool {
	return p.old != nil && p.old.sensitive || p.new != nil && p.new.sensitive
}

// severity is that of a change that matters as much as the step it concerns.
func (p pair) severity() Severity {
	if p.sensitive() {
		return Safety
	}
	return Behaviour
}

// say adds a change of a step; a pair of nothing is the playbook.
func (d *differ) say(p pair, kind string, severity Severity, format string, args ...any) *Change {
	c := Change{Kind: kind, Severity: severity, Sentence: clean(fmt.Sprintf(format, args...), maxSentence)}
	if p.old != nil {
		c.Step, c.OldLine = p.old.step.ID, p.old.step.Line
	}
	if p.new != nil {
		c.Step, c.NewLine = p.new.step.ID, p.new.step.Line
	}
	d.changes = append(d.changes, c)
	return &d.changes[len(d.changes)-1]
}

// id is the new name of an old step.
func (d *differ) id(old string) string {
	if name, ok := d.renamed[old]; ok {
		return name
	}
	return old
}

// sameText tells whether two expressions are the same but for spaces, quotes and renamed steps.
func (d *differ) sameText(old, new string) bool {
	return canonicalExpr(old, d.id) == canonicalExpr(new, nil)
}

// same tells whether two parts of a plan are the same.
func (d *differ) same(old, new any) bool { return canonical(old, d.id) == canonical(new, nil) }

// ids are names of old steps as they are now.
func (d *differ) ids(old []string) []string {
	out := make([]string, len(old))
	for i, id := range old {
		out[i] = d.id(id)
	}
	return out
}
