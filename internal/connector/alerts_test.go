package connector_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/soc"
	"picket/internal/store"
)

// queue is the store's alerts, without floors.
type queue struct{ *store.Store }

func (q queue) AlertState(ctx context.Context, id string) (soc.AlertState, error) {
	a, err := q.AlertNow(ctx, id)
	if err != nil {
		return soc.AlertState{}, err
	}
	return *a.State, nil
}

func TestAPlaybookChangesAnAlert(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "picket.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	alert := soc.Alert{ID: soc.NewID("alr"), Source: "generic", Title: "t", Severity: soc.SeverityMedium, Raw: json.RawMessage(`{}`)}
	run := soc.Run{ID: soc.NewID("run"), Playbook: "p"}
	_, err = s.AcceptAlerts(t.Context(), []store.Accept{{Alert: alert, DedupKey: "1", Runs: []store.NewRun{{Run: run, Start: json.RawMessage(`{}`)}}}})
	require.NoError(t, err)
	r, err := connector.New(connector.Options{Alerts: queue{s}})
	require.NoError(t, err)
	request := func(operation, more string) connector.Request {
		return connector.Request{
			Operation: "alerts." + operation, Arguments: json.RawMessage(`{"alert_id":"` + alert.ID + `"` + more + `}`), RunID: run.ID,
		}
	}
	for _, c := range []struct{ operation, more, want string }{
		{"get", ``, "open medium"},
		{"raise_severity", `,"severity":"low","reason":"r"`, "open medium"},
		{"raise_severity", `,"severity":"critical","reason":"r"`, "open critical"},
		{"lower_severity", `,"severity":"fatal","reason":"r"`, "open critical"},
		{"lower_severity", `,"severity":"low","reason":"r"`, "open low"},
		{"close", `,"classification":"false_positive","reason":"r"`, "closed low"},
		{"reopen", `,"reason":"r"`, "open low"},
	} {
		done, supported, err := r.Confirm(t.Context(), request(c.operation, c.more))
		require.NoError(t, err)
		require.False(t, done && supported, c.operation)
		text, err := r.Call(t.Context(), request(c.operation, c.more))
		require.NoError(t, err)
		var out struct{ Status, Severity string }
		require.NoError(t, json.Unmarshal(text, &out))
		require.Equal(t, c.want, out.Status+" "+out.Severity, c.operation)
		if c.operation == "close" {
			done, _, err = r.Confirm(t.Context(), request(c.operation, c.more))
			require.NoError(t, err)
			require.True(t, done, "a call that was cut off is found out about")
		}
	}
	now, err := s.AlertNow(t.Context(), alert.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"playbook", run.ID}, []string{now.State.By, now.State.RunID})
}
