package cacao_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks"
	"picket/playbooks/cacao"
)

// FuzzImport reads anything. What it makes of it is a playbook that can be exported, or compiles to diagnostics; what it can't
// read has errors with places.
func FuzzImport(f *testing.F) {
	files, err := filepath.Glob("testdata/import/*.txtar")
	require.NoError(f, err)
	for _, file := range files {
		_, document := archive(f, file)
		f.Add(document)
	}
	cat, compiled := catalog(f)
	for _, name := range []string{"azure-ad-account-locking.yaml", "slack-message-on-failure.yaml"} {
		document, _, err := cacao.Export(compiled[name].File.Source, cacao.ExportOptions{Created: made})
		require.NoError(f, err)
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		in, err := cacao.Import(document, cacao.ImportOptions{Catalog: cat, File: "fuzz.yaml"})
		if err != nil {
			var invalid *cacao.InvalidError
			require.True(t, errors.As(err, &invalid), "%v", err)
			require.NotEmpty(t, invalid.Problems)
			return
		}
		require.NotEmpty(t, in.Source)
		failed := slices.ContainsFunc(in.Diagnostics, func(d playbooks.Diagnostic) bool { return d.Severity == playbooks.SeverityError })
		if failed {
			return
		}
		again, _, err := cacao.Export(in.Source, cacao.ExportOptions{Created: made})
		require.NoError(t, err, "%s", in.Source)
		require.NoError(t, cacao.Validate(again))
	})
}
