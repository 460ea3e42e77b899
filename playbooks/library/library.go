// Package library holds the playbooks that come with Picket.
package library

import (
	"embed"
	"io/fs"
	"strings"
)

// FS holds the playbooks as NAME.yaml and their tests as NAME.test.yaml.
//
//go:embed *.yaml
var FS embed.FS

// Files are the playbooks' sources by file name, without their tests.
func Files() map[string][]byte {
	files := map[string][]byte{}
	names, err := fs.Glob(FS, "*.yaml")
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
