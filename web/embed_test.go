//go:build !no_web

package web_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/web"
)

// The UI may be built or not where this runs; either way the answer must be one that a person can act on.
func TestFSHoldsAPageWithANoncePlaceOrSaysHowToBuildIt(t *testing.T) {
	t.Parallel()
	files, err := web.FS()
	if err != nil {
		require.ErrorContains(t, err, "make web")
		return
	}
	page, err := fs.ReadFile(files, "index.html")
	require.NoError(t, err)
	require.Contains(t, string(page), "__CSP_NONCE__")
	require.NotContains(t, strings.ReplaceAll(string(page), "<script type=\"module\"", ""), "<script>", "no inline script")
}
