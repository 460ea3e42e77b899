package expr

import "sort"

// Env is what an expression may name: its roots and their types. It is immutable; With makes a copy.
type Env struct {
	roots map[string]Type
}

// NewEnv makes an environment of these roots. The severity words are in every environment.
func NewEnv(roots map[string]Type) *Env {
	env := &Env{roots: make(map[string]Type, len(roots))}
	for name, t := range roots {
		env.roots[name] = t
	}
	return env
}

// With is a copy of e in which name has type t.
func (e *Env) With(name string, t Type) *Env {
	if e == nil {
		return NewEnv(map[string]Type{name: t})
	}
	copied := NewEnv(e.roots)
	copied.roots[name] = t
	return copied
}

// Root is the type of a root, and whether there is one of that name.
func (e *Env) Root(name string) (Type, bool) {
	if e == nil {
		return Any(), false
	}
	t, ok := e.roots[name]
	return t, ok
}

// Names are the roots, sorted; the severity words are not among them.
func (e *Env) Names() []string {
	if e == nil {
		return nil
	}
	names := make([]string, 0, len(e.roots))
	for name := range e.roots {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func isConstant(name string) (any, Type, bool) {
	if name == "null" {
		return nil, Null(), true
	}
	if _, ok := severityRank(name); ok {
		return severity(name), Severity(), true
	}
	return nil, Type{}, false
}
