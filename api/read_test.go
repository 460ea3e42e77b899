package api_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

func TestADiagnosticHasAPage(t *testing.T) {
	t.Parallel()
	ana := start(t).as("ana", soc.RoleAnalyst)
	require.Contains(t, string(ana.get("/v1/diagnostics/P040").is(200).body), "# P040: ")
	ana.get("/v1/diagnostics/P999").is(404)
}

func TestNothingIsReadOrChangedByStrangers(t *testing.T) {
	t.Parallel()
	p := start(t)
	open := map[string]bool{
		"GET /healthz": true, "GET /v1/openapi.yaml": true, "POST /v1/hooks/:source": true,
		"GET /v1/session": true, "POST /v1/session": true, "POST /v1/session/setup": true,
	}
	for _, route := range p.server.Routes() {
		if open[route] {
			continue
		}
		var method, path string
		_, err := fmt.Sscan(route, &method, &path)
		require.NoError(t, err)
		for name, stranger := range map[string]*client{
			"nobody":        p.nobody(),
			"a wrong token": p.nobody().with("Authorization", "Bearer pk_wrong"),
			"a hook":        p.hook(),
			"a cookie":      p.nobody().with("Cookie", "picket_session=x"),
		} {
			require.Equal(t, 401, stranger.send(method, path, nil).status, "%s as %s", route, name)
		}
	}
}

func TestAlertsAreListedFilteredAndPaged(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	require.Empty(t, ana.get("/v1/alerts").is(200).list().Items)
	for n := range 7 {
		p.accepted(n)
	}
	p.hook().post("/v1/hooks/guardduty", guardDutyText).is(202)

	var seen []string
	for cursor := ""; ; {
		l := ana.get("/v1/alerts?source=generic&limit=3&cursor=" + cursor).is(200).list()
		for _, a := range l.Items {
			seen = append(seen, a["title"].(string))
			require.Nil(t, a["raw"])
		}
		if cursor = l.Next; cursor == "" {
			break
		}
	}
	require.Len(t, seen, 7)
	require.Equal(t, "Mimikatz on WS-6", seen[0], "newest first")
	require.Len(t, ana.get("/v1/alerts?q=ws-3").is(200).list().Items, 1)
	require.Len(t, ana.get("/v1/alerts?severity=high&source=generic").is(200).list().Items, 7)
	require.Empty(t, ana.get("/v1/alerts?severity=low&source=generic").is(200).list().Items)
	require.Empty(t, ana.get("/v1/alerts?since="+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)).is(200).list().Items)
	for _, bad := range []string{"limit=0", "limit=501", "limit=x", "severity=huge", "since=yesterday", "cursor=%00", "cursor=nonsense"} {
		ana.get("/v1/alerts?" + bad).is(422)
	}
}

const guardDutyText = `{"schemaVersion":"2.0","accountId":"111122223333","region":"eu-west-1","id":"f1","type":"UnauthorizedAccess:IAMUser/ConsoleLogin","severity":5,"title":"t","description":"d","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z","resource":{"resourceType":"AccessKey"},"service":{}}`

func TestAnAlertIsShownWithItsRunsAndARunIsStartedByHand(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	alertID, runID := p.accepted(1)
	var got struct {
		Alert soc.Alert
		Runs  []soc.Run
	}
	ana.get("/v1/alerts/" + alertID).is(200).into(&got)
	require.Equal(t, "Mimikatz on WS-1", got.Alert.Title)
	require.Contains(t, string(got.Alert.Raw), "a-1")
	require.Len(t, got.Runs, 1)
	require.Equal(t, runID, got.Runs[0].ID)
	ana.get("/v1/alerts/alr_none").is(404)

	body := map[string]string{"playbook": "isolate"}
	var run, again soc.Run
	keyed := ana.with("Idempotency-Key", "k1")
	keyed.post("/v1/alerts/"+alertID+"/runs", body).is(202).into(&run)
	require.Equal(t, "ana", run.RequestedBy)
	keyed.post("/v1/alerts/"+alertID+"/runs", body).is(202).into(&again)
	require.Equal(t, run.ID, again.ID, "the same key is the same run")
	bo := p.as("bo", soc.RoleAnalyst).with("Idempotency-Key", "k1")
	bo.post("/v1/alerts/"+alertID+"/runs", body).is(202).into(&again)
	require.NotEqual(t, run.ID, again.ID, "another person's key is another key")
	keyed.post("/v1/alerts/"+alertID+"/runs", map[string]string{"playbook": "other"}).is(409)

	ana.post("/v1/alerts/"+alertID+"/runs", map[string]string{"playbook": "nonsense"}).is(404)
	ana.post("/v1/alerts/"+alertID+"/runs", map[string]string{}).is(422)
	ana.post("/v1/alerts/alr_none/runs", body).is(404)
	p.as("guest").post("/v1/alerts/"+alertID+"/runs", body).is(403)
	require.Len(t, ana.get("/v1/runs?alert_id="+alertID).is(200).list().Items, 3)
	require.Len(t, ana.get("/v1/runs?status=queued&playbook=isolate").is(200).list().Items, 3)
	require.Empty(t, ana.get("/v1/runs?status=failed").is(200).list().Items)
	ana.get("/v1/runs?status=nonsense").is(422)
}

func TestManyStartsWithOneKeyAreOneRun(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst).with("Idempotency-Key", "k")
	alertID, _ := p.accepted(1)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { ana.post("/v1/alerts/"+alertID+"/runs", map[string]string{"playbook": "isolate"}) })
	}
	all.Wait()
	require.Len(t, ana.get("/v1/runs?alert_id="+alertID).is(200).list().Items, 2)
}

func body(t testing.TB, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}

func TestARunIsShownWithItsStepsLedgerPlanAndHistory(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	_, runID := p.accepted(1)
	at := time.Now().UTC()
	require.NoError(t, p.store.MarkRun(t.Context(), runID, soc.RunRunning, "t1"))
	_, err := p.store.Append(t.Context(), runID, []soc.LedgerEntry{
		{Key: "run", Kind: contract.KindRunStarted, At: at, Body: body(t, contract.RunBody{Playbook: "isolate"})},
		{Key: "network/call/1", Kind: contract.KindCallFinished, Step: "network", Attempt: 1, At: at, Body: body(t, contract.CallBody{
			Operation: "net.classify", Effect: "read", Input: json.RawMessage(`{"ip":"198.51.100.1"}`),
			Error: &contract.CallError{Kind: "unavailable", Message: "no"}, Started: at, Ended: at,
		})},
		{Key: "network/call/2", Kind: contract.KindCallFinished, Step: "network", Attempt: 2, At: at, Body: body(t, contract.CallBody{
			Operation: "net.classify", Effect: "read", Input: json.RawMessage(`{"ip":"198.51.100.1"}`),
			Output: json.RawMessage(`{"kind":"reserved"}`), Started: at, Ended: at,
		})},
		{Key: "network/end", Kind: contract.KindStepFinished, Step: "network", At: at, Body: body(t, contract.StepBody{
			Verb: "action", Status: contract.StepOK, Started: at, Ended: at,
		})},
	})
	require.NoError(t, err)

	steps := ana.get("/v1/runs/" + runID + "/steps").is(200).list().Items
	require.Len(t, steps, 3)
	require.Equal(t, "ok", steps[0]["status"])
	require.Len(t, steps[0]["attempts"], 2)
	require.Equal(t, map[string]any{"kind": "reserved"}, steps[0]["output"])
	require.Equal(t, "running", steps[1]["status"])
	require.Equal(t, []any{"isolate"}, steps[1]["covers"])
	require.Equal(t, "queued", steps[2]["status"])
	require.Equal(t, "consequential", steps[2]["effect"])

	first := ana.get("/v1/runs/" + runID + "/ledger?limit=3").is(200).list()
	require.Len(t, first.Items, 3)
	second := ana.get("/v1/runs/" + runID + "/ledger?limit=3&cursor=" + first.Next).is(200).list()
	require.Len(t, second.Items, 1)
	require.Empty(t, second.Next)
	ana.get("/v1/runs/" + runID + "/ledger?cursor=x").is(422)

	var kept struct {
		Digest, Source string
		Plan           struct{ Name string }
	}
	ana.get("/v1/runs/" + runID + "/plan").is(200).into(&kept)
	require.Equal(t, p.playbook.Digest, kept.Digest)
	require.Equal(t, playbookText, kept.Source)
	require.Equal(t, "isolate", kept.Plan.Name)

	ana.get("/v1/runs/" + runID + "/history").is(404)
	_, err = p.store.CloseRun(t.Context(), store.Closing{RunID: runID, Status: soc.RunCompleted, Outputs: json.RawMessage(`{"n":12345678901234567890}`)})
	require.NoError(t, err)
	digest, err := p.blobs.Put(t.Context(), []byte(`{"events":[]}`))
	require.NoError(t, err)
	_, err = p.store.ArchiveRun(t.Context(), runID, digest, nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"events":[]}`, string(ana.get("/v1/runs/"+runID+"/history").is(200).body))
	closed := ana.get("/v1/runs/" + runID).is(200)
	require.Contains(t, string(closed.body), "12345678901234567890", "numbers keep their digits")
	steps = ana.get("/v1/runs/" + runID + "/steps").is(200).list().Items
	require.Equal(t, "skipped", steps[2]["status"])

	for _, part := range []string{"", "/steps", "/ledger", "/history", "/plan"} {
		ana.get("/v1/runs/run_none" + part).is(404)
	}
}

func TestPlaybooksAreListedShownCheckedAndCompiled(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	items := ana.get("/v1/playbooks").is(200).list().Items
	require.Len(t, items, 1)
	require.Equal(t, "isolate", items[0]["name"])
	require.EqualValues(t, 3, items[0]["steps"])
	require.EqualValues(t, 1, items[0]["consequential"])
	var detail struct {
		Source string
		Plan   struct{ Steps []any }
	}
	ana.get("/v1/playbooks/isolate").is(200).into(&detail)
	require.Equal(t, playbookText, detail.Source)
	require.Len(t, detail.Plan.Steps, 3)
	ana.get("/v1/playbooks/none").is(404)

	var compiled struct {
		OK          bool
		Plan        *struct{ Name string }
		Digest      string
		Diagnostics []struct {
			Code, File, Message string
			Line                int
		}
	}
	ana.post("/v1/playbooks/compile", map[string]string{"source": playbookText}).is(200).into(&compiled)
	require.True(t, compiled.OK)
	require.Equal(t, p.playbook.Digest, compiled.Digest)
	wrong := map[string]string{"source": "name: x\nowner: y\nsteps:\n  - id: a\n    action: net.nonsense\n", "file": "x.yaml"}
	compiled.Plan = nil
	ana.post("/v1/playbooks/compile", wrong).is(200).into(&compiled)
	require.False(t, compiled.OK)
	require.Nil(t, compiled.Plan)
	require.NotEmpty(t, compiled.Diagnostics)
	require.Equal(t, "x.yaml", compiled.Diagnostics[0].File)
	ana.post("/v1/playbooks/check", wrong).is(200)
}

func TestConnectionsAreListedWithoutTheirSecrets(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	got := ana.get("/v1/connections").is(200)
	require.NotContains(t, string(got.body), "secret-of-the-sandbox")
	items := got.list().Items
	require.NotEmpty(t, items)
	for _, x := range items {
		require.Equal(t, x["base_url"] != "" && x["base_url"] != nil, x["sandbox"], "%v", x)
	}
	operations := ana.get("/v1/operations").is(200)
	require.NotContains(t, string(operations.body), "secret-of-the-sandbox")
	require.NotEmpty(t, operations.list().Items)
}

func TestTheLedgerIsVerified(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.accepted(1)
	ana := p.as("ana", soc.RoleAnalyst)
	var report struct {
		OK      bool
		Entries int
		Signed  bool
	}
	ana.post("/v1/audit/verify", nil).is(200).into(&report)
	require.True(t, report.OK)
	require.Positive(t, report.Entries)
	require.True(t, report.Signed)
	ana.get("/v1/audit/verify").is(200)
}

func TestTheServiceSaysWhatKeepsItFromWorking(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.nobody().get("/healthz").is(200)
	require.NoError(t, p.store.Close())
	// The database is gone: an answer of ours, without its inner workings.
	got := p.hook().post("/v1/hooks/generic", alertText(1))
	require.Contains(t, []int{500, 503}, got.status)
	require.NotContains(t, string(got.body), "sql")
}
