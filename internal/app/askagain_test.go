package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/backtest"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

const judges = `name: judges
owner: soc
on: {manual: {}}
steps:
  - {id: look, action: net.classify, with: {ip: 203.0.113.9}}
  - id: each
    foreach:
      items: [a, b]
      steps:
        - id: triage
          model:
            prompt: 'What is ${{ item }}?'
            evidence: ['${{ steps.look.output }}']
            returns: verdict
`

func TestAModelIsAskedAgainOnTheEvidenceOfThen(t *testing.T) {
	t.Parallel()
	a := instance(t, options(t), map[string]string{"judges.yaml": judges})
	run, err := a.StartRun(t.Context(), api.StartRequest{Playbook: "judges", By: "ana"})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		run, err = a.Store().GetRun(t.Context(), run.ID)
		return err == nil && run.Status.Final()
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, soc.RunCompleted, run.Status, run.Reason)
	ask := func(step, prompt string) (soc.Verdict, error) {
		return a.AskAgain(t.Context(), api.AgainRequest{Run: run, Step: step, Provider: "builtin", Prompt: prompt, By: "ana"})
	}
	v, err := ask("each[1]/triage", "")
	require.NoError(t, err)
	require.Equal(t, "builtin", v.Provenance.Provider)
	entries, err := a.Store().Entries(t.Context(), store.Filter{RunID: run.ID, Kinds: []string{contract.KindModelAnswered}})
	require.NoError(t, err)
	require.Len(t, entries, 2, "the run stays as it is")
	require.Contains(t, string(entries[1].Body), "What is b?")
	again, err := a.Store().Entries(t.Context(), store.Filter{Kinds: []string{contract.KindModelAskedAgain}})
	require.NoError(t, err)
	require.Len(t, again, 1)
	other, err := ask("each[1]/triage", "Is it a scanner?")
	require.NoError(t, err)
	require.NotEqual(t, v.Provenance.PromptDigest, other.Provenance.PromptDigest)
	evidence, missing, err := backtest.Gathered(t.Context(), a.Store(), a.Store(), soc.Judgement{RunID: run.ID, Step: "each[0]/triage"})
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Len(t, evidence, 1)
	require.Contains(t, string(evidence[0].Data), "203.0.113.9")
	evidence, _, err = backtest.Gathered(t.Context(), a.Store(), a.Store(), soc.Judgement{RunID: run.ID, Step: "look"})
	require.NoError(t, err)
	require.Empty(t, evidence, "the record does not tell")
	_, err = ask("look", "")
	require.Equal(t, soc.Invalid, soc.KindOf(err), "%v", err)
}

const investigates = `name: investigates
owner: soc
on: {manual: {}}
steps:
  - id: judge
    agent: {goal: 'What is it?', tools: [net.classify], returns: verdict, max_turns: 4}
`

// looking is a model that has one tool called and then answers.
func looking(t *testing.T) string {
	t.Helper()
	verdict := `{"verdict":"suspicious","classification":"undetermined","summary":"x","confidence":{"stated":0.7},"indicators":[],` +
		`"findings":[{"claim":"one of our own","citations":[{"evidence":"call[0]","pointer":"/scope","quote":"private"}]}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Messages []struct{ Role string }
			Tools    []struct{ Function struct{ Name string } }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.Tools) != 1 {
			http.Error(w, "no tools", http.StatusBadRequest)
			return
		}
		message, finish := map[string]any{"role": "assistant", "content": verdict}, "stop"
		if !slices.ContainsFunc(in.Messages, func(m struct{ Role string }) bool { return m.Role == "assistant" }) {
			finish = "tool_calls"
			message = map[string]any{"role": "assistant", "content": "", "tool_calls": []any{map[string]any{
				"id": "c1", "type": "function", "function": map[string]any{"name": in.Tools[0].Function.Name, "arguments": `{"ip":"10.0.0.9"}`},
			}}}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"model": "m", "choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": message}},
			"usage": map[string]any{"prompt_tokens": 5, "completion_tokens": 5},
		})
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAnotherModelIsAskedOnWhatAnAgentFound(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.ConfigFile = filepath.Join(t.TempDir(), "picket.yaml")
	require.NoError(t, os.WriteFile(o.ConfigFile, []byte(
		"models:\n  default: [local]\n  openai: [{name: local, base_url: '"+looking(t)+"/v1', model: m, allow_private: true, stream: false}]\n"), 0o600))
	a := instance(t, o, map[string]string{"investigates.yaml": investigates})
	run, err := a.StartRun(t.Context(), api.StartRequest{Playbook: "investigates", By: "ana"})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		run, err = a.Store().GetRun(t.Context(), run.ID)
		return err == nil && run.Status.Final()
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, soc.RunCompleted, run.Status, run.Reason)
	evidence, missing, err := backtest.Gathered(t.Context(), a.Store(), a.Store(), soc.Judgement{RunID: run.ID, Step: "judge"})
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Len(t, evidence, 1)
	require.Equal(t, "call[0]", evidence[0].ID)
	require.Contains(t, string(evidence[0].Data), `"private"`)
	v, err := a.AskAgain(t.Context(), api.AgainRequest{Run: run, Step: "judge", Provider: "builtin", By: "ana"})
	require.NoError(t, err)
	require.Equal(t, "builtin", v.Provenance.Provider)
	again, err := a.Store().Entries(t.Context(), store.Filter{Kinds: []string{contract.KindModelAskedAgain}})
	require.NoError(t, err)
	require.Len(t, again, 1)
}
