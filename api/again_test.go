package api_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/contract"
	"picket/internal/soc"
)

// other is of another opinion.
type other struct{}

func (other) AskAgain(_ context.Context, r api.AgainRequest) (soc.Verdict, error) {
	if r.Provider != "other" {
		return soc.Verdict{}, soc.Errorf(soc.Invalid, "the model provider %q is not configured", r.Provider)
	}
	return soc.Verdict{Verdict: soc.Benign, Summary: r.Prompt + " by " + r.By}, nil
}

func TestAVerdictIsAskedForAgain(t *testing.T) {
	p := start(t, func(o *api.Options) { o.Asker = other{} })
	p.hook().post("/v1/hooks/generic", `{"title":"x","severity":"high"}`).is(202)
	ana := p.as("ana", soc.RoleAnalyst)
	run := ana.get("/v1/runs").is(200).list().Items[0]["id"].(string)
	verdict, err := json.Marshal(soc.Verdict{Verdict: soc.Malicious, Classification: "true_positive", VerdictID: 2})
	require.NoError(t, err)
	body, err := json.Marshal(contract.ModelBody{Provider: "a", Model: "m", Output: verdict})
	require.NoError(t, err)
	_, err = p.store.Append(t.Context(), run, []soc.LedgerEntry{{Key: "triage/model/1", Kind: contract.KindModelAnswered, Step: "triage", At: time.Now(), Body: body}})
	require.NoError(t, err)
	path := "/v1/runs/" + run + "/ask-again"
	var got struct{ Then, Now soc.Verdict }
	ana.post(path, map[string]any{"step": "triage", "provider": "other", "prompt": "otherwise"}).is(200).into(&got)
	require.Equal(t, []string{soc.Malicious, soc.Benign, "otherwise by ana"}, []string{got.Then.Verdict, got.Now.Verdict, got.Now.Summary})
	ana.post(path, map[string]any{"step": "gate", "provider": "other"}).is(422)
	ana.post(path, map[string]any{"step": "triage", "provider": "nobody"}).is(422)
	ana.post(path, map[string]any{"step": "triage", "provider": ""}).is(422)
	p.as("mute").post(path, map[string]any{"step": "triage", "provider": "other"}).is(403)
}
