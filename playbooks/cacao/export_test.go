package cacao_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"picket/playbooks"
	"picket/playbooks/cacao"
	"picket/playbooks/diff"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

func TestExports(t *testing.T) {
	t.Parallel()
	cat, _ := catalog(t)
	other := playbooks.File{Name: "other.yaml", Source: []byte("name: other\nowner: soc\non: {manual: {}}\ninputs: {value: {type: string, default: x}}\nsteps: [{id: a, set: {x: 1}}]\n")}
	files, err := filepath.Glob("testdata/export/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			require.NoError(t, err)
			compiled := playbooks.CompileSet([]playbooks.File{other, {Name: "playbook.yaml", Source: a.Files[0].Data}}, cat)
			require.NotNil(t, compiled[1].Plan, "%v", compiled[1].Diagnostics)
			verbs := map[string]bool{}
			plan.Walk(compiled[1].Plan.Steps, func(s *plan.Step) { verbs[s.Verb] = true })
			for _, verb := range spec.Verbs {
				require.True(t, verbs[verb], "the case has no step with the verb %s", verb)
			}
			document, report, err := cacao.Export(a.Files[0].Data, cacao.ExportOptions{Created: made, Modified: made.Add(time.Hour)})
			require.NoError(t, err)
			var lines strings.Builder
			for _, e := range report {
				lines.WriteString(e.String() + "\n")
			}
			got := []txtar.File{a.Files[0], {Name: "cacao.json", Data: document}, {Name: "report", Data: []byte(lines.String())}}
			if *update {
				a.Files = got
				require.NoError(t, os.WriteFile(file, txtar.Format(a), 0o600))
				return
			}
			require.Equal(t, a.Files, got)

			in, err := cacao.Import(document, cacao.ImportOptions{})
			require.NoError(t, err)
			require.Equal(t, string(a.Files[0].Data), string(in.Source))
			again := playbooks.CompileSet([]playbooks.File{other, {Name: "playbook.yaml", Source: in.Source}}, cat)
			require.Empty(t, diff.Plans(compiled[1].Plan, again[1].Plan))
		})
	}
}

func TestAnExportIsRefusedWithAPlace(t *testing.T) {
	t.Parallel()
	_, _, err := cacao.Export([]byte("name: probe\nowner: soc\non: {manual: {}}\nsteps:\n  - id: a\n    dance: now\n"), cacao.ExportOptions{})
	unreadable := new(cacao.UnreadableError)
	require.ErrorAs(t, err, &unreadable)
	require.Regexp(t, `^[56]:\d+: .+`, unreadable.Error())
}

// TestAChangeByAnotherToolIsReported changes the readable form of an export, which the extension does not follow.
func TestAChangeByAnotherToolIsReported(t *testing.T) {
	t.Parallel()
	cat, compiled := catalog(t)
	document, _, err := cacao.Export(compiled["azure-ad-account-locking.yaml"].File.Source, cacao.ExportOptions{Created: made})
	require.NoError(t, err)
	changed := strings.Replace(string(document), `"Approve or refuse: `, `"Just do it: `, 1)
	require.NotEqual(t, string(document), changed)
	in, err := cacao.Import([]byte(changed), cacao.ImportOptions{Catalog: cat})
	require.NoError(t, err)
	require.Contains(t, string(in.Source), "covers: [disable]")
	require.Len(t, in.Report, 3)
	require.Regexp(t, `/commands/0/command$`, in.Report[2].Pointer)
	require.Contains(t, in.Report[2].Why, "it was changed outside Picket")
}

// TestAStepThatAnotherToolPutInIsImported adds a manual step to an export, in front of the approval.
func TestAStepThatAnotherToolPutInIsImported(t *testing.T) {
	t.Parallel()
	cat, compiled := catalog(t)
	document, _, err := cacao.Export(compiled["azure-ad-account-locking.yaml"].File.Source, cacao.ExportOptions{Created: made})
	require.NoError(t, err)
	const added = "action--11111111-1111-4111-8111-111111111111"
	d := decode(t, document)
	workflow := d["workflow"].(map[string]any)
	start := workflow[d["workflow_start"].(string)].(map[string]any)
	agent := ""
	for id, a := range d["agent_definitions"].(map[string]any) {
		if a.(map[string]any)["name"] == "responder" {
			agent = id
		}
	}
	workflow[added] = map[string]any{
		"type": "action", "name": "Call the user", "agent": agent, "on_completion": start["on_completion"],
		"commands": []any{map[string]any{"type": "manual", "command": "Call them about __user__:value"}},
	}
	start["on_completion"] = added
	in, err := cacao.Import(encode(t, d), cacao.ImportOptions{Catalog: cat})
	require.NoError(t, err)
	require.Empty(t, in.Diagnostics)
	got, _ := playbooks.Compile("", in.Source, cat)
	require.NotNil(t, got)
	require.Equal(t, []string{"call_the_user", "account", "gate", "disable"}, []string{got.Steps[0].ID, got.Steps[1].ID, got.Steps[2].ID, got.Steps[3].ID})
	require.Contains(t, string(in.Source), "Call them about ${{ inputs.user }}")
	for _, e := range in.Report {
		require.NotContains(t, e.Pointer, added)
	}
}

func TestTheBounds(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", cacao.MaxDepth+1) + strings.Repeat("]", cacao.MaxDepth+1)
	for name, c := range map[string]struct{ document, says string }{
		"bytes":      {strings.Repeat(" ", cacao.MaxBytes+1), "bytes; at most"},
		"depth":      {deep, "levels"},
		"values":     {"[" + strings.Repeat("0,", cacao.MaxNodes) + "0]", "values"},
		"encoding":   {"\"\xff\"", "UTF-8"},
		"two":        {"{} {}", "a file holds one"},
		"twice":      {`{"a": 1, "a": 2}`, "stands twice"},
		"syntax":     {`{"a": nope}`, "no JSON, at byte"},
		"unfinished": {`{"a": `, "ends in the middle"},
		"empty":      {``, "ends in the middle"},
		"another":    {`{"type": "bundle"}`, "missing propert"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cacao.Import([]byte(c.document), cacao.ImportOptions{})
			invalid := new(cacao.InvalidError)
			require.ErrorAs(t, err, &invalid)
			require.True(t, strings.Contains(err.Error(), c.says) || strings.Contains(invalid.Problems[len(invalid.Problems)-1].Message, c.says), "%v", invalid.Problems)
		})
	}
}

func TestAnExportOfAnotherVersionIsReadByItsExtension(t *testing.T) {
	t.Parallel()
	cat, compiled := catalog(t)
	before := compiled["azure-ad-account-locking.yaml"]
	document, _, err := cacao.Export(before.File.Source, cacao.ExportOptions{Created: made})
	require.NoError(t, err)
	d := decode(t, document)
	d["extension_definitions"].(map[string]any)[cacao.Extension].(map[string]any)["version"] = "0.9.0"
	in, err := cacao.Import(encode(t, d), cacao.ImportOptions{Catalog: cat})
	require.NoError(t, err)
	got, _ := playbooks.Compile("", in.Source, cat)
	require.Empty(t, diff.Plans(before.Plan, got))
	require.Len(t, in.Report, 3)
	require.Contains(t, in.Report[2].Why, "1.0.0")
}
