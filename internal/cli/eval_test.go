package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/eval"
)

func dataset(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "alerts.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestEvalPrintsFiguresBesideTheirBaselines(t *testing.T) {
	t.Parallel()
	code, out, errs := command(t, "eval", "--split", "0.5", "--seed", "1", "--repeats", "2", "--inject", "--against", "builtin")
	require.Zero(t, code, errs)
	for _, says := range []string{
		"recall on malicious", "balanced accuracy, decided", "balanced accuracy, overall", "MCC", "abstained", "95 % interval", "always ", "rule level from",
		"calibration error", "risk-coverage", "citations that resolve", "flips over repeats", "under injected text", "tokens per alert", "McNemar", "p = 1.0000", "rule ",
	} {
		require.Contains(t, out, says)
	}
	require.NotContains(t, out, "flatters", "the threshold had other alerts to learn from")
	code, again, _ := command(t, "eval", "--split", "0.5", "--json")
	require.Zero(t, code)
	var d eval.Document
	require.NoError(t, json.Unmarshal([]byte(again), &d))
	require.Equal(t, d.Set.All, d.Set.Train+d.Set.Held)
	require.Equal(t, d.Set.Held, d.Reports[0].Cases)
	require.Equal(t, d.Reports[0].Citations.Of, d.Reports[0].Citations.Count)
}

func TestEvalReadsADataSet(t *testing.T) {
	t.Parallel()
	good := `{"label":"malicious","group":"a","alert":{"rule":{"id":"7","level":3,"description":"Command"},"data":{"command":"vssadmin delete shadows /all"}}}
{"label":"benign","group":"b","alert":{"rule":{"id":"8","level":3,"description":"Something"},"data":{}}}
`
	path, report := dataset(t, good), filepath.Join(t.TempDir(), "report.json")
	code, out, errs := command(t, "eval", path, "--source", "wazuh", "--json", "--output", report)
	require.Zero(t, code, errs)
	require.Empty(t, out)
	text, err := os.ReadFile(report)
	require.NoError(t, err)
	var d eval.Document
	require.NoError(t, json.Unmarshal(text, &d))
	require.Equal(t, 1, d.Reports[0].Confusion["malicious"].Malicious)
	require.Equal(t, 1, d.Reports[0].Confusion["benign"].Inconclusive)

	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a data set that is not there": {[]string{"eval", "/nonexistent.jsonl"}, 1, "there is no data set"},
		"a line that is no good":       {[]string{"eval", dataset(t, good+"{}")}, 1, "line 3: label"},
		"a provider that is not there": {[]string{"eval", path, "--provider", "oracle"}, 1, "oracle"},
		"a share that is none":         {[]string{"eval", path, "--split", "1"}, 2, "--split"},
		"too many repeats":             {[]string{"eval", path, "--repeats", "99"}, 2, "--repeats"},
		"a split of too few groups":    {[]string{"eval", path, "--split", "0.01"}, 1, "leave one side"},
		"an empty standard input":      {[]string{"eval", "-"}, 1, "the data set is empty"},
		"two data sets":                {[]string{"eval", "a", "b"}, 2, "--help"},
		"a configuration not there":    {[]string{"eval", path, "--config", "/nonexistent.yaml"}, 1, "configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errs := command(t, c.args...)
			require.Equal(t, c.code, code, errs)
			require.Contains(t, errs, c.says, fmt.Sprint(c.args))
		})
	}
}
