package eval

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWilson holds against table I of Newcombe, Two-sided confidence intervals for the single proportion: comparison of
// seven methods, Statistics in Medicine 17 (1998), 857-872; score method.
func TestWilson(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		count, of int
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{20, 20, 1 - 0.1611, 1},
	} {
		got := wilson(c.count, c.of)
		require.InDelta(t, c.low, got.Low, 5e-5, "%d of %d", c.count, c.of)
		require.InDelta(t, c.high, got.High, 5e-5, "%d of %d", c.count, c.of)
	}
	require.Nil(t, rate(0, 0).Value, "of nothing there is no rate")
}

// TestMCC holds against the worked examples of Wikipedia's article on the phi coefficient (12 pictures of cats and dogs,
// 0.478) and of scikit-learn's matthews_corrcoef (-0.33).
func TestMCC(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		t     table
		value float64
	}{
		"cats and dogs": {table{tp: 6, fn: 2, fp: 1, tn: 3}, 0.478},
		"scikit-learn":  {table{tp: 2, fn: 1, fp: 1, tn: 0}, -0.333},
		"perfect":       {table{tp: 4, tn: 5}, 1},
		"upside down":   {table{fn: 4, fp: 5}, -1},
		"one answer":    {table{fn: 4, tn: 5}, 0},
	} {
		got, ok := c.t.mcc()
		require.True(t, ok, name)
		require.InDelta(t, c.value, got, 5e-4, name)
	}
	_, ok := table{tp: 3, fn: 1}.mcc()
	require.False(t, ok, "of one class there is none")
}

func TestBalancedAccuracy(t *testing.T) {
	t.Parallel()
	got, ok := table{tp: 6, fn: 2, fp: 1, tn: 3}.balancedAccuracy()
	require.True(t, ok)
	require.InDelta(t, 0.75, got, 1e-12)
	// scikit-learn's example of balanced_accuracy_score: [0 1 0 0 1 0] called [0 1 0 0 0 1] is 0.625
	got, ok = table{tp: 1, fn: 1, fp: 1, tn: 3}.balancedAccuracy()
	require.True(t, ok)
	require.InDelta(t, 0.625, got, 1e-12)
	_, ok = table{tn: 3, fp: 1}.balancedAccuracy()
	require.False(t, ok)
}

// TestMcNemar holds against the two examples of Fagerland, Lydersen and Laake, The McNemar test for binary matched-pairs
// data, BMC Medical Research Methodology 13:91 (2013): exact conditional test.
func TestMcNemar(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 0.070, mcnemar(1, 7), 5e-4)
	require.InDelta(t, 0.052, mcnemar(6, 16), 6e-4)
	require.InDelta(t, mcnemar(6, 16), mcnemar(16, 6), 1e-15)
	require.InDelta(t, 1, mcnemar(0, 0), 0)
	require.InDelta(t, 1, mcnemar(5, 5), 1e-9)
	require.InDelta(t, math.Exp2(-999), mcnemar(0, 1000), math.Exp2(-999)*1e-6, "it does not run over")
}

// TestECE holds against the worked example of Pavlovic, Expected Calibration Error (ECE): a step-by-step visual explanation
// (2023): nine samples, five bins, 0.10444.
func TestECE(t *testing.T) {
	t.Parallel()
	list := []judged{
		{0.78, true}, {0.64, true}, {0.92, false}, {0.58, true}, {0.51, false}, {0.85, true}, {0.70, true}, {0.63, false}, {0.83, true},
	}
	got, bins := ece(list, 5)
	require.InDelta(t, 0.10444, got, 5e-6)
	require.Len(t, bins, 3, "bins without a verdict are left out")
	_, bins = ece([]judged{{0, true}, {0.1, true}, {0.11, true}, {1, true}}, 10)
	require.Equal(t, []int{2, 1, 1}, []int{bins[0].Count, bins[1].Count, bins[2].Count}, "bins hold their upper end")
}

// TestBrier holds against the examples of Wikipedia's article on the Brier score: a forecast of 70 % that comes true scores
// 0.09, one of 30 % 0.49, one of 50 % 0.25 either way.
func TestBrier(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list  []judged
		value float64
	}{
		{[]judged{{0.7, true}}, 0.09}, {[]judged{{0.3, true}}, 0.49}, {[]judged{{0.5, true}}, 0.25}, {[]judged{{0.5, false}}, 0.25},
		{[]judged{{0.7, true}, {0.3, true}}, 0.29},
	} {
		got, ok := brier(c.list)
		require.True(t, ok)
		require.InDelta(t, c.value, got, 1e-12)
	}
	_, ok := brier(nil)
	require.False(t, ok)
}

func TestRiskCoverage(t *testing.T) {
	t.Parallel()
	// The surest is right, then one wrong, then one right, of four cases: risks 0, 1/2, 1/3.
	points, area := riskCoverage([]judged{{0.5, true}, {0.9, true}, {0.7, false}}, 4)
	require.Equal(t, []Point{{0.9, 0.25, 0}, {0.7, 0.5, 0.5}, {0.5, 0.75, 1.0 / 3}}, points)
	require.InDelta(t, (0+0.5+1.0/3)/3, area, 1e-12)
	// Equally sure ones count alike, in whatever order they come.
	_, one := riskCoverage([]judged{{0.5, true}, {0.5, false}}, 2)
	_, other := riskCoverage([]judged{{0.5, false}, {0.5, true}}, 2)
	require.InDelta(t, 0.5, one, 1e-12)
	require.InDelta(t, one, other, 1e-12)
}

// TestQuantile holds against R's quantile(1:4, c(0, .025, .25, 1)), type 7.
func TestQuantile(t *testing.T) {
	t.Parallel()
	for q, value := range map[float64]float64{0: 1, 0.025: 1.075, 0.25: 1.75, 1: 4} {
		require.InDelta(t, value, quantile([]float64{1, 2, 3, 4}, q), 1e-12)
	}
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	// Of 400 groups a quarter is 1: the interval of the mean is near to that of the normal distribution, 0.25 ± 1.96·0.0217.
	mean := func(drawn []int) (float64, bool) {
		sum := 0.0
		for _, g := range drawn {
			sum += one(g%4 == 0)
		}
		return sum / float64(len(drawn)), true
	}
	got := bootstrap(400, 7, mean)
	require.InDelta(t, 0.25-0.0424, got.Low, 0.006)
	require.InDelta(t, 0.25+0.0424, got.High, 0.006)
	require.Equal(t, got, bootstrap(400, 7, mean), "the same seed gives the same interval")
	require.NotEqual(t, got, bootstrap(400, 8, mean))
	require.Nil(t, bootstrap(1, 7, mean), "one group says nothing of others")
	require.Nil(t, bootstrap(400, 7, func([]int) (float64, bool) { return 0, false }))
}
