package cacao_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/playbooks"
	"picket/playbooks/cacao"
	"picket/playbooks/diff"
	"picket/playbooks/library"
)

var made = time.Date(2026, 3, 7, 15, 16, 19, 68_000_000, time.UTC)

// sources are all playbooks of the library, and those that were ported, by file name.
func sources(t testing.TB) map[string][]byte {
	t.Helper()
	files := library.Files()
	ported, err := filepath.Glob("../ported/*.yaml")
	require.NoError(t, err)
	for _, name := range ported {
		if strings.HasSuffix(name, ".test.yaml") {
			continue
		}
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		files[filepath.Base(name)] = source
	}
	require.Greater(t, len(files), 20)
	return files
}

// catalog is that of the connectors that come with Picket, and of the playbooks of sources, which it compiles. It is made
// once, and nobody changes it.
func catalog(t testing.TB) (*playbooks.Catalog, map[string]playbooks.Compiled) {
	t.Helper()
	once.Do(func() { shared, sharedCompiled = newCatalog(t) })
	return shared, sharedCompiled
}

var (
	once           sync.Once
	shared         *playbooks.Catalog
	sharedCompiled map[string]playbooks.Compiled
)

func newCatalog(t testing.TB) (*playbooks.Catalog, map[string]playbooks.Compiled) {
	t.Helper()
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	cat := &playbooks.Catalog{Operations: map[string]playbooks.Operation{}, Playbooks: map[string]playbooks.Callable{}}
	for _, op := range registry.Operations() {
		cat.Operations[op.Name] = playbooks.Operation{
			Name: op.Name, Title: op.Title, Effect: op.Effect, Input: op.Input, Output: op.Output,
			Local: op.Local, TimeoutMS: op.TimeoutMS, Untrusted: op.Untrusted,
		}
	}
	var agents []playbooks.File
	for _, name := range slices.Sorted(maps.Keys(library.Agents())) {
		agents = append(agents, playbooks.File{Name: name, Source: library.Agents()[name]})
	}
	var wrong []playbooks.Diagnostic
	cat.Agents, wrong = playbooks.ReadAgents(agents, cat)
	require.Empty(t, wrong)
	var files []playbooks.File
	all := sources(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		files = append(files, playbooks.File{Name: name, Source: all[name]})
	}
	compiled := map[string]playbooks.Compiled{}
	for _, c := range playbooks.CompileSet(files, cat) {
		require.NotNil(t, c.Plan, "%v", c.Diagnostics)
		compiled[c.File.Name] = c
		cat.Playbooks[c.Plan.Name] = c.Callable
	}
	return cat, compiled
}

func TestEveryPlaybookComesBackAsItWas(t *testing.T) {
	t.Parallel()
	cat, compiled := catalog(t)
	for _, name := range slices.Sorted(maps.Keys(compiled)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := compiled[name]
			document, report, err := cacao.Export(before.File.Source, cacao.ExportOptions{Created: made})
			require.NoError(t, err)
			require.NoError(t, cacao.Validate(document))
			require.NotEmpty(t, report)
			again, _, err := cacao.Export(before.File.Source, cacao.ExportOptions{Created: made})
			require.NoError(t, err)
			require.Equal(t, string(document), string(again), "the same text gives the same document")

			after, err := cacao.Import(document, cacao.ImportOptions{Catalog: cat, File: name})
			require.NoError(t, err)
			require.Empty(t, after.Diagnostics)
			require.Len(t, after.Report, 2, "%v", after.Report)
			require.Equal(t, []string{"/created", "/modified"}, []string{after.Report[0].Pointer, after.Report[1].Pointer})
			got, _ := playbooks.Compile(name, after.Source, cat)
			require.NotNil(t, got)
			require.Empty(t, diff.Plans(before.Plan, got))
			require.ElementsMatch(t, comments(string(before.File.Source)), comments(string(after.Source)))
		})
	}
}

func comments(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if i := strings.Index(" "+line, " #"); i >= 0 && !strings.Contains(line[i:], ",") && strings.HasPrefix(strings.TrimSpace(line), "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}
