package app_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"picket/internal/app"
	"picket/internal/soc"
	"picket/internal/store"
)

const scheduled = `name: sweep
owner: soc
on:
  schedule:
    - {cron: "0 6 * * *", timezone: Europe/Berlin, inputs: {depth: 3}}
    - {every: 6h}
inputs:
  depth: {type: integer, default: 1}
steps:
  - id: seen
    set: {depth: '${{ inputs.depth }}'}
outputs:
  depth: '${{ steps.seen.output.depth }}'
`

// instance starts an instance with these playbooks only, and stops it at the end of the test at the latest.
func instance(t *testing.T, o app.Options, files map[string]string) *app.App {
	t.Helper()
	o.NoLibrary, o.PlaybooksDir = true, t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(o.PlaybooksDir, name), []byte(text), 0o600))
	}
	a, err := app.Start(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(a.Stop)
	return a
}

// described are the ids and notes of the schedules, those that are there.
func described(t *testing.T, a *app.App, ids ...string) map[string]string {
	t.Helper()
	notes := map[string]string{}
	for _, id := range ids {
		d, err := a.Temporal().ScheduleClient().GetHandle(t.Context(), id).Describe(t.Context())
		if err == nil {
			notes[id] = d.Schedule.State.Note
		}
	}
	return notes
}

func TestATimeOfAScheduleStartsARunWithItsInputs(t *testing.T) {
	t.Parallel()
	o := options(t)
	a := instance(t, o, map[string]string{"sweep.yaml": scheduled})
	ids := []string{"schedule/sweep/1", "schedule/sweep/2"}
	first := described(t, a, ids...)
	require.Len(t, first, 2)
	handle := a.Temporal().ScheduleClient().GetHandle(t.Context(), ids[0])
	d, err := handle.Describe(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Europe/Berlin", d.Schedule.Spec.TimeZoneName)
	require.Equal(t, time.Hour, d.Schedule.Policy.CatchupWindow)

	require.NoError(t, handle.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	var run soc.Run
	require.Eventually(t, func() bool {
		runs, _, err := a.Store().Runs(t.Context(), store.RunFilter{Playbook: "sweep"})
		if err == nil && len(runs) > 0 {
			run = runs[0]
		}
		return run.Status.Final()
	}, time.Minute, 100*time.Millisecond)
	require.Equal(t, soc.RunCompleted, run.Status, run.Reason)
	require.Equal(t, soc.TriggerSchedule, run.Trigger)
	require.JSONEq(t, `{"depth":3}`, string(run.Outputs))
	a.Stop()

	changed := strings.Replace(scheduled, "0 6 * * *", "30 7 * * 1", 1)
	a = instance(t, o, map[string]string{"sweep.yaml": changed})
	second := described(t, a, ids...)
	require.NotEqual(t, first[ids[0]], second[ids[0]], "a changed schedule is changed")
	require.Equal(t, first[ids[1]], second[ids[1]])
	a.Stop()

	a = instance(t, o, map[string]string{"sweep.yaml": strings.Replace(changed, "    - {every: 6h}\n", "", 1)})
	require.Len(t, described(t, a, ids...), 1, "one that is gone is deleted")
	a.Stop()
	a = instance(t, o, map[string]string{})
	require.Empty(t, described(t, a, ids...))
}
