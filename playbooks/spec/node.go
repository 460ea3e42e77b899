package spec

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is the YAML kind of a node, with scalars told apart by what they mean.
type Kind int

// The kinds of nodes.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
)

func (k Kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "text", "a list", "a mapping"}[k]
}

// Node is a part of the document that knows where it stands. Aliases are expanded: a node under an alias stands
// where its anchor does.
type Node struct {
	Kind    Kind
	Text    string // scalars: the decoded text; numbers as JSON writes them
	Entries []Entry
	Items   []*Node
	Span    Span

	aliased bool // it stands under an alias, that is elsewhere

	raw    string // scalars: the decoded text as YAML gave it, to which places belong
	style  style
	source *source
	places []int // of each byte of raw, an index into the source's runes; nil until asked for
}

// Entry is a key of a mapping with its value.
type Entry struct{ Key, Value *Node }

// Get is the value of a key, nil if the mapping does not have it.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key.Text == key {
			return e.Value
		}
	}
	return nil
}

// Lacks are those of some keys that a mapping does not have: what a misspelt key can be meant to be.
func (n *Node) Lacks(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return n.Get(key) != nil })
}

// At is where a part of a scalar's text stands, by byte offset and length in Text.
func (n *Node) At(offset, length int) Span {
	if n.Kind != String || n.source == nil || offset < 0 || offset > len(n.raw) {
		return n.Span
	}
	if n.places == nil {
		n.places = n.source.align(n)
	}
	if len(n.places) == 0 {
		return n.Span
	}
	end := min(offset+max(length, 1), len(n.raw))
	if offset >= len(n.places) {
		last := n.places[len(n.places)-1] + 1
		return Span{n.source.pos(last), n.source.pos(last + 1)}
	}
	if end <= offset {
		end = offset + 1
	}
	return Span{n.source.pos(n.places[offset]), n.source.pos(n.places[end-1] + 1)}
}

// dash is where the dash of a list's item stands, if the item is a mapping in block style whose line begins with it.
func (n *Node) dash() Pos {
	if n.source == nil || n.Span.Start.Line > len(n.source.lines) {
		return Pos{}
	}
	line := n.source.lines[n.Span.Start.Line-1]
	for at := n.source.index(n.Span.Start) - 1; at >= line; at-- {
		switch r := n.source.runes[at]; {
		case r == '-':
			for before := line; before < at; before++ {
				if n.source.runes[before] != ' ' {
					return Pos{}
				}
			}
			return n.source.pos(at)
		case !isBlank(r):
			return Pos{}
		}
	}
	return Pos{}
}

// Quoted is a text as a YAML scalar in single quotes, on one line.
func (n *Node) Quoted() string {
	return quote(strings.Join(strings.Fields(n.Text), " "))
}

// quote is a text of one line as a YAML scalar in single quotes.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// CutByComment tells whether a plain scalar ends where YAML reads a comment: ` #` on its line.
func (n *Node) CutByComment() bool {
	if n.source == nil || n.style != plain || n.Kind != String {
		return false
	}
	at := n.source.index(n.Span.End)
	for at < len(n.source.runes) && isBlank(n.source.runes[at]) {
		at++
	}
	return at < len(n.source.runes) && n.source.runes[at] == '#'
}

type style int

const (
	plain style = iota
	single
	double
	literal
	folded
)

// source is the document's text by runes, with the start of each line.
type source struct {
	runes []rune
	lines []int
}

func newSource(text string) *source {
	s := &source{runes: []rune(text), lines: []int{0}}
	for i, r := range s.runes {
		if isBreak(r) && !(r == '\r' && i+1 < len(s.runes) && s.runes[i+1] == '\n') {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// isBreak tells the line breaks that YAML 1.1 counts.
func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' }

func (s *source) index(p Pos) int {
	if p.Line < 1 || p.Line > len(s.lines) {
		return len(s.runes)
	}
	return min(s.lines[p.Line-1]+max(p.Column, 1)-1, len(s.runes))
}

func (s *source) pos(index int) Pos {
	line, exact := slices.BinarySearch(s.lines, index)
	if !exact {
		line--
	}
	return Pos{Line: line + 1, Column: index - s.lines[line] + 1}
}

// end is the place after a scalar that starts at a place.
func (s *source) end(n *Node) Pos {
	places := s.align(n)
	if len(places) == 0 {
		p := n.Span.Start
		p.Column += max(1, utf8.RuneCountInString(n.raw))
		if n.style == single || n.style == double {
			p.Column++ // an empty text is its two quotes
		}
		return p
	}
	last := s.pos(places[len(places)-1] + 1)
	if n.style == single || n.style == double {
		last.Column++
	}
	return last
}
