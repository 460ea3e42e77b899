package langserver

import (
	"strings"
	"unicode/utf8"

	"picket/playbooks"
	"picket/playbooks/editor"
	"picket/playbooks/spec"
)

// The parts of the Language Server Protocol 3.17 that are spoken here. Positions count lines from 0 and columns in
// UTF-16 code units from 0.
type (
	position struct {
		Line      int `json:"line"`
		Character int `json:"character"`
	}
	span struct {
		Start position `json:"start"`
		End   position `json:"end"`
	}
	location struct {
		URI   string `json:"uri"`
		Range span   `json:"range"`
	}
	textEdit struct {
		Range   span   `json:"range"`
		NewText string `json:"newText"`
	}
	workspaceEdit struct {
		Changes map[string][]textEdit `json:"changes"`
	}
	document struct {
		URI  string `json:"uri"`
		Text string `json:"text"`
	}
	documentPosition struct {
		TextDocument document `json:"textDocument"`
		Position     position `json:"position"`
		NewName      string   `json:"newName"`
		Range        span     `json:"range"`
	}
	change struct {
		Range *span  `json:"range"`
		Text  string `json:"text"`
	}
	diagnostic struct {
		Range    span   `json:"range"`
		Severity int    `json:"severity"`
		Code     string `json:"code"`
		Source   string `json:"source"`
		Message  string `json:"message"`
	}
	completionItem struct {
		Label         string   `json:"label"`
		Kind          int      `json:"kind"`
		Detail        string   `json:"detail,omitempty"`
		Documentation string   `json:"documentation,omitempty"`
		SortText      string   `json:"sortText"`
		TextEdit      textEdit `json:"textEdit"`
	}
	markup struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
	}
	hover struct {
		Contents markup `json:"contents"`
		Range    span   `json:"range"`
	}
	documentSymbol struct {
		Name           string           `json:"name"`
		Detail         string           `json:"detail"`
		Kind           int              `json:"kind"`
		Range          span             `json:"range"`
		SelectionRange span             `json:"selectionRange"`
		Children       []documentSymbol `json:"children,omitempty"`
	}
	codeAction struct {
		Title string        `json:"title"`
		Kind  string        `json:"kind"`
		Edit  workspaceEdit `json:"edit"`
	}
)

// Kinds of the protocol.
const (
	severityError, severityWarning = 1, 2
	symbolFunction                 = 12
)

var completionKinds = map[string]int{
	"key": 10, "word": 12, "operation": 3, "argument": 5, "connection": 18, "playbook": 17, "role": 20, "step": 6,
	"member": 10, "function": 3, "root": 6,
}

// text is a document with its lines, between our columns (characters from 1) and the protocol's.
type text struct {
	whole string
	lines []string
}

func newText(whole string) text { return text{whole: whole, lines: strings.Split(whole, "\n")} }

func (t text) line(i int) string {
	if i < 0 || i >= len(t.lines) {
		return ""
	}
	return t.lines[i]
}

// ours is a position of the protocol as line and column.
func (t text) ours(p position) (line, column int) {
	units, column := 0, 1
	for _, r := range t.line(p.Line) {
		if units >= p.Character {
			break
		}
		units += width(r)
		column++
	}
	return p.Line + 1, column
}

func (t text) theirs(line, column int) position {
	units, n := 0, 1
	for _, r := range t.line(line - 1) {
		if n >= column {
			break
		}
		units += width(r)
		n++
	}
	return position{Line: line - 1, Character: units}
}

// width is how many UTF-16 code units a character takes.
func width(r rune) int {
	if r > 0xffff && r <= utf8.MaxRune {
		return 2
	}
	return 1
}

func (t text) span(r editor.Range) span {
	return span{Start: t.theirs(r.Line, r.Column), End: t.theirs(r.EndLine, r.EndColumn)}
}

func (t text) edits(edits []spec.Edit) []textEdit {
	list := make([]textEdit, len(edits))
	for i, e := range edits {
		list[i] = textEdit{Range: t.span(editor.Range{Line: e.Line, Column: e.Column, EndLine: e.EndLine, EndColumn: e.EndColumn}), NewText: e.Text}
	}
	return list
}

func (t text) diagnostics(found []playbooks.Diagnostic) []diagnostic {
	list := make([]diagnostic, len(found))
	for i, d := range found {
		severity := severityError
		if d.Severity == playbooks.SeverityWarning {
			severity = severityWarning
		}
		message := d.Message
		if d.Help != "" {
			message += "\n" + d.Help
		}
		list[i] = diagnostic{
			Range:    t.span(editor.Range{Line: d.Line, Column: d.Column, EndLine: d.EndLine, EndColumn: d.EndColumn}),
			Severity: severity, Code: d.Code, Source: "picket", Message: message,
		}
	}
	return list
}

// offset is where a position of the protocol stands in the text, in bytes.
func (t text) offset(p position) int {
	at := 0
	for i := 0; i < p.Line && i < len(t.lines); i++ {
		at += len(t.lines[i]) + 1
	}
	units := 0
	for _, r := range t.line(p.Line) {
		if units >= p.Character {
			break
		}
		units += width(r)
		at += utf8.RuneLen(r)
	}
	return min(at, len(t.whole))
}

// changed is the text after a change.
func (t text) changed(c change) text {
	if c.Range == nil {
		return newText(c.Text)
	}
	from, to := t.offset(c.Range.Start), t.offset(c.Range.End)
	return newText(t.whole[:from] + c.Text + t.whole[max(from, to):])
}
