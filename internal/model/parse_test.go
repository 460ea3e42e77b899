package model

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

// FuzzNoAnswerIsTakenForMoreThanItIs gives every parser of answers any bytes at all: what comes out is a known kind of
// error, or an answer within its bounds.
func FuzzNoAnswerIsTakenForMoreThanItIs(f *testing.F) {
	answer := said{text: `{"n":1}`, thought: "sig", calls: []ToolCall{{ID: "a", Name: "intel-lookup_ip", Arguments: []byte(`{"ip":"1"}`)}}}
	f.Add(openaiWhole(answer))
	f.Add(strings.Join(openaiEvents(answer), ""))
	f.Add(anthropicWhole(answer, heard{}))
	f.Add(strings.Join(anthropicEvents(answer, heard{}), ""))
	f.Add(strings.Join(geminiEvents(answer), ""))
	f.Add(`data: {"choices":[{"delta":{"tool_calls":[{"index":-1}]}}]}` + "\n\n")
	f.Add(`[{"candidates":[{"content":{"parts":[null]}}]}]`)
	req := counting
	req.Tools = []Tool{lookup}
	f.Fuzz(func(t *testing.T, text string) {
		w := &wire{name: "x", key: secretKey}
		check := func(r reply, err error) {
			if err == nil {
				_, err = w.judge(Response{}, r, req, req.Schema, nil)
			}
			if err != nil {
				require.NotEqual(t, soc.Internal, soc.KindOf(err), "%v", err)
			}
			require.LessOrEqual(t, len(r.text), maxOutput)
		}
		whole := completionOf{wire: w}
		if err := whole.add([]byte(text)); err == nil {
			check(whole.end("x"))
		}
		pieces := completionOf{wire: w}
		if err := events(strings.NewReader(text), func(_ string, data []byte) error { return pieces.add(data) }); err == nil {
			check(pieces.end("x"))
		}
		message := messageOf{wire: w, blocks: map[int]*anthropicGrowing{}}
		if err := message.whole([]byte(text)); err == nil {
			check(message.end("x"))
		}
		stream := messageOf{wire: w, blocks: map[int]*anthropicGrowing{}}
		if err := events(strings.NewReader(text), stream.event); err == nil {
			check(stream.end("x"))
		}
		var x exchange
		x.answer.WriteString(text)
		check(x.read(w))
		_ = problemOf([]byte(text))
	})
}
