package format

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// properties are an anchor and a tag, with a blank behind.
func properties(y *yaml.Node) string {
	text := ""
	if y.Anchor != "" {
		text = "&" + y.Anchor + " "
	}
	if y.Style&yaml.TaggedStyle != 0 {
		text += y.ShortTag() + " "
	}
	return text
}

// inline is a scalar on one line, without properties.
func (d *document) inline(y *yaml.Node, inFlow bool) string {
	text := y.Value
	if y.Kind == yaml.AliasNode {
		return "*" + text
	}
	tagged := y.Style&yaml.TaggedStyle != 0
	if y.Style&(quotedStyle|blockStyle) == 0 && !strings.Contains(text, "\n") {
		if (strings.Contains(text, "${{") || strings.HasSuffix(text, ":") || marker(text)) && !tagged {
			return singleQuoted(text)
		}
		return text
	}
	raw := d.quoted[y]
	hidden := strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
	switch {
	case len(raw) == 1 && (hidden || y.Style&yaml.DoubleQuotedStyle != 0 && otherEscape.MatchString(raw[0])):
		return raw[0] // what was escaped may not be seen otherwise
	case hidden:
		return doubleQuoted(text)
	case !tagged && plain(text, inFlow):
		return text
	}
	return singleQuoted(text)
}

// marker tells text that ends a document where it begins a line.
func marker(text string) bool {
	return strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...")
}

// otherEscape is an escape that is no mere quote or backslash.
var otherEscape = regexp.MustCompile(`^"(?:[^\\]|\\["\\/])*\\[^"\\/]`)

func singleQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func doubleQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// otherReaders take these for something else than text, whatever ours does.
var otherReaders = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([t ].*)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$`)

// plain tells whether a text needs no quotes. It is strict: quotes never harm.
func plain(text string, inFlow bool) bool {
	if text == "" || strings.ContainsAny(text[:1], "-?:,[]{}#&*!|>'\"%@` \t=.~<") || strings.ContainsAny(text[len(text)-1:], " \t:") ||
		strings.Contains(text, ": ") || strings.Contains(text, " #") || strings.Contains(text, ":\t") || strings.Contains(text, "\t#") ||
		strings.Contains(text, "${{") || otherReaders.MatchString(text) {
		return false
	}
	if inFlow && (strings.ContainsAny(text, ",[]{}") || strings.Contains(text, "?") || strings.Contains(text, ":")) {
		return false
	}
	return (&yaml.Node{Kind: yaml.ScalarNode, Value: text}).ShortTag() == "!!str"
}

// written are the lines of a plain or quoted scalar as its author broke them, trimmed; nil if they were one line or
// can't be moved.
func (d *document) written(y *yaml.Node) []string {
	raw := d.quoted[y]
	if y.Style&quotedStyle == 0 {
		raw = d.plainLines(y)
	}
	if len(raw) < 2 || marker(raw[0]) {
		return nil
	}
	lines := make([]string, len(raw))
	for i, line := range raw {
		if i > 0 {
			line = strings.TrimLeft(line, " \t")
		}
		if trimmed := strings.TrimRight(line, " \t"); i < len(raw)-1 && trimmed != line {
			slashes := len(trimmed) - len(strings.TrimRight(trimmed, `\`))
			if y.Style&yaml.DoubleQuotedStyle != 0 && slashes%2 == 1 {
				return nil // an escaped blank at the end of a line
			}
			line = trimmed
		}
		lines[i] = line
	}
	return lines
}

// plainLines are the lines of a plain scalar: as many as make up its text.
func (d *document) plainLines(y *yaml.Node) []string {
	at := d.plainStart(y)
	var lines []string
	var folded strings.Builder
	breaks := 0
	for line := at.line; line < len(d.lines) && folded.Len() < len(y.Value); line++ {
		text := d.lines[line]
		if line == at.line {
			text = text[min(at.column, len(text)):]
		}
		text = strings.Trim(text, " \t")
		lines = append(lines, text)
		switch {
		case len(lines) == 1:
		case text == "":
			breaks++
			continue
		case breaks == 0:
			folded.WriteByte(' ')
		}
		folded.WriteString(strings.Repeat("\n", breaks) + text)
		breaks = 0
	}
	more := folded.Len() - len(y.Value) // a comment, or what stands behind it in a flow collection
	if len(lines) == 0 || more < 0 || !strings.HasPrefix(folded.String(), y.Value) || more > len(lines[len(lines)-1]) {
		return nil
	}
	last := &lines[len(lines)-1]
	*last = strings.TrimRight((*last)[:len(*last)-more], " \t")
	return lines
}

// plainStart is where a plain scalar begins, behind its anchor and tag.
func (d *document) plainStart(y *yaml.Node) place {
	at := d.at(y)
	for at.line < len(d.lines) {
		rest := d.lines[at.line][min(at.column, len(d.lines[at.line])):]
		blanks := len(rest) - len(strings.TrimLeft(rest, " \t"))
		rest = rest[blanks:]
		switch {
		case rest == "" || rest[0] == '#' && blanks > 0:
			at = place{at.line + 1, 0}
		case rest[0] == '&' || rest[0] == '!':
			word := strings.IndexAny(rest, " \t")
			if word < 0 {
				word = len(rest)
			}
			at.column += blanks + word
		default:
			return place{at.line, at.column + blanks}
		}
	}
	return at
}

// fits tells whether a line is not too long.
func fits(text string) bool { return utf8.RuneCountInString(text) <= width }
