package check

import (
	"encoding/json"
	"math"
	"strings"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// cost bounds what a run does. Of branches that exclude each other the dearest counts, each kind of call by itself. It
// warns of loops without a bound of their own that ask language models.
func (c *checker) cost(steps []plan.Step) *plan.Cost {
	var sum plan.Cost
	for i := range steps {
		sum = add(sum, c.stepCost(&steps[i]))
	}
	return &sum
}

func (c *checker) stepCost(s *plan.Step) plan.Cost {
	switch {
	case s.Action != nil:
		return plan.Cost{Calls: 1}
	case s.Model != nil:
		return plan.Cost{Models: 1}
	case s.Agent != nil:
		if len(s.Agent.Tools) == 0 {
			return plan.Cost{Models: s.Agent.MaxTurns}
		}
		return plan.Cost{Models: s.Agent.MaxTurns, Calls: (s.Agent.MaxTurns - 1) * plan.MaxToolCalls}
	case s.Call != nil:
		if callee, known := c.cat.Playbooks[s.Call.Playbook]; known && callee.Cost != nil {
			cost := *callee.Cost
			if len(cost.Unbounded) > 0 {
				cost.Unbounded = []string{s.ID}
			}
			return cost
		}
		return plan.Cost{}
	case s.Choose != nil:
		var most plan.Cost
		for _, block := range s.Blocks() {
			cost := c.cost(block)
			most.Calls, most.Models = max(most.Calls, cost.Calls), max(most.Models, cost.Models)
			most.Unbounded = append(most.Unbounded, cost.Unbounded...)
		}
		return most
	case s.Repeat != nil:
		return times(*c.cost(s.Repeat.Steps), s.Repeat.AtMost)
	case s.Foreach != nil:
		return c.foreachCost(s)
	}
	var sum plan.Cost
	for _, block := range s.Blocks() {
		sum = add(sum, *c.cost(block))
	}
	return sum
}

func (c *checker) foreachCost(s *plan.Step) plan.Cost {
	inner := *c.cost(s.Foreach.Steps)
	if s.Foreach.AtMost > 0 {
		return times(inner, s.Foreach.AtMost)
	}
	var list []json.RawMessage
	if strings.HasPrefix(s.Foreach.Items, "[") && json.Unmarshal([]byte(s.Foreach.Items), &list) == nil {
		return times(inner, len(list))
	}
	if inner.Models > 0 {
		at, loop := spec.Span{}, (*spec.Node)(nil)
		if entry := c.all[s.ID]; entry != nil {
			at, loop = entry.spec.At, entry.spec.Node.Get(plan.VerbForeach)
		}
		c.bag.Warn(spec.CodeUnbounded, at, "add `at_most:` to the foreach", "how often this loop asks a language model is not bounded by the playbook")
		if loop != nil {
			c.bag.Add(loop, "at_most", "100")
		}
	}
	inner.Unbounded = append(inner.Unbounded, s.ID)
	return inner
}

func add(a, b plan.Cost) plan.Cost {
	return plan.Cost{Calls: saturate(float64(a.Calls) + float64(b.Calls)), Models: saturate(float64(a.Models) + float64(b.Models)), Unbounded: append(a.Unbounded, b.Unbounded...)}
}

func times(c plan.Cost, n int) plan.Cost {
	c.Calls, c.Models = saturate(float64(c.Calls)*float64(n)), saturate(float64(c.Models)*float64(n))
	return c
}

// saturate keeps loops in loops from counting past what a number holds.
func saturate(n float64) int { return int(min(n, math.MaxInt32)) }
