package check

import (
	"regexp"
	"slices"
	"strings"
)

// conjunct is one of the parts of a condition that must all hold, and where it stands in its expression.
type conjunct struct {
	text     string
	from, to int
}

// conjuncts splits a condition at its outermost `&&` and `and`. A condition with an operator that binds less tightly
// is one conjunct, and so is one that is not understood: splitting less proves less, never more.
func conjuncts(source string) []conjunct {
	cuts, ok := outermostAnds(source)
	if !ok {
		cuts = nil
	}
	var parts []conjunct
	from := 0
	for _, cut := range append(cuts, [2]int{len(source), len(source)}) {
		text := source[from:cut[0]]
		trimmed := strings.TrimSpace(text)
		if trimmed != "" {
			at := from + strings.Index(text, trimmed)
			parts = append(parts, conjunct{text: trimmed, from: at, to: at + len(trimmed)})
		}
		from = cut[1]
	}
	return parts
}

var word = regexp.MustCompile(`^[\p{L}_$][\p{L}\p{N}_$]*`)

// outermostAnds finds the operators `&&` and `and` outside of quotes and brackets; ok is false where a looser
// operator, a comment or an unbalanced bracket stands there.
func outermostAnds(source string) (cuts [][2]int, ok bool) {
	depth := 0
	for i := 0; i < len(source); {
		rest := source[i:]
		switch c := source[i]; {
		case c == '"' || c == '\'' || c == '`':
			end := quoteEnd(source, i)
			if end < 0 {
				return nil, false
			}
			i = end
			continue
		case strings.ContainsRune("([{", rune(c)):
			depth++
		case strings.ContainsRune(")]}", rune(c)):
			if depth--; depth < 0 {
				return nil, false
			}
		case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "/*"), c == '#' && depth == 0:
			return nil, false
		case strings.HasPrefix(rest, "?."), strings.HasPrefix(rest, "??"):
			i += 2
			continue
		case depth > 0:
		case strings.HasPrefix(rest, "&&"):
			cuts = append(cuts, [2]int{i, i + 2})
			i += 2
			continue
		case c == '|', c == '?', c == ';', c == '=' && !comparison(source, i):
			return nil, false
		}
		if w := word.FindString(rest); w != "" {
			if depth == 0 && !member(source, i) {
				switch w {
				case "and":
					cuts = append(cuts, [2]int{i, i + len(w)})
				case "or", "let", "if", "else":
					return nil, false
				}
			}
			i += len(w)
			continue
		}
		i++
	}
	return cuts, depth == 0
}

func quoteEnd(source string, at int) int {
	for i := at + 1; i < len(source); i++ {
		switch {
		case source[i] == '\\' && source[at] != '`':
			i++
		case source[i] == source[at]:
			return i + 1
		}
	}
	return -1
}

// comparison tells an equals sign that is part of ==, !=, <= or >=.
func comparison(source string, i int) bool {
	return i+1 < len(source) && source[i+1] == '=' || i > 0 && strings.ContainsRune("=!<>", rune(source[i-1]))
}

// member tells a word that follows a dot.
func member(source string, i int) bool {
	return strings.HasSuffix(strings.TrimRight(source[:i], " \t\r\n"), ".")
}

// clock finds expressions that may give another value later with the same facts.
var clock = regexp.MustCompile(`\b(now|ago)\b`)

// stable tells whether an expression that held goes on to hold: its facts don't change, only the clock does.
func stable(source string) bool { return !clock.MatchString(source) }

// The forms by which a condition says that a step ran and ended well.
var okForms = []*regexp.Regexp{
	regexp.MustCompile(`^steps\??` + stepForm + `\??\.status\s*==\s*(?:"ok"|'ok')$`),
	regexp.MustCompile(`^(?:"ok"|'ok')\s*==\s*steps\??` + stepForm + `\??\.status$`),
	regexp.MustCompile(`^steps\??` + stepForm + `\??\.output\s*!=\s*(?:nil|null)$`),
	regexp.MustCompile(`^steps\??` + stepForm + `\??\.output\??\.approved(?:\s*==\s*true)?$`),
}

const stepForm = `(?:\.([a-z][a-z0-9_]*)|\[\s*["']([a-z][a-z0-9_-]*)["']\s*\])`

// saysOK is the step of which a conjunct says that it ran and ended well, or "".
func saysOK(text string) string {
	text = strings.TrimSpace(text)
	for _, form := range okForms {
		if m := form.FindStringSubmatch(text); m != nil {
			return m[1] + m[2]
		}
	}
	return ""
}

// conds is a set of conjuncts that all hold, sorted. The empty set always holds.
type conds []string

func (c conds) with(more conds) conds {
	all := slices.Concat(c, more)
	slices.Sort(all)
	return slices.Compact(all)
}

// within tells whether every element of c is in other.
func (c conds) within(other conds) bool {
	for _, text := range c {
		if !slices.Contains(other, text) {
			return false
		}
	}
	return true
}

// condition is what an `if` or a `when` says.
type condition struct {
	parts  []conjunct
	set    conds // the texts of the stable parts
	stable bool  // all parts are
}

func newCondition(source string) condition {
	c := condition{parts: conjuncts(source), stable: true}
	var texts conds
	for _, p := range c.parts {
		if stable(p.text) {
			texts = append(texts, p.text)
		} else {
			c.stable = false
		}
	}
	c.set = texts.with(nil)
	return c
}
