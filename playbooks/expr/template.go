package expr

import (
	"fmt"
	"strings"
)

// Segment is one piece of a template: fixed text, or an expression when Expr is not empty. Offset is where Text, or
// the first character of Expr, stands in the template, in bytes.
type Segment struct {
	Text   string
	Expr   string
	Offset int
}

// Template splits a text at its ${{ ... }}. A text without any is one Text segment, the empty text none. To write
// ${{ itself, write $${{. The error is an *Error with its place in the text.
func Template(text string) ([]Segment, error) {
	if len(text) > MaxTemplate {
		return nil, &Error{Length: len(text), Message: fmt.Sprintf("the text has %d bytes; at most %d are allowed", len(text), MaxTemplate)}
	}
	var segments []Segment
	var fixed strings.Builder
	fixedAt, at := 0, 0
	flush := func(next int) {
		if fixed.Len() > 0 {
			segments = append(segments, Segment{Text: fixed.String(), Offset: fixedAt})
			fixed.Reset()
		}
		fixedAt = next
	}
	for at < len(text) {
		open := strings.Index(text[at:], "${{")
		if open < 0 {
			break
		}
		open += at
		if open > at && text[open-1] == '$' {
			fixed.WriteString(text[at : open-1])
			fixed.WriteString("${{")
			at = open + 3
			continue
		}
		fixed.WriteString(text[at:open])
		end := closing(text, open+3)
		if end < 0 {
			return nil, &Error{Offset: open, Length: 3, Message: "${{ is never closed; write }} after the expression"}
		}
		source := text[open+3 : end]
		trimmed := strings.TrimSpace(source)
		if trimmed == "" {
			return nil, &Error{Offset: open, Length: end + 2 - open, Message: "${{ }} holds no expression"}
		}
		flush(end + 2)
		segments = append(segments, Segment{Expr: trimmed, Offset: open + 3 + strings.Index(source, trimmed)})
		at = end + 2
	}
	fixed.WriteString(text[at:])
	flush(len(text))
	return segments, nil
}

// closing finds the }} that ends the expression from at on: not one in a string, nor one that closes a brace.
func closing(text string, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'', '`':
			i++
			for i < len(text) && text[i] != c {
				if text[i] == '\\' && c != '`' {
					i++
				}
				i++
			}
		case '{':
			depth++
		case '}':
			if depth > 0 {
				depth--
			} else if strings.HasPrefix(text[i:], "}}") {
				return i
			}
		}
	}
	return -1
}
