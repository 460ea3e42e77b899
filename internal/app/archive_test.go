package app

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/internal/engine"
	"picket/internal/engine/enginetest"
)

// large does not compress to less than 128 KiB.
func large(_ context.Context, seed string) (string, error) {
	raw := make([]byte, 1<<18)
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte(seed))).Read(raw)
	return base64.StdEncoding.EncodeToString(raw), nil
}

func largeLoop(ctx workflow.Context, seed string) (string, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
	var text string
	err := workflow.ExecuteLocalActivity(ctx, large, seed).Get(ctx, &text)
	return text[:10], err
}

// chain runs a loop and a called playbook, goes on as another execution, and ends.
func chain(ctx workflow.Context, round int) error {
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	if round < 0 {
		return nil
	}
	loop := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: id + "/loop/" + string(rune('0'+round))})
	if err := workflow.ExecuteChildWorkflow(loop, contract.WorkflowLoop, id).Get(ctx, nil); err != nil {
		return err
	}
	called := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: id + "/called/" + string(rune('0'+round))})
	if err := workflow.ExecuteChildWorkflow(called, contract.WorkflowPlaybook, -1).Get(ctx, nil); err != nil {
		return err
	}
	if round == 1 {
		return nil
	}
	return workflow.NewContinueAsNewError(ctx, contract.WorkflowPlaybook, round+1)
}

func registerChain(r WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(chain, workflow.RegisterOptions{Name: contract.WorkflowPlaybook})
	r.RegisterWorkflowWithOptions(largeLoop, workflow.RegisterOptions{Name: contract.WorkflowLoop})
}

func TestAnArchiveHasTheWholeChainItsLoopsAndTheirPayloads(t *testing.T) {
	t.Parallel()
	e := enginetest.Own(t, t.TempDir())
	w := worker.New(e.Client(), "archive", worker.Options{})
	registerChain(w)
	w.RegisterActivity(large)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := e.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "run/1", TaskQueue: "archive"}, contract.WorkflowPlaybook, 0)
	require.NoError(t, err)

	blobs := enginetest.Blobs(t, e)
	kept, err := archiver{temporal: e.Client(), blobs: blobs}.keep(t.Context(), "run/1", run.GetRunID())
	require.NoError(t, err)
	text, err := blobs.Get(t.Context(), kept.Index)
	require.NoError(t, err)
	var index archiveIndex
	require.NoError(t, json.Unmarshal(text, &index))
	var parts []string
	events := 0
	for _, h := range index.Histories {
		parts = append(parts, h.WorkflowID+" "+h.Type)
		events += h.Events
	}
	require.Equal(t, []string{"run/1 Playbook", "run/1 Playbook", "run/1/loop/0 Loop", "run/1/loop/1 Loop"}, parts)
	require.Equal(t, kept.Digest, index.Histories[0].Digest)
	require.Equal(t, kept.Events, events)
	require.Len(t, index.Payloads, 1, "the result that both loops got")

	keys, err := engine.OpenKeyring(filepath.Join(e.Dir(), "keys", "payload.keys"), false)
	require.NoError(t, err)
	require.Equal(t, keys.Active(), index.Payloads[0].Key)
	o := engine.ReplayOptions{Keys: keys, Blobs: blobs, Register: func(r worker.WorkflowReplayer) { registerChain(r) }}
	replay := func() error {
		index, err := readIndex(t.Context(), blobs, kept)
		if err != nil {
			return err
		}
		return replayArchive(t.Context(), blobs, index, o)
	}
	require.NoError(t, replay())
	for what, digest := range map[string]string{
		"a payload": index.Payloads[0].Digest, "a loop's history": index.Histories[3].Digest, "the index": kept.Index,
	} {
		file := filepath.Join(e.Dir(), "blobs", digest[:2], digest[2:6], digest+".zst")
		require.NoError(t, os.Rename(file, file+".lost"))
		require.ErrorContains(t, replay(), digest, what)
		require.NoError(t, os.Rename(file+".lost", file))
	}

	again, err := archiver{temporal: e.Client(), blobs: blobs}.keep(t.Context(), "run/1", run.GetRunID())
	require.NoError(t, err)
	require.Equal(t, kept, again, "archiving may be repeated")
}

func TestAnArchiveOfOneHistoryNeedsNoIndex(t *testing.T) {
	t.Parallel()
	e := enginetest.Own(t, t.TempDir())
	w := worker.New(e.Client(), "archive", worker.Options{})
	registerChain(w)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := e.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "run/1", TaskQueue: "archive"}, contract.WorkflowPlaybook, -1)
	require.NoError(t, err)
	kept, err := archiver{temporal: e.Client(), blobs: enginetest.Blobs(t, e)}.keep(t.Context(), "run/1", run.GetRunID())
	require.NoError(t, err)
	require.Empty(t, kept.Index)
	require.NotZero(t, kept.Events)
	require.NotEmpty(t, kept.Digest)
}
