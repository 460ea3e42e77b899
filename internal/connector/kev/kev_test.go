package kev

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

// corpus is CISA's own file, kept beside the repository.
const corpus = "../../../../shared/corpora/intel/kev.json"

func TestTheBuiltInCatalogueIsTheSourceTrimmed(t *testing.T) {
	t.Parallel()
	fromFile, err := Open(corpus)
	require.NoError(t, err)
	builtIn, err := Open("")
	require.NoError(t, err)
	require.Len(t, builtIn.entries, len(fromFile.entries))
	for cve := range fromFile.entries {
		want, got := fromFile.Lookup(cve), builtIn.Lookup(cve)
		require.Equal(t, want.Ransomware, got.Ransomware, cve)
		require.Equal(t, want.Added, got.Added, cve)
		require.Equal(t, want.Date, got.Date, cve)
	}
}

func TestACVEIsFoundInAnyCaseAndAnUnknownOneIsAnAnswer(t *testing.T) {
	t.Parallel()
	c, err := Open("")
	require.NoError(t, err)
	e := c.Lookup(" cve-2021-44228 ")
	require.True(t, e.Listed)
	require.True(t, e.Ransomware)
	require.Equal(t, "CVE-2021-44228", e.CVE)
	e = c.Lookup("CVE-1999-0001")
	require.False(t, e.Listed)
	require.Equal(t, "builtin", e.Origin)
	require.NotEmpty(t, e.Date)
}

func TestAWrongFileIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"empty.json": ``, "other.json": `{"a":1}`, "list.json": `[]`} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Open(path)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.Contains(t, err.Error(), path)
	}
	_, err := Open(filepath.Join(dir, "gone.json"))
	require.Equal(t, soc.Invalid, soc.KindOf(err))
}
