package app

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"picket/internal/connector"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/library"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// Playbook is one playbook that this instance runs.
type Playbook struct {
	Name        string
	File        string
	Source      []byte
	Plan        *plan.Plan
	Digest      string
	Diagnostics []playbooks.Diagnostic // warnings
}

// Library is the playbooks that alerts can start, in the order of their names. It does not change while the process runs.
type Library struct {
	playbooks []Playbook
	byName    map[string]*Playbook
}

// LoadLibrary compiles the built-in playbooks, if they are wanted, and those of a directory ("" for none), each after
// those that it calls; a playbook of the directory takes the place of a built-in one with the same name. One that does
// not compile is an error that names every mistake of all. The playbooks become callable in the catalog.
func LoadLibrary(dir string, builtin bool, catalog *playbooks.Catalog) (*Library, error) {
	own, err := yamlFiles(dir)
	if err != nil {
		return nil, err
	}
	if err := addAgents(dir, catalog); err != nil {
		return nil, err
	}
	replaced := map[string]bool{}
	for _, f := range own {
		replaced[nameOf(f.Source)] = true
	}
	files := own
	if builtin {
		for file, source := range library.Files() {
			if !replaced[nameOf(source)] {
				files = append(files, playbooks.File{Name: file, Source: source})
			}
		}
	}
	slices.SortFunc(files, func(a, b playbooks.File) int { return strings.Compare(a.Name, b.Name) })
	l := &Library{byName: map[string]*Playbook{}}
	callable := map[string]playbooks.Callable{}
	var wrong []string
	for _, c := range playbooks.CompileSet(files, catalog) {
		if c.Plan == nil {
			wrong = append(wrong, mistakes(c))
			continue
		}
		l.playbooks = append(l.playbooks, Playbook{
			Name: c.Plan.Name, File: c.File.Name, Source: c.File.Source, Plan: c.Plan, Digest: c.Plan.Digest(), Diagnostics: c.Diagnostics,
		})
		callable[c.Plan.Name] = c.Callable
	}
	if len(wrong) > 0 {
		return nil, soc.Errorf(soc.Invalid, "%s", strings.Join(wrong, "\n"))
	}
	catalog.Playbooks = callable
	slices.SortFunc(l.playbooks, func(a, b Playbook) int { return strings.Compare(a.Name, b.Name) })
	for i := range l.playbooks {
		l.byName[l.playbooks[i].Name] = &l.playbooks[i]
	}
	return l, nil
}

// addAgents adds the agents of a directory's folder agents to those of a catalog; one of the same name takes the place of
// a built-in one.
func addAgents(dir string, catalog *playbooks.Catalog) error {
	folder := filepath.Join(dir, "agents")
	if _, err := os.Stat(folder); dir == "" || err != nil {
		return nil
	}
	files, err := yamlFiles(folder)
	if err != nil {
		return err
	}
	agents, diagnostics := playbooks.ReadAgents(files, catalog)
	var wrong []string
	for _, d := range diagnostics {
		if d.Severity == playbooks.SeverityError {
			wrong = append(wrong, d.String())
		}
	}
	if len(wrong) > 0 {
		return soc.Errorf(soc.Invalid, "%s", strings.Join(wrong, "\n"))
	}
	maps.Copy(catalog.Agents, agents)
	return nil
}

// yamlFiles reads the playbooks or agents of a directory; the tests that lie beside them are left out.
func yamlFiles(dir string) ([]playbooks.File, error) {
	if dir == "" {
		return nil, nil
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, soc.Errorf(soc.Invalid, "the directory of --playbooks can't be read: %v", err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var files []playbooks.File
	for _, path := range paths {
		if strings.HasSuffix(path, ".test.yaml") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, soc.Errorf(soc.Invalid, "the playbook can't be read: %v", err)
		}
		files = append(files, playbooks.File{Name: path, Source: source})
	}
	return files, nil
}

// nameOf is the name that a playbook's text gives itself; "" when it can't be read.
func nameOf(source []byte) string {
	document := spec.Read(source, &spec.Bag{})
	if document == nil || document.Name == nil {
		return ""
	}
	return document.Name.Text
}

// mistakes says why a playbook does not compile.
func mistakes(c playbooks.Compiled) string {
	lines := make([]string, len(c.Diagnostics))
	for i, d := range c.Diagnostics {
		lines[i] = d.String()
	}
	return fmt.Sprintf("the playbook %s does not compile:\n%s", c.File.Name, strings.Join(lines, "\n"))
}

// All lists the playbooks by name.
func (l *Library) All() []Playbook { return l.playbooks }

// Find finds a playbook by name.
func (l *Library) Find(name string) (Playbook, error) {
	if p, ok := l.byName[name]; ok {
		return *p, nil
	}
	return Playbook{}, soc.Errorf(soc.NotFound, "there is no playbook %q", name)
}

// Catalog is what the compiler knows of the connectors and connections of a registry.
func Catalog(r *connector.Registry) *playbooks.Catalog {
	c := &playbooks.Catalog{
		Operations:  map[string]playbooks.Operation{},
		Connections: r.ConnectionNames(),
		Roles:       []string{soc.RoleAdmin, soc.RoleLead, soc.RoleResponder, soc.RoleAnalyst},
	}
	for _, op := range r.Operations() {
		c.Operations[op.Name] = playbooks.Operation{
			Name: op.Name, Title: op.Title, Effect: op.Effect,
			Input: op.Input, Output: op.Output,
			Local: op.Local, TimeoutMS: op.TimeoutMS, Untrusted: op.Untrusted,
		}
	}
	var files []playbooks.File
	shipped := library.Agents()
	for _, name := range slices.Sorted(maps.Keys(shipped)) {
		files = append(files, playbooks.File{Name: name, Source: shipped[name]})
	}
	c.Agents, _ = playbooks.ReadAgents(files, c) // those that come with Picket hold: a test of theirs says so
	return c
}

// workflowID is derived from the playbook and the alert, so that an alert starts a playbook once.
func workflowID(playbook, alertID string) string { return fmt.Sprintf("run/%s/%s", playbook, alertID) }
