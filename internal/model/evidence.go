package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"picket/internal/soc"
)

// exhibit is a piece of evidence, decoded; numbers keep their digits.
type exhibit struct {
	id        string
	untrusted bool
	data      any
}

// exhibits decodes evidence. What is not valid JSON, or nested too deep, has no data, and nothing in it can be cited.
func exhibits(evidence []soc.Evidence) []exhibit {
	out := make([]exhibit, 0, len(evidence))
	for _, e := range evidence {
		x := exhibit{id: e.ID, untrusted: e.Untrusted}
		if !deeper(e.Data, maxDepth*2) {
			dec := json.NewDecoder(bytes.NewReader(e.Data))
			dec.UseNumber()
			if err := dec.Decode(&x.data); err != nil {
				x.data = nil
			} else if _, err := dec.Token(); !errors.Is(err, io.EOF) {
				x.data = nil
			}
		}
		out = append(out, x)
	}
	return out
}

// resolve tells whether a citation stands: its evidence is there, its pointer leads to a single value, and its quote is in
// that value if it is a string, or is the whole of it otherwise.
func resolve(c soc.Citation, evidence []exhibit) bool {
	if strings.TrimSpace(c.Quote) == "" {
		return false
	}
	i := slices.IndexFunc(evidence, func(x exhibit) bool { return x.id == c.Evidence })
	if i < 0 {
		return false
	}
	v, ok := at(evidence[i].data, c.Pointer)
	if !ok {
		return false
	}
	if text, isText := v.(string); isText {
		return strings.Contains(text, c.Quote)
	}
	rendered, single := scalar(v)
	return single && rendered == c.Quote
}

// at follows an RFC 6901 pointer.
func at(v any, pointer string) (any, bool) {
	if pointer == "" {
		return v, true
	}
	if pointer[0] != '/' {
		return nil, false
	}
	for _, part := range strings.Split(pointer[1:], "/") {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch node := v.(type) {
		case map[string]any:
			child, ok := node[part]
			if !ok {
				return nil, false
			}
			v = child
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(node) || strconv.Itoa(i) != part {
				return nil, false
			}
			v = node[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// scalar renders a string, number or boolean as a citation quotes it.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// node is a value in an exhibit and its pointer.
type node struct {
	evidence string
	pointer  string
	key      string // the member's name; that of the array for its items
	value    any
}

// nodes lists every value of an exhibit, parents before children, in the order of the keys.
func (x exhibit) nodes() []node {
	var out []node
	var walk func(n node)
	walk = func(n node) {
		out = append(out, n)
		switch v := n.value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				escaped := strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
				walk(node{evidence: n.evidence, pointer: n.pointer + "/" + escaped, key: key, value: v[key]})
			}
		case []any:
			for i, item := range v {
				walk(node{evidence: n.evidence, pointer: n.pointer + "/" + strconv.Itoa(i), key: n.key, value: item})
			}
		}
	}
	walk(node{evidence: x.id, value: x.data})
	return out
}
