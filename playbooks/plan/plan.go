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
	Timeout  Duration  `json:"timeout,omitempty"` // of the whole run
	Budget   Budget    `json:"budget,omitzero"`
	Steps    []Step    `json:"steps"`
	Outputs  []Field   `json:"outputs,omitempty"`
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
	Kind   string `json:"kind"`             // alert | manual
	Source string `json:"source,omitempty"` // alert: the hook's source; "" is any
	When   string `json:"when,omitempty"`   // alert: an expression over `alert`
}

// Input is a declared input of the playbook.
type Input struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // string | number | integer | boolean | array | object
	Required bool   `json:"required,omitempty"`
	Default  *Value `json:"default,omitempty"`
}

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
	VerbModel    = "model"
	VerbApprove  = "approve"
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
	OnError string   `json:"on_error,omitempty"` // fail (default, "") | continue

	Action   *Action   `json:"action,omitempty"`
	Set      []Field   `json:"set,omitempty"`
	Choose   *Choose   `json:"choose,omitempty"`
	Parallel *Parallel `json:"parallel,omitempty"`
	Foreach  *Foreach  `json:"foreach,omitempty"`
	Model    *Model    `json:"model,omitempty"`
	Approve  *Approve  `json:"approve,omitempty"`
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
}

// Origin tells where an argument's value comes from and whether an attacker can have written it.
type Origin struct {
	Argument  string `json:"argument"`
	From      string `json:"from"`
	Untrusted bool   `json:"untrusted,omitempty"`
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

// Foreach runs its steps for each item of a list. The step's output is a list, one element an item, in order:
// an object of the inner steps' outputs by id.
type Foreach struct {
	Items  string `json:"items"` // expression that gives a list
	As     string `json:"as"`    // name of the item in expressions; "item" unless said
	AtOnce int    `json:"at_once"`
	Steps  []Step `json:"steps"`
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
}

// Approve asks people for a decision that releases the covered steps.
type Approve struct {
	Title        Value    `json:"title"`
	Message      *Value   `json:"message,omitempty"`
	Role         string   `json:"role"`
	NotRequester bool     `json:"not_requester,omitempty"`
	Covers       []string `json:"covers"`
	Within       Duration `json:"within"`
	OnTimeout    string   `json:"on_timeout"` // deny | escalate
	EscalateTo   string   `json:"escalate_to,omitempty"`
	Evidence     []string `json:"evidence,omitempty"` // step ids whose outputs the approver is shown
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
