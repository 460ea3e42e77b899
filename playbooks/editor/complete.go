package editor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"picket/playbooks"
	"picket/playbooks/check"
	"picket/playbooks/expr"
	"picket/playbooks/spec"
)

// Completion is a word that can stand at a place.
type Completion struct {
	Label  string `json:"label"`
	Kind   string `json:"kind"`   // key | word | operation | argument | connection | playbook | role | step | member | function | root
	Detail string `json:"detail"` // its type, or what it takes
	Doc    string `json:"doc,omitempty"`
	Insert string `json:"insert"` // the text that takes the place of Range
	Range  Range  `json:"range"`
}

// MaxCompletions bounds one answer.
const MaxCompletions = 300

// Complete lists what can stand at a place, the likely first.
func (e Editor) Complete(text string, line, column int) []Completion {
	w := locate(text, spec.Pos{Line: line, Column: column})
	c, key, step, known := w.construct()
	var list []Completion
	switch {
	case w.expr != nil:
		return e.completeExpression(text, w.expr.before, line, column, func(marker string) string {
			return replaceOnLine(text, w.expr.line, w.expr.from, w.expr.to, " "+marker+" ")
		})
	case w.inKey && (key.Name == "with" || c.Name == "" && key.Name == "with"):
		list = e.arguments(text, w, step)
	case w.inKey && known:
		list = keysOf(c, text, step)
	case !w.inKey:
		if takes(key, spec.TakesCondition) {
			return e.completeCondition(text, w, line, column)
		}
		list = e.values(text, key, step)
	}
	for i := range list {
		list[i].Range = Range{Line: w.start.Line, Column: w.start.Column, EndLine: line, EndColumn: column}
		if list[i].Insert == "" {
			list[i].Insert = list[i].Label
		}
	}
	return matching(list, w.word)
}

func takes(k spec.Key, form string) bool { return slices.Contains(k.Takes, form) }

// matching keeps what fits the word so far.
func matching(list []Completion, word string) []Completion {
	word = strings.ToLower(word)
	kept := []Completion{}
	for _, c := range list {
		if strings.Contains(strings.ToLower(c.Label), word) {
			kept = append(kept, c)
		}
	}
	slices.SortStableFunc(kept, func(x, y Completion) int {
		return cmp.Compare(strings.Index(strings.ToLower(x.Label), word), strings.Index(strings.ToLower(y.Label), word))
	})
	return kept[:min(len(kept), MaxCompletions)]
}

// keysOf are a construct's keys that do not stand there yet.
func keysOf(c spec.Construct, text string, step *segment) []Completion {
	standing := map[string]bool{}
	if c.Name == "step" && step != nil {
		standing = keysOfStep(text, step)
	}
	verb := slices.ContainsFunc(spec.Verbs, func(v string) bool { return standing[v] })
	var list []Completion
	for _, k := range c.Keys {
		if standing[k.Name] || verb && slices.Contains(spec.Verbs, k.Name) {
			continue
		}
		list = append(list, Completion{Label: k.Name, Kind: "key", Detail: detailOf(k), Doc: k.Doc, Insert: k.Name + ": "})
	}
	return list
}

// keysOfStep are the keys that a step's lines have already.
func keysOfStep(text string, step *segment) map[string]bool {
	standing := map[string]bool{}
	for i, line := range lines(text)[step.line:] {
		runes := []rune(line)
		indent := leading(runes)
		if i == 0 {
			indent = min(step.indent+2, len(runes))
		} else if indent < len(runes) && indent <= step.indent {
			break
		}
		if key, _, ok := splitKey(runes[indent:]); ok && indent == step.indent+2 {
			standing[key] = true
		}
	}
	return standing
}

func detailOf(k spec.Key) string {
	detail := strings.Join(k.Takes, " or ")
	if len(k.Enum) > 0 {
		detail = strings.Join(k.Enum, " | ")
	}
	if detail == "" {
		detail = strings.Join(k.In, " or ")
	}
	if k.Required {
		detail += ", required"
	}
	if k.Default != "" {
		detail += ", default " + k.Default
	}
	return detail
}

// values are the words that a key's value can be.
func (e Editor) values(text string, key spec.Key, step *segment) []Completion {
	cat := e.catalog()
	var list []Completion
	word := func(kind, label, detail, doc string) {
		list = append(list, Completion{Label: label, Kind: kind, Detail: detail, Doc: doc})
	}
	for _, enum := range key.Enum {
		word("word", enum, "", "")
	}
	if takes(key, spec.TakesBoolean) {
		word("word", "true", "", "")
		word("word", "false", "", "")
	}
	switch key.Name {
	case "action":
		for _, name := range slices.Sorted(maps.Keys(cat.Operations)) {
			op := cat.Operations[name]
			word("operation", name, op.Effect, op.Title)
		}
	case "connection":
		op, _ := e.operation(text, step, "action")
		connector, _, _ := strings.Cut(op.Name, ".")
		for _, name := range cat.Connections[connector] {
			word("connection", name, connector, "")
		}
	case "playbook", "call":
		for _, name := range slices.Sorted(maps.Keys(cat.Playbooks)) {
			word("playbook", name, "", "")
		}
	case "role":
		for _, role := range cat.Roles {
			word("role", role, "", "")
		}
	case "source":
		for _, source := range cat.Sources {
			word("word", source, "source of alerts", "")
		}
	case "covers", "evidence", "missing":
		list = append(list, e.steps(text, key.Name == "covers")...)
	}
	return list
}

// steps are the ids of the text's steps; of the consequential ones only, if asked.
func (e Editor) steps(text string, acts bool) []Completion {
	var list []Completion
	document := spec.Read([]byte(text), &spec.Bag{})
	if document == nil {
		return list
	}
	each(document.Steps, func(s *spec.Step) {
		if acts && (s.Action == nil || s.Action.Operation == nil || !consequential(e.catalog().Operations[s.Action.Operation.Text])) {
			return
		}
		list = append(list, Completion{Label: s.ID, Kind: "step", Detail: s.Verb, Doc: s.Title})
	})
	return list
}

// arguments are those of the step's operation, or of its undo.
func (e Editor) arguments(text string, w where, step *segment) []Completion {
	op, known := e.operation(text, step, "action")
	if !known {
		return nil
	}
	var list []Completion
	for _, a := range argumentsOf(op) {
		detail := a.typ
		if a.required {
			detail += ", required"
		}
		list = append(list, Completion{Label: a.name, Kind: "argument", Detail: detail, Doc: a.doc, Insert: a.name + ": "})
	}
	return list
}

type argument struct {
	name, typ, doc string
	required       bool
}

// argumentsOf reads an operation's input schema: the required ones first.
func argumentsOf(op check.Operation) []argument {
	var s struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	if json.Unmarshal(op.Input, &s) != nil {
		return nil
	}
	list := make([]argument, 0, len(s.Properties))
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		var p struct {
			Description string `json:"description"`
			Title       string `json:"title"`
		}
		_ = json.Unmarshal(s.Properties[name], &p) // a schema without words has none
		typ := "any"
		if t, err := expr.FromJSONSchema(s.Properties[name]); err == nil {
			typ = t.String()
		}
		list = append(list, argument{name: name, typ: typ, doc: cmp.Or(p.Description, p.Title), required: slices.Contains(s.Required, name)})
	}
	slices.SortStableFunc(list, func(x, y argument) int {
		if x.required != y.required {
			if x.required {
				return -1
			}
			return 1
		}
		return 0
	})
	return list
}

// marker is a value that takes the place of an expression, so that the text around it compiles and says what can be named there.
const marker = `"picket-editor-cursor"`

// chain is what stands before the place: names joined by dots, the last one perhaps begun only.
var chain = regexp.MustCompile(`(?:[A-Za-z_$][\w$]*|\["[^"\]]*"\])(?:\??\.[A-Za-z_$][\w$]*|\[(?:"[^"\]]*"|\d+)\])*\??\.?$|$`)

// completeExpression lists the roots and functions, or the members of what stands before the place.
func (e Editor) completeExpression(text, before string, line, column int, with func(marker string) string) []Completion {
	found := chain.FindString(before)
	owner, word := "", found
	if i := strings.LastIndexAny(found, "."); i >= 0 {
		owner, word = strings.TrimSuffix(found[:i], "?"), found[i+1:]
	}
	at := Range{Line: line, Column: column - len([]rune(word)), EndLine: line, EndColumn: column}
	env := e.environment(with(marker))
	var list []Completion
	if owner == "" {
		for _, name := range env.Names() {
			typ, _ := env.Root(name)
			list = append(list, Completion{Label: name, Kind: "root", Detail: typ.String(), Insert: name, Range: at})
		}
		for _, name := range expr.Functions() {
			r, _ := expr.Describe(name)
			list = append(list, Completion{Label: name, Kind: "function", Detail: r.Usage, Doc: r.Doc, Insert: name + "(", Range: at})
		}
		return matching(list, word)
	}
	typ, problems := expr.Check(owner+" ?? nil", env)
	if len(problems) > 0 {
		if typ, problems = expr.Check(owner, env); len(problems) > 0 {
			return []Completion{}
		}
	}
	for _, name := range typ.Members() {
		member, _ := typ.Member(name)
		c := Completion{Label: name, Kind: "member", Detail: member.String(), Insert: name, Range: at}
		if strings.Contains(name, "-") { // an id with a hyphen can't stand after a dot
			c.Insert = fmt.Sprintf("[%q]", name)
			c.Range.Column--
		}
		list = append(list, c)
	}
	return matching(list, word)
}

// environment is what the expression may name that the marker stands for.
func (e Editor) environment(text string) *expr.Env {
	a := playbooks.Analyse("", []byte(text), e.Catalog)
	for _, p := range a.Places {
		if strings.TrimSpace(p.Source) == marker {
			return p.Env
		}
	}
	return expr.NewEnv(map[string]expr.Type{"alert": expr.AlertType(), "steps": expr.OpenObject(nil), "inputs": expr.OpenObject(nil), "run": expr.OpenObject(nil)})
}

// completeCondition completes an expression that stands bare, such as that of an `if`.
func (e Editor) completeCondition(text string, w where, line, column int) []Completion {
	all := lines(text)
	whole := []rune(all[line-1])
	key := w.path[len(w.path)-1]
	from := key.indent
	for from < len(whole) && whole[from] != ':' {
		from++
	}
	from = min(from+1, len(whole))
	to := len(whole)
	if i := strings.LastIndexAny(string(whole), "}"); i >= 0 && strings.Contains(string(whole[:key.indent]), "{") {
		to = max(from, len([]rune(string(whole)[:i])))
		if comma := strings.IndexRune(string(whole[min(column-1, len(whole)):to]), ','); comma >= 0 {
			to = min(column-1, len(whole)) + comma
		}
	}
	before := strings.TrimLeft(string(whole[from:min(column-1, len(whole))]), ` '"`)
	return e.completeExpression(text, before, line, column, func(marker string) string {
		return replaceOnLine(text, line-1, from, to, " '"+marker+"'")
	})
}

// replaceOnLine puts a text in the place of some runes of a line (from 0).
func replaceOnLine(text string, line, from, to int, with string) string {
	all := lines(text)
	runes := []rune(all[line])
	all[line] = string(runes[:from]) + with + string(runes[to:])
	return strings.Join(all, "\n")
}
