package expr

import (
	"sort"

	"github.com/expr-lang/expr/ast"
)

// Ref is one use of a root: the names that lead from the root as far as they are fixed in the source, and where they
// stand (bytes). Guarded tells that the expression says what happens when it is missing: it stands left of ?? or is
// read with ?. somewhere along.
type Ref struct {
	Path           []string
	Offset, Length int
	Guarded        bool
}

// Refs lists the uses of roots in a source, in the order of the source. Names that the expression binds itself with
// let, the severity words and null are not roots.
func Refs(source string) ([]Ref, error) {
	p, err := programs.get(source)
	if err != nil {
		return nil, err
	}
	c := &refCollector{p: p, seen: make(map[ast.Node]bool)}
	c.visit(p.root, false)
	sort.SliceStable(c.refs, func(i, j int) bool { return c.refs[i].Offset < c.refs[j].Offset })
	return c.refs, nil
}

type refCollector struct {
	p     *program
	seen  map[ast.Node]bool
	bound []string
	refs  []Ref
}

func (c *refCollector) visit(n ast.Node, guarded bool) {
	if n == nil || c.seen[n] {
		return
	}
	c.seen[n] = true
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.MemberNode:
		c.path(n, guarded)
	case *ast.ChainNode:
		c.visit(n.Node, guarded)
	case *ast.BinaryNode:
		c.visit(n.Left, guarded || n.Operator == "??")
		c.visit(n.Right, guarded)
	case *ast.CallNode:
		if member, ok := n.Callee.(*ast.MemberNode); ok { // a method: its receiver is read, its name is no member
			c.visit(member.Node, guarded || member.Optional)
		}
		for _, argument := range n.Arguments {
			c.visit(argument, guarded)
		}
	case *ast.VariableDeclaratorNode:
		c.visit(n.Value, guarded)
		c.bound = append(c.bound, n.Name)
		c.visit(n.Expr, guarded)
		c.bound = c.bound[:len(c.bound)-1]
	default:
		for _, child := range children(n) {
			c.visit(child, guarded)
		}
	}
}

// path adds the reference that ends at n, or looks below n when no root leads there.
func (c *refCollector) path(n ast.Node, guarded bool) {
	var names []string // from the end
	last := n          // the furthest element whose name is fixed
	for {
		switch at := n.(type) {
		case *ast.ChainNode:
			n = at.Node
			continue
		case *ast.MemberNode:
			guarded = guarded || at.Optional
			if name, ok := at.Property.(*ast.StringNode); ok {
				names = append(names, name.Value)
			} else {
				names, last = nil, at.Node
				c.visit(at.Property, false)
			}
			n = at.Node
			continue
		case *ast.IdentifierNode:
			c.root(at, last, names, guarded)
		default:
			c.visit(n, guarded)
		}
		return
	}
}

func (c *refCollector) root(root *ast.IdentifierNode, last ast.Node, names []string, guarded bool) {
	for _, name := range c.bound {
		if name == root.Value {
			return
		}
	}
	if _, _, constant := isConstant(root.Value); constant {
		return
	}
	ref := Ref{Path: []string{root.Value}, Guarded: guarded}
	for i := len(names) - 1; i >= 0; i-- {
		ref.Path = append(ref.Path, names[i])
	}
	ref.Offset, ref.Length = c.p.span(root.Location())
	for {
		chain, ok := last.(*ast.ChainNode)
		if !ok {
			break
		}
		last = chain.Node
	}
	if member, ok := last.(*ast.MemberNode); ok {
		offset, length := c.p.span(member.Property.Location())
		ref.Length = offset + length - ref.Offset
	}
	c.refs = append(c.refs, ref)
}
