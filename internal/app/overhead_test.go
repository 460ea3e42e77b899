package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"picket/activities"
	"picket/internal/app"
	"picket/internal/audit"
	"picket/internal/connector"
	"picket/internal/contract"
	"picket/internal/engine/enginetest"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/workshop"
	"picket/playbooks"
	"picket/playbooks/plan"
)

// mix is a playbook of twenty steps, and the same written by hand in Go: the same activities with the same arguments, in
// the same order, as local or as ordinary ones. What the interpreter does in addition is what it is for: it evaluates
// expressions within bounds, and notes each step for the ledger.
type mix struct {
	name  string
	steps string
	hand  func(workflow.Context, hand) error
}

const mixSteps = 20

// each writes the steps of a mix.
func each(step func(i int) string) string {
	var b strings.Builder
	for i := range mixSteps {
		b.WriteString("  - " + step(i) + "\n")
	}
	return b.String()
}

var mixes = []mix{
	{
		name: "computing",
		steps: each(func(i int) string {
			switch {
			case i == 0:
				return "{id: s0, set: {x: '${{ alert.title }}', n: 0}}"
			case i%2 == 0:
				return fmt.Sprintf("{id: s%d, set: {x: '${{ steps.s%d.output.x + \".\" }}', n: '${{ steps.s%d.output.n + 1 }}'}}", i, i-2, i-2)
			}
			return fmt.Sprintf("{id: s%d, choose: [{when: 'steps.s%d.output.n > 5', steps: [{id: c%d, set: {y: 1}}]}, {else: [{id: d%d, set: {y: 2}}]}]}", i, i-1, i, i)
		}),
		hand: func(_ workflow.Context, h hand) error {
			x, n, y := h.alert.Title, 0, 0
			for i := 1; i < mixSteps; i++ {
				switch {
				case i%2 == 0:
					x, n = x+".", n+1
				case n > 5:
					y = 1
				default:
					y = 2
				}
			}
			_, _ = x, y
			return nil
		},
	},
	{
		name: "local reads, one after the other",
		steps: each(func(i int) string {
			if i == 0 {
				return "{id: s0, action: net.classify, with: {ip: '${{ alert.src_ip }}'}}"
			}
			return fmt.Sprintf("{id: s%d, action: net.classify, with: {ip: '${{ steps.s%d.output.ip }}'}}", i, i-1)
		}),
		hand: func(ctx workflow.Context, h hand) error {
			ip := h.alert.SrcIP
			for i := range mixSteps {
				var found struct {
					IP string `json:"ip"`
				}
				if err := h.classify(ctx, fmt.Sprintf("s%d", i), ip).get(ctx, &found); err != nil {
					return err
				}
				ip = found.IP
			}
			return nil
		},
	},
	{
		name: "local reads, at once",
		steps: each(func(i int) string {
			return fmt.Sprintf("{id: s%d, action: net.classify, with: {ip: 192.0.2.%d}}", i, i)
		}),
		hand: func(ctx workflow.Context, h hand) error {
			var calls []pending
			for i := range mixSteps {
				calls = append(calls, h.classify(ctx, fmt.Sprintf("s%d", i), fmt.Sprintf("192.0.2.%d", i)))
			}
			for _, c := range calls {
				if err := c.get(ctx, nil); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		name: "remote reads, one after the other",
		steps: each(func(i int) string {
			if i == 0 {
				return "{id: s0, action: http.get_json, connection: vendor, with: {path: '${{ alert.src_ip }}'}}"
			}
			return fmt.Sprintf("{id: s%d, action: http.get_json, connection: vendor, with: {path: '${{ steps.s%d.output.body.next }}'}}", i, i-1)
		}),
		hand: func(ctx workflow.Context, h hand) error {
			path := h.alert.SrcIP
			for i := range mixSteps {
				var found struct {
					Body struct {
						Next string `json:"next"`
					} `json:"body"`
				}
				if err := h.fetch(ctx, fmt.Sprintf("s%d", i), path).get(ctx, &found); err != nil {
					return err
				}
				path = found.Body.Next
			}
			return nil
		},
	},
	{
		name: "blocks: a loop, branches and a repetition", // 6 + 6 + 6 + 2 steps
		steps: `  - {id: each, foreach: {items: [192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, 192.0.2.6], at_once: 3, steps: [{id: look, action: net.classify, with: {ip: '${{ item }}'}}]}}
  - id: both
    parallel:
      branches:
        a: [{id: a1, action: net.classify, with: {ip: 198.51.100.1}}, {id: a2, set: {x: '${{ steps.a1.output.scope }}'}}, {id: a3, action: net.classify, with: {ip: 198.51.100.3}}]
        b: [{id: b1, action: http.get_json, connection: vendor, with: {path: b}}, {id: b2, set: {x: '${{ steps.b1.output.body.next }}'}}, {id: b3, action: net.classify, with: {ip: 198.51.100.4}}]
` + "  - id: fit\n    repeat:\n      until: index == 5\n      at_most: 6\n      steps: [{id: again, action: net.classify, with: {ip: 203.0.113.7}}]\n" +
			"  - {id: end, set: {x: '${{ len(steps.each.output) }}'}}\n",
		hand: func(ctx workflow.Context, h hand) error {
			slots := workflow.NewSemaphore(ctx, 3)
			group := workflow.NewWaitGroup(ctx)
			var failed error
			note := func(err error) {
				if err != nil && failed == nil {
					failed = err
				}
			}
			for i := range 6 {
				group.Add(1)
				workflow.Go(ctx, func(ctx workflow.Context) {
					defer group.Done()
					if err := slots.Acquire(ctx, 1); err != nil {
						note(err)
						return
					}
					defer slots.Release(1)
					note(h.classify(ctx, fmt.Sprintf("each[%d]/look", i), fmt.Sprintf("192.0.2.%d", i+1)).get(ctx, nil))
				})
			}
			group.Wait(ctx)
			group.Add(2)
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer group.Done()
				note(h.classify(ctx, "a1", "198.51.100.1").get(ctx, nil))
				note(h.classify(ctx, "a3", "198.51.100.3").get(ctx, nil))
			})
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer group.Done()
				note(h.fetch(ctx, "b1", "b").get(ctx, nil))
				note(h.classify(ctx, "b3", "198.51.100.4").get(ctx, nil))
			})
			group.Wait(ctx)
			for i := range 6 {
				note(h.classify(ctx, fmt.Sprintf("fit[%d]/again", i), "203.0.113.7").get(ctx, nil))
			}
			return failed
		},
	},
}

// hand is what a workflow that was written by hand works with. It closes its run as the interpreter does.
type hand struct {
	runID string
	alert struct {
		Title string `json:"title"`
		SrcIP string `json:"src_ip"`
	}
}

// pending is a call that was begun.
type pending struct{ workflow.Future }

func (p pending) get(ctx workflow.Context, into any) error {
	var out contract.CallOutput
	if err := p.Get(ctx, &out); err != nil || into == nil {
		return err
	}
	return json.Unmarshal(out.Output, into)
}

func (h hand) call(path, operation, connection string, arguments map[string]string) contract.CallInput {
	text, _ := json.Marshal(arguments) // of strings
	return contract.CallInput{
		Step: contract.Step{RunID: h.runID, Path: path}, Operation: operation, Connection: connection, Effect: plan.EffectRead,
		Arguments: text, TimeoutMS: 30000,
	}
}

func (h hand) classify(ctx workflow.Context, path, ip string) pending {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: 30 * time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	return pending{workflow.ExecuteLocalActivity(ctx, contract.ActivityCall, h.call(path, "net.classify", "", map[string]string{"ip": ip}))}
}

func (h hand) fetch(ctx workflow.Context, path, place string) pending {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		ActivityID: path, TaskQueue: contract.QueueSlow, StartToCloseTimeout: 30 * time.Second, HeartbeatTimeout: 10 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	return pending{workflow.ExecuteActivity(ctx, contract.ActivityCall, h.call(path, "http.get_json", "vendor", map[string]string{"path": place}))}
}

// byHand makes a workflow of a mix.
func byHand(m mix) func(workflow.Context, contract.PlaybookInput) (contract.PlaybookOutput, error) {
	return func(ctx workflow.Context, in contract.PlaybookInput) (contract.PlaybookOutput, error) {
		h := hand{runID: in.RunID}
		out := contract.PlaybookOutput{Status: string(soc.RunCompleted)}
		err := json.Unmarshal(in.Trigger.Alert, &h.alert)
		if err == nil {
			err = m.hand(ctx, h)
		}
		if err != nil {
			out = contract.PlaybookOutput{Status: string(soc.RunFailed), Reason: err.Error()}
		}
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 30 * time.Second})
		body, _ := json.Marshal(out)
		return out, workflow.ExecuteLocalActivity(ctx, contract.ActivityCloseRun, contract.CloseInput{
			Step: contract.Step{RunID: in.RunID, Entries: []contract.Entry{
				{Key: "run/end", Kind: contract.KindRunFinished, At: workflow.Now(ctx).UTC(), Body: body},
			}},
			Output: out,
		}).Get(ctx, nil)
	}
}

// BenchmarkOverhead runs each mix interpreted and written by hand, in turn, on one server: alone, and eight at once. It
// reports both and their ratio; the aim is 1.3.
func BenchmarkOverhead(b *testing.B) {
	s := overheadServer(b)
	for _, m := range mixes {
		for _, atOnce := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/%d", strings.NewReplacer(" ", "-", ",", "", ":", "").Replace(m.name), atOnce), func(b *testing.B) {
				var interpreted, written []time.Duration
				s.turn(b, m, atOnce, contract.WorkflowPlaybook) // warm
				s.turn(b, m, atOnce, m.name)
				for b.Loop() {
					interpreted = append(interpreted, s.turn(b, m, atOnce, contract.WorkflowPlaybook)...)
					written = append(written, s.turn(b, m, atOnce, m.name)...)
				}
				b.ReportMetric(0, "ns/op") // of both and of what stands between
				ours, hands := median(interpreted), median(written)
				b.ReportMetric(float64(ours.Microseconds())/1000, "ms/interpreted")
				b.ReportMetric(float64(hands.Microseconds())/1000, "ms/by-hand")
				b.ReportMetric(float64(ours)/float64(hands), "ratio")
			})
		}
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// server is a Temporal server with the interpreter and the workflows that were written by hand.
type server struct {
	client client.Client
	store  *store.Store
	plans  map[string]plan.Plan
}

func overheadServer(b *testing.B) *server {
	b.Helper()
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"next":"n%d"}`, len(r.URL.Path))
	}))
	b.Cleanup(vendor.Close)
	signer, err := audit.OpenSigner(b.TempDir())
	require.NoError(b, err)
	s := &server{plans: map[string]plan.Plan{}}
	s.store, err = store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "picket.db"), store.WithHeadSigner(signer.SignHead))
	require.NoError(b, err)
	b.Cleanup(func() { _ = s.store.Close() })
	registry, err := connector.New(connector.Options{})
	require.NoError(b, err)
	require.NoError(b, registry.AddConnection(connector.Connection{Name: "vendor", Connector: "http", BaseURL: vendor.URL, AllowPrivate: true}))
	catalog := workshop.Catalog(registry)
	for _, m := range mixes {
		source := "name: mix\nowner: tests\non: {alert: {}}\nsteps:\n" + m.steps
		p, diagnostics := playbooks.Compile("mix.yaml", []byte(source), catalog)
		require.NotNil(b, p, "%s: %v", m.name, diagnostics)
		s.plans[m.name] = *p
	}
	e := enginetest.Start(b)
	s.client = e.Client()
	acts := &activities.Activities{Ledger: s.store, Desk: s.store, Runs: s.store, Caller: registry, Signer: signer, Now: time.Now}
	for _, queue := range []string{contract.QueueWorkflow, contract.QueueSlow} {
		w := worker.New(s.client, queue, worker.Options{DisableWorkflowWorker: queue != contract.QueueWorkflow})
		if queue == contract.QueueWorkflow {
			app.RegisterWorkflows(w)
			for _, m := range mixes {
				w.RegisterWorkflowWithOptions(byHand(m), workflow.RegisterOptions{Name: m.name})
			}
		}
		acts.Register(w)
		require.NoError(b, w.Start())
		b.Cleanup(w.Stop)
	}
	return s
}

// turn runs a workflow so many times at once and tells how long each took.
func (s *server) turn(b *testing.B, m mix, atOnce int, name string) []time.Duration {
	b.Helper()
	took := make([]time.Duration, atOnce)
	inputs := make([]contract.PlaybookInput, atOnce)
	for i := range inputs {
		run, err := s.store.CreateRun(b.Context(), store.NewRun{Run: soc.Run{ID: soc.NewID("run"), Playbook: "mix"}})
		require.NoError(b, err)
		inputs[i] = contract.PlaybookInput{RunID: run.ID, Plan: s.plans[m.name], Trigger: contract.Trigger{
			Kind: "alert", AlertID: "alr_1", Alert: json.RawMessage(`{"id":"alr_1","title":"Credential dumping","severity":"high","src_ip":"192.0.2.7"}`),
		}}
	}
	var all sync.WaitGroup
	for i, in := range inputs {
		all.Go(func() {
			started := time.Now()
			var out contract.PlaybookOutput
			run, err := s.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "bench/" + in.RunID, TaskQueue: contract.QueueWorkflow}, name, in)
			if err == nil {
				err = run.Get(context.Background(), &out)
			}
			took[i] = time.Since(started)
			if err != nil || out.Status != string(soc.RunCompleted) {
				b.Errorf("%s of %s: %s %s %v", name, m.name, out.Status, out.Reason, err)
			}
		})
	}
	all.Wait()
	return took
}

// BenchmarkForeachOverTenThousandItems runs a loop with a call for each item, and reports how long it takes and how large the
// heap of everything (server, worker, ledger) becomes.
func BenchmarkForeachOverTenThousandItems(b *testing.B) {
	const items = 10000
	m := mix{name: "loop", steps: "  - {id: each, foreach: {items: '${{ 1.." + strconv.Itoa(items) + " }}', at_once: 20, steps: [{id: look, action: net.classify, with: {ip: 192.0.2.7}}]}}\n"}
	mixes = append(mixes, m)
	s := overheadServer(b)
	mixes = mixes[:len(mixes)-1]
	var heap uint64
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				heap = max(heap, now.HeapInuse)
			}
		}
	}()
	for b.Loop() {
		s.turn(b, m, 1, contract.WorkflowPlaybook)
	}
	close(done)
	b.ReportMetric(float64(heap>>20), "MiB-heap")
}
