// Package spec reads a playbook's text: YAML with its places kept, and the shape that a document must have. It
// knows which keys there are and what kind of value each takes; names, types and safety are package check's.
package spec

import "picket/playbooks/plan"

// Playbook is a document of the right shape. A node that is nil was not given, or was reported.
type Playbook struct {
	Name    *Node
	Title   string
	Owner   string
	Labels  []string
	Attack  []string
	Alerts  []Alert
	Manual  bool
	Inputs  []Input
	Timeout plan.Duration
	Budget  plan.Budget
	Steps   []*Step
	Outputs []Entry
}

// Alert is a trigger: alerts of these sources (none is any) for which the condition holds.
type Alert struct {
	Sources []*Node
	When    *Node
}

// Input is a declared input.
type Input struct {
	Name     *Node
	Type     string
	Required bool
	Default  *Node
}

// Step is one element with exactly the verb that Verb names.
type Step struct {
	ID      string
	At      Span // of the id, or of the step's first key where there is none
	Line    int
	Title   string
	If      *Node
	Timeout plan.Duration
	Retry   *Retry
	OnError string
	Verb    string
	VerbAt  Span

	Action   *Action
	Set      []Entry
	Choose   *Choose
	Parallel *Parallel
	Foreach  *Foreach
	Model    *Model
	Approve  *Approve
	Stop     *Stop
}

// Retry bounds the attempts of a call.
type Retry struct {
	plan.Retry
	At Span
}

// Action is the operation, its connection and its arguments.
type Action struct {
	Operation  *Node
	Connection *Node
	With       *Node // a mapping, or nil
}

// Choose is the branches in order, and else.
type Choose struct {
	Branches []Branch
	Else     []*Step
	HasElse  bool
}

// Branch is a condition and its steps.
type Branch struct {
	When  *Node
	Steps []*Step
}

// Parallel is the named branches.
type Parallel struct {
	Branches  []Named
	Wait      string
	OnFailure string
}

// Named is a branch with a name.
type Named struct {
	Name  string
	Steps []*Step
}

// Foreach is the list and what is done with each item.
type Foreach struct {
	Items  *Node
	As     string
	AsAt   Span
	AtOnce int
	Steps  []*Step
}

// Model is a prompt with its evidence and what must come back.
type Model struct {
	Provider string
	Prompt   *Node
	Evidence []*Node
	Returns  *Node // the word verdict, or a mapping: a JSON Schema
	Missing  []*Node
}

// Approve is who decides on what until when.
type Approve struct {
	Title        *Node
	Message      *Node
	Role         *Node
	NotRequester bool
	Covers       []*Node
	Within       plan.Duration
	OnTimeout    string
	EscalateTo   *Node
	Evidence     []*Node
}

// Stop is how the run ends.
type Stop struct {
	Status string
	Reason *Node
}
