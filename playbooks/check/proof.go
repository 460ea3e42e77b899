package check

import (
	"fmt"
	"slices"
	"strings"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// indexCovers notes what an approve step covers and reports what it can't cover.
func (c *checker) indexCovers(entry *info, a *spec.Approve) {
	covers := entry.spec.Node.Get(plan.VerbApprove).Get("covers")
	for _, n := range a.Covers {
		id := n.Text
		covered := c.all[id]
		switch {
		case covered == nil:
			c.bag.Near(spec.CodeCovers, n.Span, id, c.consequentialIDs(), "covers names %s, which is no step of this playbook", id)
			continue
		case covered.spec.Action == nil:
			c.bag.Error(spec.CodeCovers, n.Span, "name the action steps that may run after a yes", "covers names %s, which is no action", id)
			c.bag.TakeItemOut(covers, n)
			continue
		case slices.ContainsFunc(c.covers[id], func(known cover) bool { return known.approval == entry.spec.ID }):
			c.bag.Error(spec.CodeCovers, n.Span, "once is enough", "covers names %s twice", id)
			c.bag.TakeItemOut(covers, n)
			continue
		}
		if effect := c.effect(covered.spec); effect != "" && effect != plan.EffectConsequential {
			c.bag.Error(spec.CodeCoversNoNeed, n.Span, "take it out of covers", "the step %s needs no approval: %s has the effect %s", id, covered.spec.Action.Operation.Text, effect)
			c.bag.TakeItemOut(covers, n)
			continue
		}
		c.covers[id] = append(c.covers[id], cover{approval: entry.spec.ID, at: n.Span})
	}
}

func (c *checker) effect(s *spec.Step) string {
	if s.Action == nil || s.Action.Operation == nil {
		return ""
	}
	return c.cat.Operations[s.Action.Operation.Text].Effect
}

func (c *checker) consequentialIDs() []string {
	var ids []string
	for _, entry := range c.inOrder() {
		if c.effect(entry.spec) == plan.EffectConsequential {
			ids = append(ids, entry.spec.ID)
		}
	}
	return ids
}

// consequential proves that a step is reached only with a yes, and that the yes is to the call that is made.
func (c *checker) consequential(s *spec.Step, sc *scope, a *plan.Action) {
	if s.Retry != nil && s.Retry.Attempts > 1 {
		c.bag.Error(spec.CodeRepeatedEffect, s.Retry.At, "take `retry` out", "%s changes the world and is never retried by itself", a.Operation)
		c.bag.TakeOut(s.Node, "retry")
	}
	for _, known := range c.covers[s.ID] {
		approval := c.all[known.approval]
		at, visible := sc.steps.get(known.approval)
		each := visible && c.forEach(s.ID, sc.loop, at.loop)
		if !visible || at.loop != sc.loop && !each {
			c.bag.Error(spec.CodeCoversBefore, known.at, c.howBefore(approval, s, sc),
				"the approval %s does not stand before the step %s that it covers", known.approval, s.ID)
			continue
		}
		a.Approvals = append(a.Approvals, known.approval)
		c.bound(s, sc, known.approval)
		if each {
			c.boundItems(s, sc, known.approval)
		}
	}
	if !sc.facts.holds(coveredFact(s.ID), sc.guards) && !sc.dead {
		c.bag.Error(spec.CodeUnapproved, s.Action.Operation.Span, c.howCovered(s, a),
			"%s changes the world, and it can be reached without an approval", a.Operation)
		c.bag.Way(c.way(s.ID))
		c.offerApproval(s)
	}
}

// way is one way to a step on which none of its approvals stands: of each block that holds it, what runs before it, without
// the blocks in which its approvals stand, for those are what the way goes around.
func (c *checker) way(id string) []string {
	holds := func(s *spec.Step, ids ...string) bool {
		found := slices.Contains(ids, s.ID)
		walk(s.Blocks(), func(inner *spec.Step) { found = found || slices.Contains(ids, inner.ID) })
		return found
	}
	var gates []string
	for _, known := range c.covers[id] {
		gates = append(gates, known.approval)
	}
	var ids []string
	block := c.steps
	for {
		at := slices.IndexFunc(block, func(s *spec.Step) bool { return holds(s, id) })
		if at < 0 {
			return ids
		}
		for _, before := range block[:at] {
			if !holds(before, gates...) {
				ids = append(ids, before.ID)
			}
		}
		ids = append(ids, block[at].ID)
		if block[at].ID == id {
			return ids
		}
		for _, inner := range block[at].Blocks() {
			if slices.ContainsFunc(inner, func(s *spec.Step) bool { return holds(s, id) }) {
				block = inner
				break
			}
		}
	}
}

func walk(blocks [][]*spec.Step, visit func(*spec.Step)) {
	for _, block := range blocks {
		for _, s := range block {
			visit(s)
			walk(s.Blocks(), visit)
		}
	}
}

// offerApproval is the fix where nothing covers a step: an approval right before it.
func (c *checker) offerApproval(s *spec.Step) {
	if len(c.covers[s.ID]) > 0 || s.Item.Line == 0 {
		return
	}
	id := "approve_" + strings.ReplaceAll(s.ID, "-", "_")
	for n := 2; c.all[id] != nil; n++ {
		id = fmt.Sprintf("approve_%s_%d", strings.ReplaceAll(s.ID, "-", "_"), n)
	}
	condition := ""
	indent := strings.Repeat(" ", s.Item.Column-1)
	if s.If != nil && s.If.Kind == spec.String {
		condition = fmt.Sprintf("%s  if: %s\n", indent, s.If.Quoted())
	}
	text := fmt.Sprintf("- id: %s\n%s%s  approve:\n%s    title: %s\n%s    by: {role: responder}\n%s    covers: [%s]\n%s    within: 1h\n%s",
		id, condition, indent, indent, "Run "+s.Action.Operation.Text+"?", indent, indent, s.ID, indent, indent)
	c.bag.Fix("Ask for approval before it", spec.Edit{
		Line: s.Item.Line, Column: s.Item.Column, EndLine: s.Item.Line, EndColumn: s.Item.Column, Text: text,
	})
}

func (c *checker) howBefore(approval *info, s *spec.Step, sc *scope) string {
	if loop := c.all[sc.loop]; loop != nil && loop.loop == approval.loop && loop.spec.Foreach != nil {
		return fmt.Sprintf("put it before line %d, or into the loop", loop.spec.Line)
	}
	if approval.loop != sc.loop {
		return fmt.Sprintf("put both into the same loop: the arguments of %s differ from item to item", s.ID)
	}
	return fmt.Sprintf("put it on the way to line %d", s.Line)
}

// howCovered is the way out where the proof fails.
func (c *checker) howCovered(s *spec.Step, a *plan.Action) string {
	if len(c.covers[s.ID]) == 0 {
		return fmt.Sprintf("put an approve step with `covers: [%s]` before it", s.ID)
	}
	if len(a.Approvals) == 0 {
		return fmt.Sprintf("put the approval %s, which covers it, before it", c.covers[s.ID][0].approval)
	}
	name := a.Approvals[0]
	return fmt.Sprintf("%s (line %d) stands in a part that not every way goes through: move it out, or give this step `if: %s.status == \"ok\"`",
		name, c.all[name].spec.Line, stepName(name))
}

// bound checks that a covered step's arguments are final when an approval asks for them.
func (c *checker) bound(s *spec.Step, sc *scope, approval string) {
	asked := c.asked[approval]
	if asked == nil || s.Action.With == nil {
		return
	}
	for _, e := range s.Action.With.Entries {
		eachExpression(e.Value, func(n *spec.Node, offset int, source string) {
			if !stable(source) {
				c.bag.Error(spec.CodeNotBound, n.At(offset, len(source)), "compute it in a `set` step before the approval",
					"an argument that reads the clock has another value after the approval %s than in it", approval)
			}
			refs, err := expr.Refs(source)
			if err != nil {
				return // reported where the value was checked
			}
			for _, ref := range refs {
				c.boundRef(n, offset, ref, s.ID, sc, asked, approval)
			}
		})
	}
}

// boundItems checks that the list whose calls an approval is for is final when it asks.
func (c *checker) boundItems(s *spec.Step, sc *scope, approval string) {
	asked, items := c.asked[approval], c.all[sc.loop].spec.Foreach.Items
	if asked == nil || items == nil || items.Kind != spec.String {
		return
	}
	source, offset, ok := c.bareQuietly(items)
	if !ok {
		return // reported at the foreach
	}
	if !stable(source) {
		c.bag.Error(spec.CodeNotBound, items.At(offset, len(source)), "compute it in a `set` step before the approval",
			"a list that reads the clock is another one after the approval %s than in it", approval)
	}
	refs, err := expr.Refs(source)
	if err != nil {
		return
	}
	for _, ref := range refs {
		c.boundRef(items, offset, ref, s.ID, sc, asked, approval)
	}
}

func (c *checker) boundRef(n *spec.Node, offset int, ref expr.Ref, id string, sc, asked *scope, approval string) {
	if ref.Path[0] != "steps" || len(ref.Path) < 2 {
		return
	}
	used := ref.Path[1]
	if _, here := sc.steps.get(used); !here {
		return // reported as no such step
	}
	at := n.At(offset+ref.Offset, ref.Length)
	if _, before := asked.steps.get(used); !before {
		c.bag.Error(spec.CodeNotBound, at, fmt.Sprintf("move the step %s before line %d", used, c.all[approval].spec.Line),
			"the approval %s is for the exact arguments of %s, but the step %s comes after it", approval, id, used)
		return
	}
	if sc.ok(used) && !asked.ok(used) && !ref.Guarded && (len(ref.Path) == 2 || ref.Path[2] == "output") {
		c.bag.Error(spec.CodeNotBound, at, fmt.Sprintf("give the approval %s the same guard", approval),
			"the approval %s is for the exact arguments of %s, but when it asks, the step %s may not have run", approval, id, used)
	}
}

// eachExpression visits the expressions in a value.
func eachExpression(n *spec.Node, visit func(n *spec.Node, offset int, source string)) {
	if n.Kind == spec.String && strings.Contains(n.Text, "${{") {
		segments, err := expr.Template(n.Text)
		if err != nil {
			return // reported where the value was checked
		}
		for _, s := range segments {
			if s.Expr != "" {
				visit(n, s.Offset, s.Expr)
			}
		}
	}
	for _, item := range n.Items {
		eachExpression(item, visit)
	}
	for _, e := range n.Entries {
		eachExpression(e.Value, visit)
	}
}

func (c *checker) approve(s *spec.Step, sc *scope) (*plan.Approve, visible) {
	a := s.Approve
	out := &plan.Approve{
		NotRequester: a.NotRequester, Within: a.Within, OnTimeout: a.OnTimeout, Remind: a.Remind, Covers: make([]string, 0, len(a.Covers)),
		Role: c.role(a.Role), EscalateTo: c.role(a.EscalateTo),
	}
	for _, n := range a.Covers {
		out.Covers = append(out.Covers, n.Text)
		if covered := c.all[n.Text]; covered != nil && c.forEach(n.Text, covered.loop, sc.loop) {
			out.Each = append(out.Each, plan.Each{Step: n.Text, Foreach: covered.loop})
		}
	}
	if a.Title != nil {
		out.Title, _ = c.value(a.Title, sc, reading{})
	}
	if a.Message != nil {
		message, _ := c.value(a.Message, sc, reading{})
		out.Message = &message
	}
	if a.Quorum > 1 {
		out.Quorum = a.Quorum
	}
	out.Evidence = c.named(a.Evidence, sc)
	out.Edit = c.edits(a)
	c.asked[s.ID] = sc.clone()
	return out, visible{output: expr.Object(map[string]expr.Type{
		"approved": expr.Bool(), "outcome": expr.Enum("approved", "denied", "expired"), "by": expr.String(), "reason": expr.String(),
	})}
}

// edits are the arguments that an approver may change: each of a step that the approval covers.
func (c *checker) edits(a *spec.Approve) []plan.Edit {
	var edits []plan.Edit
	for _, n := range a.Edit {
		id, argument, _ := strings.Cut(n.Text, ".")
		if !slices.ContainsFunc(a.Covers, func(covered *spec.Node) bool { return covered.Text == id }) || c.all[id] == nil {
			c.bag.Error(spec.CodeEdit, n.Span, "write STEP.ARGUMENT, with a step that `covers` names", "`edit` names %s, which this approval does not cover", n.Text)
			continue
		}
		covered := c.all[id].spec.Action
		if covered == nil || covered.Operation == nil {
			continue // reported at covers
		}
		input, err := parseSchema(c.cat.Operations[covered.Operation.Text].Input)
		if err != nil {
			continue // reported at the step
		}
		if len(input.raw) > 0 && !input.takes(argument) {
			c.bag.Error(spec.CodeEdit, n.Span, spec.Suggest(argument, input.names), "%s has no argument %q", covered.Operation.Text, argument)
			if near := spec.Nearest(argument, input.names); near != "" {
				c.bag.Fix("Change it to "+id+"."+near, spec.Replace(n.Span, id+"."+near))
			}
			continue
		}
		edits = append(edits, plan.Edit{Step: id, Argument: argument, Schema: input.property(argument)})
	}
	return edits
}

// named are step ids that must stand before a place.
func (c *checker) named(nodes []*spec.Node, sc *scope) []string {
	var ids []string
	for _, n := range nodes {
		if _, visible := sc.steps.get(n.Text); !visible {
			c.noStep(n.Span, n.Text, sc)
			if near := spec.Nearest(n.Text, sc.ids()); c.all[n.Text] == nil && near != "" {
				c.bag.Fix("Change it to "+near, spec.Replace(n.Span, near))
			}
			continue
		}
		c.used[n.Text] = true
		ids = append(ids, n.Text)
	}
	return ids
}

func (c *checker) role(n *spec.Node) string {
	if n == nil {
		return ""
	}
	if len(c.cat.Roles) > 0 && !slices.Contains(c.cat.Roles, n.Text) {
		c.bag.Near(spec.CodeRole, n.Span, n.Text, c.cat.Roles, "there is no role %q", n.Text)
	}
	return n.Text
}
