package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"picket/playbooks"
	"picket/playbooks/library"
	"picket/playbooks/playtest"
)

// withLibrary adds those playbooks that come with Picket whose names are not taken: they can be called.
func withLibrary(own []playbooks.File) []playbooks.File {
	taken := map[string]bool{}
	for _, f := range own {
		taken[playbooks.NameOf(f.Source)] = true
	}
	shipped, all := library.Files(), slices.Clone(own)
	for _, name := range sortedKeys(shipped) {
		if !taken[playbooks.NameOf(shipped[name])] {
			all = append(all, playbooks.File{Name: "library/" + name, Source: shipped[name]})
		}
	}
	return all
}

// checked is a named file and what is to be said of it. Plan is nil for a test file and for one that does not compile.
type checked struct {
	playbooks.Compiled
	failed bool
}

// compileFiles compiles the named playbooks, each with those that lie beside it and those that come with Picket, which
// it may call. Of test files it checks the form.
func compileFiles(files []string, catalog *playbooks.Catalog) ([]checked, error) {
	byDir, order := map[string][]string{}, []string{}
	for _, file := range files {
		dir := filepath.Dir(file)
		if byDir[dir] == nil {
			order = append(order, dir)
		}
		if !slices.Contains(byDir[dir], file) {
			byDir[dir] = append(byDir[dir], file)
		}
	}
	var out []checked
	for _, dir := range order {
		if filepath.Base(dir) == agentsDir {
			for _, file := range byDir[dir] {
				found, err := checkAgent(file, catalog)
				if err != nil {
					return nil, err
				}
				out = append(out, found)
			}
			continue
		}
		found, err := compileDir(dir, byDir[dir], catalog)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// agentsDir is the directory of agent files, beside the playbooks that use them.
const agentsDir = "agents"

func checkAgent(file string, catalog *playbooks.Catalog) (checked, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return checked{}, err
	}
	f := playbooks.File{Name: file, Source: source}
	agents, diagnostics := playbooks.ReadAgents([]playbooks.File{f}, catalog)
	return checked{Compiled: playbooks.Compiled{File: f, Diagnostics: diagnostics}, failed: len(agents) == 0}, nil
}

// withAgents is a catalog with the agent files beside a directory's playbooks; one of the name of a shipped one takes its
// place. What is wrong with them is told when they are checked.
func withAgents(dir string, catalog *playbooks.Catalog) (*playbooks.Catalog, error) {
	paths, err := filepath.Glob(filepath.Join(dir, agentsDir, "*.yaml"))
	if err != nil || len(paths) == 0 {
		return catalog, err
	}
	var files []playbooks.File
	for _, path := range paths {
		if source, err := os.ReadFile(path); err == nil {
			files = append(files, playbooks.File{Name: path, Source: source})
		}
	}
	own := *catalog
	own.Agents = maps.Clone(catalog.Agents)
	agents, _ := playbooks.ReadAgents(files, catalog)
	maps.Copy(own.Agents, agents)
	return &own, nil
}

func compileDir(dir string, named []string, catalog *playbooks.Catalog) ([]checked, error) {
	catalog, err := withAgents(dir, catalog)
	if err != nil {
		return nil, err
	}
	beside, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var set []playbooks.File
	var tests []checked
	for _, file := range append(slices.Clone(named), beside...) {
		asked := slices.Contains(named, file)
		if slices.ContainsFunc(set, func(f playbooks.File) bool { return f.Name == file }) || !asked && strings.HasSuffix(file, testSuffix) {
			continue
		}
		source, err := os.ReadFile(file)
		switch {
		case err != nil && asked:
			return nil, err
		case err != nil: // what lies beside and can't be read can't be called
			continue
		case strings.HasSuffix(file, testSuffix):
			_, diagnostics := playtest.Parse(file, source)
			test := checked{Compiled: playbooks.Compiled{File: playbooks.File{Name: file, Source: source}, Diagnostics: diagnostics}}
			test.failed = slices.ContainsFunc(diagnostics, func(d playbooks.Diagnostic) bool { return d.Severity == playbooks.SeverityError })
			if !slices.ContainsFunc(tests, func(c checked) bool { return c.File.Name == file }) {
				tests = append(tests, test)
			}
			continue
		}
		set = append(set, playbooks.File{Name: file, Source: source})
	}
	var out []checked
	for _, c := range playbooks.CompileSet(withLibrary(set), catalog) {
		if slices.Contains(named, c.File.Name) {
			out = append(out, checked{Compiled: c, failed: c.Plan == nil})
		}
	}
	return append(out, tests...), nil
}

// compileOne compiles one playbook. Where it has mistakes they are printed, and the error is errSilent.
func compileOne(std IO, file string, catalog *playbooks.Catalog) (playbooks.Compiled, error) {
	if strings.HasSuffix(file, testSuffix) {
		return playbooks.Compiled{}, fmt.Errorf("%s holds tests; name the playbook, %s", file, strings.TrimSuffix(file, testSuffix)+".yaml")
	}
	found, err := compileFiles([]string{file}, catalog)
	if err != nil {
		return playbooks.Compiled{}, err
	}
	for _, d := range found[0].Diagnostics {
		fmt.Fprintln(std.Err, d.String())
	}
	if found[0].failed {
		return playbooks.Compiled{}, errSilent
	}
	return found[0].Compiled, nil
}

// yamlFiles are the named files, and all below the named directories, in order.
func yamlFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(arg, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && file != arg && passedOver(d.Name()):
				return filepath.SkipDir
			case !d.IsDir() && strings.HasSuffix(file, ".yaml"):
				files = append(files, file)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, errors.New("there is no .yaml file in " + arg)
		}
	}
	return files, nil
}

// passedOver are directories in which no playbooks are looked for.
func passedOver(dir string) bool {
	return strings.HasPrefix(dir, ".") || dir == "node_modules" || dir == "testdata"
}
