package app

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/library"
	"picket/playbooks/plan"
)

// Playbook is one playbook that this instance runs.
type Playbook struct {
	Name        string
	File        string
	Version     int  // the published version; 0 is the file
	Shipped     bool // there is a file of it
	Source      []byte
	Tests       []byte     // those that lie beside the file, or were saved with the version
	Plan        *plan.Plan // nil: the published version does not compile any more, and nothing starts it
	Digest      string
	Diagnostics []playbooks.Diagnostic // warnings, where there is a plan
}

// Agent is one agent that playbooks can use.
type Agent struct {
	Name        string
	File        string
	Version     int  // the published version; 0 is the file
	Shipped     bool // there is a file of it
	Source      []byte
	Digest      string // "" when it does not hold any more: what uses it does not compile
	Diagnostics []playbooks.Diagnostic
}

// Library is the playbooks that alerts can start, in the order of their names: those of files, and in their place the
// versions that people published.
type Library struct {
	base    *playbooks.Catalog        // without playbooks
	files   map[string]playbooks.File // by the playbook's name
	tests   map[string][]byte         // by the playbook's file
	agents  map[string]playbooks.File // by the agent's name
	changes sync.Mutex                // one change at a time
	shelf   atomic.Pointer[shelf]
}

// shelf is what a library holds at one time.
type shelf struct {
	published map[string]soc.PlaybookVersion // those of agents by their name with soc.AgentPrefix
	playbooks []Playbook
	agents    []Agent
	byName    map[string]*Playbook
	catalog   *playbooks.Catalog
}

// LoadLibrary compiles the built-in playbooks, if they are wanted, and those of a directory ("" for none), each after
// those that it calls; a playbook of the directory takes the place of a built-in one with the same name. One that does
// not compile is an error that names every mistake of all.
func LoadLibrary(dir string, builtin bool, catalog *playbooks.Catalog) (*Library, error) {
	own, err := yamlFiles(dir)
	if err != nil {
		return nil, err
	}
	l := &Library{base: catalog, files: map[string]playbooks.File{}, tests: map[string][]byte{}, agents: map[string]playbooks.File{}}
	for file, source := range library.Agents() {
		l.agents[playbooks.NameOf(source)] = playbooks.File{Name: file, Source: source}
	}
	if err := l.addAgents(dir); err != nil {
		return nil, err
	}
	for _, f := range own {
		l.files[playbooks.NameOf(f.Source)] = f
		if tests, err := os.ReadFile(testsOf(f.Name)); err == nil {
			l.tests[f.Name] = tests
		}
	}
	files := own
	if builtin {
		for file, source := range library.Files() {
			name, f := playbooks.NameOf(source), playbooks.File{Name: file, Source: source}
			if _, replaced := l.files[name]; !replaced {
				l.files[name], files = f, append(files, f)
				l.tests[file] = library.Tests(file)
			}
		}
	}
	s := l.fill(files, nil)
	var wrong []string
	for _, c := range s.compiled {
		if c.Plan == nil {
			wrong = append(wrong, c.Mistakes())
		}
	}
	if len(wrong) > 0 {
		return nil, soc.Errorf(soc.Invalid, "%s", strings.Join(wrong, "\n"))
	}
	l.shelf.Store(s.shelf)
	return l, nil
}

// with is a shelf of the files and of what is published.
func (l *Library) with(published map[string]soc.PlaybookVersion) *shelf {
	var files []playbooks.File
	for name, f := range l.files {
		if _, replaced := published[name]; !replaced {
			files = append(files, f)
		}
	}
	for name, v := range published {
		if strings.HasPrefix(name, soc.AgentPrefix) {
			continue
		}
		files = append(files, playbooks.File{Name: name + ".yaml", Source: []byte(v.Source)})
	}
	return l.fill(files, published).shelf
}

// filled is a shelf and what the compiler said.
type filled struct {
	*shelf
	compiled []playbooks.Compiled
}

// fill compiles files that may call each other.
func (l *Library) fill(files []playbooks.File, published map[string]soc.PlaybookVersion) filled {
	slices.SortFunc(files, func(a, b playbooks.File) int { return strings.Compare(a.Name, b.Name) })
	catalog := *l.base
	catalog.Playbooks, catalog.Agents = map[string]playbooks.Callable{}, map[string]playbooks.Agent{}
	s := &shelf{published: published, byName: map[string]*Playbook{}, catalog: &catalog}
	l.fillAgents(s)
	compiled := playbooks.CompileSet(files, &catalog)
	for _, c := range compiled {
		p := Playbook{Name: playbooks.NameOf(c.File.Source), File: c.File.Name, Source: c.File.Source, Plan: c.Plan, Diagnostics: c.Diagnostics}
		_, p.Shipped = l.files[p.Name]
		if v, is := published[p.Name]; is {
			p.Version, p.Tests = v.Number, []byte(v.Tests)
		} else {
			p.Tests = l.tests[p.File]
		}
		if c.Plan != nil {
			p.Digest = c.Plan.Digest()
			catalog.Playbooks[p.Name] = c.Callable
		}
		s.playbooks = append(s.playbooks, p)
	}
	slices.SortFunc(s.playbooks, func(a, b Playbook) int { return strings.Compare(a.Name, b.Name) })
	for i := range s.playbooks {
		s.byName[s.playbooks[i].Name] = &s.playbooks[i]
	}
	return filled{s, compiled}
}

// fillAgents reads the agents: those of files, and in their place those that are published.
func (l *Library) fillAgents(s *shelf) {
	files := maps.Clone(l.agents)
	for key, v := range s.published {
		if name, is := strings.CutPrefix(key, soc.AgentPrefix); is {
			files[name] = playbooks.File{Name: key + ".yaml", Source: []byte(v.Source)}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		read, diagnostics := playbooks.ReadAgents([]playbooks.File{files[name]}, l.base)
		a := Agent{Name: name, File: files[name].Name, Version: s.published[soc.AgentPrefix+name].Number, Source: files[name].Source, Diagnostics: diagnostics}
		_, a.Shipped = l.agents[name]
		if is, holds := read[name]; holds {
			s.catalog.Agents[name], a.Digest = is, is.Digest
		}
		s.agents = append(s.agents, a)
	}
}

// Restore puts published versions in the place of files, when an instance starts. One that does not compile any more, as
// its connector is gone, keeps its place and starts nothing.
func (l *Library) Restore(published []soc.PlaybookVersion) {
	l.changes.Lock()
	defer l.changes.Unlock()
	byName := map[string]soc.PlaybookVersion{}
	for _, v := range published {
		byName[v.Playbook] = v
	}
	l.shelf.Store(l.with(byName))
}

// Change puts a version in the place of what runs under its name, or the file again for one without a source, once keep
// has kept that. What does not compile, or would keep another from compiling, changes nothing.
//
// What keep is given are the playbooks that are others than before: those that call the changed one, or use it, among them.
func (l *Library) Change(v soc.PlaybookVersion, keep func(changed []Playbook) error) error {
	l.changes.Lock()
	defer l.changes.Unlock()
	now := l.shelf.Load()
	published := maps.Clone(now.published)
	if published == nil {
		published = map[string]soc.PlaybookVersion{}
	}
	published[v.Playbook] = v
	if v.Source == "" {
		delete(published, v.Playbook)
	}
	next := l.with(published)
	if is := next.byName[v.Playbook]; is != nil && is.Plan == nil {
		return soc.Errorf(soc.Invalid, "%s", playbooks.Compiled{File: playbooks.File{Name: is.File}, Diagnostics: is.Diagnostics}.Mistakes())
	}
	if name, agent := strings.CutPrefix(v.Playbook, soc.AgentPrefix); agent {
		if at := slices.IndexFunc(next.agents, func(a Agent) bool { return a.Name == name && a.Digest == "" }); at >= 0 {
			return soc.Errorf(soc.Invalid, "the agent %s does not hold: %s", name, firstError(next.agents[at].Diagnostics))
		}
	}
	var changed []Playbook
	for _, p := range next.playbooks {
		was := now.byName[p.Name]
		if p.Plan == nil && p.Name != v.Playbook && (was == nil || was.Plan != nil) {
			return soc.Errorf(soc.Conflict, "the playbook %s, which calls or uses %s, would not compile any more: %s", p.Name, v.Playbook, firstError(p.Diagnostics))
		}
		if p.Plan != nil && (was == nil || was.Digest != p.Digest) {
			changed = append(changed, p)
		}
	}
	if err := keep(changed); err != nil {
		return err
	}
	l.shelf.Store(next)
	return nil
}

func firstError(diagnostics []playbooks.Diagnostic) string {
	for _, d := range diagnostics {
		if d.Severity == playbooks.SeverityError {
			return d.String()
		}
	}
	return ""
}

// Catalog is what the compiler knows, the playbooks that can be called among it. It must not be changed.
func (l *Library) Catalog() *playbooks.Catalog { return l.shelf.Load().catalog }

// addAgents adds the agents of a directory's folder agents; one of the same name takes the place of a built-in one.
func (l *Library) addAgents(dir string) error {
	folder := filepath.Join(dir, "agents")
	if _, err := os.Stat(folder); dir == "" || err != nil {
		return nil
	}
	files, err := yamlFiles(folder)
	if err != nil {
		return err
	}
	agents, diagnostics := playbooks.ReadAgents(files, l.base)
	var wrong []string
	for _, d := range diagnostics {
		if d.Severity == playbooks.SeverityError {
			wrong = append(wrong, d.String())
		}
	}
	if len(wrong) > 0 {
		return soc.Errorf(soc.Invalid, "%s", strings.Join(wrong, "\n"))
	}
	for _, f := range files {
		if name := playbooks.NameOf(f.Source); agents[name].File != nil {
			l.agents[name] = f
		}
	}
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

// testsOf is the file of the tests that lie beside a playbook's.
func testsOf(file string) string { return strings.TrimSuffix(file, ".yaml") + ".test.yaml" }

// All lists the playbooks by name. It must not be changed.
func (l *Library) All() []Playbook { return l.shelf.Load().playbooks }

// Agents lists the agents by name. It must not be changed.
func (l *Library) Agents() []Agent { return l.shelf.Load().agents }

// Files are the texts of the playbooks, by name.
func (l *Library) Files() []playbooks.File {
	all := l.All()
	files := make([]playbooks.File, len(all))
	for i, p := range all {
		files[i] = playbooks.File{Name: p.File, Source: p.Source}
	}
	return files
}

// Find finds a playbook that can be started.
func (l *Library) Find(name string) (Playbook, error) {
	p, ok := l.shelf.Load().byName[name]
	switch {
	case !ok:
		return Playbook{}, soc.Errorf(soc.NotFound, "there is no playbook %q", name)
	case p.Plan == nil:
		return Playbook{}, soc.Errorf(soc.Conflict, "version %d of the playbook %q does not compile any more: %s", p.Version, name, firstError(p.Diagnostics))
	}
	return *p, nil
}

// workflowID is derived from the playbook and the alert, so that an alert starts a playbook once.
func workflowID(playbook, alertID string) string { return fmt.Sprintf("run/%s/%s", playbook, alertID) }
