package format

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// line is a line of the result.
type line struct {
	text   string
	tail   *comment // behind the text
	own    bool     // the text is a comment
	opened bool     // the end of a block scalar that keeps its breaks: a blank line below would be part of it
}

func (l line) blank() bool { return l.text == "" && !l.opened && l.tail == nil }

// step is the indentation of a level.
const step = 2

func spaces(n int) string { return strings.Repeat(" ", n) }

func notes(comments []comment, indent int) (lines []line) {
	for _, c := range comments {
		if c.blank {
			lines = apart(lines)
		}
		lines = append(lines, line{text: spaces(indent) + c.text, own: true})
	}
	return lines
}

// add appends lines; a blank one at their start may be there already, or impossible.
func add(lines, more []line) []line {
	if len(more) > 0 && more[0].blank() {
		lines, more = apart(lines), more[1:]
	}
	return append(lines, more...)
}

// apart adds a blank line where there is none and one may be.
func apart(lines []line) []line {
	if n := len(lines); n > 0 && (lines[n-1].blank() || lines[n-1].opened) {
		return lines
	}
	return append(lines, line{})
}

// print is the whole document as text.
func (d *document) print() []byte {
	root := d.root.value
	lines := notes(d.root.head, 0)
	if d.root.blank {
		lines = apart(lines)
	}
	lines = add(lines, notes(d.root.tail, 0))
	if d.spread(root, 0, "") {
		if props := strings.TrimRight(properties(root.y), " "); props != "" {
			lines = append(lines, line{text: "--- " + props})
		}
		lines = add(lines, d.collection(root, 0))
	} else if root.empty() && properties(root.y) == "" {
		lines = append(lines, line{text: "---"})
	} else {
		lines = append(lines, d.leaf(d.root, 0, "")...)
	}
	lines = add(lines, notes(d.root.inner, 0))
	lines = add(lines, notes(d.root.foot, 0))
	for len(lines) > 0 && lines[0].blank() {
		lines = lines[1:]
	}
	var b strings.Builder
	columns := align(lines)
	for i, l := range lines {
		b.WriteString(l.text)
		if l.tail != nil {
			b.WriteString(spaces(columns[i] - utf8.RuneCountInString(l.text)))
			b.WriteString(l.tail.text)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// align finds the columns of comments behind lines: one blank away, or below each other where the author had them so.
func align(lines []line) []int {
	columns := make([]int, len(lines))
	for i := 0; i < len(lines); {
		end, widest := i, 0
		for end < len(lines) && lines[end].tail != nil && lines[end].tail.shown == lines[i].tail.shown {
			widest = max(widest, utf8.RuneCountInString(lines[end].text)+1)
			end++
		}
		for ; i < end; i++ {
			columns[i] = widest
		}
		if i < len(lines) && lines[i].tail == nil {
			i++
		}
	}
	return columns
}

// collection prints a mapping or a sequence as a block.
func (d *document) collection(n *node, indent int) (lines []line) {
	several := false // the item before has several lines
	for i, it := range n.items {
		entry := d.item(it, indent)
		more := len(entry) > 1
		body := notes(it.head, indent)
		if it.blank {
			body = apart(body)
		}
		body = add(body, entry)
		switch {
		case i == 0:
			for body[0].blank() {
				body = body[1:]
			}
		case d.section(n, i, several || more) || len(n.items[i-1].foot) > 0 || parted(body):
			lines = apart(lines)
		}
		lines = add(add(lines, body), notes(it.foot, indent))
		several = more
	}
	return add(lines, notes(n.foot, indent))
}

// parted tells whether a blank line stands among the comments above an item: they would else go to the item before.
func parted(body []line) bool {
	for _, l := range body {
		if !l.own {
			return l.blank()
		}
	}
	return false
}

// section tells whether a blank line stands before an item by rule.
func (d *document) section(n *node, i int, several bool) bool {
	if n != d.root.value || n.y.Kind != yaml.MappingNode {
		return n.apart && several
	}
	before, it := n.items[i-1].name(), n.items[i].name()
	if slices.Contains(headerKeys, before) && slices.Contains(headerKeys, it) {
		return false
	}
	return several || slices.Contains(sectionKeys, before) || slices.Contains(sectionKeys, it)
}

// item prints an entry without the comments around it.
func (d *document) item(it *item, indent int) []line {
	lead := spaces(indent) + "-"
	if it.key != nil {
		lead = spaces(indent) + properties(it.key.y) + d.inline(it.key.y, false) + ":"
		if it.key.y.Kind == yaml.AliasNode {
			lead = lead[:len(lead)-1] + " :"
		}
	}
	v := it.value
	if !d.spread(v, indent, lead) {
		lines := d.leaf(it, indent, lead+" ")
		return add(lines, notes(it.inner, indent+step))
	}
	props := properties(v.y)
	lines := d.collection(v, indent+step)
	if it.key == nil && props == "" && len(it.tail) == 0 {
		return dashed(lines, indent)
	}
	first := line{text: strings.TrimRight(lead+" "+props, " ")}
	if len(it.tail) > 0 {
		first.tail = &it.tail[0]
	}
	return append([]line{first}, lines...)
}

// dashed puts a dash before the first line of an item; comments above it go above the dash.
func dashed(lines []line, indent int) []line {
	for i := range lines {
		if l := &lines[i]; !l.blank() && !l.own {
			l.text = spaces(indent) + "- " + l.text[indent+step:]
			break
		} else if l.own {
			l.text = l.text[step:]
		}
	}
	return lines
}

// spread tells whether a value is written as a block, item by item.
func (d *document) spread(n *node, indent int, lead string) bool {
	if len(n.items) == 0 {
		return false
	}
	return !n.flow() || n.noted || !fits(lead+" "+properties(n.y)+d.flowText(n))
}

// leaf prints a value that is no block of items.
func (d *document) leaf(it *item, indent int, lead string) []line {
	v := it.value
	var tail *comment
	if len(it.tail) > 0 && it.parent != nil {
		tail = &it.tail[0]
	}
	if it.parent == nil {
		indent = 0
	}
	lead += properties(v.y)
	if text, ok := d.blocks[v.y]; ok {
		header := d.header(v.y, text)
		text.lines = ending(text.lines, v.y.Value)
		lines := []line{{text: lead + header, tail: tail}}
		for _, l := range text.lines {
			if l != "" {
				l = spaces(indent+step) + l
			}
			lines = append(lines, line{text: l, opened: strings.HasSuffix(header, "+")})
		}
		return lines
	}
	if v.y.Kind == yaml.ScalarNode {
		text := d.inline(v.y, false)
		written := d.written(v.y)
		if written == nil || !strings.Contains(v.y.Value, "\n") && fits(lead+text) {
			return []line{{text: strings.TrimRight(lead+text, " "), tail: tail}}
		}
		lines := []line{{text: lead + written[0]}}
		for _, l := range written[1:] {
			if l != "" {
				l = spaces(indent+step) + l
			}
			lines = append(lines, line{text: l})
		}
		lines[len(lines)-1].tail = tail
		return lines
	}
	return []line{{text: lead + d.flowText(v), tail: tail}}
}

// ending leaves out the blank lines at the end that are not in the value: a last line without its end.
func ending(lines []string, value string) []string {
	breaks := len(value) - len(strings.TrimRight(value, "\n"))
	if breaks < len(value) {
		breaks--
	}
	blank := 0
	for blank < len(lines) && lines[len(lines)-1-blank] == "" {
		blank++
	}
	return lines[:len(lines)-max(blank-max(breaks, 0), 0)]
}

// header is that of a block scalar. The last line of a text may lack its end; it gets one here, which is no part of it.
func (d *document) header(y *yaml.Node, text blockText) string {
	header := "|"
	if y.Style&yaml.FoldedStyle != 0 {
		header = ">"
	}
	if text.digit {
		header += "2"
	}
	switch {
	case !strings.HasSuffix(y.Value, "\n"):
		return header + "-"
	case text.chomp == '+':
		return header + "+"
	case text.chomp == '-':
		return header + "-"
	}
	return header
}

// flowText is a value on one line.
func (d *document) flowText(n *node) string {
	var parts []string
	for _, it := range n.items {
		text := properties(it.value.y) + d.flowText(it.value)
		if it.key != nil {
			key := properties(it.key.y) + d.inline(it.key.y, true)
			switch {
			case it.value.empty() && properties(it.value.y) == "":
				text = key
			case it.key.y.Kind == yaml.AliasNode:
				text = key + " : " + text
			default:
				text = key + ": " + text
			}
		}
		switch props := properties(it.value.y); {
		case !it.value.empty():
		case it.key == nil && props == "": // a bare ! in the source; brackets can't hold nothing
			text = "!!null "
		case it.key != nil && props == "" || !strings.Contains(props, "!"):
			text = strings.TrimRight(text, " ") // a tag would take the bracket for its own
		}
		parts = append(parts, text)
	}
	switch n.y.Kind {
	case yaml.MappingNode:
		return "{" + strings.Join(parts, ", ") + "}"
	case yaml.SequenceNode:
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return d.inline(n.y, true)
}
