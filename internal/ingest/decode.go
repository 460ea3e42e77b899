package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// doc is a value in a posted document and where it stands. Reading what is not there gives a doc that is absent.
type doc struct {
	v   any    // nil, bool, string, json.Number, []any, map[string]any
	at  string // RFC 6901 pointer
	raw []byte // the source's own bytes, for the document of an alert only
}

// decode parses a body within the bounds. A key that stands twice in an object is refused: parsers disagree on which
// one counts, and what one of them hides from us must not be what another one acts on.
func decode(body []byte) (doc, error) {
	if len(body) > MaxBody {
		return doc{}, fail(TooLarge, "", "the body has more than %d bytes", MaxBody)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return doc{}, fail(Unprocessable, "", "the body is empty; an alert in JSON was expected")
	}
	if !utf8.Valid(body) {
		return doc{}, fail(Unprocessable, "", "the body is not valid UTF-8")
	}
	if depth(body) > MaxDepth {
		return doc{}, fail(Unprocessable, "", "the body is nested deeper than %d", MaxDepth)
	}
	if !json.Valid(body) {
		return doc{}, fail(Unprocessable, "", "the body is not valid JSON: %s", syntax(body))
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	p := parser{dec: dec}
	v, err := p.value("")
	if err != nil {
		return doc{}, err
	}
	return doc{v: v, raw: bytes.Clone(body)}, nil
}

// depth is how deep the brackets outside of strings are nested. It stands before the parser, which recurses.
func depth(body []byte) int {
	deepest, now := 0, 0
	inString, escaped := false, false
	for _, c := range body {
		switch {
		case escaped:
			escaped = false
		case inString && c == '\\':
			escaped = true
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

func syntax(body []byte) string {
	err := json.Unmarshal(body, new(json.RawMessage))
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		return "at byte " + strconv.FormatInt(at.Offset, 10) + ": " + at.Error()
	}
	return "it ends too early"
}

type parser struct {
	dec   *json.Decoder
	nodes int
}

func (p *parser) value(at string) (any, error) {
	if p.nodes++; p.nodes > MaxNodes {
		return nil, fail(Unprocessable, "", "the body has more than %d values", MaxNodes)
	}
	token, err := p.dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fail(Unprocessable, at, "the body ends too early")
		}
		return nil, fail(Unprocessable, at, "the body is not valid JSON")
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for p.dec.More() {
			item, err := p.value(at + "/" + strconv.Itoa(len(list)))
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err = p.dec.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		for p.dec.More() {
			token, err := p.dec.Token()
			if err != nil {
				return nil, fail(Unprocessable, at, "the body is not valid JSON")
			}
			p.nodes++
			key, _ := token.(string)
			here := at + "/" + escape(key)
			if _, twice := object[key]; twice {
				return nil, fail(Unprocessable, here, "the key stands twice in its object")
			}
			if object[key], err = p.value(here); err != nil {
				return nil, err
			}
		}
		_, err = p.dec.Token()
		return object, err
	}
	return token, nil
}

func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(clip(key, 200), "~", "~0"), "/", "~1")
}

func (d doc) index(i int) doc {
	list, _ := d.v.([]any)
	if i < 0 || i >= len(list) {
		return doc{at: d.at + "/" + strconv.Itoa(i)}
	}
	return doc{v: list[i], at: d.at + "/" + strconv.Itoa(i)}
}

// key reads a member; the same name in another case will do where the exact one is absent, because the same alert
// reaches us as AlertName, alertName and alert_name depends on the API it was read from.
func (d doc) key(name string) doc {
	here := doc{at: d.at + "/" + escape(name)}
	object, _ := d.v.(map[string]any)
	if v, ok := object[name]; ok {
		here.v = v
		return here
	}
	best := ""
	for key := range object {
		if len(key) == len(name) && strings.EqualFold(key, name) && (best == "" || key < best) {
			best = key
		}
	}
	if best != "" {
		here.v, here.at = object[best], d.at+"/"+escape(best)
	}
	return here
}

// get reads by an RFC 6901 pointer, or by a dotted path; a key that holds dots itself goes before the path. A number
// in a dotted path is an index into an array.
func (d doc) get(path string) doc {
	if strings.HasPrefix(path, "/") {
		for _, part := range strings.Split(path[1:], "/") {
			d = d.step(strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~"))
		}
		return d
	}
	if path == "" {
		return d
	}
	if whole := d.step(path); whole.there() {
		return whole
	}
	for _, part := range strings.Split(path, ".") {
		d = d.step(part)
	}
	return d
}

func (d doc) step(part string) doc {
	if _, ok := d.v.([]any); ok {
		i, err := strconv.Atoi(part)
		if err != nil {
			return doc{at: d.at + "/" + escape(part)}
		}
		return d.index(i)
	}
	return d.key(part)
}

func (d doc) there() bool { return d.v != nil }

func (d doc) object() bool {
	_, ok := d.v.(map[string]any)
	return ok
}

// text renders a string, a number or a boolean; anything else is "".
func (d doc) text() string {
	switch v := d.v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// integer reads a number, or a string that holds one (hexadecimal as Windows writes it, too); 0 otherwise.
func (d doc) integer() int {
	text := d.text()
	if n, err := strconv.ParseInt(text, 0, 32); err == nil {
		return int(n)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f > -1<<31 && f < 1<<31 {
		return int(f)
	}
	return 0
}

// first is the first of the paths that has a text.
func (d doc) first(paths ...string) string {
	for _, path := range paths {
		if text := d.get(path).text(); text != "" {
			return text
		}
	}
	return ""
}

// pick is the first of the paths that has a text, as a doc.
func (d doc) pick(paths ...string) doc {
	for _, path := range paths {
		if found := d.get(path); found.text() != "" {
			return found
		}
	}
	return doc{at: d.at}
}

// member is the first of the members that is there, whatever it holds.
func (d doc) member(names ...string) doc {
	for _, name := range names {
		if found := d.key(name); found.there() {
			return found
		}
	}
	return doc{at: d.at}
}

// list reads an array, a lone value as an array of one, and a string that holds an array in JSON.
func (d doc) list() []doc {
	d = d.embedded()
	items, ok := d.v.([]any)
	if !ok {
		if !d.there() || d.v == "" {
			return nil
		}
		return []doc{d}
	}
	out := make([]doc, len(items))
	for i := range items {
		out[i] = d.index(i)
	}
	return out
}

// embedded decodes a string that holds a JSON object or array, under the same bounds as a body.
func (d doc) embedded() doc {
	text, ok := d.v.(string)
	if !ok {
		return d
	}
	if text = strings.TrimSpace(text); text == "" || (text[0] != '[' && text[0] != '{') {
		return d
	}
	inner, err := decode([]byte(text))
	if err != nil {
		return d
	}
	return doc{v: inner.v, at: d.at}
}

// texts lists the strings of an array, or of one string in which commas, semicolons or line ends part them.
func (d doc) texts() []string {
	var out []string
	for _, item := range d.list() {
		text := item.text()
		if text == "" {
			continue
		}
		out = append(out, strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' })...)
	}
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}
