package cacao

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"picket/playbooks/spec"
)

// foldAt is how many characters a text in one line has before it is written over several.
const foldAt = 110

// foldMost is how many bytes a text has at most that is folded: breaking it takes the square of that.
const foldMost = 8 << 10

// writeFolded is as writeNode, with long texts over several lines (>-). The encoder of yaml.v3 has no width, so the lines are
// broken here: a text is written literally, with its breaks, behind a mark, and the mark becomes the sign for a folded text.
// What does not read the same is not folded.
func writeFolded(n *yaml.Node) (string, error) {
	plain, err := writeNode(n)
	if err != nil {
		return "", err
	}
	mark := "fold"
	for i := 0; strings.Contains(plain, mark); i++ {
		mark = fmt.Sprintf("fold%d", i)
	}
	budget := spec.MaxNodes
	copied := plainly(n, &budget)
	if !fold(copied, mark, false) || budget < 0 {
		return plain, nil
	}
	marked, err := writeNode(copied)
	if err != nil {
		return "", err
	}
	lines := strings.Split(marked, "\n")
	for i := 1; i < len(lines); i++ {
		text := strings.TrimLeft(lines[i], " ")
		before, literal := strings.CutSuffix(lines[i-1], "|-")
		if rest, ok := strings.CutPrefix(text, mark); ok && literal {
			lines[i-1] = before + ">-"
			lines[i] = lines[i][:len(lines[i])-len(text)] + rest
		}
	}
	folded := strings.Join(lines, "\n")
	budget = spec.MaxNodes
	if again, err := readNode([]byte(folded), &budget); err != nil || difference("", n, again) != "" {
		return plain, nil //nolint:nilerr // the text that is not folded is as good
	}
	return folded, nil
}

// fold breaks the long texts below a node, those in collections of one line left out. It tells whether there is one.
func fold(n *yaml.Node, mark string, inFlow bool) (found bool) {
	inFlow = inFlow || n.Style&yaml.FlowStyle != 0
	for i, c := range n.Content {
		switch {
		case c.Kind != yaml.ScalarNode:
			found = fold(c, mark, inFlow) || found
		case inFlow || n.Kind == yaml.MappingNode && i%2 == 0 || c.Tag != "!!str" || !foldable(c.Value):
		default:
			c.Value, c.Style = mark+wrapped(c.Value), yaml.LiteralStyle
			found = true
		}
	}
	return found
}

func foldable(text string) bool {
	return len(text) <= foldMost && utf8.RuneCountInString(text) > foldAt && !strings.ContainsAny(text, "\n\t") && !strings.Contains(text, "  ") &&
		strings.TrimSpace(text) == text
}

// wrapped breaks a text where it reads well: never inside an expression, and a condition before its && and || only.
func wrapped(text string) string {
	condition := !strings.Contains(text, "${{") && (strings.Contains(text, " && ") || strings.Contains(text, " || "))
	var b strings.Builder
	width, inside := 0, false
	words := strings.Split(text, " ")
	for i := 0; i < len(words); {
		piece := words[i] // what is kept together
		inside = strings.LastIndex(piece, "${{") > strings.LastIndex(piece, "}}")
		for i++; i < len(words) && (inside || condition && words[i] != "&&" && words[i] != "||"); i++ {
			piece += " " + words[i]
			inside = strings.LastIndex(piece, "${{") > strings.LastIndex(piece, "}}")
		}
		length := utf8.RuneCountInString(piece)
		switch {
		case width == 0:
		case width+1+length > foldAt:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(piece)
		width += length
	}
	return b.String()
}
