package spec

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// The severities of a diagnostic. A playbook with an error has no plan.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// MaxDiagnostics bounds how many diagnostics one document gives.
const MaxDiagnostics = 200

// Diagnostic is one thing that is wrong with a playbook. Lines and columns count from 1, columns in characters
// (runes); the end column is the one after the last character.
type Diagnostic struct {
	Code      string `json:"code"`
	Severity  string `json:"severity"` // error | warning
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Message   string `json:"message"`
	Help      string `json:"help,omitempty"` // the way out, where one is known
	Fixes     []Fix  `json:"fixes,omitempty"`
	// Way is, of a step that can be reached without an approval, one way there: ids of steps, in the order in which they run.
	Way []string `json:"way,omitempty"`
}

// Fix is a change of the text that a person can apply as it stands.
type Fix struct {
	Title string `json:"title"`
	Edits []Edit `json:"edits"`
}

// Edit replaces a range of the text, which is empty where it only inserts.
type Edit struct {
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Text      string `json:"text"`
}

// Replace is the edit that puts a text in the place of a range.
func Replace(at Span, text string) Edit {
	return Edit{Line: at.Start.Line, Column: at.Start.Column, EndLine: at.End.Line, EndColumn: at.End.Column, Text: text}
}

// String is the diagnostic as a compiler prints it, on one line.
func (d Diagnostic) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s %s: %s", d.File, d.Line, d.Column, d.Severity, d.Code, d.Message)
	if d.Help != "" {
		text += "; " + d.Help
	}
	return text
}

// Pos is a place in the source: line and column from 1, the column in runes.
type Pos struct{ Line, Column int }

// Span is a range of the source; End is the place after its last character.
type Span struct{ Start, End Pos }

// Bag collects diagnostics.
type Bag struct {
	File   string
	list   []Diagnostic
	errors bool
	full   bool // the last one was left out
}

// Error adds an error. Help may be empty.
func (b *Bag) Error(code string, at Span, help, format string, args ...any) {
	b.errors = true
	b.add(Diagnostic{Code: code, Severity: SeverityError, Help: help, Message: fmt.Sprintf(format, args...)}, at)
}

// Near adds an error about a word that is not among those known. Where one of them is near, that is the help and the fix.
func (b *Bag) Near(code string, at Span, word string, known []string, format string, args ...any) {
	b.Error(code, at, Suggest(word, known), format, args...)
	if near := Nearest(word, known); near != "" {
		b.Fix("Change it to "+near, Replace(at, near))
	}
}

// Fix gives the last diagnostic a way out that a person can apply.
func (b *Bag) Fix(title string, edits ...Edit) {
	if b.full {
		return
	}
	last := &b.list[len(b.list)-1]
	last.Fixes = append(last.Fixes, Fix{Title: title, Edits: edits})
}

// Way gives the last diagnostic a way through the steps.
func (b *Bag) Way(ids []string) {
	if !b.full {
		b.list[len(b.list)-1].Way = ids
	}
}

// Warn adds a warning. Help may be empty.
func (b *Bag) Warn(code string, at Span, help, format string, args ...any) {
	b.add(Diagnostic{Code: code, Severity: SeverityWarning, Help: help, Message: fmt.Sprintf(format, args...)}, at)
}

func (b *Bag) add(d Diagnostic, at Span) {
	d.File = b.File
	d.Line, d.Column = max(at.Start.Line, 1), max(at.Start.Column, 1)
	d.EndLine, d.EndColumn = at.End.Line, at.End.Column
	if d.EndLine < d.Line || d.EndLine == d.Line && d.EndColumn <= d.Column {
		d.EndLine, d.EndColumn = d.Line, d.Column+1
	}
	if b.full = len(b.list) >= MaxDiagnostics; !b.full {
		b.list = append(b.list, d)
	}
}

// Failed tells whether there is an error.
func (b *Bag) Failed() bool { return b.errors }

// All is what was collected, by place, each thing once.
func (b *Bag) All() []Diagnostic {
	slices.SortStableFunc(b.list, func(x, y Diagnostic) int {
		return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column),
			cmp.Compare(x.Code, y.Code), cmp.Compare(x.Message, y.Message))
	})
	b.list = slices.CompactFunc(b.list, func(x, y Diagnostic) bool {
		x.Fixes, y.Fixes = nil, nil
		return reflect.DeepEqual(x, y)
	})
	return b.list
}
