package library_test

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"picket/playbooks/plan/schema"
)

func TestEveryPlanOfTheLibraryIsValidByThePublishedSchema(t *testing.T) {
	t.Parallel()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.JSON()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(schema.ID, document))
	s, err := compiler.Compile(schema.ID)
	require.NoError(t, err)
	for name, p := range plans(t) {
		text, err := p.Encode()
		require.NoError(t, err)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, s.Validate(value), name)
	}
}
