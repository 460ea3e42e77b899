package check

import (
	"strings"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// block checks steps that run one after the other and leaves in the scope what is known after them.
func (c *checker) block(steps []*spec.Step, sc *scope) []plan.Step {
	out := make([]plan.Step, 0, len(steps))
	told := false
	for _, s := range steps {
		if sc.dead && !told {
			told = true
			c.bag.Error(spec.CodeUnreachable, s.At, "take it out, or give the stop an `if`", "this step can never run: every way to it has stopped before")
		}
		out = append(out, c.step(s, sc))
	}
	return out
}

// step checks one step. Afterwards the scope knows how it ended as far as that is certain.
func (c *checker) step(s *spec.Step, sc *scope) plan.Step {
	if entry := c.all[s.ID]; entry != nil {
		c.order, c.current = entry.order, s.ID
	}
	out := plan.Step{ID: s.ID, Title: s.Title, Line: s.Line, Verb: s.Verb, Timeout: s.Timeout}
	if s.OnError != "fail" {
		out.OnError = s.OnError
	}
	if s.OnError == "undo" && !c.canUndo(s) {
		c.bag.Warn(spec.CodeNothingToUndo, s.At, "give the actions an `undo`", "no action up to here can be taken back")
	}
	if s.Retry != nil {
		retry := s.Retry.Retry
		out.Retry = &retry
	}
	source, cond := c.condition(s.If, sc)
	out.If = source
	inner := sc
	if s.If != nil || len(s.Blocks()) > 0 {
		inner = c.under(sc, cond)
	}
	v := visible{output: expr.Null(), loop: sc.loop}
	switch {
	case s.Action != nil:
		out.Action, v = c.action(s, inner, &out)
	case s.Set != nil:
		out.Set, v = c.set(s, inner)
	case s.Choose != nil:
		out.Choose = c.choose(s.Choose, inner)
	case s.Parallel != nil:
		out.Parallel, v = c.parallel(s.Parallel, inner)
	case s.Foreach != nil:
		out.Foreach, v = c.foreach(s, inner)
	case s.Repeat != nil:
		out.Repeat, v = c.repeat(s, inner)
	case s.Wait != nil:
		out.Wait, v = c.wait(s.Wait, inner)
	case s.Call != nil:
		out.Call, v = c.call(s, inner)
	case s.Model != nil:
		out.Model, v = c.model(s, inner)
	case s.Agent != nil:
		out.Agent, v = c.agent(s, inner, &out)
	case s.Approve != nil:
		out.Approve, v = c.approve(s, inner)
	case s.Ask != nil:
		out.Ask, v = c.ask(s.Ask, inner)
	case s.Try != nil:
		out.Try = c.try(s.Try, inner)
	case s.Stop != nil:
		out.Stop = c.stop(s.Stop, inner)
		inner.dead = true
	}
	c.after(s, sc, inner, cond, v)
	return out
}

// after notes in the outer scope what is known once a step is over: all that is known inside it, if its condition held,
// unless it may have failed on the way and the run has gone on.
func (c *checker) after(s *spec.Step, sc, inner *scope, cond condition, v visible) {
	if inner != sc {
		sc.see(inner)
	}
	v.loop = sc.loop
	if s.ID != "" {
		if _, again := sc.steps.get(s.ID); !again {
			sc.steps.set(s.ID, v)
		}
	}
	if s.OnError == "continue" {
		return
	}
	if inner.dead {
		sc.dead = sc.dead || s.If == nil
		return
	}
	if s.Approve != nil {
		// Its own `if` doesn't count here: where it skips the approval, the covered steps are skipped too.
		for _, covered := range s.Approve.Covers {
			sc.facts.add(coveredFact(covered.Text), nil)
		}
	}
	if cond.stable {
		if inner != sc {
			sc.facts.learn(inner.facts, cond.set)
		}
		if s.ID != "" {
			sc.facts.add(okFact(s.ID), cond.set)
		}
	}
}

func (c *checker) set(s *spec.Step, sc *scope) ([]plan.Field, visible) {
	v := visible{taint: taint{members: map[string]labels{}}}
	members := map[string]expr.Type{}
	fields := make([]plan.Field, 0, len(s.Set))
	for _, e := range s.Set {
		value, r := c.value(e.Value, sc, reading{})
		fields = append(fields, plan.Field{Name: e.Key.Text, Value: value})
		members[e.Key.Text], v.taint.members[e.Key.Text] = r.typ, r.taint.of(nil)
	}
	v.output = expr.Object(members)
	return fields, v
}

func (c *checker) choose(ch *spec.Choose, sc *scope) *plan.Choose {
	out := &plan.Choose{Branches: make([]plan.Branch, 0, len(ch.Branches))}
	before := sc.clone()
	var live []facts
	for i, b := range ch.Branches {
		when, cond := c.condition(b.When, before)
		branch := c.under(before, cond)
		out.Branches = append(out.Branches, plan.Branch{When: when, Steps: c.block(b.Steps, branch)})
		sc.see(branch)
		if branch.dead {
			continue
		}
		live = append(live, branch.facts)
		if i == 0 && cond.stable {
			sc.facts.learn(branch.facts, cond.set) // if the first condition holds, the first branch is the one that ran
		}
	}
	otherwise := before.clone()
	if ch.HasElse {
		out.Else = c.block(ch.Else, otherwise)
		sc.see(otherwise)
	}
	if !otherwise.dead {
		live = append(live, otherwise.facts)
	}
	sc.dead = sc.dead || len(live) == 0
	sc.facts.common(live)
	return out
}

func (c *checker) parallel(p *spec.Parallel, sc *scope) (*plan.Parallel, visible) {
	out := &plan.Parallel{Branches: make([]plan.Named, 0, len(p.Branches)), Wait: p.Wait, OnFailure: p.OnFailure}
	before := sc.clone()
	members := map[string]expr.Type{}
	for _, b := range p.Branches {
		branch := before.clone()
		out.Branches = append(out.Branches, plan.Named{Name: b.Name, Steps: c.block(b.Steps, branch)})
		sc.see(branch)
		members[b.Name] = expr.Object(map[string]expr.Type{
			"status": expr.Enum("ok", "failed", "cancelled"),
			"error":  expr.Optional(expr.Object(map[string]expr.Type{"kind": expr.String(), "message": expr.String()})),
		})
		if p.Wait == "all" && p.OnFailure == "stop" {
			sc.dead = sc.dead || branch.dead
			sc.facts.learn(branch.facts, nil)
		}
	}
	return out, visible{output: expr.Object(members), taint: taint{all: fromError}}
}

func (c *checker) stop(s *spec.Stop, sc *scope) *plan.Stop {
	out := &plan.Stop{Status: s.Status}
	if s.Reason != nil {
		reason, _ := c.value(s.Reason, sc, reading{})
		out.Reason = &reason
	}
	return out
}

// connectorOf is the connector of an operation's name.
func connectorOf(operation string) string {
	connector, _, _ := strings.Cut(operation, ".")
	return connector
}
