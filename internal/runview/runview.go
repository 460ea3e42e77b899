// Package runview shows a run as its steps: a projection of the plan and of the run's ledger entries, and of nothing
// else. The API, the web UI and `picket run show` read a run through it.
package runview

import (
	"encoding/json"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// The statuses of a step that has not ended; those of one that has are contract's.
const (
	Queued  = "queued"
	Running = "running"
	Waiting = "waiting" // for a person's decision
)

// Step is one step of a run. Steps inside a foreach stand once for each item that was begun.
type Step struct {
	Path       string              `json:"path"`
	ID         string              `json:"id"`
	Parent     string              `json:"parent"`           // path of the enclosing step
	Branch     string              `json:"branch,omitempty"` // name or condition of the enclosing branch
	Item       *int                `json:"item,omitempty"`   // index in the enclosing foreach
	Title      string              `json:"title,omitempty"`
	Verb       string              `json:"verb"`
	Line       int                 `json:"line"`
	If         string              `json:"if,omitempty"`
	Status     string              `json:"status"`
	Reason     string              `json:"reason,omitempty"`
	Error      *contract.CallError `json:"error,omitempty"`
	Started    *time.Time          `json:"started,omitempty"`
	Ended      *time.Time          `json:"ended,omitempty"`
	Operation  string              `json:"operation,omitempty"`
	Connection string              `json:"connection,omitempty"`
	Effect     string              `json:"effect,omitempty"`
	CoveredBy  []string            `json:"covered_by,omitempty"`
	Covers     []string            `json:"covers,omitempty"`
	Input      json.RawMessage     `json:"input,omitempty"`
	Output     json.RawMessage     `json:"output,omitempty"`
	Attempts   []Attempt           `json:"attempts"`
	Model      *Model              `json:"model,omitempty"`
	Approval   string              `json:"approval,omitempty"`
	Decision   *soc.Decision       `json:"decision,omitempty"`
}

// Attempt is one try of a call or of a model.
type Attempt struct {
	Number    int                 `json:"attempt"`
	Status    string              `json:"status"` // running | ok | failed | unknown
	Started   *time.Time          `json:"started,omitempty"`
	Ended     *time.Time          `json:"ended,omitempty"`
	Error     *contract.CallError `json:"error,omitempty"`
	Input     json.RawMessage     `json:"input,omitempty"`
	Output    json.RawMessage     `json:"output,omitempty"`
	Decision  string              `json:"decision,omitempty"`
	Digest    string              `json:"digest,omitempty"`
	Confirmed bool                `json:"confirmed,omitempty"`
	Model     *Model              `json:"model,omitempty"`
}

// Model is what a model was asked and what it answered.
type Model struct {
	Provider  string          `json:"provider"`
	Model     string          `json:"model"`
	System    string          `json:"system"`
	Prompt    string          `json:"prompt"`
	Request   json.RawMessage `json:"request,omitempty"`
	Answer    string          `json:"answer,omitempty"`
	Output    json.RawMessage `json:"output,omitempty"`
	TokensIn  int             `json:"tokens_in"`
	TokensOut int             `json:"tokens_out"`
	CostUSD   float64         `json:"cost_usd"`
}

// Steps projects a run: its steps in the order of the plan, whether they were reached or not. Entries are those of the
// run, in the order of the ledger; an entry whose body can't be read is left out.
func Steps(p *plan.Plan, run soc.Run, entries []soc.LedgerEntry) []Step {
	v := &view{facts: gather(entries), over: run.Status.Final(), steps: []Step{}}
	root := place{reach: live, since: run.StartedAt}
	switch {
	case v.over:
		root.reach, root.why = over, "the run ended before this step"
	case run.Status == soc.RunQueued:
		root.reach = queued
	}
	v.block(p.Steps, root)
	return v.steps
}

// reach says what may still happen to the steps of a block.
type reach int

const (
	live   reach = iota // they are worked one after the other
	queued              // their turn has not come
	over                // what has not happened will not
)

// place is where a block of steps stands.
type place struct {
	prefix string // of the paths
	parent string
	branch string
	item   *int
	reach  reach
	why    string     // for over: why steps were not reached
	since  *time.Time // when the block began, as far as known
}

type view struct {
	facts facts
	over  bool // the run has ended
	steps []Step
}

// block shows steps that run one after the other.
func (v *view) block(steps []plan.Step, at place) {
	for i := range steps {
		step := v.one(&steps[i], at)
		v.steps = append(v.steps, step)
		v.inner(&steps[i], step, at.prefix)
		if at.reach == live && !ended(step.Status) {
			at.reach = queued // those behind it wait for it
		}
		if step.Ended != nil {
			at.since = step.Ended
		}
	}
}

func ended(status string) bool { return status != Queued && status != Running && status != Waiting }

// one shows a step without those inside it.
func (v *view) one(s *plan.Step, at place) Step {
	path := at.prefix + s.ID
	step := Step{
		Path: path, ID: s.ID, Parent: at.parent, Branch: at.branch, Item: at.item,
		Title: s.Title, Verb: s.Verb, Line: s.Line, If: s.If, Attempts: []Attempt{},
	}
	if a := s.Action; a != nil {
		step.Operation, step.Connection, step.Effect = a.Operation, a.Connection, a.Effect
		step.CoveredBy = prefixed(at.prefix, a.Approvals)
	}
	if a := s.Approve; a != nil {
		step.Covers = prefixed(at.prefix, a.Covers)
	}
	fact := v.facts.at[path]
	if fact != nil {
		fact.fill(&step, v.over)
	}
	if fact != nil && fact.end != nil {
		return step
	}
	begun := fact != nil || v.facts.touched(s, at.prefix)
	switch {
	case v.over || at.reach == over:
		step.Status, step.Reason = contract.StepSkipped, at.why
		if begun {
			step.Status, step.Reason = contract.StepCancelled, "the run ended during this step"
			if n := len(step.Attempts); n > 0 && step.Attempts[n-1].Status == contract.StepUnknown {
				step.Status = contract.StepUnknown
			}
		}
	case fact != nil && fact.waiting():
		step.Status = Waiting
	case begun || at.reach == live:
		step.Status = Running
		if step.Started == nil {
			step.Started = at.since
		}
	default:
		step.Status = Queued
	}
	return step
}

func prefixed(prefix string, ids []string) []string {
	if prefix == "" || ids == nil {
		return ids
	}
	paths := make([]string, len(ids))
	for i, id := range ids {
		paths[i] = prefix + id
	}
	return paths
}

// inner shows the steps inside a step.
func (v *view) inner(s *plan.Step, step Step, prefix string) {
	at := place{prefix: prefix, parent: step.Path, reach: live, since: step.Started}
	switch {
	case step.Status == Queued:
		at.reach = queued
	case step.Status == contract.StepSkipped:
		at.reach, at.why = over, step.Reason
	case ended(step.Status):
		at.reach, at.why = over, "an earlier step ended this branch"
	}
	switch {
	case s.Choose != nil:
		v.choose(s.Choose, step, at)
	case s.Parallel != nil:
		for _, b := range s.Parallel.Branches {
			at.branch = b.Name
			v.block(b.Steps, at)
		}
	case s.Foreach != nil:
		for _, i := range v.facts.items[step.Path] {
			at.prefix, at.item = itemPrefix(step.Path, i), &i
			v.block(s.Foreach.Steps, at)
		}
	}
}

// choose shows the branches: the one that was taken, as far as it is known, and the others.
func (v *view) choose(c *plan.Choose, step Step, at place) {
	branches := append([]plan.Branch{}, c.Branches...)
	if len(c.Else) > 0 {
		branches = append(branches, plan.Branch{Steps: c.Else})
	}
	taken := -1
	for i, b := range branches {
		if v.facts.touchedAny(b.Steps, at.prefix) || ended(step.Status) && step.Reason == branchReason(b) {
			taken = i
			break
		}
	}
	for i, b := range branches {
		here := at
		if here.branch = b.When; b.When == "" {
			here.branch = "else"
		}
		switch {
		case i == taken || at.reach == queued || step.Status == contract.StepSkipped:
		case taken >= 0 || ended(step.Status):
			here.reach, here.why = over, "this branch was not taken"
		default:
			here.reach = queued // which one it will be is not known yet
		}
		v.block(b.Steps, here)
	}
}

// branchReason is what the interpreter says of a branch that it took.
func branchReason(b plan.Branch) string {
	if b.When == "" {
		return "else"
	}
	return "when: " + b.When
}
