package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/soc"
)

const agentText = `name: looker
title: Looker
owner: soc
goal: Look at it.
instructions: Look twice.
tools: [net.classify]
returns: verdict
`

func TestAgentsHaveVersionsToo(t *testing.T) {
	p := start(t)
	p.agents = []api.Agent{{Name: "looker", File: "agents/looker.yaml", Source: agentText, Digest: "d"}}
	lead := p.as("lea", soc.RoleLead)
	list := lead.get("/v1/agents").is(200).list().Items
	require.Len(t, list, 1)
	require.Equal(t, []any{"Looker", "soc", []any{"net.classify"}, 0.0}, []any{list[0]["title"], list[0]["owner"], list[0]["tools"], list[0]["newest"]})
	var got struct {
		OK          bool
		Diagnostics []struct{ Message string }
	}
	lead.post("/v1/agents/check", map[string]any{"source": agentText}).is(200).into(&got)
	require.True(t, got.OK, "%v", got.Diagnostics)
	lead.post("/v1/agents/check", map[string]any{"source": agentText + "tols: []\n"}).is(200).into(&got)
	require.False(t, got.OK)
	require.NotEmpty(t, got.Diagnostics)

	lead.post("/v1/agents/looker/versions", map[string]any{"source": agentText, "base": 0, "message": "m"}).is(201)
	lead.post("/v1/agents/other/versions", map[string]any{"source": agentText, "base": 0}).is(422)
	fresh := "name: fresh\n" + agentText[len("name: looker\n"):]
	lead.post("/v1/agents/fresh/versions", map[string]any{"source": fresh, "base": 0}).is(201)
	require.Len(t, lead.get("/v1/agents").is(200).list().Items, 2)
	require.Len(t, lead.get("/v1/playbooks").is(200).list().Items, 1, "an agent is no playbook")
	var detail struct {
		Agent  struct{ Draft bool }
		Source string
	}
	lead.get("/v1/agents/fresh").is(200).into(&detail)
	require.True(t, detail.Agent.Draft)
	lead.get("/v1/agents/none").is(404)
	require.Len(t, lead.get("/v1/agents/looker/versions").is(200).list().Items, 1)
	lead.get("/v1/agents/looker/versions/1").is(200)
	lead.get("/v1/playbooks/looker/versions").is(404)
	var is soc.Publication
	lead.post("/v1/agents/fresh/publish", map[string]any{"version": 1, "reason": "r"}).is(200).into(&is)
	require.Equal(t, "agents/fresh", is.Playbook)
}
