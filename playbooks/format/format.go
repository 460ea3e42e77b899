// Package format writes playbooks, and the tests beside them, in one form: two spaces, keys in their order, a blank line
// between steps, no quotes that mean nothing. Comments stay with what they describe.
//
// The tree comes from yaml.v3, which the compiler reads with as well, so that both see the same document; the text of
// comments and scalars comes from the source. Two other ways were tried on the library, on 53 foreign workflows and on
// hard cases written for it. The encoder of yaml.v3 keeps the comments of all files, but changes folded scalars with
// deeper lines (playbooks of the library said something else afterwards) and drops blank lines. The tree
// of goccy/go-yaml keeps those, and loses comments inside flow collections and between a key and its value. Neither moves a key with its comments.
//
// Nothing is trusted: the result is read again, and where it is not the same document with the same comments, the
// formatter gives an error and no text.
package format

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"picket/playbooks/spec"
)

// width is how long a line may be before a flow collection is written as a block and text keeps its breaks.
const width = 120

// UnreadableError says that the text is no document that a playbook could be: what the compiler says of it, with places.
type UnreadableError struct{ Diagnostics []spec.Diagnostic }

func (e *UnreadableError) Error() string {
	d := e.Diagnostics[0]
	return fmt.Sprintf("%d:%d: %s", d.Line, d.Column, d.Message)
}

// UnkeptError says that the formatted text would not be the same document, or would lack a comment.
type UnkeptError struct{ What string }

func (e *UnkeptError) Error() string {
	return "format: this file can't be formatted without losing " + e.What + "; it was left as it is"
}

// Source is the text in its canonical form. The document that it holds and its comments are those of text; where that
// can't be done there is an error and no text. Formatting twice changes nothing more.
func Source(text []byte) ([]byte, error) {
	bag := &spec.Bag{}
	if spec.Parse(text, bag); bag.Failed() {
		return nil, &UnreadableError{Diagnostics: bag.All()}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	before, err := read(text)
	if err != nil {
		return nil, err
	}
	doc := newDocument(before)
	doc.reorder()
	out := doc.print()
	after, err := read(out)
	if err != nil {
		return nil, &UnkeptError{What: "its meaning"}
	}
	if len(out) > spec.MaxBytes {
		return nil, fmt.Errorf("format: the formatted text would have %d bytes; at most %d are read", len(out), spec.MaxBytes)
	}
	if err := kept(before, after); err != nil {
		return nil, err
	}
	return out, nil
}

// kept tells whether two texts hold the same document and the same comments.
func kept(before, after *source) error {
	if !same(before.root, after.root) {
		return &UnkeptError{What: "its meaning"}
	}
	if !slices.Equal(before.words(), after.words()) {
		return &UnkeptError{What: "a comment"}
	}
	return nil
}

// read decodes a text of one document and finds its comments.
func read(text []byte) (src *source, err error) {
	defer func() {
		if r := recover(); r != nil {
			src, err = nil, fmt.Errorf("format: the text is no YAML: %v", r)
		}
	}()
	if i := bytes.IndexAny(text, "\u0085\u2028\u2029"); i >= 0 {
		line := 1 + bytes.Count(text[:i], []byte("\n"))
		return nil, fmt.Errorf("format: line %d holds a line break of another alphabet; write it as an escape in double quotes", line)
	}
	text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	var root yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&root); err != nil {
		return nil, fmt.Errorf("format: %w", err)
	}
	if err := dec.Decode(new(yaml.Node)); err != io.EOF { //nolint:errorlint // the decoder returns it bare
		return nil, fmt.Errorf("format: a file holds one document, and a second one follows")
	}
	return scan(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), root.Content[0])
}

// same tells whether two trees are one document: order of keys, style and layout aside.
func same(a, b *yaml.Node) bool {
	c := comparison{anchors: map[*yaml.Node]*yaml.Node{}}
	if !c.same(a, b) {
		return false
	}
	for _, pair := range c.aliases {
		if c.anchors[pair[0].Alias] != pair[1].Alias {
			return false
		}
	}
	return true
}

type comparison struct {
	anchors map[*yaml.Node]*yaml.Node
	aliases [][2]*yaml.Node
}

func (c *comparison) same(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Anchor != "" {
		c.anchors[a] = b
	}
	if a.Kind == yaml.AliasNode {
		c.aliases = append(c.aliases, [2]*yaml.Node{a, b})
		return true
	}
	if a.Kind == yaml.MappingNode {
		x, y := byKey(a), byKey(b)
		for i := range x {
			if !c.same(x[i][0], y[i][0]) || !c.same(x[i][1], y[i][1]) {
				return false
			}
		}
		return true
	}
	for i := range a.Content {
		if !c.same(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

func byKey(n *yaml.Node) [][2]*yaml.Node {
	var pairs [][2]*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		pairs = append(pairs, [2]*yaml.Node{n.Content[i], n.Content[i+1]})
	}
	slices.SortStableFunc(pairs, func(x, y [2]*yaml.Node) int { return strings.Compare(x[0].Value, y[0].Value) })
	return pairs
}
