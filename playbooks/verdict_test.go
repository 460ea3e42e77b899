package playbooks_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"picket/internal/soc"
	"picket/playbooks"
)

func TestTheSchemaOfVerdictIsThatOfTheEnginesVerdict(t *testing.T) {
	t.Parallel()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(playbooks.VerdictSchema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("verdict.json", document))
	schema, err := compiler.Compile("verdict.json")
	require.NoError(t, err)

	root, ok := document.(map[string]any)
	require.True(t, ok)
	sameMembers(t, "verdict", root, root, reflect.TypeFor[soc.Verdict]())

	calibrated := 0.5
	cited := []soc.Citation{{Evidence: "alert", Pointer: "/title", Quote: "x", Resolved: true}}
	text, err := json.Marshal(soc.Verdict{
		Verdict: "benign", Classification: "false_positive", VerdictID: 1, Summary: "s",
		Severity:   soc.VerdictSeverity{Before: soc.SeverityHigh, After: soc.SeverityLow, Floor: "f"},
		Indicators: []soc.Indication{{Text: "t", Direction: "risky", Weight: 3, Citations: cited}}, RiskScore: -0.5,
		Confidence: soc.Confidence{Stated: 0.5, Calibrated: &calibrated},
		Questions:  []soc.Question{{Text: "q", AskedBy: "model", Answer: "a", Citations: cited}},
		Findings:   []soc.Finding{{Claim: "c", Entities: []string{"e"}, Citations: cited}},
		Against:    []string{}, Missing: []string{}, Attack: []soc.Technique{{ID: "T1078", Citations: cited}},
		Recommended: []soc.Recommended{{Operation: "a.b", Arguments: json.RawMessage(`{}`), Why: "w"}}, Notes: []string{},
	})
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(value))
}

// sameMembers compares a schema's members with a struct's fields, all the way down.
func sameMembers(t *testing.T, where string, root, schema map[string]any, typ reflect.Type) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		defs, _ := root["$defs"].(map[string]any)
		schema, _ = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		require.NotNil(t, schema, where)
	}
	if typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct {
		items, _ := schema["items"].(map[string]any)
		sameMembers(t, where+"[]", root, items, typ.Elem())
		return
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	properties, _ := schema["properties"].(map[string]any)
	require.Len(t, properties, typ.NumField(), where)
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		property, ok := properties[name].(map[string]any)
		require.True(t, ok, "%s.%s", where, name)
		sameMembers(t, where+"."+name, root, property, typ.Field(i).Type)
	}
}
