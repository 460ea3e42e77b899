package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"picket/internal/contract"
	"picket/internal/soc"
)

// The bounds on a conversation.
const (
	maxTurns        = 200     // far above what an agent's own bound lets happen
	maxConversation = 1 << 20 // bytes of texts, calls and results; more is no context for any model
	maxTools        = 128     // the most that OpenAI's API takes
	maxToolError    = 4 << 10
	maxToolCalls    = 64 // of one turn; more is a model that runs in circles
	maxWireName     = 64 // the shortest of the providers' bounds on a tool's name
	maxCallID       = 200
)

// toolAnswer is a result in the conversation, with its evidence made compact.
type toolAnswer struct {
	ToolResult
	turn     int
	document []byte
}

// checkConversation tells whether turns and tools make a conversation that every provider takes: a call has exactly
// one result in the turn that follows, an id is used once, and a piece of evidence too.
func checkConversation(req Request) ([]toolAnswer, error) {
	if len(req.Turns) > maxTurns || len(req.Tools) > maxTools {
		return nil, soc.Errorf(soc.Invalid, "a conversation has at most %d turns and %d tools", maxTurns, maxTools)
	}
	for _, t := range req.Tools {
		var schema map[string]any
		if t.Name == "" || json.Unmarshal(t.Input, &schema) != nil || schema["type"] != "object" {
			return nil, soc.Errorf(soc.Invalid, "the tool %q needs a name and the schema of an object as its input", t.Name)
		}
	}
	ids := map[string]bool{}
	for _, e := range req.Evidence {
		ids[e.ID] = true
	}
	var answers []toolAnswer
	var open []ToolCall
	size := 0
	for i, turn := range req.Turns {
		where := fmt.Sprintf("turn %d of the conversation", i+1)
		if len(open) > 0 && turn.Role != contract.RoleTool {
			return nil, soc.Errorf(soc.Invalid, "%s: the calls of the turn before have no results", where)
		}
		size += len(turn.Text) + len(turn.Native)
		switch turn.Role {
		case contract.RoleUser:
			if strings.TrimSpace(turn.Text) == "" {
				return nil, soc.Errorf(soc.Invalid, "%s: it has no text", where)
			}
		case contract.RoleAssistant:
			if i > 0 && req.Turns[i-1].Role == contract.RoleAssistant {
				return nil, soc.Errorf(soc.Invalid, "%s: the assistant speaks twice", where)
			}
			open = turn.Calls
			known := map[string]bool{}
			for _, c := range turn.Calls {
				size += len(c.Arguments)
				if c.ID == "" || known[c.ID] || !isObject(c.Arguments) {
					return nil, soc.Errorf(soc.Invalid, "%s: a call needs an id of its own, and arguments that are an object", where)
				}
				known[c.ID] = true
			}
		case contract.RoleTool:
			if len(open) == 0 || len(turn.Results) != len(open) {
				return nil, soc.Errorf(soc.Invalid, "%s: it has %d results for %d calls", where, len(turn.Results), len(open))
			}
			for j, r := range turn.Results {
				// Every provider takes results in the order of their calls, and Gemini tells them apart by nothing else.
				if r.Call != open[j].ID || r.Name != open[j].Name {
					return nil, soc.Errorf(soc.Invalid, "%s: the results do not follow their calls' order", where)
				}
				a := toolAnswer{ToolResult: r, turn: i}
				if r.Error == "" {
					if r.Evidence.ID == "" || ids[r.Evidence.ID] {
						return nil, soc.Errorf(soc.Invalid, "%s: the result of %s needs an evidence id of its own", where, r.Name)
					}
					ids[r.Evidence.ID] = true
					var b bytes.Buffer
					if err := json.Compact(&b, r.Evidence.Data); err != nil {
						return nil, soc.Errorf(soc.Invalid, "%s: the result of %s is not valid JSON", where, r.Name)
					}
					a.document = bytes.ToValidUTF8(b.Bytes(), []byte("\uFFFD"))
				}
				size += len(a.document) + len(r.Error)
				answers = append(answers, a)
			}
			open = nil
		default:
			return nil, soc.Errorf(soc.Invalid, "%s: the role %q is not known", where, turn.Role)
		}
	}
	if len(open) > 0 {
		return nil, soc.Errorf(soc.Invalid, "the last calls of the conversation have no results")
	}
	if size > maxConversation {
		return nil, soc.Errorf(soc.Invalid, "the conversation has %d bytes, and may have %d; give the agent fewer turns, or tools that answer less", size, maxConversation)
	}
	return answers, nil
}

// resultKey finds a result by its turn's place, because ids are unique in their turn only.
func resultKey(turn int, call string) string { return fmt.Sprintf("%d/%s", turn, call) }

func isObject(document json.RawMessage) bool {
	var object map[string]json.RawMessage
	return !deeper(document, maxDepth) && json.Unmarshal(document, &object) == nil && object != nil
}

// AllEvidence is what a verdict may cite: the request's evidence and what tools have found since.
func (r Request) AllEvidence() []soc.Evidence {
	all := slices.Clone(r.Evidence)
	for _, turn := range r.Turns {
		for _, result := range turn.Results {
			if result.Error == "" {
				all = append(all, soc.Evidence(result.Evidence))
			}
		}
	}
	return all
}

// RepairTurns are what an answer that is no good is followed by: the answer, and in the user's place what is wrong with
// it. They go to the end of Request.Turns.
func RepairTurns(answer Turn, problem string) []Turn {
	text := answer.Text
	if strings.TrimSpace(text) == "" {
		text = "(no answer)"
	}
	return []Turn{
		{Role: contract.RoleAssistant, Text: text},
		{Role: contract.RoleUser, Text: "That is not usable: " + cut(problem, 1000) + ". Answer again, with one JSON document that holds to the schema and nothing else."},
	}
}

// plainName is a tool's name that can be written to every provider with its one dot as a dash, and read back.
var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)?$`)

// wireName is a tool's name in the alphabet that every provider takes: letters, digits, _ and -, up to 64. The dot of
// connector.operation becomes a dash, which no plain name has; any other name gets a digest, so that no two names meet.
func wireName(name string) string {
	if plainName.MatchString(name) && len(name) <= maxWireName {
		return strings.Replace(name, ".", "-", 1)
	}
	sum := sha256.Sum256([]byte(name))
	const digest = 10
	var b strings.Builder
	for _, r := range name {
		if b.Len() == maxWireName-digest-2-2 {
			break
		}
		if r < 128 && (r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	return "t-" + b.String() + "-" + hex.EncodeToString(sum[:])[:digest]
}

// toolName undoes wireName for the tools of a request. A name that is of none of them is read as the model meant it:
// the caller refuses it.
func toolName(wire string, tools []Tool) string {
	for _, t := range tools {
		if wireName(t.Name) == wire {
			return t.Name
		}
	}
	return cut(strings.Replace(wire, "-", ".", 1), 2*maxWireName)
}

// callsOf checks what a model asks for. An answer with a call that can't be read is no good as a whole.
func callsOf(calls []ToolCall, tools []Tool) ([]ToolCall, error) {
	if len(calls) > maxToolCalls {
		return nil, badOutput("it has %d tool calls, and may have %d at once", len(calls), maxToolCalls)
	}
	out := make([]ToolCall, 0, len(calls))
	known := map[string]bool{}
	for i, c := range calls {
		c.Name = toolName(c.Name, tools)
		if strings.TrimSpace(string(c.Arguments)) == "" {
			c.Arguments = json.RawMessage("{}") // a tool without arguments
		}
		if !isObject(c.Arguments) || len(c.Arguments) > maxOutput {
			return nil, badOutput("the arguments of its call of %s are not a JSON object", c.Name)
		}
		c.Arguments = compact(c.Arguments)
		c.ID = cut(c.ID, maxCallID)
		for n := i + 1; c.ID == "" || known[c.ID]; n++ { // some servers give none, or one to all
			c.ID = fmt.Sprintf("call_%d", n)
		}
		known[c.ID] = true
		out = append(out, c)
	}
	return out, nil
}

// compact takes the white space out of a valid document.
func compact(document json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, document) != nil {
		return document
	}
	return b.Bytes()
}
