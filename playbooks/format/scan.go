package format

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// place is a line and a byte of it, both from 0.
type place struct{ line, column int }

func (p place) before(q place) bool {
	return p.line < q.line || p.line == q.line && p.column < q.column
}

// comment is one comment, from # to the end of its line.
type comment struct {
	text  string
	at    place
	shown int        // the column that it is seen in
	own   bool       // it has a line of its own
	blank bool       // a blank line stands before it
	flow  *yaml.Node // the innermost flow collection around it
}

// blockText is a block scalar as written: its header without indentation, its lines without theirs.
type blockText struct {
	digit bool // it tells its indentation
	chomp byte // + or -, or 0
	lines []string
}

// source is a text with what the YAML reader does not tell: comments, blank lines, and the extent of what may hold a #.
type source struct {
	root     *yaml.Node
	lines    []string
	content  []bool // by line: something other than blanks and comments
	comments []comment
	starts   map[place]*yaml.Node // of quoted and block scalars and flow collections
	indents  map[*yaml.Node]int   // of block scalars: the column of the collection around
	ends     map[*yaml.Node]place // of flow collections: the closing bracket
	quoted   map[*yaml.Node][]string
	blocks   map[*yaml.Node]blockText
	odd      *yaml.Node // a key that can't be written as others are
}

func (s *source) at(n *yaml.Node) place {
	line, column := n.Line-1, n.Column-1
	if line >= len(s.lines) {
		return place{line, column}
	}
	text := s.lines[line]
	for i := 0; i < column && i < len(text); {
		_, size := utf8.DecodeRuneInString(text[i:])
		column += size - 1
		i += size
	}
	return place{line, column}
}

// words is the text of all comments, sorted.
func (s *source) words() []string {
	words := make([]string, len(s.comments))
	for i, c := range s.comments {
		words[i] = c.text
	}
	slices.Sort(words)
	return words
}

const quotedStyle, blockStyle = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle, yaml.LiteralStyle | yaml.FoldedStyle

// maxKey bounds a key: YAML reads none of more than 1024 characters that stands before its colon.
const maxKey = 200

// collect notes where those nodes start within which a # may be something else than a comment.
func (s *source) collect(n *yaml.Node, indent int) {
	at := s.at(n)
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Style&(quotedStyle|blockStyle) != 0 {
			s.starts[at], s.indents[n] = n, indent
		}
		return
	case yaml.MappingNode, yaml.SequenceNode:
	default:
		return
	}
	if n.Style&yaml.FlowStyle != 0 {
		if pair := len(n.Content) > 0 && s.at(n.Content[0]) == at; !pair { // a: b within [] has no brackets of its own
			s.starts[at] = n
		}
	} else if indent = at.column; s.propertied(n) {
		indent = max(s.at(n.Content[0]).column, 0)
		if n.Kind == yaml.SequenceNode {
			indent = max(indent-2, 0)
		}
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && ((&node{y: child}).empty() || len(child.Value) > maxKey) {
			s.odd = child
		}
		s.collect(child, indent)
	}
}

// propertied tells whether an anchor or a tag is the place of a node, which the reader tells of most but not of a bare !.
func (s *source) propertied(n *yaml.Node) bool {
	at := s.at(n)
	return at.line < len(s.lines) && at.column < len(s.lines[at.line]) && strings.IndexByte("&!", s.lines[at.line][at.column]) >= 0
}

func scan(lines []string, root *yaml.Node) (*source, error) {
	s := &source{
		root: root, lines: lines, content: make([]bool, len(lines)),
		starts: map[place]*yaml.Node{}, indents: map[*yaml.Node]int{}, ends: map[*yaml.Node]place{},
		quoted: map[*yaml.Node][]string{}, blocks: map[*yaml.Node]blockText{},
	}
	s.collect(root, -1)
	if n := s.odd; n != nil {
		return nil, fmt.Errorf("format: the key on line %d has no name or one of more than %d bytes; give it a word", n.Line, maxKey)
	}
	w := walker{source: s}
	for w.line < len(lines) {
		if w.column == 0 && strings.HasPrefix(lines[w.line], "%") && !slices.Contains(s.content[:w.line], true) {
			return nil, errors.New("format: a file with a YAML directive (%) can't be formatted; a playbook needs none")
		}
		w.walk()
	}
	return s, nil
}

// walker goes over the text once.
type walker struct {
	*source
	place
	pending *yaml.Node   // its start was passed, maybe with an anchor, but not yet its first quote, bracket or header
	open    []*yaml.Node // flow collections
	fresh   int          // right after a quote, a bracket or a comma, a # needs no blank before it
	blank   bool         // the last line was blank
}

// walk passes the rest of a line.
func (w *walker) walk() {
	line := w.lines[w.line]
	for w.column < len(line) {
		c := line[w.column]
		switch {
		case c == ' ' || c == '\t':
			w.column++
			continue
		case c == '#' && (w.column == 0 || line[w.column-1] == ' ' || line[w.column-1] == '\t' || w.fresh == w.column):
			w.comment(line[w.column:])
			w.next()
			return
		}
		w.content[w.line] = true
		if n := w.starts[w.place]; n != nil {
			w.pending = n
		}
		switch n := w.pending; {
		case n == nil:
		case (c == '"' || c == '\'') && n.Style&quotedStyle != 0:
			w.pending = nil
			w.quote(n, c)
			line = w.lines[min(w.line, len(w.lines)-1)]
			continue
		case (c == '|' || c == '>') && n.Style&blockStyle != 0:
			w.pending = nil
			w.block(n)
			return
		case c == '[' || c == '{':
			w.pending = nil
			w.open = append(w.open, n)
			w.fresh = w.column + 1
		}
		if len(w.open) > 0 && (c == ']' || c == '}' || c == ',') {
			w.fresh = w.column + 1
			if c != ',' {
				last := len(w.open) - 1
				w.ends[w.open[last]] = w.place
				w.open = w.open[:last]
			}
		}
		w.column++
	}
	w.next()
}

func (w *walker) next() {
	w.blank = strings.TrimLeft(w.lines[w.line], " \t") == ""
	w.line, w.column, w.fresh = w.line+1, 0, -1
}

func (w *walker) comment(text string) {
	c := comment{text: strings.TrimRight(text, " \t"), at: w.place, shown: utf8.RuneCountInString(w.lines[w.line][:w.column]), own: !w.content[w.line], blank: w.blank}
	if len(w.open) > 0 {
		c.flow = w.open[len(w.open)-1]
	}
	w.comments = append(w.comments, c)
}

// quote passes a quoted scalar and keeps its lines, quotes included.
func (w *walker) quote(n *yaml.Node, mark byte) {
	from := w.column
	w.column++
	var lines []string
	for {
		line := w.lines[w.line]
		w.content[w.line] = true
		for w.column < len(line) {
			switch c := line[w.column]; {
			case c == '\\' && mark == '"':
				w.column++
			case c == mark && mark == '\'' && w.column+1 < len(line) && line[w.column+1] == mark:
				w.column++
			case c == mark:
				w.column++
				w.quoted[n] = append(lines, line[from:w.column])
				w.fresh = w.column
				return
			}
			w.column++
		}
		lines = append(lines, line[min(from, len(line)):])
		if w.line+1 == len(w.lines) {
			w.quoted[n] = lines
			return
		}
		w.line, w.column, from = w.line+1, 0, 0
	}
}

// block passes a block scalar: its header, maybe with a comment, and the lines that are indented deep enough.
func (w *walker) block(n *yaml.Node) {
	line := w.lines[w.line]
	header := w.column
	for w.column++; w.column < len(line) && strings.IndexByte("+-0123456789", line[w.column]) >= 0; w.column++ {
	}
	text, keep, indent := blockText{}, false, 0
	for _, c := range line[header+1 : w.column] {
		if c == '+' || c == '-' {
			text.chomp, keep = byte(c), c == '+'
		}
		if digit, err := strconv.Atoi(string(c)); err == nil {
			text.digit, indent = true, max(w.indents[n], 0)+digit
		}
	}
	if i := strings.IndexByte(line[w.column:], '#'); i >= 0 {
		w.column += i
		w.comment(line[w.column:])
	}
	w.next()
	first := w.line
	for end := first; end < len(w.lines); end++ {
		line := w.lines[end]
		deep := len(line) - len(strings.TrimLeft(line, " "))
		if indent == 0 && deep < len(line) {
			indent = deep
			if deep < max(w.indents[n]+1, 1) {
				break
			}
		}
		if deep < len(line) && deep < indent {
			break
		}
		if keep || deep < len(line) || indent > 0 && deep > indent {
			w.line = end + 1 // blank lines at the end are content only if they are kept
		}
	}
	for i := first; i < w.line; i++ {
		w.content[i] = true
		text.lines = append(text.lines, w.lines[i][min(indent, len(w.lines[i])):])
	}
	for i, line := range text.lines {
		if indent == 0 {
			text.lines[i] = strings.TrimLeft(line, " ")
		}
	}
	w.blank = false
	w.blocks[n] = text
}
