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

// TestGolden compiles testdata/golden/*.txtar: a comment, playbook.yaml, and what comes of it: diagnostics, plan.json or both.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/golden/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			require.NotEmpty(t, archive.Files)
			require.Equal(t, "playbook.yaml", archive.Files[0].Name)
			got := compiled(t, archive.Files[0].Data)
			if *update {
				archive.Files = append(archive.Files[:1], got...)
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
				return
			}
			require.Equal(t, string(txtar.Format(&txtar.Archive{Files: archive.Files[1:]})), string(txtar.Format(&txtar.Archive{Files: got})))
		})
	}
}

func compiled(t *testing.T, source []byte) []txtar.File {
	t.Helper()
	p, diagnostics := playbooks.Compile("playbook.yaml", source, fixture(t))
	var files []txtar.File
	if len(diagnostics) > 0 {
		var b bytes.Buffer
		for _, d := range diagnostics {
			b.WriteString(d.String() + "\n")
			b.WriteString(marked(source, d))
		}
		files = append(files, txtar.File{Name: "diagnostics", Data: b.Bytes()})
	}
	if p != nil {
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
		// The cases of bounds are too large to read (TestHostileDocumentsGetADiagnostic); a circle needs two files.
		if code[1] == spec.CodeBounds || code[1] == spec.CodeCycle {
			continue
		}
		require.Contains(t, golden.String(), " "+code[1]+": ", "no golden file shows %s", code[0])
	}
}
