package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"picket/playbooks/plan"
)

// reader checks the shape of nodes against what each key takes.
type reader struct {
	bag   *Bag
	steps int
	ids   map[string]Span
}

// The forms of names.
var (
	kebabName  = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	stepID     = regexp.MustCompile(`^[a-z][a-z0-9]*([_-][a-z0-9]+)*$`)
	identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	technique  = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)
)

const maxName = 64

// fields are the values of a mapping's keys, all known.
type fields struct {
	r     *reader
	node  *Node
	what  string
	known []string
}

// mapping checks that a node is a mapping with known keys. What names it in messages.
func (r *reader) mapping(n *Node, what string, known []string) fields {
	if n == nil || n.Kind != Map {
		if n != nil {
			r.bag.Error(CodeType, n.Span, keysHelp(known), "%s must be a mapping, not %s", what, n.Kind)
		}
		return fields{r: r, node: &Node{Kind: Map}, what: what}
	}
	for _, e := range n.Entries {
		if !slices.Contains(known, e.Key.Text) {
			r.bag.Near(CodeUnknownKey, e.Key.Span, e.Key.Text, n.Lacks(known), "%s has no key `%s`", what, e.Key.Text)
		}
	}
	return fields{r: r, node: n, what: what, known: known}
}

// get is a key's value, nil if it is absent.
func (f fields) get(key string) *Node { return f.node.Get(key) }

// need is a key's value, and an error at the mapping if it is absent or null.
func (f fields) need(key string) *Node {
	n := f.node.Get(key)
	if n == nil && f.node.Span.Start.Line > 0 && !f.misspelt(key) {
		f.r.missing(f.node, f.what, key, "%s needs `%s`", f.what, key)
	}
	if n != nil && n.Kind == Null {
		f.r.bag.Error(CodeMissing, n.Span, "write one after the colon", "`%s` has no value", key)
		return nil
	}
	return n
}

// misspelt tells whether a key that is not known is near to one: that is reported already.
func (f fields) misspelt(key string) bool {
	return slices.ContainsFunc(f.node.Entries, func(e Entry) bool {
		return !slices.Contains(f.known, e.Key.Text) && Nearest(e.Key.Text, f.node.Lacks(f.known)) == key
	})
}

// missing reports that a mapping lacks a key, with the value that it usually has.
func (r *reader) missing(n *Node, what, key, format string, args ...any) {
	value := usual[what+" "+key]
	if value == "" {
		value = usual[key]
	}
	if value == "" {
		r.bag.Error(CodeMissing, n.Span, "", format, args...)
		return
	}
	r.bag.Error(CodeMissing, n.Span, "add `"+key+": "+value+"`", format, args...)
	r.bag.Add(n, key, value)
}

func keysHelp(known []string) string {
	if len(known) == 0 || len(known) > 12 {
		return ""
	}
	return "its keys are " + strings.Join(known, ", ")
}

// text is the value of a key that takes text; a number or boolean there counts as its text.
func (r *reader) text(n *Node, key string) string {
	if n == nil {
		return ""
	}
	if n.Kind == Map || n.Kind == List || n.Kind == Null {
		r.bag.Error(CodeType, n.Span, "", "`%s` must be text, not %s", key, n.Kind)
		return ""
	}
	return n.raw
}

// literal is text in which no expression may stand.
func (r *reader) literal(n *Node, key string) string {
	text := r.text(n, key)
	if i := strings.Index(text, "${{"); i >= 0 {
		r.bag.Error(CodeLiteral, n.At(i, len(text)-i), "", "`%s` must stand in the source: no expression may compute it", key)
		return ""
	}
	return text
}

// scalar is a node that holds text or an expression; nil after a report.
func (r *reader) scalar(n *Node, key string) *Node {
	if n == nil || n.Kind == String {
		return n
	}
	if n.Kind == Map || n.Kind == List || n.Kind == Null {
		r.bag.Error(CodeType, n.Span, "", "`%s` must be text, not %s", key, n.Kind)
		return nil
	}
	return &Node{Kind: String, Text: n.raw, raw: n.raw, Span: n.Span, style: n.style, source: n.source}
}

func (r *reader) list(n *Node, key string) []*Node {
	if n == nil {
		return nil
	}
	if n.Kind != List {
		r.bag.Error(CodeType, n.Span, "", "`%s` must be a list, not %s", key, n.Kind)
		return nil
	}
	return n.Items
}

// wrapped is a list whose elements may be single words, of which one alone is easily forgotten to be a list.
func (r *reader) wrapped(n *Node, key string) []*Node {
	items := r.list(n, key)
	if n != nil && n.Kind == String && n.style == plain && !strings.ContainsAny(n.raw, ",[]{}:#\n") {
		r.bag.Fix("Make it a list", Replace(n.Span, "["+n.raw+"]"))
	}
	return items
}

// words is a list of text.
func (r *reader) words(n *Node, key string) []*Node {
	var words []*Node
	for _, item := range r.wrapped(n, key) {
		if item.Kind == Map || item.Kind == List || item.Kind == Null {
			r.bag.Error(CodeType, item.Span, "", "an element of `%s` must be text, not %s", key, item.Kind)
			continue
		}
		if r.literal(item, key) != "" {
			words = append(words, item)
		}
	}
	return words
}

// oneOf is a word of a few, or the default where the key is absent.
func (r *reader) oneOf(n *Node, key, otherwise string, known []string) string {
	if n == nil {
		return otherwise
	}
	word := r.literal(n, key)
	if word != "" && !slices.Contains(known, word) {
		r.bag.Near(CodeValue, n.Span, word, known, "`%s` can't be %q", key, word)
	}
	return word
}

func (r *reader) whole(n *Node, key string, least, most int) int {
	if n == nil {
		return 0
	}
	i, err := strconv.Atoi(n.Text)
	if n.Kind != Number || err != nil {
		r.bag.Error(CodeType, n.Span, "", "`%s` must be a whole number from %d to %d", key, least, most)
		if quoted, err := strconv.Atoi(strings.TrimSpace(n.Text)); n.Kind == String && err == nil {
			r.bag.Fix("Write it without quotes", Replace(n.Span, strconv.Itoa(quoted)))
		}
		return 0
	}
	if i < least || i > most {
		r.bag.Error(CodeValue, n.Span, "", "`%s` must be from %d to %d", key, least, most)
		nearest := strconv.Itoa(min(max(i, least), most))
		r.bag.Fix("Change it to "+nearest, Replace(n.Span, nearest))
		return 0
	}
	return i
}

func (r *reader) boolean(n *Node, key string) bool {
	if n == nil {
		return false
	}
	if n.Kind != Bool {
		r.bag.Error(CodeType, n.Span, "", "`%s` must be true or false, not %s", key, n.Kind)
		switch strings.ToLower(n.Text) {
		case "yes", "on", "true", "1":
			r.bag.Fix("Change it to true", Replace(n.Span, "true"))
		case "no", "off", "false", "0":
			r.bag.Fix("Change it to false", Replace(n.Span, "false"))
		}
	}
	return n.Text == "true"
}

func (r *reader) duration(n *Node, key string) plan.Duration {
	if n == nil {
		return 0
	}
	text := r.literal(n, key)
	if text == "" {
		return 0
	}
	d, ok := ParseDuration(text)
	if !ok {
		r.bag.Error(CodeDuration, n.Span, "write it like 30s, 10m, 1h30m or 7d, at most 366d", "`%s` is no length of time: %q", key, shorten(text))
		if usual := usualDuration(text); usual != "" {
			r.bag.Fix("Change it to "+usual, Replace(n.Span, usual))
		}
	}
	return d
}

// named reports a name that is not formed as it must be.
func (r *reader) named(text string, at Span, form *regexp.Regexp, what, how string) bool {
	switch {
	case text == "" || form.MatchString(text) && len(text) <= maxName:
		return true
	case len(text) > maxName:
		how = fmt.Sprintf("a name has at most %d characters", maxName)
	}
	r.bag.Error(CodeName, at, how, "%s can't be %q", what, shorten(text))
	return false
}

// renamed is named, with the name as it should be where only this place has it.
func (r *reader) renamed(text string, at Span, form *regexp.Regexp, what, how string, better func(string) string) {
	if r.named(text, at, form, what, how) {
		return
	}
	if name := better(text); name != "" {
		r.bag.Fix("Change it to "+name, Replace(at, name))
	}
}

func shorten(text string) string {
	if runes := []rune(text); len(runes) > maxName {
		return fmt.Sprintf("%s…", string(runes[:maxName]))
	}
	return text
}
