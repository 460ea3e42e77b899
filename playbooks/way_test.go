package playbooks_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks"
	"picket/playbooks/spec"
)

func TestAMissingApprovalComesWithAWayAroundIt(t *testing.T) {
	t.Parallel()
	catalog := &playbooks.Catalog{Operations: map[string]playbooks.Operation{
		"edr.isolate": {Name: "edr.isolate", Effect: "consequential", Input: []byte(`{"type":"object"}`)},
	}}
	const text = `name: p
owner: soc
on: {manual: {}}
steps:
  - {id: first, set: {v: 1}}
  - id: way
    choose:
      - when: steps.first.output.v == 1
        steps:
          - {id: gate, approve: {title: 'Now?', by: {role: responder}, covers: [act], within: 1h, on_timeout: deny}}
  - id: pack
    try:
      steps:
        - {id: note, set: {v: 2}}
        - {id: act, action: edr.isolate}
      catch:
        - {id: failed, set: {v: 3}}
`
	a := playbooks.Analyse("p.yaml", []byte(text), catalog)
	var found *spec.Diagnostic
	for i := range a.Diagnostics {
		if a.Diagnostics[i].Code == spec.CodeUnapproved {
			found = &a.Diagnostics[i]
		}
	}
	require.NotNil(t, found, "%v", a.Diagnostics)
	require.Equal(t, []string{"first", "pack", "note", "act"}, found.Way)
	require.Nil(t, a.Plan)
	require.NotNil(t, a.Sketch, "it can be looked at: %v", a.Diagnostics)
	require.Equal(t, "act", a.Sketch.Steps[2].Try.Steps[1].ID)
	b := playbooks.Analyse("p.yaml", []byte(text+"  - {id: last, set: {v: nowhere}}\n  - {id: last, set: {v: 1}}\n"), catalog)
	require.Nil(t, b.Sketch, "not where something else is wrong too")
}
