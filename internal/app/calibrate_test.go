package app_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/app"
	"picket/internal/soc"
	"picket/internal/store"
)

func TestACalibrationStandsUntilTheNextJudgement(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/picket.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	c := app.NewCalibrator(s)
	stated := 0.85
	judge := func(n int, right string) {
		t.Helper()
		run, err := s.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "p", PlanDigest: "d"}})
		require.NoError(t, err)
		_, err = s.Judge(t.Context(), soc.Judgement{
			RunID: run.ID, Step: fmt.Sprintf("s%d", n), Verdict: soc.Malicious, Right: right, Provider: "a", Model: "m", Confidence: &stated, By: "ana",
		})
		require.NoError(t, err)
	}
	for n := range 49 {
		judge(n, soc.Malicious)
	}
	_, ok, err := c.Calibrated(t.Context(), "a", "m", stated)
	require.NoError(t, err)
	require.False(t, ok, "49 are too few")
	judge(49, soc.Malicious)
	first, ok, err := c.Calibrated(t.Context(), "a", "m", stated)
	require.NoError(t, err)
	require.True(t, ok)
	again, _, err := c.Calibrated(t.Context(), "a", "m", stated)
	require.NoError(t, err)
	require.InDelta(t, first, again, 0)
	for n := range 20 {
		judge(50+n, soc.Benign)
	}
	after, _, err := c.Calibrated(t.Context(), "a", "m", stated)
	require.NoError(t, err)
	require.Less(t, after, first, "what people said since counts")
	_, ok, err = c.Calibrated(t.Context(), "b", "m", stated)
	require.NoError(t, err)
	require.False(t, ok)
}
