package app_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/app"
	"picket/internal/rerun"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

const twice = `name: twice
owner: soc
on: {manual: {}}
inputs: {who: {type: string, default: ana}}
steps:
  - {id: look, action: net.classify, with: {ip: 203.0.113.77}}
  - {id: greet, set: {text: '${{ inputs.who }} from ${{ steps.look.output.scope }}'}}
outputs: {text: '${{ steps.greet.output.text }}'}
`

func TestARunIsRunAgainFromAStepWithOtherInputs(t *testing.T) {
	t.Parallel()
	a := instance(t, options(t), map[string]string{"twice.yaml": twice})
	first := over(t, a, func() (soc.Run, error) {
		return a.StartRun(t.Context(), api.StartRequest{Playbook: "twice", By: "ana"})
	})
	require.JSONEq(t, `{"text":"ana from documentation"}`, string(first.Outputs))
	kept, err := a.Store().PlanByDigest(t.Context(), first.PlanDigest)
	require.NoError(t, err)
	var p plan.Plan
	require.NoError(t, json.Unmarshal(kept.Plan, &p))
	entries, err := a.Store().RunEntries(t.Context(), first.ID)
	require.NoError(t, err)
	earlier, err := rerun.From(first, &p, entries, "greet")
	require.NoError(t, err)
	earlier.Steps[0].Output = json.RawMessage(`{"scope":"the record"}`) // so that it is seen not to be asked again
	second := over(t, a, func() (soc.Run, error) {
		return a.Rerun(t.Context(), api.RerunRequest{Of: first, Plan: &p, Earlier: earlier, Inputs: json.RawMessage(`{"who":"bo"}`), By: "bo"})
	})
	require.JSONEq(t, `{"text":"bo from the record"}`, string(second.Outputs))
	require.Equal(t, []string{first.ID, "bo", soc.TriggerManual}, []string{second.Parent, second.RequestedBy, second.Trigger})
	third := over(t, a, func() (soc.Run, error) { return a.Rerun(t.Context(), api.RerunRequest{Of: first, By: "bo"}) })
	require.JSONEq(t, `{"text":"ana from documentation"}`, string(third.Outputs))
}

// over starts a run and waits for its end.
func over(t *testing.T, a *app.App, start func() (soc.Run, error)) soc.Run {
	t.Helper()
	run, err := start()
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		run, err = a.Store().GetRun(t.Context(), run.ID)
		return err == nil && run.Status.Final()
	}, time.Minute, 20*time.Millisecond)
	require.Equal(t, soc.RunCompleted, run.Status, run.Reason)
	return run
}
