package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestARunIsAskedForOnceMore(t *testing.T) {
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	_, id := p.accepted(1)
	again := func(body map[string]any) answer {
		p.t.Helper()
		return ana.post("/v1/runs/"+id+"/rerun", body)
	}
	again(map[string]any{}).is(409) // it goes on
	p.over(id)
	var next soc.Run
	again(map[string]any{}).is(202).into(&next)
	require.Equal(t, []string{id, "ana"}, []string{next.Parent, next.RequestedBy})
	again(map[string]any{"version": "now"}).is(202)
	again(map[string]any{"version": "tomorrow"}).is(422)
	again(map[string]any{"version": "now", "from": "gate"}).is(422)
	again(map[string]any{"from": "nowhere"}).is(422)
	again(map[string]any{"from": "gate"}).is(409)    // the run never came there
	again(map[string]any{"from": "isolate"}).is(409) // its approval would be left out
	again(map[string]any{"inputs": map[string]any{"x": 1}}).is(422)
	p.as("mute").post("/v1/runs/"+id+"/rerun", map[string]any{}).is(403)
}
