package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

// at is the line and column, from 1, of the first place of a word in the text, and so many characters further.
func at(text, word string, further int) (line, column int) {
	before := text[:strings.Index(text, word)]
	return strings.Count(before, "\n") + 1, len(before) - strings.LastIndex(before, "\n") + further
}

func place(text, word string, further int) map[string]any {
	line, column := at(text, word, further)
	return map[string]any{"source": text, "line": line, "column": column}
}

func TestATextIsAnalysedWhileItIsWritten(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	type analysis struct {
		OK          bool
		Digest      string
		Diagnostics []struct {
			Code  string
			Fixes []struct{ Title string }
		}
		Symbols []struct{ Name, Detail string }
		Graph   *struct {
			Nodes []struct {
				ID        string
				Approvals []string
			}
		}
	}
	var got analysis
	ana.post("/v1/editor/analyse", map[string]string{"source": playbookText}).is(200).into(&got)
	require.True(t, got.OK)
	require.Equal(t, p.playbook.Digest, got.Digest)
	require.Equal(t, "isolate", got.Symbols[2].Name)
	require.Equal(t, []string{"gate"}, got.Graph.Nodes[3].Approvals)

	got = analysis{}
	ana.post("/v1/editor/analyse", map[string]string{"source": strings.Replace(playbookText, "edr.isolate_host", "edr.isolate_hots", 1)}).is(200).into(&got)
	require.False(t, got.OK)
	require.Nil(t, got.Graph)
	require.Len(t, got.Symbols, 3, "the outline stays")
	require.Contains(t, got.Diagnostics[0].Fixes[0].Title, "edr.isolate_host")
}

func TestAnEditorIsAnswered(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	var words struct {
		Items []struct{ Label, Kind, Detail string }
	}
	begun := strings.Replace(playbookText, "edr.isolate_host\n", "edr.iso\n", 1)
	ana.post("/v1/editor/complete", place(begun, "edr.iso", 7)).is(200).into(&words)
	require.Equal(t, "edr.isolate_host", words.Items[0].Label)
	require.Equal(t, "operation", words.Items[0].Kind)

	var hover struct{ Hover *struct{ Text string } }
	ana.post("/v1/editor/hover", place(playbookText, "edr.isolate_host", 5)).is(200).into(&hover)
	require.Contains(t, hover.Hover.Text, "consequential")
	hover.Hover = nil
	ana.post("/v1/editor/hover", map[string]any{"source": playbookText, "line": 9999, "column": -1}).is(200).into(&hover)
	require.Nil(t, hover.Hover)

	var definition struct{ Range *struct{ Line int } }
	ana.post("/v1/editor/definition", place(playbookText, "[isolate]", 2)).is(200).into(&definition)
	line, _ := at(playbookText, "id: isolate", 0)
	require.Equal(t, line, definition.Range.Line)
	var references struct{ Items []struct{ Line int } }
	ana.post("/v1/editor/references", place(playbookText, "[isolate]", 2)).is(200).into(&references)
	require.Len(t, references.Items, 2)

	renaming := place(playbookText, "[isolate]", 2)
	renaming["name"] = "contain"
	var edits struct{ Edits []struct{ Text string } }
	ana.post("/v1/editor/rename", renaming).is(200).into(&edits)
	require.Len(t, edits.Edits, 2)
	renaming["name"] = "gate"
	require.Contains(t, ana.post("/v1/editor/rename", renaming).is(422).problem().Detail, "already")

	var formatted struct{ Source string }
	ana.post("/v1/editor/format", map[string]string{"source": "owner: soc\nname:   isolate\n"}).is(200).into(&formatted)
	require.Equal(t, "name: isolate\nowner: soc\n", formatted.Source)
	ana.post("/v1/editor/format", map[string]string{"source": "a: [\n"}).is(422)
	for _, what := range []string{"analyse", "complete", "hover", "definition", "references", "rename", "format"} {
		p.nobody().post("/v1/editor/"+what, map[string]string{}).is(401)
		ana.post("/v1/editor/"+what, map[string]string{"source": strings.Repeat("#", 512<<10+1)}).is(422)
	}
}
