package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

func TestExportAndImportGiveThePlaybookBack(t *testing.T) {
	t.Parallel()
	const playbook = "../../playbooks/library/suspicious-sign-in.yaml"
	dir := t.TempDir()
	document, again := filepath.Join(dir, "sign-in.json"), filepath.Join(dir, "sign-in.yaml")

	code, out, errs := command(t, "playbook", "export", playbook, "--created", "2026-03-07T15:16:19Z", "-o", document)
	require.Equal(t, 0, code, errs)
	require.Empty(t, out)
	require.Contains(t, errs, "step gate: approve, covers")

	code, out, errs = command(t, "playbook", "import", document, "-o", again)
	require.Equal(t, 0, code, errs)
	require.Empty(t, out)
	require.Contains(t, errs, document+": /created: ")

	code, out, errs = command(t, "playbook", "diff", playbook, again)
	require.Equal(t, 0, code, errs)
	require.Equal(t, "nothing that a run would notice\n", out)
}

func TestAnImportSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "probe.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"type": "playbook"}`), 0o600))
	code, out, errs := command(t, "playbook", "import", path)
	require.Equal(t, 1, code)
	require.Empty(t, out)
	require.Contains(t, errs, path+": error: ")

	code, _, errs = command(t, "playbook", "export", "../../playbooks/library/suspicious-sign-in.yaml", "--created", "yesterday")
	require.Equal(t, 2, code)
	require.Contains(t, errs, "--created is a time like")
}

func TestTheReportsAreForProgramsAsWell(t *testing.T) {
	t.Parallel()
	code, out, errs := command(t, "playbook", "export", "--json", "../../playbooks/library/purge-mail.yaml")
	require.Equal(t, 0, code, errs)
	require.True(t, json.Valid([]byte(out)))
	var report struct{ Report []map[string]string }
	require.NoError(t, json.Unmarshal([]byte(errs), &report))
	require.NotEmpty(t, report.Report)
	for _, entry := range report.Report {
		for _, key := range []string{"what", "why", "do"} {
			require.NotEmpty(t, entry[key])
		}
	}
}

func TestAnImportFromElsewhereCompilesAndNamesTheConnectionsItNeeds(t *testing.T) {
	t.Parallel()
	golden, err := txtar.ParseFile("../../playbooks/cacao/testdata/import/requests.txtar")
	require.NoError(t, err)
	dir := t.TempDir()
	document, playbook := filepath.Join(dir, "requests.json"), filepath.Join(dir, "requests.yaml")
	require.NoError(t, os.WriteFile(document, golden.Files[0].Data, 0o600))
	code, _, errs := command(t, "playbook", "import", document, "--owner", "soc-team", "-o", playbook)
	require.Equal(t, 0, code, errs)
	require.Contains(t, errs, "make a connection reputation-api of the connector http")
	text, err := os.ReadFile(playbook)
	require.NoError(t, err)
	require.Contains(t, string(text), "owner: soc-team")
	require.NotContains(t, errs, "/created_by")
}
