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
	items map[string][]int // path of a foreach -> the items that were begun, in order
}

// fact is what the ledger says of one step.
type fact struct {
	end      *contract.StepBody
	attempts []Attempt
	approval string // the last that was asked for
	decision *soc.Decision
}

// waiting tells whether a person's decision is awaited.
func (f *fact) waiting() bool {
	return f.approval != "" && (f.decision == nil || f.decision.ApprovalID != f.approval)
}

// gather sorts entries by the steps that they are about.
func gather(entries []soc.LedgerEntry) facts {
	all := facts{at: map[string]*fact{}, items: map[string][]int{}}
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
			all.begun(e.Step)
		}
	}
	for path, items := range all.items {
		slices.Sort(items)
		all.items[path] = slices.Compact(items)
	}
	return all
}

// begun notes the items of foreach steps that a path leads through: "lookup[3]/geo" is the item 3 of "lookup".
func (f *facts) begun(path string) {
	for at := 0; ; {
		end := strings.Index(path[at:], "]/")
		if end < 0 {
			return
		}
		end += at
		open := strings.LastIndexByte(path[:end], '[')
		if open > 0 {
			if item, err := strconv.Atoi(path[open+1 : end]); err == nil && item >= 0 {
				f.items[path[:open]] = append(f.items[path[:open]], item)
			}
		}
		at = end + 2
	}
}

func itemPrefix(path string, item int) string { return path + "[" + strconv.Itoa(item) + "]/" }

// touched tells whether the ledger knows of something inside a step.
func (f *facts) touched(s *plan.Step, prefix string) bool {
	switch {
	case s.Choose != nil:
		for _, b := range s.Choose.Branches {
			if f.touchedAny(b.Steps, prefix) {
				return true
			}
		}
		return f.touchedAny(s.Choose.Else, prefix)
	case s.Parallel != nil:
		for _, b := range s.Parallel.Branches {
			if f.touchedAny(b.Steps, prefix) {
				return true
			}
		}
	case s.Foreach != nil:
		return len(f.items[prefix+s.ID]) > 0
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
				TokensIn: body.TokensIn, TokensOut: body.TokensOut, CostUSD: body.CostUSD,
			},
		})
	case contract.KindApprovalRequested:
		var body soc.Approval
		if json.Unmarshal(e.Body, &body) != nil {
			return false
		}
		f.approval = body.ID
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
	s.Approval, s.Decision = f.approval, f.decision
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
	}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
