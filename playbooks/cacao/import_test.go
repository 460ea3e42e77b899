package cacao_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"picket/playbooks/cacao"
)

var update = flag.Bool("update", false, "accept what the importer does now")

// archive is a document of testdata/import with what an import gives.
func archive(t testing.TB, file string) (a *txtar.Archive, document []byte) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	require.NoError(t, err)
	// The id of a playbook that is known is not written down twice.
	known := cacao.PlaybookID("enrich-observable")
	return a, []byte(strings.ReplaceAll(string(a.Files[0].Data), "KNOWN", known))
}

func TestImportsOfDocumentsFromElsewhere(t *testing.T) {
	t.Parallel()
	cat, _ := catalog(t)
	files, err := filepath.Glob("testdata/import/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, document := archive(t, file)
			got := map[string]string{}
			in, err := cacao.Import(document, cacao.ImportOptions{Catalog: cat, File: "imported.yaml"})
			if err != nil {
				var problems []string
				invalid := new(cacao.InvalidError)
				require.ErrorAs(t, err, &invalid)
				for _, p := range invalid.Problems {
					problems = append(problems, p.Pointer+": "+p.Message)
				}
				got["error"] = strings.Join(problems, "\n") + "\n"
			} else {
				got["playbook.yaml"] = string(in.Source)
				for _, e := range in.Report {
					got["report"] += e.String() + "\n"
				}
				for _, d := range in.Diagnostics {
					got["diagnostics"] += d.String() + "\n"
				}
			}
			if *update {
				a.Files = a.Files[:1]
				for _, name := range []string{"error", "playbook.yaml", "report", "diagnostics"} {
					if got[name] != "" {
						a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(got[name])})
					}
				}
				require.NoError(t, os.WriteFile(file, txtar.Format(a), 0o600))
				return
			}
			want := map[string]string{}
			for _, f := range a.Files[1:] {
				want[f.Name] = string(f.Data)
			}
			require.Equal(t, want, got)
		})
	}
}
