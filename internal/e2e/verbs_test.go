package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/playbooks/spec"
)

// stage is the systems that the playbooks of this test call: a directory and a model. What is asked about somebody slow is
// not answered before the doors are opened, so that the process can be killed meanwhile.
type stage struct {
	mu    sync.Mutex
	asked map[string]int // "GET ann", "suspend ann", "model goal 1"
	doors chan struct{}  // closed when the slow are answered
}

func (s *stage) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[what]++
}

func (s *stage) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[what]
}

// hold waits for the doors, or until nobody listens any more.
func (s *stage) hold(r *http.Request) bool {
	select {
	case <-s.doors:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (s *stage) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/users/{user}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("user")
		s.note("GET " + name)
		if strings.HasPrefix(name, "slow-") && !s.hold(r) {
			return
		}
		writeJSON(w, map[string]any{
			"id": name, "status": "ACTIVE", "created": "2024-01-01T00:00:00.000Z", "lastLogin": nil,
			"profile": map[string]any{"login": name, "email": name, "firstName": "Probe", "lastName": "User"},
		})
	})
	mux.HandleFunc("POST /api/v1/users/{user}/lifecycle/suspend", func(w http.ResponseWriter, r *http.Request) {
		s.note("suspend " + r.PathValue("user"))
		writeJSON(w, map[string]any{})
	})
	mux.HandleFunc("POST /v1/chat/completions", s.chat)
	return mux
}

// chat speaks OpenAI's Chat Completions API, without streams. A question with tools is answered by a call at first.
func (s *stage) chat(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Messages []struct {
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
		Tools []struct {
			Function struct {
				Name string `json:"name"`
			} `json:"function"`
		} `json:"tools"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	goal, results := "model", 0
	for _, m := range in.Messages {
		if strings.Contains(string(m.Content), "agent-goal") {
			goal = "agent"
		}
		if m.Role == "tool" {
			results++
		}
	}
	s.note(fmt.Sprintf("model %s %d", goal, results))
	message, finish := map[string]any{"role": "assistant", "content": `{"x": 1}`}, "stop"
	if goal == "agent" && results == 0 {
		finish = "tool_calls"
		message = map[string]any{"role": "assistant", "content": "Who is it?", "tool_calls": []any{map[string]any{
			"id": "call_1", "type": "function", "function": map[string]any{"name": in.Tools[0].Function.Name, "arguments": `{"user":"tool-agent"}`},
		}}}
	} else if !s.hold(r) {
		return
	}
	writeJSON(w, map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "probe",
		"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": message}},
		"usage":   map[string]any{"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
	})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

const look = "{id: look, action: okta.get_user, timeout: 2m, retry: {attempts: 10, backoff: 200ms}, with: {user: slow-VERB}}"

// underWay are steps for each verb that have begun and can't end before the doors are opened.
var underWay = map[string]string{
	"action":   "  - " + look,
	"set":      "  - {id: values, set: {at: '${{ now() }}'}}\n  - {id: pause, wait: 6s}",
	"choose":   "  - id: pick\n    choose:\n      - {when: 'steps.before.output.id != \"\"', steps: [" + look + "]}\n      - else: [{id: never, stop: failed}]",
	"parallel": "  - id: both\n    parallel:\n      branches:\n        a: [" + look + "]\n        b: [{id: beside, action: okta.get_user, with: {user: beside-VERB}}]",
	"foreach": "  - id: each\n    foreach: {items: [a, b, c], at_once: 2, steps: [{id: first, action: okta.get_user, with: {user: 'item-${{ item }}'}}, " +
		"{id: look, action: okta.get_user, timeout: 2m, retry: {attempts: 10, backoff: 200ms}, with: {user: 'slow-VERB'}}]}",
	"repeat":  "  - id: again\n    repeat: {until: index == 1, at_most: 3, steps: [{id: first, action: okta.get_user, with: {user: 'round-${{ index }}'}}, " + look + "]}",
	"wait":    "  - {id: wait, wait: 6s}",
	"call":    "  - {id: sub, call: callee}",
	"model":   "  - {id: judge, timeout: 2m, retry: {attempts: 10}, model: {provider: probe, prompt: model-goal, returns: SCHEMA}}",
	"agent":   "  - {id: judge, timeout: 2m, retry: {attempts: 10}, agent: {provider: probe, goal: agent-goal, tools: [okta.get_user], returns: SCHEMA}}",
	"approve": "  - {id: gate, approve: {title: 'May it?', by: {role: responder}, covers: [act], within: 1h}}\n  - {id: act, action: okta.suspend_user, with: {user: act-VERB}}",
	"ask":     "  - {id: form, ask: {title: 'Why?', by: {role: responder}, fields: {why: {type: text}}, within: 1h}}",
	"try":     "  - id: careful\n    try: {steps: [" + look + "], finally: [{id: last, action: okta.get_user, with: {user: last-VERB}}]}",
	"stop":    "  - " + look + "\n  - {id: end, stop: {status: completed, reason: enough}}",
}

func TestKilledDuringEachVerbARunGoesOnWhereItStood(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s := &stage{asked: map[string]int{}, doors: make(chan struct{})}
	vendor := httptest.NewServer(s.handler())
	t.Cleanup(vendor.Close)
	folder := t.TempDir()
	put := func(name, steps string) {
		steps = strings.NewReplacer("VERB", name, "SCHEMA", "{type: object, required: [x], properties: {x: {type: integer}}}").Replace(steps)
		text := "name: " + name + "\nowner: tests\non: {manual: {}}\nsteps:\n" + steps + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(folder, name+".yaml"), []byte(text), 0o600))
	}
	put("callee", "  - "+look)
	for _, verb := range spec.Verbs {
		require.Contains(t, underWay, verb, "every verb is killed")
		put("kill-"+verb, "  - {id: before, action: okta.get_user, with: {user: before-VERB}}\n"+underWay[verb])
	}
	in := newInstance(t, "--playbooks", folder, "--no-library")
	require.NoError(t, os.WriteFile(filepath.Join(in.dir, "picket.yaml"), []byte(`
connections:
  - {name: okta, connector: okta, base_url: `+vendor.URL+`, secrets: {token: probe}, allow_private: true}
models:
  openai:
    - {name: probe, base_url: `+vendor.URL+`/v1, key: probe, model: probe, stream: false, structured: text, allow_private: true}
`), 0o600))
	in.start(t)

	runs := map[string]string{} // by verb
	for _, verb := range spec.Verbs {
		var run struct{ ID string }
		code, err := in.call(ctx, http.MethodPost, "/v1/playbooks/kill-"+verb+"/runs", nil, map[string]any{"inputs": map[string]any{}}, &run)
		require.NoError(t, err)
		require.Less(t, code, 300, verb)
		require.NotEmpty(t, run.ID)
		runs[verb] = run.ID
	}
	begun := func(verb string) bool {
		switch verb {
		case "call":
			return s.count("GET slow-callee") > 0
		case "model":
			return s.count("model model 0") > 0
		case "agent":
			return s.count("model agent 1") > 0
		case "wait", "approve", "ask", "set":
			for _, step := range in.steps(ctx, runs[verb]) {
				if step.Status == "waiting" {
					return true
				}
			}
			return false
		}
		return s.count("GET slow-kill-"+verb) > 0
	}
	for _, verb := range spec.Verbs {
		require.Eventually(t, func() bool { return begun(verb) }, time.Minute, 50*time.Millisecond, "%s is not under way", verb)
	}
	before := map[string]step{}
	for _, step := range in.steps(ctx, runs["set"]) {
		before[step.ID] = step
	}
	for range 3 {
		in.kill()
		in.start(t)
		time.Sleep(300 * time.Millisecond)
	}
	close(s.doors)
	for _, verb := range spec.Verbs {
		var run struct {
			Status string `json:"status"`
			Reason string `json:"reason"`
		}
		require.Eventually(t, func() bool {
			in.decideAll(ctx)
			code, err := in.call(ctx, http.MethodGet, "/v1/runs/"+runs[verb], nil, nil, &run)
			return err == nil && code == http.StatusOK && run.Status != "running" && run.Status != "waiting" && run.Status != "queued"
		}, 2*time.Minute, 100*time.Millisecond, "the run of %s does not end", verb)
		require.Equal(t, "completed", run.Status, "%s: %s", verb, run.Reason)
		require.Equal(t, 1, s.count("GET before-kill-"+verb), "%s: a call that was answered is not made again", verb)
	}
	for what, times := range map[string]int{
		"GET beside-kill-parallel": 1, "GET item-a": 1, "GET item-b": 1, "GET item-c": 1, "GET round-0": 1, "GET round-1": 1, "GET last-kill-try": 1,
		"suspend act-kill-approve": 1, "model agent 0": 1, "GET tool-agent": 1,
	} {
		require.Equal(t, times, s.count(what), what)
	}
	for _, step := range in.steps(ctx, runs["set"]) {
		if step.ID == "values" {
			require.JSONEq(t, string(before["values"].Output), string(step.Output), "what was computed is not computed again")
		}
	}
	var report struct {
		OK bool `json:"ok"`
	}
	_, err := in.call(ctx, http.MethodPost, "/v1/audit/verify", nil, map[string]any{}, &report)
	require.NoError(t, err)
	require.True(t, report.OK, "the chain holds")
}

type step struct {
	ID     string          `json:"id"`
	Status string          `json:"status"`
	Output json.RawMessage `json:"output"`
}

func (in *instance) steps(ctx context.Context, run string) []step {
	var answer struct {
		Items []step `json:"items"`
	}
	_, _ = in.call(ctx, http.MethodGet, "/v1/runs/"+run+"/steps", nil, nil, &answer)
	return answer.Items
}

// decideAll says yes to what waits.
func (in *instance) decideAll(ctx context.Context) {
	var waiting struct {
		Items []struct{ ID, Digest, Kind string } `json:"items"`
	}
	_, _ = in.call(ctx, http.MethodGet, "/v1/approvals?status=pending&limit=50", nil, nil, &waiting)
	for _, a := range waiting.Items {
		body := map[string]any{"outcome": "approved", "reason": "probe", "digest": a.Digest}
		if a.Kind == "ask" {
			body["answers"] = map[string]any{"why": "so"}
		}
		_, _ = in.call(ctx, http.MethodPost, "/v1/approvals/"+a.ID+"/decision", nil, body, nil)
	}
}
