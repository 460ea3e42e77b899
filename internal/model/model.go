// Package model asks language models for verdicts and other structured answers, and checks what they say. A model
// proposes: what it writes is data, its citations are resolved against the evidence, and what does not hold is dropped.
package model

import (
	"context"
	"encoding/json"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
)

// Provider answers one request. Complete may be called from several goroutines; it does not retry. What may be repeated is
// a *CallError of kind Unavailable; an answer that is no good is an *OutputError; a refusal is a *RefusalError; whatever
// else is wrong is of another kind and is not repeated.
type Provider interface {
	Name() string
	Complete(ctx context.Context, req Request) (Response, error)
}

// The providers that cost nothing.
const (
	NameBuiltin  = "builtin"
	NameRecorded = "recorded"
)

// What a request may ask for.
const (
	ReturnsVerdict = "verdict" // the built-in schema of soc.Verdict; goes through CompleteVerdict
	ReturnsSchema  = "schema"  // Request.Schema, a JSON Schema
)

// The parts of a conversation, which cross between workflow and activity.
type (
	Turn       = contract.Turn
	Tool       = contract.Tool
	ToolCall   = contract.ToolCall
	ToolResult = contract.ToolResult
	Tried      = contract.Tried
)

// Request is a question with its evidence, and the whole of the conversation that followed: providers keep nothing between
// two requests. Prompt is the playbook author's, and may hold text from an alert; System is for text of our own only,
// because it stands among the instructions.
type Request struct {
	System      string
	Prompt      string
	Evidence    []soc.Evidence
	Schema      json.RawMessage // for ReturnsSchema
	Returns     string
	Severity    soc.Severity
	Missing     []string // evidence that the playbook asked for and that is not there
	Turns       []Turn   // after the question, oldest first
	Tools       []Tool   // what may be asked for; empty is an answer at once
	Model       string   // instead of the provider's own
	MaxTokens   int      // of the answer; 0 for the provider's default
	Temperature *float64 // nil is the provider's default, which is 0 where the model takes one
}

// Response is an answer: calls of tools, or an output. On an error it holds what is known, so that the ledger has it: the
// request that was sent, and an answer that was no good.
type Response struct {
	Text         string          // as received, put together where it came in pieces
	Output       json.RawMessage // the JSON document in it; nil while there are ToolCalls
	ToolCalls    []ToolCall      // in the order in which they were asked for
	Stop         string          // contract.StopEnd and others
	Native       json.RawMessage // see Turn.Native
	Provider     string          // who answered, where a chain or a committee was asked; "" is the provider itself
	Model        string
	TokensIn     int // with what was read from or written to a cache
	TokensOut    int // with what the model thought
	CostUSD      float64
	NoPrice      bool            // the cost is not known, because no price is configured; CostUSD has what is known of it
	Request      json.RawMessage // exactly as sent, without the key
	System       string          // the instructions as assembled
	Prompt       string          // the question and the fenced evidence as assembled
	PromptDigest string          // SHA-256, hex, over System and Prompt
	Tried        []Tried         // by a chain or a committee
}

// Reply is the answer as the next request's Turns hold it.
func (r Response) Reply() Turn {
	return Turn{Role: contract.RoleAssistant, Text: r.Text, Calls: r.ToolCalls, Native: r.Native}
}

// CallError is a provider that did not answer. RetryAfter is what it asked to wait, 0 if it did not say. A *soc.Error is in
// its chain.
type CallError struct {
	Status     int // HTTP status, 0 if there was none
	RetryAfter time.Duration
	cause      *soc.Error
	param      string // which part of the request it did not take, and what it said of that
	said       string
}

func (e *CallError) Error() string { return e.cause.Error() }

func (e *CallError) Unwrap() error { return e.cause }

// OutputError is an answer that does not hold to what was asked: no JSON, not the schema, cut off. Asking again may
// help, unlike with any other error of kind Invalid, which is in its chain.
type OutputError struct {
	Problem string // fit to be shown to the model in a repair turn
	cause   *soc.Error
}

func (e *OutputError) Error() string { return e.cause.Error() }

func (e *OutputError) Unwrap() error { return e.cause }

// RefusalError is a model, or a filter of its provider, that does not want to answer. It is of kind Invalid; another
// attempt, or another model, is not asked.
type RefusalError struct {
	why   string
	cause *soc.Error
}

func (e *RefusalError) Error() string { return e.cause.Error() }

func (e *RefusalError) Unwrap() error { return e.cause }

func refusal(provider, why string) *RefusalError {
	why = cut(why, 300)
	return &RefusalError{why: why, cause: soc.Errorf(soc.Invalid, "%s refused to answer (%s)", provider, why)}
}

func badOutput(format string, args ...any) *OutputError {
	problem := soc.Errorf(soc.Invalid, format, args...)
	return &OutputError{Problem: problem.Message, cause: soc.Errorf(soc.Invalid, "the model's answer is not usable: %s", problem.Message)}
}
