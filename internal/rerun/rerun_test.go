package rerun_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/rerun"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

const steps = `[
	{"id":"look","verb":"action","action":{"operation":"net.classify","effect":"read","with":{"lit":{}}}},
	{"id":"way","verb":"choose","choose":{"branches":[{"when":"true","steps":[{"id":"inner","verb":"set","set":[]}]}]}},
	{"id":"each","verb":"foreach","foreach":{"items":"[1]","as":"item","steps":[{"id":"one","verb":"set","set":[]}]}},
	{"id":"gate","verb":"approve","approve":{"title":{"lit":"?"},"role":"responder","covers":["act"],"within":1000,"on_timeout":"deny"}},
	{"id":"act","verb":"action","action":{"operation":"edr.isolate_host","effect":"consequential","approvals":["gate"],"with":{"lit":{}}}},
	{"id":"tell","verb":"set","set":[]}]`

func TestWhatARunTakesOver(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Version: plan.Version, Name: "p"}
	require.NoError(t, json.Unmarshal([]byte(steps), &p.Steps))
	ended := func(path, status, output string) soc.LedgerEntry {
		body, err := json.Marshal(contract.StepBody{Status: status, Output: json.RawMessage(output), Started: time.Now(), Ended: time.Now()})
		require.NoError(t, err)
		return soc.LedgerEntry{Kind: contract.KindStepFinished, Step: path, Key: path + "/end", Body: body}
	}
	run := soc.Run{ID: "run_1", Status: soc.RunCompleted}
	entries := []soc.LedgerEntry{
		ended("look", contract.StepOK, `{"n":1}`), ended("inner", contract.StepOK, `{}`), ended("way", contract.StepOK, `{}`),
		ended("each[0]/one", contract.StepOK, `{}`), ended("each", contract.StepOK, `[1]`), ended("gate", contract.StepDenied, `null`),
	}
	got, err := rerun.From(run, p, entries, "gate")
	require.NoError(t, err)
	require.Equal(t, 3, got.First)
	var ids []string
	for _, s := range got.Steps {
		ids = append(ids, s.ID)
	}
	require.Equal(t, []string{"look", "way", "inner", "each"}, ids, "with what stands in blocks, without what stands in loops")
	require.JSONEq(t, `{"n":1}`, string(got.Steps[0].Output))

	_, err = rerun.From(run, p, entries, "act")
	require.ErrorContains(t, err, "act is released by the approval gate, and decisions are not taken over: begin with gate")
	require.Equal(t, soc.Conflict, soc.KindOf(err))
	_, err = rerun.From(run, p, entries, "tell")
	require.ErrorContains(t, err, "did not come to the end of act")
	_, err = rerun.From(run, p, entries, "inner")
	require.Equal(t, soc.Invalid, soc.KindOf(err), "a step of a block is no beginning")
	require.ErrorContains(t, err, "look, way, each, gate, act, tell")
}
