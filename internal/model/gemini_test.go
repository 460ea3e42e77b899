package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
)

// geminiVendor speaks the Gemini API: https://ai.google.dev/api/generate-content.
func geminiVendor() vendor {
	return vendor{
		name: "gemini", path: "/v1beta/models/model-9:streamGenerateContent", stream: true,
		connect: func(base string, client *http.Client) (Provider, error) {
			g, err := NewGemini(GeminiConfig{Endpoint: base, Key: secretKey, Model: "model-9", Prices: testPrices, HTTP: client})
			if err != nil {
				return nil, err
			}
			return g, nil
		},
		hear: hearGemini, answer: func(s said, _ heard) (string, []string) { return "application/json; charset=UTF-8", geminiEvents(s) },
		problem: func(status int, message string) string {
			text, _ := json.Marshal([]any{map[string]any{"error": map[string]any{"code": status, "message": message, "status": "X"}}})
			return string(text)
		},
	}
}

var geminiPath = regexp.MustCompile(`models/([^:]+):`)

func hearGemini(r *http.Request, body []byte) (heard, error) {
	var h heard
	if r.Header.Get("x-goog-api-key") != secretKey || r.URL.Query().Has("key") || r.URL.Query().Get("$alt") != "json;enum-encoding=int" {
		return h, errors.New("the key belongs into the header")
	}
	type text struct {
		Text *string `json:"text"`
	}
	var req struct {
		Model             string `json:"model"`
		SystemInstruction struct {
			Role  string `json:"role"`
			Parts []text `json:"parts"`
		} `json:"systemInstruction"`
		Contents []struct {
			Role  string `json:"role"`
			Parts []struct {
				Text      *string `json:"text"`
				Thought   bool    `json:"thought"`
				Signature string  `json:"thoughtSignature"`
				Call      *struct {
					ID   string          `json:"id"`
					Name string          `json:"name"`
					Args json.RawMessage `json:"args"`
				} `json:"functionCall"`
				Result *struct {
					ID       string            `json:"id"`
					Name     string            `json:"name"`
					Response map[string]string `json:"response"`
				} `json:"functionResponse"`
			} `json:"parts"`
		} `json:"contents"`
		Tools []struct {
			Functions []struct {
				Name        string          `json:"name"`
				Description string          `json:"description"`
				Parameters  json.RawMessage `json:"parametersJsonSchema"`
			} `json:"functionDeclarations"`
		} `json:"tools"`
		GenerationConfig struct {
			CandidateCount   int      `json:"candidateCount"`
			MaxOutputTokens  int      `json:"maxOutputTokens"`
			Temperature      *float64 `json:"temperature"`
			ResponseMimeType string   `json:"responseMimeType"`
			ResponseSchema   *struct {
				Type       int                        `json:"type"`
				Required   []string                   `json:"required"`
				Properties map[string]json.RawMessage `json:"properties"`
			} `json:"responseSchema"`
		} `json:"generationConfig"`
		SafetySettings []struct {
			Category  int `json:"category"`
			Threshold int `json:"threshold"`
		} `json:"safetySettings"`
	}
	if err := strictly(body, &req); err != nil {
		return h, err
	}
	h.model = geminiPath.FindStringSubmatch(r.URL.Path)[1]
	c := req.GenerationConfig
	if req.Model != "models/"+h.model || c.CandidateCount != 1 || len(req.SafetySettings) != 4 || len(req.SystemInstruction.Parts) != 1 {
		return h, errors.New("model, candidateCount, safetySettings or systemInstruction")
	}
	h.system, h.maxTokens, h.temperature = *req.SystemInstruction.Parts[0].Text, c.MaxOutputTokens, c.Temperature
	h.structured = c.ResponseMimeType == "application/json"
	if s := c.ResponseSchema; h.structured && s != nil && (s.Type != 6 || len(s.Properties) == 0) {
		return h, errors.New("responseSchema")
	}
	h.tools = map[string]json.RawMessage{}
	for _, t := range req.Tools {
		for _, f := range t.Functions {
			if !vendorNames.MatchString(f.Name) || !regexp.MustCompile(`^[a-zA-Z_]`).MatchString(f.Name) || h.tools[f.Name] != nil {
				return h, fmt.Errorf("function %q", f.Name)
			}
			h.tools[f.Name] = f.Parameters
		}
	}
	if len(h.tools) > 0 && h.structured {
		return h, errors.New("function calling with a response mime type: 'application/json' is unsupported")
	}
	calls := 0
	for i, content := range req.Contents {
		if len(content.Parts) == 0 || (content.Role != "user" && content.Role != "model") || (i == 0 && content.Role != "user") {
			return h, errors.New("contents")
		}
		turn := heardTurn{role: map[string]string{"user": "user", "model": "assistant"}[content.Role]}
		results := 0
		for _, p := range content.Parts {
			switch {
			case p.Call != nil && content.Role == "model" && isObject(p.Call.Args):
				turn.calls = append(turn.calls, ToolCall{ID: p.Call.ID, Name: p.Call.Name, Arguments: p.Call.Args})
				if p.Signature != "" {
					turn.thought = p.Signature
				}
			case p.Result != nil && content.Role == "user" && len(p.Result.Response) == 1:
				turn.role = "tool"
				results++
				for key, text := range p.Result.Response {
					turn.results = append(turn.results, heardResult{call: p.Result.ID, name: p.Result.Name, text: text, failed: key == "error"})
				}
			case p.Text != nil && p.Thought:
			case p.Text != nil:
				turn.text += *p.Text
			default:
				return h, errors.New("a part that is none")
			}
		}
		if results != calls {
			return h, errors.New("the number of function response parts must equal the number of function call parts of the function call turn")
		}
		calls = len(turn.calls)
		h.turns = append(h.turns, turn)
	}
	return h, nil
}

func geminiEvents(s said) []string {
	event := func(parts []any, finish int, usage string) string {
		candidate := map[string]any{"index": 0, "content": map[string]any{"role": "model", "parts": parts}}
		if finish > 0 {
			candidate["finishReason"] = finish
			candidate["safetyRatings"] = []any{map[string]any{"category": 10, "probability": 1}}
		}
		text, err := json.Marshal(map[string]any{"candidates": []any{candidate}, "usageMetadata": json.RawMessage(usage), "modelVersion": "model-9-001", "responseId": "x"})
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	const first, last = `{"promptTokenCount":1200,"totalTokenCount":1200}`, `{"promptTokenCount":1200,"candidatesTokenCount":300,"thoughtsTokenCount":50,"totalTokenCount":1550}`
	pieces := []string{"[" + event([]any{map[string]any{"text": "Thinking.", "thought": true}}, 0, first)}
	for _, p := range parts(s.text) {
		pieces = append(pieces, "\n,\r\n"+event([]any{map[string]any{"text": p}}, 0, first))
	}
	var calls []any
	for i, c := range s.calls {
		call := map[string]any{"name": c.Name, "args": c.Arguments}
		if c.ID != "" {
			call["id"] = c.ID
		}
		part := map[string]any{"functionCall": call}
		if s.thought != "" && i == 0 {
			part["thoughtSignature"] = s.thought
		}
		calls = append(calls, part)
	}
	if calls == nil {
		calls = []any{map[string]any{"text": ""}}
	}
	finish := 1
	switch {
	case s.refused != "":
		finish = 3
	case s.stop == contract.StopLength:
		finish = 2
	}
	return append(pieces, ","+event(calls, finish, last), "]")
}

// geminiSays is an answer as the API documents it.
func geminiSays(text, finish string) string {
	quoted, _ := json.Marshal(text)
	return `[{"candidates":[{"content":{"role":"model","parts":[{"text":` + string(quoted) + `}]},"finishReason":"` + finish + `","index":0}],
	 "usageMetadata":{"promptTokenCount":1200},"modelVersion":"model-9-001"}]`
}

func TestGeminiSaysWhyThereIsNoAnswer(t *testing.T) {
	t.Parallel()
	detailed := func(status int, message string) script {
		text, _ := json.Marshal(map[string]any{"error": map[string]any{"code": status, "message": message, "status": "X",
			"details": []any{map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}}}})
		return func(_ *studio, w http.ResponseWriter, _ *http.Request, _ heard) {
			w.WriteHeader(status)
			_, _ = w.Write(text)
		}
	}
	const typ = "application/json; charset=UTF-8"
	for name, c := range map[string]struct {
		script script
		kind   soc.Kind
		says   string
		wait   time.Duration
		output bool
	}{
		"when to come again stands in a detail":  {detailed(429, "quota"), soc.Unavailable, "quota", 17 * time.Second, false},
		"a wrong key, to which Google says 400":  {detailed(400, "API key not valid. Please pass a valid API key: "+secretKey), soc.Denied, "<secret>", 0, false},
		"a prompt that is blocked":               {serves(typ, `[{"promptFeedback":{"blockReason":1}}]`), soc.Invalid, "refused to answer (the prompt was blocked", 0, false},
		"a prompt that is blocked, as a word":    {serves(typ, `[{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}]`), soc.Invalid, "PROHIBITED_CONTENT", 0, false},
		"an answer that is blocked":              {serves(typ, `[{"candidates":[{"finishReason":"SAFETY","index":0}]}]`), soc.Invalid, "SAFETY", 0, false},
		"an answer that ended for a new reason":  {serves(typ, `[{"candidates":[{"finishReason":"SPII","index":0}]}]`), soc.Invalid, "SPII", 0, false},
		"a call that the model could not write":  {serves(typ, `[{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","index":0}]}]`), soc.Invalid, "can't be read", 0, true},
		"cut off, as a word":                     {serves(typ, geminiSays(`{"n":`, "MAX_TOKENS")), soc.Invalid, "cut off", 0, true},
		"nothing":                                {serves(typ, `[]`), soc.Invalid, "there is none", 0, true},
		"no list":                                {serves(typ, `{}`), soc.Invalid, "not what the API documents", 0, true},
		"a candidate without text":               {serves(typ, `[{"candidates":[{"finishReason":"STOP"}]}]`), soc.Invalid, "there is none", 0, true},
		"an error in the middle":                 {serves(typ, `[{"candidates":[{"content":{"parts":[{"text":"{"}]}}]},{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]`), soc.Unavailable, "broke off", 0, false},
		"an end between two events":              {serves(typ, `[{"candidates":[{"content":{"parts":[{"text":"{\"n\":1}"}]}}]},`), soc.Unavailable, "broke off", 0, false},
		"a stream that ends before it has begun": {serves(typ, ``), soc.Invalid, "not what the API documents", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, geminiVendor(), c.script)
			_, err := s.provider.Complete(t.Context(), counting)
			require.Equal(t, c.kind, soc.KindOf(err), "%v", err)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), secretKey)
			require.Len(t, s.heard, 1, "the library does not retry")
			_, isOutput := errors.AsType[*OutputError](err)
			require.Equal(t, c.output, isOutput, "%v", err)
			if call, ok := errors.AsType[*CallError](err); ok {
				require.Equal(t, c.wait, call.RetryAfter)
			}
		})
	}
}

func TestGeminiIsAskedInItsOwnDialect(t *testing.T) {
	t.Parallel()
	s := newStudio(t, geminiVendor(), says(said{text: goodVerdict}, 0))
	_, err := s.provider.Complete(t.Context(), signIn)
	require.NoError(t, err)
	var sent struct {
		GenerationConfig struct {
			ResponseSchema struct {
				Required   []string
				Properties map[string]struct{ Enum []string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(s.bodies[0]), &sent))
	require.ElementsMatch(t, []string{"verdict", "summary", "indicators", "findings"}, sent.GenerationConfig.ResponseSchema.Required)
	require.Equal(t, []string{"malicious", "suspicious", "benign", "inconclusive"}, sent.GenerationConfig.ResponseSchema.Properties["verdict"].Enum)

	for _, schema := range []string{`{"$ref":"file:///etc/passwd"}`, `{"type":"objekt"}`, `{`} {
		req := counting
		req.Schema = json.RawMessage(schema)
		_, err = s.provider.Complete(t.Context(), req)
		require.Equal(t, soc.Invalid, soc.KindOf(err), schema)
	}
}

func TestGeminiIsConfiguredOrRefused(t *testing.T) {
	t.Parallel()
	guarded := &http.Client{Transport: http.NewFileTransport(http.Dir("."))}
	for name, c := range map[string]GeminiConfig{
		"no key":                  {HTTP: guarded},
		"a key with a line break": {HTTP: guarded, Key: "a\nb"},
	} {
		_, err := NewGemini(c)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.NotContains(t, err.Error(), "a\nb")
	}
	g, err := NewGemini(GeminiConfig{Key: "k", HTTP: guarded})
	require.NoError(t, err)
	require.Equal(t, "gemini", g.Name())
	require.Equal(t, "https://generativelanguage.googleapis.com", g.config.Endpoint)
	require.True(t, strings.HasPrefix(g.config.Model, "gemini-"))
}
