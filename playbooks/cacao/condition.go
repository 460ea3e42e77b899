package cacao

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Conditions of CACAO are STIX patterns, of which playbooks in the wild use comparisons of variables, joined by AND and OR.
// Those become expressions. What looks into observed data ([ipv4-addr:value = ...]) has no counterpart.

// maxCondition bounds the words of a condition.
const maxCondition = 200

var conditionToken = regexp.MustCompile(`^\s*(?:(__[a-zA-Z_][a-zA-Z0-9_-]*?__):value|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|(==|!=|<>|<=|>=|&&|\|\||[=<>()!,])|([A-Za-z]+))`)

type token struct {
	kind string // variable, text, number, sign, word
	text string
}

func tokens(condition string) ([]token, error) {
	var list []token
	for rest := condition; strings.TrimSpace(rest) != ""; {
		m := conditionToken.FindStringSubmatch(rest)
		if m == nil || len(list) == maxCondition {
			return nil, fmt.Errorf("it is more than comparisons of variables, at %q", shown(strings.TrimSpace(rest)))
		}
		rest = rest[len(m[0]):]
		for i, kind := range []string{"variable", "text", "number", "sign", "word"} {
			if m[i+1] != "" {
				list = append(list, token{kind, m[i+1]})
			}
		}
	}
	if len(list) == 0 {
		return nil, errors.New("it is empty")
	}
	return list, nil
}

// condition is a condition as an expression of ours. Lookup is asked for variables.
func condition(text string, lookup func(name string) (variable, bool)) (string, error) {
	list, err := tokens(text)
	if err != nil {
		return "", err
	}
	c := &conditionReader{tokens: list, lookup: lookup}
	out, err := c.any(0)
	if err == nil && len(c.tokens) > 0 {
		err = fmt.Errorf("it goes on with %q", c.tokens[0].text)
	}
	return out, err
}

type conditionReader struct {
	tokens []token
	lookup func(name string) (variable, bool)
}

// take is the next token where it is one of some signs or words.
func (c *conditionReader) take(texts ...string) (string, bool) {
	if len(c.tokens) == 0 || c.tokens[0].kind != "sign" && c.tokens[0].kind != "word" {
		return "", false
	}
	t := strings.ToUpper(c.tokens[0].text)
	if !slices.Contains(texts, t) {
		return "", false
	}
	c.tokens = c.tokens[1:]
	return t, true
}

func (c *conditionReader) any(depth int) (string, error) {
	return c.joined(depth, " || ", c.all, "OR", "||")
}

func (c *conditionReader) all(depth int) (string, error) {
	return c.joined(depth, " && ", c.one, "AND", "&&")
}

func (c *conditionReader) joined(depth int, by string, part func(int) (string, error), signs ...string) (string, error) {
	var parts []string
	for {
		p, err := part(depth)
		if err != nil {
			return "", err
		}
		parts = append(parts, p)
		if _, more := c.take(signs...); !more {
			return strings.Join(parts, by), nil
		}
	}
}

func (c *conditionReader) one(depth int) (string, error) {
	if depth > MaxNested {
		return "", errors.New("it has too many brackets")
	}
	if _, not := c.take("NOT", "!"); not {
		inner, err := c.one(depth + 1)
		return "!(" + inner + ")", err
	}
	if _, open := c.take("("); open {
		inner, err := c.any(depth + 1)
		if err != nil {
			return "", err
		}
		if _, closed := c.take(")"); !closed {
			return "", errors.New("a bracket is not closed")
		}
		return "(" + inner + ")", nil
	}
	return c.comparison()
}

// operand is one side of a comparison.
type operand struct {
	expression string // of a variable
	typ        string // of a variable
	text       string // of a literal
	kind       string
}

func (o operand) as(typ string) string {
	switch {
	case o.expression != "":
		return o.expression
	case o.kind == "number" && typ != "string":
		return o.text
	}
	return literal(typ, o.text)
}

func (c *conditionReader) operand() (operand, error) {
	if len(c.tokens) == 0 {
		return operand{}, errors.New("it ends in the middle")
	}
	t := c.tokens[0]
	c.tokens = c.tokens[1:]
	switch t.kind {
	case "variable":
		v, ok := c.lookup(t.text)
		if !ok {
			return operand{}, fmt.Errorf("nothing gives the variable %s a value", t.text)
		}
		return operand{expression: v.expression(), typ: v.typ}, nil
	case "text":
		return operand{kind: "text", text: unescape(t.text[1 : len(t.text)-1])}, nil
	case "number":
		return operand{kind: "number", text: t.text}, nil
	case "word":
		if w := strings.ToLower(t.text); w == "true" || w == "false" {
			return operand{kind: "boolean", text: w}, nil
		}
	}
	return operand{}, fmt.Errorf("%q is no variable, number or text in quotes", t.text)
}

var escape = regexp.MustCompile(`\\(.)`)

func unescape(text string) string { return escape.ReplaceAllString(text, "$1") }

func (c *conditionReader) comparison() (string, error) {
	left, err := c.operand()
	if err != nil {
		return "", err
	}
	_, not := c.take("NOT")
	operator, ok := c.take("=", "==", "!=", "<>", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES")
	if !ok {
		if left.expression == "" || not {
			return "", errors.New("a comparison is missing")
		}
		if left.typ == "boolean" {
			return left.expression, nil
		}
		return left.expression + ` == "true"`, nil
	}
	var out string
	switch operator {
	case "IN":
		out, err = c.in(left)
	case "LIKE", "MATCHES":
		out, err = c.pattern(left, operator)
	default:
		var right operand
		if right, err = c.operand(); err != nil {
			return "", err
		}
		typ := left.typ
		if typ == "" {
			typ = right.typ
		}
		if left.expression == "" && right.expression == "" {
			return "", errors.New("it compares two constants")
		}
		sign := map[string]string{"=": "==", "<>": "!="}[operator]
		if sign == "" {
			sign = operator
		}
		out = left.as(typ) + " " + sign + " " + right.as(typ)
	}
	if not {
		out = "!(" + out + ")"
	}
	return out, err
}

func (c *conditionReader) in(left operand) (string, error) {
	if _, open := c.take("("); !open {
		return "", errors.New("IN wants a list in brackets")
	}
	var items []string
	for {
		o, err := c.operand()
		if err != nil {
			return "", err
		}
		items = append(items, o.as(left.typ))
		if _, more := c.take(","); !more {
			break
		}
	}
	if _, closed := c.take(")"); !closed {
		return "", errors.New("a bracket is not closed")
	}
	return left.as("string") + " in [" + strings.Join(items, ", ") + "]", nil
}

// pattern is LIKE, in which % stands for any text and _ for a character, or MATCHES with a regular expression.
func (c *conditionReader) pattern(left operand, operator string) (string, error) {
	right, err := c.operand()
	if err != nil {
		return "", err
	}
	if right.kind != "text" || left.expression == "" {
		return "", errors.New(operator + " wants a variable and a text in quotes")
	}
	expression := right.text
	if operator == "LIKE" {
		expression = "^" + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(right.text)) + "$"
	}
	if _, err := regexp.Compile(expression); err != nil {
		return "", fmt.Errorf("the regular expression: %w", err)
	}
	return "string(" + left.expression + ") matches " + quoted(plainText(expression)), nil
}
