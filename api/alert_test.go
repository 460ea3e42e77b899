package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestAnAlertIsClosedByHandAndOpenedAgain(t *testing.T) {
	p := start(t)
	id, _ := p.accepted(1)
	ana, rob := p.as("ana", soc.RoleAnalyst), p.as("rob", soc.RoleResponder)
	change := func(c *client, body map[string]any) answer {
		c.p.t.Helper()
		body["reason"] = "a scanner of ours"
		return c.post("/v1/alerts/"+id+"/changes", body)
	}
	var now struct {
		Alert   soc.Alert
		Changes []struct{ By, Status, Reason string }
	}
	change(ana, map[string]any{"status": "closed", "classification": "false_positive"}).is(403)
	change(ana, map[string]any{"severity": "low"}).is(403)
	change(ana, map[string]any{"severity": "critical"}).is(200).into(&now)
	require.Equal(t, []any{soc.SeverityCritical, soc.AlertOpen}, []any{now.Alert.State.Severity, now.Alert.State.Status})
	change(rob, map[string]any{"status": "closed"}).is(422)
	change(rob, map[string]any{"status": "closed", "severity": "low", "classification": "false_positive"}).is(422)
	change(rob, map[string]any{"status": "closed", "classification": "false_positive"}).is(200)
	change(rob, map[string]any{"status": "closed", "classification": "true_positive"}).is(409)
	require.Len(t, ana.get("/v1/alerts?status=closed").is(200).list().Items, 1)
	require.Empty(t, ana.get("/v1/alerts?status=open").is(200).list().Items)
	ana.get("/v1/alerts?status=gone").is(422)
	change(ana, map[string]any{"status": "open"}).is(200).into(&now)
	require.Len(t, now.Changes, 3)
	require.Equal(t, []string{"ana", "a scanner of ours"}, []string{now.Changes[2].By, now.Changes[2].Reason})
	change(p.as("mute"), map[string]any{"severity": "critical"}).is(403)
	rob.post("/v1/alerts/alr_none/changes", map[string]any{"status": "open", "reason": "x"}).is(404)
	rob.post("/v1/alerts/"+id+"/changes", map[string]any{"status": "open", "reason": " "}).is(422)
}
