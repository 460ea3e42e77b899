package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/soc"
)

// message is one server-sent event.
type message struct {
	ID, Event, Data string
}

// follow opens a stream and answers its events as they come; the channel is closed when the stream ends.
func (c *client) follow(path string) <-chan message {
	t := c.p.t
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	response, err := c.p.web.Client().Do(c.request("GET", path, nil).WithContext(ctx))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	messages := make(chan message, 10_000)
	go func() {
		defer close(messages)
		defer response.Body.Close()
		var m message
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				m.ID = value
			case "event":
				m.Event = value
			case "data":
				m.Data = value
			case "":
				if m.Event != "" {
					messages <- m
				}
				m = message{}
			}
		}
	}()
	return messages
}

func next(t *testing.T, messages <-chan message) message {
	t.Helper()
	select {
	case m, ok := <-messages:
		require.True(t, ok, "the stream has ended")
		return m
	case <-time.After(20 * time.Second):
		require.Fail(t, "nothing came")
		return message{}
	}
}

func ended(t *testing.T, messages <-chan message) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case _, open := <-messages:
			if !open {
				return
			}
		case <-timeout:
			require.Fail(t, "the stream goes on")
		}
	}
}

type event struct {
	Seq     int64
	Kind    string
	RunID   string `json:"run_id"`
	AlertID string `json:"alert_id"`
}

func TestTheLedgerIsStreamedAsItGrowsAndResumedWhereItWasLeft(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	p.accepted(1)
	stream := ana.follow("/v1/events")
	other := ana.follow("/v1/events")
	alertID, _ := p.accepted(2)
	m := next(t, stream)
	require.Equal(t, m, next(t, other))
	var e event
	require.NoError(t, json.Unmarshal([]byte(m.Data), &e))
	require.Equal(t, "ledger", m.Event)
	require.Equal(t, "alert.accepted", e.Kind)
	require.Equal(t, alertID, e.AlertID, "it begins with what comes next")
	require.Equal(t, fmt.Sprint(e.Seq), m.ID)

	for n := 3; n < 10; n++ {
		p.accepted(n)
	}
	for want := e.Seq + 1; want <= e.Seq+7; want++ {
		require.Equal(t, fmt.Sprint(want), next(t, stream).ID, "in order, without gaps")
	}
	resumed := ana.with("Last-Event-ID", m.ID).follow("/v1/events")
	for want := e.Seq + 1; want <= e.Seq+7; want++ {
		require.Equal(t, fmt.Sprint(want), next(t, resumed).ID)
	}
	again := ana.follow("/v1/events?after=0")
	require.Equal(t, "1", next(t, again).ID)
	ana.get("/v1/events?after=x").is(422)
}

func TestAStreamOfOneRunTellsOfThatRunOnly(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	_, runID := p.accepted(1)
	stream := ana.follow("/v1/events?run_id=" + runID)
	p.accepted(2)
	_, err := p.store.Append(t.Context(), runID, []soc.LedgerEntry{{Key: "run", Kind: "run.started", Body: json.RawMessage("{}")}})
	require.NoError(t, err)
	var e event
	require.NoError(t, json.Unmarshal([]byte(next(t, stream).Data), &e))
	require.Equal(t, runID, e.RunID)
}

func TestAStreamThatIsFarBehindIsToldToReadAnew(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	for range 6 {
		entries := make([]soc.LedgerEntry, 1000)
		for i := range entries {
			entries[i] = soc.LedgerEntry{Key: soc.NewID("key"), Kind: "test", Body: json.RawMessage("{}")}
		}
		_, err := p.store.Append(t.Context(), "", entries)
		require.NoError(t, err)
	}
	require.Equal(t, message{ID: "6000", Event: "reset", Data: `{"seq":6000}`}, next(t, ana.follow("/v1/events?after=1")))
	require.Equal(t, "reset", next(t, ana.follow("/v1/events?after=7000")).Event, "the ledger was put back")
	catching := ana.follow("/v1/events?after=1500")
	for want := 1501; want <= 6000; want++ {
		require.Equal(t, fmt.Sprint(want), next(t, catching).ID)
	}
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *api.Options) { o.Heartbeat = 10 * time.Millisecond })
	browser, who := p.signedIn("ana", soc.RoleAnalyst)
	stream := browser.follow("/v1/events")
	p.accepted(1)
	next(t, stream)
	browser.with("X-Picket-CSRF", who.CSRF).send("DELETE", "/v1/session", nil).is(204)
	ended(t, stream)
}

func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	p := start(t)
	stream := p.as("ana", soc.RoleAnalyst).follow("/v1/events")
	p.server.Close()
	ended(t, stream)
}
