package playtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"picket/internal/connector"
	runner "picket/internal/playtest"
	"picket/playbooks"
	"picket/playbooks/playtest"
)

var update = flag.Bool("update", false, "write the reports as they are now into testdata; read the diff")

// surroundings are those of the connectors that come with Picket.
func surroundings(t testing.TB) runner.Options {
	t.Helper()
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	o := runner.Options{
		Catalog: &playbooks.Catalog{
			Operations: map[string]playbooks.Operation{}, Roles: []string{"admin", "lead", "responder", "analyst"},
		},
		Examples: map[string]json.RawMessage{},
		Native: func(ctx context.Context, operation string, arguments json.RawMessage) (json.RawMessage, error) {
			return registry.Call(ctx, connector.Request{Operation: operation, Arguments: arguments})
		},
	}
	for _, op := range registry.Operations() {
		o.Examples[op.Name] = op.Example.Output
		o.Catalog.Operations[op.Name] = playbooks.Operation{
			Name: op.Name, Title: op.Title, Effect: op.Effect, Input: op.Input, Output: op.Output,
			Local: op.Local, TimeoutMS: op.TimeoutMS, Untrusted: op.Untrusted,
		}
	}
	return o
}

// archive is what a txtar holds: playbooks, their tests, and what lies beside.
func archive(t testing.TB, o runner.Options, a *txtar.Archive) runner.Options {
	t.Helper()
	files := fstest.MapFS{}
	for _, f := range a.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	for _, f := range a.Files {
		switch {
		case strings.HasSuffix(f.Name, ".test.yaml"):
			snapshot, _ := fs.ReadFile(files, strings.TrimSuffix(f.Name, ".yaml")+".snap")
			o.Suites = append(o.Suites, runner.Suite{File: f.Name, Source: f.Data, Files: files, Snapshot: snapshot})
		case strings.HasSuffix(f.Name, ".yaml"):
			o.Playbooks = append(o.Playbooks, playbooks.File{Name: f.Name, Source: f.Data})
		}
	}
	return o
}

func report(t testing.TB, o runner.Options) (*playtest.Report, string) {
	t.Helper()
	r, err := runner.Run(context.Background(), o)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, playtest.Render(&b, r, true))
	return r, b.String()
}

// TestReports runs testdata/*.txtar: a comment, playbooks, tests, what lies beside them, and the report that comes of it.
func TestReports(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			require.NoError(t, err)
			last := len(a.Files) - 1
			require.Equal(t, "report.txt", a.Files[last].Name)
			_, got := report(t, archive(t, surroundings(t), a))
			if *update {
				a.Files[last].Data = []byte(got)
				require.NoError(t, os.WriteFile(file, txtar.Format(a), 0o644))
				return
			}
			require.Equal(t, string(a.Files[last].Data), got)
		})
	}
}
