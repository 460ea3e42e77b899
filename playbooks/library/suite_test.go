package library_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	runner "picket/internal/playtest"
	"picket/internal/workshop"
	"picket/playbooks/library"
	"picket/playbooks/playtest"
)

// leastCoverage is what the tests of playbooks that others start from must reach, in percent of steps and branches.
const leastCoverage = 95

func TestThePlaybooksPassTheirOwnTests(t *testing.T) {
	t.Parallel()
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	o := workshop.TestOptions(catalog(t), registry)
	o.Catalog.Sources = append(o.Catalog.Sources, "zabbix")
	files := library.Files()
	o.Playbooks = fileSet(files)
	o.Suites = suites(t, library.FS)
	require.Len(t, o.Suites, len(files), "every playbook has tests")

	others := ported(t)
	o.Playbooks = append(o.Playbooks, fileSet(others)...)
	o.Suites = append(o.Suites, suites(t, os.DirFS(portedDir))...)
	require.Len(t, o.Suites, len(files)+len(others), "every playbook has tests")

	report, err := runner.Run(t.Context(), o)
	require.NoError(t, err)
	if !report.OK() || report.Total.Percent < leastCoverage {
		var b bytes.Buffer
		require.NoError(t, playtest.Render(&b, report, true))
		require.Fail(t, "the tests of the playbooks", "%s", b.String())
	}
}

// suites are the test files of a directory.
func suites(t *testing.T, dir fs.FS) []runner.Suite {
	t.Helper()
	names, err := fs.Glob(dir, "*.test.yaml")
	require.NoError(t, err)
	all := make([]runner.Suite, 0, len(names))
	for _, name := range names {
		source, err := fs.ReadFile(dir, name)
		require.NoError(t, err)
		require.Equal(t, name, filepath.Base(name))
		require.True(t, strings.HasSuffix(name, ".test.yaml"))
		all = append(all, runner.Suite{File: name, Source: source, Files: dir})
	}
	return all
}
