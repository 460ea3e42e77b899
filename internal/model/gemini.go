package model

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/generative-ai-go/genai"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	"picket/internal/contract"
	"picket/internal/soc"
)

const (
	geminiEndpoint = "https://generativelanguage.googleapis.com"
	geminiModel    = "gemini-2.5-flash"
)

// GeminiConfig configures the provider. HTTP is a guarded client; its own transport makes the calls.
type GeminiConfig struct {
	Endpoint  string // https://generativelanguage.googleapis.com when empty
	Key       string
	Model     string
	MaxTokens int // of an answer; 0 is 8192
	Prices    Prices
	HTTP      *http.Client
}

// Gemini asks Google's Gemini through its REST API.
type Gemini struct {
	client *genai.Client
	wire   *wire
	config GeminiConfig
}

var _ Provider = (*Gemini)(nil)

// NewGemini returns a provider. Nothing is sent yet. The SDK puts a key into the URL, where logs and proxies see it: it gets
// none, and the transport sends ours in the header x-goog-api-key.
func NewGemini(c GeminiConfig) (*Gemini, error) {
	if c.Key == "" {
		return nil, soc.Errorf(soc.Invalid, "gemini: a key is required; set models.gemini.key")
	}
	if c.Endpoint == "" {
		c.Endpoint = geminiEndpoint
	}
	if c.Model == "" {
		c.Model = geminiModel
	}
	w, err := newWire("gemini", c.Endpoint, c.Key, nil, c.HTTP)
	if err != nil {
		return nil, err
	}
	c.Endpoint = w.base
	guarded := *w.client
	guarded.Transport = &geminiTransport{wire: w, next: w.client.Transport}
	client, err := genai.NewClient(context.Background(),
		option.WithEndpoint(c.Endpoint), option.WithHTTPClient(&guarded), option.WithAPIKey("sent-in-the-header"))
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "gemini: the client can't be made: %s", cut(w.scrub(err.Error()), 300))
	}
	return &Gemini{client: client, wire: w, config: c}, nil
}

// Name is what playbooks call the provider.
func (*Gemini) Name() string { return "gemini" }

// Model is the one that is asked unless a request says another.
func (g *Gemini) Model() string { return g.config.Model }

// Complete sends one request.
func (g *Gemini) Complete(ctx context.Context, req Request) (Response, error) {
	model := req.Model
	if model == "" {
		model = g.config.Model
	}
	sent, schema, out, err := begin(req, model)
	if err != nil {
		return out, err
	}
	m := g.client.GenerativeModel(model)
	m.SystemInstruction = &genai.Content{Parts: []genai.Part{genai.Text(sent.system)}}
	m.SetTemperature(0)
	if req.Temperature != nil {
		m.SetTemperature(float32(*req.Temperature))
	}
	m.SetCandidateCount(1)
	m.SetMaxOutputTokens(int32(orDefault(req.MaxTokens, g.config.MaxTokens)))
	if len(req.Tools) == 0 { // most models take the two only one at a time
		m.ResponseMIMEType = jsonType
		m.ResponseSchema = geminiSchema(schema) // nil when Gemini's dialect can't say it; the prompt has it in any case
	}
	// Alerts are about attacks: a filter that refuses to read them would blind the analysis.
	for _, category := range []genai.HarmCategory{genai.HarmCategoryHarassment, genai.HarmCategoryHateSpeech, genai.HarmCategorySexuallyExplicit, genai.HarmCategoryDangerousContent} {
		m.SafetySettings = append(m.SafetySettings, &genai.SafetySetting{Category: category, Threshold: genai.HarmBlockNone})
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the SDK leaves a stream open that it does not like
	x := exchange{patch: geminiPatch(req, sent)}
	stream := m.GenerateContentStream(context.WithValue(ctx, exchangeKey{}, &x), genai.Text(sent.prompt))
	for err = nil; err == nil; {
		_, err = stream.Next()
	}
	out.Request = x.request
	r, problem := x.read(g.wire)
	switch blocked, _ := errors.AsType[*genai.BlockedError](err); {
	case errors.Is(err, iterator.Done), blocked != nil: // the reason stands in what we have read ourselves
		err = problem
	default:
		err = g.failure(ctx, err)
	}
	if err != nil {
		out.Text = g.wire.scrub(r.text)
		out.spend(r, g.config.Prices)
		return out, err
	}
	return g.wire.judge(out, r, req, schema, g.config.Prices)
}

// failure turns what the SDK and the transport report into our kinds.
func (g *Gemini) failure(ctx context.Context, err error) error {
	if call, ok := errors.AsType[*CallError](err); ok {
		return call
	}
	if ctx.Err() != nil {
		return g.wire.broken(ctx, err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return g.wire.cutOff()
	}
	return g.wire.notDocumented(err)
}

// The members of a request that the SDK, which is frozen, can't say: ids of calls, signed thoughts, JSON Schema for tools.
type (
	geminiCall struct {
		ID   string          `json:"id,omitempty"`
		Name string          `json:"name"`
		Args json.RawMessage `json:"args"`
	}
	geminiResult struct {
		ID       string            `json:"id,omitempty"`
		Name     string            `json:"name"`
		Response map[string]string `json:"response"`
	}
	geminiPart struct {
		Text      string        `json:"text,omitempty"`
		Thought   bool          `json:"thought,omitempty"`
		Signature string        `json:"thoughtSignature,omitempty"`
		Call      *geminiCall   `json:"functionCall,omitempty"`
		Result    *geminiResult `json:"functionResponse,omitempty"`
	}
	geminiContent struct {
		Role  string `json:"role"`
		Parts []any  `json:"parts"`
	}
	geminiFunction struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parametersJsonSchema"`
	}
	geminiNative struct {
		Provider string            `json:"provider"`
		Parts    []json.RawMessage `json:"parts"`
	}
)

// geminiPatch is what stands in the place of the SDK's members. It is empty for a question without a conversation.
func geminiPatch(req Request, sent assembled) map[string]any {
	patch := map[string]any{}
	if len(req.Tools) > 0 {
		var functions []geminiFunction
		for _, t := range req.Tools {
			functions = append(functions, geminiFunction{Name: wireName(t.Name), Description: t.Description, Parameters: t.Input})
		}
		patch["tools"] = []any{map[string]any{"functionDeclarations": functions}}
	}
	if len(sent.turns) == 0 {
		return patch
	}
	contents := []geminiContent{{Role: "user", Parts: []any{geminiPart{Text: sent.prompt}}}}
	for i, turn := range sent.turns {
		c := geminiContent{Role: "user"}
		switch turn.Role {
		case contract.RoleUser:
			c.Parts = append(c.Parts, geminiPart{Text: turn.Text})
		case contract.RoleTool:
			for _, r := range turn.Results {
				key := "output"
				if r.Error != "" {
					key = "error"
				}
				c.Parts = append(c.Parts, geminiPart{Result: &geminiResult{
					ID: r.Call, Name: wireName(r.Name), Response: map[string]string{key: sent.results[resultKey(i, r.Call)]},
				}})
			}
		default:
			c.Role, c.Parts = "model", geminiSaid(turn)
		}
		contents = append(contents, c)
	}
	patch["contents"] = contents
	return patch
}

func geminiSaid(turn Turn) (parts []any) {
	var native geminiNative
	if json.Unmarshal(turn.Native, &native) == nil && native.Provider == "gemini" && len(native.Parts) > 0 {
		for _, p := range native.Parts {
			parts = append(parts, p)
		}
		return parts
	}
	if turn.Text != "" || len(turn.Calls) == 0 {
		parts = append(parts, geminiPart{Text: turn.Text})
	}
	for _, c := range turn.Calls {
		parts = append(parts, geminiPart{Call: &geminiCall{ID: c.ID, Name: wireName(c.Name), Args: c.Arguments}})
	}
	return parts
}

// exchange is what really went over the wire in one call.
type exchange struct {
	patch   map[string]any
	request json.RawMessage
	answer  bytes.Buffer
}

type exchangeKey struct{}

// geminiAnswer is what we read of an event ourselves, because the SDK knows neither newer reasons nor newer parts.
type geminiAnswer struct {
	Candidates []struct {
		FinishReason json.RawMessage `json:"finishReason"` // a word or, as the SDK asks for, a number
		Content      struct {
			Parts []json.RawMessage `json:"parts"`
		} `json:"content"`
	} `json:"candidates"`
	Feedback struct {
		BlockReason json.RawMessage `json:"blockReason"`
	} `json:"promptFeedback"`
	Usage *struct {
		Prompt     int `json:"promptTokenCount"` // with the tools' results and what came from a cache
		Candidates int `json:"candidatesTokenCount"`
		Thoughts   int `json:"thoughtsTokenCount"`
	} `json:"usageMetadata"`
	Version string          `json:"modelVersion"`
	Error   json.RawMessage `json:"error"`
}

// finishReasons are the numbers of google.ai.generativelanguage.v1beta.Candidate.FinishReason.
var finishReasons = map[string]string{
	"0": "", "FINISH_REASON_UNSPECIFIED": "", "1": "STOP", "2": "MAX_TOKENS", "3": "SAFETY", "4": "RECITATION", "5": "OTHER", "6": "LANGUAGE",
	"7": "BLOCKLIST", "8": "PROHIBITED_CONTENT", "9": "SPII", "10": "MALFORMED_FUNCTION_CALL",
}

// read puts the events together, as far as they came.
func (x *exchange) read(w *wire) (reply, error) {
	var r reply
	var text strings.Builder
	var native geminiNative
	var reason string
	signed, candidates := false, 0
	dec := json.NewDecoder(bytes.NewReader(x.answer.Bytes()))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return r, badOutput("it is not what the API documents")
	}
	for dec.More() {
		var a geminiAnswer
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			break // what stands before it counts for the tokens
		}
		if json.Unmarshal(raw, &a) != nil {
			return r, badOutput("it is not what the API documents")
		}
		if a.Usage != nil { // each is of the whole answer so far; thinking is billed as output
			r.tokensIn, r.tokensOut = max(a.Usage.Prompt, 0), max(a.Usage.Candidates, 0)+max(a.Usage.Thoughts, 0)
		}
		if a.Version != "" {
			r.model = a.Version
		}
		if len(a.Error) > 0 {
			return r, w.failed(raw)
		}
		if block := word(a.Feedback.BlockReason); block != "" && block != "0" && block != "BLOCK_REASON_UNSPECIFIED" {
			return r, refusal(w.name, "the prompt was blocked: "+block)
		}
		if len(a.Candidates) == 0 {
			continue
		}
		candidates++
		c := a.Candidates[0]
		if said := word(c.FinishReason); said != "" {
			if known, ok := finishReasons[said]; ok {
				said = known
			}
			reason = said
		}
		for _, raw := range c.Content.Parts {
			var p geminiPart
			if json.Unmarshal(raw, &p) != nil {
				return r, badOutput("it is not what the API documents")
			}
			native.Parts = append(native.Parts, raw)
			signed = signed || p.Signature != ""
			switch {
			case p.Call != nil:
				r.calls = append(r.calls, ToolCall{ID: p.Call.ID, Name: p.Call.Name, Arguments: p.Call.Args})
			case !p.Thought:
				if err := w.grow(&text, p.Text); err != nil {
					return r, err
				}
			}
		}
	}
	r.text = text.String()
	if signed && len(r.calls) > 0 {
		native.Provider = w.name
		r.native, _ = told(native)
	}
	switch closed := json.Valid(x.answer.Bytes()); {
	case reason == "" && !closed:
		return r, w.cutOff()
	case candidates == 0:
		return r, badOutput("there is none")
	case reason == "MAX_TOKENS":
		r.stop = contract.StopLength
	case reason == "MALFORMED_FUNCTION_CALL" || reason == "UNEXPECTED_TOOL_CALL":
		return r, badOutput("its call of a tool can't be read")
	case reason == "" || reason == "STOP":
		r.stop = contract.StopEnd
	default:
		r.stop, r.why = contract.StopRefusal, reason
	}
	return r, nil
}

// geminiTransport adds the key and what the SDK can't say, and keeps what is sent and received. The SDK does not retry what
// it reports: retries are the activity's.
type geminiTransport struct {
	wire *wire
	next http.RoundTripper
}

func (t *geminiTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != t.wire.host {
		return nil, fmt.Errorf("gemini: the call went to %s instead of %s", r.URL.Host, t.wire.host)
	}
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	if x == nil || r.Body == nil {
		return nil, errors.New("gemini: a call that nobody made")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_ = r.Body.Close()
	if body, err = x.patched(body); err != nil {
		return nil, err
	}
	x.request = body
	r = r.Clone(r.Context())
	r.Header.Set("x-goog-api-key", t.wire.key)
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	answer, err := t.wire.send(r, t.next.RoundTrip, jsonType)
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(answer.Body, &x.answer), answer.Body}
	return answer, nil
}

func (x *exchange) patched(body []byte) ([]byte, error) {
	if len(x.patch) == 0 {
		return body, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, soc.Errorf(soc.Internal, "gemini: the SDK's request can't be read: %v", err)
	}
	for name, value := range x.patch {
		text, err := told(value)
		if err != nil {
			return nil, err
		}
		members[name] = text
	}
	return told(members)
}
