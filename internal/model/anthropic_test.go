package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
)

// anthropicVendor speaks the Messages API: https://docs.claude.com/en/api/messages and /en/docs/build-with-claude/streaming.
func anthropicVendor(name string, noStream bool) vendor {
	return vendor{
		name: name, path: "/v1/messages", stream: !noStream,
		connect: func(base string, client *http.Client) (Provider, error) {
			return NewAnthropic(AnthropicConfig{BaseURL: base, Key: secretKey, Model: "model-9", NoStream: noStream, Prices: testPrices, HTTP: client})
		},
		hear: hearAnthropic, answer: func(s said, h heard) (string, []string) {
			if noStream {
				return "application/json", []string{anthropicWhole(s, h)}
			}
			return "text/event-stream; charset=utf-8", anthropicEvents(s, h)
		},
		problem: func(status int, message string) string {
			kind := map[int]string{400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
				413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}[status]
			if kind == "" {
				kind = "api_error"
			}
			text, _ := json.Marshal(map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": message}, "request_id": "req_1"})
			return string(text)
		},
	}
}

var anthropicIDs = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

func hearAnthropic(r *http.Request, body []byte) (heard, error) {
	var h heard
	if r.Header.Get("X-Api-Key") != secretKey || r.Header.Get("Anthropic-Version") != "2023-06-01" {
		return h, errors.New("x-api-key and anthropic-version")
	}
	var req struct {
		Model     string `json:"model"`
		MaxTokens int    `json:"max_tokens"`
		System    string `json:"system"`
		Messages  []struct {
			Role    string            `json:"role"`
			Content []json.RawMessage `json:"content"`
		} `json:"messages"`
		Tools []struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			InputSchema json.RawMessage `json:"input_schema"`
		} `json:"tools"`
		ToolChoice *struct {
			Type string `json:"type"`
			Name string `json:"name"`
		} `json:"tool_choice"`
		Temperature *float64 `json:"temperature"`
		Stream      bool     `json:"stream"`
	}
	if err := strictly(body, &req); err != nil {
		return h, err
	}
	if req.MaxTokens < 1 || req.Model == "" || len(req.Messages) == 0 || req.Messages[0].Role != "user" {
		return h, errors.New("model, max_tokens and a first message of the user are required")
	}
	h.model, h.system, h.maxTokens, h.temperature = req.Model, req.System, req.MaxTokens, req.Temperature
	h.tools = map[string]json.RawMessage{}
	for _, t := range req.Tools {
		var schema struct{ Type string }
		if !vendorNames.MatchString(t.Name) || h.tools[t.Name] != nil || json.Unmarshal(t.InputSchema, &schema) != nil || schema.Type != "object" {
			return h, fmt.Errorf("tools: %q", t.Name)
		}
		h.tools[t.Name] = t.InputSchema
	}
	if c := req.ToolChoice; c != nil {
		if len(req.Tools) == 0 || (c.Type == "tool") != (c.Name != "") || (c.Type == "tool" && h.tools[c.Name] == nil) {
			return h, errors.New("tool_choice")
		}
		h.structured = c.Type == "tool" || c.Type == "any"
	}
	if h.structured {
		delete(h.tools, answerTool)
	}
	known := map[string]bool{}
	var open []string
	for i, m := range req.Messages {
		if i > 0 && req.Messages[i-1].Role == m.Role {
			return h, errors.New("roles must alternate")
		}
		if len(m.Content) == 0 {
			return h, errors.New("content: must not be empty")
		}
		turn := heardTurn{role: m.Role}
		var results heardTurn
		for _, raw := range m.Content {
			var b struct {
				Type      string          `json:"type"`
				Text      string          `json:"text"`
				ID        string          `json:"id"`
				Name      string          `json:"name"`
				Input     json.RawMessage `json:"input"`
				ToolUseID string          `json:"tool_use_id"`
				Content   string          `json:"content"`
				IsError   bool            `json:"is_error"`
				Thinking  *string         `json:"thinking"`
				Signature string          `json:"signature"`
			}
			if err := strictly(raw, &b); err != nil {
				return h, err
			}
			switch {
			case b.Type == "text" && strings.TrimSpace(b.Text) != "":
				turn.text += b.Text
			case b.Type == "thinking" && m.Role == "assistant" && b.Thinking != nil && b.Signature != "":
				turn.thought = b.Signature
			case b.Type == "tool_use" && m.Role == "assistant" && anthropicIDs.MatchString(b.ID) && !known[b.ID] && isObject(b.Input):
				known[b.ID] = true
				open = append(open, b.ID)
				turn.calls = append(turn.calls, ToolCall{ID: b.ID, Name: b.Name, Arguments: b.Input})
			case b.Type == "tool_result" && m.Role == "user" && len(open) > 0 && open[0] == b.ToolUseID && turn.text == "":
				open = open[1:]
				results.role = "tool"
				results.results = append(results.results, heardResult{call: b.ToolUseID, text: b.Content, failed: b.IsError})
			default:
				return h, fmt.Errorf("messages.%d: a block of type %q is not allowed there: %s", i, b.Type, raw)
			}
		}
		if m.Role == "user" && len(open) > 0 {
			return h, errors.New("`tool_use` ids were found without `tool_result` blocks immediately after")
		}
		if len(known) > 0 && len(req.Tools) == 0 {
			return h, errors.New("requests which include tool_use blocks must define tools")
		}
		if results.role != "" {
			h.turns = append(h.turns, results)
		}
		if results.role == "" || turn.text != "" {
			h.turns = append(h.turns, turn)
		}
	}
	return h, nil
}

// anthropicBlocks are the blocks of an answer. A model that is forced to use a tool answers in it.
func anthropicBlocks(s said, h heard, whole bool) (blocks []map[string]any) {
	if s.refused != "" {
		return nil
	}
	if s.thought != "" {
		blocks = append(blocks, map[string]any{"type": "thinking", "thinking": "Let me think.", "signature": s.thought})
	}
	input := json.RawMessage(s.text)
	switch {
	case len(s.calls) > 0 || !h.structured || (whole && !json.Valid(input)) || strings.HasPrefix(s.text, "<think>") || strings.HasPrefix(s.text, "`"):
		if s.text != "" {
			blocks = append(blocks, map[string]any{"type": "text", "text": s.text})
		}
	case s.text != "":
		blocks = append(blocks, map[string]any{"type": "tool_use", "id": "toolu_answer", "name": answerTool, "input": input})
	}
	for _, c := range s.calls {
		blocks = append(blocks, map[string]any{"type": "tool_use", "id": c.ID, "name": c.Name, "input": c.Arguments})
	}
	return blocks
}

func anthropicStop(s said, blocks []map[string]any) string {
	switch {
	case s.refused != "":
		return "refusal"
	case s.stop == contract.StopLength:
		return "max_tokens"
	case s.stop == contract.StopPause:
		return "pause_turn"
	case len(blocks) > 0 && blocks[len(blocks)-1]["type"] == "tool_use":
		return "tool_use"
	}
	return "end_turn"
}

func anthropicWhole(s said, h heard) string {
	blocks := anthropicBlocks(s, h, true)
	if blocks == nil {
		blocks = []map[string]any{}
	}
	text, err := json.Marshal(map[string]any{
		"id": "msg_1", "type": "message", "role": "assistant", "model": "model-9-001", "content": blocks,
		"stop_reason": anthropicStop(s, blocks), "stop_sequence": nil,
		"usage": map[string]any{"input_tokens": 200, "cache_creation_input_tokens": 700, "cache_read_input_tokens": 300, "output_tokens": 350},
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func anthropicEvents(s said, h heard) []string {
	event := func(name string, v map[string]any) string {
		v["type"] = name
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return "event: " + name + "\ndata: " + string(text) + "\n\n"
	}
	pieces := []string{
		event("message_start", map[string]any{"message": map[string]any{
			"id": "msg_1", "type": "message", "role": "assistant", "model": "model-9-001", "content": []any{}, "stop_reason": nil, "stop_sequence": nil,
			"usage": map[string]any{"input_tokens": 200, "cache_creation_input_tokens": 700, "cache_read_input_tokens": 300, "output_tokens": 1},
		}}),
		event("ping", map[string]any{}),
	}
	blocks := anthropicBlocks(s, h, false)
	for i, b := range blocks {
		start := map[string]any{"type": b["type"]}
		var deltas []map[string]any
		switch b["type"] {
		case "text":
			start["text"] = ""
			for _, p := range parts(b["text"].(string)) {
				deltas = append(deltas, map[string]any{"type": "text_delta", "text": p})
			}
		case "thinking":
			start["thinking"], start["signature"] = "", ""
			deltas = append(deltas, map[string]any{"type": "thinking_delta", "thinking": b["thinking"]}, map[string]any{"type": "signature_delta", "signature": b["signature"]})
		case "tool_use":
			start["id"], start["name"], start["input"] = b["id"], b["name"], map[string]any{}
			if input := string(b["input"].(json.RawMessage)); input != "{}" {
				deltas = append(deltas, map[string]any{"type": "input_json_delta", "partial_json": ""})
				for _, p := range parts(input) {
					deltas = append(deltas, map[string]any{"type": "input_json_delta", "partial_json": p})
				}
			}
		}
		pieces = append(pieces, event("content_block_start", map[string]any{"index": i, "content_block": start}))
		for _, d := range deltas {
			pieces = append(pieces, event("content_block_delta", map[string]any{"index": i, "delta": d}))
		}
		pieces = append(pieces, event("content_block_stop", map[string]any{"index": i}))
	}
	return append(pieces,
		event("message_delta", map[string]any{"delta": map[string]any{"stop_reason": anthropicStop(s, blocks), "stop_sequence": nil}, "usage": map[string]any{"output_tokens": 350}}),
		event("message_stop", map[string]any{}))
}

func TestAnthropicAnswersInAToolThatItIsForcedToUse(t *testing.T) {
	t.Parallel()
	s := newStudio(t, anthropicVendor("anthropic", false), says(said{text: `{"n":1}`}, 0))
	_, err := s.provider.Complete(t.Context(), counting)
	require.NoError(t, err)
	require.Contains(t, s.bodies[0], `"tool_choice":{"type":"tool","name":"`+answerTool+`"}`)

	req := counting
	req.Tools = []Tool{lookup}
	_, err = s.provider.Complete(t.Context(), req)
	require.NoError(t, err)
	require.Contains(t, s.bodies[1], `"tool_choice":{"type":"any"}`)
}

func TestAnthropicModelsThatTakeLess(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		"Thinking may not be enabled when tool_choice forces tool use.",
		"`temperature` is deprecated for this model.",
	} {
		var asked int
		s := newStudio(t, anthropicVendor("anthropic", false), func(s *studio, w http.ResponseWriter, r *http.Request, h heard) {
			asked++
			if strings.Contains(message, "tool_choice") && h.structured || strings.Contains(message, "temperature") && h.temperature != nil {
				s.fail(w, 400, "", message)
				return
			}
			says(said{text: `{"n":1}`}, 0)(s, w, r, h)
		})
		for range 2 {
			out, err := s.provider.Complete(t.Context(), counting)
			require.NoError(t, err, message)
			require.JSONEq(t, `{"n":1}`, string(out.Output))
		}
		require.Equal(t, 3, asked, "what is not taken is tried once")
	}
}

func TestAnthropicStreams(t *testing.T) {
	t.Parallel()
	start := `event: message_start
data: {"type":"message_start","message":{"model":"model-9","content":[],"usage":{"input_tokens":10,"output_tokens":1}}}

`
	for name, c := range map[string]struct {
		text    string
		kind    soc.Kind
		message string
	}{
		"an overload in the middle": {start + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded " + secretKey + "\"}}\n\n", soc.Unavailable, "overloaded_error"},
		"an error that is ours":     {start + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"no\"}}\n\n", soc.Invalid, "broke off"},
		"a delta of no block":       {start + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":3,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n", soc.Invalid, "has not started"},
		"a window that is full":     {start + "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"model_context_window_exceeded\"},\"usage\":{\"output_tokens\":5}}\n\ndata: {\"type\":\"message_stop\"}\n\n", soc.Invalid, "cut off"},
		"blocks without end":        {start + strings.Repeat("data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n", 2), soc.Invalid, "more than"},
		"events that are new":       {start + "event: soon\ndata: {\"type\":\"soon\"}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\ndata: {\"type\":\"message_stop\"}\n\n", soc.Invalid, "there is none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t, anthropicVendor("anthropic", false), serves(eventStream, c.text))
			out, err := s.provider.Complete(t.Context(), counting)
			require.Equal(t, c.kind, soc.KindOf(err), "%v", err)
			require.ErrorContains(t, err, c.message)
			require.NotContains(t, err.Error(), secretKey)
			require.Equal(t, 10, out.TokensIn, "what was used until then is known")
		})
	}
}

func TestAPauseGoesBackAsItWas(t *testing.T) {
	t.Parallel()
	turn := 0
	s := newStudio(t, anthropicVendor("anthropic", false), func(s *studio, w http.ResponseWriter, r *http.Request, h heard) {
		if turn++; turn == 1 {
			h.structured = false
			says(said{text: "One moment.", thought: "sig", stop: contract.StopPause}, 0)(s, w, r, h)
			return
		}
		says(said{text: `{"n":1}`}, 0)(s, w, r, h)
	})
	req := counting
	req.Tools = []Tool{lookup}
	out, err := s.provider.Complete(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, contract.StopPause, out.Stop)
	require.Nil(t, out.Output)
	req.Turns = []Turn{out.Reply()}
	out, err = s.provider.Complete(t.Context(), req)
	require.NoError(t, err)
	require.JSONEq(t, `{"n":1}`, string(out.Output))
	require.Equal(t, []heardTurn{{role: "assistant", text: "One moment.", thought: "sig"}}, s.heard[1].turns[1:])
}

func TestAnthropicIsConfiguredOrRefused(t *testing.T) {
	t.Parallel()
	guarded := &http.Client{Transport: http.NewFileTransport(http.Dir("."))}
	for name, c := range map[string]AnthropicConfig{
		"no key":                  {Model: "m", HTTP: guarded},
		"no model":                {Key: "k", HTTP: guarded},
		"a key with a line break": {Key: "a\nb", Model: "m", HTTP: guarded},
	} {
		_, err := NewAnthropic(c)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.NotContains(t, err.Error(), "a\nb")
	}
	a, err := NewAnthropic(AnthropicConfig{Key: "k", Model: "m", HTTP: guarded})
	require.NoError(t, err)
	require.Equal(t, "anthropic", a.Name())
	require.Equal(t, "https://api.anthropic.com", a.wire.base)
}
