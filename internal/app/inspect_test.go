package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/evidence"
	"picket/internal/soc"
)

const inspected = `name: inspected
owner: soc
on: {manual: {}}
steps:
  - {id: look, action: net.classify, with: {ip: 203.0.113.77}}
  - id: each
    foreach:
      items: [a, b]
      steps: [{id: pause, wait: {for: 10ms}}]
`

func TestARunIsInspectedReplayedAndTakenAlong(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.AdminToken = "pkt_the-token-of-the-test-which-is-long"
	a := instance(t, o, map[string]string{"inspected.yaml": inspected})
	run, err := a.StartRun(t.Context(), api.StartRequest{Playbook: "inspected", By: "ana"})
	require.NoError(t, err)
	send := func(method, path, body string) (int, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+a.Addr()+"/v1/runs/"+run.ID+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+o.AdminToken)
		req.Header.Set("Content-Type", "application/json")
		got, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = got.Body.Close() }()
		text, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		return got.StatusCode, text
	}
	require.Eventually(t, func() bool {
		run, err = a.Store().GetRun(t.Context(), run.ID)
		return err == nil && run.Archive != ""
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, soc.RunCompleted, run.Status, run.Reason)

	events := func(query string) []api.RunEvent {
		t.Helper()
		code, text := send(http.MethodGet, "/events"+query, "")
		require.Equal(t, http.StatusOK, code, string(text))
		var list struct{ Items []api.RunEvent }
		require.NoError(t, json.Unmarshal(text, &list))
		return list.Items
	}
	all := events("")
	require.Greater(t, len(all), 8)
	require.Equal(t, "WorkflowExecutionStarted", all[0].Type)
	require.Nil(t, all[0].Data)
	require.Len(t, events("?limit=2&cursor=2"), 2)
	found := events("?q=203.0.113.77") // in the plan, in the call's answer
	require.NotEmpty(t, found)
	require.Less(t, len(found), len(all))
	require.Empty(t, events("?q=nothing+has+this"))
	of := events("?step=each[1]/pause")
	require.NotEmpty(t, of)
	require.Equal(t, "TimerStarted", of[0].Type)
	require.NotEmpty(t, events("?step=look"))
	code, text := send(http.MethodGet, "/events/1", "")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, string(text), `"name":"inspected"`, "payloads are opened")
	code, _ = send(http.MethodGet, "/events/9999", "")
	require.Equal(t, http.StatusNotFound, code)

	code, text = send(http.MethodPost, "/replay", "{}")
	require.Equal(t, http.StatusOK, code, string(text))
	var replayed api.Replayed
	require.NoError(t, json.Unmarshal(text, &replayed))
	require.True(t, replayed.Same, replayed.Problem)
	require.Equal(t, len(all), replayed.Events)

	code, pack := send(http.MethodGet, "/evidence", "")
	require.Equal(t, http.StatusOK, code)
	checked, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)))
	require.NoError(t, err)
	entries, err := a.Store().RunEntries(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, len(entries), checked.Entries)
}
