package diff_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"picket/playbooks"
	"picket/playbooks/diff"
	"picket/playbooks/plan"
)

var update = flag.Bool("update", false, "write what the diff says now into testdata; read the diff")

// compile makes the plan of a playbook of the tests.
func compile(t *testing.T, source []byte) *plan.Plan {
	t.Helper()
	text, err := os.ReadFile("../testdata/catalog.json")
	require.NoError(t, err)
	var catalog playbooks.Catalog
	require.NoError(t, json.Unmarshal(text, &catalog))
	p, diagnostics := playbooks.Compile("playbook.yaml", source, &catalog)
	require.NotNil(t, p, "%v\n%s", diagnostics, source)
	return p
}

// TestGolden compares the playbooks of testdata/*.txtar: a comment, old.yaml, new.yaml, and what the diff says.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			require.Len(t, archive.Files, 3)
			require.Equal(t, "new.yaml", archive.Files[1].Name)
			old, new := compile(t, archive.Files[0].Data), compile(t, archive.Files[1].Data)
			var b strings.Builder
			for _, c := range diff.Plans(old, new) {
				fmt.Fprintf(&b, "%s %s %s %d>%d: %s\n", c.Severity, c.Kind, c.Step, c.OldLine, c.NewLine, c.Sentence)
			}
			if *update {
				archive.Files[2].Data = []byte(b.String())
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
				return
			}
			require.Equal(t, string(archive.Files[2].Data), b.String())
		})
	}
}
