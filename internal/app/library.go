package app

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"picket/internal/connector"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/library"
	"picket/playbooks/plan"
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

// LoadLibrary compiles the built-in playbooks, if they are wanted, and those of a directory ("" for none); a playbook of the directory takes
// the place of a built-in one with the same name. One that does not compile is an error that names every mistake.
func LoadLibrary(dir string, builtin bool, catalog *playbooks.Catalog) (*Library, error) {
	byName := map[string]*Playbook{}
	add := func(file string, source []byte) error {
		compiled, diagnostics := playbooks.Compile(file, source, catalog)
		if compiled == nil {
			lines := make([]string, len(diagnostics))
			for i, d := range diagnostics {
				lines[i] = d.String()
			}
			return soc.Errorf(soc.Invalid, "the playbook %s does not compile:\n%s", file, strings.Join(lines, "\n"))
		}
		byName[compiled.Name] = &Playbook{Name: compiled.Name, File: file, Source: source, Plan: compiled, Digest: compiled.Digest(), Diagnostics: diagnostics}
		return nil
	}
	shipped := map[string][]byte{}
	if builtin {
		shipped = library.Files()
	}
	for name, source := range shipped {
		if err := add(name, source); err != nil {
			return nil, err
		}
	}
	if dir != "" {
		paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(dir); err != nil {
			return nil, soc.Errorf(soc.Invalid, "the directory of --playbooks can't be read: %v", err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, ".test.yaml") {
				continue
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return nil, soc.Errorf(soc.Invalid, "the playbook can't be read: %v", err)
			}
			if err := add(path, source); err != nil {
				return nil, err
			}
		}
	}
	l := &Library{byName: byName}
	for _, p := range byName {
		l.playbooks = append(l.playbooks, *p)
	}
	sort.Slice(l.playbooks, func(i, j int) bool { return l.playbooks[i].Name < l.playbooks[j].Name })
	return l, nil
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
	return c
}

// workflowID is derived from the playbook and the alert, so that an alert starts a playbook once.
func workflowID(playbook, alertID string) string { return fmt.Sprintf("run/%s/%s", playbook, alertID) }
