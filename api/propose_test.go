package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/model"
	"picket/internal/propose"
	"picket/internal/soc"
)

// writer is a server of the Chat Completions API that always writes the same.
type writer struct{ provider model.Provider }

func (w writer) Provider(string) (model.Provider, error) { return w.provider, nil }

func newWriter(t *testing.T, wrote any) writer {
	t.Helper()
	text, err := json.Marshal(wrote)
	require.NoError(t, err)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"id": "c", "object": "chat.completion", "created": 1, "model": "writer-1",
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": string(text)}}},
			"usage":   map[string]any{"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11},
		})
	}))
	t.Cleanup(web.Close)
	provider, err := model.NewOpenAI(model.OpenAIConfig{Name: "local", BaseURL: web.URL, Model: "writer-1", NoStream: true, HTTP: web.Client()})
	require.NoError(t, err)
	return writer{provider}
}

func TestAModelProposesAndNothingIsSaved(t *testing.T) {
	wrote := map[string]string{"source": "name: calm\nowner: soc\non: {manual: {}}\nsteps:\n  - {id: one, set: {n: 1}}\n", "tests": "cases: [{name: it ends, manual: {}, expect: {status: completed}}]", "summary": "It counts."}
	p := start(t, func(o *api.Options) {
		o.Proposer.(*propose.Proposer).Models = newWriter(t, wrote)
		o.Proposer.(*propose.Proposer).Now = time.Now
	})
	ana := p.as("ana", soc.RoleAnalyst)
	var out propose.Proposal
	ana.post("/v1/playbooks/propose", map[string]any{"kind": "playbook", "words": "count to one", "name": "calm"}).is(200).into(&out)
	require.True(t, out.OK, "%+v", out.Rounds)
	require.Equal(t, []string{"calm", "It counts.", "writer-1"}, []string{out.Name, out.Summary, out.Model})
	ana.post("/v1/playbooks/propose", map[string]any{"kind": "playbook", "words": "count", "name": "other"}).is(200).into(&out)
	require.False(t, out.OK)
	require.Len(t, out.Rounds, propose.MaxRounds)
	require.Len(t, ana.get("/v1/playbooks").is(200).list().Items, 1)
	p.as("mute").post("/v1/playbooks/propose", map[string]any{"kind": "playbook", "words": "x"}).is(403)
}

func TestWithoutAModelNothingIsProposed(t *testing.T) {
	ana := start(t).as("ana", soc.RoleAnalyst)
	require.Contains(t, ana.post("/v1/playbooks/propose", map[string]any{"kind": "playbook", "words": "x"}).is(422).problem().Detail, "no model is configured")
	ana.post("/v1/playbooks/propose", map[string]any{"kind": "change", "words": "x"}).is(422)
}
