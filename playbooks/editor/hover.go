package editor

import (
	"fmt"
	"strings"

	"picket/playbooks"
	"picket/playbooks/check"
	"picket/playbooks/expr"
	"picket/playbooks/spec"
)

// Hover is what is known of the thing at a place, as Markdown.
type Hover struct {
	Text  string `json:"text"`
	Range Range  `json:"range"`
}

// Hover tells what stands at a place: a key, an operation, a step, or the type of a part of an expression. It is nil
// where there is nothing to tell.
func (e Editor) Hover(text string, line, column int) *Hover {
	place := spec.Pos{Line: line, Column: column}
	a := playbooks.Analyse("", []byte(text), e.Catalog)
	for _, p := range a.Places {
		if h := typeAt(p, place); h != nil {
			return h
		}
	}
	if a.Document != nil {
		if h := e.operationAt(a.Document.Steps, place); h != nil {
			return h
		}
	}
	return keyAt(text, place)
}

// typeAt is the type of the part of an expression that ends with the word at a place.
func typeAt(p check.Place, place spec.Pos) *Hover {
	if !rangeOf(p.Node.At(p.Offset, len(p.Source))).holds(place) {
		return nil
	}
	refs, err := expr.Refs(p.Source)
	if err != nil {
		return nil
	}
	for _, ref := range refs {
		at := rangeOf(p.Node.At(p.Offset+ref.Offset, ref.Length))
		if !at.holds(place) {
			continue
		}
		source := p.Source[ref.Offset : ref.Offset+ref.Length]
		// The path up to the word under the place: what stands after it is not asked about.
		for end := 1; end <= len(source); end++ {
			if end < len(source) && !strings.ContainsRune(".[?", rune(source[end])) {
				continue
			}
			part := rangeOf(p.Node.At(p.Offset+ref.Offset, end))
			if part.holds(place) {
				typ, _ := expr.Check(source[:end], p.Env)
				return &Hover{Text: fmt.Sprintf("`%s`: %s", source[:end], typ), Range: part}
			}
		}
	}
	return nil
}

func (e Editor) operationAt(steps []*spec.Step, place spec.Pos) (h *Hover) {
	each(steps, func(s *spec.Step) {
		if s.Action == nil {
			return
		}
		for _, n := range []*spec.Node{s.Action.Operation, undoOf(s)} {
			if n == nil || !rangeOf(n.Span).holds(place) {
				continue
			}
			if op, known := e.catalog().Operations[n.Text]; known {
				h = &Hover{Text: describe(op), Range: rangeOf(n.Span)}
			}
		}
	})
	return h
}

func undoOf(s *spec.Step) *spec.Node {
	if s.Action.Undo == nil {
		return nil
	}
	return s.Action.Undo.Operation
}

// describe is an operation with its arguments.
func describe(op check.Operation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: %s\n\neffect: %s", op.Name, op.Title, op.Effect)
	if consequential(op) {
		b.WriteString(" (needs an approval that covers it)")
	}
	b.WriteString("\n")
	for _, a := range argumentsOf(op) {
		fmt.Fprintf(&b, "\n- `%s`: %s", a.name, a.typ)
		if a.required {
			b.WriteString(", required")
		}
		if a.doc != "" {
			fmt.Fprintf(&b, ". %s", a.doc)
		}
	}
	return b.String()
}

// keyAt is the doc of the key at a place.
func keyAt(text string, place spec.Pos) *Hover {
	all := lines(text)
	if place.Line < 1 || place.Line > len(all) {
		return nil
	}
	runes := []rune(all[place.Line-1])
	at := min(place.Column-1, len(runes))
	from, to := at, at
	for from > 0 && isWord(runes[from-1]) {
		from--
	}
	for to < len(runes) && isWord(runes[to]) {
		to++
	}
	if from == to || to >= len(runes) || runes[to] != ':' {
		return nil
	}
	w := locate(text, spec.Pos{Line: place.Line, Column: from + 1})
	c, _, _, known := w.construct()
	if !known {
		return nil
	}
	k, ok := c.Key(string(runes[from:to]))
	if !ok {
		return nil
	}
	doc := fmt.Sprintf("**%s**: %s\n\n%s", k.Name, detailOf(k), k.Doc)
	if k.Example != "" {
		doc += fmt.Sprintf("\n\n    %s: %s", k.Name, k.Example)
	}
	return &Hover{Text: doc, Range: Range{Line: place.Line, Column: from + 1, EndLine: place.Line, EndColumn: to + 1}}
}

func isWord(r rune) bool {
	return r == '_' || r == '-' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
