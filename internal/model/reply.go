package model

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"picket/internal/contract"
	"picket/internal/soc"
)

// reply is what a provider has said, before it is judged. Calls have the names that went over the wire.
type reply struct {
	text                string
	calls               []ToolCall
	stop                string
	why                 string // of a refusal
	native              json.RawMessage
	model               string
	tokensIn, tokensOut int
}

// maxNative bounds what a turn keeps in its provider's own form. It goes back with every later request.
const maxNative = 256 << 10

// grow adds to a text that comes in pieces, up to a bound.
func (w *wire) grow(b *strings.Builder, piece string) error {
	if b.Len()+len(piece) > maxOutput {
		return w.tooLong()
	}
	b.WriteString(piece)
	return nil
}

// begin assembles a request, and finds the schema of its answer.
func begin(req Request, model string) (assembled, json.RawMessage, Response, error) {
	out := Response{Model: model}
	sent, err := assemble(req)
	if err != nil {
		return sent, nil, out, err
	}
	out.System, out.Prompt, out.PromptDigest = sent.system, sent.prompt, sent.digest
	if req.Returns != ReturnsSchema {
		return sent, VerdictSchema(), out, nil
	}
	_, err = compile(req.Schema)
	return sent, req.Schema, out, err
}

// judge completes a response with what the provider has said, and tells whether it is what was asked for.
func (w *wire) judge(out Response, r reply, req Request, schema json.RawMessage, prices Prices) (Response, error) {
	out.Text, out.Stop = w.scrub(r.text), r.stop
	out.spend(r, prices)
	out.NoPrice = out.NoPrice || out.TokensIn+out.TokensOut == 0 // a server that does not count
	switch {
	case r.stop == contract.StopRefusal:
		return out, refusal(w.name, w.scrub(r.why))
	case r.stop == contract.StopLength:
		return out, badOutput("it was cut off at the bound on its length")
	case len(r.calls) > 0 && len(req.Tools) == 0:
		return out, badOutput("it calls a tool, and it was given none")
	case len(r.calls) > 0:
		for i := range r.calls {
			r.calls[i].Arguments = json.RawMessage(w.scrub(string(r.calls[i].Arguments)))
		}
		calls, err := callsOf(r.calls, req.Tools)
		if err != nil {
			return out, err
		}
		out.ToolCalls, out.Stop = calls, contract.StopTools
		// The native form names the calls as the provider did.
		if same := slices.EqualFunc(calls, r.calls, func(a, b ToolCall) bool { return a.ID == b.ID }); same && len(r.native) <= maxNative {
			out.Native = json.RawMessage(w.scrub(string(r.native)))
		}
		return out, nil
	case r.stop == contract.StopPause && len(req.Tools) > 0:
		out.Native = json.RawMessage(w.scrub(string(r.native)))
		return out, nil
	}
	output, err := document(out.Text)
	if err != nil {
		return out, err
	}
	if req.Returns == ReturnsSchema { // a verdict's schema is checked by CompleteVerdict, which also says what it changed
		if err := CheckOutput(output, schema); err != nil {
			return out, err
		}
	}
	out.Output = output
	return out, nil
}

// document finds the JSON document in an answer. Models without structured output wrap it in a fence of Markdown, or think
// aloud before it; what is found is checked in any case.
func document(text string) (json.RawMessage, error) {
	text = strings.TrimSpace(text)
	if rest, thought := strings.CutPrefix(text, "<think>"); thought {
		if _, after, ended := strings.Cut(rest, "</think>"); ended {
			text = strings.TrimSpace(after)
		}
	}
	if text == "" {
		return nil, badOutput("there is none")
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text), nil
	}
	first, last := strings.IndexByte(text, '{'), strings.LastIndexByte(text, '}')
	if first >= 0 && last > first && json.Valid([]byte(text[first:last+1])) {
		return json.RawMessage(text[first : last+1]), nil
	}
	return nil, badOutput("it is not valid JSON")
}

// spend notes what a reply has used, as far as it came. What has used nothing costs nothing.
func (r *Response) spend(said reply, prices Prices) {
	r.TokensIn, r.TokensOut = max(said.tokensIn, 0), max(said.tokensOut, 0)
	price, ok := prices[r.Model]
	if !ok {
		price, ok = prices[said.model]
	}
	r.CostUSD = (float64(r.TokensIn)*price.In + float64(r.TokensOut)*price.Out) / 1e6
	r.NoPrice = !ok && r.TokensIn+r.TokensOut > 0
	if said.model != "" {
		r.Model = cut(said.model, 100)
	}
}

// Price is what a model costs, in US dollars for a million tokens.
type Price struct {
	In, Out float64
}

// Prices are those of models, by the name under which they are asked for or the one that they answer with.
type Prices map[string]Price

// told makes the text of a body that can't be marshalled an error of ours; what we send always can.
func told(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, soc.Errorf(soc.Invalid, "the request can't be written: %v", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// orDefault is the first number above 0.
func orDefault(numbers ...int) int {
	for _, n := range numbers {
		if n > 0 {
			return min(n, 1<<20)
		}
	}
	return maxDefault
}
