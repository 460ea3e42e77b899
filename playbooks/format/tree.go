package format

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// node is a YAML node with its items in the order in which they are written.
type node struct {
	y     *yaml.Node
	owner *item
	items []*item
	foot  []comment // after the last item, at the items' column
	noted bool      // a comment stands inside: it can't be one line
	apart bool      // its items are steps or branches: a blank line stands between those of several lines
}

func (n *node) flow() bool  { return n.y.Style&yaml.FlowStyle != 0 }
func (n *node) block() bool { return len(n.items) > 0 && !n.flow() }

// empty tells a value that is not written at all.
func (n *node) empty() bool {
	return n.y.Kind == yaml.ScalarNode && n.y.Value == "" && n.y.Style&(quotedStyle|blockStyle) == 0
}

// item is an entry of a mapping or a sequence.
type item struct {
	key    *node // nil in a sequence
	value  *node
	parent *node
	at     place // of the key or the dash

	head  []comment // above it
	tail  []comment // behind it on its line
	inner []comment // below it, deeper, where its value is not written
	foot  []comment // right below it, and apart from what follows
	blank bool      // a blank line stands right before it
}

func (it *item) name() string {
	if it.key == nil {
		return ""
	}
	return it.key.y.Value
}

// document is a source with its tree; root is an item around the whole.
type document struct {
	*source
	root  *item
	items []*item // all, by place
	nodes map[*yaml.Node]*node
	edges map[int]int // by line, where a comment behind something begins
}

func newDocument(s *source) *document {
	d := &document{source: s, nodes: map[*yaml.Node]*node{}, edges: map[int]int{}}
	for _, c := range s.comments {
		d.edges[c.at.line] = c.at.column
	}
	d.root = &item{at: place{-1, -1}}
	d.root.value = d.build(s.root, d.root)
	d.blanks()
	d.attach()
	d.settle()
	return d
}

func (d *document) build(y *yaml.Node, owner *item) *node {
	n := &node{y: y, owner: owner}
	d.nodes[y] = n
	switch y.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(y.Content); i += 2 {
			it := &item{parent: n, at: d.at(y.Content[i])}
			if !n.flow() && !d.propertied(y) {
				it.at.column = d.at(y).column // a key may have a ? before it
			}
			d.items = append(d.items, it)
			it.key, it.value = &node{y: y.Content[i], owner: it}, d.build(y.Content[i+1], it)
			n.items = append(n.items, it)
		}
	case yaml.SequenceNode:
		for _, child := range y.Content {
			it := &item{parent: n, at: d.at(child)}
			if !n.flow() {
				it.at = d.dash(it.at)
			}
			d.items = append(d.items, it)
			it.value = d.build(child, it)
			n.items = append(n.items, it)
		}
	}
	return n
}

// dash is where the dash stands before a value: on its line, or on the last line above that says something.
func (d *document) dash(value place) place {
	for line := value.line; line >= 0; line-- {
		if line >= len(d.lines) {
			continue
		}
		text := d.lines[line]
		if line == value.line {
			text = text[:min(value.column, len(text))]
		} else if edge, ok := d.edges[line]; ok {
			text = text[:edge]
		}
		if text = strings.TrimRight(text, " \t"); strings.HasSuffix(text, "-") {
			return place{line, len(text) - 1}
		}
	}
	return value
}

// blanks notes before which items a blank line stands.
func (d *document) blanks() {
	for i, it := range d.items {
		line := it.at.line
		if line > 0 && line < len(d.lines) && !d.content[line-1] && strings.TrimLeft(d.lines[line-1], " \t") == "" {
			it.blank = i == 0 || d.items[i-1].at.line != line
		}
	}
}
