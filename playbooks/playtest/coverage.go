package playtest

import (
	"encoding/json"
	"fmt"
	"strconv"

	"picket/playbooks/plan"
)

// Step is how one step of a run ended.
type Step struct {
	Playbook string `json:"playbook"`
	Path     string `json:"path"` // "contain", "each[2]/look", and below a called playbook "sub/contain"
	ID       string `json:"id"`
	Verb     string `json:"verb"`
	Title    string `json:"title,omitempty"`
	Status   string `json:"status"`
	Reason   string `json:"reason,omitempty"`
	Error    string `json:"error,omitempty"`
	At       int64  `json:"at_ms"`   // since the start of the run
	Took     int64  `json:"took_ms"` // of skipped time
	// Output is what later steps see of it. A run that makes much leaves out what comes late, and says so.
	Output  json.RawMessage `json:"output,omitempty"`
	LeftOut bool            `json:"left_out,omitempty"`
	// What coverage needs beside the status.
	Branch  string `json:"branch,omitempty"`  // of a choose: "1", "2", ... or "else"
	Outcome string `json:"outcome,omitempty"` // approved | denied | expired; answered; matched
	Raised  bool   `json:"escalated,omitempty"`
	Caught  bool   `json:"caught,omitempty"`
	Undone  bool   `json:"undone,omitempty"`
}

// The kinds of points that coverage counts.
const (
	PointStep   = "step"
	PointBranch = "branch"
)

// Point is one thing of a playbook that tests can reach.
type Point struct {
	Kind string `json:"kind"`
	Step string `json:"step"`
	Line int    `json:"line"`
	What string `json:"what"` // "runs", "is skipped by its if", "else", "is denied", ...
	Hits int    `json:"hits"`
}

// Coverage is how much of one playbook the tests have reached.
type Coverage struct {
	Playbook string  `json:"playbook"`
	File     string  `json:"file"`
	Points   []Point `json:"points"`
	Figures
	seen map[string]int // index of Points by step and What
}

// Figures are the counts of a coverage, or of several.
type Figures struct {
	Steps           int     `json:"steps"`
	StepsReached    int     `json:"steps_reached"`
	Branches        int     `json:"branches"`
	BranchesReached int     `json:"branches_reached"`
	Percent         float64 `json:"percent"` // of steps and branches
}

// What can happen at a point.
const (
	whatRuns      = "runs"
	whatSkipped   = "is skipped by its if"
	whatElse      = "else"
	whatNone      = "no branch holds"
	whatPast      = "fails and is gone past"
	whatUndo      = "fails and has the steps before undone"
	whatApproved  = "is approved"
	whatDenied    = "is denied"
	whatExpired   = "expires"
	whatEscalated = "is escalated"
	whatAnswered  = "is answered"
	whatMatched   = "its event comes"
	whatCatch     = "catches an error"
	whatUndone    = "is undone"
)

// NewCoverage lists the points of a plan, none of them reached yet.
func NewCoverage(file string, p *plan.Plan) *Coverage {
	c := &Coverage{Playbook: p.Name, File: file, seen: map[string]int{}}
	undoes := false // else only people take back, after the run
	plan.Walk(p.Steps, func(s *plan.Step) { undoes = undoes || s.OnError == "undo" })
	plan.Walk(p.Steps, func(s *plan.Step) {
		c.point(PointStep, s, whatRuns)
		if s.If != "" {
			c.point(PointBranch, s, whatSkipped)
		}
		switch s.OnError {
		case "continue":
			c.point(PointBranch, s, whatPast)
		case "undo":
			c.point(PointBranch, s, whatUndo)
		}
		switch {
		case s.Choose != nil:
			for i := range s.Choose.Branches {
				c.point(PointBranch, s, branch(i+1))
			}
			if len(s.Choose.Else) > 0 {
				c.point(PointBranch, s, whatElse)
			} else {
				c.point(PointBranch, s, whatNone)
			}
		case s.Approve != nil:
			c.point(PointBranch, s, whatApproved)
			c.point(PointBranch, s, whatDenied)
			c.point(PointBranch, s, whatExpired)
			if s.Approve.EscalateTo != "" {
				c.point(PointBranch, s, whatEscalated)
			}
		case s.Ask != nil:
			c.point(PointBranch, s, whatAnswered)
			c.point(PointBranch, s, whatExpired)
			if s.Ask.EscalateTo != "" {
				c.point(PointBranch, s, whatEscalated)
			}
		case s.Wait != nil && s.Wait.Event != nil:
			c.point(PointBranch, s, whatMatched)
			c.point(PointBranch, s, whatExpired)
		case s.Try != nil && len(s.Try.Catch) > 0:
			c.point(PointBranch, s, whatCatch)
		case s.Action != nil && s.Action.Undo != nil && undoes:
			c.point(PointBranch, s, whatUndone)
		}
	})
	c.count()
	return c
}

func branch(number int) string { return fmt.Sprintf("branch %d", number) }

func (c *Coverage) point(kind string, s *plan.Step, what string) {
	c.seen[s.ID+"\n"+what] = len(c.Points)
	c.Points = append(c.Points, Point{Kind: kind, Step: s.ID, Line: s.Line, What: what})
}

func (c *Coverage) hit(step, what string) {
	if i, ok := c.seen[step+"\n"+what]; ok {
		c.Points[i].Hits++
	}
}

// Add counts the points that the steps of a run have reached. Steps of other playbooks are passed over.
func (c *Coverage) Add(steps []Step) {
	for _, s := range steps {
		if s.Playbook != c.Playbook {
			continue
		}
		if s.Status == "skipped" {
			c.hit(s.ID, whatSkipped)
			continue
		}
		c.hit(s.ID, whatRuns)
		if s.Status == "failed" || s.Status == "unknown" {
			c.hit(s.ID, whatPast)
			c.hit(s.ID, whatUndo)
		}
		if number, err := strconv.Atoi(s.Branch); err == nil {
			c.hit(s.ID, branch(number))
		} else if s.Branch != "" {
			c.hit(s.ID, whatElse)
			c.hit(s.ID, whatNone)
		}
		switch s.Outcome {
		case "approved":
			c.hit(s.ID, whatApproved)
		case "denied":
			c.hit(s.ID, whatDenied)
		case "expired":
			c.hit(s.ID, whatExpired)
		case "answered":
			c.hit(s.ID, whatAnswered)
		case "matched":
			c.hit(s.ID, whatMatched)
		}
		if s.Raised {
			c.hit(s.ID, whatEscalated)
		}
		if s.Caught {
			c.hit(s.ID, whatCatch)
		}
		if s.Undone {
			c.hit(s.ID, whatUndone)
		}
	}
	c.count()
}

func (c *Coverage) count() {
	c.Figures = Figures{}
	for _, p := range c.Points {
		reached := 0
		if p.Hits > 0 {
			reached = 1
		}
		if p.Kind == PointStep {
			c.Steps++
			c.StepsReached += reached
		} else {
			c.Branches++
			c.BranchesReached += reached
		}
	}
	c.Percent = percent(c.Figures)
}

// percent is the share of what was reached, 100 where there is nothing to reach.
func percent(f Figures) float64 {
	all := f.Steps + f.Branches
	if all == 0 {
		return 100
	}
	return float64(1000*(f.StepsReached+f.BranchesReached)/all) / 10
}

// Missed are the points that nothing has reached, in the order of the source.
func (c *Coverage) Missed() []Point {
	var missed []Point
	for _, p := range c.Points {
		if p.Hits == 0 {
			missed = append(missed, p)
		}
	}
	return missed
}

// Total adds the figures of several playbooks.
func Total(all []*Coverage) Figures {
	var f Figures
	for _, c := range all {
		f.Steps += c.Steps
		f.StepsReached += c.StepsReached
		f.Branches += c.Branches
		f.BranchesReached += c.BranchesReached
	}
	f.Percent = percent(f)
	return f
}
