// Package library holds the playbooks that come with Picket.
package library

import (
	"embed"
	"io/fs"
)

// FS holds the playbooks as NAME.yaml.
//
//go:embed *.yaml
var FS embed.FS

// Files are the playbooks' sources by file name.
func Files() map[string][]byte {
	files := map[string][]byte{}
	names, err := fs.Glob(FS, "*.yaml")
	if err != nil {
		panic("library: " + err.Error()) // the pattern is constant
	}
	for _, name := range names {
		source, err := FS.ReadFile(name)
		if err != nil {
			panic("library: " + err.Error()) // embedded: it is there
		}
		files[name] = source
	}
	return files
}
