package expr

import (
	"github.com/expr-lang/expr/ast"
)

// predicateNames are the functions whose second argument is evaluated for each element of the first.
var predicateNames = []string{
	"all", "any", "count", "filter", "find", "findIndex", "findLast", "findLastIndex", "groupBy", "map", "none", "one",
	"reduce", "sortBy", "sum",
}

func isPredicate(name string) bool {
	for _, known := range predicateNames {
		if known == name {
			return true
		}
	}
	return false
}

// predicate calls a function that takes a predicate. A null list has no elements.
func (r *run) predicate(n ast.Node, name string, arguments []ast.Node) any {
	if len(arguments) == 0 {
		r.fail(n, "%s: a list is needed", name)
	}
	from := r.eval(arguments[0])
	list, ok := from.([]any)
	if !ok && from != nil {
		r.fail(arguments[0], "%s needs a list, not %s", name, article(from))
	}
	var body ast.Node
	if len(arguments) > 1 {
		body = arguments[1]
		if p, ok := body.(*ast.PredicateNode); ok {
			body = p.Node
		}
	} else if name != "count" && name != "sum" {
		r.fail(n, "%s: a predicate is needed", name)
	}
	switch name {
	case "all", "any", "none", "one", "count":
		return r.quantify(name, list, body, arguments[0])
	case "find", "findIndex", "findLast", "findLastIndex":
		return r.find(name, list, body)
	case "filter":
		out := make([]any, 0)
		for i, item := range list {
			if r.truth(body, r.each(body, item, i, nil)) {
				r.grow(n, slot)
				out = append(out, item)
			}
		}
		return out
	case "map":
		r.grow(n, slot*len(list))
		out := make([]any, len(list))
		for i, item := range list {
			out[i] = r.each(body, item, i, nil)
		}
		return out
	case "sum":
		return r.sum(n, list, body)
	case "groupBy":
		return r.groupBy(n, list, body)
	case "sortBy":
		return r.sortBy(n, list, body, arguments[2:])
	case "reduce":
		return r.reduce(n, list, body, arguments[2:])
	}
	r.fail(n, "there is no function %s", name)
	return nil
}

// each evaluates a predicate for one element; no predicate is the element itself.
func (r *run) each(body ast.Node, item any, index int, acc any) any {
	if body == nil {
		return item
	}
	r.frames = append(r.frames, frame{item, index, acc})
	value := r.eval(body)
	r.frames = r.frames[:len(r.frames)-1]
	return value
}

func (r *run) quantify(name string, list []any, body, at ast.Node) any {
	where := body
	if where == nil {
		where = at
	}
	held := int64(0)
	for i, item := range list {
		r.spend(where, 1)
		ok := r.truth(where, r.each(body, item, i, nil))
		if ok {
			held++
		}
		switch {
		case name == "all" && !ok:
			return false
		case name == "any" && ok:
			return true
		case name == "none" && ok, name == "one" && held > 1:
			return false
		}
	}
	switch name {
	case "count":
		return held
	case "any":
		return false
	case "one":
		return held == 1
	}
	return true
}

func (r *run) find(name string, list []any, body ast.Node) any {
	fromEnd := name == "findLast" || name == "findLastIndex"
	for i := range list {
		at := i
		if fromEnd {
			at = len(list) - 1 - i
		}
		if !r.truth(body, r.each(body, list[at], at, nil)) {
			continue
		}
		if name == "find" || name == "findLast" {
			return list[at]
		}
		return int64(at)
	}
	return nil
}

func (r *run) sum(n ast.Node, list []any, body ast.Node) any {
	var total any = int64(0)
	for i, item := range list {
		r.spend(n, 1)
		value := r.each(body, item, i, nil)
		a, whole := total.(int64)
		b, alsoWhole := value.(int64)
		if whole && alsoWhole {
			out, fits := addFits(a, b)
			if !fits {
				r.fail(n, "sum: the number is too large")
			}
			total = out
			continue
		}
		x, _ := asFloat(total)
		y, ok := asFloat(value)
		if !ok {
			r.fail(n, "sum needs numbers, not %s", article(value))
		}
		total = x + y
	}
	return total
}

func (r *run) groupBy(n ast.Node, list []any, body ast.Node) any {
	groups := make(map[string]any)
	for i, item := range list {
		key := r.each(body, item, i, nil)
		name, ok := keyText(key)
		if key == nil {
			name, ok = "null", true
		}
		if !ok {
			r.fail(n, "groupBy: the key must be a string, not %s", article(key))
		}
		r.grow(n, 4*slot)
		group, _ := groups[name].([]any)
		groups[name] = append(group, item)
	}
	return groups
}

func (r *run) sortBy(n ast.Node, list []any, body ast.Node, rest []ast.Node) any {
	descending := false
	if len(rest) > 0 {
		order := r.eval(rest[0])
		text, ok := order.(string)
		if !ok || validOrder(text) != nil {
			r.fail(rest[0], `sortBy: the order must be "asc" or "desc"`)
		}
		descending = text == "desc"
	}
	r.grow(n, 3*slot*len(list))
	keys := make([]any, len(list))
	for i, item := range list {
		keys[i] = r.each(body, item, i, nil)
	}
	return r.sorted(n, "sortBy", list, keys, descending)
}

func (r *run) reduce(n ast.Node, list []any, body ast.Node, rest []ast.Node) any {
	var acc any
	start := 0
	switch {
	case len(rest) > 0:
		acc = r.eval(rest[0])
	case len(list) == 0:
		r.fail(n, "reduce: the list is empty and there is no third argument to start from")
	default:
		acc, start = list[0], 1
	}
	for i := start; i < len(list); i++ {
		acc = r.each(body, list[i], i, acc)
	}
	return acc
}
