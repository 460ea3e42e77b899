package expr

import (
	"github.com/expr-lang/expr/ast"
)

// call is the type of a function's result.
func (c *checker) call(n ast.Node, name string, arguments []ast.Node) Type {
	if isPredicate(name) {
		return c.predicate(n, name, arguments)
	}
	f, ok := functions[name]
	if !ok {
		for _, argument := range arguments {
			c.check(argument)
		}
		return c.problem(n, nearest(name, functionNames), "there is no function %s", clip(name))
	}
	types := make([]Type, len(arguments))
	for i, argument := range arguments {
		types[i] = c.check(argument)
	}
	return c.apply(n, f, name, types, arguments)
}

// method is the type of a method's result.
func (c *checker) method(n *ast.CallNode, member *ast.MemberNode) Type {
	receiver := c.check(member.Node)
	types := []Type{receiver}
	nodes := []ast.Node{member.Node}
	for _, argument := range n.Arguments {
		types = append(types, c.check(argument))
		nodes = append(nodes, argument)
	}
	name, ok := member.Property.(*ast.StringNode)
	if !ok {
		return c.problem(n, "", "only functions can be called")
	}
	m, ok := methods[name.Value]
	if !ok {
		if _, isFunction := functions[name.Value]; isFunction || isPredicate(name.Value) {
			return c.problem(member.Property, "", "%s is a function, not a method: write %s(...)", name.Value, name.Value)
		}
		return c.problem(member.Property, nearest(name.Value, sortedNames(methods)), "there is no method %s", clip(name.Value))
	}
	return c.apply(n, m, "."+name.Value, types, nodes)
}

// apply checks arguments against a function's params, as function.apply does with values.
func (c *checker) apply(n ast.Node, f function, name string, types []Type, nodes []ast.Node) Type {
	if wrong := f.arity(len(types)); wrong != "" {
		return c.problem(n, "", "%s: %s", name, wrong)
	}
	before := len(c.problems)
	for i, t := range types {
		p := f.param(i)
		allowed := accepts(p.kinds)
		if i == 0 {
			allowed |= kNull // gives f.null
		}
		if t.kinds&allowed == 0 {
			c.problem(nodes[i], "", "%s: argument %d must be %s, not %s", name, i+1, Type{kinds: p.kinds &^ kNull}, t)
			continue
		}
		c.constant(p, name, nodes[i])
	}
	if len(c.problems) > before {
		return Any()
	}
	out := f.result(types)
	if len(types) > 0 && types[0].IsOptional() && f.null == nil && !f.variadic && f.params[0].kinds&kNull == 0 {
		out = Optional(out)
	}
	return out
}

// constant checks the texts that stand in the source, alone or in a list, where a param has a form.
func (c *checker) constant(p param, name string, n ast.Node) {
	if p.valid == nil {
		return
	}
	switch n := n.(type) {
	case *ast.StringNode:
		if err := p.valid(n.Value); err != nil {
			c.problem(n, "", "%s: %s", name, err.Error())
		}
	case *ast.ArrayNode:
		for _, item := range n.Nodes {
			c.constant(p, name, item)
		}
	}
}

// predicate is the type of the result of a function that takes a predicate.
func (c *checker) predicate(n ast.Node, name string, arguments []ast.Node) Type {
	if len(arguments) == 0 {
		return c.problem(n, "", "%s: a list is needed", name)
	}
	list := c.check(arguments[0])
	if list.kinds&(kList|kNull) == 0 {
		c.problem(arguments[0], "", "%s needs a list, not %s", name, list)
		list = Any()
	}
	elem := list.Elem()
	acc := Any()
	if name == "reduce" && len(arguments) > 2 {
		c.check(arguments[2])
	}
	body, at := elem, arguments[0]
	if len(arguments) > 1 {
		at = arguments[1]
		if p, ok := at.(*ast.PredicateNode); ok {
			at = p.Node
		}
		c.frames = append(c.frames, typedFrame{elem, acc})
		body = c.check(at)
		c.frames = c.frames[:len(c.frames)-1]
	}
	switch name {
	case "all", "any", "none", "one", "count", "filter", "find", "findIndex", "findLast", "findLastIndex":
		if !body.CanBeBool() {
			c.problem(at, "", "%s: the predicate must be true or false; this is %s", name, body)
		}
	case "sum":
		if body.kinds&kNumber == 0 {
			c.problem(at, "", "sum needs numbers, not %s", body)
		}
	case "groupBy":
		if body.kinds&(kText|kNumber|kBool|kNull) == 0 {
			c.problem(at, "", "groupBy: the key must be a string, not %s", body)
		}
	case "sortBy":
		if len(arguments) > 2 {
			c.constant(param{valid: validOrder}, name, arguments[2])
			if t := c.check(arguments[2]); t.kinds&kString == 0 {
				c.problem(arguments[2], "", `sortBy: the order must be "asc" or "desc"`)
			}
		}
	}
	return predicateResult(name, elem, body)
}

func predicateResult(name string, elem, body Type) Type {
	switch name {
	case "all", "any", "none", "one":
		return Bool()
	case "count":
		return Integer()
	case "findIndex", "findLastIndex":
		return Optional(Integer())
	case "find", "findLast":
		return Optional(elem)
	case "filter", "sortBy":
		return List(elem)
	case "map":
		return List(body)
	case "sum":
		if body.kinds&kNumber == kInt {
			return Integer()
		}
		return Number()
	case "groupBy":
		return OpenObject(nil)
	}
	return Any()
}
