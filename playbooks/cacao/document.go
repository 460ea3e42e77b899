package cacao

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// readDocument is a playbook's YAML as nodes, aliases written out and styles forgotten: package format gives it its form.
// The text must be one that the compiler's reader takes.
func readDocument(source []byte) (*yaml.Node, error) {
	bag := &spec.Bag{}
	if doc := spec.Read(source, bag); doc == nil || bag.Failed() {
		return nil, &UnreadableError{Diagnostics: bag.All()}
	}
	budget := spec.MaxNodes
	return readNode(source, &budget)
}

// readNode is one document of YAML. Comments at its beginning are those of the node. Its values are taken from a budget.
func readNode(source []byte, budget *int) (node *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // the YAML reader is made for friendlier text than ours
			node, err = nil, fmt.Errorf("the text is no YAML: %v", r)
		}
	}()
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	head, rest := leadingComment(string(source))
	var doc yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(rest))
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the text holds more than one document")
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("the text is no mapping")
	}
	root := plainly(doc.Content[0], budget)
	if *budget < 0 {
		return nil, fmt.Errorf("the playbook has more than %d values", spec.MaxNodes)
	}
	root.HeadComment = head
	if foot := doc.FootComment; foot != "" && root.FootComment == "" {
		root.FootComment = foot
	}
	return root, nil
}

// leadingComment parts the comment at the beginning of a text from the rest.
func leadingComment(text string) (comment, rest string) {
	lines := strings.Split(text, "\n")
	n := 0
	for n < len(lines) && (strings.HasPrefix(lines[n], "#") || strings.TrimSpace(lines[n]) == "") {
		n++
	}
	return strings.TrimSpace(strings.Join(lines[:n], "\n")), strings.Join(lines[n:], "\n")
}

// plainly copies a tree without aliases, and without styles but that of collections in one line.
func plainly(n *yaml.Node, budget *int) *yaml.Node {
	if *budget--; *budget < 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	}
	if n.Kind == yaml.AliasNode {
		return plainly(n.Alias, budget)
	}
	c := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style & yaml.FlowStyle, HeadComment: n.HeadComment, LineComment: n.LineComment, FootComment: n.FootComment}
	for _, child := range n.Content {
		c.Content = append(c.Content, plainly(child, budget))
	}
	return c
}

// writeNode is a node as text: its comment, and then its mapping.
func writeNode(n *yaml.Node) (string, error) {
	c := *n
	c.HeadComment = ""
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&c); err != nil {
		return "", err
	}
	if err := enc.Close(); err != nil {
		return "", err
	}
	text := b.String()
	if n.HeadComment != "" {
		text = n.HeadComment + "\n" + text
	}
	return text, nil
}

// child is the value of a key of a mapping, nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func text(n *yaml.Node, key string) string {
	if c := child(n, key); c != nil {
		return c.Value
	}
	return ""
}

// entries are the keys of a mapping with their values.
func entries(n *yaml.Node) [][2]*yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var pairs [][2]*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		pairs = append(pairs, [2]*yaml.Node{n.Content[i], n.Content[i+1]})
	}
	return pairs
}

// prose is a comment without its signs.
func prose(comment string) string {
	var lines []string
	for line := range strings.SplitSeq(comment, "\n") {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#")))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// inline is a value as people read it: text as it is, the rest as YAML in one line.
func inline(n *yaml.Node) string {
	switch {
	case n == nil:
		return ""
	case n.Kind == yaml.ScalarNode:
		return n.Value
	}
	var parts []string
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			parts = append(parts, inline(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	for _, e := range entries(n) {
		parts = append(parts, e[0].Value+": "+inline(e[1]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// asJSON is a node as a JSON value, its texts as said has them.
func asJSON(n *yaml.Node, said func(string) string) *value {
	switch {
	case n.Kind == yaml.SequenceNode:
		l := list()
		for _, item := range n.Content {
			l.items = append(l.items, asJSON(item, said))
		}
		return l
	case n.Kind == yaml.MappingNode:
		o := object()
		for _, e := range entries(n) {
			o.put(e[0].Value, asJSON(e[1], said))
		}
		return o
	case n.Tag == "!!null":
		return &value{}
	case n.Tag == "!!bool":
		return boolean(strings.EqualFold(n.Value, "true"))
	case (n.Tag == "!!int" || n.Tag == "!!float") && json.Valid([]byte(n.Value)):
		return &value{kind: isNumber, text: n.Value}
	}
	return str(said(n.Value))
}

// verbOf is the verb of a step, which has exactly one.
func verbOf(step *yaml.Node) string {
	for _, e := range entries(step) {
		if slices.Contains(spec.Verbs, e[0].Value) {
			return e[0].Value
		}
	}
	return ""
}

// block is a list of steps inside a step. At is where it stands in the step, as keys and indexes with slashes between.
type block struct {
	at    string
	steps *yaml.Node
}

// blocksOf are the blocks of a step, in the order of the source.
func blocksOf(step *yaml.Node) []block {
	verb := verbOf(step)
	body := child(step, verb)
	var blocks []block
	add := func(at string, in *yaml.Node, keys ...string) {
		for _, key := range keys {
			if steps := child(in, key); steps != nil && steps.Kind == yaml.SequenceNode {
				blocks = append(blocks, block{at + "/" + key, steps})
			}
		}
	}
	switch verb {
	case plan.VerbChoose:
		branches, at := body, verb
		if body.Kind == yaml.MappingNode {
			branches, at = child(body, "branches"), verb+"/branches"
		}
		for i, branch := range branches.Content {
			add(at+"/"+strconv.Itoa(i), branch, "steps", "else")
		}
		add(verb, body, "else")
	case plan.VerbParallel:
		for _, e := range entries(child(body, "branches")) {
			add(verb+"/branches", child(body, "branches"), e[0].Value)
		}
	case plan.VerbForeach, plan.VerbRepeat:
		add(verb, body, "steps")
	case plan.VerbTry:
		add(verb, body, "steps", "catch", "finally")
	}
	return blocks
}

// difference is where two trees are not one document, order of keys and comments aside; "" where they are.
func difference(at string, a, b *yaml.Node) string {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return cmp.Or(at, "/")
	}
	for _, e := range entries(a) {
		other := child(b, e[0].Value)
		if other == nil {
			return join(at, e[0].Value)
		}
		if d := difference(join(at, e[0].Value), e[1], other); d != "" {
			return d
		}
	}
	if a.Kind == yaml.MappingNode {
		return ""
	}
	for i := range a.Content {
		if d := difference(join(at, strconv.Itoa(i)), a.Content[i], b.Content[i]); d != "" {
			return d
		}
	}
	return ""
}

// comments are the lines of the comments in a tree, sorted.
func comments(n *yaml.Node) []string {
	var lines []string
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for _, c := range []string{n.HeadComment, n.LineComment, n.FootComment} {
			for line := range strings.SplitSeq(c, "\n") {
				if line = strings.TrimSpace(line); line != "" {
					lines = append(lines, line)
				}
			}
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(n)
	slices.Sort(lines)
	return lines
}
