package diff

import (
	"slices"
	"strconv"
	"strings"

	"picket/playbooks/expr"
)

// spelling are the operators that can be written in two ways. (not is left alone: it is also half of `not in`.)
var spelling = map[string]string{"and": "&&", "or": "||"}

// canonicalExpr is an expression's source without what doesn't count: spaces, comments, which quotes were taken, which
// of two words for the same operator. Names of steps are passed through id, unless it is nil. A source that can't be
// read counts letter by letter.
func canonicalExpr(source string, id func(string) string) string {
	tokens, ok := expr.Tokens(source)
	if !ok {
		return "unreadable " + strconv.Quote(source)
	}
	return join(tokens, id)
}

func join(tokens []expr.Token, id func(string) string) string {
	var b strings.Builder
	for i, t := range tokens {
		word := t.Value
		if id != nil && namesStep(tokens, i) {
			word = id(word)
		}
		switch {
		case t.Kind == expr.TokenString || t.Kind == expr.TokenBytes:
			word = strings.ToLower(string(t.Kind[:1])) + strconv.Quote(word)
		case t.Kind == expr.TokenOperator && spelling[word] != "":
			word = spelling[word]
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	return b.String()
}

func member(t expr.Token) bool { return t.Is(expr.TokenOperator, ".", "?.") }

// namesStep tells whether token i is the id in steps.id or steps["id"].
func namesStep(tokens []expr.Token, i int) bool {
	root := i - 2
	switch {
	case i < 2:
		return false
	case tokens[i].Kind == expr.TokenIdentifier && member(tokens[i-1]):
	case tokens[i].Kind == expr.TokenString && tokens[i-1].Is(expr.TokenBracket, "["):
		if member(tokens[i-2]) { // steps?.["id"]
			root--
		}
	default:
		return false
	}
	return root >= 0 && tokens[root].Is(expr.TokenIdentifier, "steps") && (root == 0 || !member(tokens[root-1]))
}

// The ways in which a condition differs from the one before.
const (
	condSame    = "same"
	condAdded   = "added"   // there was none
	condRemoved = "removed" // there is none
	condWider   = "widened" // holds whenever the old one does, and may hold otherwise
	condTighter = "narrowed"
	condChanged = "changed"
)

// compareConditions tells how a condition differs, and by which of its parts where that can be said.
func (d *differ) compareConditions(old, new string) (how, detail string) {
	switch {
	case d.sameText(old, new):
		return condSame, ""
	case strings.TrimSpace(old) == "":
		return condAdded, ""
	case strings.TrimSpace(new) == "":
		return condRemoved, ""
	}
	gone, come := d.parts(old, new, "&&")
	switch {
	case len(come) == 0 && len(gone) > 0:
		return condWider, "without " + quote(list(gone))
	case len(gone) == 0 && len(come) > 0:
		return condTighter, "with " + quote(list(come))
	}
	gone, come = d.parts(old, new, "||")
	switch {
	case len(gone) == 0 && len(come) > 0:
		return condWider, "with " + quote(list(come))
	case len(come) == 0 && len(gone) > 0:
		return condTighter, "without " + quote(list(gone))
	}
	return condChanged, ""
}

// parts are the operands of the outermost operators that are in one condition only.
func (d *differ) parts(old, new, operator string) (gone, come []string) {
	olds, news := operands(old, operator, d.id), operands(new, operator, nil)
	for _, o := range olds {
		if !slices.ContainsFunc(news, func(n operand) bool { return n.canonical == o.canonical }) {
			gone = append(gone, o.source)
		}
	}
	for _, n := range news {
		if !slices.ContainsFunc(olds, func(o operand) bool { return n.canonical == o.canonical }) {
			come = append(come, n.source)
		}
	}
	return gone, come
}

type operand struct{ source, canonical string }

// looser are the operators that bind less tightly, for each operator that conditions are split at. Where one of them
// stands outside of brackets, the condition is one operand.
var looser = map[string][]string{
	"&&": {"||", "or", "|", "?", "?:", ":", ";", "let", "if", "else", "="},
	"||": {"|", "?", "?:", ":", ";", "let", "if", "else", "="},
}

func operands(source, operator string, id func(string) string) []operand {
	whole := []operand{{source: strings.TrimSpace(source), canonical: canonicalExpr(source, id)}}
	tokens, ok := expr.Tokens(source)
	if !ok {
		return whole
	}
	runes := []rune(source)
	var out []operand
	from, depth := 0, 0
	cut := func(to int) bool {
		if from == to {
			return false
		}
		text := string(runes[tokens[from].From:tokens[to-1].To])
		out = append(out, operand{source: text, canonical: join(tokens[from:to], id)})
		from = to + 1
		return true
	}
	for i, t := range tokens {
		switch {
		case t.Is(expr.TokenBracket, "(", "[", "{"):
			depth++
		case t.Is(expr.TokenBracket):
			depth--
		case depth != 0 || i > 0 && member(tokens[i-1]):
		case t.Kind == expr.TokenOperator && slices.Contains(looser[operator], t.Value):
			return whole
		case t.Kind == expr.TokenOperator && (t.Value == operator || spelling[t.Value] == operator):
			if !cut(i) {
				return whole
			}
		}
	}
	if depth != 0 || !cut(len(tokens)) {
		return whole
	}
	return out
}
