package spec

import (
	"strings"
	"unicode/utf8"
)

// align finds where each byte of a scalar's decoded text stands in the source: the decoded text is walked together
// with the source, past escapes, folded lines and indentation. An empty result means that it can't be told, and
// diagnostics then point at the whole scalar.
func (s *source) align(n *Node) []int {
	if n.raw == "" {
		return nil
	}
	a := aligner{src: s.runes, at: s.index(n.Span.Start), style: n.style, places: make([]int, 0, len(n.raw))}
	a.properties()
	if !a.open(n.raw) {
		return nil
	}
	for _, want := range n.raw {
		if !a.step(want) {
			return nil
		}
	}
	return a.places
}

type aligner struct {
	src    []rune
	at     int
	style  style
	indent int // of a block scalar's lines
	places []int
}

func (a *aligner) peek(ahead int) rune {
	if a.at+ahead >= len(a.src) {
		return 0
	}
	return a.src[a.at+ahead]
}

// properties skips an anchor and a tag.
func (a *aligner) properties() {
	for r := a.peek(0); r == '&' || r == '!'; r = a.peek(0) {
		for r := a.peek(0); r != 0 && !isBlank(r) && !isBreak(r); r = a.peek(0) {
			a.at++
		}
		a.skipWhite()
	}
}

func (a *aligner) skipWhite() {
	for r := a.peek(0); isBlank(r) || isBreak(r); r = a.peek(0) {
		a.at++
	}
}

// open skips what stands before the first character: a quote, or a block's header and indentation.
func (a *aligner) open(raw string) bool {
	switch a.style {
	case single, double:
		quote := '\''
		if a.style == double {
			quote = '"'
		}
		if a.peek(0) != quote {
			return false
		}
		a.at++
	case literal, folded:
		for r := a.peek(0); r != 0 && !isBreak(r); r = a.peek(0) {
			a.at++
		}
		a.lineBreak()
		a.indent = max(a.blockIndent()-leadingSpaces(raw), 0)
		a.skipIndent()
	}
	return true
}

// blockIndent is the indentation of a block scalar's first line that is not empty.
func (a *aligner) blockIndent() int {
	width := 0
	for i := a.at; i < len(a.src); i++ {
		switch {
		case a.src[i] == ' ':
			width++
		case isBreak(a.src[i]):
			width = 0
		default:
			return width
		}
	}
	return width
}

// leadingSpaces is how far the first line of a decoded text that is not empty is indented itself.
func leadingSpaces(raw string) int {
	line := strings.TrimLeft(raw, "\n")
	return len(line) - len(strings.TrimLeft(line, " "))
}

func (a *aligner) skipIndent() {
	for i := 0; i < a.indent && a.peek(0) == ' '; i++ {
		a.at++
	}
}

func (a *aligner) lineBreak() {
	if a.peek(0) == '\r' && a.peek(1) == '\n' {
		a.at++
	}
	if a.at < len(a.src) {
		a.at++
	}
}

func (a *aligner) put(want rune, place int) {
	for range utf8.RuneLen(want) {
		a.places = append(a.places, place)
	}
}

// step finds the next decoded character.
func (a *aligner) step(want rune) bool {
	for a.style == double && a.peek(0) == '\\' && isBreak(a.peek(1)) {
		a.at++
		a.lineBreak()
		a.skipBlank()
	}
	switch r := a.peek(0); {
	case a.style == double && r == '\\':
		a.put(want, a.at)
		a.at += escapeLength(a.peek(1))
		return a.at <= len(a.src)
	case a.style == single && r == '\'':
		if want != '\'' || a.peek(1) != '\'' {
			return false
		}
		a.put(want, a.at)
		a.at += 2
		return true
	case r == want && r != 0 && !isBreak(r):
		a.put(want, a.at)
		a.at++
		return true
	case isBlank(r) || isBreak(r):
		return a.fold(want)
	}
	return false
}

// fold passes a line's end: to a line break or a space of the decoded text, or to nothing at all.
func (a *aligner) fold(want rune) bool {
	for {
		for isBlank(a.peek(0)) && a.peek(0) != want {
			a.at++
		}
		if !isBreak(a.peek(0)) {
			break
		}
		place := a.at
		a.lineBreak()
		if a.style == literal || a.style == folded {
			a.skipIndent()
		} else {
			a.skipBlank()
		}
		if want == '\n' || want == ' ' {
			a.put(want, place)
			return true
		}
	}
	if r := a.peek(0); r == want && r != 0 {
		return a.step(want)
	}
	if a.style == double && a.peek(0) == '\\' || a.style == single && a.peek(0) == '\'' {
		return a.step(want)
	}
	return false
}

func (a *aligner) skipBlank() {
	for isBlank(a.peek(0)) {
		a.at++
	}
}

// escapeLength is how many characters an escape of a double-quoted text takes, by the one after the backslash.
func escapeLength(r rune) int {
	switch r {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}
