package expr

import (
	"container/list"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// Error is what is wrong with an expression, or went wrong in it, and where. It never quotes data.
type Error struct {
	Offset, Length int // bytes in the expression's source
	Message        string
	Source         string // the expression, when it failed at run time
}

func (e *Error) Error() string {
	if e.Source == "" {
		return e.Message
	}
	return e.Message + ", in `" + clip(e.Source) + "`"
}

// program is a parsed expression. It is read only once it is made.
type program struct {
	source   string
	root     ast.Node
	patterns map[ast.Node]*pattern // by the element that holds a constant pattern
	paths    map[ast.Node]*path    // by the element that ends a path of names from a root
}

// span turns a place in the syntax tree, which counts characters, into bytes of the source.
func (p *program) span(loc file.Location) (offset, length int) {
	return byteSpan(p.source, loc)
}

func byteSpan(source string, loc file.Location) (offset, length int) {
	from, to, runes := len(source), len(source), 0
	for i := range source {
		if runes == loc.From {
			from = i
		}
		if runes == loc.To {
			to = i
			break
		}
		runes++
	}
	if to <= from { // an error at the end, or a place without a width
		if from < len(source) {
			_, size := utf8.DecodeRuneInString(source[from:])
			return from, size
		}
		return from, 0
	}
	return from, to - from
}

// parse makes a program of a source. The error is an *Error.
func parse(source string) (p *program, err error) {
	if len(source) > MaxSource {
		return nil, &Error{Length: len(source), Message: fmt.Sprintf("the expression has %d bytes; at most %d are allowed", len(source), MaxSource)}
	}
	if strings.TrimSpace(source) == "" {
		return nil, &Error{Length: len(source), Message: "the expression is empty"}
	}
	if !utf8.ValidString(source) {
		return nil, &Error{Length: len(source), Message: "the expression is not valid UTF-8"}
	}
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, &Error{Length: len(source), Message: "the expression cannot be parsed"}
		}
	}()
	config := conf.CreateNew()
	config.MaxNodes = MaxNodes
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		return nil, syntaxError(source, err)
	}
	p = &program{source: source, root: tree.Node}
	return p, p.prepare()
}

func syntaxError(source string, err error) *Error {
	found, ok := errors.AsType[*file.Error](err)
	if !ok {
		return &Error{Length: len(source), Message: "the expression cannot be parsed"}
	}
	offset, length := byteSpan(source, found.Location)
	message := found.Message
	switch {
	case strings.Contains(message, "maximum allowed nodes"):
		message = fmt.Sprintf("the expression is too large: more than %d elements", MaxNodes)
	case strings.HasPrefix(message, "unexpected token EOF"), message == "unexpected end of expression":
		message = "the expression ends too early"
	case strings.HasPrefix(message, "unexpected token Operator(\"=\")"):
		message = "unexpected =; to compare, write =="
	case strings.HasPrefix(message, "unexpected token Operator(\"#\")"):
		message = "# stands for the element of a list, inside filter(), map() and the like"
	case strings.HasPrefix(message, "expected at least"):
		message = "the function needs more arguments: a list, and what is asked of each element"
	case strings.HasPrefix(message, "unrecognized character"):
		message = "a character that means nothing here: " + message[strings.LastIndexByte(message, ' ')+1:]
	case strings.HasPrefix(message, "unexpected token Operator(\":\")"):
		message = "unexpected : (an object that a predicate makes stands in parentheses: map(list, ({name: .value})))"
	}
	if m := unexpectedToken.FindStringSubmatch(message); m != nil {
		message = "unexpected " + m[1]
	}
	return &Error{Offset: offset, Length: length, Message: message}
}

var unexpectedToken = regexp.MustCompile(`^unexpected token \w+\("(.*)"\)$`)

// prepare compiles the constant patterns and notes the paths, once.
func (p *program) prepare() error {
	var first error
	p.paths = make(map[ast.Node]*path)
	walk(p.root, func(n ast.Node) bool {
		if found := pathOf(n); found != nil {
			p.paths[n] = found
			return false // what is below is part of it
		}
		if call, ok := n.(*ast.CallNode); ok {
			if method, ok := call.Callee.(*ast.MemberNode); ok {
				if receiver := pathOf(method.Node); receiver != nil {
					p.paths[method.Node] = receiver
				}
			}
		}
		text := constantPattern(n)
		if text == nil || first != nil {
			return first == nil
		}
		compiled, err := compilePattern(text.Value)
		if err != nil {
			offset, length := p.span(text.Location())
			first = &Error{Offset: offset, Length: length, Message: err.Error()}
			return false
		}
		if p.patterns == nil {
			p.patterns = make(map[ast.Node]*pattern)
		}
		p.patterns[n] = compiled
		return true
	})
	return first
}

// constant is the compiled constant pattern of a `matches` or a call; nil when it has none.
func (p *program) constant(n ast.Node) *pattern { return p.patterns[n] }

// constantPattern is the text of the constant pattern that n holds, or nil.
func constantPattern(n ast.Node) *ast.StringNode {
	switch n := n.(type) {
	case *ast.BinaryNode:
		if n.Operator == "matches" {
			text, _ := n.Right.(*ast.StringNode)
			return text
		}
	case *ast.CallNode:
		name, ok := n.Callee.(*ast.IdentifierNode)
		if ok && strings.HasPrefix(name.Value, "regex") && len(n.Arguments) > 1 {
			text, _ := n.Arguments[1].(*ast.StringNode)
			return text
		}
	}
	return nil
}

// walk visits each element once, parents first; visit returns whether to go on below. Expr-lang shares elements
// (a < b < c holds b twice), so a walk that does not remember can take for ever.
func walk(n ast.Node, visit func(ast.Node) bool) {
	seen := make(map[ast.Node]bool)
	var step func(ast.Node)
	step = func(n ast.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		if !visit(n) {
			return
		}
		for _, child := range children(n) {
			step(child)
		}
	}
	step(n)
}

// children are the elements directly below n, in the order of the source.
func children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		return []ast.Node{n.Node, n.From, n.To}
	case *ast.CallNode:
		return append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.VariableDeclaratorNode:
		return []ast.Node{n.Value, n.Expr}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	}
	return nil
}

// programs keeps the parsed expressions that were used last. Playbooks have few, used often.
var programs = newCache(1 << 20)

// cache maps sources to programs, bounded by the bytes of the sources. Safe for concurrent use.
type cache struct {
	mu    sync.Mutex
	limit int
	size  int
	order *list.List // of *program, used last in front
	items map[string]*list.Element
}

func newCache(limit int) *cache {
	return &cache{limit: limit, order: list.New(), items: make(map[string]*list.Element)}
}

// get is the program of a source, parsed now or before. Sources that do not parse are not kept.
func (c *cache) get(source string) (*program, error) {
	c.mu.Lock()
	if e, ok := c.items[source]; ok {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*program), nil
	}
	c.mu.Unlock()

	p, err := parse(source)
	if err != nil {
		return nil, err
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[source]; ok {
		return e.Value.(*program), nil
	}
	c.items[source] = c.order.PushFront(p)
	c.size += len(source)
	for c.size > c.limit {
		last := c.order.Back()
		old := c.order.Remove(last).(*program)
		delete(c.items, old.source)
		c.size -= len(old.source)
	}
	return p, nil
}
