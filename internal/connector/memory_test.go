package connector_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/soc"
	"picket/internal/store"
)

func TestAPlaybookProposesAndFindsFacts(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "picket.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	r, err := connector.New(connector.Options{Memory: s})
	require.NoError(t, err)
	call := func(operation, arguments string) map[string]any {
		t.Helper()
		text, err := r.Call(t.Context(), connector.Request{Operation: operation, Arguments: json.RawMessage(arguments)})
		require.NoError(t, err)
		var out map[string]any
		require.NoError(t, json.Unmarshal(text, &out))
		return out
	}
	proposed := call("memory.propose", `{"type":"host","value":"scan-01","text":"Scans on Mondays","source":"run_1","owner":"infra","days":30}`)
	require.Equal(t, soc.FactProposed, proposed["status"])
	require.Empty(t, call("memory.lookup", `{"value":"scan-01"}`)["facts"], "nobody has approved it")
	_, err = s.DecideFact(t.Context(), proposed["id"].(string), soc.FactApproved, "lea", "asked them")
	require.NoError(t, err)
	facts := call("memory.lookup", `{"value":"SCAN-01","type":"host"}`)["facts"].([]any)
	require.Len(t, facts, 1)
	fact := facts[0].(map[string]any)
	require.Equal(t, []any{proposed["id"], "Scans on Mondays", "run_1", "infra"}, []any{fact["id"], fact["text"], fact["source"], fact["owner"]})
	until, err := time.Parse(time.RFC3339, fact["until"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(30*24*time.Hour), until, time.Hour)
	list, err := s.Facts(t.Context(), store.FactFilter{})
	require.NoError(t, err)
	require.Equal(t, "playbook", list[0].ProposedBy)
}
