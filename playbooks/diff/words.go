package diff

import (
	"encoding/json"
	"strings"
	"unicode"

	"picket/playbooks/plan"
)

// The lengths of what a sentence holds, in characters.
const (
	maxSentence = 400
	maxQuote    = 80 // of an expression or a value; what is longer is in Old and New only
)

// clean makes one line of a text that a playbook's author wrote: no control or direction characters, which could change
// what a terminal or a page shows, and no more than a number of characters.
func clean(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// fits tells whether a text is short enough to stand in a sentence as a whole.
func fits(text string) bool { return len([]rune(clean(text, maxQuote+1))) <= maxQuote }

// quote is a text in a sentence, shortened.
func quote(text string) string { return clean(text, maxQuote) }

// fromTo is what a sentence says of two values: nothing where they are too long to be compared at a glance.
func fromTo(old, new string) string {
	if !fits(old) || !fits(new) {
		return ""
	}
	return " from " + or(quote(old), "nothing") + " to " + or(quote(new), "nothing")
}

// or is a text, or a word where there is none.
func or(text, word string) string {
	if text == "" {
		return word
	}
	return text
}

// list joins names as one speaks: a, b and c.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// show is a value as it would be written in a playbook.
func show(v plan.Value) string {
	switch {
	case len(v.Literal) > 0:
		return canonicalJSON(v.Literal)
	case v.Expr != "":
		return "${{ " + v.Expr + " }}"
	case len(v.Text) > 0:
		var b strings.Builder
		for _, p := range v.Text {
			b.WriteString(p.Text)
			if p.Expr != "" {
				b.WriteString("${{ " + p.Expr + " }}")
			}
		}
		return b.String()
	case len(v.List) > 0:
		items := make([]string, len(v.List))
		for i, item := range v.List {
			items[i] = show(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case len(v.Object) > 0:
		items := make([]string, len(v.Object))
		for i, f := range v.Object {
			items[i] = f.Name + ": " + show(f.Value)
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return ""
}

func showOptional(v *plan.Value) string {
	if v == nil {
		return ""
	}
	return show(*v)
}

// fieldsOf are the members of an object, computed or literal; ok is false for any other value.
func fieldsOf(v plan.Value) (fields []plan.Field, ok bool) {
	if len(v.Object) > 0 {
		return v.Object, true
	}
	var members map[string]json.RawMessage
	if v.Expr != "" || v.Text != nil || v.List != nil || len(v.Literal) > 0 && json.Unmarshal(v.Literal, &members) != nil {
		return nil, false
	}
	for name, raw := range members {
		fields = append(fields, plan.Field{Name: name, Value: plan.Value{Literal: raw}})
	}
	return fields, true
}
