package playtest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// reader checks the shape of nodes, as package spec does for playbooks, and with its codes.
type reader struct{ bag *spec.Bag }

// fields are the values of a mapping's keys, all known.
type fields struct {
	r    *reader
	node *spec.Node
	what string
}

func (r *reader) mapping(n *spec.Node, what string, known ...string) fields {
	if n == nil || n.Kind != spec.Map {
		if n != nil {
			r.bag.Error(spec.CodeType, n.Span, "", "%s must be a mapping, not %s", what, n.Kind)
		}
		return fields{r, &spec.Node{Kind: spec.Map}, what}
	}
	for _, e := range n.Entries {
		if !slices.Contains(known, e.Key.Text) {
			r.bag.Error(spec.CodeUnknownKey, e.Key.Span, spec.Suggest(e.Key.Text, known), "%s has no key `%s`", what, e.Key.Text)
		}
	}
	return fields{r, n, what}
}

func (f fields) get(key string) *spec.Node { return f.node.Get(key) }

func (f fields) has(key string) bool { return f.node.Get(key) != nil }

// need is a key's value, and an error at the mapping if it is absent.
func (f fields) need(key string) *spec.Node {
	n := f.node.Get(key)
	if n == nil && f.node.Span.Start.Line > 0 {
		f.r.bag.Error(spec.CodeMissing, f.node.Span, "", "%s needs `%s`", f.what, key)
	}
	return n
}

// one reports keys of which at most one may stand, and tells which one does.
func (f fields) one(keys ...string) string {
	found := ""
	for _, key := range keys {
		n := f.get(key)
		switch {
		case n == nil:
		case found == "":
			found = key
		default:
			f.r.bag.Error(spec.CodeValue, n.Span, "leave one of them out", "%s can't have `%s` and `%s`", f.what, found, key)
		}
	}
	return found
}

// entries are the pairs of a mapping of free names.
func (r *reader) entries(n *spec.Node, what string) []spec.Entry {
	if n == nil || n.Kind == spec.Null {
		return nil
	}
	if n.Kind != spec.Map {
		r.bag.Error(spec.CodeType, n.Span, "", "%s must be a mapping, not %s", what, n.Kind)
		return nil
	}
	return n.Entries
}

// several is a list, or one thing that stands for a list of it.
func several(n *spec.Node) []*spec.Node {
	switch {
	case n == nil || n.Kind == spec.Null:
		return nil
	case n.Kind == spec.List:
		return n.Items
	}
	return []*spec.Node{n}
}

func (r *reader) text(n *spec.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind == spec.Map || n.Kind == spec.List || n.Kind == spec.Null {
		r.bag.Error(spec.CodeType, n.Span, "", "%s must be text, not %s", what, n.Kind)
		return ""
	}
	return n.Text
}

func (r *reader) word(n *spec.Node, what string) *Word {
	if n == nil {
		return nil
	}
	return &Word{Text: r.text(n, what), At: n.Span}
}

func (r *reader) words(n *spec.Node, what string) []Word {
	var words []Word
	for _, item := range several(n) {
		words = append(words, *r.word(item, what))
	}
	return words
}

func (r *reader) oneOf(n *spec.Node, what, otherwise string, known ...string) string {
	if n == nil {
		return otherwise
	}
	word := r.text(n, what)
	if word != "" && !slices.Contains(known, word) {
		r.bag.Error(spec.CodeValue, n.Span, spec.Suggest(word, known), "%s can't be %q", what, word)
	}
	return word
}

func (r *reader) boolean(n *spec.Node, what string, otherwise bool) bool {
	if n == nil {
		return otherwise
	}
	if n.Kind != spec.Bool {
		r.bag.Error(spec.CodeType, n.Span, "", "%s must be true or false, not %s", what, n.Kind)
	}
	return n.Text == "true"
}

func (r *reader) whole(n *spec.Node, what string) int {
	if n == nil {
		return 0
	}
	i, err := strconv.Atoi(n.Text)
	if n.Kind != spec.Number || err != nil || i < 0 || i > 1_000_000 {
		r.bag.Error(spec.CodeValue, n.Span, "", "%s must be a whole number from 0 to 1000000", what)
		return 0
	}
	return i
}

func (r *reader) duration(n *spec.Node, what string, otherwise plan.Duration) plan.Duration {
	if n == nil {
		return otherwise
	}
	text := r.text(n, what)
	if text == "0" || text == "0s" {
		return 0
	}
	d, ok := spec.ParseDuration(text)
	if text != "" && !ok {
		r.bag.Error(spec.CodeDuration, n.Span, "write it like 30s, 10m, 1h30m or 7d, at most 366d", "%s is no length of time: %q", what, text)
	}
	return d
}

// object is the JSON of a mapping, nil after a report.
func (r *reader) object(n *spec.Node, what string) json.RawMessage {
	if n == nil {
		return nil
	}
	if n.Kind != spec.Map {
		r.bag.Error(spec.CodeType, n.Span, "", "%s must be a mapping, not %s", what, n.Kind)
		return nil
	}
	return Value(n)
}

// Value is a node as JSON, with keys in the order of the file.
func Value(n *spec.Node) json.RawMessage {
	var b bytes.Buffer
	encode(&b, n)
	return b.Bytes()
}

func encode(b *bytes.Buffer, n *spec.Node) {
	switch n.Kind {
	case spec.Null:
		b.WriteString("null")
	case spec.Bool, spec.Number:
		b.WriteString(n.Text)
	case spec.String:
		quote(b, n.Text)
	case spec.List:
		b.WriteByte('[')
		for i, item := range n.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			encode(b, item)
		}
		b.WriteByte(']')
	case spec.Map:
		b.WriteByte('{')
		for i, e := range n.Entries {
			if i > 0 {
				b.WriteByte(',')
			}
			quote(b, e.Key.Text)
			b.WriteByte(':')
			encode(b, e.Value)
		}
		b.WriteByte('}')
	}
}

func quote(b *bytes.Buffer, text string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string always encodes
	b.Truncate(b.Len() - 1)
}
