package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

func TestTheLastWordOnAVerdictStands(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		_, run := accepted(t, s, 1)
		_, other := accepted(t, s, 2)
		stated := 0.7
		j := soc.Judgement{RunID: run, Step: "triage", Playbook: "p", Verdict: soc.Malicious, Right: soc.Malicious, Provider: "a", Model: "m", Confidence: &stated, By: "ana"}
		_, err := s.Judge(t.Context(), j)
		require.NoError(t, err)
		j.Right, j.Reason, j.By = soc.Benign, "known\x00 \U0001F600", "bo"
		kept, err := s.Judge(t.Context(), j)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), kept.At, time.Minute)
		_, err = s.Judge(t.Context(), soc.Judgement{RunID: other, Step: "triage", Verdict: soc.Benign, Right: soc.Benign, Provider: "b", By: "ana"})
		require.NoError(t, err)

		list, err := s.Judgements(t.Context(), store.JudgementFilter{})
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, other, list[0].RunID, "the newest first")
		list, err = s.Judgements(t.Context(), store.JudgementFilter{RunID: run})
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, []string{"bo", soc.Benign}, []string{list[0].By, list[0].Right})
		require.InDelta(t, 0.7, *list[0].Confidence, 1e-9)
		for filter, want := range map[store.JudgementFilter]int{
			{Provider: "a", Model: "m"}: 1, {Provider: "a"}: 0, {Provider: "b"}: 1, {Since: time.Now().Add(time.Hour)}: 0, {Limit: 1}: 1,
		} {
			list, err := s.Judgements(t.Context(), filter)
			require.NoError(t, err)
			require.Len(t, list, want, "%+v", filter)
		}
		entries, err := s.Entries(t.Context(), store.Filter{Kinds: []string{contract.KindVerdictJudged}})
		require.NoError(t, err)
		require.Len(t, entries, 3)

		_, err = s.Judge(t.Context(), soc.Judgement{RunID: "none", Step: "x", Verdict: soc.Benign, Right: soc.Benign, By: "ana"})
		require.Error(t, err)
		_, err = s.Judge(t.Context(), soc.Judgement{RunID: run})
		require.Equal(t, soc.Invalid, soc.KindOf(err))
	})
}
