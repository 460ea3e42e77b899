package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/library"
	"picket/playbooks/plan/schema"
	"picket/playbooks/spec"
)

func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestAPlaybookMayCallThoseBesideItAndThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	caller := put(t, dir, "caller.yaml", `name: caller
owner: tests
on: {manual: {}}
steps:
  - {id: near, call: callee}
  - {id: shipped, call: {playbook: enrich-observable, inputs: {value: 192.0.2.1}}}
outputs: {x: '${{ steps.near.output.outputs.x }}'}
`)
	callee := put(t, dir, "callee.yaml", "name: callee\nowner: tests\non: {manual: {}}\nsteps: [{id: a, set: {x: 1}}]\noutputs: {x: '${{ steps.a.output.x }}'}\n")
	code, out, errs := command(t, "playbook", "check", caller)
	require.Zero(t, code, out+errs)
	require.Empty(t, out)
	code, _, errs = command(t, "playbook", "compile", caller)
	require.Zero(t, code, errs)

	put(t, dir, "callee.yaml", "name: callee\nowner: tests\non: {manual: {}}\nsteps: [{id: a, sett: {x: 1}}]\n")
	code, out, _ = command(t, "playbook", "check", caller)
	require.Equal(t, 1, code)
	require.Equal(t, caller+":5:22: error P060: the playbook callee does not compile, so it can't be called; mend its mistakes first\n", out)
	code, out, _ = command(t, "playbook", "check", dir)
	require.Equal(t, 1, code)
	require.Contains(t, out, callee+":4:")

	code, _, errs = command(t, "playbook", "compile", put(t, dir, "caller.test.yaml", "cases: []\n"))
	require.Equal(t, 1, code)
	require.Contains(t, errs, "holds tests; name the playbook")
	code, _, errs = command(t, "playbook", "check", t.TempDir())
	require.Equal(t, 1, code)
	require.Contains(t, errs, "there is no .yaml file in")
}

func TestAgentFilesLieBesideThePlaybooks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "agents"), 0o700))
	agent := put(t, filepath.Join(dir, "agents"), "looker.yaml", "name: looker\nowner: tests\ninstructions: Look.\ngoal: Look.\ntools: [geoip.lookup]\nreturns: verdict\n")
	put(t, dir, "user.yaml", "name: user\nowner: tests\non: {manual: {}}\nsteps: [{id: a, agent: {use: looker}}]\n")
	put(t, dir, "user.test.yaml", "cases:\n  - name: it looks\n    manual: {}\n    models: {a: {returns: {verdict: benign}}}\n    expect: {status: completed}\n")
	code, out, errs := command(t, "playbook", "check", dir)
	require.Zero(t, code, out+errs)
	code, out, errs = command(t, "playbook", "test", dir)
	require.Zero(t, code, out+errs)
	put(t, filepath.Join(dir, "agents"), "looker.yaml", "name: looker\nowner: tests\ninstructions: Look.\ntools: [geoip.lokup]\n")
	code, out, _ = command(t, "playbook", "check", agent)
	require.Equal(t, 1, code)
	require.Contains(t, out, agent+":4:9: error P030")
}

func TestCheckReadsTestsToo(t *testing.T) {
	t.Parallel()
	path := put(t, t.TempDir(), "a.test.yaml", "cases:\n  - name: x\n    expct: {}\n")
	code, out, _ := command(t, "playbook", "check", path)
	require.Equal(t, 1, code)
	require.Contains(t, out, path+":3:5: error")
}

func TestANewPlaybookCompilesAndPasses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, from := range map[string]string{"stolen-badge": "", "our-phishing": "phishing-mail", "own-alert-storm": "alert-storm.yaml"} {
		args := []string{"playbook", "new", name, "--dir", dir}
		if from != "" {
			args = append(args, "--from", from)
		}
		code, out, errs := command(t, args...)
		require.Zero(t, code, errs)
		require.Contains(t, out, "picket playbook test "+filepath.Join(dir, name+".yaml"))

		code, out, errs = command(t, "playbook", "check", filepath.Join(dir, name+".yaml"), filepath.Join(dir, name+".test.yaml"))
		require.Zero(t, code, out+errs)
		code, out, errs = command(t, "playbook", "test", filepath.Join(dir, name+".yaml"), "--coverage")
		require.Zero(t, code, out+errs)
		require.Regexp(t, `(?m)^[1-9]\d* passed, 0 failed`, out)
		code, out, _ = command(t, "playbook", "fmt", "--check", "--diff", filepath.Join(dir, name+".yaml"))
		require.Zero(t, code, out)
	}
	before, err := os.ReadFile(filepath.Join(dir, "stolen-badge.yaml"))
	require.NoError(t, err)
	code, _, errs := command(t, "playbook", "new", "stolen-badge", "--dir", dir)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "is there already")
	after, err := os.ReadFile(filepath.Join(dir, "stolen-badge.yaml"))
	require.NoError(t, err)
	require.Equal(t, before, after)

	for says, args := range map[string][]string{
		"kebab-case":                       {"Stolen Badge"},
		`the library has no playbook "no"`: {"x", "--from", "no"},
	} {
		code, _, errs := command(t, append([]string{"playbook", "new", "--dir", dir}, args...)...)
		require.NotZero(t, code)
		require.Contains(t, errs, says)
	}
}

func TestDiffSaysWhatARunWouldNotice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := string(library.Files()["lost-laptop.yaml"])
	old := put(t, dir, "old.yaml", text)
	same := put(t, t.TempDir(), "same.yaml", "# another word\n\n"+text)
	code, out, errs := command(t, "playbook", "diff", old, same, "--fail-on", "cosmetic")
	require.Zero(t, code, errs)
	require.Equal(t, "nothing that a run would notice\n", out)

	require.Contains(t, text, "quorum: 2")
	loose := put(t, t.TempDir(), "loose.yaml", strings.Replace(text, "quorum: 2", "quorum: 1", 1))
	code, out, errs = command(t, "playbook", "diff", old, loose)
	require.Zero(t, code, errs)
	require.Regexp(t, `^safety +line \d+ +asks for 1 yes instead of 2`, out)
	code, _, _ = command(t, "playbook", "diff", old, loose, "--fail-on", "safety")
	require.Equal(t, 1, code)
	_, out, _ = command(t, "playbook", "diff", old, loose, "--json")
	var changes []map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &changes))
	require.Equal(t, "quorum.lowered", changes[0]["kind"])
	_, out, _ = command(t, "playbook", "diff", old, same, "--json")
	require.Equal(t, "[]\n", out)
	code, _, errs = command(t, "playbook", "diff", old, loose, "--fail-on", "bad")
	require.Equal(t, 2, code)
	require.Contains(t, errs, "--fail-on is safety, behaviour or cosmetic")
	code, _, errs = command(t, "playbook", "diff", old, put(t, t.TempDir(), "no.yaml", "name: x\n"))
	require.Equal(t, 1, code)
	require.Contains(t, errs, "error P006")
}

func TestGraphsAndSchemas(t *testing.T) {
	t.Parallel()
	path := put(t, t.TempDir(), "x.yaml", string(library.Files()["lost-laptop.yaml"]))
	for format, begins := range map[string]string{"mermaid": "flowchart", "dot": "digraph", "json": "{"} {
		code, out, errs := command(t, "playbook", "graph", "--format", format, path)
		require.Zero(t, code, errs)
		require.True(t, strings.HasPrefix(out, begins), out)
	}
	code, _, errs := command(t, "playbook", "graph", "--format", "png", path)
	require.Equal(t, 2, code)
	require.Contains(t, errs, "--format is mermaid, dot or json")

	_, out, _ := command(t, "playbook", "schema")
	require.Equal(t, string(spec.JSONSchema()), out)
	_, out, _ = command(t, "playbook", "schema", "plan")
	require.Equal(t, string(schema.JSON()), out)
	code, _, _ = command(t, "playbook", "schema", "run")
	require.Equal(t, 2, code)
}
