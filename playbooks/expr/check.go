package expr

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// Problem is a mistake in an expression that is known before it runs. Offset and Length are bytes of the source.
// Suggestion, if there is one, is the name that was likely meant.
type Problem struct {
	Offset, Length int
	Message        string
	Suggestion     string
}

// Check finds the mistakes of a source in an environment, in the order of the source, and the type of its result. A
// source without problems can still fail on data; one with problems would fail or mean nothing.
func Check(source string, env *Env) (result Type, problems []Problem) {
	p, err := programs.get(source)
	if err != nil {
		return Any(), []Problem{problemOf(source, err)}
	}
	defer func() {
		if recover() != nil { // a fault of ours, not to be met
			result, problems = Any(), []Problem{{Length: len(source), Message: "the expression cannot be checked"}}
		}
	}()
	c := &checker{p: p, env: env, types: make(map[ast.Node]Type)}
	result = c.check(p.root)
	sort.SliceStable(c.problems, func(i, j int) bool { return c.problems[i].Offset < c.problems[j].Offset })
	return result, c.problems
}

func problemOf(source string, err error) Problem {
	if found, ok := errors.AsType[*Error](err); ok {
		return Problem{Offset: found.Offset, Length: found.Length, Message: found.Message}
	}
	return Problem{Length: len(source), Message: err.Error()}
}

// checker finds the types of a program's elements. Each is checked once: expr-lang shares elements.
type checker struct {
	p        *program
	env      *Env
	types    map[ast.Node]Type
	bound    []typed
	frames   []typedFrame
	problems []Problem
}

type typed struct {
	name string
	t    Type
}

type typedFrame struct{ item, acc Type }

func (c *checker) problem(n ast.Node, suggestion, format string, args ...any) Type {
	offset, length := c.p.span(n.Location())
	message := fmt.Sprintf(format, args...)
	if suggestion != "" {
		message += "; did you mean " + suggestion + "?"
	}
	c.problems = append(c.problems, Problem{offset, length, message, suggestion})
	return Any()
}

func (c *checker) check(n ast.Node) Type {
	if t, ok := c.types[n]; ok {
		return t
	}
	t := c.infer(n)
	if t.kinds == 0 {
		t = Any()
	}
	c.types[n] = t
	return t
}

func (c *checker) infer(n ast.Node) Type {
	switch n := n.(type) {
	case *ast.NilNode:
		return Null()
	case *ast.BoolNode:
		return Bool()
	case *ast.IntegerNode:
		return Integer()
	case *ast.FloatNode:
		return Type{kinds: kFloat}
	case *ast.StringNode:
		return Enum(n.Value)
	case *ast.IdentifierNode:
		return c.name(n)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.ChainNode:
		return c.check(n.Node)
	case *ast.MemberNode:
		return c.member(n, c.check(n.Node))
	case *ast.SliceNode:
		return c.slice(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		c.condition(n.Cond)
		return union(c.check(n.Exp1), c.check(n.Exp2))
	case *ast.ArrayNode:
		elem := Type{}
		for _, item := range n.Nodes {
			elem = union(elem, c.check(item))
		}
		if elem.kinds == 0 {
			elem = Any()
		}
		return List(elem)
	case *ast.MapNode:
		return c.object(n)
	case *ast.VariableDeclaratorNode:
		c.bound = append(c.bound, typed{n.Name, c.check(n.Value)})
		t := c.check(n.Expr)
		c.bound = c.bound[:len(c.bound)-1]
		return t
	case *ast.SequenceNode:
		t := Null()
		for _, part := range n.Nodes {
			t = c.check(part)
		}
		return t
	case *ast.BuiltinNode:
		return c.call(n, n.Name, n.Arguments)
	case *ast.CallNode:
		if method, ok := n.Callee.(*ast.MemberNode); ok {
			return c.method(n, method)
		}
		if name, ok := n.Callee.(*ast.IdentifierNode); ok {
			return c.call(n, name.Value, n.Arguments)
		}
		return c.problem(n, "", "only functions can be called")
	case *ast.BytesNode:
		return c.problem(n, "", `bytes are not supported: write "..." for a text`)
	}
	return c.problem(n, "", "this is not supported in a playbook")
}

func (c *checker) name(n *ast.IdentifierNode) Type {
	for i := len(c.bound) - 1; i >= 0; i-- {
		if c.bound[i].name == n.Value {
			return c.bound[i].t
		}
	}
	if t, ok := c.env.Root(n.Value); ok {
		return t
	}
	if _, t, ok := isConstant(n.Value); ok {
		return t
	}
	known := append(c.env.Names(), severities...)
	for _, b := range c.bound {
		known = append(known, b.name)
	}
	if where, scoped := places[n.Value]; scoped {
		return c.problem(n, "", "%s is known only %s", n.Value, where)
	}
	if n.Value == "secrets" || n.Value == "secret" || n.Value == "env" {
		return c.problem(n, "", "no playbook can read secrets: a connection holds them")
	}
	if slices.Contains(functionNames, n.Value) {
		return c.problem(n, "", "%s is a function: write %s(...)", n.Value, n.Value)
	}
	return c.problem(n, nearest(n.Value, known), "no %s is known here", clip(n.Value))
}

// places are the names that are known only in some places of a playbook.
var places = map[string]string{
	"item": "in the steps of a foreach, where `as` gives it no other name", "index": "in the steps of a foreach or a repeat",
	"last": "in the steps of a repeat, as the round before; the function is last(...)", "error": "in `catch` and `finally`",
	"event": "in the condition of a wait for an event",
}

func (c *checker) pointer(n *ast.PointerNode) Type {
	if len(c.frames) == 0 {
		return c.problem(n, "", "# stands for the element of a list, inside filter(), map() and the like")
	}
	f := c.frames[len(c.frames)-1]
	switch n.Name {
	case "":
		return f.item
	case "index":
		return Integer()
	case "acc":
		return f.acc
	}
	return c.problem(n, nearest(n.Name, []string{"index", "acc"}), "#%s is not known; there are #, #index and #acc", clip(n.Name))
}

// member is the type of from.name or from[key].
func (c *checker) member(n *ast.MemberNode, from Type) Type {
	key, named := n.Property.(*ast.StringNode)
	keyType := c.check(n.Property)
	if from.kinds&^kNull == 0 {
		return Null()
	}
	if from.IsAny() {
		return Any()
	}
	out := Type{}
	if from.kinds&kObject != 0 {
		switch {
		case named:
			member, ok := from.Member(key.Value)
			if !ok && from.kinds&^(kObject|kNull) == 0 {
				return c.missing(n.Property, key.Value, from)
			}
			if ok {
				out = union(out, member)
			}
		default:
			return Any()
		}
	}
	if !named && keyType.kinds&(kNumber|kNull) != 0 {
		if from.kinds&kList != 0 {
			out = union(out, Optional(from.Elem()))
		}
		if from.kinds&kText != 0 {
			out = union(out, Optional(String()))
		}
	}
	if out.kinds == 0 {
		return c.noMember(n, from, key)
	}
	if from.IsOptional() {
		out = Optional(out)
	}
	return out
}

// maxListed is how many members a message lists where none is near to the one that is not there.
const maxListed = 12

func (c *checker) missing(at ast.Node, name string, from Type) Type {
	members := from.Members()
	if len(members) == 0 {
		return c.problem(at, "", "no member %s: the object has no members", clip(name))
	}
	meant := nearest(name, members)
	if meant == "" && len(members) <= maxListed {
		return c.problem(at, "", "no member %s is known here; there are %s", clip(name), strings.Join(members, ", "))
	}
	return c.problem(at, meant, "no member %s is known here", clip(name))
}

func (c *checker) noMember(n *ast.MemberNode, from Type, key *ast.StringNode) Type {
	switch {
	case key == nil && from.kinds&(kList|kText) != 0:
		return c.problem(n.Property, "", "an element is read by its number, not by %s", c.check(n.Property).Required())
	case key == nil:
		return c.problem(n.Property, "", "%s has no elements", from.Required())
	case from.kinds&kList != 0:
		return c.problem(n.Property, "", "a list has no member %s; read an element with [0], or each with map(list, .%s)", clip(key.Value), clip(key.Value))
	case methods[key.Value].call != nil:
		return c.problem(n.Property, "", "%s is a method: write .%s()", key.Value, key.Value)
	}
	return c.problem(n.Property, "", "%s has no member %s", from.Required(), clip(key.Value))
}

func (c *checker) slice(n *ast.SliceNode) Type {
	from := c.check(n.Node)
	for _, edge := range []ast.Node{n.From, n.To} {
		if edge != nil {
			if t := c.check(edge); t.kinds&kNumber == 0 {
				c.problem(edge, "", "the edge of a slice must be a whole number, not %s", t)
			}
		}
	}
	if from.kinds&(kList|kText|kNull) == 0 {
		return c.problem(n, "", "only a list or a string can be sliced, not %s", from)
	}
	out := Type{kinds: from.kinds & (kList | kNull), elem: from.elem}
	if from.kinds&kText != 0 {
		out.kinds |= kString
	}
	return out
}

func (c *checker) object(n *ast.MapNode) Type {
	fields, open := make(map[string]Type, len(n.Pairs)), false
	for _, pair := range n.Pairs {
		pair, ok := pair.(*ast.PairNode)
		if !ok {
			continue
		}
		value := c.check(pair.Value)
		if key, ok := pair.Key.(*ast.StringNode); ok {
			fields[key.Value] = value
			continue
		}
		open = true
		if t := c.check(pair.Key); t.kinds&(kText|kNumber|kBool) == 0 {
			c.problem(pair.Key, "", "a member's name must be a string, not %s", t)
		}
	}
	return Type{kinds: kObject, fields: fields, open: open}
}

// condition checks that n can be true or false.
func (c *checker) condition(n ast.Node) {
	if t := c.check(n); !t.CanBeBool() {
		c.problem(n, "", "a condition must be true or false; this is %s", t)
	}
}
