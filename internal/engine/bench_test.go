package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"picket/internal/engine"
	"picket/internal/engine/enginetest"
)

func threeLocals(ctx workflow.Context, in string) (string, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute, Summary: "lookup"})
	for i := range 3 {
		if err := workflow.ExecuteLocalActivity(ctx, "lookup", lookupInput{"step" + strconv.Itoa(i), in}).Get(ctx, &in); err != nil {
			return "", err
		}
	}
	return in, nil
}

// BenchmarkThreeLocalActivities runs whole workflows: what an alert costs the engine at least.
func BenchmarkThreeLocalActivities(b *testing.B) {
	e, err := engine.Start(context.Background(), engine.Options{Dir: b.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	b.Cleanup(e.Stop)
	w := worker.New(e.Client(), "bench", worker.Options{
		MaxConcurrentWorkflowTaskPollers: benchPollers(), LocalActivityWorkerOnly: os.Getenv("BENCH_LOCAL_ONLY") != "",
	})
	w.RegisterWorkflow(threeLocals)
	w.RegisterActivity(lookup)
	require.NoError(b, w.Start())
	b.Cleanup(w.Stop)
	var n atomic.Int64
	one := func() time.Duration {
		id := fmt.Sprintf("run/%d", n.Add(1))
		began := time.Now()
		run, err := e.Client().ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{
			ID: id, TaskQueue: "bench", EnableEagerStart: os.Getenv("BENCH_LAZY") == "",
		}, threeLocals, "value")
		if err == nil {
			err = run.Get(context.Background(), nil)
		}
		if err != nil {
			b.Errorf("%s after %s: %v", id, time.Since(began), err)
		}
		return time.Since(began)
	}
	for range 50 {
		one() // warm
	}
	for _, atOnce := range []int{1, 20} {
		b.Run(fmt.Sprintf("%d at once", atOnce), func(b *testing.B) {
			var mu sync.Mutex
			var took []time.Duration
			var left atomic.Int64
			left.Store(int64(b.N))
			var all sync.WaitGroup
			cpu := cpuTime(b)
			for range atOnce {
				all.Go(func() {
					for left.Add(-1) >= 0 {
						d := one()
						mu.Lock()
						took = append(took, d)
						mu.Unlock()
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/1000/float64(len(took)), "cpu-ms/run")
			slices.Sort(took)
			b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}

// cpuTime is what this process has used: unlike the clock it hardly depends on what else the machine does.
func cpuTime(b *testing.B) time.Duration {
	var use syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &use))
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func benchPollers() int {
	n, _ := strconv.Atoi(os.Getenv("BENCH_POLLERS"))
	return n
}

// BenchmarkOneActivity runs whole workflows of one activity, whose argument and result have a size: what going by
// reference costs, with its syncs.
func BenchmarkOneActivity(b *testing.B) {
	e, queue := enginetest.Start(b), enginetest.Queue(b)
	startWorker(b, e.Client(), queue, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(func(ctx workflow.Context, argument string) error {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
			return workflow.ExecuteActivity(ctx, "echo", argument).Get(ctx, nil)
		}, workflow.RegisterOptions{Name: "one"})
		r.RegisterActivityWithOptions(func(_ context.Context, s string) (string, error) { return s + "!", nil },
			activity.RegisterOptions{Name: "echo"})
	})
	n := 0
	for _, size := range []struct {
		name  string
		bytes int
	}{{"1 KB", 1 << 10}, {"100 KB", 100 << 10}, {"1 MB", aMegabyte}} {
		b.Run(size.name, func(b *testing.B) {
			for b.Loop() {
				n++
				run, err := e.Client().ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{
					ID: fmt.Sprint(queue, n), TaskQueue: queue,
				}, "one", noise(size.bytes, fmt.Sprint(n)))
				require.NoError(b, err)
				require.NoError(b, run.Get(b.Context(), nil))
			}
		})
	}
}
