package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"picket/playbooks"
	"picket/playbooks/plan/schema"
)

var update = flag.Bool("update", false, "publish the schema")

const published = "../../../docs/schema/plan.schema.json"

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.JSON()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(schema.ID, document))
	s, err := compiler.Compile(schema.ID)
	require.NoError(t, err)
	return s
}

func TestThePublishedSchemaIsThatOfThePlan(t *testing.T) {
	t.Parallel()
	if *update {
		require.NoError(t, os.WriteFile(published, schema.JSON(), 0o644))
	}
	text, err := os.ReadFile(published)
	require.NoError(t, err)
	require.Equal(t, string(schema.JSON()), string(text), "run this test with -update")
	require.Equal(t, schema.JSON(), schema.JSON(), "the same every time")
}

// plans are the plans of the compiler's golden files.
func plans(t *testing.T) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("../../testdata/catalog.json")
	require.NoError(t, err)
	var catalog playbooks.Catalog
	require.NoError(t, json.Unmarshal(text, &catalog))
	files, err := filepath.Glob("../../testdata/golden/*.txtar")
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		p, _ := playbooks.Compile("playbook.yaml", archive.Files[0].Data, &catalog)
		if p == nil {
			continue
		}
		out[filepath.Base(file)], err = p.Encode()
		require.NoError(t, err)
	}
	require.Greater(t, len(out), 10)
	return out
}

func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return s.Validate(document)
}

func TestEveryPlanThatCompilesIsValid(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for name, text := range plans(t) {
		require.NoError(t, valid(t, s, text), name)
	}
}

func TestWhatIsNoPlanIsNotValid(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	const good = `{"version":1,"name":"x","owner":"y","source":"","triggers":[{"kind":"manual"}],"steps":[{"id":"a","line":1,"verb":"set","set":[{"name":"n","value":{"lit":null}}]}]}`
	require.NoError(t, valid(t, s, []byte(good)))
	for name, c := range map[string][2]string{
		"another version":         {`"version":1`, `"version":2`},
		"a missing owner":         {`"owner":"y",`, ``},
		"an unknown field":        {`"owner":"y"`, `"owner":"y","colour":"red"`},
		"an unknown verb":         {`"verb":"set"`, `"verb":"dance"`},
		"a verb without its part": {`"verb":"set"`, `"verb":"stop"`},
		"a part of another verb":  {`"verb":"set"`, `"verb":"set","stop":{"status":"completed"}`},
		"two forms of a value":    {`"lit":null`, `"lit":null,"expr":"x"`},
		"no form of a value":      {`"lit":null`, ``},
		"an unknown trigger":      {`"manual"`, `"magic"`},
		"steps that are none":     {`"steps":[`, `"steps":[7,`},
	} {
		require.Contains(t, good, c[0])
		require.Error(t, valid(t, s, []byte(strings.Replace(good, c[0], c[1], 1))), name)
	}
}

func TestFieldsAreDescribed(t *testing.T) {
	t.Parallel()
	text := string(schema.JSON())
	require.Contains(t, text, "Step is one element of a playbook.")
	require.Contains(t, text, "in all, the first included")
}
