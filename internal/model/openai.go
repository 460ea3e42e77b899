package model

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"picket/internal/contract"
	"picket/internal/soc"
)

const openaiBase = "https://api.openai.com/v1"

// How an OpenAI-compatible server is asked for JSON.
const (
	StructuredSchema = "json_schema" // the default
	StructuredObject = "json_object"
	StructuredText   = "text" // by the prompt alone
)

// OpenAIConfig configures a server that speaks OpenAI's Chat Completions API.
type OpenAIConfig struct {
	Name       string // what playbooks call it
	BaseURL    string // with /v1; OpenAI's own when empty
	Key        string // may be empty: servers on a laptop take none
	Model      string
	MaxTokens  int // of an answer; 0 is 8192
	Structured string
	NoStream   bool           // ask for answers at once
	Extra      map[string]any // members of the request that this server knows beside ours
	Prices     Prices
	HTTP       *http.Client // guarded
}

// OpenAI asks a server that speaks OpenAI's Chat Completions API, such as OpenAI's, Ollama, vLLM, llama-server or LiteLLM.
type OpenAI struct {
	wire   *wire
	config OpenAIConfig
	mu     sync.Mutex
	less   map[string]dialect // by model: what the server has turned out not to take
}

var _ Provider = (*OpenAI)(nil)

// dialect is how a server differs from the full API.
type dialect struct {
	structured        string
	noUsage           bool // stream_options is not known
	noTemperature     bool // reasoning models take none
	completionsTokens bool // max_completion_tokens instead of max_tokens
}

// NewOpenAI returns a provider. Nothing is sent yet.
func NewOpenAI(c OpenAIConfig) (*OpenAI, error) {
	if c.Name == "" || c.Model == "" {
		return nil, soc.Errorf(soc.Invalid, "an openai server needs a name and a model")
	}
	if c.BaseURL == "" {
		c.BaseURL = openaiBase
		if c.Key == "" {
			return nil, soc.Errorf(soc.Invalid, "%s: OpenAI's own API needs a key; set key_file, or base_url for another server", c.Name)
		}
	}
	switch c.Structured {
	case "":
		c.Structured = StructuredSchema
	case StructuredSchema, StructuredObject, StructuredText:
	default:
		return nil, soc.Errorf(soc.Invalid, "%s: structured is %s, %s or %s", c.Name, StructuredSchema, StructuredObject, StructuredText)
	}
	header := http.Header{}
	if c.Key != "" {
		header.Set("Authorization", "Bearer "+c.Key)
	}
	w, err := newWire(c.Name, c.BaseURL, c.Key, header, c.HTTP)
	if err != nil {
		return nil, err
	}
	return &OpenAI{wire: w, config: c, less: map[string]dialect{}}, nil
}

// Name is what playbooks call the provider.
func (o *OpenAI) Name() string { return o.config.Name }

// The Chat Completions API, as far as it is used here.
type (
	openaiFunction struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		Parameters  json.RawMessage `json:"parameters,omitempty"`
		Arguments   *string         `json:"arguments,omitempty"` // of a call: JSON in a string
	}
	openaiTool struct {
		ID       string         `json:"id,omitempty"` // of a call
		Type     string         `json:"type"`
		Function openaiFunction `json:"function"`
	}
	openaiMessage struct {
		Role       string       `json:"role"`
		Content    *string      `json:"content"` // null beside tool calls
		ToolCalls  []openaiTool `json:"tool_calls,omitempty"`
		ToolCallID string       `json:"tool_call_id,omitempty"`
		// What reasoning models of some servers want back with their calls; OpenAI's API has no such member.
		Reasoning string `json:"reasoning_content,omitempty"`
	}
	openaiFormat struct {
		Type   string         `json:"type"`
		Schema map[string]any `json:"json_schema,omitempty"`
	}
	openaiRequest struct {
		Model         string          `json:"model"`
		Messages      []openaiMessage `json:"messages"`
		Tools         []openaiTool    `json:"tools,omitempty"`
		Format        *openaiFormat   `json:"response_format,omitempty"`
		MaxTokens     int             `json:"max_tokens,omitempty"`
		MaxCompletion int             `json:"max_completion_tokens,omitempty"`
		Temperature   *float64        `json:"temperature,omitempty"`
		Stream        bool            `json:"stream,omitempty"`
		StreamOptions map[string]bool `json:"stream_options,omitempty"`
	}
	// openaiPart is what a choice of an answer says, or what a choice of an event adds to it.
	openaiPart struct {
		Content   *string `json:"content"`
		Refusal   *string `json:"refusal"`
		Reasoning *string `json:"reasoning_content"`
		ToolCalls []struct {
			Index    *int   `json:"index"`
			ID       string `json:"id"`
			Function struct {
				Name      string          `json:"name"`
				Arguments json.RawMessage `json:"arguments"` // a string; an object with some servers
			} `json:"function"`
		} `json:"tool_calls"`
	}
	openaiAnswer struct {
		Model   string `json:"model"`
		Choices []struct {
			Message *openaiPart `json:"message"`
			Delta   *openaiPart `json:"delta"`
			Finish  *string     `json:"finish_reason"`
		} `json:"choices"`
		Usage *struct {
			Prompt     int `json:"prompt_tokens"`
			Completion int `json:"completion_tokens"` // with those of reasoning
		} `json:"usage"`
		Error json.RawMessage `json:"error"`
	}
)

// Complete sends one request. What a server says that it does not take, such as json_schema, is left out the next time:
// the answer is checked in any case.
func (o *OpenAI) Complete(ctx context.Context, req Request) (Response, error) {
	model := req.Model
	if model == "" {
		model = o.config.Model
	}
	sent, schema, out, err := begin(req, model)
	if err != nil {
		return out, err
	}
	for {
		d := o.dialect(model)
		body, err := o.request(req, sent, schema, model, d)
		if err != nil {
			return out, err
		}
		out.Request = body
		r, err := o.ask(ctx, body)
		if err == nil {
			return o.wire.judge(out, r, req, schema, o.config.Prices)
		}
		if call, ok := errors.AsType[*CallError](err); ok && o.learn(model, d, call, len(req.Tools) == 0) {
			continue // a dialect only ever loses, so this ends
		}
		out.spend(r, o.config.Prices)
		return out, err
	}
}

func (o *OpenAI) dialect(model string) dialect {
	o.mu.Lock()
	defer o.mu.Unlock()
	d, ok := o.less[model]
	if !ok {
		d.structured = o.config.Structured
	}
	return d
}

// learn notes what a server has refused, and tells whether that is something to be left out.
func (o *OpenAI) learn(model string, d dialect, e *CallError, structured bool) bool {
	if e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity && e.Status != http.StatusNotImplemented {
		return false
	}
	blames := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(e.param, word) || strings.Contains(e.said, word) {
				return true
			}
		}
		return false
	}
	switch {
	case structured && d.structured == StructuredSchema && blames("response_format", "json_schema"):
		d.structured = StructuredObject
	case structured && d.structured == StructuredObject && blames("response_format", "json_object"):
		d.structured = StructuredText
	case !d.noUsage && !o.config.NoStream && blames("stream_options"):
		d.noUsage = true
	case !d.completionsTokens && blames("max_tokens"):
		d.completionsTokens = true
	case !d.noTemperature && blames("temperature"):
		d.noTemperature = true
	default:
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.less) >= 100 { // models come from playbooks: not without end
		clear(o.less)
	}
	o.less[model] = d
	return true
}

func (o *OpenAI) request(req Request, sent assembled, schema json.RawMessage, model string, d dialect) (json.RawMessage, error) {
	r := openaiRequest{
		Model: model, Stream: !o.config.NoStream,
		Messages: []openaiMessage{{Role: "system", Content: &sent.system}, {Role: "user", Content: &sent.prompt}},
	}
	for i, turn := range sent.turns {
		r.Messages = append(r.Messages, o.messages(sent, i, turn)...)
	}
	for _, t := range req.Tools {
		r.Tools = append(r.Tools, openaiTool{Type: "function", Function: openaiFunction{Name: wireName(t.Name), Description: t.Description, Parameters: t.Input}})
	}
	// Not beside tools: servers that build a grammar from the schema would let the model say nothing but the answer.
	if len(req.Tools) == 0 {
		switch d.structured {
		case StructuredSchema:
			r.Format = &openaiFormat{Type: StructuredSchema, Schema: map[string]any{"name": "answer", "schema": schema}}
		case StructuredObject:
			r.Format = &openaiFormat{Type: StructuredObject}
		}
	}
	most := orDefault(req.MaxTokens, o.config.MaxTokens)
	if d.completionsTokens {
		r.MaxCompletion = most
	} else {
		r.MaxTokens = most
	}
	if !d.noTemperature {
		r.Temperature = req.Temperature
		if r.Temperature == nil {
			r.Temperature = new(float64)
		}
	}
	if r.Stream && !d.noUsage {
		r.StreamOptions = map[string]bool{"include_usage": true}
	}
	body, err := told(r)
	if err != nil || len(o.config.Extra) == 0 {
		return body, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, soc.Errorf(soc.Internal, "%s: %v", o.config.Name, err)
	}
	whole := map[string]any{}
	for name, value := range o.config.Extra {
		whole[name] = value
	}
	for name, value := range members {
		whole[name] = value
	}
	return told(whole)
}

func (o *OpenAI) messages(sent assembled, i int, turn Turn) []openaiMessage {
	switch turn.Role {
	case contract.RoleTool:
		list := make([]openaiMessage, 0, len(turn.Results))
		for _, r := range turn.Results {
			text := sent.results[resultKey(i, r.Call)]
			list = append(list, openaiMessage{Role: "tool", ToolCallID: r.Call, Content: &text})
		}
		return list
	case contract.RoleUser:
		return []openaiMessage{{Role: "user", Content: &turn.Text}}
	}
	m := openaiMessage{Role: "assistant"}
	if turn.Text != "" || len(turn.Calls) == 0 {
		m.Content = &turn.Text
	}
	var native struct {
		Provider  string `json:"provider"`
		Reasoning string `json:"reasoning_content"`
	}
	if json.Unmarshal(turn.Native, &native) == nil && native.Provider == o.config.Name {
		m.Reasoning = native.Reasoning
	}
	for _, c := range turn.Calls {
		arguments := string(c.Arguments)
		m.ToolCalls = append(m.ToolCalls, openaiTool{ID: c.ID, Type: "function", Function: openaiFunction{Name: wireName(c.Name), Arguments: &arguments}})
	}
	return []openaiMessage{m}
}

// ask sends a request and puts the answer together.
func (o *OpenAI) ask(ctx context.Context, body []byte) (reply, error) {
	types := []string{jsonType}
	if !o.config.NoStream {
		types = []string{eventStream, jsonType} // some servers answer at once whatever they are asked
	}
	answer, err := o.wire.post(ctx, "/chat/completions", body, types...)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	c := completionOf{wire: o.wire}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), jsonType) {
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			return reply{}, o.wire.broken(ctx, err)
		}
		if err := c.add(text); err != nil {
			return c.reply(), err
		}
		if c.finish == "" && !c.spoke {
			return c.reply(), badOutput("there is none")
		}
		return c.end(o.config.Name)
	}
	err = events(answer.Body, func(_ string, data []byte) error {
		if string(bytes.TrimSpace(data)) == "[DONE]" {
			return errStop
		}
		return c.add(data)
	})
	if err != nil {
		return c.reply(), o.wire.notDocumented(err)
	}
	if c.finish == "" {
		return c.reply(), o.wire.cutOff()
	}
	return c.end(o.config.Name)
}

// completionOf puts a completion together, from one document or from many.
type completionOf struct {
	wire                     *wire
	model, finish            string
	text, refusal, reasoning strings.Builder
	calls                    []*openaiCall
	at                       map[int]*openaiCall
	tokensIn, tokensOut      int
	spoke                    bool
}

type openaiCall struct {
	id, name  string
	arguments strings.Builder
}

func (c *completionOf) add(document []byte) error {
	var a openaiAnswer
	if err := json.Unmarshal(document, &a); err != nil {
		return badOutput("it is not what the API documents: %s", c.wire.scrub(err.Error()))
	}
	if len(a.Error) > 0 && string(a.Error) != "null" {
		return c.wire.failed(document)
	}
	if a.Model != "" {
		c.model = a.Model
	}
	if a.Usage != nil {
		c.tokensIn, c.tokensOut = a.Usage.Prompt, a.Usage.Completion
	}
	if len(a.Choices) == 0 {
		return nil
	}
	choice := a.Choices[0]
	if choice.Finish != nil && *choice.Finish != "" {
		c.finish = *choice.Finish
	}
	part := choice.Delta
	if part == nil {
		part = choice.Message
	}
	if part == nil {
		return nil
	}
	c.spoke = true
	for _, piece := range []struct {
		text *string
		to   *strings.Builder
	}{{part.Content, &c.text}, {part.Refusal, &c.refusal}, {part.Reasoning, &c.reasoning}} {
		if piece.text != nil {
			if err := c.wire.grow(piece.to, *piece.text); err != nil {
				return err
			}
		}
	}
	for _, t := range part.ToolCalls {
		// Pieces of a call are told by their index. Some servers give every call the index 0 and an id of its own.
		index := len(c.calls)
		switch {
		case t.Index != nil:
			index = *t.Index
		case t.ID == "" && t.Function.Name == "":
			index = max(index-1, 0)
		}
		call := c.at[index]
		if call == nil || (t.ID != "" && call.id != "" && t.ID != call.id) {
			if len(c.calls) > maxToolCalls {
				return c.wire.tooLong()
			}
			call = &openaiCall{}
			c.calls = append(c.calls, call)
			if c.at == nil {
				c.at = map[int]*openaiCall{}
			}
			c.at[index] = call
		}
		if t.ID != "" {
			call.id = t.ID
		}
		if t.Function.Name != "" {
			call.name = t.Function.Name
		}
		piece := string(t.Function.Arguments)
		var text string
		if json.Unmarshal(t.Function.Arguments, &text) == nil {
			piece = text
		}
		if err := c.wire.grow(&call.arguments, piece); err != nil {
			return err
		}
	}
	return nil
}

func (c *completionOf) reply() reply {
	return reply{text: c.text.String(), model: c.model, tokensIn: c.tokensIn, tokensOut: c.tokensOut}
}

// end reads why the model has stopped. Servers differ in the reason they give beside tool calls, so the calls count.
func (c *completionOf) end(provider string) (reply, error) {
	r := c.reply()
	for _, call := range c.calls {
		r.calls = append(r.calls, ToolCall{ID: call.id, Name: call.name, Arguments: json.RawMessage(call.arguments.String())})
	}
	switch {
	case c.refusal.Len() > 0:
		r.stop, r.why = contract.StopRefusal, c.refusal.String()
	case c.finish == "content_filter":
		r.stop, r.why = contract.StopRefusal, c.finish
	case c.finish == "length":
		r.stop = contract.StopLength
	default:
		r.stop = contract.StopEnd
	}
	if c.reasoning.Len() > 0 && len(r.calls) > 0 {
		r.native, _ = told(map[string]string{"provider": provider, "reasoning_content": c.reasoning.String()})
	}
	return r, nil
}
