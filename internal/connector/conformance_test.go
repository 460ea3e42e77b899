package connector_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/connector/connectortest"
	"picket/internal/connector/intel"
)

// benchDir holds a manifest that is loaded from a directory, as a user's own would be.
const benchDir = "../../deploy/bench/connectors"

func TestConnectorsOverHTTP(t *testing.T) {
	t.Parallel()
	opts := connector.Options{Dirs: []string{benchDir}}
	r, err := connector.New(opts)
	require.NoError(t, err)
	for _, info := range r.Connectors() {
		if !info.Native {
			t.Run(info.Name, func(t *testing.T) { connectortest.Run(t, opts, info.Name) })
		}
	}
}

func TestNativeOperationsGiveTheirRecordedExamples(t *testing.T) {
	t.Parallel()
	r, err := connector.New(connector.Options{Intel: intel.Options{Sample: true}})
	require.NoError(t, err)
	for _, op := range r.Operations() {
		if op.Example.Request != "" || op.Connector == "memory" || op.Connector == "alerts" { // they are the store's: see TestAPlaybookProposesAndFindsFacts and TestAPlaybookChangesAnAlert
			continue
		}
		output, err := r.Call(context.Background(), connector.Request{Operation: op.Name, Arguments: op.Example.Arguments})
		require.NoError(t, err, op.Name)
		if op.Name == "geoip.lookup" { // the range is the data's own and changes with it
			require.Contains(t, string(output), `"country":"US"`)
			continue
		}
		require.JSONEq(t, string(op.Example.Output), string(output), op.Name)
	}
}
