package expr

import (
	"errors"
	"sort"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

var anyList = always(List(Any()))

var listFunctions = map[string]function{
	"len": {params: []param{{kinds: kString | kList | kObject}}, null: int64(0), result: always(Integer()), call: func(c call) any {
		switch v := c.args[0].(type) {
		case []any:
			return int64(len(v))
		case map[string]any:
			return int64(len(v))
		}
		c.r.read(c.n, len(c.text(0)))
		return int64(utf8.RuneCountInString(c.text(0)))
	}},
	"first": {params: []param{aList}, result: elemOfFirst, call: func(c call) any { return elementAt(c.list(0), 0) }},
	"last":  {params: []param{aList}, result: elemOfFirst, call: func(c call) any { return elementAt(c.list(0), len(c.list(0))-1) }},
	"get": {params: []param{anything, anything}, result: always(Any()), call: func(c call) any {
		return c.r.member(c.n, c.args[0], c.args[1])
	}},
	"take": {params: []param{aList, aWhole}, null: []any{}, result: likeFirst, call: func(c call) any {
		if c.int(1) < 0 {
			c.fail("the number must not be negative")
		}
		end := int(min(c.int(1), int64(len(c.list(0)))))
		return c.list(0)[:end:end]
	}},
	"keys": {params: []param{anObject}, null: []any{}, result: always(List(String())), call: func(c call) any {
		return c.pairs(func(name string, _ any) any { return name })
	}},
	"values": {params: []param{anObject}, null: []any{}, result: anyList, call: func(c call) any {
		return c.pairs(func(_ string, value any) any { return value })
	}},
	"toPairs": {params: []param{anObject}, null: []any{}, result: anyList, call: func(c call) any {
		return c.pairs(func(name string, value any) any { return []any{name, value} })
	}},
	"fromPairs": {params: []param{aList}, null: map[string]any{}, result: always(OpenObject(nil)), call: fromPairs},
	"reverse": {params: []param{aList}, null: []any{}, result: likeFirst, call: func(c call) any {
		list := c.list(0)
		c.r.grow(c.n, slot*len(list))
		out := make([]any, len(list))
		for i, item := range list {
			out[len(list)-1-i] = item
		}
		return out
	}},
	"uniq":    {params: []param{aList}, null: []any{}, result: likeFirst, call: uniq},
	"concat":  {params: []param{{kinds: kList | kNull}}, variadic: true, result: concatType, call: concat},
	"flatten": {params: []param{aList}, null: []any{}, result: anyList, call: func(c call) any { return c.flatten(make([]any, 0), c.list(0)) }},
	"sort": {params: []param{aList, {kinds: kString, valid: validOrder}}, optional: 1, null: []any{}, result: likeFirst, call: func(c call) any {
		descending := false
		if c.has(1) {
			if err := validOrder(c.text(1)); err != nil {
				c.fail("%s", err.Error())
			}
			descending = c.text(1) == "desc"
		}
		return c.r.sorted(c.n, c.name, c.list(0), c.list(0), descending)
	}},
	"lookup": {params: []param{{kinds: kObject}, {kinds: kText | kNumber | kBool | kNull}, anything}, optional: 1, result: always(Any()), call: func(c call) any {
		if key, ok := keyText(c.args[1]); ok {
			if value, ok := c.object(0)[key]; ok && value != nil {
				return value
			}
		}
		if c.has(2) {
			return c.args[2]
		}
		return nil
	}},
}

func elementAt(list []any, i int) any {
	if i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}

func validOrder(text string) error {
	if text != "asc" && text != "desc" {
		return errors.New(`the order must be "asc" or "desc"`)
	}
	return nil
}

// pairs is the list that of makes of an object's members, in the order of their names.
func (c call) pairs(of func(name string, value any) any) any {
	object := c.object(0)
	c.r.grow(c.n, 4*slot*len(object))
	out := make([]any, 0, len(object))
	for _, name := range sortedKeys(object) {
		out = append(out, of(name, object[name]))
	}
	return out
}

func fromPairs(c call) any {
	c.r.grow(c.n, 3*slot*len(c.list(0)))
	out := make(map[string]any, len(c.list(0)))
	for _, item := range c.list(0) {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			c.fail("each element must be a pair [name, value]")
		}
		name, ok := keyText(pair[0])
		if !ok {
			c.fail("a member's name must be a string, not %s", article(pair[0]))
		}
		out[name] = pair[1]
	}
	return out
}

// uniq keeps the first of the elements with the same JSON.
func uniq(c call) any {
	seen := make(map[string]bool, len(c.list(0)))
	out := make([]any, 0)
	for _, item := range c.list(0) {
		key, fault := encode(item, MaxOutput)
		if fault != "" {
			c.fail("%s", fault)
		}
		c.r.grow(c.n, slot+len(key))
		if !seen[string(key)] {
			seen[string(key)] = true
			out = append(out, item)
		}
	}
	return out
}

func concatType(args []Type) Type {
	elem := Type{}
	for _, arg := range args {
		if arg.kinds&kList != 0 {
			elem = union(elem, arg.Elem())
		}
	}
	if elem.kinds == 0 {
		elem = Any()
	}
	return List(elem)
}

func concat(c call) any {
	out := make([]any, 0)
	for _, arg := range c.args {
		list, _ := arg.([]any)
		c.r.grow(c.n, slot*len(list))
		out = append(out, list...)
	}
	return out
}

func (c call) flatten(out, list []any) []any {
	for _, item := range list {
		c.r.grow(c.n, slot)
		if inner, ok := item.([]any); ok {
			out = c.flatten(out, inner)
		} else {
			out = append(out, item)
		}
	}
	return out
}

// sorted is list in the order of keys, equal ones as they stood. Texts are ordered as severities when all are, as
// timestamps when all are, and by their bytes otherwise, so that the order of a list is one order.
func (r *run) sorted(n ast.Node, name string, list, keys []any, descending bool) any {
	compare := r.compare
	if texts := allTexts(keys); texts {
		compare = textOrder(keys)
	}
	r.grow(n, 2*slot*len(list))
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		c, fault := compare(n, keys[order[i]], keys[order[j]])
		if fault != "" {
			r.fail(n, "%s: %s", name, fault)
		}
		r.spend(n, 1)
		if descending {
			return c > 0
		}
		return c < 0
	})
	out := make([]any, len(list))
	for i, from := range order {
		out[i] = list[from]
	}
	return out
}

func allTexts(keys []any) bool {
	for _, key := range keys {
		if kindOf(key)&(kString|kSeverity) == 0 {
			return false
		}
	}
	return true
}

func textOrder(keys []any) func(ast.Node, any, any) (int, string) {
	severe, timed := true, true
	for _, key := range keys {
		text, _ := textOf(key)
		_, isSeverity := severityRank(text)
		_, isTime := timestamp(text)
		severe, timed = severe && isSeverity, timed && isTime
	}
	return func(_ ast.Node, a, b any) (int, string) {
		x, _ := textOf(a)
		y, _ := textOf(b)
		if severe || timed {
			return compareTexts(x, y, false)
		}
		return plainOrder(x, y), ""
	}
}

func plainOrder(x, y string) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
