package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
)

var testPrices = Prices{"model-9": {In: 0.30, Out: 2.50}}

// strictly decodes a request as a vendor does that refuses what it does not know.
func strictly(body []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one document")
	}
	return nil
}

var vendorNames = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// openaiVendor speaks the Chat Completions API: https://platform.openai.com/docs/api-reference/chat/create and
// /chat-streaming.
func openaiVendor(name string, noStream bool) vendor {
	return vendor{
		name: name, path: "/v1/chat/completions", stream: !noStream,
		connect: func(base string, client *http.Client) (Provider, error) {
			return NewOpenAI(OpenAIConfig{Name: "local", BaseURL: base + "/v1/", Key: secretKey, Model: "model-9", NoStream: noStream, Prices: testPrices, HTTP: client})
		},
		hear: hearOpenAI, answer: func(s said, _ heard) (string, []string) {
			if noStream {
				return "application/json", []string{openaiWhole(s)}
			}
			return "text/event-stream; charset=utf-8", openaiEvents(s)
		},
		problem: func(status int, message string) string {
			text, _ := json.Marshal(map[string]any{"error": map[string]any{"message": message, "type": "some_error", "param": nil, "code": nil}})
			return string(text)
		},
	}
}

func hearOpenAI(r *http.Request, body []byte) (heard, error) {
	var h heard
	if r.Header.Get("Authorization") != "Bearer "+secretKey {
		return h, errors.New("incorrect API key")
	}
	type call struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	}
	var req struct {
		Model    string `json:"model"`
		Messages []struct {
			Role       string  `json:"role"`
			Content    *string `json:"content"`
			ToolCalls  []call  `json:"tool_calls"`
			ToolCallID string  `json:"tool_call_id"`
			Reasoning  string  `json:"reasoning_content"`
		} `json:"messages"`
		Tools []struct {
			Type     string `json:"type"`
			Function struct {
				Name        string          `json:"name"`
				Description string          `json:"description"`
				Parameters  json.RawMessage `json:"parameters"`
			} `json:"function"`
		} `json:"tools"`
		Format *struct {
			Type   string `json:"type"`
			Schema *struct {
				Name   string          `json:"name"`
				Schema json.RawMessage `json:"schema"`
			} `json:"json_schema"`
		} `json:"response_format"`
		MaxTokens     int      `json:"max_tokens"`
		MaxCompletion int      `json:"max_completion_tokens"`
		Temperature   *float64 `json:"temperature"`
		Stream        bool     `json:"stream"`
		StreamOptions *struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	if err := strictly(body, &req); err != nil {
		return h, err
	}
	if req.StreamOptions != nil && !req.Stream {
		return h, errors.New("stream_options is only allowed when stream is enabled")
	}
	if !strings.Contains(r.Header.Get("Accept"), map[bool]string{true: eventStream, false: jsonType}[req.Stream]) {
		return h, errors.New("accept")
	}
	h.model, h.maxTokens, h.temperature = req.Model, max(req.MaxTokens, req.MaxCompletion), req.Temperature
	h.tools = map[string]json.RawMessage{}
	for _, t := range req.Tools {
		if t.Type != "function" || !vendorNames.MatchString(t.Function.Name) || h.tools[t.Function.Name] != nil {
			return h, fmt.Errorf("tool %q", t.Function.Name)
		}
		h.tools[t.Function.Name] = t.Function.Parameters
	}
	if f := req.Format; f != nil {
		h.structured = true
		if f.Type == "json_schema" && (f.Schema == nil || !vendorNames.MatchString(f.Schema.Name) || len(f.Schema.Schema) == 0) {
			return h, errors.New("response_format.json_schema")
		}
	}
	open := map[string]bool{}
	for i, m := range req.Messages {
		if m.Role != "tool" && len(open) > 0 {
			return h, errors.New("an assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'")
		}
		turn := heardTurn{role: m.Role, thought: m.Reasoning}
		if m.Content != nil {
			turn.text = *m.Content
		}
		switch m.Role {
		case "system":
			if i != 0 || m.Content == nil {
				return h, errors.New("system")
			}
			h.system = *m.Content
			continue
		case "user":
			if m.Content == nil {
				return h, errors.New("content of a user message")
			}
		case "assistant":
			if m.Content == nil && len(m.ToolCalls) == 0 {
				return h, errors.New("content of an assistant message")
			}
			for _, c := range m.ToolCalls {
				if c.ID == "" || c.Type != "function" || !vendorNames.MatchString(c.Function.Name) {
					return h, errors.New("tool_calls")
				}
				open[c.ID] = true
				turn.calls = append(turn.calls, ToolCall{ID: c.ID, Name: c.Function.Name, Arguments: json.RawMessage(c.Function.Arguments)})
			}
		case "tool":
			if !open[m.ToolCallID] || m.Content == nil {
				return h, errors.New("a tool message must answer a call")
			}
			delete(open, m.ToolCallID)
			result := heardResult{call: m.ToolCallID, text: *m.Content, failed: strings.HasPrefix(*m.Content, "There is no result")}
			if last := len(h.turns) - 1; h.turns[last].role == "tool" {
				h.turns[last].results = append(h.turns[last].results, result)
				continue
			}
			turn.text, turn.results = "", []heardResult{result}
		default:
			return h, fmt.Errorf("role %q", m.Role)
		}
		h.turns = append(h.turns, turn)
	}
	return h, nil
}

func openaiFinish(s said) string {
	switch {
	case s.stop == contract.StopLength:
		return "length"
	case len(s.calls) > 0:
		return "tool_calls"
	}
	return "stop"
}

const openaiUsage = `{"prompt_tokens":1200,"completion_tokens":350,"total_tokens":1550,"completion_tokens_details":{"reasoning_tokens":50}}`

func openaiWhole(s said) string {
	message := map[string]any{"role": "assistant", "content": s.text, "refusal": nil}
	if s.refused != "" {
		message["content"], message["refusal"] = nil, "I can't help with that: "+secretKey
	}
	if s.thought != "" {
		message["reasoning_content"] = s.thought
	}
	var calls []any
	for _, c := range s.calls {
		calls = append(calls, map[string]any{"id": c.ID, "type": "function", "function": map[string]any{"name": c.Name, "arguments": string(c.Arguments)}})
	}
	if calls != nil {
		message["tool_calls"] = calls
	}
	text, _ := json.Marshal(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "model-9-001", "usage": json.RawMessage(openaiUsage),
		"choices": []any{map[string]any{"index": 0, "message": message, "logprobs": nil, "finish_reason": openaiFinish(s)}},
	})
	return string(text)
}

func openaiEvents(s said) []string {
	chunk := func(choices string, usage string) string {
		return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"model-9-001","choices":` + choices + `,"usage":` + usage + "}\n\n"
	}
	delta := func(v any, finish string) string {
		text, _ := json.Marshal([]any{map[string]any{"index": 0, "delta": v, "finish_reason": json.RawMessage(finish)}})
		return chunk(string(text), "null")
	}
	pieces := []string{delta(map[string]any{"role": "assistant", "content": ""}, "null")}
	if s.thought != "" {
		pieces = append(pieces, delta(map[string]any{"reasoning_content": s.thought}, "null"))
	}
	for _, part := range parts(s.text) {
		pieces = append(pieces, delta(map[string]any{"content": part}, "null"))
	}
	if s.refused != "" {
		pieces = append(pieces, delta(map[string]any{"refusal": "I can't help with that: "}, "null"), delta(map[string]any{"refusal": secretKey}, "null"))
	}
	for i, c := range s.calls {
		pieces = append(pieces, delta(map[string]any{"tool_calls": []any{map[string]any{"index": i, "id": c.ID, "type": "function", "function": map[string]any{"name": c.Name, "arguments": ""}}}}, "null"))
		for _, part := range parts(string(c.Arguments)) {
			pieces = append(pieces, delta(map[string]any{"tool_calls": []any{map[string]any{"index": i, "function": map[string]any{"arguments": part}}}}, "null"))
		}
	}
	return append(pieces, ": a comment\n\n", delta(map[string]any{}, `"`+openaiFinish(s)+`"`), chunk("[]", openaiUsage), "data: [DONE]\n\n")
}

// parts cuts a text into pieces of a few runes.
func parts(text string) []string {
	var out []string
	runes := []rune(text)
	size := max(3, len(runes)/100)
	for len(runes) > 0 {
		n := min(size, len(runes))
		out, runes = append(out, string(runes[:n])), runes[n:]
	}
	return out
}

// limited is a server that knows less than OpenAI's, and says so as real ones do.
func TestOpenAIServersThatKnowLess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		message, param string
		lacks          func(m map[string]json.RawMessage) bool
	}{
		"no json_schema": {"response_format.type: 'json_schema' is not supported", "response_format", func(m map[string]json.RawMessage) bool {
			return strings.Contains(string(m["response_format"]), "json_schema")
		}},
		"no response_format at all": {"unknown field: response_format", "", func(m map[string]json.RawMessage) bool { return m["response_format"] != nil }},
		"no usage in streams":       {"Extra inputs are not permitted: stream_options", "", func(m map[string]json.RawMessage) bool { return m["stream_options"] != nil }},
		"no max_tokens":             {"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens", func(m map[string]json.RawMessage) bool { return m["max_tokens"] != nil }},
		"no temperature":            {"Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.", "temperature", func(m map[string]json.RawMessage) bool { return m["temperature"] != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var bodies []map[string]json.RawMessage
			s := newStudio(t, openaiVendor("openai", false), nil)
			s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var m map[string]json.RawMessage
				if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
					t.Error(err)
				}
				bodies = append(bodies, m)
				if c.lacks(m) {
					w.WriteHeader(http.StatusBadRequest)
					text, _ := json.Marshal(map[string]any{"error": map[string]any{"message": c.message, "type": "invalid_request_error", "param": c.param, "code": "unsupported_parameter"}})
					_, _ = w.Write(text)
					return
				}
				says(said{text: `{"n":1}`}, 0)(s, w, r, heard{})
			})
			for range 2 {
				out, err := s.provider.Complete(t.Context(), counting)
				require.NoError(t, err)
				require.JSONEq(t, `{"n":1}`, string(out.Output))
			}
			asked := len(bodies)
			require.LessOrEqual(t, asked, 4)
			require.False(t, c.lacks(bodies[asked-1]))
			require.False(t, c.lacks(bodies[asked-2]), "it is asked once only")
			if name == "no max_tokens" {
				require.Equal(t, "8192", string(bodies[asked-1]["max_completion_tokens"]))
			}
		})
	}
	t.Run("one that takes nothing", func(t *testing.T) {
		t.Parallel()
		asked := 0
		s := newStudio(t, openaiVendor("openai", false), nil)
		s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"response_format json_schema json_object stream_options max_tokens temperature"}`)
		})
		_, err := s.provider.Complete(t.Context(), counting)
		require.Equal(t, soc.Invalid, soc.KindOf(err))
		require.Equal(t, 6, asked)
	})
}

// TestWhatOtherServersDoDifferently has answers as they were seen from servers that are compatible, but not quite.
func TestWhatOtherServersDoDifferently(t *testing.T) {
	t.Parallel()
	req := counting
	req.Tools = []Tool{lookup, whoami}
	for name, c := range map[string]struct {
		contentType, text string
		calls             int
		kind              soc.Kind
		message           string
	}{
		"an answer at once to a request for a stream": {contentType: "application/json", text: openaiWhole(said{text: `{"n":1}`})},
		"calls that all have the index 0": {contentType: eventStream, calls: 2, text: `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"intel-lookup_ip","arguments":"{\"ip\":\"1\"}"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_b","type":"function","function":{"name":"okta-get_user","arguments":"{}"}}]},"finish_reason":"stop"}]}

data: [DONE]

`},
		"calls without an index or an id, and arguments that are an object": {contentType: eventStream, calls: 2, text: `data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"intel-lookup_ip","arguments":{"ip":"1"}}},{"function":{"name":"okta-get_user","arguments":{}}}]},"finish_reason":"tool_calls"}]}

`},
		"no [DONE] at the end, and lines that end in CRLF": {contentType: eventStream, text: "data: {\"choices\":[{\"delta\":{\"content\":\"{\\\"n\\\":1}\"},\"finish_reason\":\"stop\"}]}\r\n\r\n"},
		"an error in the middle":                           {contentType: eventStream, kind: soc.Unavailable, message: "broke off", text: "data: {\"choices\":[{\"delta\":{\"content\":\"{\"}}]}\n\ndata: {\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\",\"code\":500}}\n\n"},
		"an error in the middle that is ours":              {contentType: eventStream, kind: soc.Invalid, message: "context size", text: "data: {\"error\":{\"message\":\"exceeds the available context size\",\"type\":\"exceed_context_size_error\",\"code\":400}}\n\n"},
		"a filter":                                         {contentType: "application/json", kind: soc.Invalid, message: "refused to answer (content_filter)", text: `{"choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"content_filter"}]}`},
		"no choices":                                       {contentType: "application/json", kind: soc.Invalid, message: "there is none", text: `{"choices":[]}`},
		"an event that is too long":                        {contentType: eventStream, kind: soc.Invalid, message: "more than 2097152 bytes", text: "data: " + strings.Repeat("x", maxEvent+10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, openaiVendor("openai", false), serves(c.contentType, c.text))
			out, err := s.provider.Complete(t.Context(), req)
			if c.kind != "" {
				require.Equal(t, c.kind, soc.KindOf(err), "%v", err)
				require.ErrorContains(t, err, c.message)
				return
			}
			require.NoError(t, err)
			require.Len(t, out.ToolCalls, c.calls)
			if c.calls == 0 {
				require.JSONEq(t, `{"n":1}`, string(out.Output))
				return
			}
			require.JSONEq(t, `{"ip":"1"}`, string(out.ToolCalls[0].Arguments))
			require.Equal(t, "okta.get_user", out.ToolCalls[1].Name)
			require.NotEqual(t, out.ToolCalls[0].ID, out.ToolCalls[1].ID)
		})
	}
}

func TestOpenAIIsConfiguredOrRefused(t *testing.T) {
	t.Parallel()
	guarded := &http.Client{Transport: http.NewFileTransport(http.Dir("."))}
	for name, c := range map[string]OpenAIConfig{
		"no name":                  {Model: "m", BaseURL: "http://localhost:11434/v1", HTTP: guarded},
		"no model":                 {Name: "n", BaseURL: "http://localhost:11434/v1", HTTP: guarded},
		"OpenAI's own without key": {Name: "n", Model: "m", HTTP: guarded},
		"structured in some way":   {Name: "n", Model: "m", Key: "k", Structured: "xml", HTTP: guarded},
		"a key with a line break":  {Name: "n", Model: "m", Key: "a\nb", HTTP: guarded},
	} {
		_, err := NewOpenAI(c)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.NotContains(t, err.Error(), "a\nb")
	}
	o, err := NewOpenAI(OpenAIConfig{Name: "ollama", Model: "qwen3", BaseURL: "http://localhost:11434/v1/", HTTP: guarded, Extra: map[string]any{"keep_alive": "1h", "model": "not this"}})
	require.NoError(t, err)
	require.Equal(t, "ollama", o.Name())
	require.Empty(t, o.wire.header.Get("Authorization"))
	sent, schema, _, err := begin(counting, "qwen3")
	require.NoError(t, err)
	body, err := o.request(counting, sent, schema, "qwen3", dialect{structured: StructuredText})
	require.NoError(t, err)
	require.Contains(t, string(body), `"keep_alive":"1h"`)
	require.Contains(t, string(body), `"model":"qwen3"`)
	require.NotContains(t, string(body), "response_format")
}
