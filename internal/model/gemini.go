package model

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/generative-ai-go/genai"
	"google.golang.org/api/option"

	"picket/internal/soc"
)

// The bounds of a call to Gemini.
const (
	geminiEndpoint  = "https://generativelanguage.googleapis.com"
	geminiModel     = "gemini-2.5-flash"
	geminiMaxTokens = 8192
	geminiMaxAnswer = 4 << 20
	geminiMaxWait   = 24 * time.Hour
)

// GeminiConfig configures the provider. HTTP is a guarded client; its own transport makes the calls.
type GeminiConfig struct {
	Endpoint string // https://generativelanguage.googleapis.com when empty
	Key      string
	Model    string
	HTTP     *http.Client
	// Prices in US dollars for a million tokens; without them the cost is not known and reads 0.
	PriceIn, PriceOut float64
}

// Gemini asks Google's Gemini through its REST API.
type Gemini struct {
	client *genai.Client
	config GeminiConfig
}

var _ Provider = (*Gemini)(nil)

// NewGemini returns a provider. Nothing is sent yet. The SDK puts a key into the URL, where logs and proxies see it: it gets
// none, and the transport sends ours in the header x-goog-api-key.
func NewGemini(c GeminiConfig) (*Gemini, error) {
	if c.Key == "" {
		return nil, soc.Errorf(soc.Invalid, "gemini: a key is required; set models.gemini.key")
	}
	if strings.ContainsAny(c.Key, "\r\n\x00") {
		return nil, soc.Errorf(soc.Invalid, "gemini: the key has a line break in it")
	}
	if c.Endpoint == "" {
		c.Endpoint = geminiEndpoint
	}
	endpoint, err := url.Parse(strings.TrimRight(c.Endpoint, "/"))
	if err != nil || endpoint.Host == "" || (endpoint.Scheme != "https" && endpoint.Scheme != "http") || endpoint.User != nil || endpoint.RawQuery != "" {
		return nil, soc.Errorf(soc.Invalid, "gemini: the endpoint must be an http or https URL without user and query")
	}
	c.Endpoint = endpoint.String()
	if c.Model == "" {
		c.Model = geminiModel
	}
	if c.HTTP == nil || c.HTTP.Transport == nil { // never the default transport: it is not guarded
		return nil, soc.Errorf(soc.Invalid, "gemini: a guarded HTTP client is required")
	}
	guarded := *c.HTTP
	guarded.Transport = &geminiTransport{next: c.HTTP.Transport, key: c.Key, host: endpoint.Host}
	guarded.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a key follows no redirect
	client, err := genai.NewClient(context.Background(),
		option.WithEndpoint(c.Endpoint), option.WithHTTPClient(&guarded), option.WithAPIKey("sent-in-the-header"))
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "gemini: the client can't be made: %s", cut(strings.ReplaceAll(err.Error(), c.Key, "<secret>"), 300))
	}
	return &Gemini{client: client, config: c}, nil
}

// Name is what playbooks call the provider.
func (*Gemini) Name() string { return "gemini" }

// Complete sends one request. What can be repeated is Unavailable and says when; a refusal, a cut-off answer and one that
// is not what was asked for are Invalid, the latter two as *OutputError.
func (g *Gemini) Complete(ctx context.Context, req Request) (Response, error) {
	out := Response{Model: g.config.Model}
	sent, err := assemble(req)
	if err != nil {
		return out, err
	}
	out.System, out.Prompt, out.PromptDigest = sent.system, sent.prompt, sent.digest
	schema := req.Schema
	if req.Returns != ReturnsSchema {
		schema = VerdictSchema()
	} else if _, err := compile(schema); err != nil {
		return out, err
	}
	m := g.client.GenerativeModel(g.config.Model)
	m.SystemInstruction = &genai.Content{Parts: []genai.Part{genai.Text(sent.system)}}
	m.SetTemperature(0)
	m.SetCandidateCount(1)
	m.SetMaxOutputTokens(int32(min(max(req.MaxTokens, 0), 1<<20)))
	if req.MaxTokens <= 0 {
		m.SetMaxOutputTokens(geminiMaxTokens)
	}
	m.ResponseMIMEType = "application/json"
	m.ResponseSchema = geminiSchema(schema) // nil when Gemini's dialect can't say it; the prompt has it in any case
	// Alerts are about attacks: a filter that refuses to read them would blind the analysis.
	for _, category := range []genai.HarmCategory{genai.HarmCategoryHarassment, genai.HarmCategoryHateSpeech, genai.HarmCategorySexuallyExplicit, genai.HarmCategoryDangerousContent} {
		m.SafetySettings = append(m.SafetySettings, &genai.SafetySetting{Category: category, Threshold: genai.HarmBlockNone})
	}
	var exchange exchange
	answer, err := m.GenerateContent(context.WithValue(ctx, exchangeKey{}, &exchange), genai.Text(sent.prompt))
	received := exchange.document()
	out.Request, out.Text = exchange.request, received.text()
	out.TokensIn = max(received.Usage.Prompt, 0)
	out.TokensOut = max(received.Usage.Candidates, 0) + max(received.Usage.Thoughts, 0) // thinking is billed as output
	out.CostUSD = (float64(out.TokensIn)*g.config.PriceIn + float64(out.TokensOut)*g.config.PriceOut) / 1e6
	if received.Version != "" {
		out.Model = cut(received.Version, 100)
	}
	if err != nil {
		return out, g.failure(ctx, err)
	}
	return read(out, received, len(answer.Candidates), schema, req.Returns)
}

// read judges an answer that came. Reasons are read from the answer itself, because the SDK, which is frozen, knows only
// the first few and reads any newer one as "unspecified".
func read(out Response, answer geminiAnswer, candidates int, schema json.RawMessage, returns string) (Response, error) {
	if reason := word(answer.Feedback.BlockReason); reason != "" && reason != "0" && reason != "BLOCK_REASON_UNSPECIFIED" {
		return out, soc.Errorf(soc.Invalid, "gemini refused to answer (the prompt was blocked: %s)", reason)
	}
	if candidates == 0 || len(answer.Candidates) == 0 {
		return out, badOutput("there is none")
	}
	switch reason := word(answer.Candidates[0].FinishReason); reason {
	case "", "0", "1", "STOP", "FINISH_REASON_UNSPECIFIED":
	case "2", "MAX_TOKENS":
		return out, badOutput("it was cut off at the bound on its length")
	default:
		return out, soc.Errorf(soc.Invalid, "gemini refused to answer (%s)", reason)
	}
	output := json.RawMessage(strings.TrimSpace(out.Text))
	if !json.Valid(output) {
		return out, badOutput("it is not valid JSON")
	}
	if returns == ReturnsSchema { // a verdict's schema is checked by CompleteVerdict, which also says what it changed
		if err := CheckOutput(output, schema); err != nil {
			return out, err
		}
	}
	out.Output = output
	return out, nil
}

// failure turns what the SDK and the transport report into our kinds.
func (g *Gemini) failure(ctx context.Context, err error) error {
	if blocked, ok := errors.AsType[*genai.BlockedError](err); ok {
		return soc.Errorf(soc.Invalid, "gemini refused to answer (%s)", cut(blocked.Error(), 200))
	}
	if call, ok := errors.AsType[*CallError](err); ok {
		return call
	}
	if ctx.Err() != nil {
		return &CallError{cause: soc.Errorf(soc.Unavailable, "gemini did not answer in time: %v", ctx.Err())}
	}
	if network, ok := errors.AsType[*url.Error](err); ok { // its text holds the URL, which has no key in it, and no more than that
		return &CallError{cause: soc.Errorf(soc.Unavailable, "gemini can't be reached: %s", g.scrub(network.Err.Error()))}
	}
	return badOutput("it is not what the API documents: %s", g.scrub(err.Error()))
}

func (g *Gemini) scrub(text string) string {
	return cut(strings.ReplaceAll(text, g.config.Key, "<secret>"), 300)
}

// exchange is what really went over the wire in one call.
type exchange struct {
	request json.RawMessage
	answer  []byte
}

type exchangeKey struct{}

// geminiAnswer is what we read of an answer ourselves.
type geminiAnswer struct {
	Candidates []struct {
		FinishReason json.RawMessage `json:"finishReason"` // a word or, as the SDK asks for, a number
		Content      struct {
			Parts []struct {
				Text    string `json:"text"`
				Thought bool   `json:"thought"`
			} `json:"parts"`
		} `json:"content"`
	} `json:"candidates"`
	Feedback struct {
		BlockReason json.RawMessage `json:"blockReason"`
	} `json:"promptFeedback"`
	Usage struct {
		Prompt     int `json:"promptTokenCount"`
		Candidates int `json:"candidatesTokenCount"`
		Thoughts   int `json:"thoughtsTokenCount"`
	} `json:"usageMetadata"`
	Version string `json:"modelVersion"`
}

func (e *exchange) document() geminiAnswer {
	var answer geminiAnswer
	if json.Unmarshal(e.answer, &answer) != nil {
		return geminiAnswer{} // what is no answer has no text, and is refused for that
	}
	return answer
}

// text is the text of the first candidate, without the model's thoughts.
func (a geminiAnswer) text() string {
	var b strings.Builder
	if len(a.Candidates) > 0 {
		for _, part := range a.Candidates[0].Content.Parts {
			if !part.Thought {
				b.WriteString(part.Text)
			}
		}
	}
	return b.String()
}

func word(raw json.RawMessage) string { return cut(strings.Trim(string(raw), `"`), 60) }

// geminiTransport adds the key, keeps what is sent and received, and turns every status but 200 into an error that the SDK
// does not retry: retries are the activity's.
type geminiTransport struct {
	next http.RoundTripper
	key  string
	host string
}

func (t *geminiTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != t.host {
		return nil, fmt.Errorf("gemini: the call went to %s instead of %s", r.URL.Host, t.host)
	}
	r = r.Clone(r.Context())
	r.Header.Set("x-goog-api-key", t.key)
	kept, _ := r.Context().Value(exchangeKey{}).(*exchange)
	if kept != nil && r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		kept.request = body
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, geminiMaxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > geminiMaxAnswer {
		return nil, &CallError{Status: answer.StatusCode, cause: soc.Errorf(soc.Invalid, "gemini answered more than %d bytes", geminiMaxAnswer)}
	}
	if answer.StatusCode != http.StatusOK {
		return nil, t.refused(answer, body)
	}
	if kept != nil {
		kept.answer = body
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// refused reads the API's error document: {"error": {"code", "message", "status", "details"}}.
func (t *geminiTransport) refused(answer *http.Response, body []byte) error {
	var problem struct {
		Error struct {
			Message string `json:"message"`
			Details []struct {
				RetryDelay string `json:"retryDelay"` // google.rpc.RetryInfo
			} `json:"details"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &problem) // a proxy's page is no such document, and its status says enough
	message := cut(strings.ReplaceAll(problem.Error.Message, t.key, "<secret>"), 300)
	if message == "" {
		message = http.StatusText(answer.StatusCode)
	}
	e := &CallError{Status: answer.StatusCode}
	kind := soc.Invalid
	switch code := answer.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		kind = soc.Denied
	case code == http.StatusNotFound:
		kind = soc.NotFound
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		kind = soc.Unavailable
		e.RetryAfter = wait(answer.Header.Get("Retry-After"), time.Now())
		for _, detail := range problem.Error.Details {
			if d, err := time.ParseDuration(detail.RetryDelay); err == nil && d > e.RetryAfter {
				e.RetryAfter = min(d, geminiMaxWait)
			}
		}
	case strings.Contains(problem.Error.Message, "API key not valid"): // Google answers 400 to a wrong key
		kind = soc.Denied
	}
	e.cause = soc.Errorf(kind, "gemini answered %d: %s", answer.StatusCode, message)
	return e
}

// wait reads Retry-After: seconds, or a date.
func wait(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 1<<20))*time.Second, geminiMaxWait)
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return min(at.Sub(now), geminiMaxWait)
	}
	return 0
}

// geminiSchema says a JSON Schema in Gemini's dialect, or is nil where the dialect lacks the words. What it leaves out
// (bounds, patterns) is checked on the answer.
func geminiSchema(schema json.RawMessage) *genai.Schema {
	var root map[string]any
	if json.Unmarshal(schema, &root) != nil {
		return nil
	}
	defs, _ := root["$defs"].(map[string]any)
	out, ok := geminiNode(root, defs, 0)
	if !ok || out.Type != genai.TypeObject {
		return nil
	}
	return out
}

func geminiNode(node, defs map[string]any, depth int) (*genai.Schema, bool) {
	if depth > 12 {
		return nil, false
	}
	if ref, ok := node["$ref"].(string); ok {
		target, ok := defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		if !ok {
			return nil, false
		}
		return geminiNode(target, defs, depth+1)
	}
	for _, word := range []string{"anyOf", "oneOf", "allOf", "not", "if", "const", "patternProperties", "prefixItems"} {
		if _, used := node[word]; used {
			return nil, false
		}
	}
	out := &genai.Schema{}
	out.Description, _ = node["description"].(string)
	kind, _ := node["type"].(string)
	switch kind {
	case "string":
		out.Type = genai.TypeString
		words, _ := node["enum"].([]any)
		for _, word := range words {
			text, ok := word.(string)
			if !ok {
				return nil, false
			}
			out.Enum = append(out.Enum, text)
		}
		if len(out.Enum) > 0 {
			out.Format = "enum"
		}
	case "number":
		out.Type = genai.TypeNumber
	case "integer":
		out.Type = genai.TypeInteger
	case "boolean":
		out.Type = genai.TypeBoolean
	case "array":
		items, ok := node["items"].(map[string]any)
		if !ok {
			return nil, false
		}
		item, ok := geminiNode(items, defs, depth+1)
		if !ok {
			return nil, false
		}
		out.Type, out.Items = genai.TypeArray, item
	case "object":
		out.Type, out.Properties = genai.TypeObject, map[string]*genai.Schema{}
		properties, _ := node["properties"].(map[string]any)
		for name, property := range properties {
			child, _ := property.(map[string]any)
			if child["type"] == "object" && child["properties"] == nil {
				continue // Gemini wants to know every member of an object: a free one can't be asked for
			}
			sub, ok := geminiNode(child, defs, depth+1)
			if !ok {
				return nil, false
			}
			out.Properties[name] = sub
		}
		required, _ := node["required"].([]any)
		for _, name := range required {
			if text, ok := name.(string); ok && out.Properties[text] != nil {
				out.Required = append(out.Required, text)
			}
		}
		if len(out.Properties) == 0 {
			return nil, false
		}
	default:
		return nil, false
	}
	return out, true
}
