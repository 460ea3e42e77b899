package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/app"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
)

// configured loads a configuration in whose text SERVER is a server's address and DIR a directory.
func configured(t *testing.T, text, server, dir string) (app.Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "picket.yaml")
	text = strings.NewReplacer("SERVER", server, "DIR", dir).Replace(text)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return app.LoadConfig(file)
}

func TestModelsAreConfigured(t *testing.T) {
	t.Parallel()
	ollama := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer the-key-of-the-file" {
			t.Errorf("%s with %s", r.URL.Path, r.Header.Get("Authorization"))
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"model":"qwen3","choices":[{"message":{"role":"assistant","content":"{\"n\":1}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":5}}`)
	}))
	t.Cleanup(ollama.Close)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key"), []byte("the-key-of-the-file\n"), 0o600))
	const text = `
models:
  default: [ollama, builtin]
  openai:
    - {name: ollama, base_url: SERVER/v1, model: qwen3, key_file: DIR/key, allow_private: true, max_tokens: 500, stream: false, extra: {keep_alive: 1h}}
    - {name: second, base_url: SERVER/v1, model: qwen3, key_file: DIR/key, allow_private: true, structured: text}
  anthropic: {key: k-1234567, model: claude-x}
  gemini: {key: k-1234567}
  recorded: {dir: DIR/transcripts, record: [ollama]}
  committee:
    board: [ollama, second]
  fallback:
    careful: [board, gemini]
  prices:
    qwen3: {in: 0, out: 0}
  budgets:
    day_tokens: 1000
    playbooks:
      phishing: {day_tokens: 10}
      "*": {day_tokens: 100}
`
	require.NoError(t, os.Mkdir(filepath.Join(dir, "transcripts"), 0o700))
	config, err := configured(t, text, ollama.URL, dir)
	require.NoError(t, err)
	for _, name := range []string{"builtin", "ollama", "second", "anthropic", "gemini", "recorded", "board", "careful"} {
		p, err := app.ModelProvider(config.Models, name)
		require.NoError(t, err)
		require.Equal(t, name, p.Name())
	}
	req := model.Request{Prompt: "?", Returns: model.ReturnsSchema, Schema: []byte(`{"type":"object"}`)}
	p, err := app.ModelProvider(config.Models, "")
	require.NoError(t, err)
	out, err := p.Complete(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "ollama", out.Provider)
	require.False(t, out.NoPrice, "a price of 0 is a price")
	require.Contains(t, string(out.Request), `"keep_alive":"1h"`)
	require.Contains(t, string(out.Request), `"max_tokens":500`)

	recorded, err := app.ModelProvider(config.Models, "recorded")
	require.NoError(t, err)
	again, err := recorded.Complete(t.Context(), req)
	require.NoError(t, err)
	require.JSONEq(t, string(out.Output), string(again.Output))

	private := strings.Replace(text, "allow_private: true, max", "max", 1)
	config, err = configured(t, private, ollama.URL, dir)
	require.NoError(t, err)
	p, err = app.ModelProvider(config.Models, "ollama")
	require.NoError(t, err)
	_, err = p.Complete(t.Context(), req)
	require.ErrorContains(t, err, "can't be reached", "a private address has to be allowed")
}

func TestModelsThatAreConfiguredWrongly(t *testing.T) {
	t.Parallel()
	const local = "openai: [{name: a, base_url: 'http://127.0.0.1:1/v1', model: m}, {name: b, base_url: 'http://127.0.0.1:1/v1', model: m}]\n"
	for name, c := range map[string]struct{ text, says string }{
		"a default that is not there":     {"default: gemini\n", `models.default is "gemini"`},
		"a chain to nowhere":              {local + "  default: [a, c]\n", `models.default: "c" is no provider`},
		"a chain in a chain":              {local + "  fallback: {x: [a, b], y: [x, a]}\n", `models.fallback.y: "x"`},
		"a committee of one":              {local + "  committee: {x: [a]}\n", "2 to 7 different members"},
		"a committee of committees":       {local + "  committee: {x: [a, b], y: [x, a]}\n", `models.committee.y: "x"`},
		"a name twice":                    {local + "  fallback: {a: [b]}\n", `two providers have the name "a"`},
		"the rules' name":                 {"openai: [{name: builtin, base_url: 'http://127.0.0.1:1/v1', model: m}]\n", "two providers"},
		"a key twice":                     {"gemini: {key: k, key_file: f}\n", "at most one of models.gemini.key"},
		"a key that is not there":         {"anthropic: {key_file: /nowhere, model: m}\n", "models.anthropic.key_file"},
		"no key":                          {"anthropic: {model: m}\n", "a key and a model are required"},
		"OpenAI without a key":            {"openai: [{name: a, model: m}]\n", "needs a key"},
		"an unknown setting":              {"openai: [{name: a, model: m, modle: x}]\n", "modle"},
		"half a price":                    {"prices: {m: {in: 1}}\n", "models.prices.m"},
		"a price below 0":                 {"prices: {m: {in: 1, out: -1}}\n", "models.prices.m"},
		"a limit below 0":                 {"budgets: {day_usd: -1}\n", "below 0"},
		"money without a price":           {local + "  budgets: {playbooks: {x: {day_usd: 1}}}\n", "has no price of m (a)"},
		"a recording of nobody":           {local + "  recorded: {dir: DIR, record: [a, c]}\n", "c is not configured"},
		"transcripts that are not there":  {"recorded: {dir: DIR/nowhere}\n", "there is no directory"},
		"an address with a password":      {"openai: [{name: a, base_url: 'http://u:hunter22@x/v1', model: m}]\n", "without user"},
		"a way to ask for JSON that's no": {"openai: [{name: a, base_url: 'http://x/v1', model: m, structured: xml}]\n", "structured is"},
	} {
		config, err := configured(t, "models:\n  "+c.text, "", t.TempDir())
		if err == nil {
			_, err = app.ModelProvider(config.Models, "builtin")
		}
		require.ErrorContains(t, err, c.says, name)
		require.NotContains(t, err.Error(), "hunter22")
	}
}

func TestTheExamplesOfTheDocumentationAreConfigurations(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/models.md")
	require.NoError(t, err)
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(key, []byte("k-1234567"), 0o600))
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	require.Len(t, examples, 9)
	for _, e := range examples {
		e[1] = regexp.MustCompile(`/etc/picket/[a-z]+\.key`).ReplaceAllString(e[1], key)
		config, err := configured(t, strings.ReplaceAll(e[1], "/var/lib/picket/transcripts", dir), "", "")
		require.NoError(t, err, e[1])
		_, err = app.ModelProvider(config.Models, "")
		require.NoError(t, err, e[1])
	}
}

// TestABudgetIsSpentByRealRuns lets two runs ask a server of the OpenAI kind. The first spends the day's budget.
func TestABudgetIsSpentByRealRuns(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"model":"m","choices":[{"delta":{"content":"{\"verdict\":\"suspicious\",\"summary\":\"s\",\"indicators\":[],\"findings\":[{\"claim\":\"c\",\"citations\":[{\"evidence\":\"alert\",\"pointer\":\"/title\",\"quote\":\"odd\"}]}]}"},"finish_reason":"stop"}]}

data: {"choices":[],"usage":{"prompt_tokens":900,"completion_tokens":200}}

data: [DONE]

`)
	}))
	t.Cleanup(server.Close)
	o := options(t)
	o.NoLibrary, o.PlaybooksDir, o.ConfigFile = true, t.TempDir(), filepath.Join(t.TempDir(), "picket.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(o.PlaybooksDir, "judge.yaml"), []byte(`name: judge
title: Judge
owner: soc
on:
  alert: {source: src}
steps:
  - id: judge
    model:
      prompt: Is it bad?
      evidence: ['${{ alert }}']
      returns: verdict
`), 0o600))
	require.NoError(t, os.WriteFile(o.ConfigFile, fmt.Appendf(nil, `
sources:
  src: {kind: generic, token: a-hook-token-of-the-test}
models:
  default: [local, second]
  openai:
    - {name: local, base_url: %q, model: m, allow_private: true}
    - {name: second, base_url: %q, model: m, allow_private: true}
  budgets: {playbooks: {judge: {day_tokens: 1000}}}
`, server.URL, server.URL), 0o600))
	a, err := app.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(a.Stop)
	for n, want := range []soc.RunStatus{soc.RunCompleted, soc.RunFailed} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.Addr()+"/v1/hooks/src",
			strings.NewReader(fmt.Sprintf(`{"id":"%d","title":"odd %d","severity":"high"}`, n, n)))
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer a-hook-token-of-the-test")
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusAccepted, response.StatusCode)
		var run soc.Run
		require.Eventually(t, func() bool {
			runs, _, err := a.Store().Runs(t.Context(), store.RunFilter{})
			if err != nil || len(runs) != n+1 {
				return false
			}
			run = runs[0]
			return run.EndedAt != nil
		}, time.Minute, 50*time.Millisecond)
		require.Equal(t, want, run.Status, run.Reason)
		if want == soc.RunFailed {
			require.Contains(t, run.Reason, "the day's budget of models of the playbook judge is spent: 1100 of 1000 tokens")
		} else {
			require.Equal(t, "suspicious", run.Verdict)
		}
	}
	require.EqualValues(t, 1, asked.Load())
	sums, err := a.Store().ModelUsage(t.Context(), store.UsageFilter{By: store.UsageByPlaybook})
	require.NoError(t, err)
	require.Equal(t, []store.Usage{{Key: "judge", Requests: 2, Failed: 1, TokensIn: 900, TokensOut: 200, Unpriced: 1}}, sums)
}
