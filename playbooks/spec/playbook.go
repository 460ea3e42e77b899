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
	Clocks  []Schedule
	Inputs  []Input
	Key     *Node
	Overlap string
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

// Schedule is a trigger by the clock.
type Schedule struct {
	Node     *Node
	Cron     *Node
	Timezone *Node // nil is UTC
	Every    plan.Duration
	Inputs   []Entry
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
	Node    *Node
	ID      string
	At      Span // of the id, or of the step's first key where there is none
	Item    Pos  // of the dash before the step, where it has a line of its own; else zero
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
	Repeat   *Repeat
	Wait     *Wait
	Call     *Call
	Model    *Model
	Agent    *Agent
	Approve  *Approve
	Ask      *Ask
	Try      *Try
	Stop     *Stop
}

// Blocks are the blocks of steps inside a step, in the order of the source.
func (s *Step) Blocks() [][]*Step {
	var blocks [][]*Step
	switch {
	case s.Choose != nil:
		for _, b := range s.Choose.Branches {
			blocks = append(blocks, b.Steps)
		}
		blocks = append(blocks, s.Choose.Else)
	case s.Parallel != nil:
		for _, b := range s.Parallel.Branches {
			blocks = append(blocks, b.Steps)
		}
	case s.Foreach != nil:
		blocks = append(blocks, s.Foreach.Steps)
	case s.Repeat != nil:
		blocks = append(blocks, s.Repeat.Steps)
	case s.Try != nil:
		blocks = append(blocks, s.Try.Steps, s.Try.Catch, s.Try.Finally)
	}
	return blocks
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
	Undo       *Undo
}

// Undo is the call that takes an action back, and who decides on it.
type Undo struct {
	Action
	At     Span
	Role   *Node
	Within plan.Duration
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
	AtMost int // 0 where it is not given
	// OnFailure is stop or collect.
	OnFailure string
	Collect   *Node
	Steps     []*Step
}

// Repeat is a loop with a condition. Exactly one of Until and While was given, or it was reported.
type Repeat struct {
	Until, While *Node
	Every        plan.Duration
	AtMost       int
	Steps        []*Step
}

// Wait is time that passes, or an event.
type Wait struct {
	For       plan.Duration
	Until     *Node
	Event     *Event
	Within    plan.Duration
	OnTimeout string
}

// Event is a later alert of one of the sources (none is any) for which the condition holds.
type Event struct {
	Sources []*Node
	When    *Node
}

// Call is another playbook with its inputs.
type Call struct {
	Playbook *Node
	Inputs   []Entry
	Detached bool
}

// Model is a prompt with its evidence and what must come back.
type Model struct {
	Provider string
	Prompt   *Node
	Evidence []*Node
	Returns  *Node // the word verdict, or a mapping: a JSON Schema
	Missing  []*Node
}

// Agent is a goal, what the model may call on its way, and what must come back.
type Agent struct {
	Use         *Node
	Provider    string
	Goal        *Node
	Evidence    []*Node
	Tools       []*Node
	Connections []Entry // by connector
	Returns     *Node   // the word verdict, or a mapping: a JSON Schema
	Missing     []*Node
	MaxTurns    int // 0 where it is left out
	Budget      plan.Budget
	Approval    *ToolApproval
}

// ToolApproval is who decides on the calls of an agent that change the world, and until when.
type ToolApproval struct {
	At           Span
	Role         *Node
	NotRequester bool
	Quorum       int
	Within       plan.Duration
}

// Approve is who decides on what until when.
type Approve struct {
	Title        *Node
	Message      *Node
	Role         *Node
	NotRequester bool
	Quorum       int
	Covers       []*Node
	Edit         []*Node
	Within       plan.Duration
	Remind       plan.Duration
	OnTimeout    string
	EscalateTo   *Node
	Evidence     []*Node
}

// Ask is a form and who fills it in until when.
type Ask struct {
	Approve
	Fields []Field
}

// Field is one field of a form.
type Field struct {
	Name    *Node
	Type    string
	Title   string
	Options []*Node
	From    *Node // an expression that gives the options
	// Required says that the form can't be sent without it.
	Required bool
	Default  *Node
}

// Try is steps, what follows their failure, and what follows in any case.
type Try struct {
	Steps, Catch, Finally []*Step
	HasCatch, HasFinally  bool
}

// Stop is how the run ends.
type Stop struct {
	Status string
	Reason *Node
}
