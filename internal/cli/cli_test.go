package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/cli"
)

// command runs one command line in process.
func command(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = cli.Main(context.Background(), args, cli.IO{
		In: strings.NewReader(""), Out: &stdout, Err: &stderr, Getenv: func(string) string { return "" },
	})
	return code, stdout.String(), stderr.String()
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "probe.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const unapproved = `name: probe
owner: tests
on: {manual: {}}
steps:
  - id: contain
    action: okta.suspend_user
    with: {user: ana}
`

func TestCheckPrintsThePlaceOfEachMistakeAndFails(t *testing.T) {
	t.Parallel()
	path := write(t, unapproved+"colour: red\n")
	code, out, _ := command(t, "playbook", "check", path)
	require.Equal(t, 1, code)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2, out)
	for _, line := range lines {
		require.Regexp(t, `^`+regexp.QuoteMeta(path)+`:\d+:\d+: error P\d{3}: .+`, line)
	}

	code, out, _ = command(t, "playbook", "check", "--json", path)
	require.Equal(t, 1, code)
	var list []map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list, 2)
}

func TestTheLibraryChecksAndCompiles(t *testing.T) {
	t.Parallel()
	code, out, errs := command(t, "playbook", "check", "../../playbooks/library")
	require.Zero(t, code, out+errs)
	const calls = "../../playbooks/library/phishing-mail.yaml" // those beside it
	_, first, _ := command(t, "playbook", "compile", calls)
	_, again, _ := command(t, "playbook", "compile", calls)
	require.NotEmpty(t, first)
	require.Equal(t, first, again, "the same source is the same plan")
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"the version":                  {args: []string{"version"}, code: 0},
		"an unknown command":           {args: []string{"fly"}, code: 1, says: "unknown command"},
		"an unknown flag":              {args: []string{"version", "--fast"}, code: 2, says: "unknown flag"},
		"no file to check":             {args: []string{"playbook", "check"}, code: 2, says: "--help"},
		"a file that is not there":     {args: []string{"playbook", "check", "/nonexistent.yaml"}, code: 1, says: "no such file"},
		"data that is not there":       {args: []string{"audit", "verify", "--data", "/nonexistent"}, code: 1, says: "there is no data in /nonexistent"},
		"a level of logs that is none": {args: []string{"serve", "--log-level", "loud"}, code: 2, says: "--log-level"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errs := command(t, c.args...)
			require.Equal(t, c.code, code, errs)
			require.Contains(t, errs, c.says)
			require.LessOrEqual(t, strings.Count(errs, "\n"), 1, "one line")
		})
	}
}
