package engine_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
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
	"picket/internal/soc"
)

type lookupInput struct {
	Step  string `json:"step"`
	Value string `json:"value"`
}

func lookup(_ context.Context, in lookupInput) (string, error) { return "found " + in.Value, nil }

func contain(_ context.Context, in lookupInput) (string, error) { return "contained " + in.Value, nil }

// script is what one version of the code does.
type script struct {
	locals  []lookupInput // at once when together is set, else one after the other
	remote  []lookupInput
	wait    time.Duration
	child   string
	result  string
	failure string
	next    string
}

func original() script {
	return script{
		locals: []lookupInput{{"geo", "1.2.3.4"}, {"whois", "1.2.3.4"}, {"geo2", "5.6.7.8"}},
		remote: []lookupInput{{"suspend", "ann"}, {"isolate", "host-1"}},
		wait:   time.Millisecond, child: "ann", result: "benign",
	}
}

func (s script) local(ctx workflow.Context, in lookupInput) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute, Summary: in.Step})
	return workflow.ExecuteLocalActivity(ctx, "lookup", in).Get(ctx, nil)
}

func (s script) workflow(ctx workflow.Context, _ string) (string, error) {
	for _, in := range s.locals {
		if err := s.local(ctx, in); err != nil {
			return "", err
		}
	}
	if s.wait > 0 {
		if err := workflow.Sleep(ctx, s.wait); err != nil {
			return "", err
		}
	}
	for _, in := range s.remote {
		ctx := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, ActivityID: in.Step})
		if err := workflow.ExecuteActivity(ctx, "contain", in).Get(ctx, nil); err != nil {
			return "", err
		}
	}
	if s.child != "" {
		ctx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{})
		if err := workflow.ExecuteChildWorkflow(ctx, "child", s.child).Get(ctx, nil); err != nil {
			return "", err
		}
	}
	if s.next != "" {
		return "", workflow.NewContinueAsNewError(ctx, "script", s.next)
	}
	if s.failure != "" {
		return "", temporal.NewApplicationError(s.failure, "denied")
	}
	return s.result, nil
}

func childWorkflow(_ workflow.Context, name string) (string, error) { return "hello " + name, nil }

// record runs the script on the shared engine, and gives its history and the keys to read it.
func record(t *testing.T, s script) ([]byte, *engine.Keyring) {
	t.Helper()
	e, queue := enginetest.Start(t), enginetest.Queue(t)
	startWorker(t, e.Client(), queue, s.register)
	run, err := e.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, "script", "input")
	require.NoError(t, err)
	_, err = engine.AwaitClose(t.Context(), e.Client(), run.GetID(), run.GetRunID())
	require.NoError(t, err)
	history, err := engine.ExportHistory(t.Context(), e.Client(), run.GetID(), run.GetRunID())
	require.NoError(t, err)
	return history, keysOf(t, e)
}

func keysOf(t *testing.T, e *engine.Engine) *engine.Keyring {
	t.Helper()
	keys, err := engine.OpenKeyring(filepath.Join(e.Dir(), "keys", "payload.keys"), false)
	require.NoError(t, err)
	return keys
}

func (s script) register(r worker.Registry) {
	r.RegisterWorkflowWithOptions(s.workflow, workflow.RegisterOptions{Name: "script"})
	r.RegisterWorkflowWithOptions(childWorkflow, workflow.RegisterOptions{Name: "child"})
	r.RegisterActivity(lookup)
	r.RegisterActivity(contain)
}

func (s script) replay(t *testing.T, history []byte, keys *engine.Keyring) error {
	t.Helper()
	return engine.Replay(t.Context(), history, engine.ReplayOptions{Keys: keys, Register: func(r worker.WorkflowReplayer) {
		r.RegisterWorkflowWithOptions(s.workflow, workflow.RegisterOptions{Name: "script"})
	}})
}

func TestReplayFailsWhenTheCodeDoesAnythingElse(t *testing.T) {
	t.Parallel()
	history, keys := record(t, original())
	cases := map[string]struct {
		change func(*script)
		says   string // "" replays
	}{
		"unchanged code passes":                      {func(*script) {}, ""},
		"two local steps swapped":                    {func(s *script) { s.locals[0], s.locals[1] = s.locals[1], s.locals[0] }, "local activity #1"},
		"an argument of a local step changed":        {func(s *script) { s.locals[2].Value = "8.8.8.8" }, "local activity #3"},
		"a local step left out at the end":           {func(s *script) { s.locals = s.locals[:2] }, "local activity #3"},
		"a local step added":                         {func(s *script) { s.locals = append(s.locals, lookupInput{"new", "x"}) }, "the code"},
		"two steps swapped":                          {func(s *script) { s.remote[0], s.remote[1] = s.remote[1], s.remote[0] }, "suspend"},
		"an argument of a step changed, its id kept": {func(s *script) { s.remote[0].Value = "bob" }, "activity suspend"},
		"a step left out":                            {func(s *script) { s.remote = s.remote[:1] }, "activity isolate"},
		"another wait":                               {func(s *script) { s.wait = time.Hour }, "the code asks for timer with arguments 1h0m0s"},
		"another argument of a child":                {func(s *script) { s.child = "eve" }, "child workflow"},
		"another result":                             {func(s *script) { s.result = "malicious" }, "result"},
		"a failure instead of a result":              {func(s *script) { s.failure = "no" }, "end"},
		"a next run instead of a result":             {func(s *script) { s.next = "more" }, "end"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := original()
			c.change(&code)
			err := code.replay(t, history, keys)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, soc.Conflict, soc.KindOf(err), "%v", err)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestReplayComparesHowARunFailed(t *testing.T) {
	t.Parallel()
	code := original()
	code.failure = "the vendor said no"
	history, keys := record(t, code)
	require.NoError(t, code.replay(t, history, keys))
	code.failure = "the vendor said maybe"
	require.ErrorContains(t, code.replay(t, history, keys), "the vendor said maybe")
	code.failure = ""
	require.ErrorContains(t, code.replay(t, history, keys), "end: the history has failed")
}

func TestReplayComparesTheNextRun(t *testing.T) {
	t.Parallel()
	code := original()
	code.next = "cursor 1"
	done := original()
	// The next run is taken by the same worker: it must end, so the recorded code stops continuing at its second run.
	history, keys := recordOnce(t, code, done)
	require.NoError(t, code.replay(t, history, keys))
	code.next = "cursor 2"
	require.ErrorContains(t, code.replay(t, history, keys), "next run")
}

// recordOnce runs first as a run's first execution and then as all that follow.
func recordOnce(t *testing.T, first, then script) ([]byte, *engine.Keyring) {
	t.Helper()
	e, queue := enginetest.Start(t), enginetest.Queue(t)
	startWorker(t, e.Client(), queue, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in string) (string, error) {
			if workflow.GetInfo(ctx).ContinuedExecutionRunID == "" {
				return first.workflow(ctx, in)
			}
			return then.workflow(ctx, in)
		}, workflow.RegisterOptions{Name: "script"})
		r.RegisterWorkflowWithOptions(childWorkflow, workflow.RegisterOptions{Name: "child"})
		r.RegisterActivity(lookup)
		r.RegisterActivity(contain)
	})
	run, err := e.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, "script", "input")
	require.NoError(t, err)
	firstRun := run.GetRunID()
	how, err := engine.AwaitClose(t.Context(), e.Client(), queue, firstRun)
	require.NoError(t, err)
	require.Equal(t, "continued_as_new", how)
	history, err := engine.ExportHistory(t.Context(), e.Client(), queue, firstRun)
	require.NoError(t, err)
	return history, keysOf(t, e)
}

func TestAHistoryCanNotBeReadWithoutItsKeys(t *testing.T) {
	t.Parallel()
	history, _ := record(t, original())
	require.NotContains(t, string(history), "1.2.3.4")
	require.Error(t, original().replay(t, history, nil))
}

func TestExportingAnUnknownRunSaysSo(t *testing.T) {
	t.Parallel()
	_, err := engine.ExportHistory(t.Context(), enginetest.Client(t), "no-such-run", "")
	require.Equal(t, soc.NotFound, soc.KindOf(err), "%v", err)
}

func TestReplayHoldsWithoutAWorkflowCache(t *testing.T) {
	t.Parallel()
	if os.Getenv(noCache) != "" {
		return // this is the run without a cache
	}
	self := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestReplay")
	self.Env = append(os.Environ(), noCache+"=1")
	output, err := self.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func TestReplayKnowsARetriedLocalActivityAsOne(t *testing.T) {
	t.Parallel()
	e, queue := enginetest.Start(t), enginetest.Queue(t)
	var tries atomic.Int32
	flaky := func(context.Context, string) (string, error) {
		if tries.Add(1) == 1 {
			return "", errors.New("not yet")
		}
		return "now", nil
	}
	code := func(ctx workflow.Context, argument string) (string, error) {
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			StartToCloseTimeout: time.Minute,
			// Longer than a workflow task: the retry is a timer and a second marker.
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: 1500 * time.Millisecond},
		})
		first := workflow.ExecuteLocalActivity(ctx, "flaky", argument)
		second := workflow.ExecuteLocalActivity(ctx, "lookup", lookupInput{"geo", argument})
		if err := second.Get(ctx, nil); err != nil {
			return "", err
		}
		var text string
		err := first.Get(ctx, &text)
		return text, err
	}
	startWorker(t, e.Client(), queue, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(code, workflow.RegisterOptions{Name: "retried"})
		r.RegisterActivityWithOptions(flaky, activity.RegisterOptions{Name: "flaky"})
		r.RegisterActivity(lookup)
	})
	run, err := e.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: queue, TaskQueue: queue, WorkflowTaskTimeout: time.Second,
	}, "retried", "x")
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	history, err := engine.ExportHistory(t.Context(), e.Client(), run.GetID(), run.GetRunID())
	require.NoError(t, err)
	require.Contains(t, string(history), "EVENT_TYPE_TIMER_FIRED", "the retry was not a timer")
	keys := keysOf(t, e)
	again := func(argument string) error {
		return engine.Replay(t.Context(), history, engine.ReplayOptions{Keys: keys, Register: func(r worker.WorkflowReplayer) {
			r.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ string) (string, error) {
				return code(ctx, argument)
			}, workflow.RegisterOptions{Name: "retried"})
		}})
	}
	require.NoError(t, again("x"))
	require.ErrorContains(t, again("y"), "local activity #1")
}
