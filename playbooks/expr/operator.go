package expr

import (
	"math"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

func (r *run) unary(n *ast.UnaryNode) any {
	value := r.eval(n.Node)
	switch n.Operator {
	case "!", "not":
		return !r.truth(n.Node, value)
	case "+":
		if kindOf(value)&kNumber == 0 {
			r.fail(n, "+ needs a number, not %s", article(value))
		}
		return value
	}
	switch v := value.(type) {
	case int64:
		if v == math.MinInt64 {
			r.fail(n, "the number is too large")
		}
		return -v
	case float64:
		return -v
	case time.Duration:
		if v == math.MinInt64 {
			r.fail(n, "the duration is too long")
		}
		return -v
	}
	r.fail(n, "- needs a number, not %s", article(value))
	return nil
}

func (r *run) binary(n *ast.BinaryNode) any {
	left := r.eval(n.Left)
	switch n.Operator { // those that may not need their right side
	case "&&", "and":
		return r.truth(n.Left, left) && r.truth(n.Right, r.eval(n.Right))
	case "||", "or":
		return r.truth(n.Left, left) || r.truth(n.Right, r.eval(n.Right))
	case "??":
		if left != nil {
			return left
		}
		return r.eval(n.Right)
	}
	right := r.eval(n.Right)
	switch n.Operator {
	case "==":
		return r.equal(n, left, right)
	case "!=":
		return !r.equal(n, left, right)
	case "<", "<=", ">", ">=":
		return r.ordered(n, left, right)
	case "in":
		return r.in(n, left, right)
	case "contains", "startsWith", "endsWith", "matches":
		return r.textual(n, left, right)
	case "..":
		return r.span(n, left, right)
	}
	return r.arithmetic(n, left, right)
}

func (r *run) ordered(n *ast.BinaryNode, left, right any) bool {
	if left == nil || right == nil {
		return false
	}
	c, fault := r.compare(n, left, right)
	if fault != "" {
		r.fail(n, "%s", fault)
	}
	switch n.Operator {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func (r *run) in(n *ast.BinaryNode, left, right any) bool {
	switch right := right.(type) {
	case nil:
		return false
	case []any:
		for _, item := range right {
			if r.equal(n, left, item) {
				return true
			}
		}
		return false
	case map[string]any:
		name, ok := keyText(left)
		if !ok {
			return false
		}
		_, ok = right[name]
		return ok
	}
	if _, ok := textOf(right); ok {
		r.fail(n, "in needs a list or an object; for a part of a string, write `text contains part`")
	}
	r.fail(n, "in needs a list or an object, not %s", article(right))
	return false
}

func (r *run) textual(n *ast.BinaryNode, left, right any) bool {
	if left == nil || right == nil {
		return false
	}
	text, ok := textOf(left)
	part, alsoOK := textOf(right)
	if !ok || !alsoOK {
		wrong := left
		if ok {
			wrong = right
		}
		r.fail(n, "%s needs strings, not %s", n.Operator, article(wrong))
	}
	r.read(n, len(text))
	switch n.Operator {
	case "contains":
		return strings.Contains(text, part)
	case "startsWith":
		return strings.HasPrefix(text, part)
	case "endsWith":
		return strings.HasSuffix(text, part)
	}
	compiled := r.p.constant(n)
	if compiled == nil {
		compiled = r.pattern(n, part)
	}
	r.match(n, compiled, text)
	return compiled.re.MatchString(text)
}

// span is the list of whole numbers from left to right.
func (r *run) span(n *ast.BinaryNode, left, right any) any {
	from, ok := whole(left)
	to, alsoOK := whole(right)
	if !ok || !alsoOK {
		r.fail(n, ".. needs whole numbers on both sides")
	}
	if to < from {
		return []any{}
	}
	size := uint64(to) - uint64(from)
	if size >= MaxMemory/slot {
		r.fail(n, "the list would be too long")
	}
	r.grow(n, slot*int(size+1))
	list := make([]any, 0, size+1)
	for i := uint64(0); i <= size; i++ {
		list = append(list, from+int64(i))
	}
	return list
}

// arithmetic is + - * / % and power.
func (r *run) arithmetic(n *ast.BinaryNode, left, right any) any {
	if value, ok := r.timely(n, left, right); ok {
		return value
	}
	if n.Operator == "+" {
		a, ok := textOf(left)
		b, alsoOK := textOf(right)
		if ok && alsoOK {
			r.grow(n, len(a)+len(b))
			return a + b
		}
	}
	a, ok := left.(int64)
	b, alsoOK := right.(int64)
	if ok && alsoOK && n.Operator != "/" && n.Operator != "**" && n.Operator != "^" {
		return r.integers(n, a, b)
	}
	x, ok := asFloat(left)
	y, alsoOK := asFloat(right)
	if !ok || !alsoOK || n.Operator == "%" {
		r.mismatch(n, left, right)
	}
	var out float64
	switch n.Operator {
	case "+":
		out = x + y
	case "-":
		out = x - y
	case "*":
		out = x * y
	case "/":
		if y == 0 {
			r.fail(n, "division by zero")
		}
		out = x / y
	case "**", "^":
		out = math.Pow(x, y)
	default:
		r.fail(n, "there is no operator %s in a playbook", n.Operator)
	}
	if math.IsNaN(out) || math.IsInf(out, 0) {
		r.fail(n, "the result is not a finite number")
	}
	return out
}

func (r *run) mismatch(n *ast.BinaryNode, left, right any) {
	if left == nil || right == nil {
		r.fail(n, "%s cannot work with null (if a side may be missing, write `?? 0` or `?? \"\"` after it)", n.Operator)
	}
	if n.Operator == "+" && (kindOf(left)|kindOf(right))&kString != 0 {
		r.fail(n, "+ cannot join %s and %s (make a string of it with string())", article(left), article(right))
	}
	r.fail(n, "%s cannot work with %s and %s", n.Operator, article(left), article(right))
}

func (r *run) integers(n *ast.BinaryNode, a, b int64) any {
	var out int64
	fits := true
	switch n.Operator {
	case "+":
		out, fits = addFits(a, b)
	case "-":
		out = a - b
		fits = (out < a) == (b > 0)
	case "*":
		out, fits = multiplyFits(a, b)
	case "%":
		if b == 0 {
			r.fail(n, "division by zero")
		}
		if b != -1 { // MinInt64 % -1 traps on some machines
			out = a % b
		}
	default:
		r.fail(n, "there is no operator %s in a playbook", n.Operator)
	}
	if !fits {
		r.fail(n, "the number is too large")
	}
	return out
}

func addFits(a, b int64) (int64, bool) {
	out := a + b
	return out, (out > a) == (b > 0)
}

func multiplyFits(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	if (a == -1 && b == math.MinInt64) || (b == -1 && a == math.MinInt64) {
		return 0, false
	}
	out := a * b
	return out, out/b == a
}

// timely is arithmetic with times and durations; ok is false when neither side calls for it. A string beside a
// duration, or two strings that are subtracted, are read as times: in JSON a time is a string.
func (r *run) timely(n *ast.BinaryNode, left, right any) (value any, ok bool) {
	a, aSpan := left.(time.Duration)
	b, bSpan := right.(time.Duration)
	switch n.Operator {
	case "+":
		switch {
		case aSpan && bSpan:
			out, fits := addFits(int64(a), int64(b))
			return r.duration(n, out, fits), true
		case bSpan:
			if t, ok := instant(left); ok {
				return t.Add(b), true
			}
		case aSpan:
			if t, ok := instant(right); ok {
				return t.Add(a), true
			}
		}
	case "-":
		switch {
		case aSpan && bSpan:
			out := int64(a) - int64(b)
			return r.duration(n, out, (out < int64(a)) == (b > 0)), true
		case bSpan:
			if t, ok := instant(left); ok {
				return t.Add(-max(b, -math.MaxInt64)), true
			}
		case kindOf(left)&kText != 0 && kindOf(right)&kText != 0:
			from, ok := instant(right)
			to, alsoOK := instant(left)
			if ok && alsoOK {
				return to.Sub(from), true
			}
		}
	case "*":
		times, isTimes := left.(int64)
		if isTimes && bSpan {
			out, fits := multiplyFits(times, int64(b))
			return r.duration(n, out, fits), true
		}
		if times, isTimes = right.(int64); isTimes && aSpan {
			out, fits := multiplyFits(times, int64(a))
			return r.duration(n, out, fits), true
		}
	case "/":
		if aSpan && bSpan && b != 0 {
			return float64(a) / float64(b), true
		}
	}
	return nil, false
}

func (r *run) duration(n ast.Node, nanoseconds int64, fits bool) time.Duration {
	if !fits {
		r.fail(n, "the duration is too long")
	}
	return time.Duration(nanoseconds)
}
