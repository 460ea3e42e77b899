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
	r    *reader
	node *Node
	what string
}

// mapping checks that a node is a mapping with known keys. What names it in messages; later are keys of the
// language that are not available yet.
func (r *reader) mapping(n *Node, what string, known, later []string) fields {
	if n == nil || n.Kind != Map {
		if n != nil {
			r.bag.Error(CodeType, n.Span, "", "%s must be a mapping, not %s", what, n.Kind)
		}
		return fields{r: r, node: &Node{Kind: Map}, what: what}
	}
	for _, e := range n.Entries {
		switch {
		case slices.Contains(known, e.Key.Text):
		case slices.Contains(later, e.Key.Text):
			r.bag.Error(CodeNotYet, e.Key.Span, "", "`%s` is not available yet in %s", e.Key.Text, what)
		default:
			r.bag.Near(CodeUnknownKey, e.Key.Span, e.Key.Text, known, "%s has no key `%s`", what, e.Key.Text)
		}
	}
	return fields{r: r, node: n, what: what}
}

// get is a key's value, nil if it is absent.
func (f fields) get(key string) *Node { return f.node.Get(key) }

// need is a key's value, and an error at the mapping if it is absent or null.
func (f fields) need(key string) *Node {
	n := f.node.Get(key)
	if n == nil && f.node.Span.Start.Line > 0 {
		f.r.bag.Error(CodeMissing, f.node.Span, "", "%s needs `%s`", f.what, key)
	}
	if n != nil && n.Kind == Null {
		f.r.bag.Error(CodeMissing, n.Span, "", "`%s` has no value", key)
		return nil
	}
	return n
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

// words is a list of text.
func (r *reader) words(n *Node, key string) []*Node {
	var words []*Node
	for _, item := range r.list(n, key) {
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
func (r *reader) oneOf(n *Node, key, otherwise string, known, later []string) string {
	if n == nil {
		return otherwise
	}
	word := r.literal(n, key)
	switch {
	case word == "" || slices.Contains(known, word):
	case slices.Contains(later, word):
		r.bag.Error(CodeNotYet, n.Span, "", "`%s: %s` is not available yet", key, word)
	default:
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
		r.bag.Error(CodeType, n.Span, "", "`%s` must be a whole number", key)
		return 0
	}
	if i < least || i > most {
		r.bag.Error(CodeValue, n.Span, "", "`%s` must be from %d to %d", key, least, most)
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
		r.bag.Error(CodeDuration, n.Span, "write it like 30s, 10m, 1h30m or 7d, at most 366d", "`%s` is no length of time: %q", key, text)
	}
	return d
}

// named reports a name that is not formed as it must be.
func (r *reader) named(text string, at Span, form *regexp.Regexp, what, how string) {
	if text == "" {
		return
	}
	if !form.MatchString(text) || len(text) > maxName {
		r.bag.Error(CodeName, at, how, "%s can't be %q", what, shorten(text))
	}
}

func shorten(text string) string {
	if runes := []rune(text); len(runes) > maxName {
		return fmt.Sprintf("%s…", string(runes[:maxName]))
	}
	return text
}
