package playbooks_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"picket/playbooks"
	"picket/playbooks/spec"
)

var update = flag.Bool("update", false, "write what the compiler says now into testdata/golden; read the diff")

// fixture is the catalog that the tests compile against.
func fixture(t testing.TB) *playbooks.Catalog {
	t.Helper()
	text, err := os.ReadFile("testdata/catalog.json")
	require.NoError(t, err)
	var cat playbooks.Catalog
	require.NoError(t, json.Unmarshal(text, &cat))
	return &cat
}

// goldens are the cases in testdata/golden: a comment, playbook.yaml and perhaps others that it calls, and what comes of
// them: diagnostics, plan.json or both.
func goldens(t testing.TB) map[string]*txtar.Archive {
	t.Helper()
	files, err := filepath.Glob("testdata/golden/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]*txtar.Archive{}
	for _, file := range files {
		all[file], err = txtar.ParseFile(file)
		require.NoError(t, err)
		require.NotEmpty(t, all[file].Files, file)
		require.Equal(t, "playbook.yaml", all[file].Files[0].Name, file)
	}
	return all
}

// sources are a case's playbooks, and the agent files that they can use.
func sources(archive *txtar.Archive) (out, agents []playbooks.File) {
	for _, f := range archive.Files {
		switch file := (playbooks.File{Name: f.Name, Source: f.Data}); {
		case strings.HasPrefix(f.Name, "agents/"):
			agents = append(agents, file)
		case strings.HasSuffix(f.Name, ".yaml"):
			out = append(out, file)
		}
	}
	return out, agents
}

// compileSet compiles a case's playbooks with its agents, of which it gives the diagnostics as well.
func compileSet(t *testing.T, in, agents []playbooks.File) (all []playbooks.Compiled, ofAgents []playbooks.Diagnostic) {
	t.Helper()
	cat := fixture(t)
	cat.Agents, ofAgents = playbooks.ReadAgents(agents, cat)
	return playbooks.CompileSet(in, cat), ofAgents
}

// TestGolden compiles testdata/golden/*.txtar.
func TestGolden(t *testing.T) {
	t.Parallel()
	for file, archive := range goldens(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			in, agents := sources(archive)
			got, given := compiled(t, in, agents), len(in)+len(agents)
			if *update {
				archive.Files = append(archive.Files[:given], got...)
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
				return
			}
			require.Equal(t, string(txtar.Format(&txtar.Archive{Files: archive.Files[given:]})), string(txtar.Format(&txtar.Archive{Files: got})))
		})
	}
}

func compiled(t *testing.T, in, agents []playbooks.File) []txtar.File {
	t.Helper()
	all, ofAgents := compileSet(t, in, agents)
	var files []txtar.File
	var b bytes.Buffer
	say := func(source []byte, d playbooks.Diagnostic) {
		b.WriteString(d.String() + "\n")
		b.WriteString(marked(source, d))
		for _, fix := range d.Fixes {
			b.WriteString("  = " + fix.Title + "\n")
		}
	}
	for _, f := range agents {
		for _, d := range ofAgents {
			if d.File == f.Name {
				say(f.Source, d)
			}
		}
	}
	for _, c := range all {
		for _, d := range c.Diagnostics {
			say(c.File.Source, d)
		}
	}
	if b.Len() > 0 {
		files = append(files, txtar.File{Name: "diagnostics", Data: b.Bytes()})
	}
	if p := all[0].Plan; p != nil {
		text, err := p.Encode()
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, json.Indent(&b, text, "", "  "))
		b.WriteByte('\n')
		files = append(files, txtar.File{Name: "plan.json", Data: b.Bytes()})
	}
	return files
}

// marked is the line of a diagnostic with its range underlined, so that a reader sees that columns are right.
func marked(source []byte, d playbooks.Diagnostic) string {
	lines := strings.Split(string(source), "\n")
	if d.Line > len(lines) {
		return ""
	}
	line := []rune(lines[d.Line-1])
	end := d.EndColumn
	if d.EndLine > d.Line {
		end = len(line) + 1
	}
	return "  | " + string(line) + "\n  | " + strings.Repeat(" ", d.Column-1) + strings.Repeat("^", max(end-d.Column, 1)) + "\n"
}

func TestEveryCodeHasACase(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("spec/codes.go")
	require.NoError(t, err)
	codes := regexp.MustCompile(`"(P\d{3})" // .+`).FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, codes)
	var golden strings.Builder
	files, err := filepath.Glob("testdata/golden/*.txtar")
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		golden.Write(source)
	}
	for _, code := range codes {
		if code[1] == spec.CodeBounds { // its cases are too large to read: TestHostileDocumentsGetADiagnostic
			continue
		}
		require.Contains(t, golden.String(), " "+code[1]+": ", "no golden file shows %s", code[0])
	}
}
