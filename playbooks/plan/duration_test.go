package plan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

func TestADurationReadsAsItIsWritten(t *testing.T) {
	t.Parallel()
	for text, d := range map[string]plan.Duration{"5ms": 5, "30s": 30_000, "1h30m": 5_400_000, "7d": 604_800_000, "1d1ms": 86_400_001} {
		require.Equal(t, text, d.String())
		back, ok := spec.ParseDuration(text)
		require.True(t, ok)
		require.Equal(t, d, back)
	}
	for text, d := range map[string]plan.Duration{"0ms": 0, "-1ms": -1, "4611686018427387904ms": 1 << 62} {
		require.Equal(t, text, d.String())
	}
}
