package expr

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

func (c *checker) unary(n *ast.UnaryNode) Type {
	t := c.check(n.Node)
	switch n.Operator {
	case "!", "not":
		c.condition(n.Node)
		return Bool()
	case "-":
		if t.kinds&(kNumber|kDuration) != 0 {
			return Type{kinds: t.kinds & (kNumber | kDuration)}
		}
	default:
		if t.kinds&kNumber != 0 {
			return Type{kinds: t.kinds & kNumber}
		}
	}
	return c.problem(n, "", "%s needs a number, not %s", n.Operator, t)
}

func (c *checker) binary(n *ast.BinaryNode) Type {
	left, right := c.check(n.Left), c.check(n.Right)
	switch n.Operator {
	case "&&", "and", "||", "or":
		c.condition(n.Left)
		c.condition(n.Right)
		return Bool()
	case "??":
		if left.kinds == kNull {
			return right
		}
		return union(left.Required(), right)
	case "==", "!=":
		c.comparable(n, left, right)
		return Bool()
	case "<", "<=", ">", ">=":
		c.ordered(n, left, right)
		return Bool()
	case "in":
		c.in(n, left, right)
		return Bool()
	case "contains", "startsWith", "endsWith", "matches":
		for i, side := range []Type{left, right} {
			if side.kinds&(kText|kNull) == 0 {
				hint := ""
				if n.Operator == "contains" && i == 0 && side.kinds&kList != 0 {
					hint = " (for an element of a list, write `element in list`)"
				}
				return c.problem(n, "", "%s needs strings, not %s%s", n.Operator, side, hint)
			}
		}
		return Bool()
	case "..":
		if left.kinds&kNumber == 0 || right.kinds&kNumber == 0 {
			return c.problem(n, "", ".. needs whole numbers on both sides")
		}
		return List(Integer())
	}
	out := pairs(left, right, func(a, b kind) kind { return arithmetic(n.Operator, a, b) })
	if out == 0 {
		return c.problem(n, "", "%s cannot work with %s and %s", n.Operator, left, right)
	}
	return Type{kinds: out}
}

// pairs joins what result gives for each pair of sorts of values that may meet.
func pairs(left, right Type, result func(a, b kind) kind) kind {
	out := kind(0)
	for a := kNull; a <= kObject; a <<= 1 {
		for b := kNull; b <= kObject; b <<= 1 {
			if left.kinds&a != 0 && right.kinds&b != 0 {
				out |= result(a, b)
			}
		}
	}
	return out
}

// arithmetic is the sort of result that an operator gives for a pair, 0 when it fails. A time may be a string when it
// comes from JSON.
func arithmetic(operator string, a, b kind) kind {
	if a&kNumber != 0 && b&kNumber != 0 {
		switch {
		case operator == "/" || operator == "**" || operator == "^":
			return kFloat
		case operator == "%" && (a != kInt || b != kInt):
			return 0
		case a == kInt && b == kInt:
			return kInt
		}
		return kFloat
	}
	aTime, bTime := a&(kTime|kString) != 0, b&(kTime|kString) != 0
	switch operator {
	case "+":
		switch {
		case a&kText != 0 && b&kText != 0:
			return kString
		case a == kDuration && b == kDuration:
			return kDuration
		case a == kDuration && bTime, aTime && b == kDuration:
			return kTime
		}
	case "-":
		switch {
		case a == kDuration && b == kDuration:
			return kDuration
		case aTime && b == kDuration:
			return kTime
		case aTime && bTime && (a == kTime || b == kTime):
			return kDuration
		}
	case "*":
		if a == kInt && b == kDuration || a == kDuration && b == kInt {
			return kDuration
		}
	case "/":
		if a == kDuration && b == kDuration {
			return kFloat
		}
	}
	return 0
}

// comparable finds == between what can never be equal.
func (c *checker) comparable(n *ast.BinaryNode, left, right Type) {
	if left.kinds&^kNull == 0 || right.kinds&^kNull == 0 {
		return // asks whether something is null
	}
	if pairs(left, right, same) == 0 {
		c.problem(n, "", "%s and %s are never equal", left, right)
		return
	}
	c.word(n.Left, right)
	c.word(n.Right, left)
}

func same(a, b kind) kind {
	if a == b || a&kNumber != 0 && b&kNumber != 0 || a&kText != 0 && b&kText != 0 {
		return 1
	}
	return 0
}

// word finds a constant text beside what can only be some words, not it.
func (c *checker) word(n ast.Node, other Type) {
	text, ok := n.(*ast.StringNode)
	if !ok {
		return
	}
	words := other.enum
	switch other.kinds &^ kNull {
	case kSeverity:
		words = severities
	case kString:
	default:
		return
	}
	if len(words) > 0 && !slices.Contains(words, text.Value) {
		c.problem(n, nearest(text.Value, words), "%q is not %s", clip(text.Value), Type{kinds: other.kinds &^ kNull, enum: words})
		if last := &c.problems[len(c.problems)-1]; last.Length > 2 { // the word without its quotes
			last.Offset, last.Length = last.Offset+1, last.Length-2
		}
	}
}

func (c *checker) ordered(n *ast.BinaryNode, left, right Type) {
	order := func(a, b kind) kind {
		if same(a, b) != 0 && a&(kNull|kBool|kList|kObject) == 0 {
			return 1
		}
		return 0
	}
	if pairs(left, right, order) == 0 {
		c.problem(n, "", "%s cannot be compared with %s", left, right)
		return
	}
	if left.kinds&^kNull == kSeverity {
		c.word(n.Right, left)
	}
	if right.kinds&^kNull == kSeverity {
		c.word(n.Left, right)
	}
}

func (c *checker) in(n *ast.BinaryNode, left, right Type) {
	if right.kinds&(kList|kObject|kNull) == 0 {
		if right.kinds&kText != 0 {
			c.problem(n, "", "in needs a list or an object; for a part of a string, write `text contains part`")
			return
		}
		c.problem(n, "", "in needs a list or an object, not %s", right)
		return
	}
	if right.kinds&^kNull != kList {
		return
	}
	elem := right.Elem()
	if left.kinds&^kNull != 0 && elem.kinds&^kNull != 0 && pairs(left, elem, same) == 0 {
		c.problem(n, "", "%s is never in a list of %s", left, elem)
		return
	}
	c.word(n.Left, elem)
	if list, ok := n.Right.(*ast.ArrayNode); ok {
		for _, item := range list.Nodes {
			c.word(item, left)
		}
	}
}
