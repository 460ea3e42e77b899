// Package editor is what an editor of playbooks asks the compiler: diagnostics with fixes, completion, hover, the place
// where a name is defined, renaming of a step, and the outline. The web editor and the language server both use it. A
// text that is being written is seldom whole, so completion reads the lines themselves, not only the document.
package editor

import (
	"fmt"
	"slices"
	"strings"

	"picket/playbooks"
	"picket/playbooks/check"
	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// Editor answers for texts that are compiled against a catalog.
type Editor struct{ Catalog *playbooks.Catalog }

// Range is a part of a text: lines and columns from 1, columns in characters (runes), the end behind the last one.
type Range struct {
	Line      int `json:"line"`
	Column    int `json:"column"`
	EndLine   int `json:"end_line"`
	EndColumn int `json:"end_column"`
}

func rangeOf(s spec.Span) Range {
	return Range{Line: s.Start.Line, Column: s.Start.Column, EndLine: s.End.Line, EndColumn: s.End.Column}
}

func (r Range) holds(p spec.Pos) bool {
	after := p.Line > r.Line || p.Line == r.Line && p.Column >= r.Column
	before := p.Line < r.EndLine || p.Line == r.EndLine && p.Column <= r.EndColumn
	return after && before
}

// Diagnostics is everything that is wrong with a text, by place, with what can be done about it.
func (e Editor) Diagnostics(file, text string) []playbooks.Diagnostic {
	_, diagnostics := playbooks.Compile(file, []byte(text), e.Catalog)
	return diagnostics
}

// Actions are the fixes of the diagnostics that touch a range.
func (e Editor) Actions(file, text string, at Range) []spec.Fix {
	fixes := []spec.Fix{}
	for _, d := range e.Diagnostics(file, text) {
		if d.Line <= at.EndLine && d.EndLine >= at.Line {
			fixes = append(fixes, d.Fixes...)
		}
	}
	return fixes
}

// Symbol is a step in the outline, or a part of the playbook.
type Symbol struct {
	Name     string   `json:"name"`
	Detail   string   `json:"detail"` // its verb, and what it calls
	Range    Range    `json:"range"`  // of the name
	Children []Symbol `json:"children,omitempty"`
}

// Symbols is the outline of a text, as far as it can be read.
func (e Editor) Symbols(text string) []Symbol {
	document := spec.Read([]byte(text), &spec.Bag{})
	if document == nil {
		return []Symbol{}
	}
	return symbols(document.Steps)
}

func symbols(steps []*spec.Step) []Symbol {
	out := make([]Symbol, 0, len(steps))
	for _, s := range steps {
		symbol := Symbol{Name: s.ID, Detail: s.Verb, Range: rangeOf(s.At)}
		if s.Action != nil && s.Action.Operation != nil {
			symbol.Detail += " " + s.Action.Operation.Text
		}
		if s.Call != nil && s.Call.Playbook != nil {
			symbol.Detail += " " + s.Call.Playbook.Text
		}
		for _, block := range s.Blocks() {
			symbol.Children = append(symbol.Children, symbols(block)...)
		}
		out = append(out, symbol)
	}
	return out
}

// use is one place where a step's id stands.
type use struct {
	at     Range
	step   string
	inExpr bool // after `steps`, dot or bracket included
	id     bool // it is the step's own id
}

// uses are all places where ids of steps stand.
func (e Editor) uses(text string) (playbooks.Analysis, []use) {
	a := playbooks.Analyse("", []byte(text), e.Catalog)
	var all []use
	if a.Document == nil {
		return a, nil
	}
	each(a.Document.Steps, func(s *spec.Step) {
		if s.ID != "" {
			all = append(all, use{at: rangeOf(s.At), step: s.ID, id: true})
		}
		named := [][]*spec.Node{}
		if s.Approve != nil {
			named = append(named, s.Approve.Covers, s.Approve.Evidence, s.Approve.Edit)
		}
		if s.Ask != nil {
			named = append(named, s.Ask.Evidence)
		}
		if s.Model != nil {
			named = append(named, s.Model.Missing)
		}
		if s.Agent != nil {
			named = append(named, s.Agent.Missing)
		}
		for _, nodes := range named {
			for _, n := range nodes {
				id, _, _ := strings.Cut(n.Text, ".")
				all = append(all, use{at: rangeOf(n.At(0, len(id))), step: id})
			}
		}
	})
	for _, p := range a.Places {
		refs, err := expr.Refs(p.Source)
		if err != nil {
			continue
		}
		for _, ref := range refs {
			if ref.Path[0] != "steps" || len(ref.Path) < 2 {
				continue
			}
			from, length := idInRef(p.Source[ref.Offset:], ref.Path[1])
			if length > 0 {
				all = append(all, use{at: rangeOf(p.Node.At(p.Offset+ref.Offset+from, length)), step: ref.Path[1], inExpr: true})
			}
		}
	}
	slices.SortFunc(all, func(x, y use) int {
		return slices.Compare([]int{x.at.Line, x.at.Column}, []int{y.at.Line, y.at.Column})
	})
	return a, slices.Compact(all)
}

// idInRef is where, in an expression that begins with `steps`, the part stands that names the step: .id or ["id"].
func idInRef(source, id string) (from, length int) {
	rest := strings.TrimPrefix(source, "steps")
	from = len(source) - len(rest)
	for _, form := range []string{"." + id, "?." + id, `["` + id + `"]`, `['` + id + `']`} {
		if strings.HasPrefix(rest, form) {
			return from, len(form)
		}
	}
	return 0, 0
}

func each(steps []*spec.Step, visit func(*spec.Step)) {
	for _, s := range steps {
		visit(s)
		for _, block := range s.Blocks() {
			each(block, visit)
		}
	}
}

// Definition is where the step is defined whose name stands at a place, or the name of the playbook that is called there.
func (e Editor) Definition(text string, line, column int) (at *Range, playbook string) {
	a, all := e.uses(text)
	place := spec.Pos{Line: line, Column: column}
	for _, u := range all {
		if !u.at.holds(place) {
			continue
		}
		for _, other := range all {
			if other.id && other.step == u.step {
				return &other.at, ""
			}
		}
	}
	if a.Document != nil {
		each(a.Document.Steps, func(s *spec.Step) {
			if s.Call != nil && s.Call.Playbook != nil && rangeOf(s.Call.Playbook.Span).holds(place) {
				playbook = s.Call.Playbook.Text
			}
		})
	}
	return nil, playbook
}

// References are all places where the step is named whose name stands at a place, its own id among them.
func (e Editor) References(text string, line, column int) []Range {
	_, all := e.uses(text)
	var ranges []Range
	for _, u := range usesAt(all, line, column) {
		ranges = append(ranges, u.at)
	}
	return ranges
}

func usesAt(all []use, line, column int) []use {
	i := slices.IndexFunc(all, func(u use) bool { return u.at.holds(spec.Pos{Line: line, Column: column}) })
	if i < 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(u use) bool { return u.step != all[i].step })
}

// Rename changes the id of the step whose name stands at a place, everywhere. The text must compile before and after,
// or the edits are refused: a reference in a text that is not understood would be missed.
func (e Editor) Rename(text string, line, column int, name string) ([]spec.Edit, error) {
	a, all := e.uses(text)
	found := usesAt(all, line, column)
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("no step is named here")
	case a.Plan == nil:
		return nil, fmt.Errorf("the playbook has mistakes: mend them first, so that no use of %s is missed", found[0].step)
	case slices.ContainsFunc(all, func(u use) bool { return u.id && u.step == name }):
		return nil, fmt.Errorf("there is a step %s already", name)
	}
	edits := make([]spec.Edit, 0, len(found))
	for _, u := range found {
		replaced := name
		switch {
		case u.inExpr && strings.Contains(name, "-"):
			replaced = `["` + name + `"]`
		case u.inExpr:
			replaced = "." + name
		}
		edits = append(edits, spec.Edit{Line: u.at.Line, Column: u.at.Column, EndLine: u.at.EndLine, EndColumn: u.at.EndColumn, Text: replaced})
	}
	after, err := Apply(text, edits)
	if err != nil {
		return nil, err
	}
	if p, diagnostics := playbooks.Compile("", []byte(after), e.Catalog); p == nil {
		return nil, fmt.Errorf("%s can't be the name of a step: %s", name, diagnostics[0].Message)
	}
	return edits, nil
}

// Apply makes edits, which may not overlap, in a text.
func Apply(text string, edits []spec.Edit) (string, error) {
	ordered := slices.Clone(edits)
	slices.SortStableFunc(ordered, func(x, y spec.Edit) int {
		return slices.Compare([]int{y.Line, y.Column}, []int{x.Line, x.Column})
	})
	runes := []rune(text)
	starts := []int{0}
	for i, r := range runes {
		if r == '\n' {
			starts = append(starts, i+1)
		}
	}
	index := func(line, column int) (int, bool) {
		if line < 1 || line > len(starts) || column < 1 {
			return 0, false
		}
		at := starts[line-1] + column - 1
		return at, at <= len(runes)
	}
	last := len(runes)
	for _, edit := range ordered {
		from, ok := index(edit.Line, edit.Column)
		to, there := index(edit.EndLine, edit.EndColumn)
		if !ok || !there || from > to || to > last {
			return "", fmt.Errorf("the edit at %d:%d does not fit the text", edit.Line, edit.Column)
		}
		runes = slices.Concat(runes[:from], []rune(edit.Text), runes[to:])
		last = from
	}
	return string(runes), nil
}

// operation is the operation of the step whose lines begin at a segment.
func (e Editor) operation(text string, step *segment, key string) (check.Operation, bool) {
	if step == nil {
		return check.Operation{}, false
	}
	all := lines(text)
	for i := step.line; i < len(all); i++ {
		runes := []rune(all[i])
		indent := leading(runes)
		if i > step.line && indent < len(runes) && indent <= step.indent {
			break
		}
		if at := strings.Index(all[i], key+":"); at >= 0 {
			name := strings.TrimSpace(all[i][at+len(key)+1:])
			name = strings.Trim(strings.FieldsFunc(name+" ", func(r rune) bool { return strings.ContainsRune(" ,}#", r) })[0], `'"`)
			op, known := e.catalog().Operations[name]
			return op, known
		}
	}
	return check.Operation{}, false
}

func (e Editor) catalog() *playbooks.Catalog {
	if e.Catalog == nil {
		return &playbooks.Catalog{}
	}
	return e.Catalog
}

// consequential tells the effect that needs an approval.
func consequential(op check.Operation) bool { return op.Effect == plan.EffectConsequential }
