package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/app"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

func TestWhatAMeasurementUsesIsCounted(t *testing.T) {
	t.Parallel()
	verdict := `{"verdict":"benign","summary":"A backup.","indicators":[],"findings":[],"confidence":{"stated":0.9}}`
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"id": "c", "object": "chat.completion", "created": 1, "model": "judge-1",
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": verdict}}},
			"usage":   map[string]any{"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
		})
	}))
	t.Cleanup(web.Close)
	no := false
	config := app.ModelsConfig{OpenAI: []app.OpenAIConfig{{Name: "judge", BaseURL: web.URL, Model: "judge-1", AllowPrivate: true, Stream: &no}}}
	s, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/picket.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	e, err := app.NewEvaluator(s, config)
	require.NoError(t, err)

	line := `{"source":"wazuh","label":"benign","alert":{"rule":{"id":"1","level":3,"description":"x"},"agent":{"name":"h"}}}` + "\n"
	document, err := e.Evaluate(t.Context(), api.EvalRequest{
		Set: api.EvalUpload, Alerts: strings.Repeat(line, 3), Source: "wazuh", Provider: "judge", Against: "builtin", Repeats: 2, Limit: 10, By: "lea",
	})
	require.NoError(t, err)
	require.Len(t, document.Reports, 2)
	used, err := s.ModelUsage(t.Context(), store.UsageFilter{})
	require.NoError(t, err)
	require.Equal(t, int64(600), used[0].TokensIn, "three alerts, each asked about twice")
	entries, err := s.Entries(t.Context(), store.Filter{Kinds: []string{contract.KindModelEvaluated}})
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "lea", entries[0].Actor)

	_, err = e.Evaluate(t.Context(), api.EvalRequest{Set: api.EvalJudged, Source: "wazuh", Provider: "builtin", Limit: 10, By: "lea"})
	require.ErrorContains(t, err, "there is none to measure on")
	_, err = e.Evaluate(t.Context(), api.EvalRequest{Set: api.EvalUpload, Alerts: "{", Source: "wazuh", Provider: "builtin", Limit: 10, By: "lea"})
	require.Equal(t, soc.Invalid, soc.KindOf(err))
	_, err = e.Evaluate(t.Context(), api.EvalRequest{Set: api.EvalSample, Source: "wazuh", Provider: "nobody", Limit: 10, By: "lea"})
	require.Equal(t, soc.Invalid, soc.KindOf(err))
}
