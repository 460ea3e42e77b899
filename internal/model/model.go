// Package model asks language models for verdicts and other structured answers, and checks what they say. A model
// proposes: what it writes is data, its citations are resolved against the evidence, and what does not hold is dropped.
package model

import (
	"context"
	"encoding/json"
	"time"

	"picket/internal/soc"
)

// Provider answers one request. Complete may be called from several goroutines; it does not retry.
type Provider interface {
	Name() string
	Complete(ctx context.Context, req Request) (Response, error)
}

// What a request may ask for.
const (
	ReturnsVerdict = "verdict" // the built-in schema of soc.Verdict; goes through CompleteVerdict
	ReturnsSchema  = "schema"  // Request.Schema, a JSON Schema
)

// Request is a question with its evidence. Prompt is the playbook author's, and may hold text from an alert; System is for
// text of our own only, because it stands among the instructions.
type Request struct {
	System    string
	Prompt    string
	Evidence  []soc.Evidence
	Schema    json.RawMessage // for ReturnsSchema
	Returns   string
	MaxTokens int // of the answer; 0 for the provider's default
	Severity  soc.Severity
	Missing   []string // evidence that the playbook asked for and that is not there
}

// Response is an answer. On an error it holds what is known, so that the ledger has it: the request that was sent, and an
// answer that was no good.
type Response struct {
	Text         string          // exactly as received
	Output       json.RawMessage // the JSON document in it
	Model        string
	TokensIn     int
	TokensOut    int
	CostUSD      float64
	Request      json.RawMessage // exactly as sent, without the key
	System       string          // the instructions as assembled
	Prompt       string          // the question and the fenced evidence as assembled
	PromptDigest string          // SHA-256, hex, over System and Prompt
}

// CallError is a provider that did not answer. RetryAfter is what it asked to wait, 0 if it did not say. A *soc.Error is in
// its chain.
type CallError struct {
	Status     int // HTTP status, 0 if there was none
	RetryAfter time.Duration
	cause      *soc.Error
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

func badOutput(format string, args ...any) *OutputError {
	problem := soc.Errorf(soc.Invalid, format, args...)
	return &OutputError{Problem: problem.Message, cause: soc.Errorf(soc.Invalid, "the model's answer is not usable: %s", problem.Message)}
}
