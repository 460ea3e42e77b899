package api_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestACACAODocumentBecomesAPlaybook(t *testing.T) {
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	archive, err := os.ReadFile("../playbooks/cacao/testdata/import/drawn.txtar")
	require.NoError(t, err)
	text := string(archive)
	document := text[strings.Index(text, "{"):]
	if end := strings.Index(document, "\n-- "); end > 0 {
		document = document[:end]
	}
	var out struct {
		Name, Source string
		Report       []struct{ Pointer, What string }
	}
	ana.post("/v1/playbooks/import", map[string]any{"document": document, "owner": "soc"}).is(200).into(&out)
	require.NotEmpty(t, out.Name)
	require.Contains(t, out.Source, "owner: soc")
	require.NotEmpty(t, out.Report)
	bad := ana.post("/v1/playbooks/import", map[string]any{"document": `{"type":"playbook"}`}).is(422)
	require.Contains(t, string(bad.body), "no CACAO 2.0 playbook")
	p.as("mute").post("/v1/playbooks/import", map[string]any{"document": document}).is(403)
}
