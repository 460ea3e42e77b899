package engine_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"picket/internal/engine"
	"picket/internal/engine/enginetest"
)

// excess is a little more than is carried.
func excess() string { return strings.Repeat("x", engine.MaxPayload) }

// overload has one thing carry too much, and says what came of it.
func overload(ctx workflow.Context, what string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, ActivityID: "lookup[3]/geo"})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{})
	var err error
	switch what {
	case "activity result":
		err = workflow.ExecuteActivity(ctx, "burst", "").Get(ctx, nil)
	case "local result":
		err = workflow.ExecuteLocalActivity(ctx, "burst", "").Get(ctx, nil)
	case "activity argument":
		err = workflow.ExecuteActivity(ctx, "burst", excess()).Get(ctx, nil)
	case "child's argument":
		err = workflow.ExecuteChildWorkflow(ctx, "overload", excess()).Get(ctx, nil)
	case "workflow result":
		return excess(), nil
	case "next input":
		return "", workflow.NewContinueAsNewError(ctx, "overload", excess())
	}
	return "", err
}

func TestWhatIsLargerThanTheBoundIsRefusedForGood(t *testing.T) {
	t.Parallel()
	for what, says := range map[string]string{
		"activity result":   "a value of the activity burst lookup[3]/geo has 33554434 bytes, and at most 33554432 are carried",
		"local result":      "a value of the activity burst",
		"activity argument": "an argument of the activity burst lookup[3]/geo has 33554434 bytes",
		"child's argument":  "a value of the workflow overload has 33554434 bytes",
		"workflow result":   "the result of the workflow overload has 33554434 bytes",
		"next input":        "the input of the next run has 33554434 bytes",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			history, how, err := play(t, func(r worker.Registry) {
				r.RegisterWorkflowWithOptions(overload, workflow.RegisterOptions{Name: "overload"})
				r.RegisterActivityWithOptions(func(context.Context, string) (string, error) {
					calls.Add(1)
					return excess(), nil
				}, activity.RegisterOptions{Name: "burst"})
			}, "overload", what)
			require.Equal(t, "failed", how)
			require.ErrorContains(t, err, says)
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.LessOrEqual(t, calls.Load(), int32(1), "it is not tried again")
			require.NoError(t, replayWith(t, history, nil, overload, "overload"))
		})
	}
}

func TestTooLargeAnInputOrSignalIsRefusedToWhoSendsIt(t *testing.T) {
	t.Parallel()
	c, queue := enginetest.Client(t), enginetest.Queue(t)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, "overload", excess())
	require.ErrorContains(t, err, "at most 33554432 are carried")
	require.ErrorContains(t, c.SignalWorkflow(t.Context(), queue, "", "tell", excess()), "at most 33554432 are carried")
}
