package runview

import (
	"fmt"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// agent shows what an agent has done: its turns, and below each the calls that it wanted.
func (v *view) agent(s *plan.Step, step Step, self int) {
	calls := 0
	for n := 0; ; n++ {
		path := contract.AgentTurn(step.Path, n)
		fact := v.facts.at[path]
		if fact == nil {
			break
		}
		turn := v.act(step, path, fact, Step{ID: fmt.Sprintf("turn[%d]", n), Verb: plan.VerbModel, Title: fmt.Sprintf("Turn %d", n+1)})
		v.steps = append(v.steps, turn)
		if turn.Model == nil {
			continue
		}
		v.steps[self].Model = turn.Model
		if turn.Model.Reply == nil || turn.Model.Problem != "" {
			continue
		}
		for _, wanted := range turn.Model.Reply.Calls {
			call := Step{ID: fmt.Sprintf("call[%d]", calls), Verb: plan.VerbAction, Operation: wanted.Name, Input: wanted.Arguments}
			for _, t := range s.Agent.Tools {
				if t.Operation == wanted.Name {
					call.Title, call.Effect, call.Connection = t.Title, t.Effect, t.Connection
				}
			}
			path := contract.AgentCall(step.Path, calls)
			calls++
			if made := v.facts.at[path]; made != nil {
				call = v.act(step, path, made, call)
			} else {
				call = v.unmade(step, n, path, call)
			}
			if call.Status == Waiting && !ended(step.Status) {
				v.steps[self].Status = Waiting
			}
			v.steps = append(v.steps, call)
		}
	}
}

// act is something that an agent does, with what the ledger says of it.
func (v *view) act(of Step, path string, f *fact, s Step) Step {
	s.Path, s.Parent, s.Item, s.Line, s.Attempts = path, of.Path, of.Item, of.Line, []Attempt{}
	f.fill(&s, v.over)
	switch n := len(s.Attempts); {
	case f.shadowed != nil:
		s.Status, s.Reason = contract.StepSkipped, "shadow mode: recorded, not made"
	case n > 0 && s.Attempts[n-1].Status != Running:
		last := s.Attempts[n-1]
		s.Status, s.Error, s.Ended = last.Status, last.Error, last.Ended
	case f.decision != nil && !f.waiting() && f.decision.Outcome != "approved":
		s.Status, s.Reason = contract.StepDenied, f.decision.Reason
	default:
		s.Status = v.unended(f, &s)
	}
	return s
}

// unmade is a call that an agent wanted and that was not made, or not yet.
func (v *view) unmade(of Step, turn int, path string, s Step) Step {
	s.Path, s.Parent, s.Item, s.Line, s.Attempts = path, of.Path, of.Item, of.Line, []Attempt{}
	s.Status = Queued
	if v.over || ended(of.Status) || v.facts.at[contract.AgentTurn(of.Path, turn+1)] != nil {
		s.Status, s.Reason = contract.StepSkipped, "not made: the agent may not call it, or not like this"
	}
	return s
}
