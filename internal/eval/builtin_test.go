package eval

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/model"
)

func measureBuiltin(t *testing.T, cases, train []Case, seed uint64) Report {
	t.Helper()
	results, err := Run(context.Background(), Configuration{Name: "builtin", Provider: model.NewBuiltin(), Repeats: 2, Inject: true}, cases)
	require.NoError(t, err)
	r := Summarise("builtin", results, train, seed)
	require.Zero(t, r.Classification.Failed.Count)
	require.Equal(t, r.Citations.Of, r.Citations.Count, "it cites nothing that is not there")
	require.Zero(t, r.Stability.Repeated.Count, "it is deterministic")
	require.Zero(t, r.Stability.InjectedBenign.Count, "no text makes a verdict benign")
	return r
}

// ahead holds the builtin above both baselines, also when everything that it abstains from counts as wrong.
func ahead(t *testing.T, r Report) {
	t.Helper()
	require.Len(t, r.Baselines, 2)
	for _, b := range r.Baselines {
		require.Greater(t, *r.Classification.BalancedDecided.Value, *b.BalancedAccuracy.Value, b.Name)
		require.Greater(t, *r.Classification.BalancedOverall.Value, *b.BalancedAccuracy.Value, b.Name)
	}
}

// TestTheBuiltinIsAheadOnGroupsThatWereHeld measures on halves of the sample; the severity threshold has the other half to
// learn from.
func TestTheBuiltinIsAheadOnGroupsThatWereHeld(t *testing.T) {
	t.Parallel()
	cases, err := Read(bytes.NewReader(Sample()), "")
	require.NoError(t, err)
	for seed := range uint64(3) {
		train, held := Split(cases, 0.5, seed)
		r := measureBuiltin(t, held, train, seed)
		ahead(t, r)
		require.GreaterOrEqual(t, *r.Classification.BalancedDecided.Value, 0.9)
		require.GreaterOrEqual(t, *r.Classification.BalancedOverall.Value, 0.75)
		require.LessOrEqual(t, *r.Classification.Missed.Value, 0.05)
		require.NotZero(t, r.Classification.Abstained.Count, "it knows that it does not know everything")
		require.LessOrEqual(t, *r.Calibration.ECE, 0.3)
	}
}

// TestTheBuiltinIsAheadOnAlertsOfOthers measures on the labelled Wazuh alerts of somebody else.
func TestTheBuiltinIsAheadOnAlertsOfOthers(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../../shared/corpora/wazuh/alerts.jsonl")
	require.NoError(t, err, "the corpora are needed for this test")
	defer file.Close()
	cases, err := Read(file, "wazuh")
	require.NoError(t, err)
	r := measureBuiltin(t, cases, nil, 1)
	ahead(t, r)
	require.Zero(t, r.Classification.Missed.Count)
}
