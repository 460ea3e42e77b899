package playbooks_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"picket/playbooks"
	"picket/playbooks/library"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// corpus is every playbook of the golden files and of the library.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	sources := library.Files()
	files, err := filepath.Glob("testdata/golden/*.txtar")
	require.NoError(t, err)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		sources[file] = archive.Files[0].Data
	}
	return sources
}

func TestTheSameSourceGivesTheSamePlan(t *testing.T) {
	t.Parallel()
	compiled := 0
	for name, source := range corpus(t) {
		first, diagnostics := playbooks.Compile(name, source, fixture(t))
		for range 5 {
			again, same := playbooks.Compile(name, source, fixture(t))
			require.Equal(t, diagnostics, same)
			if first == nil {
				require.Nil(t, again)
				continue
			}
			compiled++
			require.Equal(t, first.Digest(), again.Digest())
		}
	}
	require.Positive(t, compiled)
}

func TestAPlanSurvivesItsJSON(t *testing.T) {
	t.Parallel()
	for name, source := range corpus(t) {
		p, _ := playbooks.Compile(name, source, fixture(t))
		if p == nil {
			continue
		}
		text, err := p.Encode()
		require.NoError(t, err)
		var back plan.Plan
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, p.Digest(), back.Digest(), name)
	}
}

func TestHostileDocumentsGetADiagnostic(t *testing.T) {
	t.Parallel()
	const head = "name: x\nowner: y\non: {manual: {}}\n"
	for _, c := range []struct{ name, source, code string }{
		{"more than a playbook can have", head + "# " + strings.Repeat("x", spec.MaxBytes), "P002"},
		{"nested deeper than anything", head + "steps: " + strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "P002"},
		{"nested deeper than the reader goes", head + "steps: " + strings.Repeat("[", 100_000), "P001"},
		{"aliases that multiply", head + "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
			"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\nsteps: [*d,*d,*d,*d,*d]\n", "P002"},
		{"an alias to itself", head + "steps: &s [*s]\n", "P002"},
		{"text that is not UTF-8", head + "title: \xff\xfe\n", "P001"},
		{"a NUL", head + "title: \"a\x00b\"\n", "P001"},
		{"an unknown anchor", head + "title: *nothing\n", "P001"},
		{"too many steps", head + "steps:\n" + manySteps(spec.MaxSteps+1), "P002"},
		{"a playbook that is a word", "hello", "P007"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, diagnostics := playbooks.Compile("hostile.yaml", []byte(c.source), fixture(t))
			require.Nil(t, p)
			codes := make([]string, len(diagnostics))
			for i, d := range diagnostics {
				codes[i] = d.Code
			}
			require.Contains(t, codes, c.code, "%v", diagnostics)
			require.LessOrEqual(t, len(diagnostics), 200)
		})
	}
}

func manySteps(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  - {id: s%d, set: {x: 1}}\n", i)
	}
	return b.String()
}

func TestADiagnosticPrintsAsACompilersDoes(t *testing.T) {
	t.Parallel()
	_, diagnostics := playbooks.Compile("dir/a.yaml", []byte("name: a\nowner: b\non: {manual: {}}\nsteps:\n  - {id: s, action: geoip.lokup, with: {ip: 192.0.2.1}}\n"), fixture(t))
	require.Len(t, diagnostics, 1)
	require.Equal(t, "dir/a.yaml:5:21: error P030: the connector geoip has no operation lokup; did you mean geoip.lookup?", diagnostics[0].String())
}

func TestWithoutACatalogNothingIsCallable(t *testing.T) {
	t.Parallel()
	p, diagnostics := playbooks.Compile("a.yaml", []byte("name: a\nowner: b\non: {manual: {}}\nsteps:\n  - {id: s, action: geoip.lookup}\n"), nil)
	require.Nil(t, p)
	require.Equal(t, "P030", diagnostics[0].Code)
}

func FuzzCompile(f *testing.F) {
	for _, source := range corpus(f) {
		f.Add(source)
	}
	text, err := os.ReadFile("testdata/catalog.json")
	require.NoError(f, err)
	var cat playbooks.Catalog
	require.NoError(f, json.Unmarshal(text, &cat))
	f.Fuzz(func(t *testing.T, source []byte) {
		p, diagnostics := playbooks.Compile("fuzz.yaml", source, &cat)
		failed := false
		for _, d := range diagnostics {
			failed = failed || d.Severity == playbooks.SeverityError
			require.True(t, d.Line >= 1 && d.Column >= 1 && (d.EndLine > d.Line || d.EndLine == d.Line && d.EndColumn > d.Column), "%+v", d)
			require.NotEmpty(t, d.Message)
		}
		require.Equal(t, failed, p == nil)
		if p != nil {
			text, err := p.Encode()
			require.NoError(t, err)
			again, _ := playbooks.Compile("fuzz.yaml", source, &cat)
			same, err := again.Encode()
			require.NoError(t, err)
			require.Equal(t, string(text), string(same))
		}
	})
}
