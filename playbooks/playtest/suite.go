// Package playtest is the language of tests that analysts write for playbooks: NAME.test.yaml beside the playbook. It reads
// such a file with its places kept, compares what was expected with what was, counts coverage, and renders reports. It
// runs nothing: that is internal/playtest's.
package playtest

import (
	"encoding/json"
	"time"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// DefaultStart is the clock of a case that names no time of its own: a Monday morning.
var DefaultStart = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// DefaultAfter is how long people and events of a case take when it does not say.
const DefaultAfter = plan.Duration(60_000)

// Suite is one test file.
type Suite struct {
	File       string
	Playbook   string // name of the playbook, "" for the one beside the file
	PlaybookAt spec.Span
	Cases      []Case
}

// The things that start a run.
const (
	StartAlert    = "alert"
	StartManual   = "manual"
	StartCall     = "call"
	StartSchedule = "schedule"
)

// Case is one run with its surroundings, and what must hold of it.
type Case struct {
	Name    string
	NameAt  spec.Span
	At      time.Time
	Start   string // one of the Start constants
	Alert   *Alert // nil when there is none
	Inputs  json.RawMessage
	By      string
	Mocks   []Mock     // in the order of the file
	Models  []Scripted // by Target: a step's id or path
	Answers []Answer
	Events  []Event
	Calls   []SubRun
	Key     Key
	Shadow  *Shadow
	Cancel  plan.Duration
	Expect  Expect
}

// Place is where something stands in the file, and whether it comes from the file's defaults.
type Place struct {
	At     spec.Span
	Shared bool
}

// Alert is what a case says of an alert: fields of Picket's own form, or a vendor's document that goes through the
// source's adapter, with fields set over what comes out.
type Alert struct {
	Place
	Source  string
	Kind    string          // of the source, where its name is not that of its adapter
	Fixture string          // a file beside the test file
	Body    json.RawMessage // the vendor's document
	Fields  json.RawMessage // of Picket's own form: an object, or nil
}

// Fails is an error that a scripted call ends in.
type Fails struct {
	Kind    string
	Message string
}

// Mock is one answer of an operation.
type Mock struct {
	Place
	Operation string
	With      json.RawMessage // a subset of the arguments; nil fits every call
	Example   bool            // Returns goes over the connector's recorded example
	Returns   json.RawMessage
	Fails     *Fails
	Times     int // how often it answers; 0 is always
}

// Scripted is one answer of a model.
type Scripted struct {
	Place
	Target  string
	Returns json.RawMessage
	Fails   *Fails
	// Of an agent's turn, instead of these: the tools that it wants, with what it says to them.
	Calls []Wanted
	Says  string
}

// Wanted is a call of a tool that a scripted model wants.
type Wanted struct {
	Operation string
	With      json.RawMessage
	At        spec.Span
}

// Answer is what one person does about an approval or a question, or that nobody does anything.
type Answer struct {
	Place
	Target  string
	Timeout bool
	Approve bool // else it denies, unless Values is set
	By      string
	After   plan.Duration // from the first time the step asks
	Reason  string
	Edit    []Edit
	Values  json.RawMessage // of a form
}

// Edit is an argument that the approver changes.
type Edit struct {
	Step, Argument string
	Value          json.RawMessage
	At             spec.Span
}

// Event is an alert that arrives while a step waits for one.
type Event struct {
	Place
	Target string
	After  plan.Duration
	Alert  Alert
}

// SubRun is how a called playbook ends, instead of running it.
type SubRun struct {
	Place
	Target  string
	Status  string
	Reason  string
	Returns json.RawMessage // an object of outputs
}

// Key is what a run's key meets.
type Key struct {
	State string // held | queued | skipped | joined
	Free  plan.Duration
}

// Shadow is the operations whose calls are recorded and not made; none is all.
type Shadow struct{ Operations []string }

// Expect is what must hold. What is not set is not checked.
type Expect struct {
	Starts   bool // the alert must start the playbook; false that it must not
	Status   *Word
	Reason   *Word
	Verdict  *Word
	Ran      []Word
	Skipped  []Word
	Failed   []Word
	Calls    []Call
	Never    []Call
	Shadowed []Call
	Asked    []Asked
	Outputs  []Output
	Took     *Took
	Snapshot bool
}

// Word is a text with its place.
type Word struct {
	Text string
	At   spec.Span
}

// Call is a call that is expected, or ruled out.
type Call struct {
	At        spec.Span
	Operation string // Never: may hold * for any part
	With      json.RawMessage
	Times     int // 0 is once
	Attempts  int // 0 is any number
}

// Asked is an approval or a question that must have been put to people.
type Asked struct {
	At        spec.Span
	Step      string
	Title     string
	Role      string
	Escalated *bool
}

// Output is one output that is expected.
type Output struct {
	At   spec.Span
	Name string
	Want json.RawMessage
}

// Took bounds the time that passed in the run.
type Took struct {
	At              spec.Span
	AtLeast, AtMost plan.Duration // AtMost 0 is no bound
}
