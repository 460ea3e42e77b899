package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestEverythingIsSearched(t *testing.T) {
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	alert, run := p.accepted(1)
	a := p.asked(2)
	ana.post("/v1/facts", map[string]any{"type": "host", "value": "scan-01", "text": "Isolate it never", "source": "x", "days": 3}).is(201)
	find := func(q string) map[string]string {
		t.Helper()
		var out struct {
			Items []struct{ Kind, ID string }
		}
		ana.get("/v1/search?q=" + q).is(200).into(&out)
		found := map[string]string{}
		for _, hit := range out.Items {
			found[hit.Kind] = hit.ID
		}
		return found
	}
	all := find("ISOLATE")
	require.Equal(t, "isolate", all["playbook"])
	require.Equal(t, a.ID, all["approval"])
	require.NotEmpty(t, all["run"])
	require.NotEmpty(t, all["fact"])
	kept, err := p.store.GetAlert(t.Context(), alert)
	require.NoError(t, err)
	require.Equal(t, alert, find(kept.Title[:6])["alert"])
	require.Equal(t, run, find(run)["run"])
	require.Empty(t, find("nothing-has-this"))
	require.Empty(t, find("%25%25"), "a wildcard is a text like another")
	ana.get("/v1/search?q=x").is(422)
}
