package spec

import (
	"fmt"
	"slices"
	"strings"

	"picket/playbooks/plan"
)

// The keys of steps that are only there in try.
var stepMisplaced = []string{"catch", "finally"}

const (
	maxAttempts = 20
	maxAtOnce   = 50
	maxQuorum   = 10
	maxFields   = 30
	maxOptions  = 100
	minBackoff  = plan.Duration(1000)
	minRemind   = plan.Duration(60_000)
	minEvery    = plan.Duration(10_000)
)

func (r *reader) block(n *Node, what string) []*Step {
	items := r.list(n, what)
	if n.Kind == List && len(items) == 0 {
		r.bag.Error(CodeMissing, n.Span, "", "`%s` is empty: it needs at least one step", what)
	}
	var steps []*Step
	for _, item := range items {
		if r.steps++; r.steps > MaxSteps {
			if r.steps == MaxSteps+1 {
				r.bag.Error(CodeBounds, item.Span, "split it into playbooks that call each other", "a playbook has at most %d steps", MaxSteps)
			}
			break
		}
		if s := r.step(item); s != nil {
			steps = append(steps, s)
		}
	}
	return steps
}

func (r *reader) step(n *Node) *Step {
	if n.Kind != Map {
		r.bag.Error(CodeType, n.Span, "write `- {id: NAME, VERB: ...}`", "a step must be a mapping, not %s", n.Kind)
		return nil
	}
	f := r.mapping(n, "a step", slices.Concat(keys("step"), stepMisplaced))
	for _, e := range f.node.Entries {
		if slices.Contains(stepMisplaced, e.Key.Text) {
			r.bag.Error(CodeUnknownKey, e.Key.Span, "write `try: {steps: [...], "+e.Key.Text+": [...]}`", "`%s` belongs into a `try`", e.Key.Text)
		}
	}
	s := &Step{Node: n, At: n.Span, Item: n.dash(), Line: n.Span.Start.Line, Title: r.literal(f.get("title"), "title")}
	if id := f.need("id"); id != nil {
		s.ID, s.At = r.literal(id, "id"), id.Span
		r.named(s.ID, id.Span, stepID, "a step's id", "write it in snake_case or kebab-case")
		r.unique(s)
	}
	s.If = r.scalar(f.get("if"), "if")
	value := r.verb(s, n)
	r.common(s, f)
	if value == nil {
		return s
	}
	switch s.Verb {
	case plan.VerbAction:
		s.Action = r.action(value, f)
	case plan.VerbSet:
		s.Set = r.values(value, "set", "a name that is set")
		if value.Kind == Null || value.Kind == Map && len(value.Entries) == 0 {
			r.bag.Error(CodeMissing, value.Span, "write `set: {NAME: value}`", "`set` has no values")
		}
	case plan.VerbChoose:
		s.Choose = r.choose(value)
	case plan.VerbParallel:
		s.Parallel = r.parallel(value)
	case plan.VerbForeach:
		s.Foreach = r.foreach(value)
	case plan.VerbRepeat:
		s.Repeat = r.repeat(value)
	case plan.VerbWait:
		s.Wait = r.wait(value)
	case plan.VerbCall:
		s.Call = r.call(value)
	case plan.VerbModel:
		s.Model = r.model(value)
	case plan.VerbAgent:
		s.Agent = r.agent(value)
	case plan.VerbApprove:
		s.Approve = r.approve(value)
	case plan.VerbAsk:
		s.Ask = r.ask(value)
	case plan.VerbTry:
		s.Try = r.try(value)
	case plan.VerbStop:
		s.Stop = r.stop(value)
	}
	return s
}

func (r *reader) unique(s *Step) {
	if s.ID == "" {
		return
	}
	if first, again := r.ids[s.ID]; again {
		r.bag.Error(CodeDuplicateID, s.At, "ids are unique in the whole playbook", "the id %s is that of the step on line %d", s.ID, first.Start.Line)
		n := 2
		for r.ids[fmt.Sprintf("%s_%d", s.ID, n)] != (Span{}) {
			n++
		}
		another := fmt.Sprintf("%s_%d", s.ID, n)
		r.bag.Fix("Change it to "+another, Replace(s.At, another))
		return
	}
	r.ids[s.ID] = s.At
}

// verb finds the step's one verb and gives its value.
func (r *reader) verb(s *Step, n *Node) *Node {
	var value *Node
	var found []string
	for _, e := range n.Entries {
		switch {
		case slices.Contains(Verbs, e.Key.Text):
			if found = append(found, e.Key.Text); len(found) > 1 {
				r.bag.Error(CodeVerb, e.Key.Span, "split it into two steps", "a step has exactly one verb, and this one has %s", strings.Join(found, " and "))
				continue
			}
			s.Verb, s.VerbAt, value = e.Key.Text, e.Key.Span, e.Value
		}
	}
	if len(found) == 0 && !misspeltVerb(n) {
		r.bag.Error(CodeVerb, s.At, "give it one of "+strings.Join(Verbs, ", "), "the step has no verb")
	}
	return value
}

// misspeltVerb tells whether a step has a key that is near to a verb: that is reported already.
func misspeltVerb(n *Node) bool {
	known := keys("step")
	return slices.ContainsFunc(n.Entries, func(e Entry) bool {
		return !slices.Contains(known, e.Key.Text) && slices.Contains(Verbs, Nearest(e.Key.Text, n.Lacks(known)))
	})
}

// common reads the keys that steps of several verbs have.
func (r *reader) common(s *Step, f fields) {
	calls := []string{plan.VerbAction, plan.VerbModel, plan.VerbAgent}
	r.only(s, f, "timeout", calls)
	r.only(s, f, "retry", calls)
	r.only(s, f, "with", []string{plan.VerbAction})
	r.only(s, f, "connection", []string{plan.VerbAction})
	r.only(s, f, "undo", []string{plan.VerbAction})
	r.only(s, f, "on_error", []string{
		plan.VerbAction, plan.VerbModel, plan.VerbAgent, plan.VerbSet, plan.VerbChoose, plan.VerbParallel, plan.VerbForeach,
		plan.VerbRepeat, plan.VerbWait, plan.VerbCall, plan.VerbAsk, plan.VerbTry,
	})
	s.Timeout = r.duration(f.get("timeout"), "timeout")
	s.OnError = r.oneOf(f.get("on_error"), "on_error", "fail", []string{"fail", "continue", "undo"})
	retry := f.get("retry")
	if retry == nil {
		return
	}
	k := r.mapping(retry, "`retry`", keys("retry"))
	s.Retry = &Retry{At: retry.Span}
	s.Retry.Attempts = r.whole(k.need("attempts"), "attempts", 1, maxAttempts)
	if s.Retry.Backoff = r.duration(k.get("backoff"), "backoff"); s.Retry.Backoff == 0 {
		s.Retry.Backoff = minBackoff
	}
}

// only reports a key that stands beside a verb it does not belong to.
func (r *reader) only(s *Step, f fields, key string, verbs []string) {
	if s.Verb == "" || slices.Contains(verbs, s.Verb) {
		return
	}
	for _, e := range f.node.Entries {
		if e.Key.Text == key {
			help := "take it out"
			if key == "timeout" && slices.Contains([]string{plan.VerbApprove, plan.VerbAsk, plan.VerbWait}, s.Verb) {
				help = "the time of this verb is `within`"
			}
			r.bag.Error(CodeKeyForVerb, e.Key.Span, help, "`%s` can't stand beside the verb %s", key, s.Verb)
			r.bag.TakeOut(f.node, key)
		}
	}
}
