// Package plan is the compiled form of a playbook: a plain, versioned JSON document that the workflow takes as
// its input and the archive keeps. Verbs and fields are added, never redefined, so that an old plan runs for ever.
package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Version is the version of the plan format written by this compiler.
const Version = 1

// What a plan can hold at most.
const (
	MaxItems  = 10_000 // items of a foreach
	MaxRounds = 10_000 // rounds of a repeat
)

// Plan is one compiled playbook.
type Plan struct {
	Version  int       `json:"version"`
	Name     string    `json:"name"`
	Title    string    `json:"title,omitempty"`
	Owner    string    `json:"owner"`
	Labels   []string  `json:"labels,omitempty"`
	Attack   []string  `json:"attack,omitempty"`
	Source   string    `json:"source"` // SHA-256 of the playbook's text, hex
	Triggers []Trigger `json:"triggers"`
	Inputs   []Input   `json:"inputs,omitempty"`
	Key      *Value    `json:"key,omitempty"`     // at most one run at a time for a key; null or "" is no key
	Overlap  string    `json:"overlap,omitempty"` // queue | skip | join | cancel_running; set exactly when Key is
	Timeout  Duration  `json:"timeout,omitempty"` // of the whole run
	Budget   Budget    `json:"budget,omitzero"`
	Cost     *Cost     `json:"cost,omitempty"`
	Steps    []Step    `json:"steps"`
	Outputs  []Field   `json:"outputs,omitempty"`
}

// Cost bounds from above what one run does, retries not counted, called playbooks counted. Unbounded names the steps
// for which no bound is known; what they do in one round is counted once.
type Cost struct {
	Calls     int      `json:"calls"`  // of operations
	Models    int      `json:"models"` // calls of language models
	Unbounded []string `json:"unbounded,omitempty"`
}

// Digest is the plan's content address: SHA-256 over its JSON, hex.
func (p *Plan) Digest() string {
	text, err := p.Encode()
	if err != nil {
		panic("plan: " + err.Error()) // only strings, numbers and valid raw JSON: cannot fail
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Encode is the plan's one canonical text: compact JSON in field order, no HTML escaping, no final newline.
func (p *Plan) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// Duration is a length of time in milliseconds.
type Duration int64

// Trigger starts a run.
type Trigger struct {
	Kind     string  `json:"kind"`               // alert | manual | schedule
	Source   string  `json:"source,omitempty"`   // alert: the hook's source; "" is any
	When     string  `json:"when,omitempty"`     // alert: an expression over `alert`
	Cron     string  `json:"cron,omitempty"`     // schedule: five fields, as in crontab(5)
	Timezone string  `json:"timezone,omitempty"` // schedule: a name of the IANA time zone database
	Inputs   []Field `json:"inputs,omitempty"`   // schedule: literals

	Every Duration `json:"every,omitempty"` // schedule: set where Cron is not
}

// Input is a declared input of the playbook.
type Input struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // string | number | integer | boolean | array | object
	Required bool   `json:"required,omitempty"`
	Default  *Value `json:"default,omitempty"`
}

// The ways in which a run meets another one with its key.
const (
	OverlapQueue         = "queue"
	OverlapSkip          = "skip"
	OverlapJoin          = "join"
	OverlapCancelRunning = "cancel_running"
)

// Budget bounds what a run may spend on models; zero is unbounded.
type Budget struct {
	ModelTokens  int     `json:"model_tokens,omitempty"`
	ModelCostUSD float64 `json:"model_cost_usd,omitempty"`
}

// The verbs.
const (
	VerbAction   = "action"
	VerbSet      = "set"
	VerbChoose   = "choose"
	VerbParallel = "parallel"
	VerbForeach  = "foreach"
	VerbRepeat   = "repeat"
	VerbWait     = "wait"
	VerbCall     = "call"
	VerbModel    = "model"
	VerbAgent    = "agent"
	VerbApprove  = "approve"
	VerbAsk      = "ask"
	VerbTry      = "try"
	VerbStop     = "stop"
)

// Step is one element of a playbook. Exactly the field that Verb names is set.
type Step struct {
	ID      string   `json:"id"`
	Title   string   `json:"title,omitempty"`
	Line    int      `json:"line"`
	Verb    string   `json:"verb"`
	If      string   `json:"if,omitempty"` // expression; false skips the step
	Timeout Duration `json:"timeout,omitempty"`
	Retry   *Retry   `json:"retry,omitempty"`
	OnError string   `json:"on_error,omitempty"` // fail (default, "") | continue | undo
	Group   int      `json:"group,omitempty"`
	// Group is set on reads that stand side by side and do not depend on each other: neighbours with the same number
	// run at once. The first of them that fails, in the order of the source, is the one that fails the block.

	Action   *Action   `json:"action,omitempty"`
	Set      []Field   `json:"set,omitempty"`
	Choose   *Choose   `json:"choose,omitempty"`
	Parallel *Parallel `json:"parallel,omitempty"`
	Foreach  *Foreach  `json:"foreach,omitempty"`
	Repeat   *Repeat   `json:"repeat,omitempty"`
	Wait     *Wait     `json:"wait,omitempty"`
	Call     *Call     `json:"call,omitempty"`
	Model    *Model    `json:"model,omitempty"`
	Agent    *Agent    `json:"agent,omitempty"`
	Approve  *Approve  `json:"approve,omitempty"`
	Ask      *Ask      `json:"ask,omitempty"`
	Try      *Try      `json:"try,omitempty"`
	Stop     *Stop     `json:"stop,omitempty"`
}

// Retry bounds the attempts of one step's call.
type Retry struct {
	Attempts int      `json:"attempts"` // in all, the first included
	Backoff  Duration `json:"backoff"`  // before the second attempt; doubles
}

// The effects an operation can have.
const (
	EffectRead          = "read"
	EffectWrite         = "write"
	EffectConsequential = "consequential"
)

// Action calls one operation of a connector.
type Action struct {
	Operation  string   `json:"operation"`            // connector.operation
	Connection string   `json:"connection,omitempty"` // "" is the connector's default connection
	Effect     string   `json:"effect"`
	Local      bool     `json:"local,omitempty"` // short and safe to repeat: runs as a local activity
	With       Value    `json:"with"`            // an object
	Approvals  []string `json:"approvals,omitempty"`
	// Approvals names the approve steps that cover this one; set exactly when Effect is consequential.
	// Every path to the step passes an approval by one of them.
	Origins []Origin `json:"origins,omitempty"`
	Undo    *Undo    `json:"undo,omitempty"`
}

// Undo is the call that takes an action back. Its arguments are computed when the action has ended.
type Undo struct {
	Operation  string   `json:"operation"`
	Connection string   `json:"connection,omitempty"`
	Effect     string   `json:"effect"`
	With       Value    `json:"with"`
	Timeout    Duration `json:"timeout,omitempty"`
	Origins    []Origin `json:"origins,omitempty"`
	Role       string   `json:"role,omitempty"`   // who decides on it; set exactly when Effect is consequential
	Within     Duration `json:"within,omitempty"` // likewise
}

// Origin tells where an argument's value comes from and whether an attacker can have written it.
type Origin struct {
	Argument  string   `json:"argument"`
	From      string   `json:"from"`
	Untrusted bool     `json:"untrusted,omitempty"`
	Labels    []string `json:"labels,omitempty"` // who can have written it: see the labels of package check
}

// Choose runs the first branch whose condition holds, else Else.
type Choose struct {
	Branches []Branch `json:"branches"`
	Else     []Step   `json:"else,omitempty"`
}

// Branch is one condition and its steps.
type Branch struct {
	When  string `json:"when"`
	Steps []Step `json:"steps"`
}

// Parallel runs named branches at once.
type Parallel struct {
	Branches  []Named `json:"branches"`
	Wait      string  `json:"wait"`       // all | any
	OnFailure string  `json:"on_failure"` // stop | collect
}

// Named is a branch with a name.
type Named struct {
	Name  string `json:"name"`
	Steps []Step `json:"steps"`
}

// Foreach runs its steps for each item of a list. The step's output is a list, one element an item, in order: what
// Collect gives for it, or an object of the inner steps' outputs by id.
type Foreach struct {
	Items     string `json:"items"` // expression that gives a list
	As        string `json:"as"`    // name of the item in expressions; "item" unless said
	AtOnce    int    `json:"at_once"`
	AtMost    int    `json:"at_most,omitempty"`    // more items are an error; 0 is the interpreter's own bound
	Batch     int    `json:"batch,omitempty"`      // longer lists run in child workflows of so many items; 0 never
	OnFailure string `json:"on_failure,omitempty"` // stop (default, "") | collect
	Collect   *Value `json:"collect,omitempty"`
	Discard   bool   `json:"discard,omitempty"` // nothing refers to the output: it is null
	Steps     []Step `json:"steps"`
}

// Repeat runs its steps until or while a condition holds, at most AtMost times. Exactly one of Until and While is set:
// Until is evaluated after each round, While before each.
type Repeat struct {
	Until  string   `json:"until,omitempty"`
	While  string   `json:"while,omitempty"`
	Every  Duration `json:"every,omitempty"` // between the end of a round and the next
	AtMost int      `json:"at_most"`
	Batch  int      `json:"batch,omitempty"` // more rounds than this run in a child workflow; 0 never
	Steps  []Step   `json:"steps"`
}

// Wait lets time pass, or waits for an event. Exactly one of For, Until and Event is set.
type Wait struct {
	For       Duration `json:"for,omitempty"`
	Until     *Value   `json:"until,omitempty"` // a time
	Event     *Event   `json:"event,omitempty"`
	Within    Duration `json:"within,omitempty"`     // Event only
	OnTimeout string   `json:"on_timeout,omitempty"` // Event only: fail | continue
}

// Event is a later alert.
type Event struct {
	Sources []string `json:"sources,omitempty"` // none is any
	When    string   `json:"when,omitempty"`    // over `event` and what is known where the step stands
	Uses    []string `json:"uses,omitempty"`    // the roots and steps that When names: "alert", "steps.geo"; sorted
}

// Call runs another playbook. The plan is the one that Digest names, whatever has become of the playbook since.
type Call struct {
	Playbook string  `json:"playbook"`
	Digest   string  `json:"digest"`
	Inputs   []Field `json:"inputs,omitempty"`
	Detached bool    `json:"detached,omitempty"`
}

// Model is one call of a language model.
type Model struct {
	Provider string          `json:"provider,omitempty"` // "" is the workspace's default
	Prompt   Value           `json:"prompt"`
	Evidence []Evidence      `json:"evidence"`
	Returns  string          `json:"returns"`          // "verdict" or "schema"
	Schema   json.RawMessage `json:"schema,omitempty"` // JSON Schema, when Returns is "schema"
	Missing  []string        `json:"missing,omitempty"`
}

// Evidence is a fact shown to the model. ID is a step's id, or "alert", or "evidence[N]".
type Evidence struct {
	ID        string `json:"id"`
	Value     Value  `json:"value"`
	Untrusted bool   `json:"untrusted,omitempty"`

	Labels []string `json:"labels,omitempty"`
}

// Agent lets a language model work towards a goal. In each turn it calls some of its tools or answers; it is asked again
// until it answers or a bound is reached. A tool that changes the world waits for a decision on the exact call.
type Agent struct {
	Use          string          `json:"use,omitempty"`          // the agent file that it comes from
	Digest       string          `json:"digest,omitempty"`       // of that file's text: SHA-256 in hex
	Instructions string          `json:"instructions,omitempty"` // of that file; for the system prompt
	Provider     string          `json:"provider,omitempty"`     // "" is the workspace's default
	Goal         Value           `json:"goal"`
	Evidence     []Evidence      `json:"evidence"`
	Returns      string          `json:"returns"`          // "verdict" or "schema"
	Schema       json.RawMessage `json:"schema,omitempty"` // JSON Schema, when Returns is "schema"
	Missing      []string        `json:"missing,omitempty"`
	Tools        []Tool          `json:"tools"`
	MaxTurns     int             `json:"max_turns"`
	Budget       Budget          `json:"budget,omitzero"` // of this step; the run's own counts as well
	// Who decides on calls of consequential tools, and until when; set exactly when there are such tools.
	Role         string   `json:"role,omitempty"`
	NotRequester bool     `json:"not_requester,omitempty"`
	Quorum       int      `json:"quorum,omitempty"`
	Within       Duration `json:"within,omitempty"`
}

// MaxToolCalls bounds the tools that an agent may call in one turn.
const MaxToolCalls = 8

// Tool is an operation that an agent may call.
type Tool struct {
	Operation  string          `json:"operation"`
	Connection string          `json:"connection,omitempty"`
	Effect     string          `json:"effect"`
	Title      string          `json:"title,omitempty"`
	Input      json.RawMessage `json:"input,omitempty"` // JSON Schema of the arguments
	Timeout    Duration        `json:"timeout,omitempty"`
	Untrusted  bool            `json:"untrusted,omitempty"` // the answer may hold text that an attacker wrote
}

// Approve asks people for a decision that releases the covered steps.
type Approve struct {
	Title        Value    `json:"title"`
	Message      *Value   `json:"message,omitempty"`
	Role         string   `json:"role"`
	NotRequester bool     `json:"not_requester,omitempty"`
	Covers       []string `json:"covers"`
	Each         []Each   `json:"each,omitempty"` // those covered steps that stand in a later foreach
	Within       Duration `json:"within"`
	OnTimeout    string   `json:"on_timeout"` // deny | escalate
	EscalateTo   string   `json:"escalate_to,omitempty"`
	Evidence     []string `json:"evidence,omitempty"` // step ids whose outputs the approver is shown
	Quorum       int      `json:"quorum,omitempty"`   // how many different people must say yes; 0 is one
	Remind       Duration `json:"remind,omitempty"`   // between reminders while nobody has decided
	Edit         []Edit   `json:"edit,omitempty"`     // what the approver may change
	OnDeny       string   `json:"on_deny,omitempty"`  // continue: a no releases nothing and the run goes on; "" ends it
}

// Each is a covered step in a foreach: the approval is for the calls of all its items.
type Each struct {
	Step    string `json:"step"`
	Foreach string `json:"foreach"`
}

// Edit is an argument of a covered step that the approver may change. Schema is the argument's JSON Schema.
type Edit struct {
	Step     string          `json:"step"`
	Argument string          `json:"argument"`
	Schema   json.RawMessage `json:"schema,omitempty"`
}

// Ask lets a person fill in a form.
type Ask struct {
	Title        Value       `json:"title"`
	Message      *Value      `json:"message,omitempty"`
	Role         string      `json:"role"`
	NotRequester bool        `json:"not_requester,omitempty"`
	Fields       []FormField `json:"fields"`
	Within       Duration    `json:"within"`
	OnTimeout    string      `json:"on_timeout"` // fail | continue | escalate
	EscalateTo   string      `json:"escalate_to,omitempty"`
	Remind       Duration    `json:"remind,omitempty"`
	Evidence     []string    `json:"evidence,omitempty"`
}

// FormField is one field of a form.
type FormField struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"` // text | number | boolean | choice | choices | date
	Title    string          `json:"title,omitempty"`
	Options  []string        `json:"options,omitempty"` // choice and choices only
	From     *Value          `json:"from,omitempty"`    // computes the options when the form is sent
	Required bool            `json:"required,omitempty"`
	Default  json.RawMessage `json:"default,omitempty"`
}

// Try runs Steps; Catch if one of them failed; Finally in any case, also when the run stops or is cancelled.
type Try struct {
	Steps   []Step `json:"steps"`
	Catch   []Step `json:"catch,omitempty"`
	Finally []Step `json:"finally,omitempty"`
}

// Stop ends the run.
type Stop struct {
	Status string `json:"status"` // completed | failed
	Reason *Value `json:"reason,omitempty"`
}

// Field is a named value; order is the source's.
type Field struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
}

// Value is a JSON value in which some parts are computed. Exactly one field is set.
type Value struct {
	Literal json.RawMessage `json:"lit,omitempty"`
	Expr    string          `json:"expr,omitempty"` // its result, typed
	Text    []Part          `json:"text,omitempty"` // parts rendered and joined
	List    []Value         `json:"list,omitempty"`
	Object  []Field         `json:"object,omitempty"`
}

// Part is a piece of text, fixed or computed.
type Part struct {
	Text string `json:"text,omitempty"`
	Expr string `json:"expr,omitempty"`
}

// Blocks are the blocks of steps inside a step, in the order of the source.
func (s *Step) Blocks() [][]Step {
	var blocks [][]Step
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

// Walk visits every step of a block and of the blocks inside it, in the order of the source.
func Walk(block []Step, visit func(*Step)) {
	for i := range block {
		visit(&block[i])
		for _, inner := range block[i].Blocks() {
			Walk(inner, visit)
		}
	}
}
