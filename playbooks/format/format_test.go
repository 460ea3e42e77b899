package format

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what the formatter says now into testdata/golden; read the diff")

// TestGolden formats testdata/golden/*.txtar: a comment, input.yaml, and output.yaml or error.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/golden/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			got := txtar.File{Name: "output.yaml"}
			if got.Data, err = Source(archive.Files[0].Data); err != nil {
				got = txtar.File{Name: "error", Data: []byte(err.Error() + "\n")}
			}
			if *update {
				archive.Files = append(archive.Files[:1], got)
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
			}
			require.Len(t, archive.Files, 2)
			require.Equal(t, archive.Files[1].Name, got.Name)
			require.Equal(t, string(archive.Files[1].Data), string(got.Data))
			_, ok := formats(t, archive.Files[0].Data)
			require.Equal(t, got.Name == "output.yaml", ok)
		})
	}
}
