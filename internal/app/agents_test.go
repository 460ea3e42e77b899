package app_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/app"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

func TestTheAgentOfAStepIsInItsRunsPlan(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/picket.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	p := plan.Plan{Version: plan.Version, Name: "p", Owner: "o", Steps: []plan.Step{{ID: "each", Verb: "foreach", Foreach: &plan.Foreach{
		Steps: []plan.Step{{ID: "judge", Verb: "agent", Agent: &plan.Agent{Use: "looker"}}, {ID: "set", Verb: "set"}},
	}}}}
	text, err := json.Marshal(p)
	require.NoError(t, err)
	require.NoError(t, s.SavePlan(t.Context(), store.Plan{Digest: "d", Name: "p", Plan: text}))
	run, err := s.CreateRun(t.Context(), store.NewRun{Run: soc.Run{Playbook: "p", PlanDigest: "d"}})
	require.NoError(t, err)
	found, err := app.AgentOf(t.Context(), s, run.ID, "each[3]/judge")
	require.NoError(t, err)
	require.Equal(t, "looker", found.Use)
	found, err = app.AgentOf(t.Context(), s, run.ID, "each[3]/set")
	require.NoError(t, err)
	require.Nil(t, found)
	_, err = app.AgentOf(t.Context(), s, "run_none", "judge")
	require.Error(t, err)
}
