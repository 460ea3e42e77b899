package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var consoles = regexp.MustCompile("(?s)```console\n(.*?)```")

// TestThePageOfTheCommandLineIsTrue runs the console blocks of the page and compares what they print.
func TestThePageOfTheCommandLineIsTrue(t *testing.T) { //nolint:paralleltest // it changes the directory
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "command-line.md"))
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	ran := 0
	for _, block := range consoles.FindAllStringSubmatch(string(page), -1) {
		for _, one := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			line, expected, _ := strings.Cut(one, "\n")
			var out string
			if args, ok := strings.CutPrefix(line, "picket "); ok {
				code, printed, errs := command(t, strings.Fields(args)...)
				require.Less(t, code, 2, "%s\n%s", line, errs)
				out = printed + errs
				ran++
			} else {
				printed, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput() //nolint:gosec // a line of ours
				require.NoError(t, err, "%s\n%s", line, printed)
				out = string(printed)
			}
			require.Regexp(t, printedAs(expected), out, line)
		}
	}
	require.Greater(t, ran, 10)
}

// printedAs matches what a block shows; a line of dots stands for any lines.
func printedAs(shown string) string {
	pattern := "^"
	for line := range strings.Lines(shown) {
		if strings.TrimSuffix(line, "\n") == "..." {
			pattern += `(?s:.*)`
			continue
		}
		pattern += regexp.QuoteMeta(strings.TrimSuffix(line, "\n")) + `\n`
	}
	return pattern + "$"
}
