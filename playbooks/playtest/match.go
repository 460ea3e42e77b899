package playtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Difference is one place where a value is not what was expected.
type Difference struct {
	Path string `json:"path"` // "user.groups[2]", "" for the whole
	Want string `json:"want"`
	Got  string `json:"got"`
}

func (d Difference) String() string {
	at := d.Path
	if at != "" {
		at += ": "
	}
	return at + "expected " + d.Want + ", got " + d.Got
}

// maxDifferences bounds what one comparison reports.
const maxDifferences = 20

// Match compares a value with what was expected: objects must have the expected keys, lists and scalars must be equal, and
// a matcher ($matches, $contains, $any, $absent, $not) must hold. It is empty when all does.
func Match(want, got json.RawMessage) []Difference {
	w, err := decode(want)
	if err != nil {
		return []Difference{{Want: "JSON", Got: err.Error()}}
	}
	g, err := decode(got)
	if err != nil {
		return []Difference{{Want: string(want), Got: "no JSON: " + err.Error()}}
	}
	m := &matching{}
	m.value("", w, g, true)
	return m.found
}

func decode(text json.RawMessage) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

type matching struct{ found []Difference }

func (m *matching) differ(path, want, got string) {
	if len(m.found) < maxDifferences {
		m.found = append(m.found, Difference{path, want, got})
	}
}

func (m *matching) value(path string, want, got any, there bool) {
	if name, argument, ok := matcher(want); ok {
		if !holds(name, argument, got, there) {
			m.differ(path, brief(want), shown(got, there))
		}
		return
	}
	if !there {
		m.differ(path, brief(want), "nothing")
		return
	}
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			m.differ(path, brief(want), brief(got))
			return
		}
		for _, key := range slices.Sorted(maps.Keys(want)) {
			value, there := object[key]
			m.value(join(path, key), want[key], value, there)
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			m.differ(path, brief(want), brief(got))
			return
		}
		for i := range want {
			m.value(fmt.Sprintf("%s[%d]", path, i), want[i], list[i], true)
		}
	default:
		if !same(want, got) {
			m.differ(path, brief(want), brief(got))
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// same compares scalars; numbers by what they are, not by how they are written.
func same(a, b any) bool {
	x, ok := a.(json.Number)
	y, also := b.(json.Number)
	if !ok || !also {
		switch a.(type) {
		case map[string]any, []any:
			return false
		}
		switch b.(type) {
		case map[string]any, []any:
			return false
		}
		return a == b
	}
	if x == y {
		return true
	}
	f, err := strconv.ParseFloat(string(x), 64)
	g, err2 := strconv.ParseFloat(string(y), 64)
	return err == nil && err2 == nil && f == g
}

// matcher tells whether an expected value is one of the matchers.
func matcher(want any) (name string, argument any, ok bool) {
	object, is := want.(map[string]any)
	if !is || len(object) != 1 {
		return "", nil, false
	}
	for name, argument := range object {
		if strings.HasPrefix(name, "$") {
			return name, argument, true
		}
	}
	return "", nil, false
}

var errMatcher = errors.New("known here: $matches, $contains, $any, $absent, $not")

// checkMatcher tells what is wrong with a matcher, when the file is read.
func checkMatcher(name string, argument json.RawMessage) error {
	v, err := decode(argument)
	if err != nil {
		return err
	}
	switch name {
	case "$any", "$absent":
		if v != true {
			return fmt.Errorf("write `%s: true`", name)
		}
	case "$matches":
		text, ok := v.(string)
		if !ok {
			return errors.New("$matches takes a regular expression")
		}
		_, err := regexp.Compile(text)
		return err
	case "$contains", "$not":
	default:
		return errMatcher
	}
	return nil
}

func holds(name string, argument, got any, there bool) bool {
	switch name {
	case "$any":
		return there && got != nil
	case "$absent":
		return !there || got == nil
	case "$not":
		inner := &matching{}
		inner.value("", argument, got, there)
		return len(inner.found) > 0
	case "$matches":
		text, ok := got.(string)
		pattern, _ := argument.(string)
		re, err := regexp.Compile(pattern)
		return ok && err == nil && re.MatchString(text)
	case "$contains":
		if text, ok := got.(string); ok {
			part, ok := argument.(string)
			return ok && strings.Contains(text, part)
		}
		list, _ := got.([]any)
		return slices.ContainsFunc(list, func(item any) bool {
			inner := &matching{}
			inner.value("", argument, item, true)
			return len(inner.found) == 0
		})
	}
	return false
}

// maxShown bounds a value in a difference.
const maxShown = 200

func shown(v any, there bool) string {
	if !there {
		return "nothing"
	}
	return brief(v)
}

func brief(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return Shorten(strings.TrimSuffix(b.String(), "\n"), maxShown)
}

// Shorten cuts a text to so many runes.
func Shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return text
}

// Like tells whether an operation's name fits a name in which * stands for any part.
func Like(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
