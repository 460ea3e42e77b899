package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// theatre is a model server (https://platform.openai.com/docs/api-reference/chat/create) and an identity provider. What is
// held there waits until it is let through; what its caller gave up is not answered.
type theatre struct {
	mu       sync.Mutex
	held     map[string]bool // by what is asked for
	asked    map[string]int
	answered map[string]int
	changed  chan struct{}
}

// pass answers whether the caller is still there once what it asks for is let through.
func (s *theatre) pass(r *http.Request, what string) bool {
	s.mu.Lock()
	s.asked[what]++
	for s.held[what] {
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-r.Context().Done():
			return false
		case <-changed:
		}
		s.mu.Lock()
	}
	s.answered[what]++
	s.mu.Unlock()
	return true
}

func (s *theatre) let(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, what)
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *theatre) count(of map[string]int, what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return of[what]
}

// turns are what the model says, one after the other.
var turns = []struct{ tool, arguments string }{
	{"okta.get_user", `{"user":"first"}`},
	{"okta.suspend_user", `{"user":"suspect"}`},
	{"okta.get_user", `{"user":"second"}`},
	{"", `{"x": 1}`},
}

func (s *theatre) chat(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Messages []struct{ Role string }
		Tools    []struct{ Function struct{ Name string } }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	turn := 0
	for _, m := range in.Messages {
		if m.Role == "tool" {
			turn++
		}
	}
	if !s.pass(r, fmt.Sprintf("turn %d", turn)) {
		return
	}
	say := turns[turn]
	message, finish := map[string]any{"role": "assistant", "content": say.arguments}, "stop"
	if say.tool != "" {
		at := slices.IndexFunc(in.Tools, func(t struct{ Function struct{ Name string } }) bool {
			return strings.Contains(t.Function.Name, say.tool[strings.IndexByte(say.tool, '.')+1:])
		})
		finish = "tool_calls"
		message = map[string]any{"role": "assistant", "content": "Let me see.", "tool_calls": []any{map[string]any{
			"id": fmt.Sprintf("call_%d", turn), "type": "function", "function": map[string]any{"name": in.Tools[at].Function.Name, "arguments": say.arguments},
		}}}
	}
	writeJSON(w, map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "probe",
		"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": message}},
		"usage":   map[string]any{"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
	})
}

func (s *theatre) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/users/{user}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("user")
		if s.pass(r, "GET "+name) {
			writeJSON(w, map[string]any{
				"id": name, "status": "ACTIVE", "created": "2024-01-01T00:00:00.000Z", "lastLogin": nil,
				"profile": map[string]any{"login": name, "email": name, "firstName": "Probe", "lastName": "User"},
			})
		}
	})
	mux.HandleFunc("POST /api/v1/users/{user}/lifecycle/suspend", func(w http.ResponseWriter, r *http.Request) {
		if s.pass(r, "suspend "+r.PathValue("user")) {
			writeJSON(w, map[string]any{})
		}
	})
	mux.HandleFunc("POST /v1/chat/completions", s.chat)
	return mux
}

// TestKilledInEveryTurnAnAgentGoesOnWhereItStood kills the process in each turn of the model, in a call of a tool and while
// a person is asked. What was answered is not asked for again.
func TestKilledInEveryTurnAnAgentGoesOnWhereItStood(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	stops := []string{"turn 0", "GET first", "turn 1", "", "turn 2", "GET second", "turn 3"} // "" is the person
	s := &theatre{held: map[string]bool{}, asked: map[string]int{}, answered: map[string]int{}, changed: make(chan struct{})}
	for _, what := range stops {
		s.held[what] = true
	}
	vendor := httptest.NewServer(s.handler())
	t.Cleanup(vendor.Close)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "agent.yaml"), []byte(`name: agent
owner: tests
on: {manual: {}}
steps:
  - id: judge
    timeout: 4m
    retry: {attempts: 20, backoff: 200ms}
    agent:
      provider: probe
      goal: Find out.
      tools: [okta.get_user, okta.suspend_user]
      returns: {type: object, required: [x], properties: {x: {type: integer}}}
      approval: {by: {role: responder}, within: 1h}
`), 0o600))
	in := newInstance(t, "--playbooks", folder, "--no-library")
	require.NoError(t, os.WriteFile(filepath.Join(in.dir, "picket.yaml"), []byte(`
connections:
  - {name: okta, connector: okta, base_url: `+vendor.URL+`, secrets: {token: probe}, allow_private: true}
models:
  openai:
    - {name: probe, base_url: `+vendor.URL+`/v1, key: probe, model: probe, stream: false, structured: text, allow_private: true}
`), 0o600))
	in.start(t)
	var run struct{ ID, Status, Reason string }
	code, err := in.call(ctx, http.MethodPost, "/v1/playbooks/agent/runs", nil, map[string]any{"inputs": map[string]any{}}, &run)
	require.NoError(t, err)
	require.Less(t, code, 300)
	id := run.ID
	waiting := func() bool {
		var pending struct{ Items []struct{ ID string } }
		_, err := in.call(ctx, http.MethodGet, "/v1/approvals?status=pending&limit=5", nil, nil, &pending)
		return err == nil && len(pending.Items) == 1
	}
	for _, what := range stops {
		if what == "" {
			require.Eventually(t, waiting, time.Minute, 50*time.Millisecond, "nobody is asked")
		} else {
			require.Eventually(t, func() bool { return s.count(s.asked, what) > 0 }, time.Minute, 20*time.Millisecond, "%s is not under way", what)
		}
		in.kill()
		in.start(t)
		if what == "" {
			require.Eventually(t, waiting, time.Minute, 50*time.Millisecond, "the question is gone")
			in.decideAll(ctx)
			continue
		}
		s.let(what)
	}
	require.Eventually(t, func() bool {
		code, err := in.call(ctx, http.MethodGet, "/v1/runs/"+id, nil, nil, &run)
		return err == nil && code == http.StatusOK && run.Status != "running" && run.Status != "waiting" && run.Status != "queued"
	}, 2*time.Minute, 100*time.Millisecond, "the run does not end")
	require.Equal(t, "completed", run.Status, run.Reason)
	for _, what := range append(slices.DeleteFunc(stops, func(what string) bool { return what == "" }), "suspend suspect") {
		require.Equal(t, 1, s.count(s.answered, what), "%s was answered once, and that answer counts", what)
	}
	require.Equal(t, 1, s.count(s.asked, "suspend suspect"), "what changes the world is called once")
}
