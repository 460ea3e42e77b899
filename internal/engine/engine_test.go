package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"picket/internal/engine/enginetest"
)

func greet(ctx workflow.Context, name string) (string, error) {
	options := workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute}
	var text string
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, options), hello, name).Get(ctx, &text)
	return text, err
}

func hello(_ context.Context, name string) (string, error) { return "hello " + name, nil }

func startWorker(t testing.TB, c client.Client, queue string, register func(worker.Registry)) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	register(w)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func TestAWorkflowRunsOnAnEmbeddedServer(t *testing.T) {
	t.Parallel()
	c, queue := enginetest.Client(t), enginetest.Queue(t)
	startWorker(t, c, queue, func(r worker.Registry) {
		r.RegisterWorkflow(greet)
		r.RegisterActivity(hello)
	})
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, greet, "world")
	require.NoError(t, err)
	var text string
	require.NoError(t, run.Get(t.Context(), &text))
	require.Equal(t, "hello world", text)
}
