package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	goyaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"gopkg.in/yaml.v3"
)

// The bounds of a document, aliases expanded. They are far above what a person writes.
const (
	MaxBytes = 512 << 10
	MaxNodes = 40_000
	MaxDepth = 48
	MaxSteps = 2000
)

// Parse reads a document of YAML into nodes. It is nil when there is none; the reasons are in the bag.
func Parse(source []byte, bag *Bag) *Node {
	if len(source) > MaxBytes {
		bag.Error(CodeBounds, Span{}, "split it into playbooks that call each other", "the playbook has %d bytes; at most %d are read", len(source), MaxBytes)
		return nil
	}
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	if !utf8.Valid(source) {
		bag.Error(CodeSyntax, badByte(source), "save the file as UTF-8", "the text is not UTF-8")
		return nil
	}
	root, err := decode(source)
	if err != nil {
		at, why := syntaxError(err, source)
		bag.Error(CodeSyntax, Span{Start: at}, syntaxHelp(why), "%s", why)
		return nil
	}
	if root == nil || len(root.Content) == 0 {
		bag.Error(CodeMissing, Span{}, "it starts with `name:`", "the playbook is empty")
		return nil
	}
	b := &builder{bag: bag, source: newSource(string(source))}
	return b.build(root.Content[0], 1)
}

// secondError says that there is more than one document.
type secondError struct{ line int }

func (e *secondError) Error() string {
	return "a file holds one playbook, and a second document starts here"
}

// decode runs the YAML reader, which is made for friendlier text than ours and may panic.
func decode(source []byte) (root *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("the text is no YAML: %v", r)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(source))
	var first, second yaml.Node
	switch err := dec.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := dec.Decode(&second); err == nil {
		return nil, &secondError{line: second.Line}
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return &first, nil
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntaxError is where and why the text is no YAML. The reader tells lines at best, and those of where it gave up; a
// second reader, which is exacter, is asked for the place.
func syntaxError(err error, source []byte) (at Pos, why string) {
	var second *secondError
	if errors.As(err, &second) {
		return Pos{second.line, 1}, err.Error()
	}
	why = strings.TrimPrefix(err.Error(), "yaml: ")
	at = Pos{1, 1}
	if m := yamlLine.FindStringSubmatch(why); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			at.Line = n
		}
		why = why[len(m[0]):]
	}
	if exact, message, ok := exactError(source); ok && !strings.Contains(why, "max depth") {
		return exact, message
	}
	return at, why
}

// syntaxHelp is the way out of the mistakes that are made most often.
func syntaxHelp(why string) string {
	for _, known := range []struct{ says, help string }{
		{"cannot start any token", "indent with spaces, and put a text that begins with a sign into quotes"},
		{"end character of", "close the quote"},
		{"mapping value is not allowed", "put a text with a colon in it into quotes"},
		{"did not find expected ',' or", "put a text with a sign such as ? or : in it into quotes"},
		{"a second document", "take the line `---` out, or put it into a file of its own"},
		{"nknown anchor", "name an anchor that stands before it, or put the text into quotes"},
	} {
		if strings.Contains(why, known.says) {
			return known.help
		}
	}
	return ""
}

// maxExact bounds the text and the brackets that the second reader gets: it recurses.
const maxExact = 32 << 10

func exactError(source []byte) (at Pos, why string, ok bool) {
	if len(source) > maxExact || bytes.Count(source, []byte("["))+bytes.Count(source, []byte("{")) > 2000 {
		return at, "", false
	}
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	_, err := parser.ParseBytes(source, 0)
	var syntax goyaml.Error
	if !errors.As(err, &syntax) {
		return at, "", false
	}
	token := syntax.GetToken()
	if token == nil || token.Position == nil {
		return at, "", false
	}
	return Pos{token.Position.Line, token.Position.Column}, syntax.GetMessage(), true
}

// badByte is where the first byte stands that is no UTF-8.
func badByte(source []byte) Span {
	line, column := 1, 1
	for len(source) > 0 {
		r, size := utf8.DecodeRune(source)
		if r == utf8.RuneError && size == 1 {
			break
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		source = source[size:]
	}
	return Span{Start: Pos{line, column}}
}

// builder turns YAML nodes into ours within the bounds.
type builder struct {
	bag    *Bag
	source *source
	nodes  int
	full   bool
}

func (b *builder) build(y *yaml.Node, depth int) *Node {
	n := &Node{Span: Span{Start: Pos{y.Line, y.Column}}, source: b.source}
	n.Span.End = Pos{y.Line, y.Column + 1}
	b.nodes++
	if b.full {
		return n
	}
	if depth > MaxDepth || b.nodes > MaxNodes {
		b.full = true
		b.bag.Error(CodeBounds, n.Span, "split it into playbooks that call each other", "the document is too large here: at most %d levels and %d values, aliases counted each time", MaxDepth, MaxNodes)
		return n
	}
	switch y.Kind {
	case yaml.AliasNode:
		if y.Alias == nil {
			return n
		}
		aliased := b.build(y.Alias, depth+1)
		aliased.aliased = true
		return aliased
	case yaml.MappingNode:
		n.Kind = Map
		b.plainTag(y, n, "!!map")
		b.entries(y, n, depth)
	case yaml.SequenceNode:
		n.Kind = List
		b.plainTag(y, n, "!!seq")
		for _, item := range y.Content {
			n.Items = append(n.Items, b.build(item, depth+1))
		}
	default:
		b.scalar(y, n)
	}
	return n
}

func (b *builder) plainTag(y *yaml.Node, n *Node, want string) {
	if y.Tag != want {
		b.bag.Error(CodeYAML, n.Span, "leave the tag out", "playbooks use no YAML tags like %s", y.Tag)
	}
}

func (b *builder) entries(y *yaml.Node, n *Node, depth int) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := b.build(y.Content[i], depth+1)
		switch {
		case key.Kind == Map || key.Kind == List:
			b.bag.Error(CodeType, key.Span, "a value with a comma or a bracket in it stands in quotes", "a key must be a word, not %s", key.Kind)
			continue
		case y.Content[i].Tag == "!!merge":
			b.bag.Error(CodeYAML, key.Span, "write the keys out", "playbooks use no YAML merge keys (<<)")
			continue
		case seen[key.Text]:
			b.bag.Error(CodeDuplicate, key.Span, "keep one of them", "the key %q stands twice in this mapping", key.Text)
			continue
		}
		seen[key.Text] = true
		n.Entries = append(n.Entries, Entry{Key: key, Value: b.build(y.Content[i+1], depth+1)})
	}
}

func (b *builder) scalar(y *yaml.Node, n *Node) {
	n.raw, n.Text = y.Value, y.Value
	switch {
	case y.Style&yaml.DoubleQuotedStyle != 0:
		n.style = double
	case y.Style&yaml.SingleQuotedStyle != 0:
		n.style = single
	case y.Style&yaml.LiteralStyle != 0:
		n.style = literal
	case y.Style&yaml.FoldedStyle != 0:
		n.style = folded
	}
	n.Kind = String
	switch y.Tag {
	case "!!str", "!!timestamp", "!!merge":
	case "!!null":
		n.Kind = Null
	case "!!bool":
		n.Kind, n.Text = Bool, strings.ToLower(y.Value)
	case "!!int", "!!float":
		number, ok := jsonNumber(y.Value)
		if !ok {
			b.bag.Error(CodeYAML, n.Span, "quote it if it is meant as text", "%s is no number that JSON can write", y.Value)
			b.bag.Fix("Put it in quotes", Replace(Span{n.Span.Start, b.source.end(n)}, quote(y.Value)))
		}
		n.Kind, n.Text = Number, number
	default:
		b.bag.Error(CodeYAML, n.Span, "leave the tag out", "playbooks use no YAML tags like %s", y.Tag)
	}
	n.Span.End = b.source.end(n)
}

// jsonNumber writes a YAML number as JSON does, digits kept where they can be.
func jsonNumber(text string) (string, bool) {
	if json.Valid([]byte(text)) {
		return text, true
	}
	plain := strings.ReplaceAll(text, "_", "")
	if i, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return strconv.FormatInt(i, 10), true
	}
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return "0", false
	}
	return strconv.FormatFloat(f, 'g', -1, 64), true
}
