package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"picket/internal/contract"
	"picket/internal/soc"
)

const (
	anthropicBase    = "https://api.anthropic.com"
	anthropicVersion = "2023-06-01" // the only version of the API there is, beside a first draft
	// answerTool is the tool in whose input the model answers, because the API takes any schema there, and output_config
	// only some. It has two dashes, which wireName gives to no operation.
	answerTool = "final-answer-document"
)

// AnthropicConfig configures Anthropic's Messages API.
type AnthropicConfig struct {
	Name      string // anthropic when empty
	BaseURL   string // https://api.anthropic.com when empty
	Key       string
	Model     string
	MaxTokens int  // of an answer; 0 is 8192
	NoStream  bool // ask for answers at once
	Prices    Prices
	HTTP      *http.Client // guarded
}

// Anthropic asks Claude through Anthropic's Messages API.
type Anthropic struct {
	wire   *wire
	config AnthropicConfig
	mu     sync.Mutex
	less   map[string]anthropicLess // by model
}

var _ Provider = (*Anthropic)(nil)

// anthropicLess is what a model has turned out not to take.
type anthropicLess struct {
	noTemperature bool
	noForce       bool // a model that thinks can't be forced to use a tool
}

// NewAnthropic returns a provider. Nothing is sent yet.
func NewAnthropic(c AnthropicConfig) (*Anthropic, error) {
	if c.Name == "" {
		c.Name = "anthropic"
	}
	if c.BaseURL == "" {
		c.BaseURL = anthropicBase
	}
	if c.Key == "" || c.Model == "" {
		return nil, soc.Errorf(soc.Invalid, "%s: a key and a model are required; set key_file and model", c.Name)
	}
	header := http.Header{}
	header.Set("X-Api-Key", c.Key)
	header.Set("Anthropic-Version", anthropicVersion)
	w, err := newWire(c.Name, c.BaseURL, c.Key, header, c.HTTP)
	if err != nil {
		return nil, err
	}
	return &Anthropic{wire: w, config: c, less: map[string]anthropicLess{}}, nil
}

// Name is what playbooks call the provider.
func (a *Anthropic) Name() string { return a.config.Name }

// The Messages API, as far as it is used here.
type (
	anthropicBlock struct {
		Type      string          `json:"type"`
		Text      string          `json:"text,omitempty"`
		ID        string          `json:"id,omitempty"`
		Name      string          `json:"name,omitempty"`
		Input     json.RawMessage `json:"input,omitempty"`
		ToolUseID string          `json:"tool_use_id,omitempty"`
		Content   string          `json:"content,omitempty"`
		IsError   bool            `json:"is_error,omitempty"`
		Thinking  *string         `json:"thinking,omitempty"`
		Signature string          `json:"signature,omitempty"`
		Data      string          `json:"data,omitempty"` // of redacted_thinking
	}
	anthropicMessage struct {
		Role    string            `json:"role"`
		Content []json.RawMessage `json:"content"`
	}
	anthropicTool struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		InputSchema json.RawMessage `json:"input_schema"`
	}
	anthropicChoice struct {
		Type string `json:"type"`
		Name string `json:"name,omitempty"`
	}
	anthropicRequest struct {
		Model       string             `json:"model"`
		MaxTokens   int                `json:"max_tokens"`
		System      string             `json:"system"`
		Messages    []anthropicMessage `json:"messages"`
		Tools       []anthropicTool    `json:"tools,omitempty"`
		ToolChoice  *anthropicChoice   `json:"tool_choice,omitempty"`
		Temperature *float64           `json:"temperature,omitempty"`
		Stream      bool               `json:"stream,omitempty"`
	}
	anthropicUsage struct {
		Input      *int `json:"input_tokens"`
		CacheWrite *int `json:"cache_creation_input_tokens"`
		CacheRead  *int `json:"cache_read_input_tokens"`
		Output     *int `json:"output_tokens"` // with those of thinking
	}
	anthropicAnswer struct {
		Type       string           `json:"type"`
		Model      string           `json:"model"`
		Content    []anthropicBlock `json:"content"`
		StopReason string           `json:"stop_reason"`
		Usage      anthropicUsage   `json:"usage"`
	}
	anthropicEvent struct {
		Type    string          `json:"type"`
		Message anthropicAnswer `json:"message"` // message_start
		Index   int             `json:"index"`
		Block   anthropicBlock  `json:"content_block"` // content_block_start
		Delta   struct {
			Type       string `json:"type"`
			Text       string `json:"text"`
			JSON       string `json:"partial_json"`
			Thinking   string `json:"thinking"`
			Signature  string `json:"signature"`
			StopReason string `json:"stop_reason"` // message_delta
		} `json:"delta"`
		Usage anthropicUsage `json:"usage"` // message_delta: of the whole message so far
	}
)

// Complete sends one request.
func (a *Anthropic) Complete(ctx context.Context, req Request) (Response, error) {
	model := req.Model
	if model == "" {
		model = a.config.Model
	}
	sent, schema, out, err := begin(req, model)
	if err != nil {
		return out, err
	}
	for {
		a.mu.Lock()
		less := a.less[model]
		a.mu.Unlock()
		body, err := a.request(req, sent, schema, model, less)
		if err != nil {
			return out, err
		}
		out.Request = body
		r, err := a.ask(ctx, body)
		if err == nil {
			return a.wire.judge(out, r, req, schema, a.config.Prices)
		}
		if call, ok := errors.AsType[*CallError](err); ok && a.learn(model, less, call) {
			continue // less only ever grows, so this ends
		}
		out.spend(r, a.config.Prices)
		return out, err
	}
}

// learn notes what a model has refused, and tells whether that is something to be left out.
func (a *Anthropic) learn(model string, less anthropicLess, e *CallError) bool {
	switch {
	case e.Status != http.StatusBadRequest:
		return false
	case !less.noForce && (strings.Contains(e.said, "tool_choice") || strings.Contains(e.said, "forces tool use")):
		less.noForce = true
	case !less.noTemperature && strings.Contains(e.said, "temperature"):
		less.noTemperature = true
	default:
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.less) >= 100 { // models come from playbooks: not without end
		clear(a.less)
	}
	a.less[model] = less
	return true
}

func (a *Anthropic) request(req Request, sent assembled, schema json.RawMessage, model string, less anthropicLess) (json.RawMessage, error) {
	r := anthropicRequest{
		Model: model, MaxTokens: orDefault(req.MaxTokens, a.config.MaxTokens), System: sent.system, Stream: !a.config.NoStream,
	}
	for _, t := range req.Tools {
		r.Tools = append(r.Tools, anthropicTool{Name: wireName(t.Name), Description: t.Description, InputSchema: t.Input})
	}
	// A tool's input has to be an object: any other answer is left to the prompt.
	if describesObject(schema) {
		r.Tools = append(r.Tools, anthropicTool{Name: answerTool, Description: "Gives your answer: its input is the JSON document.", InputSchema: schema})
		switch {
		case less.noForce:
			r.ToolChoice = &anthropicChoice{Type: "auto"}
		case len(req.Tools) > 0:
			r.ToolChoice = &anthropicChoice{Type: "any"} // a tool, or the answer
		default:
			r.ToolChoice = &anthropicChoice{Type: "tool", Name: answerTool}
		}
	}
	if !less.noTemperature {
		r.Temperature = req.Temperature
		if r.Temperature == nil {
			r.Temperature = new(float64)
		}
	}
	if err := r.say("user", anthropicBlock{Type: "text", Text: sent.prompt}); err != nil {
		return nil, err
	}
	for i, turn := range sent.turns {
		if err := a.say(&r, sent, i, turn); err != nil {
			return nil, err
		}
	}
	return told(r)
}

func describesObject(schema json.RawMessage) bool {
	var s struct {
		Type any `json:"type"`
	}
	return json.Unmarshal(schema, &s) == nil && s.Type == "object"
}

// say adds blocks to the last message if it is of the same role: results and what the user says then are one message, with
// the results first.
func (r *anthropicRequest) say(role string, blocks ...anthropicBlock) error {
	raw := make([]json.RawMessage, 0, len(blocks))
	for _, b := range blocks {
		text, err := told(b)
		if err != nil {
			return err
		}
		raw = append(raw, text)
	}
	if last := len(r.Messages) - 1; last >= 0 && r.Messages[last].Role == role {
		r.Messages[last].Content = append(r.Messages[last].Content, raw...)
		return nil
	}
	r.Messages = append(r.Messages, anthropicMessage{Role: role, Content: raw})
	return nil
}

// anthropicNative is a turn with thoughts, which are signed and have to come back as they were.
type anthropicNative struct {
	Provider string            `json:"provider"`
	Content  []json.RawMessage `json:"content"`
}

func (a *Anthropic) say(r *anthropicRequest, sent assembled, i int, turn Turn) error {
	switch turn.Role {
	case contract.RoleUser:
		return r.say("user", anthropicBlock{Type: "text", Text: turn.Text})
	case contract.RoleTool:
		var blocks []anthropicBlock
		for _, result := range turn.Results {
			blocks = append(blocks, anthropicBlock{
				Type: "tool_result", ToolUseID: anthropicID(i-1, result.Call), Content: sent.results[resultKey(i, result.Call)], IsError: result.Error != "",
			})
		}
		return r.say("user", blocks...)
	}
	var native anthropicNative
	if json.Unmarshal(turn.Native, &native) == nil && native.Provider == a.config.Name && len(native.Content) > 0 {
		r.Messages = append(r.Messages, anthropicMessage{Role: "assistant", Content: native.Content})
		return nil
	}
	var blocks []anthropicBlock
	if strings.TrimSpace(turn.Text) != "" {
		blocks = append(blocks, anthropicBlock{Type: "text", Text: turn.Text})
	}
	for _, c := range turn.Calls {
		blocks = append(blocks, anthropicBlock{Type: "tool_use", ID: anthropicID(i, c.ID), Name: wireName(c.Name), Input: c.Arguments})
	}
	if len(blocks) == 0 {
		blocks = append(blocks, anthropicBlock{Type: "text", Text: "(no answer)"})
	}
	return r.say("assistant", blocks...)
}

// anthropicID is a call's id as the API takes it: of letters, digits, _ and -, and of one call only in the conversation.
// What another provider has given may be neither.
func anthropicID(turn int, id string) string {
	if strings.HasPrefix(id, "toolu_") && !notID.MatchString(id) {
		return id
	}
	return fmt.Sprintf("turn%d_%s", turn, notID.ReplaceAllString(id, "_"))
}

var notID = regexp.MustCompile(`[^A-Za-z0-9_-]`)

// ask sends a request and puts the answer together.
func (a *Anthropic) ask(ctx context.Context, body []byte) (reply, error) {
	want := eventStream
	if a.config.NoStream {
		want = jsonType
	}
	answer, err := a.wire.post(ctx, "/v1/messages", body, want)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	m := messageOf{wire: a.wire, blocks: map[int]*anthropicGrowing{}}
	if a.config.NoStream {
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			return reply{}, a.wire.broken(ctx, err)
		}
		if err := m.whole(text); err != nil {
			return m.reply(), err
		}
		return m.end(a.config.Name)
	}
	if err := events(answer.Body, m.event); err != nil {
		return m.reply(), a.wire.notDocumented(err)
	}
	if !m.ended {
		return m.reply(), a.wire.cutOff()
	}
	return m.end(a.config.Name)
}

// messageOf puts a message together.
type messageOf struct {
	wire   *wire
	model  string
	stop   string
	usage  anthropicUsage
	order  []int
	blocks map[int]*anthropicGrowing
	size   int
	ended  bool
}

type anthropicGrowing struct {
	block                     anthropicBlock
	text, input, thought, sig strings.Builder
}

// maxBlocks bounds the parts of a message: text, thoughts and calls.
const maxBlocks = 4 * maxToolCalls

func (m *messageOf) whole(text []byte) error {
	var answer anthropicAnswer
	if err := json.Unmarshal(text, &answer); err != nil {
		return badOutput("it is not what the API documents: %s", m.wire.scrub(err.Error()))
	}
	if answer.Type == "error" {
		return m.wire.failed(text)
	}
	if answer.Type != "message" {
		return badOutput("it is not what the API documents: it is no message")
	}
	m.model, m.stop, m.usage, m.ended = answer.Model, answer.StopReason, answer.Usage, true
	for i, b := range answer.Content {
		if err := m.start(i, b); err != nil {
			return err
		}
	}
	return nil
}

func (m *messageOf) start(index int, b anthropicBlock) error {
	if len(m.order) >= maxBlocks || m.blocks[index] != nil {
		return m.wire.tooLong()
	}
	g := &anthropicGrowing{block: b}
	m.order = append(m.order, index)
	m.blocks[index] = g
	if err := m.grow(&g.text, b.Text); err != nil {
		return err
	}
	if b.Thinking != nil {
		if err := m.grow(&g.thought, *b.Thinking); err != nil {
			return err
		}
	}
	if err := m.grow(&g.sig, b.Signature); err != nil {
		return err
	}
	if string(b.Input) != "{}" { // which is how a call starts whose input comes in pieces
		return m.grow(&g.input, string(b.Input))
	}
	return nil
}

// grow bounds the message as a whole.
func (m *messageOf) grow(b *strings.Builder, piece string) error {
	if m.size += len(piece); m.size > maxOutput {
		return m.wire.tooLong()
	}
	b.WriteString(piece)
	return nil
}

func (m *messageOf) event(_ string, data []byte) error {
	var e anthropicEvent
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	switch e.Type {
	case "message_start":
		m.model = e.Message.Model
		m.count(e.Message.Usage)
	case "content_block_start":
		return m.start(e.Index, e.Block)
	case "content_block_delta":
		g := m.blocks[e.Index]
		if g == nil {
			return errors.New("a delta for a block that has not started")
		}
		switch e.Delta.Type {
		case "text_delta":
			return m.grow(&g.text, e.Delta.Text)
		case "input_json_delta":
			return m.grow(&g.input, e.Delta.JSON)
		case "thinking_delta":
			return m.grow(&g.thought, e.Delta.Thinking)
		case "signature_delta":
			return m.grow(&g.sig, e.Delta.Signature)
		}
	case "message_delta":
		if e.Delta.StopReason != "" {
			m.stop = e.Delta.StopReason
		}
		m.count(e.Usage)
	case "message_stop":
		m.ended = true
		return errStop
	case "error":
		return m.wire.failed(data)
	}
	return nil // ping, content_block_stop, and what may be added: the API says that clients are to take it
}

// count takes the numbers that an event has; each is of the whole message so far.
func (m *messageOf) count(u anthropicUsage) {
	for _, n := range []struct {
		to   **int
		from *int
	}{{&m.usage.Input, u.Input}, {&m.usage.CacheWrite, u.CacheWrite}, {&m.usage.CacheRead, u.CacheRead}, {&m.usage.Output, u.Output}} {
		if n.from != nil {
			*n.to = n.from
		}
	}
}

func (m *messageOf) reply() reply {
	sum := func(numbers ...*int) (total int) {
		for _, n := range numbers {
			if n != nil {
				total += max(*n, 0)
			}
		}
		return total
	}
	return reply{
		model: m.model, tokensIn: sum(m.usage.Input, m.usage.CacheWrite, m.usage.CacheRead), tokensOut: sum(m.usage.Output),
	}
}

// end reads what the message says. An answer that came in the answer's tool is the text; one beside calls of real tools
// came too early, and is left out.
func (m *messageOf) end(provider string) (reply, error) {
	r := m.reply()
	var text strings.Builder
	var answer *string
	var native anthropicNative
	thought := false
	for _, index := range m.order {
		g := m.blocks[index]
		b := g.block
		b.Text, b.Signature = g.text.String(), g.sig.String()
		switch b.Type {
		case "text":
			text.WriteString(b.Text)
			if strings.TrimSpace(b.Text) == "" {
				continue // the API does not take back an empty text
			}
		case "thinking":
			t := g.thought.String()
			b.Thinking, thought = &t, true
		case "redacted_thinking":
			thought = true
		case "tool_use":
			input := g.input.String()
			if b.Name == answerTool {
				answer = &input
				continue
			}
			if input == "" {
				input = "{}"
			}
			r.calls = append(r.calls, ToolCall{ID: b.ID, Name: b.Name, Arguments: json.RawMessage(input)})
			b.Input = json.RawMessage(input)
		default:
			continue
		}
		if raw, err := told(b); err == nil {
			native.Content = append(native.Content, raw)
		}
	}
	r.text = text.String()
	if answer != nil && len(r.calls) == 0 {
		r.text = *answer
	}
	if (thought && len(r.calls) > 0) || m.stop == "pause_turn" {
		native.Provider = provider
		r.native, _ = told(native)
	}
	switch m.stop {
	case "max_tokens", "model_context_window_exceeded":
		r.stop = contract.StopLength
	case "refusal":
		r.stop, r.why = contract.StopRefusal, m.stop
	case "pause_turn":
		r.stop = contract.StopPause
	default:
		r.stop = contract.StopEnd
	}
	return r, nil
}
