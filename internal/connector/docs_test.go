package connector_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/connector/connectortest"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The page's first snippet is a whole manifest; the others are operations to be added to it, or take the place of
// its keys of the same names.
func TestTheConnectorsOfTheDocumentationLoadAndHoldWhatConnectorsMust(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/writing-a-connector.md")
	require.NoError(t, err)
	blocks := yamlBlock.FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 5)
	whole := blocks[0][1]
	for _, block := range blocks[1:] {
		text := block[1]
		if strings.HasPrefix(text, "  ") {
			whole += text
			continue
		}
		whole = replaceKeys(t, whole, text)
	}
	opts := connector.Options{Manifests: []fs.FS{fstest.MapFS{"badges.yaml": {Data: []byte(whole)}}}}
	require.Len(t, connectortest.Operations(t, opts, "badges"), 4)
	connectortest.Run(t, opts, "badges")
	connectortest.Run(t, connector.Options{Manifests: []fs.FS{fstest.MapFS{"badges.yaml": {Data: []byte(blocks[0][1])}}}}, "badges")
}

var topKey = regexp.MustCompile(`(?m)^[a-z]+:`)

// replaceKeys puts the top-level keys of a snippet in place of a manifest's, or before its operations.
func replaceKeys(t *testing.T, manifest, snippet string) string {
	t.Helper()
	for _, key := range topKey.FindAllString(snippet, -1) {
		if start, end := keyRange(manifest, key); start >= 0 {
			manifest = manifest[:start] + manifest[end:]
		}
	}
	start, _ := keyRange(manifest, "operations:")
	require.Positive(t, start)
	return manifest[:start] + snippet + manifest[start:]
}

func keyRange(manifest, key string) (start, end int) {
	all := topKey.FindAllStringIndex(manifest, -1)
	for i, at := range all {
		if manifest[at[0]:at[1]] != key {
			continue
		}
		if i+1 < len(all) {
			return at[0], all[i+1][0]
		}
		return at[0], len(manifest)
	}
	return -1, -1
}
