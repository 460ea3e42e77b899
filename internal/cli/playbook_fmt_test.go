package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/cli"
)

const (
	unformatted = "owner: \"tests\" # who\nname: probe\non: {manual: {}}\nsteps: [{stop: {}, id: a}]\n"
	formatted   = "name: probe\nowner: tests # who\n\non: {manual: {}}\n\nsteps: [{id: a, stop: {}}]\n"
	difference  = "-owner: \"tests\" # who\n name: probe\n+owner: tests # who\n+\n on: {manual: {}}\n-steps: [{stop: {}, id: a}]\n+\n+steps: [{id: a, stop: {}}]\n"
)

func TestFmtRewritesAFileAndKeepsItsModeAndLinks(t *testing.T) {
	t.Parallel()
	path := write(t, unformatted)
	require.NoError(t, os.Chmod(path, 0o640))
	link := filepath.Join(t.TempDir(), "link.yaml")
	require.NoError(t, os.Symlink(path, link))

	code, out, errs := command(t, "playbook", "fmt", link)
	require.Zero(t, code, errs)
	require.Equal(t, link+"\n", out)
	require.Equal(t, formatted, read(t, path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	target, err := os.Readlink(link)
	require.NoError(t, err)
	require.Equal(t, path, target)
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing stays beside it")

	code, out, _ = command(t, "playbook", "fmt", path)
	require.Zero(t, code)
	require.Empty(t, out, "a formatted file is not written again")
}

func TestFmtChecksAndShowsWithoutWriting(t *testing.T) {
	t.Parallel()
	bad, good := write(t, unformatted), write(t, formatted)
	code, out, _ := command(t, "playbook", "fmt", "--check", good, bad)
	require.Equal(t, 1, code)
	require.Equal(t, bad+"\n", out)

	code, out, _ = command(t, "playbook", "fmt", "--diff", good, bad)
	require.Zero(t, code)
	require.Contains(t, out, "--- "+bad+"\n")
	require.True(t, strings.HasSuffix(out, difference), out)

	code, again, _ := command(t, "playbook", "fmt", "--diff", "--check", bad)
	require.Equal(t, 1, code)
	require.Equal(t, out, again)
	require.Equal(t, unformatted, read(t, bad))

	code, out, _ = command(t, "playbook", "fmt", "--check", good)
	require.Zero(t, code)
	require.Empty(t, out)
}

func TestFmtLeavesAloneWhatItCannotReadAndGoesOn(t *testing.T) {
	t.Parallel()
	broken, bad := write(t, "name: [a\n"), write(t, unformatted)
	_, said, _ := command(t, "playbook", "check", broken)
	code, out, errs := command(t, "playbook", "fmt", broken, filepath.Join(t.TempDir(), "none.yaml"), bad)
	require.Equal(t, 1, code)
	lines := strings.SplitAfter(errs, "\n")
	require.Len(t, lines, 3, errs)
	require.Equal(t, said, lines[0], "the words and the place of the compiler")
	require.Contains(t, lines[1], "no such file")
	require.Equal(t, "name: [a\n", read(t, broken))
	require.Equal(t, bad+"\n", out)
	require.Equal(t, formatted, read(t, bad))
}

func TestFmtReadsStandardInput(t *testing.T) {
	t.Parallel()
	run := func(text string, args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := cli.Main(context.Background(), append([]string{"playbook", "fmt"}, args...), cli.IO{
			In: strings.NewReader(text), Out: &out, Err: &errs, Getenv: func(string) string { return "" },
		})
		return code, out.String(), errs.String()
	}
	code, out, errs := run(unformatted, "-")
	require.Zero(t, code, errs)
	require.Equal(t, formatted, out)

	code, out, _ = run(unformatted, "--check", "-")
	require.Equal(t, 1, code)
	require.Equal(t, "-\n", out)

	code, out, errs = run("name: [a\n", "-")
	require.Equal(t, 1, code)
	require.Empty(t, out)
	require.Regexp(t, `^-:\d+:\d+: error P001: `, errs)

	code, _, errs = run(strings.Repeat("# long\n", 100_000), "-")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "P002")

	code, _, errs = run(unformatted, "-", "other.yaml")
	require.Equal(t, 2, code)
	require.Contains(t, errs, "stands alone")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
