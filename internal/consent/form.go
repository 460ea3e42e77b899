package consent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"picket/internal/soc"
)

// Fault is what is wrong with one member of what somebody sent.
type Fault struct {
	Pointer string // RFC 6901
	Detail  string
}

// mostText bounds a text answer, in characters.
const mostText = 4000

// Answers checks what somebody answers to a form, and is the object of all its fields: defaults stand in for what was
// left out, null for the rest.
func Answers(form []soc.FormField, given map[string]json.RawMessage) (json.RawMessage, []Fault) {
	var faults []Fault
	all := map[string]json.RawMessage{}
	for i := range form {
		f := &form[i]
		value, ok := given[f.Name]
		if !ok || string(bytes.TrimSpace(value)) == "null" {
			all[f.Name] = json.RawMessage("null")
			switch {
			case len(f.Default) > 0:
				all[f.Name] = f.Default
			case f.Required:
				faults = append(faults, Fault{Pointer("answers", f.Name), "it is required"})
			}
			continue
		}
		if why := wrongAnswer(f, value); why != "" {
			faults = append(faults, Fault{Pointer("answers", f.Name), why})
		}
		all[f.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.ContainsFunc(form, func(f soc.FormField) bool { return f.Name == name }) {
			faults = append(faults, Fault{Pointer("answers", name), "the form has no such field"})
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, []Fault{{"/answers", "they are no JSON"}}
	}
	return text, nil
}

// wrongAnswer says what is wrong with an answer; "" is nothing.
func wrongAnswer(f *soc.FormField, value json.RawMessage) string {
	var text string
	switch f.Type {
	case "number":
		var n json.Number
		if value[0] == '"' || json.Unmarshal(value, &n) != nil {
			return "a number is needed"
		}
		if _, err := n.Float64(); err != nil {
			return "the number is too large"
		}
		return ""
	case "boolean":
		var b bool
		if json.Unmarshal(value, &b) != nil {
			return "true or false is needed"
		}
		return ""
	}
	if f.Type == "choices" {
		return wrongChoices(f, value)
	}
	if json.Unmarshal(value, &text) != nil {
		return "a text is needed"
	}
	switch f.Type {
	case "choice":
		if !slices.Contains(f.Options, text) {
			return "it is none of the options"
		}
	case "date":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			if _, err := time.Parse(time.DateOnly, text); err != nil {
				return "a date like 2026-01-31, or a time like 2026-01-31T12:00:00Z, is needed"
			}
		}
	default:
		switch {
		case utf8.RuneCountInString(text) > mostText:
			return fmt.Sprintf("it has more than %d characters", mostText)
		case f.Required && text == "":
			return "it is required"
		}
	}
	return ""
}

func wrongChoices(f *soc.FormField, value json.RawMessage) string {
	var texts []string
	if json.Unmarshal(value, &texts) != nil || texts == nil {
		return "a list of options is needed"
	}
	seen := map[string]bool{}
	for _, text := range texts {
		if !slices.Contains(f.Options, text) || seen[text] {
			return "an option is none that there is, or stands twice"
		}
		seen[text] = true
	}
	if f.Required && len(texts) == 0 {
		return "it is required"
	}
	return ""
}

// Edited makes the calls that somebody changes: by step and argument, the new values. They are checked against the
// schemas that the approval shows, and by whole, which is given the operation and the whole arguments.
func Edited(a *soc.Approval, changes map[string]map[string]json.RawMessage, whole func(operation string, arguments json.RawMessage) error) (soc.EditedCalls, []Fault) {
	edited := soc.EditedCalls{}
	var faults []Fault
	for _, step := range slices.Sorted(maps.Keys(changes)) {
		at := slices.IndexFunc(a.Calls, func(c soc.ApprovalCall) bool { return c.Step == step })
		if at < 0 {
			faults = append(faults, Fault{Pointer("edited", step), "the approval has no such step"})
			continue
		}
		arguments, wrong := change(&a.Calls[at], changes[step])
		if len(wrong) > 0 {
			faults = append(faults, wrong...)
			continue
		}
		if err := whole(a.Calls[at].Operation, arguments); err != nil {
			faults = append(faults, Fault{Pointer("edited", step), err.Error()})
			continue
		}
		edited[step] = arguments
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if len(edited) == 0 {
		return nil, nil
	}
	return edited, nil
}

// change is a call's arguments with some of them replaced.
func change(c *soc.ApprovalCall, values map[string]json.RawMessage) (json.RawMessage, []Fault) {
	all, err := members(c.Arguments)
	if err != nil {
		return nil, []Fault{{Pointer("edited", c.Step), err.Error()}}
	}
	var faults []Fault
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := slices.IndexFunc(c.Edit, func(e soc.Edit) bool { return e.Argument == name })
		if at < 0 {
			faults = append(faults, Fault{Pointer("edited", c.Step, name), "it may not be changed"})
			continue
		}
		if err := conforms(c.Edit[at].Schema, values[name]); err != nil {
			faults = append(faults, Fault{Pointer("edited", c.Step, name), err.Error()})
			continue
		}
		all[name] = values[name]
	}
	if len(faults) > 0 {
		return nil, faults
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, []Fault{{Pointer("edited", c.Step), "it is no JSON"}}
	}
	return text, nil
}

// conforms checks a document against a JSON Schema; none allows everything.
func conforms(schema, document json.RawMessage) error {
	if len(schema) == 0 {
		return nil
	}
	return Conforms(schema, document)
}

// Pointer is the RFC 6901 pointer to a member.
func Pointer(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	return b.String()
}
