// Package graph draws a plan: its steps as nodes, what runs after what as edges, blocks as boxes, and which approval
// releases which call. A graph is data for a page that draws it itself, and can be written for Mermaid and Graphviz.
package graph

import (
	"fmt"
	"strconv"
	"strings"

	"picket/playbooks/plan"
)

// Graph is a plan as nodes and edges. Nodes stand in the order of the source, each block before what is in it.
type Graph struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// The kinds of nodes.
const (
	KindStart = "start"
	KindEnd   = "end"
	KindStep  = "step"
	KindBlock = "block" // a box around the nodes whose Parent it is
)

// Node is a step, a block of steps, or an end of the run. Its ID is unique in the graph; that of a step is the step's
// own. All text comes from the playbook as it stands there: whoever shows it escapes it.
type Node struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Step   string `json:"step,omitempty"` // the step that the node is, or is a block of
	Verb   string `json:"verb,omitempty"`
	Title  string `json:"title,omitempty"`
	Detail string `json:"detail,omitempty"` // what the step does: the operation, the playbook, the condition of a loop
	If     string `json:"if,omitempty"`
	Line   int    `json:"line,omitempty"`
	Parent string `json:"parent,omitempty"` // the block that it is in; "" is the playbook
	Effect string `json:"effect,omitempty"` // of an action

	Approvals []string `json:"approvals,omitempty"` // of a consequential action: the steps that release it
	Covers    []string `json:"covers,omitempty"`    // of an approval: the steps that it releases
}

// The kinds of edges.
const (
	EdgeNext     = "next"     // runs after
	EdgeBranch   = "branch"   // one of several ways; the label is its condition or its name
	EdgeBack     = "back"     // the next item or round
	EdgeError    = "error"    // when something failed
	EdgeReleases = "releases" // an approval and what it covers; nothing runs along it
)

// Edge leads from one node to another.
type Edge struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Kind  string `json:"kind"`
	Label string `json:"label,omitempty"`
}

// Of draws a plan.
func Of(p *plan.Plan) *Graph {
	d := &drawer{graph: &Graph{Name: p.Name, Title: p.Title, Nodes: []Node{}, Edges: []Edge{}}, steps: map[string]string{}, used: map[string]bool{}}
	start := d.node(Node{ID: "(start)", Kind: KindStart, Title: triggers(p.Triggers)})
	ends := d.block(p.Steps, "", []exit{{from: start, kind: EdgeNext}})
	d.lead(ends, d.node(Node{ID: "(end)", Kind: KindEnd, Title: "end"}))
	d.releases(p.Steps)
	return d.graph
}

func triggers(list []plan.Trigger) string {
	words := make([]string, len(list))
	for i, t := range list {
		switch {
		case t.Kind == "alert" && t.Source != "":
			words[i] = "alert of " + t.Source
		case t.Kind == "schedule" && t.Cron != "":
			words[i] = strings.TrimSpace("schedule " + t.Cron + " " + t.Timezone)
		case t.Kind == "schedule":
			words[i] = "schedule every " + t.Every.String()
		default:
			words[i] = t.Kind
		}
	}
	return strings.Join(words, ", ")
}

// drawer draws one plan.
type drawer struct {
	graph *Graph
	steps map[string]string // id of a step to that of its node
	used  map[string]bool
}

// exit is a way out of what is drawn, that waits for where it leads.
type exit struct{ from, kind, label string }

// node adds a node and gives its id, which is made unique.
func (d *drawer) node(n Node) string {
	id := n.ID
	for i := 2; d.used[n.ID]; i++ {
		n.ID = id + "#" + strconv.Itoa(i)
	}
	d.used[n.ID] = true
	d.graph.Nodes = append(d.graph.Nodes, n)
	return n.ID
}

func (d *drawer) lead(exits []exit, to string) {
	for _, e := range exits {
		d.graph.Edges = append(d.graph.Edges, Edge{From: e.from, To: to, Kind: e.kind, Label: e.label})
	}
}

// block draws steps that run one after the other, those of a group at once, and gives the ways out of the last.
func (d *drawer) block(steps []plan.Step, parent string, in []exit) []exit {
	for i := 0; i < len(steps); {
		together := 1
		for steps[i].Group != 0 && i+together < len(steps) && steps[i+together].Group == steps[i].Group {
			together++
		}
		var out []exit
		for range together {
			out = append(out, d.step(&steps[i], parent, in)...)
			i++
		}
		in = out
	}
	return in
}

// step draws one step and what is inside, and gives the ways out.
func (d *drawer) step(s *plan.Step, parent string, in []exit) []exit {
	inner := boxes(s)
	if len(inner) > 0 {
		parent = d.node(Node{ID: s.ID + ".block", Kind: KindBlock, Step: s.ID, Verb: s.Verb, Title: s.Title, Line: s.Line, Parent: parent})
	}
	n := Node{ID: s.ID, Kind: KindStep, Step: s.ID, Verb: s.Verb, Title: s.Title, Detail: detail(s), If: s.If, Line: s.Line, Parent: parent}
	if s.Action != nil {
		n.Effect, n.Approvals = s.Action.Effect, s.Action.Approvals
	}
	if s.Approve != nil {
		n.Covers = s.Approve.Covers
	}
	id := d.node(n)
	if _, known := d.steps[s.ID]; !known {
		d.steps[s.ID] = id
	}
	d.lead(in, id)
	switch {
	case s.Choose != nil:
		return d.choose(s, id, parent)
	case s.Parallel != nil:
		var out []exit
		for i, b := range s.Parallel.Branches {
			out = append(out, d.box(s, inner[i], parent, []exit{{id, EdgeBranch, b.Name}})...)
		}
		return orItself(out, id)
	case s.Foreach != nil:
		d.lead(back(d.block(s.Foreach.Steps, parent, []exit{{id, EdgeBranch, "each " + s.Foreach.As}})), id)
	case s.Repeat != nil:
		d.lead(back(d.block(s.Repeat.Steps, parent, []exit{{id, EdgeBranch, "each round"}})), id)
	case s.Try != nil:
		return d.try(s, id, parent)
	case s.Stop != nil:
		if s.If == "" {
			return nil
		}
		return []exit{{id, EdgeNext, "if not"}}
	}
	return []exit{{id, EdgeNext, ""}}
}

func orItself(out []exit, id string) []exit {
	if len(out) == 0 {
		return []exit{{id, EdgeNext, ""}}
	}
	return out
}

func back(exits []exit) []exit {
	for i := range exits {
		exits[i].kind = EdgeBack
	}
	return exits
}

func (d *drawer) choose(s *plan.Step, id, parent string) []exit {
	var out []exit
	inner := boxes(s)
	for i, b := range s.Choose.Branches {
		out = append(out, d.box(s, inner[i], parent, []exit{{id, EdgeBranch, b.When}})...)
	}
	return append(out, d.box(s, inner[len(inner)-1], parent, []exit{{id, EdgeBranch, "else"}})...)
}

func (d *drawer) try(s *plan.Step, id, parent string) []exit {
	inner := boxes(s)
	out := d.box(s, inner[0], parent, []exit{{id, EdgeNext, ""}})
	failed := []exit{{id, EdgeError, "if it fails"}}
	if len(s.Try.Catch) > 0 {
		failed = d.box(s, inner[1], parent, failed)
		out = append(out, failed...)
	} else if len(s.Try.Finally) > 0 {
		out = append(out, failed...)
	}
	return d.box(s, inner[2], parent, out)
}

// box draws a block with a box around it; a block of nothing leads straight on.
func (d *drawer) box(s *plan.Step, b box, parent string, in []exit) []exit {
	if len(b.steps) == 0 {
		return in
	}
	id := d.node(Node{ID: s.ID + "." + b.name, Kind: KindBlock, Step: s.ID, Title: b.title, Parent: parent})
	return d.block(b.steps, id, in)
}

// box is one block of a step.
type box struct {
	name, title string
	steps       []plan.Step
}

// boxes are the blocks of a step; none for a step that has none.
func boxes(s *plan.Step) []box {
	var out []box
	switch {
	case s.Choose != nil:
		for i, b := range s.Choose.Branches {
			out = append(out, box{strconv.Itoa(i + 1), fmt.Sprintf("case %d", i+1), b.Steps})
		}
		out = append(out, box{"else", "else", s.Choose.Else})
	case s.Parallel != nil:
		for i, b := range s.Parallel.Branches {
			out = append(out, box{strconv.Itoa(i + 1), b.Name, b.Steps})
		}
	case s.Foreach != nil:
		out = append(out, box{"each", "each", s.Foreach.Steps})
	case s.Repeat != nil:
		out = append(out, box{"round", "round", s.Repeat.Steps})
	case s.Try != nil:
		out = append(out, box{"try", "try", s.Try.Steps}, box{"catch", "catch", s.Try.Catch}, box{"finally", "finally", s.Try.Finally})
	}
	return out
}

// releases joins approvals to what they cover.
func (d *drawer) releases(steps []plan.Step) {
	plan.Walk(steps, func(s *plan.Step) {
		if s.Approve == nil {
			return
		}
		for _, covered := range s.Approve.Covers {
			if to, ok := d.steps[covered]; ok {
				d.graph.Edges = append(d.graph.Edges, Edge{From: d.steps[s.ID], To: to, Kind: EdgeReleases, Label: "releases"})
			}
		}
	})
}

// detail says in a few words what a step does.
func detail(s *plan.Step) string {
	switch {
	case s.Action != nil:
		return s.Action.Operation
	case s.Parallel != nil:
		return "wait for " + s.Parallel.Wait
	case s.Foreach != nil:
		return s.Foreach.As + " of " + s.Foreach.Items
	case s.Repeat != nil && s.Repeat.Until != "":
		return "until " + s.Repeat.Until
	case s.Repeat != nil:
		return "while " + s.Repeat.While
	case s.Wait != nil && s.Wait.Event != nil:
		return "for an event"
	case s.Wait != nil && s.Wait.Until != nil:
		return "until a time"
	case s.Wait != nil:
		return s.Wait.For.String()
	case s.Call != nil:
		return s.Call.Playbook
	case s.Model != nil:
		return s.Model.Returns
	case s.Agent != nil:
		return fmt.Sprintf("%s with %d tools", s.Agent.Returns, len(s.Agent.Tools))
	case s.Approve != nil:
		return fmt.Sprintf("%s within %s", s.Approve.Role, s.Approve.Within)
	case s.Ask != nil:
		return fmt.Sprintf("%s within %s", s.Ask.Role, s.Ask.Within)
	case s.Stop != nil:
		return s.Stop.Status
	}
	return ""
}
