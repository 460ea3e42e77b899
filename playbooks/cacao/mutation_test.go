package cacao_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"picket/playbooks/cacao"
)

// places are the objects and lists of a document.
func places(v any, to *[]any) {
	switch v := v.(type) {
	case map[string]any:
		*to = append(*to, v)
		for _, key := range keysOf(v) {
			places(v[key], to)
		}
	case []any:
		*to = append(*to, v)
		for _, item := range v {
			places(item, to)
		}
	}
}

func keysOf(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// TestBrokenDocumentsAreRefusedOrRead leads links elsewhere, takes things out and puts things where they do not belong.
func TestBrokenDocumentsAreRefusedOrRead(t *testing.T) {
	t.Parallel()
	cat, compiled := catalog(t)
	var documents [][]byte
	files, err := filepath.Glob("testdata/import/*.txtar")
	require.NoError(t, err)
	for _, file := range files {
		_, document := archive(t, file)
		documents = append(documents, document)
	}
	for _, name := range []string{"azure-ad-account-locking.yaml", "ransomware-containment.yaml", "isolate-hosts.yaml"} {
		document, _, err := cacao.Export(compiled[name].File.Source, cacao.ExportOptions{Created: made})
		require.NoError(t, err)
		documents = append(documents, document)
	}
	rapid.Check(t, func(t *rapid.T) {
		var d map[string]any
		require.NoError(t, json.Unmarshal(rapid.SampledFrom(documents).Draw(t, "document"), &d))
		workflow := d["workflow"].(map[string]any)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			var all []any
			places(d, &all)
			switch in := rapid.SampledFrom(all).Draw(t, "in").(type) {
			case map[string]any:
				if len(in) == 0 {
					continue
				}
				key := rapid.SampledFrom(keysOf(in)).Draw(t, "key")
				is, _ := in[key].(string)
				switch rapid.IntRange(0, 3).Draw(t, "how") {
				case 0:
					delete(in, key)
				case 1:
					in[key] = rapid.SampledFrom([]any{nil, "", "__x__:value", "${{ run.id }}", []any{}, map[string]any{}, 7, true, "a\u2028b\n# c"}).Draw(t, "value")
				default:
					if strings.Contains(is, "--") && len(workflow) > 0 {
						in[key] = rapid.SampledFrom(keysOf(workflow)).Draw(t, "to")
					}
				}
			case []any:
				if len(in) > 0 {
					in[0] = in[len(in)-1]
				}
			}
		}
		document, err := json.Marshal(d)
		require.NoError(t, err)
		in, err := cacao.Import(document, cacao.ImportOptions{Catalog: cat})
		if err != nil {
			var invalid *cacao.InvalidError
			require.True(t, errors.As(err, &invalid), "%v", err)
			return
		}
		require.NotEmpty(t, in.Source)
	})
}

// TestALargeDocumentIsRead reads documents that are as large as the bounds let in, made so that they give much work: one
// that does not end runs into the timeout of the tests.
func TestALargeDocumentIsRead(t *testing.T) {
	t.Parallel()
	const n = 4000
	d := drawn{kinds: make([]string, n), links: make([]map[string]int, n)}
	for i := range n {
		d.kinds[i], d.links[i] = "if-condition", map[string]int{"on_true": min(i+2, n-1), "on_false": i + 1}
		switch i {
		case 0:
			d.kinds[i], d.links[i] = "start", map[string]int{"on_completion": 1}
		case n - 1:
			d.kinds[i], d.links[i] = "end", nil
		}
	}
	_, err := cacao.Import(d.document(t), cacao.ImportOptions{})
	require.Error(t, err) // deeper than blocks go

	d.kinds[0], d.links[0] = "start", map[string]int{"on_completion": 1}
	for i := 1; i < n-1; i++ {
		d.kinds[i], d.links[i] = "action", map[string]int{"on_completion": i + 1}
	}
	in, err := cacao.Import(d.document(t), cacao.ImportOptions{})
	require.NoError(t, err)
	require.Contains(t, string(in.Source), "step 3000")
}
