package expr

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// A run's documents are large and most expressions read one member of one of them, often in a scope made for that
// expression alone. So a path of fixed names is looked up in the document's bytes, and only what is found is decoded.

// path is a root and the names that lead from it.
type path struct {
	root  *ast.IdentifierNode
	names []string // from the root on
	key   string   // of the decoded value in the scope
}

// pathOf is the path that n is, or nil when n is not just names read from a root.
func pathOf(n ast.Node) *path {
	var names []string
	for {
		switch at := n.(type) {
		case *ast.ChainNode:
			n = at.Node
		case *ast.MemberNode:
			name, ok := at.Property.(*ast.StringNode)
			if !ok {
				return nil
			}
			names = append(names, name.Value)
			n = at.Node
		case *ast.IdentifierNode:
			for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
				names[i], names[j] = names[j], names[i]
			}
			return &path{root: at, names: names, key: at.Value + "\x00" + strings.Join(names, "\x00")}
		default:
			return nil
		}
	}
}

// lookup is the value at a path; ok is false when it must be read step by step, as its root is no document or the
// path leads through something that is no object.
func (s *Scope) lookup(p *path) (value any, ok bool) {
	if _, whole := s.decoded[p.root.Value]; whole {
		return nil, false
	}
	if value, ok := s.decoded[p.key]; ok {
		return value, true
	}
	document, ok := s.vars[p.root.Value]
	if !ok || len(document) > MaxDocument {
		return nil, false
	}
	part := bytes.TrimSpace(document)
	for _, name := range p.names {
		if part, ok = memberOf(part, name); !ok {
			return nil, false
		}
	}
	if len(part) > 0 {
		var err error
		if value, err = decode(part); err != nil {
			return nil, false
		}
	}
	s.keep(p.key, value)
	return value, true
}

// memberOf is the text of an object's member, the last of that name; nothing when there is none, or of null. It
// trusts the document to be JSON; ok is false when it finds that it is not, or that it is no object.
func memberOf(object []byte, name string) (value []byte, ok bool) {
	if len(object) == 0 || string(object) == "null" {
		return nil, true
	}
	if object[0] != '{' {
		return nil, false
	}
	i := space(object, 1)
	if i < len(object) && object[i] == '}' {
		return nil, true
	}
	for {
		end := afterValue(object, i)
		if end < 0 || object[i] != '"' {
			return nil, false
		}
		found := isName(object[i:end], name)
		i = space(object, end)
		if i >= len(object) || object[i] != ':' {
			return nil, false
		}
		i = space(object, i+1)
		if end = afterValue(object, i); end < 0 {
			return nil, false
		}
		if found {
			value = object[i:end]
		}
		i = space(object, end)
		if i >= len(object) {
			return nil, false
		}
		if object[i] == '}' {
			return value, true
		}
		if object[i] != ',' {
			return nil, false
		}
		i = space(object, i+1)
	}
}

func isName(quoted []byte, name string) bool {
	inner := quoted[1 : len(quoted)-1]
	for _, c := range inner {
		if c == '\\' || c >= 0x80 {
			var text string
			return json.Unmarshal(quoted, &text) == nil && text == name
		}
	}
	return string(inner) == name
}

func space(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// afterValue is where the JSON value at i ends, or -1.
func afterValue(text []byte, i int) int {
	start, depth := i, 0
	for i < len(text) {
		switch text[i] {
		case '"':
			if i = afterString(text, i); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // the end of what a number or word stands in
				return ended(start, i)
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return ended(start, i)
			}
		}
		i++
	}
	return -1
}

func ended(start, i int) int {
	if start == i {
		return -1
	}
	return i
}

func afterString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		end := bytes.IndexByte(text[i:], '"')
		if end < 0 {
			return -1
		}
		i += end
		slashes := 0
		for text[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
	return -1
}
