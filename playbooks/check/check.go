// Package check judges a playbook that has the right shape: names, types, who may have written what, and that nothing
// consequential happens without a person's yes. What it accepts becomes a plan.
//
// # What is known where
//
// Steps run from top to bottom. The checker walks them in that order with a scope: the steps that may have run, and
// facts about them. A fact is certain, or certain under conditions: after a step with `if: C` it is known that the step
// ran if C holds; a later step with the same `if` may therefore use it without saying what happens otherwise. Conditions
// are compared conjunct by conjunct by their text. That is sound because a condition names only what stands before it,
// and that never changes; conjuncts that read the clock are not compared at all. A choose adds its first branch's facts
// under that branch's condition, and what all its branches have in common; a parallel that waits for all branches adds
// the facts of all; one that goes on without some of them, a loop, and a part that may fail and be passed over add none.
//
// # The approval proof
//
// A step whose operation is consequential compiles only if on every way to it stands an approve step that covers it
// (names it in `covers`). Three things end the ways on which nobody said yes:
//
//   - An approval that is denied or expires ends the run: nothing after it is reached. It can't be passed over, since
//     approve steps have no on_error, and a run's end passes through choose, parallel and foreach.
//   - An approve step that its own `if` skips releases nothing, so the interpreter skips the steps that it covers, with
//     the reason "not approved", unless another approval has released them. This is the one rule that is left to
//     run time; everything else is proven here.
//   - A way that ends in a stop goes nowhere.
//
// An approval in one branch of a choose counts after the choose only if every other branch has one too or stops, or if
// the covered step stands under the same condition, or says `steps.GATE.status == "ok"`. An approval in a branch of a
// parallel counts in that branch, and after the parallel if that waits for all branches and stops at the first failure.
// An approval and what it covers stand in the same loop, or both in none: each item has arguments of its own.
//
// What is approved is an exact call. The arguments of a covered step may therefore only use what is final when the
// approval is asked for: the roots, the steps that stand before each approve step that covers it, and not the clock.
// A consequential call is never retried by itself.
//
// # Who wrote it
//
// The alert's text, the answers of operations that the catalog marks, whatever a model returns and what is computed from
// these is untrusted. It may be an argument or evidence, marked as such for those who decide; operations,
// connections, roles and providers are words of the source and can't be computed at all.
package check

import (
	"slices"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// maxLocal is the longest timeout of a call that runs inside the workflow's worker, in milliseconds.
const maxLocal = 10_000

type checker struct {
	cat     *Catalog
	bag     *spec.Bag
	steps   []*spec.Step // the playbook's own
	all     map[string]*info
	covers  map[string][]cover // covered step -> approvals, in the order of the source
	asked   map[string]*scope  // approve step -> scope in which its covered calls are computed
	order   int                // of the step that is being checked
	current string             // its id
	used    map[string]bool    // steps whose output something refers to
	schemas map[string]*schema // of arguments, by what they are of: they are read once
	outputs map[string]expr.Type
	called  []string // playbooks that call steps name
	places  []Place
	editing bool // whether places are wanted: they cost time
}

// cover is one mention of a step in an approve step's covers.
type cover struct {
	approval string
	at       spec.Span
}

// Result is a checked playbook. The plan and what callers see of it mean something only if the bag has no error.
type Result struct {
	Plan     *plan.Plan
	Callable Callable // but for its digest
	Places   []Place
}

// Place is an expression of the playbook, for editors: what it may name where it stands, and what it gives.
type Place struct {
	Node   *spec.Node
	Offset int // of the source in the node's text
	Source string
	Env    *expr.Env
	Type   expr.Type
	Failed bool
}

// Playbook checks a document and makes its plan. Editing asks for the places, which cost time.
func Playbook(p *spec.Playbook, source string, cat *Catalog, bag *spec.Bag, editing bool) Result {
	if cat == nil {
		cat = &Catalog{}
	}
	c := &checker{cat: cat, bag: bag, steps: p.Steps, all: map[string]*info{}, covers: map[string][]cover{}, asked: map[string]*scope{}, used: map[string]bool{}, editing: editing,
		schemas: map[string]*schema{}, outputs: map[string]expr.Type{}}
	index(c.all, p.Steps, "")
	for _, entry := range c.inOrder() {
		if a := entry.spec.Approve; a != nil {
			c.indexCovers(entry, a)
		}
	}
	out := &plan.Plan{
		Version: plan.Version, Title: p.Title, Owner: p.Owner, Labels: p.Labels, Attack: p.Attack, Source: source,
		Timeout: p.Timeout, Budget: p.Budget,
	}
	if p.Name != nil {
		out.Name = p.Name.Text
	}
	sc := emptyScope(baseRoots())
	out.Triggers = c.triggers(p, sc)
	out.Inputs = c.inputs(p, sc)
	c.scheduled(p, out)
	c.key(p, sc, out)
	out.Steps = c.block(p.Steps, sc)
	c.order, c.current = len(c.all)+1, ""
	outputs, marks := map[string]expr.Type{}, false
	for _, e := range p.Outputs {
		if sc.dead { // the run always ends in a stop: what it came to is what there is
			for id := range sc.steps.all() {
				sc.facts.add(okFact(id), nil)
			}
		}
		value, r := c.value(e.Value, sc, reading{})
		out.Outputs = append(out.Outputs, plan.Field{Name: e.Key.Text, Value: value})
		outputs[e.Key.Text] = expr.Optional(r.typ) // a run that ends early has what it came to
		marks = marks || r.taint.of(nil).untrusted()
	}
	c.discard(out.Steps, false)
	groups := 0
	group(out.Steps, &groups)
	out.Cost = c.cost(out.Steps)
	return Result{
		Plan: out, Places: c.places,
		Callable: Callable{Inputs: c.callableInputs(p, out, sc), Outputs: expr.Object(outputs), Untrusted: marks, Calls: c.called, Cost: out.Cost},
	}
}

// inOrder are all steps in the order of the source.
func (c *checker) inOrder() []*info {
	steps := make([]*info, 0, len(c.all))
	for _, entry := range c.all {
		steps = append(steps, entry)
	}
	slices.SortFunc(steps, func(a, b *info) int { return a.order - b.order })
	return steps
}

// trusted are the members of an alert that are not the alert's author's words.
var trusted = []string{"id", "source", "class_uid", "severity", "time", "received_at"}

func baseRoots() map[string]root {
	return map[string]root{
		"alert": {typ: expr.AlertType(), taint: alertTaint(fromAlert)},
		"run": {typ: expr.Object(map[string]expr.Type{
			"id": expr.String(), "playbook": expr.String(), "requested_by": expr.String(), "trigger": expr.String(),
		})},
		"case": {typ: expr.Any(), taint: taint{all: fromAlert | fromAnswer}},
	}
}

func alertTaint(l labels) taint {
	t := taint{all: l, members: map[string]labels{}}
	for _, member := range trusted {
		t.members[member] = 0
	}
	return t
}

var inputTypes = map[string]expr.Type{
	"string": expr.String(), "number": expr.Number(), "integer": expr.Integer(), "boolean": expr.Bool(),
	"array": expr.List(expr.Any()), "object": expr.OpenObject(nil),
}

// inputs checks the declared inputs and adds the root `inputs`.
func (c *checker) inputs(p *spec.Playbook, sc *scope) []plan.Input {
	var inputs []plan.Input
	members, marks := map[string]expr.Type{}, map[string]labels{}
	for _, in := range p.Inputs {
		out := plan.Input{Name: in.Name.Text, Type: in.Type, Required: in.Required}
		typ, known := inputTypes[in.Type]
		if !known {
			typ = expr.Any()
		}
		switch {
		case in.Default != nil:
			value, r := c.value(in.Default, sc, reading{})
			if fits, why := r.typ.Assignable(typ); !fits {
				c.bag.Error(spec.CodeResult, in.Default.Span, "", "the default of %s %s", in.Name.Text, why)
			}
			out.Default, marks[in.Name.Text] = &value, r.taint.of(nil)|fromInput
			if r.typ.IsOptional() {
				typ = expr.Optional(typ)
			}
		case in.Required && len(p.Alerts) > 0:
			c.bag.Error(spec.CodeMissing, in.Name.Span, "give it a default such as ${{ alert.user.name }}",
				"the input %s is required, but a run that an alert starts is given none", in.Name.Text)
		case !in.Required:
			typ = expr.Optional(typ)
		}
		marks[in.Name.Text] |= fromInput
		members[in.Name.Text] = typ
		inputs = append(inputs, out)
	}
	sc.roots["inputs"] = root{typ: expr.Object(members), taint: taint{members: marks}}
	return inputs
}
