// Package runview shows a run as its steps: a projection of the plan and of the run's ledger entries, and of nothing
// else. The API, the web UI and `picket run show` read a run through it.
package runview

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// The statuses of a step that has not ended; those of one that has are contract's.
const (
	Queued  = "queued"
	Running = "running"
	Waiting = "waiting" // for a person, an event or a time
)

// MaxItems bounds the items of one loop that Steps shows: the first half of it, and of the others those that are not
// well. Items shows any.
const MaxItems = 200

// Step is one step of a run. Steps inside a foreach or a repeat stand once for each item or round that was begun.
type Step struct {
	Path       string              `json:"path"`
	ID         string              `json:"id"`
	Parent     string              `json:"parent"`           // path of the enclosing step
	Branch     string              `json:"branch,omitempty"` // name or condition of the enclosing branch
	Item       *int                `json:"item,omitempty"`   // index in the enclosing foreach or repeat
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
	Votes      []soc.Vote          `json:"votes,omitempty"`
	Reminders  int                 `json:"reminders,omitempty"`
	Run        string              `json:"run_id,omitempty"`    // of a call: the run it made
	Undo       *contract.UndoBody  `json:"undo,omitempty"`      // what would take this step back
	Undoes     string              `json:"undoes,omitempty"`    // path of the step that this one takes back
	UndoneBy   string              `json:"undone_by,omitempty"` // path of the step that took this one back
	Shadow     bool                `json:"shadow,omitempty"`    // recorded, not done
	Group      int                 `json:"group,omitempty"`     // reads with the same number run at once
	Waited     *time.Time          `json:"waited,omitempty"`    // of a wait: until when
	Expired    bool                `json:"expired,omitempty"`   // its time ran out
	Rounds     int                 `json:"rounds,omitempty"`    // of a repeat: begun
	Items      int                 `json:"items,omitempty"`     // of a foreach: all, or those begun while it runs
	Failed     int                 `json:"failed,omitempty"`    // of a foreach that collects
	Shown      int                 `json:"shown,omitempty"`     // of a foreach or repeat: how many items stand here, if not all
	Caught     *contract.CallError `json:"caught,omitempty"`    // of a try: what its catch has dealt with
	Spent      *Spent              `json:"spent,omitempty"`     // on models, here and inside; nil when none was asked
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
	NoPrice   bool            `json:"no_price,omitempty"` // the cost, or a part of it, is not known
	// Tried has, of a chain or a committee, everyone that was asked.
	Tried []contract.Tried `json:"tried,omitempty"`
	// Of an agent's turn: what it said and wanted, and what was wrong with its answer.
	Reply   *contract.Turn `json:"reply,omitempty"`
	Problem string         `json:"problem,omitempty"`
}

// Steps projects a run: its steps in the order of the plan, whether they were reached or not. Entries are those of the
// run, in the order of the ledger; an entry whose body can't be read is left out.
func Steps(p *plan.Plan, run soc.Run, entries []soc.LedgerEntry) []Step {
	return project(p, run, entries, func(_ string, items []int, unwell map[int]bool) []int {
		if len(items) <= MaxItems {
			return items
		}
		some := slices.Clone(items[:MaxItems/2])
		for _, i := range items[MaxItems/2:] {
			if unwell[i] && len(some) < MaxItems {
				some = append(some, i)
			}
		}
		return some
	})
}

// Items are the steps inside the loop at a path, of at most so many items from one on.
func Items(p *plan.Plan, run soc.Run, entries []soc.LedgerEntry, loop string, from, most int) []Step {
	all := project(p, run, entries, func(path string, items []int, _ map[int]bool) []int {
		if path != loop {
			return items
		}
		start, _ := slices.BinarySearch(items, from)
		return items[start:min(start+most, len(items))]
	})
	return slices.DeleteFunc(all, func(s Step) bool { return !strings.HasPrefix(s.Path, loop+"[") })
}

func project(p *plan.Plan, run soc.Run, entries []soc.LedgerEntry, items choice) []Step {
	v := &view{facts: gather(entries), over: run.Status.Final(), choose: items, steps: []Step{}}
	root := place{reach: live, since: run.StartedAt}
	switch {
	case v.over:
		root.reach, root.why = over, "the run ended before this step"
	case run.Status == soc.RunQueued:
		root.reach = queued
	}
	v.block(p.Steps, root)
	v.spend()
	return v.steps
}

// choice picks the items of a loop that are shown, of those begun, in order; unwell are those that have not ended well.
type choice func(path string, items []int, unwell map[int]bool) []int

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
	facts  facts
	over   bool // the run has ended
	choose choice
	steps  []Step
}

// block shows steps that run one after the other, but for reads that run at once.
func (v *view) block(steps []plan.Step, at place) {
	pending := false
	for i := range steps {
		if pending && (steps[i].Group == 0 || steps[i].Group != steps[i-1].Group) {
			at.reach = queued // those behind wait for it
		}
		step := v.one(&steps[i], at)
		place := len(v.steps)
		v.steps = append(v.steps, step)
		v.inner(&steps[i], step, at.prefix, place)
		v.undone(place)
		pending = pending || at.reach == live && !ended(step.Status)
		if step.Ended != nil {
			at.since = step.Ended
		}
	}
}

// undone shows what took a step back behind it.
func (v *view) undone(place int) {
	step := &v.steps[place]
	path := step.Path + undoSuffix
	fact := v.facts.at[path]
	if fact == nil {
		return
	}
	step.UndoneBy = path
	undo := Step{
		Path: path, ID: step.ID + undoSuffix, Parent: step.Parent, Branch: step.Branch, Item: step.Item, Title: "Undo " + step.ID,
		Verb: plan.VerbAction, Line: step.Line, Attempts: []Attempt{}, Undoes: step.Path,
	}
	if u := step.Undo; u != nil {
		undo.Operation, undo.Connection, undo.Effect, undo.Input = u.Operation, u.Connection, u.Effect, u.Arguments
	}
	fact.fill(&undo, v.over)
	if fact.end == nil {
		undo.Status = v.unended(fact, &undo)
	}
	v.steps = append(v.steps, undo)
}

// unended is the status of a step that has begun and has not ended.
func (v *view) unended(f *fact, s *Step) string {
	switch n := len(s.Attempts); {
	case v.over && n > 0 && s.Attempts[n-1].Status == contract.StepUnknown:
		return contract.StepUnknown
	case v.over:
		return contract.StepCancelled
	case f != nil && f.waiting():
		return Waiting
	}
	return Running
}

// undoSuffix makes the path of a step's undo.
const undoSuffix = ".undo"

func ended(status string) bool { return status != Queued && status != Running && status != Waiting }

// one shows a step without those inside it.
func (v *view) one(s *plan.Step, at place) Step {
	path := at.prefix + s.ID
	step := Step{
		Path: path, ID: s.ID, Parent: at.parent, Branch: at.branch, Item: at.item,
		Title: s.Title, Verb: s.Verb, Line: s.Line, If: s.If, Group: s.Group, Attempts: []Attempt{},
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
	case begun && (v.over || at.reach == over):
		step.Status, step.Reason = v.unended(fact, &step), "the run ended during this step"
	case v.over || at.reach == over:
		step.Status, step.Reason = contract.StepSkipped, at.why
	case begun || at.reach == live:
		step.Status = v.unended(fact, &step)
		if s.Wait != nil {
			step.Status = Waiting
		}
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
