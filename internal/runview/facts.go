package runview

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// facts are what the ledger says, by step path.
type facts struct {
	at    map[string]*fact
	items map[string][]int // path of a foreach or repeat -> the items that were begun, in order
	// unwell are those of items in which something failed or has not ended.
	unwell map[string]map[int]bool
}

// fact is what the ledger says of one step.
type fact struct {
	end      *contract.StepBody
	attempts []Attempt
	approval string // the last that was asked for
	decision *soc.Decision
	votes    []soc.Vote
	reminded int
	run      string             // that a call step made
	shadowed *contract.CallBody // that was not made
	unasked  bool               // an approval that shadow mode has not asked for
}

// waiting tells whether a person's decision is awaited.
func (f *fact) waiting() bool {
	return f.approval != "" && (f.decision == nil || f.decision.ApprovalID != f.approval)
}

// gather sorts entries by the steps that they are about.
func gather(entries []soc.LedgerEntry) facts {
	all := facts{at: map[string]*fact{}, items: map[string][]int{}, unwell: map[string]map[int]bool{}}
	for i := range entries {
		e := &entries[i]
		if e.Step == "" {
			continue
		}
		f := all.at[e.Step]
		if f == nil {
			f = &fact{}
		}
		if !f.learn(e) {
			continue
		}
		if all.at[e.Step] == nil {
			all.at[e.Step] = f
			loops(e.Step, func(path string, item int) { all.items[path] = append(all.items[path], item) })
		}
	}
	for path, f := range all.at {
		if f.end != nil && (f.end.Status == contract.StepOK || f.end.Status == contract.StepSkipped) {
			continue
		}
		loops(path, func(path string, item int) {
			if all.unwell[path] == nil {
				all.unwell[path] = map[int]bool{}
			}
			all.unwell[path][item] = true
		})
	}
	for path, items := range all.items {
		slices.Sort(items)
		all.items[path] = slices.Compact(items)
	}
	return all
}

// loops visits the items of loops that a path leads through: "lookup[3]/geo" is the item 3 of "lookup".
func loops(path string, visit func(loop string, item int)) {
	for at := 0; ; {
		end := strings.Index(path[at:], "]/")
		if end < 0 {
			return
		}
		end += at
		open := strings.LastIndexByte(path[:end], '[')
		if open > 0 {
			if item, err := strconv.Atoi(path[open+1 : end]); err == nil && item >= 0 {
				visit(path[:open], item)
			}
		}
		at = end + 2
	}
}

func itemPrefix(path string, item int) string { return path + "[" + strconv.Itoa(item) + "]/" }

// touched tells whether the ledger knows of something inside a step.
func (f *facts) touched(s *plan.Step, prefix string) bool {
	if s.Foreach != nil || s.Repeat != nil {
		return len(f.items[prefix+s.ID]) > 0
	}
	if s.Agent != nil {
		return f.at[contract.AgentTurn(prefix+s.ID, 0)] != nil
	}
	for _, block := range s.Blocks() {
		if f.touchedAny(block, prefix) {
			return true
		}
	}
	return false
}

func (f *facts) touchedAny(steps []plan.Step, prefix string) bool {
	for i := range steps {
		if f.at[prefix+steps[i].ID] != nil || f.touched(&steps[i], prefix) {
			return true
		}
	}
	return false
}

// learn takes in one entry; false when it says nothing of a step.
func (f *fact) learn(e *soc.LedgerEntry) bool {
	switch e.Kind {
	case contract.KindStepFinished:
		var body contract.StepBody
		if json.Unmarshal(e.Body, &body) != nil {
			return false
		}
		f.end = &body
	case contract.KindCallStarted, contract.KindCallFinished:
		var body contract.CallBody
		if json.Unmarshal(e.Body, &body) != nil {
			return false
		}
		a := Attempt{
			Status: Running, Started: moment(body.Started), Ended: moment(body.Ended), Error: body.Error,
			Input: body.Input, Output: body.Output, Decision: body.Decision, Digest: body.Digest, Confirmed: body.Confirmed,
		}
		if e.Kind == contract.KindCallFinished {
			a.Status = attemptStatus(body.Error)
		}
		f.attempt(e.Attempt, a)
	case contract.KindModelAnswered:
		var body contract.ModelBody
		if json.Unmarshal(e.Body, &body) != nil {
			return false
		}
		f.attempt(e.Attempt, Attempt{
			Status: attemptStatus(body.Error), Started: moment(body.Started), Ended: moment(body.Ended),
			Error: body.Error, Output: body.Output,
			Model: &Model{
				Provider: body.Provider, Model: body.Model, System: body.System, Prompt: body.Prompt,
				Request: body.Request, Answer: body.Answer, Output: body.Output,
				TokensIn: body.TokensIn, TokensOut: body.TokensOut, CostUSD: body.CostUSD, NoPrice: body.NoPrice, Tried: body.Tried,
				Reply: body.Reply, Problem: body.Problem,
			},
		})
	case contract.KindApprovalRequested:
		var body soc.Approval
		if json.Unmarshal(e.Body, &body) != nil {
			return false
		}
		f.approval, f.votes, f.reminded = body.ID, nil, 0
	case contract.KindApprovalVoted:
		var body soc.Vote
		if json.Unmarshal(e.Body, &body) != nil {
			return false
		}
		if body.Calls == nil {
			body.Calls = []string{}
		}
		f.votes = append(f.votes, body)
	case contract.KindApprovalReminded:
		f.reminded++
	case contract.KindApprovalShadowed:
		f.unasked = true
	case contract.KindCallShadowed:
		var body contract.CallBody
		if json.Unmarshal(e.Body, &body) != nil {
			return false
		}
		f.shadowed = &body
	case contract.KindRunOpened:
		var body contract.OpenBody
		if json.Unmarshal(e.Body, &body) != nil {
			return false
		}
		f.run = body.RunID
	case contract.KindApprovalDecided:
		var body soc.Decision
		if json.Unmarshal(e.Body, &body) != nil {
			return false
		}
		if body.Calls == nil {
			body.Calls = []string{}
		}
		f.decision = &body
	default:
		return false
	}
	return true
}

// attempt adds an attempt, or what has become of it.
func (f *fact) attempt(number int, a Attempt) {
	if number == 0 {
		number = len(f.attempts) + 1
	}
	a.Number = number
	for i := range f.attempts {
		if old := &f.attempts[i]; old.Number == number {
			if a.Status == Running && old.Status != Running {
				return
			}
			*old = a
			return
		}
	}
	f.attempts = append(f.attempts, a)
}

func attemptStatus(err *contract.CallError) string {
	switch {
	case err == nil:
		return contract.StepOK
	case err.Kind == string(soc.Unknown):
		return contract.StepUnknown
	}
	return contract.StepFailed
}

// fill puts what the ledger says into a step.
func (f *fact) fill(s *Step, over bool) {
	s.Approval, s.Decision, s.Votes, s.Reminders, s.Run, s.Shadow = f.approval, f.decision, f.votes, f.reminded, f.run, f.unasked
	if f.shadowed != nil {
		s.Shadow, s.Input = true, f.shadowed.Input
	}
	for _, a := range f.attempts {
		if a.Status == Running && over {
			a.Status = contract.StepUnknown // only consequential calls are noted before they are sent
		}
		s.Attempts = append(s.Attempts, a)
		if s.Started == nil {
			s.Started = a.Started
		}
		if a.Input != nil {
			s.Input = a.Input
		}
		if a.Status == contract.StepOK {
			s.Output = a.Output
		}
		if a.Model != nil {
			s.Model = a.Model
		}
	}
	if end := f.end; end != nil {
		s.Status, s.Reason, s.Error = end.Status, end.Reason, end.Error
		s.Started, s.Ended = moment(end.Started), moment(end.Ended)
		if end.Output != nil {
			s.Output = end.Output
		}
		s.Undo, s.Undoes, s.Waited, s.Expired, s.Caught = end.Undo, end.Undoes, end.Waited, end.Expired, end.Caught
		s.Rounds, s.Items, s.Failed = end.Rounds, end.Items, end.Failed
		s.Shadow = s.Shadow || end.Shadow
		if end.Run != "" {
			s.Run = end.Run
		}
	}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
