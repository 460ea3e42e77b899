package expr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Vars holds the JSON document of each root. A root without a document (empty) is null.
type Vars map[string]json.RawMessage

// Scope is what expressions are evaluated over: documents, each decoded when it is first read and then kept, and one
// clock. The documents must not change while it is used. It is not for concurrent use.
type Scope struct {
	vars    Vars
	now     time.Time
	decoded map[string]any // by root, or by path; see lazy.go
}

// NewScope makes a scope of these documents in which now() is now.
func NewScope(vars Vars, now time.Time) *Scope {
	return &Scope{vars: vars, now: now.UTC().Round(0)}
}

// root is the decoded document of a root; ok tells whether there is such a root.
func (s *Scope) root(name string) (value any, ok bool, err error) {
	if value, ok := s.decoded[name]; ok {
		return value, true, nil
	}
	document, ok := s.vars[name]
	if !ok {
		return nil, false, nil
	}
	if len(bytes.TrimSpace(document)) > 0 {
		if value, err = decode(document); err != nil {
			return nil, true, fmt.Errorf("%s cannot be read: %w", name, err)
		}
	}
	s.keep(name, value)
	return value, true, nil
}

func (s *Scope) keep(key string, value any) {
	if s.decoded == nil {
		s.decoded = make(map[string]any)
	}
	s.decoded[key] = value
}

// digits is a number in JSON that neither int64 nor float64 holds. It can be passed on and compared, not computed with.
type digits string

// severity is a severity word that was written as a constant, so that a comparison with it is meant as one of severities.
type severity string

// decode reads one JSON document into nil, bool, int64, float64, digits, string, []any and map[string]any.
func decode(document []byte) (any, error) {
	if len(document) > MaxDocument {
		return nil, fmt.Errorf("it has %d bytes; at most %d are allowed", len(document), MaxDocument)
	}
	if value, ok := scalar(document); ok {
		return value, nil
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, errors.New("it is not valid JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is more than one JSON document")
	}
	return settle(value, 0)
}

// scalar reads the plain strings and small whole numbers that most members are, which a decoder is slow to start for.
func scalar(document []byte) (value any, ok bool) {
	last := len(document) - 1
	if last < 1 || last > 1000 {
		return nil, false
	}
	if document[0] == '"' && document[last] == '"' {
		for _, c := range document[1:last] {
			if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
				return nil, false
			}
		}
		return string(document[1:last]), true
	}
	if document[0] < '1' || document[0] > '9' || last > 17 {
		return nil, false
	}
	n := int64(0)
	for _, c := range document {
		if c < '0' || c > '9' {
			return nil, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// settle replaces the numbers of a decoded document, in place.
func settle(value any, depth int) (any, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("it is nested deeper than %d levels", MaxDepth)
	}
	var err error
	switch v := value.(type) {
	case json.Number:
		return number(string(v)), nil
	case []any:
		for i := range v {
			if v[i], err = settle(v[i], depth+1); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for name, member := range v { // the order does not matter: each is replaced by itself
			switch member.(type) {
			case json.Number, []any, map[string]any:
				if v[name], err = settle(member, depth+1); err != nil {
					return nil, err
				}
			}
		}
	}
	return value, nil
}

func number(text string) any {
	whole := true
	for i := range len(text) {
		if c := text[i]; c == '.' || c == 'e' || c == 'E' {
			whole = false
			break
		}
	}
	if whole {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		return digits(text)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f
	}
	return digits(text)
}
