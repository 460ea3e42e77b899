package eval_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/eval"
	"picket/internal/soc"
)

func judgement(rule, verdict, right string, confidence float64) soc.Judgement {
	return soc.Judgement{
		Source: "wazuh", Rule: rule, RuleName: "Rule " + rule, Playbook: "triage", Provider: "ollama", Model: "q",
		Verdict: verdict, Right: right, Confidence: &confidence,
	}
}

func TestJudgementsMeasureRulesAndModels(t *testing.T) {
	t.Parallel()
	list := []soc.Judgement{
		judgement("1", soc.Malicious, soc.Malicious, 0.9), judgement("1", soc.Suspicious, soc.Malicious, 0.6),
		judgement("1", soc.Malicious, soc.Benign, 0.9), judgement("1", soc.Benign, soc.Malicious, 0.8),
		judgement("1", soc.Inconclusive, soc.Benign, 0.2), judgement("2", soc.Benign, soc.Benign, 0.7),
	}
	lines := eval.Judge(list, eval.ByRule)
	require.Len(t, lines, 2)
	first := lines[0]
	require.Equal(t, "wazuh/1", first.Key)
	require.Equal(t, "Rule 1", first.Name)
	require.Equal(t, 5, first.Judged)
	require.Equal(t, []int{2, 4}, []int{first.Wrong.Count, first.Wrong.Of}, "suspicious is not wrong where malicious is right")
	require.Equal(t, []int{1, 1}, []int{first.Missed.Count, first.Missed.Of})
	require.Equal(t, []int{1, 3}, []int{first.FalseAlarms.Count, first.FalseAlarms.Of})
	require.Equal(t, []int{1, 5}, []int{first.Abstained.Count, first.Abstained.Of})
	require.InDelta(t, 0.15, first.Wrong.Interval.Low, 0.01)
	require.InDelta(t, 0.85, first.Wrong.Interval.High, 0.01)
	require.Equal(t, 1, first.Confusion[soc.Malicious].Benign)

	models := eval.Judge(list, eval.ByModel)
	require.Len(t, models, 1)
	require.Equal(t, "ollama/q", models[0].Key)
	require.Nil(t, models[0].Calibration, "too few to tell")
	require.Equal(t, "triage", eval.Judge(list, eval.ByPlaybook)[0].Key)
}

func TestConfidenceIsCalibratedOnceThereIsEnough(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var list []soc.Judgement
	for range 4000 { // somebody who is right half as often as they say above a half
		stated := random.Float64()
		right := soc.Benign
		if random.Float64() < stated/2 {
			right = soc.Malicious
		}
		list = append(list, judgement("1", soc.Malicious, right, stated))
	}
	require.Nil(t, eval.Calibrate(list[:eval.MinCalibration-1]))
	c := eval.Calibrate(list)
	require.Equal(t, 4000, c.Verdicts)
	for _, stated := range []float64{0.05, 0.45, 0.95} {
		require.InDelta(t, stated/2, c.Of(stated), 0.06)
	}
	before := 0.0
	for stated := 0.0; stated <= 1; stated += 0.01 {
		require.GreaterOrEqual(t, c.Of(stated), before, "it never falls")
		before = c.Of(stated)
	}

	var sure []soc.Judgement
	for range eval.MinCalibration {
		sure = append(sure, judgement("1", soc.Benign, soc.Benign, 1))
	}
	c = eval.Calibrate(sure)
	require.Less(t, c.Of(1), 1.0, "what was always right may still be wrong")
	require.Len(t, c.Bins, 1)
	require.InDelta(t, 51.0/52, c.Of(0.3), 1e-9)
}
