package workflows

import (
	"encoding/json"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
)

// note keeps an entry for the ledger until the next activity takes it along.
func (r *run) note(ctx workflow.Context, key, kind, path string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		text, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	r.pending = append(r.pending, contract.Entry{Key: key, Kind: kind, Step: path, At: workflow.Now(ctx).UTC(), Body: text})
	r.pendingBytes += len(text)
}

// step is the place of an activity; it takes the pending entries along.
func (r *run) step(path, title string) contract.Step {
	s := contract.Step{RunID: r.in.RunID, Path: path, Title: title, Entries: r.pending}
	r.pending, r.pendingBytes = nil, 0
	return s
}

// unsent keeps the entries of an activity that failed for the next one: it may have ended before it wrote them, and
// their keys keep the ledger from having them twice.
func (r *run) unsent(s contract.Step, err error) {
	if err == nil || !r.full {
		return
	}
	r.pending = append(slices.Clone(s.Entries), r.pending...)
	for _, e := range s.Entries {
		r.pendingBytes += len(e.Body)
	}
}

// flush writes the pending entries now, also when the run is being cancelled.
func (r *run) flush(ctx workflow.Context) {
	if len(r.pending) == 0 {
		return
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	in := contract.RecordInput{Step: r.step("", "")}
	r.unsent(in.Step, r.record(ctx, contract.ActivityRecord, in, nil))
}

// flushBefore writes the pending entries before time passes, so that people see how far the run has come.
func (r *run) flushBefore(ctx workflow.Context, wait time.Duration) {
	if wait >= LongWait {
		r.flush(ctx)
	}
}

// flushLong writes the pending entries when they have become many.
func (r *run) flushLong(ctx workflow.Context) {
	if r.full && r.pendingBytes > MaxPendingBytes {
		r.flush(ctx)
	}
}

// record runs a short local activity that writes to our own database, for as long as that takes.
func (r *run) record(ctx workflow.Context, activity string, in, out any) error {
	return workflow.ExecuteLocalActivity(recording(ctx), activity, in).Get(ctx, out)
}

func recording(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: 24 * time.Hour,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second,
		},
	})
}
