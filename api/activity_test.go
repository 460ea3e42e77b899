package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestActivityIsCountedByDay(t *testing.T) {
	p := start(t)
	p.hook().post("/v1/hooks/generic", `{"title":"x","severity":"high"}`).is(202)
	ana := p.as("ana", soc.RoleAnalyst)
	require.Len(t, ana.get("/v1/activity").is(200).list().Items, 14)
	items := ana.get("/v1/activity?days=2").is(200).list().Items
	require.Len(t, items, 2)
	require.InDelta(t, 1, items[0]["alerts"].(float64)+items[1]["alerts"].(float64), 0)
	ana.get("/v1/activity?days=0").is(422)
	ana.get("/v1/activity?days=many").is(422)
}
