package cacao_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/cacao"
)

func decode(t testing.TB, document []byte) map[string]any {
	t.Helper()
	var d map[string]any
	require.NoError(t, json.Unmarshal(document, &d))
	return d
}

// leaf is a place in a document that holds a value without others in it.
type leaf struct {
	pointer string
	set     func(any)
	is      any
}

func leaves(pointer string, v any, set func(any), to *[]leaf) {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			leaves(pointer+"/"+escape.Replace(key), v[key], func(to any) { v[key] = to }, to)
		}
	case []any:
		for i := range v {
			leaves(fmt.Sprintf("%s/%d", pointer, i), v[i], func(to any) { v[i] = to }, to)
		}
	default:
		*to = append(*to, leaf{pointer, set, v})
	}
}

// changed is another value of the same kind. Of the words that our own output turns around, it is another meaning.
func changed(v any) any {
	switch v := v.(type) {
	case bool:
		return !v
	case float64:
		return v + 1
	case string:
		if m := identifier.FindString(v); m == v && v != "" {
			return v[:len(v)-1] + map[bool]string{true: "1", false: "0"}[strings.HasSuffix(v, "0")]
		}
		return v + " changed"
	}
	return "was nothing"
}

var identifier = regexp.MustCompile(`^[a-z][a-z0-9-]*--[0-9a-f-]{36}$`)

// TestNothingIsDroppedInSilence changes every value of every document, one by one. Each change is refused, makes another
// playbook, or is at a place that the report names.
func TestNothingIsDroppedInSilence(t *testing.T) {
	t.Parallel()
	_, compiled := catalog(t)
	documents := map[string][]byte{}
	files, err := filepath.Glob("testdata/import/*.txtar")
	require.NoError(t, err)
	for _, file := range files {
		_, documents[filepath.Base(file)] = archive(t, file)
	}
	for _, name := range []string{"azure-ad-account-locking.yaml"} {
		document, _, err := cacao.Export(compiled[name].File.Source, cacao.ExportOptions{Created: made})
		require.NoError(t, err)
		documents[name] = document
	}
	for name, document := range documents {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := cacao.ImportOptions{}
			before, err := cacao.Import(document, options)
			if err != nil {
				return // it is refused as it is
			}
			parsed := decode(t, document)
			var all []leaf
			leaves("", parsed, nil, &all)
			require.NotEmpty(t, all)
			for _, l := range all {
				l.set(changed(l.is))
				text, err := json.Marshal(parsed)
				require.NoError(t, err)
				l.set(l.is)
				after, err := cacao.Import(text, options)
				noticed := err != nil || string(after.Source) != string(before.Source) || !slices.Equal(before.Report, after.Report)
				for _, e := range after.Report { // one that names the place, and shows the beginning of what stands there
					noticed = noticed || l.pointer == e.Pointer || strings.HasPrefix(l.pointer, e.Pointer+"/")
				}
				require.True(t, noticed, "nobody sees that %s is not %v", l.pointer, l.is)
			}
		})
	}
}

var variable = regexp.MustCompile(`__[a-zA-Z_][a-zA-Z0-9_-]*?__`)

// TestTheNativeFormIsWhole holds exports against what the specification wants beyond its schema.
func TestTheNativeFormIsWhole(t *testing.T) {
	t.Parallel()
	_, compiled := catalog(t)
	for name, c := range compiled {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, _, err := cacao.Export(c.File.Source, cacao.ExportOptions{Created: made})
			require.NoError(t, err)
			d := decode(t, document)
			steps := d["workflow"].(map[string]any)
			uuids := map[string]string{}
			for _, dictionary := range []string{"workflow", "agent_definitions", "target_definitions", "data_marking_definitions"} {
				objects, _ := d[dictionary].(map[string]any)
				for id := range objects {
					_, uuid, _ := strings.Cut(id, "--")
					require.Empty(t, uuids[uuid], "a UUID is not used twice")
					uuids[uuid] = id
				}
			}
			variables, _ := d["playbook_variables"].(map[string]any)
			seen := map[string]bool{}
			var walk func(id string)
			walk = func(id string) {
				step, ok := steps[id].(map[string]any)
				require.True(t, ok, id)
				if seen[id] {
					return
				}
				seen[id] = true
				if step["type"] != "end" {
					require.True(t, step["on_completion"] != nil || step["on_success"] != nil, "%s leads nowhere", id)
				}
				if agent, ok := step["agent"].(string); ok {
					require.Contains(t, d["agent_definitions"], agent)
				}
				targets, _ := step["targets"].([]any)
				for _, target := range targets {
					require.Contains(t, d["target_definitions"], target)
				}
				condition, _ := step["condition"].(string)
				outs, _ := step["out_args"].([]any)
				for _, name := range append(variable.FindAllString(condition, -1), variable.FindAllString(fmt.Sprint(outs...), -1)...) {
					require.Contains(t, variables, name)
				}
				for _, link := range []string{"on_completion", "on_success", "on_failure", "on_true", "on_false"} {
					if to, ok := step[link].(string); ok {
						walk(to)
					}
				}
				branches, _ := step["next_steps"].([]any)
				for _, to := range branches {
					walk(to.(string))
				}
				cases, _ := step["cases"].(map[string]any)
				for _, to := range cases {
					walk(to.(string))
				}
			}
			walk(d["workflow_start"].(string))
			require.Len(t, seen, len(steps), "every step is reached")
		})
	}
}

// TestOthersCanStepThroughAnExport takes the extension away: what is left is what another tool has, and is a playbook as well.
func TestOthersCanStepThroughAnExport(t *testing.T) {
	t.Parallel()
	cat, compiled := catalog(t)
	for name, c := range compiled {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, _, err := cacao.Export(c.File.Source, cacao.ExportOptions{Created: made})
			require.NoError(t, err)
			d := decode(t, document)
			delete(d, "playbook_extensions")
			delete(d, "extension_definitions")
			for _, step := range d["workflow"].(map[string]any) {
				delete(step.(map[string]any), "step_extensions")
			}
			document, err = json.Marshal(d)
			require.NoError(t, err)
			in, err := cacao.Import(document, cacao.ImportOptions{Catalog: cat, File: name})
			require.NoError(t, err)
			require.Empty(t, in.Diagnostics, "%s", in.Source)
			require.NotEmpty(t, in.Report)
		})
	}
}

func encode(t testing.TB, d map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(d)
	require.NoError(t, err)
	return text
}
