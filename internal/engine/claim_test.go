package engine_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"picket/internal/blob"
	"picket/internal/engine"
	"picket/internal/engine/enginetest"
	"picket/internal/soc"
)

// noise is a text of n bytes that does not compress to less than three quarters; the same for the same seed.
func noise(n int, seed string) string {
	var key [32]byte
	copy(key[:], seed)
	raw := make([]byte, n)
	_, _ = rand.NewChaCha8(key).Read(raw)
	return base64.RawStdEncoding.EncodeToString(raw)[:n]
}

const aMegabyte = 1 << 20

// produce answers what belongs to a step; what it is given is only carried to it.
func produce(_ context.Context, step, _ string) (string, error) { return noise(aMegabyte, step), nil }

func manySteps(ctx workflow.Context, steps int) (total int, err error) {
	before := ""
	for i := range steps {
		step := "step-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		ctx := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, ActivityID: step})
		if err := workflow.ExecuteActivity(ctx, produce, step, before).Get(ctx, &before); err != nil {
			return 0, err
		}
		total += len(before)
	}
	return total, nil
}

// play runs a workflow on the shared engine, and gives its history, how it ended and its error.
func play(t *testing.T, register func(worker.Registry), name string, args ...any) (history []byte, how string, err error) {
	t.Helper()
	e, queue := enginetest.Start(t), enginetest.Queue(t)
	startWorker(t, e.Client(), queue, register)
	run, err := e.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, name, args...)
	require.NoError(t, err)
	how, err = engine.AwaitClose(t.Context(), e.Client(), run.GetID(), run.GetRunID())
	require.NoError(t, err)
	history, err = engine.ExportHistory(t.Context(), e.Client(), run.GetID(), run.GetRunID())
	require.NoError(t, err)
	return history, how, e.Client().GetWorkflow(t.Context(), run.GetID(), run.GetRunID()).Get(t.Context(), nil)
}

func replayWith(t *testing.T, history []byte, blobs engine.Blobs, w any, name string) error {
	t.Helper()
	return engine.Replay(t.Context(), history, engine.ReplayOptions{
		Keys: keysOf(t, enginetest.Start(t)), Blobs: blobs, Register: func(r worker.WorkflowReplayer) {
			r.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: name})
		},
	})
}

// copyBlobs copies what a history refers to into a store of the test's own: an archive on another machine.
func copyBlobs(t *testing.T, history []byte) (own *blob.Store, dir string, claims []engine.Claim) {
	t.Helper()
	from, dir := enginetest.Blobs(t, enginetest.Start(t)), t.TempDir()
	own, err := blob.Open(dir)
	require.NoError(t, err)
	summary, err := engine.Summarize(history)
	require.NoError(t, err)
	for _, c := range summary.Claims {
		data, err := from.Get(t.Context(), c.Digest)
		require.NoError(t, err)
		require.Len(t, data, c.Size)
		_, err = own.Put(t.Context(), data)
		require.NoError(t, err)
	}
	return own, dir, summary.Claims
}

func blobFile(dir, digest string) string {
	return filepath.Join(dir, digest[:2], digest[2:6], digest+".zst")
}

func TestAHundredStepsOfAMegabyteEachHaveASmallHistoryThatReplays(t *testing.T) {
	t.Parallel()
	const steps = 100
	history, how, err := play(t, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(manySteps, workflow.RegisterOptions{Name: "many"})
		r.RegisterActivity(produce)
	}, "many", steps)
	require.NoError(t, err)
	require.Equal(t, "completed", how)
	require.Less(t, len(history), aMegabyte, "of %d MB", steps)

	own, dir, claims := copyBlobs(t, history)
	require.Len(t, claims, steps, "a result that is the next step's argument is kept once")
	require.NoError(t, replayWith(t, history, own, manySteps, "many"))

	lost := claims[steps/2]
	file := blobFile(dir, lost.Digest)
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(kept), noise(aMegabyte, "step-aa")[:100])
	require.NoError(t, os.Remove(file))
	err = replayWith(t, history, own, manySteps, "many")
	require.Equal(t, soc.NotFound, soc.KindOf(err), "%v", err)
	require.ErrorContains(t, err, lost.Digest)

	require.NoError(t, os.WriteFile(file, kept[:len(kept)/2], 0o600))
	require.ErrorContains(t, replayWith(t, history, own, manySteps, "many"), lost.Digest)
	require.ErrorContains(t, replayWith(t, history, nil, manySteps, "many"), "no store of payloads was given")
}

// everyWay carries large values by every way that there is, and is its own child and its own next run.
func everyWay(ctx workflow.Context, role, input string) (string, error) {
	if role != "parent" {
		return input + noise(aMegabyte/4, role), nil
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, ActivityID: "remote"})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute, Summary: "local"})
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID + "-child"})
	var told, remote, local, child string
	workflow.GetSignalChannel(ctx, "tell").Receive(ctx, &told)
	if err := workflow.ExecuteActivity(ctx, produce, "remote", "activity input "+input).Get(ctx, &remote); err != nil {
		return "", err
	}
	if err := workflow.ExecuteLocalActivity(ctx, produce, "local", input).Get(ctx, &local); err != nil {
		return "", err
	}
	if err := workflow.ExecuteChildWorkflow(ctx, "every", "child", "child input "+input).Get(ctx, &child); err != nil {
		return "", err
	}
	if told != noise(aMegabyte/4, "signal") || remote != noise(aMegabyte, "remote") || local != noise(aMegabyte, "local") ||
		child != "child input "+input+noise(aMegabyte/4, "child") {
		return "", workflow.ErrCanceled
	}
	return "", workflow.NewContinueAsNewError(ctx, "every", "next", "next input "+input)
}

func TestLargeValuesGoByReferenceWhicheverWayTheyAreCarried(t *testing.T) {
	t.Parallel()
	e, queue := enginetest.Start(t), enginetest.Queue(t)
	startWorker(t, e.Client(), queue, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(everyWay, workflow.RegisterOptions{Name: "every"})
		r.RegisterActivity(produce)
	})
	input := noise(aMegabyte/4, "input")
	run, err := e.Client().SignalWithStartWorkflow(t.Context(), queue, "tell", noise(aMegabyte/4, "signal"),
		client.StartWorkflowOptions{TaskQueue: queue}, "every", "parent", input)
	require.NoError(t, err)
	first := run.GetRunID()
	var result string
	require.NoError(t, run.Get(t.Context(), &result)) // of the last run
	require.Equal(t, "next input "+input+noise(aMegabyte/4, "next"), result)

	next, err := e.Client().DescribeWorkflowExecution(t.Context(), queue, "")
	require.NoError(t, err)
	last := next.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	for _, part := range []struct {
		id, run string
		claims  int // input and signal, activity's and child's input and result, local result, next input
	}{
		{queue, first, 8},
		{queue + "-child", "", 2},
		{queue, last, 2},
	} {
		history, err := engine.ExportHistory(t.Context(), e.Client(), part.id, part.run)
		require.NoError(t, err)
		require.Less(t, len(history), 64<<10, part.id)
		own, _, claims := copyBlobs(t, history)
		require.Len(t, claims, part.claims, part.id)
		summary, err := engine.Summarize(history)
		require.NoError(t, err)
		require.Equal(t, engine.Execution{WorkflowID: part.id, RunID: cmp.Or(part.run, summary.RunID), Type: "every"}, summary.Execution)
		require.Equal(t, part.run == first, summary.Next != nil && *summary.Next == engine.Execution{WorkflowID: queue, RunID: last, Type: "every"})
		require.Equal(t, part.run == first, len(summary.Children) == 1 && summary.Children[0].WorkflowID == queue+"-child")
		for _, c := range claims {
			require.Equal(t, keysOf(t, e).Active(), c.Key)
		}
		require.NoError(t, replayWith(t, history, own, everyWay, "every"), part.id)
	}
}

func TestARunWhoseBlobIsLostWaitsUntilItIsBack(t *testing.T) {
	t.Parallel()
	e, queue := enginetest.Start(t), enginetest.Queue(t)
	input := noise(aMegabyte/4, t.Name())
	run, err := e.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, "every", "child", input)
	require.NoError(t, err)
	history, err := engine.ExportHistory(t.Context(), e.Client(), queue, run.GetRunID())
	require.NoError(t, err)
	summary, err := engine.Summarize(history)
	require.NoError(t, err)
	require.Len(t, summary.Claims, 1)
	file := blobFile(filepath.Join(e.Dir(), "blobs"), summary.Claims[0].Digest)
	require.NoError(t, os.Rename(file, file+".lost"))

	startWorker(t, e.Client(), queue, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(everyWay, workflow.RegisterOptions{Name: "every"})
	})
	events := e.Client().GetWorkflowHistory(t.Context(), queue, run.GetRunID(), true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for failed := false; !failed; {
		require.True(t, events.HasNext())
		event, err := events.Next()
		require.NoError(t, err)
		failed = event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED
	}
	require.NoError(t, os.Rename(file+".lost", file))
	var result string
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, input+noise(aMegabyte/4, "child"), result)
}

func TestReferencesThatAreNotOursAreRefused(t *testing.T) {
	t.Parallel()
	digest := blob.Digest(nil)
	for name, c := range map[string]struct{ driver, data, says string }{
		"another driver":   {"s3", `{"digest":"` + digest + `","size":"200000","key":"k"}`, `kept by "s3"`},
		"no size":          {"picket-blob-1", `{"digest":"` + digest + `","key":"k"}`, "can't be read"},
		"a negative size":  {"picket-blob-1", `{"digest":"` + digest + `","size":"-1","key":"k"}`, "can't be read"},
		"no digest":        {"picket-blob-1", `{"size":"200000","key":"k"}`, "can't be read"},
		"no digest's form": {"picket-blob-1", `{"digest":"../../keys/payload.keys","size":"200000","key":"k"}`, "no digest"},
		"no reference":     {"", ``, "can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reference := `{"driverName":"` + c.driver + `","claimData":` + c.data + `}`
			if c.driver == "" {
				reference = "null and void"
			}
			history, err := json.Marshal(map[string]any{"events": []any{map[string]any{
				"eventId": "1", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
				"workflowExecutionStartedEventAttributes": map[string]any{"input": map[string]any{"payloads": []any{map[string]any{
					"metadata": map[string][]byte{
						"encoding": []byte("json/protobuf"), "messageType": []byte("temporal.api.sdk.v1.ExternalStorageReference"),
					},
					"data": []byte(reference),
				}}}},
			}}})
			require.NoError(t, err)
			require.ErrorContains(t, replayWith(t, history, enginetest.Blobs(t, enginetest.Start(t)), everyWay, "every"), c.says)
		})
	}
	for _, text := range []string{"no history", "{}", `{"events":[]}`} {
		_, err := engine.Summarize([]byte(text))
		require.Equal(t, soc.Invalid, soc.KindOf(err), text)
	}
}

func TestOnlyWhatIsKeptOutsideIsSealedAlike(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, filepath.Join(t.TempDir(), "keys"))
	seal := func(text string) string { return sealedText(t, codec, text) }
	require.Equal(t, seal(noise(aMegabyte, "a")), seal(noise(aMegabyte, "a")))
	require.NotEqual(t, seal(noise(aMegabyte, "a"))[:12], seal(noise(aMegabyte, "b"))[:12], "the nonces differ")
	other := newCodec(t, filepath.Join(t.TempDir(), "keys"))
	require.NotEqual(t, seal(noise(aMegabyte, "a")), sealedText(t, other, noise(aMegabyte, "a")))
	require.NotEqual(t, seal("small"), seal("small"))
	require.NotEqual(t, seal(strings.Repeat("small", aMegabyte)), seal(strings.Repeat("small", aMegabyte)), "once compressed")
}
