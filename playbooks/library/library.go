// Package library holds the playbooks that come with Picket.
package library

import (
	"embed"
	"io/fs"
	"strings"
)

// FS holds the playbooks as NAME.yaml, their tests as NAME.test.yaml, and the agents that they share as agents/NAME.yaml.
//
//go:embed *.yaml agents/*.yaml
var FS embed.FS

// Files are the playbooks' sources by file name, without their tests.
func Files() map[string][]byte { return sources("*.yaml") }

// Tests are the tests of a playbook's file; nil for none.
func Tests(file string) []byte {
	tests, err := FS.ReadFile(strings.TrimSuffix(file, ".yaml") + ".test.yaml")
	if err != nil {
		return nil
	}
	return tests
}

// Agents are the sources of the agents, by file name.
func Agents() map[string][]byte { return sources("agents/*.yaml") }

func sources(pattern string) map[string][]byte {
	files := map[string][]byte{}
	names, err := fs.Glob(FS, pattern)
	if err != nil {
		panic("library: " + err.Error()) // the pattern is constant
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".test.yaml") {
			continue
		}
		source, err := FS.ReadFile(name)
		if err != nil {
			panic("library: " + err.Error()) // embedded: it is there
		}
		files[name] = source
	}
	return files
}
