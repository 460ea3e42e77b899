package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestWhatIsPublishedRunsAndOutlivesARestart(t *testing.T) {
	t.Parallel()
	o := options(t)
	files := map[string]string{"sweep.yaml": scheduled}
	a := instance(t, o, files)
	const id = "schedule/sweep/1"
	file, before := a.Playbooks()[0], described(t, a, id)

	changed := strings.Replace(scheduled, "0 6 * * *", "30 7 * * 1", 1)
	_, err := a.Store().SaveVersion(t.Context(), soc.PlaybookVersion{Playbook: "sweep", Source: changed, Author: "ana"})
	require.NoError(t, err)
	require.Equal(t, file.Digest, a.Playbooks()[0].Digest, "saving alone changes nothing")
	_, err = a.Publish(t.Context(), soc.Publication{Playbook: "sweep", Version: 1, By: "lea", Reason: "weekly"})
	require.NoError(t, err)
	published := a.Playbooks()[0]
	require.NotEqual(t, file.Digest, published.Digest)
	require.Equal(t, 1, published.Version)
	require.NotEqual(t, before[id], described(t, a, id)[id], "its schedule is the new one")
	kept, err := a.Store().PlanByDigest(t.Context(), published.Digest)
	require.NoError(t, err)
	require.Equal(t, changed, kept.Source)
	a.Stop()

	a = instance(t, o, files)
	require.Equal(t, []any{1, published.Digest}, []any{a.Playbooks()[0].Version, a.Playbooks()[0].Digest})
	_, err = a.Publish(t.Context(), soc.Publication{Playbook: "sweep", Version: 0, By: "lea", Reason: "daily after all"})
	require.NoError(t, err)
	require.Equal(t, file.Digest, a.Playbooks()[0].Digest)
	require.Equal(t, before[id], described(t, a, id)[id])
}
