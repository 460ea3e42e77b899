package engine_test

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"picket/internal/engine"
	"picket/internal/engine/enginetest"
	"picket/internal/soc"
)

// crashDir tells a copy of this binary to start a run in that directory and to be killed.
const crashDir = "PICKET_TEST_CRASH_DIR"

const crashedRun = "crashed-run"

// crash starts a run that waits, says so, and waits for its own end.
func crash(dir string) {
	fail := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	e, err := engine.Start(context.Background(), engine.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	fail(err)
	w := worker.New(e.Client(), crashedRun, worker.Options{})
	w.RegisterWorkflow(waitForSignal)
	fail(w.Start())
	_, err = e.Client().ExecuteWorkflow(context.Background(),
		client.StartWorkflowOptions{ID: crashedRun, TaskQueue: crashedRun}, waitForSignal)
	fail(err)
	_, _ = os.Stdout.WriteString("waiting\n")
	select {}
}

func TestAKilledProcessesRunsGoOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	process.Env = append(os.Environ(), crashDir+"="+dir)
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	line := make([]byte, len("waiting\n"))
	_, err = output.Read(line)
	require.NoError(t, err)
	require.Equal(t, "waiting\n", string(line))

	_, err = engine.Start(t.Context(), engine.Options{Dir: dir})
	require.Equal(t, soc.Conflict, soc.KindOf(err), "a second process must be told that the first has the data: %v", err)

	require.NoError(t, process.Process.Kill())
	_ = process.Wait()

	e := enginetest.Own(t, dir)
	startWorker(t, e.Client(), crashedRun, func(r worker.Registry) { r.RegisterWorkflow(waitForSignal) })
	require.NoError(t, e.Client().SignalWorkflow(t.Context(), crashedRun, "", "decided", "after the crash"))
	var decision string
	require.NoError(t, e.Client().GetWorkflow(t.Context(), crashedRun, "").Get(t.Context(), &decision))
	require.Equal(t, "after the crash", decision)
}

func TestAStoppedEngineStartsAgainOnItsFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a directory? with 100% odd #letters")
	first := enginetest.Own(t, dir)
	_, err := first.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "open", TaskQueue: "q"}, waitForSignal)
	require.NoError(t, err)
	first.Stop()

	second := enginetest.Own(t, dir)
	startWorker(t, second.Client(), "q", func(r worker.Registry) { r.RegisterWorkflow(waitForSignal) })
	require.NoError(t, second.Client().SignalWorkflow(t.Context(), "open", "", "decided", "late"))
	require.NoError(t, second.Client().GetWorkflow(t.Context(), "open", "").Get(t.Context(), nil))

	files, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "*", "temporal.db"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if info, err := d.Info(); err == nil && !d.IsDir() && filepath.Base(path) != "lock" {
			require.Zero(t, info.Mode().Perm()&0o077, "%s is readable by others", path)
		}
		return nil
	}))
}

func TestRetentionIsSetAtEveryStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, want := range []time.Duration{engine.DefaultRetention, 48 * time.Hour} {
		e, err := engine.Start(t.Context(), engine.Options{Dir: dir, Retention: want, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		ns, err := e.Client().WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: e.Namespace()})
		e.Stop()
		require.NoError(t, err)
		require.Equal(t, want, ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
	}
}

func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, err = engine.Start(t.Context(), engine.Options{Dir: t.TempDir(), Port: l.Addr().(*net.TCPAddr).Port})
	require.Equal(t, soc.Unavailable, soc.KindOf(err))
	require.ErrorContains(t, err, l.Addr().String())
	require.ErrorContains(t, err, "taken")
}

func TestADirectoryThatIsAFileIsNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := engine.Start(t.Context(), engine.Options{Dir: path})
	require.Equal(t, soc.Unavailable, soc.KindOf(err))
	require.ErrorContains(t, err, path)
}

// change opens a stopped engine's file and runs statements on it.
func change(t *testing.T, file string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
	}
}

func TestAnOlderFileIsUpgradedAndItsRunsGoOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := enginetest.Own(t, dir)
	_, err := first.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "old", TaskQueue: "q"}, waitForSignal)
	require.NoError(t, err)
	first.Stop()
	// What versions 0.9 to 0.11 added is taken away: the file is as server v1.28 left it.
	change(t, filepath.Join(dir, "temporal.db"),
		"DROP TABLE chasm_node_maps", "DROP TABLE tasks_v2", "DROP TABLE task_queues_v2", "DROP TABLE current_chasm_executions",
		"PRAGMA user_version = 8")
	change(t, filepath.Join(dir, "visibility.db"), "PRAGMA user_version = 1") // another schema's

	second := enginetest.Own(t, dir)
	startWorker(t, second.Client(), "q", func(r worker.Registry) { r.RegisterWorkflow(waitForSignal) })
	require.NoError(t, second.Client().SignalWorkflow(t.Context(), "old", "", "decided", "upgraded"))
	require.NoError(t, second.Client().GetWorkflow(t.Context(), "old", "").Get(t.Context(), nil))
	_, err = second.Client().ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: "hourly", Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: "scheduled", Workflow: waitForSignal, TaskQueue: "q"},
	})
	require.NoError(t, err, "an old schema hangs here")
}

func TestANewerFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	change(t, filepath.Join(dir, "temporal.db"), "PRAGMA user_version = 99")
	_, err := engine.Start(t.Context(), engine.Options{Dir: dir})
	require.Equal(t, soc.Conflict, soc.KindOf(err))
	require.ErrorContains(t, err, "newer version")
}

func TestADamagedVisibilityFileIsBuiltAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "visibility.db"), []byte(strings.Repeat("no database ", 1000)), 0o600))
	e := enginetest.Own(t, dir)
	_, err := e.Client().ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: e.Namespace()})
	require.NoError(t, err)
}

func TestRunsAndSchedulesCanBeListed(t *testing.T) {
	t.Parallel()
	e, queue := enginetest.Start(t), enginetest.Queue(t)
	startWorker(t, e.Client(), queue, func(r worker.Registry) { r.RegisterWorkflow(waitForSignal) })
	_, err := e.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, waitForSignal)
	require.NoError(t, err)
	list := func(query string) (ids []string) {
		answer, err := e.Client().ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: e.Namespace(), Query: query})
		require.NoError(t, err)
		for _, x := range answer.GetExecutions() {
			ids = append(ids, x.GetExecution().GetWorkflowId())
		}
		return ids
	}
	const patience = 30 * time.Second
	running := "WorkflowId = '" + queue + "' AND ExecutionStatus = 'Running'"
	require.Eventually(t, func() bool { return len(list(running)) == 1 }, patience, 20*time.Millisecond)
	require.NoError(t, e.Client().SignalWorkflow(t.Context(), queue, "", "decided", "done"))
	closed := "WorkflowId = '" + queue + "' AND ExecutionStatus = 'Completed' AND WorkflowType = 'waitForSignal'"
	require.Eventually(t, func() bool { return len(list(closed)) == 1 && len(list(running)) == 0 }, patience, 20*time.Millisecond)

	handle, err := e.Client().ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: queue, TriggerImmediately: true,
		Spec:   client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{ID: queue + "-scheduled", Workflow: waitForSignal, TaskQueue: queue},
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		d, err := handle.Describe(t.Context())
		return err == nil && len(d.Info.RunningWorkflows) == 1
	}, patience, 20*time.Millisecond)
	require.Eventually(t, func() bool {
		all, err := e.Client().ScheduleClient().List(t.Context(), client.ScheduleListOptions{})
		require.NoError(t, err)
		for all.HasNext() {
			if s, err := all.Next(); err == nil && s.ID == queue {
				return true
			}
		}
		return false
	}, patience, 20*time.Millisecond)
}
