package cacao

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// value is a JSON value that keeps the order of its members and knows what of it was read. The zero value is null.
type value struct {
	kind    kind
	text    string // of a string, a number or a boolean
	members []member
	items   []*value
	used    bool              // the value as a whole became part of the playbook, or of the report
	index   map[string]*value // of many members; made when it is asked for
}

type member struct {
	key string
	*value
}

type kind int

const (
	isNull kind = iota
	isBool
	isNumber
	isString
	isList
	isObject
)

func str(text string) *value  { return &value{kind: isString, text: text} }
func number(n int64) *value   { return &value{kind: isNumber, text: strconv.FormatInt(n, 10)} }
func boolean(b bool) *value   { return &value{kind: isBool, text: strconv.FormatBool(b)} }
func list(v ...*value) *value { return &value{kind: isList, items: v} }
func words(texts ...string) *value {
	l := list()
	for _, t := range texts {
		l.items = append(l.items, str(t))
	}
	return l
}

// object makes an object of keys and values in turn. Values that are nil are left out.
func object(pairs ...any) *value {
	o := &value{kind: isObject}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.put(pairs[i].(string), pairs[i+1].(*value)) //nolint:forcetypeassert // written so in this package
	}
	return o
}

// put sets a member; nil takes nothing away and adds nothing.
func (v *value) put(key string, to *value) {
	if to == nil {
		return
	}
	for i := range v.members {
		if v.members[i].key == key {
			v.members[i].value, v.index = to, nil
			return
		}
	}
	v.members = append(v.members, member{key, to})
}

// arrange puts members into an order; those that it does not name come last, as they are.
func (v *value) arrange(keys ...string) {
	place := func(m member) int {
		if i := slices.Index(keys, m.key); i >= 0 {
			return i
		}
		return len(keys)
	}
	slices.SortStableFunc(v.members, func(a, b member) int { return place(a) - place(b) })
}

// get is a member, nil where there is none. It may be asked of nil.
func (v *value) get(key string) *value {
	const many = 32 // members from which on an index is worth its while
	if v == nil {
		return nil
	}
	if len(v.members) > many {
		if len(v.index) != len(v.members) {
			v.index = make(map[string]*value, len(v.members))
			for _, m := range v.members {
				v.index[m.key] = m.value
			}
		}
		return v.index[key]
	}
	for _, m := range v.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// read is the text of a member that is a scalar, which it marks as used.
func (v *value) read(key string) string {
	m := v.get(key)
	if m == nil || m.kind == isList || m.kind == isObject {
		return ""
	}
	m.used = true
	return m.text
}

// peek is as read, and marks nothing.
func (v *value) peek(key string) string {
	if m := v.get(key); m != nil {
		return m.text
	}
	return ""
}

// list are the elements of a member that is a list.
func (v *value) list(key string) []*value {
	if m := v.get(key); m != nil {
		return m.items
	}
	return nil
}

// memberList are the members of a value that may not be there.
func (v *value) memberList() []member {
	if v == nil {
		return nil
	}
	return v.members
}

// useAll marks a value and everything in it.
func (v *value) useAll() {
	if v == nil {
		return
	}
	v.used = true
	for _, m := range v.members {
		m.useAll()
	}
	for _, item := range v.items {
		item.useAll()
	}
}

// untouched tells whether nothing of a value was used.
func (v *value) untouched() bool {
	if v.used {
		return false
	}
	for _, m := range v.members {
		if !m.untouched() {
			return false
		}
	}
	return !slices.ContainsFunc(v.items, func(i *value) bool { return !i.untouched() })
}

// equal tells whether two values are the same, order of members aside.
func (v *value) equal(w *value) bool {
	if v == nil || w == nil {
		return v == w
	}
	if v.kind != w.kind || v.text != w.text || len(v.members) != len(w.members) || len(v.items) != len(w.items) {
		return false
	}
	for _, m := range v.members {
		if !m.equal(w.get(m.key)) {
			return false
		}
	}
	for i := range v.items {
		if !v.items[i].equal(w.items[i]) {
			return false
		}
	}
	return true
}

// compact is the value as JSON in one line.
func (v *value) compact() string {
	if v == nil {
		return "no definition"
	}
	var b strings.Builder
	v.write(&b, "", "", "")
	return b.String()
}

// indented is the value as JSON for people, with a final newline.
func (v *value) indented() []byte {
	var b strings.Builder
	v.write(&b, "\n", "  ", " ")
	b.WriteByte('\n')
	return []byte(b.String())
}

func (v *value) write(b *strings.Builder, line, indent, space string) {
	inner := line
	if line != "" {
		inner += indent
	}
	switch v.kind {
	case isNull:
		b.WriteString("null")
	case isString:
		b.WriteString(quoted(v.text))
	case isBool, isNumber:
		b.WriteString(v.text)
	case isList:
		if len(v.items) == 0 {
			b.WriteString("[]")
			return
		}
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(inner)
			item.write(b, inner, indent, space)
		}
		b.WriteString(line + "]")
	case isObject:
		if len(v.members) == 0 {
			b.WriteString("{}")
			return
		}
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(inner + quoted(m.key) + ":" + space)
			m.write(b, inner, indent, space)
		}
		b.WriteString(line + "}")
	}
}

// quoted is a text as a JSON string, which is a literal of our expressions as well.
func quoted(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string can always be written
	return strings.TrimSuffix(b.String(), "\n")
}

// parse reads a document of JSON within the bounds.
func parse(text []byte) (*value, error) {
	if len(text) > MaxBytes {
		return nil, invalid("", "it has %d bytes; at most %d are read", len(text), MaxBytes)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return nil, invalid("", "it is not UTF-8; save it as UTF-8")
	}
	p := &parser{dec: json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	v, err := p.value("", 1)
	if err != nil {
		return nil, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, invalid("", "something follows the playbook; a file holds one")
	}
	return v, nil
}

type parser struct {
	dec   *json.Decoder
	nodes int
}

func (p *parser) value(at string, depth int) (*value, error) {
	token, err := p.dec.Token()
	if err != nil {
		return nil, p.broken(at, err)
	}
	p.nodes++
	if depth > MaxDepth || p.nodes > MaxNodes {
		return nil, invalid(at, "the document is too large here: at most %d levels and %d values", MaxDepth, MaxNodes)
	}
	switch t := token.(type) {
	case nil:
		return &value{}, nil
	case bool:
		return boolean(t), nil
	case json.Number:
		return &value{kind: isNumber, text: t.String()}, nil
	case string:
		return str(t), nil
	case json.Delim:
		if t == '[' {
			return p.list(at, depth)
		}
		return p.object(at, depth)
	}
	return nil, invalid(at, "this is no JSON")
}

func (p *parser) broken(at string, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return invalid(at, "this is no JSON, at byte %d: %s", syntax.Offset, syntax.Error())
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return invalid(at, "the JSON ends in the middle")
	}
	return fmt.Errorf("cacao: %w", err)
}

func (p *parser) list(at string, depth int) (*value, error) {
	l := list()
	for p.dec.More() {
		item, err := p.value(join(at, strconv.Itoa(len(l.items))), depth+1)
		if err != nil {
			return nil, err
		}
		l.items = append(l.items, item)
	}
	if _, err := p.dec.Token(); err != nil {
		return nil, p.broken(at, err)
	}
	return l, nil
}

func (p *parser) object(at string, depth int) (*value, error) {
	o, seen := object(), map[string]bool{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return nil, p.broken(at, err)
		}
		key, ok := token.(string)
		if !ok {
			return nil, invalid(at, "a key must be a text")
		}
		if seen[key] {
			return nil, invalid(join(at, key), "the key stands twice in this object")
		}
		seen[key] = true
		v, err := p.value(join(at, key), depth+1)
		if err != nil {
			return nil, err
		}
		o.members = append(o.members, member{key, v})
	}
	if _, err := p.dec.Token(); err != nil {
		return nil, p.broken(at, err)
	}
	return o, nil
}

// join adds a step to a JSON Pointer.
func join(pointer, key string) string { return pointer + "/" + pointerEscape.Replace(key) }

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")
