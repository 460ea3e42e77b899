package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
	"picket/internal/store"
)

func TestFloorsAreChecked(t *testing.T) {
	t.Parallel()
	for says, text := range map[string]string{
		"a name, an owner and a reason": `{name: a, when: "true", severity: high}`,
		`severity is one of`:            `{name: a, owner: o, reason: r, when: "true", severity: grave}`,
		`floors.a.when:`:                `{name: a, owner: o, reason: r, when: alert.hots.name == "x", severity: high}`,
		`not a condition`:               `{name: a, owner: o, reason: r, when: alert.title, severity: high}`,
	} {
		path := filepath.Join(t.TempDir(), "picket.yaml")
		require.NoError(t, os.WriteFile(path, []byte("floors:\n  - "+text+"\n"), 0o600))
		_, err := LoadConfig(path)
		require.ErrorContains(t, err, says)
	}
}

func TestTheHighestFloorHolds(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "picket.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	f := floors{store: s, rules: []FloorConfig{
		{Name: "servers", When: `alert.host.name startsWith "srv-"`, Severity: soc.SeverityMedium},
		{Name: "crown-jewels", When: `alert.host.name startsWith "srv-dc"`, Severity: soc.SeverityHigh},
		{Name: "admins", When: `alert.user.name == "root"`, Severity: soc.SeverityLow},
	}}
	for host, want := range map[string]string{"srv-dc-1": "crown-jewels high", "srv-9": "servers medium", "ws-1": " ", "": " "} {
		alert := soc.Alert{ID: soc.NewID("alr"), Source: "generic", Title: "t", Severity: soc.SeverityLow, Host: soc.Host{Name: host}}
		run := soc.Run{ID: soc.NewID("run"), Playbook: "p", AlertID: alert.ID}
		_, err := s.AcceptAlerts(t.Context(), []store.Accept{{Alert: alert, DedupKey: alert.ID, Runs: []store.NewRun{{Run: run, Start: json.RawMessage(`{}`)}}}})
		require.NoError(t, err)
		name, severity, err := f.Floor(t.Context(), run.ID)
		require.NoError(t, err)
		require.Equal(t, want, name+" "+string(severity), host)
	}
}
