package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/docs/diagnostics"
)

func TestExplainPrintsThePageOfACode(t *testing.T) {
	t.Parallel()
	for _, code := range diagnostics.Codes() {
		exit, out, errs := command(t, "playbook", "explain", code)
		require.Zero(t, exit, errs)
		page, _ := diagnostics.Page(code)
		require.Equal(t, page, out)
	}
	exit, out, errs := command(t, "playbook", "explain", "P999")
	require.Equal(t, 2, exit)
	require.Empty(t, out)
	require.Contains(t, errs, `no diagnostic has the code "P999"`)
}
