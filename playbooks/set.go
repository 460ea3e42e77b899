package playbooks

import (
	"maps"
	"slices"
	"strings"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// File is a playbook's text and the file that it is in.
type File struct {
	Name   string
	Source []byte
}

// NameOf is the name that a playbook's text gives itself; "" when it can't be read.
func NameOf(source []byte) string {
	document := spec.Read(source, &spec.Bag{})
	if document == nil || document.Name == nil {
		return ""
	}
	return document.Name.Text
}

// Compiled is a compiled file. Plan is nil exactly when a diagnostic is an error.
type Compiled struct {
	File        File
	Plan        *plan.Plan
	Callable    Callable // where there is a plan
	Diagnostics []Diagnostic
	Sketch      *plan.Plan // what an Analysis has for looking at; nil for most
}

// Mistakes says why a file does not compile.
func (c Compiled) Mistakes() string {
	lines := []string{"the playbook " + c.File.Name + " does not compile:"}
	for _, d := range c.Diagnostics {
		lines = append(lines, d.String())
	}
	return strings.Join(lines, "\n")
}

// CompileSet compiles playbooks that may call each other, a called one before its callers, and answers them in the order
// of the files. Those of the catalog can be called too; a file of the same name takes the place of one of them.
func CompileSet(files []File, cat *Catalog) []Compiled {
	if cat == nil {
		cat = &Catalog{}
	}
	own := *cat
	own.Playbooks = maps.Clone(cat.Playbooks)
	if own.Playbooks == nil {
		own.Playbooks = map[string]Callable{}
	}
	s := &set{cat: &own, out: make([]Compiled, len(files)), byName: map[string]int{}, state: make([]int, len(files)), outline: make([]outline, len(files))}
	for i, f := range files {
		s.out[i].File = f
		s.outline[i] = outlined(f.Source)
		name := s.outline[i].name
		if _, again := s.byName[name]; again && name != "" {
			continue // reported when it is compiled
		}
		s.byName[name] = i
		delete(own.Playbooks, name)
	}
	for i := range files {
		s.compile(i, nil)
	}
	return s.out
}

// set is the playbooks that are being compiled.
type set struct {
	cat     *Catalog
	out     []Compiled
	byName  map[string]int
	state   []int // 0 not yet, 1 its calls are being compiled, 2 done
	outline []outline
}

// compile compiles a file after those that it calls. Chain is the names that lead to it.
func (s *set) compile(i int, chain []string) {
	if s.state[i] != 0 {
		return
	}
	s.state[i] = 1
	name := s.outline[i].name
	chain = append(slices.Clone(chain), name)
	var circles []Diagnostic
	for _, c := range s.outline[i].calls {
		callee, known := s.byName[c.name]
		switch {
		case !known:
		case s.state[callee] == 1 && slices.Contains(chain, c.name):
			circle := append(chain[slices.Index(chain, c.name):], c.name)
			circles = append(circles, s.diagnostic(i, spec.CodeCycle, c.at, "", "these playbooks call each other in a circle: "+strings.Join(circle, " -> ")))
			s.cat.Playbooks[c.name] = Callable{Circle: true} // so that it is not reported as unknown as well
		default:
			s.compile(callee, chain)
		}
	}
	a := analyse(s.out[i].File.Name, s.out[i].File.Source, s.cat, false)
	if first := s.byName[name]; first != i && name != "" {
		circles = append(circles, s.diagnostic(i, spec.CodeDuplicateID, s.outline[i].nameAt, "choose another name",
			"the name "+name+" is that of "+s.out[first].File.Name))
	} else if a.Plan != nil && len(circles) == 0 {
		s.cat.Playbooks[name] = a.Callable
	} else if name != "" {
		s.cat.Playbooks[name] = Callable{Broken: true}
	}
	if len(circles) > 0 {
		a.Plan, a.Sketch = nil, nil
	}
	s.out[i].Plan, s.out[i].Callable, s.out[i].Diagnostics, s.out[i].Sketch = a.Plan, a.Callable, append(circles, a.Diagnostics...), a.Sketch
	s.state[i] = 2
}

func (s *set) diagnostic(i int, code string, at spec.Span, help, message string) Diagnostic {
	bag := &spec.Bag{File: s.out[i].File.Name}
	bag.Error(code, at, help, "%s", message)
	return bag.All()[0]
}

// outline is what must be known of a playbook before it is compiled.
type outline struct {
	name   string
	nameAt spec.Span
	calls  []callee
}

type callee struct {
	name string
	at   spec.Span
}

func outlined(source []byte) outline {
	var o outline
	document := spec.Read(source, &spec.Bag{})
	if document == nil {
		return o
	}
	if document.Name != nil {
		o.name, o.nameAt = document.Name.Text, document.Name.Span
	}
	var walk func(steps []*spec.Step)
	walk = func(steps []*spec.Step) {
		for _, step := range steps {
			if step.Call != nil && step.Call.Playbook != nil {
				o.calls = append(o.calls, callee{step.Call.Playbook.Text, step.Call.Playbook.Span})
			}
			for _, block := range step.Blocks() {
				walk(block)
			}
		}
	}
	walk(document.Steps)
	return o
}
