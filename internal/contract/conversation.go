package contract

import "encoding/json"

// The roles of a Turn.
const (
	RoleAssistant = "assistant" // Text and Calls: what the model has said
	RoleTool      = "tool"      // Results: one for every call of the assistant's turn before
	RoleUser      = "user"      // Text: what the engine says, such as what is wrong with an answer
)

// Turn is one message of a conversation with a model, after the first question.
type Turn struct {
	Role    string       `json:"role"`
	Text    string       `json:"text,omitempty"`
	Calls   []ToolCall   `json:"calls,omitempty"`
	Results []ToolResult `json:"results,omitempty"`
	// Native is the turn in its provider's own form, where that holds more than Text and Calls: signed thoughts, which
	// the provider wants back. Only the provider that wrote it reads it.
	Native json.RawMessage `json:"native,omitempty"`
}

// Tool is an operation that a model may ask for. Asking is a proposal: whoever holds the conversation decides.
type Tool struct {
	Name        string          `json:"name"` // connector.operation
	Description string          `json:"description,omitempty"`
	Input       json.RawMessage `json:"input"` // JSON Schema of an object
}

// ToolCall is what a model asks for. The name may be of no tool that was offered, and the arguments, which are a JSON
// object, need not hold to the tool's schema: both are for the caller to check.
type ToolCall struct {
	ID        string          `json:"id"` // unique in its turn; its result names it
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

// ToolResult is what became of a call: evidence, which is fenced and can be cited by its id, or an error.
type ToolResult struct {
	Call     string   `json:"call"` // id of the ToolCall
	Name     string   `json:"name"`
	Evidence Evidence `json:"evidence,omitzero"`
	Error    string   `json:"error,omitempty"` // instead of evidence: it failed, was denied and why, or may not be called
}

// The reasons for which a model has stopped.
const (
	StopEnd     = "end"     // it has said its answer
	StopTools   = "tools"   // it waits for the results of its calls
	StopLength  = "length"  // it was cut off
	StopRefusal = "refusal" // it, or a filter of its provider, does not want to
	StopPause   = "pause"   // it goes on if its turn is sent back to it
)

// Tried is one provider that was asked for an answer: the one that gave it, one that failed before, or a member of
// a committee.
type Tried struct {
	Provider  string   `json:"provider"`
	Model     string   `json:"model,omitempty"`
	Answered  bool     `json:"answered,omitempty"`
	Verdict   string   `json:"verdict,omitempty"` // of a committee's member
	Kind      string   `json:"kind,omitempty"`    // of soc.Kind, where it did not answer
	Message   string   `json:"message,omitempty"`
	TokensIn  int      `json:"tokens_in,omitempty"`
	TokensOut int      `json:"tokens_out,omitempty"`
	CostUSD   *float64 `json:"cost_usd,omitempty"` // nil is not known
	LatencyMS int64    `json:"latency_ms,omitempty"`
}
