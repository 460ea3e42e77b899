package connector

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuiltinManifestsLoad(t *testing.T) {
	t.Parallel()
	r, err := New(Options{})
	require.NoError(t, err)
	for _, op := range r.Operations() {
		t.Log(op.Name, op.Effect, op.Local, op.Confirm)
	}
}
