package spec

import (
	"regexp"
	"strconv"
	"strings"
)

// Fixes that change the structure of a document. Each is offered only where it is certain that what is left is still the
// same YAML but for the change; where an alias, an anchor or a tag is in the way, none is.

// Insert is the edit that gives a mapping one more key, as its first. The value is YAML in one line.
func (n *Node) Insert(key, value string) (Edit, bool) {
	if n.Kind != Map || n.source == nil || n.aliased {
		return Edit{}, false
	}
	text := key + ": " + value
	switch flow, known := n.flow(); {
	case !known:
		return Edit{}, false
	case len(n.Entries) == 0 && flow:
		at := Pos{n.Span.Start.Line, n.Span.Start.Column + 1}
		return Replace(Span{at, at}, text), true
	case len(n.Entries) == 0:
		return Edit{}, false
	case flow:
		text += ", "
	default:
		text += "\n" + strings.Repeat(" ", n.Entries[0].Key.Span.Start.Column-1)
	}
	at := n.Entries[0].Key.Span.Start
	return Replace(Span{at, at}, text), true
}

// Without is the edit that takes a key out of a mapping.
func (n *Node) Without(key string) (Edit, bool) {
	if n == nil || n.Kind != Map || n.aliased {
		return Edit{}, false
	}
	parts := make([]Span, len(n.Entries))
	at := -1
	for i, e := range n.Entries {
		end, ok := e.Value.end()
		if !ok {
			return Edit{}, false
		}
		parts[i] = Span{e.Key.Span.Start, end}
		if e.Key.Text == key {
			at = i
		}
	}
	return n.without(parts, at)
}

// WithoutItem is the edit that takes an element out of a list.
func (n *Node) WithoutItem(item *Node) (Edit, bool) {
	if n == nil || n.Kind != List || n.aliased {
		return Edit{}, false
	}
	parts := make([]Span, len(n.Items))
	at := -1
	for i, it := range n.Items {
		end, ok := it.end()
		if !ok {
			return Edit{}, false
		}
		parts[i] = Span{it.Span.Start, end}
		if it == item {
			at = i
		}
	}
	return n.without(parts, at)
}

// without takes one of a collection's parts out: with its lines where it has them for itself, else with the comma or
// the line's end before it, or after it where it is the first.
func (n *Node) without(parts []Span, i int) (Edit, bool) {
	if i < 0 || n.source == nil {
		return Edit{}, false
	}
	flow, known := n.flow()
	if !known {
		return Edit{}, false
	}
	own := parts[i]
	switch {
	case !flow && len(parts) > 1 && n.source.ownLines(own, n.Kind):
		return Replace(Span{Pos{own.Start.Line, 1}, Pos{own.End.Line + 1, 1}}, ""), true
	case i > 0:
		return Replace(Span{parts[i-1].End, own.End}, ""), true
	case len(parts) > 1:
		return Replace(Span{own.Start, parts[1].Start}, ""), true
	case flow:
		return Replace(own, ""), true
	}
	return Edit{}, false
}

// ownLines tells whether a part of a block has its first line for itself, and a line follows its last.
func (s *source) ownLines(part Span, kind Kind) bool {
	before := s.runes[s.lines[part.Start.Line-1]:s.index(part.Start)]
	for i, r := range before {
		if dash := kind == List && r == '-' && strings.TrimSpace(string(before[:i])) == ""; !isBlank(r) && !dash {
			return false
		}
	}
	return part.End.Line < len(s.lines)
}

// flow tells whether a collection is written with brackets; known is false where its first character is none of its own.
func (n *Node) flow() (flow, known bool) {
	at := n.source.index(n.Span.Start)
	if at >= len(n.source.runes) {
		return false, false
	}
	switch n.source.runes[at] {
	case '{', '[':
		return true, true
	case '&', '!', '*':
		return false, false
	}
	return false, true
}

// end is the place after a node; ok is false where it can't be told.
func (n *Node) end() (end Pos, ok bool) {
	if n == nil || n.source == nil || n.aliased || n.Kind == Null && n.raw == "" {
		return Pos{}, false
	}
	if n.Kind != Map && n.Kind != List {
		return n.Span.End, true
	}
	end = Pos{n.Span.Start.Line, n.Span.Start.Column + 1}
	if last := n.lastChild(); last != nil {
		if end, ok = last.end(); !ok {
			return Pos{}, false
		}
	}
	flow, known := n.flow()
	if !flow || !known {
		return end, known
	}
	for i := n.source.index(end); i < len(n.source.runes); i++ {
		switch r := n.source.runes[i]; {
		case r == '}' || r == ']':
			return n.source.pos(i + 1), true
		case r != ',' && !isBlank(r) && !isBreak(r):
			return Pos{}, false
		}
	}
	return Pos{}, false
}

func (n *Node) lastChild() *Node {
	switch {
	case n.Kind == Map && len(n.Entries) > 0:
		return n.Entries[len(n.Entries)-1].Value
	case n.Kind == List && len(n.Items) > 0:
		return n.Items[len(n.Items)-1]
	}
	return nil
}

// offer gives the last diagnostic a fix that was found, if it was.
func (b *Bag) offer(title string, edit Edit, found bool) {
	if found {
		b.Fix(title, edit)
	}
}

// TakeOut offers to take a key out of a mapping.
func (b *Bag) TakeOut(n *Node, key string) {
	edit, found := n.Without(key)
	b.offer("Take `"+key+"` out", edit, found)
}

// TakeItemOut offers to take an element out of a list.
func (b *Bag) TakeItemOut(list, item *Node) {
	edit, found := list.WithoutItem(item)
	b.offer("Take "+item.Text+" out", edit, found)
}

// Add offers to give a mapping one more key.
func (b *Bag) Add(n *Node, key, value string) {
	edit, found := n.Insert(key, value)
	b.offer("Add `"+key+": "+value+"`", edit, found)
}

// usual are the values that are offered where a key is missing and most playbooks write the same.
var usual = map[string]string{
	"on": "{manual: {}}", "within": "1h", "by": "{role: responder}", "role": "responder", "returns": "verdict",
	"at_most": "10", "attempts": "3", "escalate_to": "{role: lead}",
	"an input type": "string", "a field type": "text", "`escalate_to` role": "lead",
}

var lengthOfTime = regexp.MustCompile(`^(\d{1,9})\s*([a-zA-Z]+)$`)

// usualDuration is a length of time that is written in another way as this language writes it, "" for others.
func usualDuration(text string) string {
	m := lengthOfTime.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return ""
	}
	unit := strings.ToLower(m[2])
	if len(unit) > 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	switch unit {
	case "millisecond", "milli", "msec":
		unit = "ms"
	case "second", "sec":
		unit = "s"
	case "minute", "min":
		unit = "m"
	case "hour", "hr":
		unit = "h"
	case "day":
		unit = "d"
	case "week", "w":
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return ""
		}
		m[1], unit = strconv.Itoa(7*n), "d"
	}
	if _, ok := ParseDuration(m[1] + unit); !ok {
		return ""
	}
	return m[1] + unit
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// kebab is a text as a name of words and hyphens, "" where nothing is left of it.
func kebab(text string) string {
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if !kebabName.MatchString(name) || len(name) > maxName {
		return ""
	}
	return name
}

// upperTechnique is an ATT&CK technique in capitals, "" where it is none.
func upperTechnique(text string) string {
	if upper := strings.ToUpper(text); technique.MatchString(upper) {
		return upper
	}
	return ""
}
