package format

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"picket/playbooks/library"
)

// corpus is every playbook of the library, the foreign workflows and rules, and the inputs of the golden files that can
// be formatted.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	texts := library.Files()
	require.GreaterOrEqual(t, len(texts), 3)
	for pattern, least := range map[string]int{
		"../../../shared/corpora/keep/*.y*ml": 50, "../../../shared/corpora/panther/*/*.y*ml": 150, "../library/*.test.yaml": 0,
	} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(files), least, pattern)
		for _, file := range files {
			texts[file], err = os.ReadFile(file)
			require.NoError(t, err)
		}
	}
	files, err := filepath.Glob("testdata/golden/*.txtar")
	require.NoError(t, err)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		if archive.Files[1].Name == "output.yaml" {
			texts[file] = archive.Files[0].Data
		}
	}
	return texts
}

func TestEveryFileOfTheCorporaIsFormattedAndKept(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		out, ok := formats(t, text)
		require.True(t, ok, name)
		require.True(t, bytes.HasSuffix(out, []byte("\n")), name)
		if strings.HasPrefix(name, "../") { // the comments as another reader sees them, which loses some of the hardest
			require.Equal(t, otherComments(t, text), otherComments(t, out), name)
		}
	}
}

func otherComments(t *testing.T, text []byte) []string {
	t.Helper()
	var root yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &root))
	var words []string
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for _, line := range strings.Split(n.HeadComment+"\n"+n.LineComment+"\n"+n.FootComment, "\n") {
			if line != "" {
				words = append(words, strings.TrimSpace(line))
			}
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&root)
	slices.Sort(words)
	return words
}

func TestLinesThatEndAsOnWindowsAndAByteOrderMarkAreNoDifference(t *testing.T) {
	t.Parallel()
	for name, text := range corpus(t) {
		want, err := Source(text)
		require.NoError(t, err, name)
		got, err := Source(append([]byte("\ufeff"), bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))...))
		require.NoError(t, err, name)
		require.Equal(t, string(want), string(got), name)
	}
}

// entry is a line with a key whose value, if it is on the line, is short and no text of several lines.
var entry = regexp.MustCompile(`^( *(?:- )*)([a-z_A-Z]+):( [^\[{|>"'&*!#]*)?$`)

// TestACommentPutAnywhereStays puts comments into the corpora: behind lines and between them, at any indentation.
func TestACommentPutAnywhereStays(t *testing.T) {
	t.Parallel()
	texts := corpus(t)
	var names []string
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	formatted := 0
	rapid.Check(t, func(r *rapid.T) {
		text := texts[rapid.SampledFrom(names).Draw(r, "file")]
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		behind, above := map[string]string{}, map[string]string{}
		for i := range rapid.IntRange(1, 4).Draw(r, "comments") {
			at := rapid.IntRange(0, len(lines)).Draw(r, "line")
			word := fmt.Sprintf("#%dth", i)
			switch how := rapid.IntRange(0, 2).Draw(r, "how"); {
			case how == 0 && at < len(lines):
				if m := entry.FindStringSubmatch(lines[at]); m != nil {
					behind[word] = m[2] + ":"
				}
				lines[at] += " " + word
			case how == 1 && at < len(lines) && (at == 0 || lines[at-1] == ""):
				if m := entry.FindStringSubmatch(lines[at]); m != nil {
					above[word] = m[2] + ":"
				}
				lines = slices.Insert(lines, at, strings.Repeat(" ", len(lines[min(at, len(lines)-1)])-len(strings.TrimLeft(lines[min(at, len(lines)-1)], " ")))+word)
			default:
				lines = slices.Insert(lines, at, strings.Repeat(" ", rapid.IntRange(0, 12).Draw(r, "indent"))+word)
			}
		}
		changed := strings.Join(lines, "\n") + "\n"
		src, err := read([]byte(changed))
		if err != nil { // no YAML any more
			return
		}
		out, ok := formats(r, []byte(changed))
		if !ok {
			return
		}
		formatted++
		words := src.words()
		for word, key := range behind {
			if slices.Contains(words, word) {
				require.Regexp(r, `(?m)^[- ]*`+key+`[^#]*`+word+`$`, string(out), changed)
			}
		}
		for word, key := range above {
			if slices.Contains(words, word) {
				require.Regexp(r, `(?m)^ *`+word+`\n( *#.*\n)*[- ]*`+key, string(out), changed)
			}
		}
	})
	require.Positive(t, formatted)
}

func BenchmarkAThousandLines(b *testing.B) {
	var text strings.Builder
	text.WriteString("name: big\nowner: tests\non: {manual: {}}\nsteps:\n")
	for i := 0; strings.Count(text.String(), "\n") < 1000; i++ {
		fmt.Fprintf(&text, "  # about step %d\n  - title: \"Step %d\" # its title\n    id: s%d\n    action: okta.get_user\n"+
			"    with: {user: \"${{ inputs.user }}\", since: 30d}\n    retry:\n      attempts: 4\n\n", i, i, i)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := Source([]byte(text.String())); err != nil {
			b.Fatal(err)
		}
	}
}
