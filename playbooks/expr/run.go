package expr

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

// run is one evaluation: its bounds, and what its names mean. It fails by panicking with an *Error, which source
// turns back; nothing else of the package panics on purpose.
type run struct {
	scope  *Scope
	p      *program
	steps  int
	memory int
	bound  []binding // let, innermost last
	frames []frame   // predicates, innermost last
}

type binding struct {
	name  string
	value any
}

// frame is what #, #index and #acc are in a predicate.
type frame struct {
	item  any
	index int
	acc   any
}

func (r *run) fail(n ast.Node, format string, args ...any) {
	offset, length := r.p.span(n.Location())
	panic(&Error{Offset: offset, Length: length, Message: fmt.Sprintf(format, args...)})
}

// spend counts steps.
func (r *run) spend(n ast.Node, steps int) {
	if r.steps += steps; r.steps > MaxSteps || steps < 0 {
		r.fail(n, "the expression takes too long: more than %d steps", MaxSteps)
	}
}

// read counts the work of looking through a text or a list.
func (r *run) read(n ast.Node, size int) { r.spend(n, size/32) }

// grow counts memory, before it is made.
func (r *run) grow(n ast.Node, bytes int) {
	if r.memory += bytes; r.memory > MaxMemory || bytes < 0 {
		r.fail(n, "the expression makes too much: more than %d bytes on the way", MaxMemory)
	}
	r.spend(n, bytes/64)
}

// slot is what an element of a list is taken to need.
const slot = 16

func (r *run) eval(n ast.Node) any {
	r.spend(n, 1)
	switch n := n.(type) {
	case *ast.NilNode:
		return nil
	case *ast.BoolNode:
		return n.Value
	case *ast.IntegerNode:
		return int64(n.Value)
	case *ast.FloatNode:
		return n.Value
	case *ast.StringNode:
		return n.Value
	case *ast.IdentifierNode:
		return r.name(n)
	case *ast.PointerNode:
		return r.pointer(n)
	case *ast.ChainNode:
		return r.eval(n.Node)
	case *ast.MemberNode:
		if p := r.p.paths[n]; p != nil && !r.isBound(p.root.Value) {
			r.spend(n, 2*len(p.names))
			if value, ok := r.scope.lookup(p); ok {
				return value
			}
		}
		return r.member(n, r.eval(n.Node), r.eval(n.Property))
	case *ast.SliceNode:
		return r.slice(n)
	case *ast.UnaryNode:
		return r.unary(n)
	case *ast.BinaryNode:
		return r.binary(n)
	case *ast.ConditionalNode:
		if r.truth(n.Cond, r.eval(n.Cond)) {
			return r.eval(n.Exp1)
		}
		return r.eval(n.Exp2)
	case *ast.ArrayNode:
		r.grow(n, slot*len(n.Nodes))
		list := make([]any, len(n.Nodes))
		for i, item := range n.Nodes {
			list[i] = r.eval(item)
		}
		return list
	case *ast.MapNode:
		return r.object(n)
	case *ast.VariableDeclaratorNode:
		r.bound = append(r.bound, binding{n.Name, r.eval(n.Value)})
		value := r.eval(n.Expr)
		r.bound = r.bound[:len(r.bound)-1]
		return value
	case *ast.SequenceNode:
		var last any
		for _, part := range n.Nodes {
			last = r.eval(part)
		}
		return last
	case *ast.BuiltinNode:
		return r.call(n, n.Name, n.Arguments)
	case *ast.CallNode:
		if method, ok := n.Callee.(*ast.MemberNode); ok {
			return r.method(n, method)
		}
		if name, ok := n.Callee.(*ast.IdentifierNode); ok {
			return r.call(n, name.Value, n.Arguments)
		}
		r.fail(n, "only functions can be called")
	case *ast.BytesNode:
		r.fail(n, `bytes are not supported: write "..." for a text`)
	}
	r.fail(n, "this is not supported in a playbook")
	return nil
}

func (r *run) name(n *ast.IdentifierNode) any {
	for i := len(r.bound) - 1; i >= 0; i-- {
		if r.bound[i].name == n.Value {
			return r.bound[i].value
		}
	}
	value, ok, err := r.scope.root(n.Value)
	if err != nil {
		r.fail(n, "%s", err.Error())
	}
	if ok {
		return value
	}
	if value, _, ok := isConstant(n.Value); ok {
		return value
	}
	r.fail(n, "no %s is known here", n.Value)
	return nil
}

func (r *run) isBound(name string) bool {
	for _, b := range r.bound {
		if b.name == name {
			return true
		}
	}
	return false
}

func (r *run) pointer(n *ast.PointerNode) any {
	if len(r.frames) == 0 {
		r.fail(n, "# stands for the element of a list, inside filter(), map() and the like")
	}
	f := r.frames[len(r.frames)-1]
	switch n.Name {
	case "":
		return f.item
	case "index":
		return int64(f.index)
	case "acc":
		return f.acc
	}
	r.fail(n, "#%s is not known; there are #, #index and #acc", n.Name)
	return nil
}

// member reads a member of an object or an element of a list or text. What is not there is null.
func (r *run) member(n ast.Node, from, key any) any {
	switch from := from.(type) {
	case nil:
		return nil
	case map[string]any:
		name, ok := keyText(key)
		if !ok {
			r.fail(n, "a member's name must be a string, not %s", article(key))
		}
		return from[name]
	case []any:
		i, ok := r.index(n, key, len(from))
		if !ok {
			return nil
		}
		return from[i]
	}
	if text, ok := textOf(from); ok {
		if _, named := key.(string); !named {
			r.read(n, len(text))
			i, ok := r.index(n, key, utf8.RuneCountInString(text))
			if !ok {
				return nil
			}
			return cut(text, i, i+1)
		}
	}
	if name, ok := key.(string); ok {
		r.fail(n, "%s has no member %s", article(from), clip(name))
	}
	r.fail(n, "%s has no elements", article(from))
	return nil
}

// index is the place that a key names in a list, counted from the end when negative.
func (r *run) index(n ast.Node, key any, length int) (int, bool) {
	i, ok := whole(key)
	if key == nil {
		return 0, false
	}
	if !ok {
		r.fail(n, "an element of a list is read by its number, not %s", article(key))
	}
	if i < 0 {
		i += int64(length)
	}
	if i < 0 || i >= int64(length) {
		return 0, false
	}
	return int(i), true
}

func (r *run) slice(n *ast.SliceNode) any {
	from := r.eval(n.Node)
	length := 0
	list, isList := from.([]any)
	text, isText := textOf(from)
	switch {
	case from == nil:
		return nil
	case isList:
		length = len(list)
	case isText:
		r.read(n, len(text))
		length = utf8.RuneCountInString(text)
	default:
		r.fail(n, "only a list or a string can be sliced, not %s", article(from))
	}
	low, high := r.edge(n.From, 0, length), r.edge(n.To, length, length)
	low = min(low, high)
	if isList {
		return list[low:high:high]
	}
	return cut(text, low, high)
}

func (r *run) edge(n ast.Node, missing, length int) int {
	if n == nil {
		return missing
	}
	value := r.eval(n)
	i, ok := whole(value)
	if !ok {
		r.fail(n, "the edge of a slice must be a whole number, not %s", article(value))
	}
	if i < 0 {
		i += int64(length)
	}
	return int(max(0, min(i, int64(length))))
}

// cut is the text from rune low up to rune high.
func cut(text string, low, high int) string {
	from, to, runes := len(text), len(text), 0
	for i := range text {
		if runes == low {
			from = i
		}
		if runes == high {
			to = i
			break
		}
		runes++
	}
	return text[from:to]
}

func (r *run) object(n *ast.MapNode) any {
	r.grow(n, 3*slot*len(n.Pairs))
	object := make(map[string]any, len(n.Pairs))
	for _, pair := range n.Pairs {
		pair, ok := pair.(*ast.PairNode)
		if !ok {
			r.fail(n, "this is not supported in a playbook")
		}
		key := r.eval(pair.Key)
		name, ok := keyText(key)
		if !ok {
			r.fail(pair.Key, "a member's name must be a string, not %s", article(key))
		}
		object[name] = r.eval(pair.Value)
	}
	return object
}

// truth is what a value counts for in a condition.
func (r *run) truth(n ast.Node, value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case bool:
		return v
	}
	r.fail(n, "a condition must be true or false; this is %s", article(value))
	return false
}

// method calls one of the few methods that times and durations have.
func (r *run) method(n *ast.CallNode, member *ast.MemberNode) any {
	name, ok := member.Property.(*ast.StringNode)
	if !ok {
		r.fail(n, "only functions can be called")
	}
	m, ok := methods[name.Value]
	if !ok {
		r.fail(member.Property, "there is no method %s%s", clip(name.Value), didYouMean(name.Value, sortedNames(methods)))
	}
	receiver := r.eval(member.Node)
	if receiver == nil {
		return nil
	}
	arguments := append(make([]any, 0, len(n.Arguments)+1), receiver)
	for _, argument := range n.Arguments {
		arguments = append(arguments, r.eval(argument))
	}
	return m.apply(r, n, "."+name.Value, arguments)
}

// call calls a function by its name.
func (r *run) call(n ast.Node, name string, arguments []ast.Node) any {
	if isPredicate(name) {
		return r.predicate(n, name, arguments)
	}
	f, ok := functions[name]
	if !ok {
		r.fail(n, "there is no function %s%s", clip(name), didYouMean(name, functionNames))
	}
	values := make([]any, len(arguments))
	for i, argument := range arguments {
		values[i] = r.eval(argument)
	}
	return f.apply(r, n, name, values)
}

// kindOf is the sort of a value.
func kindOf(value any) kind {
	switch v := value.(type) {
	case nil:
		return kNull
	case bool:
		return kBool
	case int64:
		return kInt
	case float64:
		return kFloat
	case digits:
		return kNumber
	case string:
		return kString
	case severity:
		return kSeverity
	case time.Time:
		return kTime
	case time.Duration:
		return kDuration
	case []any:
		return kList
	case map[string]any:
		return kObject
	default:
		panic(fmt.Sprintf("expr: a value of type %T", v)) // source turns it into an error
	}
}

// article names the sort of a value for people.
func article(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case digits:
		return "a number too large to compute with"
	case string:
		return "a string"
	case severity:
		return "a severity"
	case time.Time:
		return "a time"
	case time.Duration:
		return "a duration"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "something else"
}

// clip bounds a name from the source that a message repeats.
func clip(name string) string {
	if len(name) > 60 {
		return cut(name, 0, 57) + "..."
	}
	return name
}
