package app_test

import (
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
