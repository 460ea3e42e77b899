package api_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/eval"
	"picket/internal/soc"
	"picket/internal/store"
)

// judged gives a run the verdict of a step.
func (p *picket) concluded(runID, step, verdict string, confidence float64) {
	p.t.Helper()
	output, err := json.Marshal(soc.Verdict{
		Verdict: verdict, Classification: soc.Classifications(verdict)[0], VerdictID: 2, Confidence: soc.Confidence{Stated: confidence},
		Provenance: soc.Provenance{Provider: "ollama", Model: "q", PromptDigest: "d1"},
	})
	require.NoError(p.t, err)
	body, err := json.Marshal(contract.ModelBody{Provider: "ollama", Model: "q", Output: output})
	require.NoError(p.t, err)
	_, err = p.store.Append(p.t.Context(), runID, []soc.LedgerEntry{{Key: step + "/model/1", Kind: contract.KindModelAnswered, Step: step, At: time.Now(), Body: body}})
	require.NoError(p.t, err)
}

type judgement struct {
	Step, Verdict, Right, Reason, By, Rule, Source, Provider string
	RightClassification                                      string `json:"right_classification"`
	Confidence                                               *float64
	Agrees                                                   bool
}

func TestPeopleJudgeVerdicts(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana, bo := p.as("ana", soc.RoleAnalyst), p.as("bo", soc.RoleLead)
	_, runID := p.accepted(1)
	p.concluded(runID, "triage", soc.Malicious, 0.8)
	path := "/v1/runs/" + runID + "/feedback"
	require.Empty(t, ana.get(path).is(200).list().Items)

	var got judgement
	ana.put(path, []byte(`{"step":"triage","agrees":true}`)).is(200).into(&got)
	require.True(t, got.Agrees)
	require.Equal(t, []string{soc.Malicious, "true_positive", "ana", "ollama", "generic"}, []string{got.Right, got.RightClassification, got.By, got.Provider, got.Source})
	require.InDelta(t, 0.8, *got.Confidence, 1e-9)

	bo.put(path, []byte(`{"step":"triage","verdict":"benign","classification":"false_positive","reason":"The scanner of the auditors"}`)).is(200).into(&got)
	require.False(t, got.Agrees)
	items := ana.get(path).is(200).list().Items
	require.Len(t, items, 1, "the last word stands")
	require.Equal(t, "bo", items[0]["by"])
	entries, err := p.store.Entries(t.Context(), store.Filter{RunID: runID, Kinds: []string{contract.KindVerdictJudged}})
	require.NoError(t, err)
	require.Len(t, entries, 2, "and the ledger has both")
	require.Equal(t, []string{"ana", "bo"}, []string{entries[0].Actor, entries[1].Actor})

	for body, pointer := range map[string]string{
		`{"step":"triage","verdict":"benign"}`:                                               "/reason",
		`{"step":"triage","verdict":"benign","classification":"true_positive","reason":"x"}`: "/classification",
		`{"step":"triage","verdict":"bad","reason":"x"}`:                                     "/verdict",
		`{"step":"triage"}`: "/verdict",
		`{"step":"triage","agrees":true,"verdict":"benign"}`:                                              "/verdict",
		`{"step":"gate","agrees":true}`:                                                                   "/step",
		`{"step":"triage","verdict":"benign","reason":"` + string(bytes.Repeat([]byte("a"), 2001)) + `"}`: "/reason",
	} {
		require.Equal(t, pointer, ana.put(path, []byte(body)).is(422).problem().Errors[0].Pointer, body)
	}
	ana.put("/v1/runs/none/feedback", []byte(`{"step":"triage","agrees":true}`)).is(404)
	p.as("nobody").put(path, []byte(`{"step":"triage","agrees":true}`)).is(403)
	p.nobody().put(path, []byte(`{}`)).is(401)
}

func TestJudgementsBecomeFiguresAndADataSet(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	says := []string{`"agrees":true`, `"verdict":"benign","reason":"Known"`, `"verdict":"inconclusive","reason":"Who knows"`}
	for i, body := range says {
		_, runID := p.accepted(i)
		p.concluded(runID, "triage", soc.Malicious, 0.8)
		ana.put("/v1/runs/"+runID+"/feedback", []byte(`{"step":"triage",`+body+`}`)).is(200)
	}
	for by, key := range map[string]string{"model": "ollama/q", "": "ollama/q", "playbook": "isolate", "rule": "generic"} {
		items := ana.get("/v1/verdicts/accuracy?by=" + by).is(200).list().Items
		require.Len(t, items, 1, by)
		require.Equal(t, key, items[0]["key"])
		require.EqualValues(t, 3, items[0]["judged"])
		require.EqualValues(t, 2, items[0]["wrong"].(map[string]any)["count"])
		require.EqualValues(t, 1, items[0]["false_alarms"].(map[string]any)["count"])
		require.Nil(t, items[0]["calibration"], "too few to tell")
	}
	require.Empty(t, ana.get("/v1/verdicts/accuracy?since="+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)).is(200).list().Items)
	ana.get("/v1/verdicts/accuracy?by=host").is(422)
	ana.get("/v1/verdicts/accuracy?since=yesterday").is(422)

	set := ana.get("/v1/verdicts/dataset").is(200)
	require.Equal(t, "application/x-ndjson", set.header.Get("Content-Type"))
	cases, err := eval.Read(bytes.NewReader(set.body), "generic")
	require.NoError(t, err)
	require.Len(t, cases, 2, "an inconclusive one labels nothing")
	require.Equal(t, []string{"benign_true_positive", "true_positive"}, []string{cases[0].Stated, cases[1].Stated})
	require.Equal(t, "WS-0", cases[1].Alert.Host.Name)
	require.NotEmpty(t, cases[1].Alert.Raw)
}
