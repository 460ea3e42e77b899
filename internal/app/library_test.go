package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/app"
	"picket/internal/soc"
)

const (
	callee = "name: callee\nowner: soc\non: {manual: {}}\nsteps:\n  - {id: one, set: {n: 1}}\noutputs: {n: '${{ steps.one.output.n }}'}\n"
	caller = "name: caller\nowner: soc\non: {manual: {}}\nsteps:\n  - {id: sub, call: {playbook: callee}}\n"
)

func TestALibraryIsCompiledInTheOrderOfItsCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files   map[string]string
		builtin bool
		says    []string // nothing: it is well
	}{
		"a called playbook comes first":      {files: map[string]string{"a.yaml": caller, "z.yaml": callee}},
		"tests lie beside playbooks":         {files: map[string]string{"a.yaml": callee, "a.test.yaml": "cases: []"}},
		"the built-in ones beside one's own": {files: map[string]string{"a.yaml": callee}, builtin: true},
		"a name twice": {
			files: map[string]string{"a.yaml": callee, "b.yaml": callee},
			says:  []string{"b.yaml:1:7", "the name callee is that of", "a.yaml"},
		},
		"a circle": {
			files: map[string]string{"a.yaml": caller, "z.yaml": "name: callee\nowner: soc\non: {manual: {}}\nsteps:\n  - {id: sub, call: {playbook: caller}}\n"},
			says:  []string{"call each other in a circle", "caller"},
		},
		"a call of nothing":           {files: map[string]string{"a.yaml": caller}, says: []string{"callee"}},
		"every mistake of every file": {files: map[string]string{"a.yaml": "name: a\n", "b.yaml": "name: b\n"}, says: []string{"a.yaml", "b.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
			}
			catalog, err := app.OfflineCatalog("")
			require.NoError(t, err)
			library, err := app.LoadLibrary(dir, c.builtin, catalog)
			if len(c.says) == 0 {
				require.NoError(t, err)
				found, err := library.Find("callee")
				require.NoError(t, err)
				require.Equal(t, found.Digest, library.Catalog().Playbooks["callee"].Digest)
				return
			}
			for _, text := range c.says {
				require.ErrorContains(t, err, text)
			}
		})
	}
}

func TestAPublishedVersionTakesThePlaceOfTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(caller), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "z.yaml"), []byte(callee), 0o600))
	catalog, err := app.OfflineCatalog("")
	require.NoError(t, err)
	library, err := app.LoadLibrary(dir, false, catalog)
	require.NoError(t, err)
	kept := 0
	keep := func(changed []app.Playbook) error { kept += len(changed); return nil }
	version := func(name, source string) soc.PlaybookVersion {
		return soc.PlaybookVersion{Playbook: name, Number: 4, Source: source}
	}
	digest := func(name string) string {
		t.Helper()
		p, err := library.Find(name)
		require.NoError(t, err)
		return p.Digest
	}
	file, calling := digest("callee"), digest("caller")

	other := strings.Replace(callee, "n: 1", "n: 2", 1)
	require.NoError(t, library.Change(version("callee", other), keep))
	require.NotEqual(t, file, digest("callee"))
	require.NotEqual(t, calling, digest("caller"), "a caller's plan has what it calls in it")
	require.Equal(t, digest("callee"), library.Catalog().Playbooks["callee"].Digest)
	now := digest("callee")

	err = library.Change(version("callee", "name: callee\nowner: soc\non: {manual: {}}\nsteps: []\n"), keep)
	require.Equal(t, soc.Invalid, soc.KindOf(err), "%v", err)
	err = library.Change(version("callee", strings.Replace(callee, "on: {manual: {}}\n", "on: {manual: {}}\ninputs: {who: {type: string, required: true}}\n", 1)), keep)
	require.Equal(t, soc.Conflict, soc.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "caller, which calls or uses callee")
	broken := errors.New("the disk is full")
	require.ErrorIs(t, library.Change(soc.PlaybookVersion{Playbook: "callee"}, func([]app.Playbook) error { return broken }), broken)
	require.Equal(t, now, digest("callee"))
	require.Equal(t, 2, kept, "the playbook and its caller were, and what was refused was not")

	require.NoError(t, library.Change(soc.PlaybookVersion{Playbook: "callee"}, keep))
	require.Equal(t, file, digest("callee"), "the file is back")
	require.NoError(t, library.Change(version("fresh", strings.Replace(callee, "callee", "fresh", 1)), keep))
	require.NoError(t, library.Change(soc.PlaybookVersion{Playbook: "fresh"}, keep))
	_, err = library.Find("fresh")
	require.Equal(t, soc.NotFound, soc.KindOf(err), "it is out of service")

	library.Restore([]soc.PlaybookVersion{version("callee", "name: callee\nsteps: none\n")})
	_, err = library.Find("callee")
	require.Equal(t, soc.Conflict, soc.KindOf(err))
	require.ErrorContains(t, err, "version 4")
	require.Len(t, library.All(), 2, "what does not compile any more is still shown")
}

func TestAPublishedAgentChangesThePlaybooksThatUseIt(t *testing.T) {
	t.Parallel()
	const agent = "name: looker\nowner: soc\ngoal: Look at it.\ninstructions: Look twice.\ntools: [net.classify]\nreturns: verdict\n"
	const uses = "name: uses\nowner: soc\non: {manual: {}}\nsteps:\n  - {id: look, agent: {use: looker}}\n"
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "agents"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "agents", "looker.yaml"), []byte(agent), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "uses.yaml"), []byte(uses), 0o600))
	catalog, err := app.OfflineCatalog("")
	require.NoError(t, err)
	library, err := app.LoadLibrary(dir, false, catalog)
	require.NoError(t, err)
	find := func() app.Playbook {
		t.Helper()
		p, err := library.Find("uses")
		require.NoError(t, err)
		return p
	}
	before := find()
	var changed []app.Playbook
	keep := func(list []app.Playbook) error { changed = list; return nil }
	version := soc.PlaybookVersion{Playbook: soc.AgentPrefix + "looker", Number: 1, Source: strings.Replace(agent, "twice", "three times", 1)}
	require.NoError(t, library.Change(version, keep))
	require.NotEqual(t, before.Digest, find().Digest)
	require.Len(t, changed, 1, "its plan is kept, so that a run's can be read")
	require.Contains(t, find().Plan.Steps[0].Agent.Instructions, "three times")

	version.Source = "name: looker\ntools: [nothing.at_all]\n"
	require.Equal(t, soc.Invalid, soc.KindOf(library.Change(version, keep)))
	require.NoError(t, library.Change(soc.PlaybookVersion{Playbook: soc.AgentPrefix + "looker"}, keep))
	require.Equal(t, before.Digest, find().Digest, "the file is back")

	library.Restore([]soc.PlaybookVersion{version})
	_, err = library.Find("uses")
	require.Equal(t, soc.Conflict, soc.KindOf(err), "%v", err)
}
