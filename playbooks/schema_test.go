package playbooks_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
	"gopkg.in/yaml.v3"

	"picket/playbooks"
	"picket/playbooks/library"
	"picket/playbooks/spec"
)

const publishedSchema = "../docs/schema/playbook.schema.json"

func languageSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec.JSONSchema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(spec.SchemaID, document))
	schema, err := compiler.Compile(spec.SchemaID)
	require.NoError(t, err)
	return schema
}

func TestThePublishedSchemaIsTheLanguages(t *testing.T) {
	t.Parallel()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(publishedSchema), 0o755))
		require.NoError(t, os.WriteFile(publishedSchema, spec.JSONSchema(), 0o644))
	}
	text, err := os.ReadFile(publishedSchema)
	require.NoError(t, err)
	require.Equal(t, string(spec.JSONSchema()), string(text), "run this test with -update")
}

// TestTheSchemaAgreesWithTheCompiler holds both against the same documents: what compiles is valid, and what the reader
// refuses by its shape is not.
func TestTheSchemaAgreesWithTheCompiler(t *testing.T) {
	t.Parallel()
	schema := languageSchema(t)
	valid := func(source []byte) error {
		var document any
		require.NoError(t, yaml.Unmarshal(source, &document))
		return schema.Validate(document)
	}
	for name, source := range library.Files() {
		require.NoError(t, valid(source), name)
	}
	files, err := filepath.Glob("testdata/golden/*.txtar")
	require.NoError(t, err)
	shapes := 0
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		require.NoError(t, err)
		source := archive.Files[0].Data
		p, diagnostics := playbooks.Compile("playbook.yaml", source, fixture(t))
		if p != nil {
			require.NoError(t, valid(source), name)
			continue
		}
		shape := false
		for _, d := range diagnostics {
			shape = shape || d.Code == spec.CodeUnknownKey && !strings.Contains(d.Message, "belongs into")
			if d.Code <= spec.CodeYAML {
				shape = false
				break
			}
		}
		if shape && !strings.Contains(name, "duplicate") {
			shapes++
			require.Error(t, valid(source), name)
		}
	}
	require.GreaterOrEqual(t, shapes, 4)
}
