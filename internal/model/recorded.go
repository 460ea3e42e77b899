package model

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"picket/internal/contract"
	"picket/internal/soc"
)

const (
	transcriptVersion = 1
	maxTranscript     = 16 << 20 // bytes: a conversation at its bound, with room for its envelope
)

// asked is a request as every provider is asked it. A transcript is found by its digest.
type asked struct {
	System  string          `json:"system"`
	Prompt  string          `json:"prompt"`
	Returns string          `json:"returns"`
	Schema  json.RawMessage `json:"schema,omitempty"`
	Turns   []Turn          `json:"turns,omitempty"` // without the form of any provider
	Tools   []Tool          `json:"tools,omitempty"`
	Model   string          `json:"model,omitempty"`
}

// transcript is a file: what was asked and what was said.
type transcript struct {
	Version   int             `json:"version"`
	Provider  string          `json:"provider"`
	Request   asked           `json:"request"`
	Text      string          `json:"text"`
	Output    json.RawMessage `json:"output,omitempty"`
	Calls     []ToolCall      `json:"calls,omitempty"`
	Stop      string          `json:"stop,omitempty"`
	Model     string          `json:"model"`
	TokensIn  int             `json:"tokens_in"`
	TokensOut int             `json:"tokens_out"`
	CostUSD   float64         `json:"cost_usd"`
	NoPrice   bool            `json:"no_price,omitempty"`
	Problem   string          `json:"problem,omitempty"` // of an answer that was no good
	Refusal   string          `json:"refusal,omitempty"`
}

// RequestDigest identifies a request whatever provider is asked: SHA-256, hex, over its instructions, question, conversation,
// tools, schema and chosen model, in canonical JSON.
func RequestDigest(req Request) (string, error) {
	_, digest, _, err := askedOf(req)
	return digest, err
}

func askedOf(req Request) (asked, string, assembled, error) {
	sent, err := assemble(req)
	if err != nil {
		return asked{}, "", sent, err
	}
	a := asked{System: sent.system, Prompt: sent.prompt, Returns: req.Returns, Schema: req.Schema, Tools: req.Tools, Model: req.Model}
	if a.Returns == "" {
		a.Returns = ReturnsVerdict
	}
	for _, turn := range req.Turns {
		turn.Native = nil
		a.Turns = append(a.Turns, turn)
	}
	text, err := told(a)
	if err == nil {
		text, err = contract.Canonical(text)
	}
	if err != nil {
		return asked{}, "", sent, soc.Errorf(soc.Invalid, "the request has no digest: %v", err)
	}
	sum := sha256.Sum256(append([]byte("picket-request-v1\n"), text...))
	return a, hex.EncodeToString(sum[:]), sent, nil
}

// Recorded answers from transcripts in a directory, and asks nobody.
type Recorded struct{ dir string }

var _ Provider = Recorded{}

// NewRecorded returns a provider that answers from the transcripts in a directory.
func NewRecorded(dir string) (Recorded, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return Recorded{}, soc.Errorf(soc.Invalid, "recorded: there is no directory %q; set models.recorded.dir", dir)
	}
	return Recorded{dir: dir}, nil
}

// Name is what playbooks call the provider.
func (Recorded) Name() string { return NameRecorded }

// Complete answers what was answered when the same was asked. A question that was never recorded is NotFound.
func (r Recorded) Complete(ctx context.Context, req Request) (Response, error) {
	if err := ctx.Err(); err != nil {
		return Response{}, &CallError{cause: soc.Errorf(soc.Unavailable, "recorded: %w", err)}
	}
	_, digest, sent, err := askedOf(req)
	out := Response{System: sent.system, Prompt: sent.prompt, PromptDigest: sent.digest}
	if err != nil {
		return out, err
	}
	out.Request, _ = told(map[string]string{"digest": digest})
	t, err := readTranscript(filepath.Join(r.dir, digest+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return out, soc.Errorf(soc.NotFound,
			"recorded: nothing is recorded for this request (%s.json is not there); its prompt, evidence, tools or conversation have changed, or it was never asked while recording", digest)
	}
	if err != nil {
		return out, soc.Errorf(soc.Invalid, "recorded: %s.json: %v", digest, err)
	}
	out.Text, out.Stop, out.Model = t.Text, t.Stop, t.Model
	out.TokensIn, out.TokensOut, out.CostUSD, out.NoPrice = t.TokensIn, t.TokensOut, t.CostUSD, t.NoPrice
	switch {
	case t.Refusal != "":
		return out, refusal("recorded", t.Refusal)
	case t.Problem != "":
		return out, badOutput("%s", t.Problem)
	}
	out.Output, out.ToolCalls = t.Output, t.Calls
	for i := range out.ToolCalls {
		out.ToolCalls[i].Arguments = compact(out.ToolCalls[i].Arguments)
	}
	return out, nil
}

func readTranscript(path string) (transcript, error) {
	var t transcript
	info, err := os.Stat(path)
	if err != nil {
		return t, err
	}
	if info.Size() > maxTranscript {
		return t, soc.Errorf(soc.Invalid, "it has more than %d bytes", maxTranscript)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return t, err
	}
	if t.Version != transcriptVersion {
		return t, soc.Errorf(soc.Invalid, "its version is %d, and this program reads %d", t.Version, transcriptVersion)
	}
	return t, nil
}

// Recorder asks a provider and keeps a transcript of what it says. What went wrong on the way, such as an overload, is not
// kept; a refusal and an answer that is no good are. Transcripts hold prompts with their evidence, and no keys.
type Recorder struct {
	next Provider
	dir  string
}

var _ Provider = Recorder{}

// NewRecorder returns a provider that keeps transcripts of another in a directory, which it makes.
func NewRecorder(next Provider, dir string) (Recorder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Recorder{}, soc.Errorf(soc.Invalid, "the transcripts' directory can't be made: %v", err)
	}
	return Recorder{next: next, dir: dir}, nil
}

// Name is that of the provider behind.
func (r Recorder) Name() string { return r.next.Name() }

// Complete asks the provider and keeps what it says. A later answer to the same request takes the place of an earlier one.
func (r Recorder) Complete(ctx context.Context, req Request) (Response, error) {
	out, err := r.next.Complete(ctx, req)
	a, digest, _, problem := askedOf(req)
	if problem != nil {
		return out, err
	}
	t := transcript{
		Version: transcriptVersion, Provider: r.Name(), Request: a, Text: out.Text, Output: out.Output, Calls: out.ToolCalls, Stop: out.Stop,
		Model: out.Model, TokensIn: out.TokensIn, TokensOut: out.TokensOut, CostUSD: out.CostUSD, NoPrice: out.NoPrice,
	}
	if refused, ok := errors.AsType[*RefusalError](err); ok {
		t.Refusal = refused.why
	} else if bad, ok := errors.AsType[*OutputError](err); ok {
		t.Problem = bad.Problem
	} else if err != nil {
		return out, err
	}
	if problem := r.write(digest, t); problem != nil {
		return out, soc.Errorf(soc.Internal, "the transcript of %s can't be kept: %v", digest, problem)
	}
	return out, err
}

func (r Recorder) write(digest string, t transcript) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ") // for people, and for a diff
	if err := enc.Encode(t); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(r.dir, ".transcript-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // which is gone once it has its name
	if _, err := temporary.Write(text.Bytes()); err != nil {
		_ = temporary.Close()
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), filepath.Join(r.dir, digest+".json"))
}
