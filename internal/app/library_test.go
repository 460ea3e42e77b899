package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/app"
)

const (
	callee = "name: callee\nowner: soc\non: {manual: {}}\nsteps:\n  - {id: one, set: {n: 1}}\noutputs: {n: '${{ steps.one.output.n }}'}\n"
	caller = "name: caller\nowner: soc\non: {manual: {}}\nsteps:\n  - {id: sub, call: {playbook: callee}}\n"
)

func TestALibraryIsCompiledInTheOrderOfItsCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files   map[string]string
		builtin bool
		says    []string // nothing: it is well
	}{
		"a called playbook comes first":      {files: map[string]string{"a.yaml": caller, "z.yaml": callee}},
		"tests lie beside playbooks":         {files: map[string]string{"a.yaml": callee, "a.test.yaml": "cases: []"}},
		"the built-in ones beside one's own": {files: map[string]string{"a.yaml": callee}, builtin: true},
		"a name twice": {
			files: map[string]string{"a.yaml": callee, "b.yaml": callee},
			says:  []string{"b.yaml:1:7", "the name callee is that of", "a.yaml"},
		},
		"a circle": {
			files: map[string]string{"a.yaml": caller, "z.yaml": "name: callee\nowner: soc\non: {manual: {}}\nsteps:\n  - {id: sub, call: {playbook: caller}}\n"},
			says:  []string{"call each other in a circle", "caller"},
		},
		"a call of nothing":           {files: map[string]string{"a.yaml": caller}, says: []string{"callee"}},
		"every mistake of every file": {files: map[string]string{"a.yaml": "name: a\n", "b.yaml": "name: b\n"}, says: []string{"a.yaml", "b.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
			}
			catalog, err := app.OfflineCatalog("")
			require.NoError(t, err)
			library, err := app.LoadLibrary(dir, c.builtin, catalog)
			if len(c.says) == 0 {
				require.NoError(t, err)
				found, err := library.Find("callee")
				require.NoError(t, err)
				require.Equal(t, found.Digest, catalog.Playbooks["callee"].Digest)
				return
			}
			for _, text := range c.says {
				require.ErrorContains(t, err, text)
			}
		})
	}
}
