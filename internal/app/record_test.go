package app_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"picket/internal/app"
	"picket/internal/contract"
	"picket/internal/engine"
	"picket/playbooks"
	"picket/playbooks/plan"
)

var record = flag.String("record", "", "record the histories anew, as those of this release, such as v0.3; those of released versions are never changed")

// TestRecordHistories runs every recording on a real server, with a scripted world, and keeps its history.
func TestRecordHistories(t *testing.T) {
	if *record == "" {
		t.Log("nothing is recorded without -record")
		return
	}
	dir := filepath.Join(histories, *record)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	e, err := engine.Start(t.Context(), engine.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { e.Stop() })
	catalog, err := app.OfflineCatalog("")
	require.NoError(t, err)
	files := []playbooks.File{}
	for _, form := range forms {
		files = append(files, playbooks.File{Name: form, Source: []byte("name: callee-" + form + "\nowner: tests\non: {manual: {}}\nsteps:\n  - " + lookup("look", form) + "\n")})
	}
	all := recordings()
	for _, r := range all {
		files = append(files, playbooks.File{Name: r.name, Source: []byte(r.source())})
	}
	w := &scriptedWorld{client: e.Client(), plans: map[string]plan.Plan{}, asked: map[string]contract.ApprovalInput{}}
	for _, c := range playbooks.CompileSet(files, catalog) {
		require.NotNil(t, c.Plan, "%s: %v", c.File.Name, c.Diagnostics)
		w.plans[c.Plan.Name] = *c.Plan
	}
	for _, queue := range []string{contract.QueueWorkflow, contract.QueueSlow, contract.QueueConsequential} {
		wk := worker.New(e.Client(), queue, worker.Options{Identity: "picket", DisableWorkflowWorker: queue != contract.QueueWorkflow})
		if queue == contract.QueueWorkflow {
			app.RegisterWorkflows(wk)
		}
		w.register(wk)
		require.NoError(t, wk.Start())
		t.Cleanup(wk.Stop)
	}
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w.record(t, e, dir, r)
		})
	}
	t.Cleanup(func() {
		keys, err := os.ReadFile(filepath.Join(e.Dir(), "keys", "payload.keys"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "payload.keys"), keys, 0o600))
	})
}

var identity = regexp.MustCompile(`"identity":\s*"[^"]*"`)

func (w *scriptedWorld) record(t *testing.T, e *engine.Engine, dir string, r recording) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	id := "run/" + r.name
	run, err := e.Client().ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: contract.QueueWorkflow}, contract.WorkflowPlaybook, contract.PlaybookInput{
		RunID: r.name, Plan: w.plans[r.name],
		Trigger: contract.Trigger{Kind: "alert", AlertID: "alr_1", Alert: json.RawMessage(`{"id":"alr_1","source":"generic","title":"A sign-in","severity":"high","user":{"name":"ana"}}`)},
	})
	require.NoError(t, err)
	if r.cancel {
		time.Sleep(2 * time.Second)
		require.NoError(t, e.Client().CancelWorkflow(ctx, id, ""))
	}
	_, err = engine.AwaitClose(ctx, e.Client(), id, run.GetRunID())
	require.NoError(t, err)
	var out contract.PlaybookOutput
	require.NoError(t, run.Get(ctx, &out))
	require.Equal(t, r.status, out.Status, out.Reason)
	w.keep(t, ctx, e, dir, r.name, id, run.GetRunID())
}

// keep writes a history and those of the workflows that it has started.
func (w *scriptedWorld) keep(t *testing.T, ctx context.Context, e *engine.Engine, dir, name, id, runID string) {
	history, err := engine.ExportHistory(ctx, e.Client(), id, runID)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".json"), identity.ReplaceAll(history, []byte(`"identity":"picket"`)), 0o600))
	var doc struct {
		Events []struct {
			Started struct {
				Execution struct{ WorkflowID, RunID string } `json:"workflowExecution"`
			} `json:"childWorkflowExecutionStartedEventAttributes"`
		} `json:"events"`
	}
	require.NoError(t, json.Unmarshal(history, &doc))
	children := 0
	for _, event := range doc.Events {
		if child := event.Started.Execution; child.WorkflowID != "" && children < 2 {
			children++
			w.keep(t, ctx, e, dir, fmt.Sprintf("%s-child-%d", name, children), child.WorkflowID, child.RunID)
		}
	}
}

// scriptedWorld is the activities of a recording: what they answer depends on what they are asked.
type scriptedWorld struct {
	client client.Client
	plans  map[string]plan.Plan

	mu    sync.Mutex
	asked map[string]contract.ApprovalInput
}

func (w *scriptedWorld) register(r worker.ActivityRegistry) {
	for name, run := range map[string]any{
		contract.ActivityCall: w.call, contract.ActivityModel: w.model, contract.ActivityRequestApproval: w.request,
		contract.ActivityReadDecision: w.decision, contract.ActivityExpireApproval: w.expire, contract.ActivityAcquireKey: w.key,
		contract.ActivityOpenRun: w.open, contract.ActivitySubscribe: w.subscribe, contract.ActivityReadEvent: w.event,
		contract.ActivityRemindApproval: func(context.Context, contract.RemindInput) error { return nil },
		contract.ActivityRecord:         func(context.Context, contract.RecordInput) error { return nil },
		contract.ActivityCloseRun:       func(context.Context, contract.CloseInput) error { return nil },
	} {
		r.RegisterActivityWithOptions(run, activity.RegisterOptions{Name: name})
	}
}

// as behaves as a form says: it fails, fails at first, or does not end.
func as(ctx context.Context, form string) error {
	switch {
	case form == "failed":
		return temporal.NewNonRetryableApplicationError("there is no such thing", "not_found", nil)
	case form == "retried" && activity.GetInfo(ctx).Attempt == 1:
		return temporal.NewApplicationError("it is down", "unavailable")
	case form == "cancelled":
		for ctx.Err() == nil { // the way a cancellation reaches an activity
			activity.RecordHeartbeat(ctx)
			time.Sleep(50 * time.Millisecond)
		}
		return ctx.Err()
	case form == "timed-out":
		time.Sleep(1500 * time.Millisecond)
	}
	return nil
}

func (w *scriptedWorld) call(ctx context.Context, in contract.CallInput) (contract.CallOutput, error) {
	for form, user := range users {
		if strings.Contains(string(in.Arguments), user) {
			if err := as(ctx, form); err != nil {
				return contract.CallOutput{}, err
			}
		}
	}
	return contract.CallOutput{Output: json.RawMessage(`{"id":"1"}`)}, nil
}

func (w *scriptedWorld) model(ctx context.Context, in contract.ModelInput) (contract.ModelOutput, error) {
	out := contract.ModelOutput{Output: json.RawMessage(`{"verdict":"suspicious"}`), TokensIn: 10, TokensOut: 5, CostUSD: 0.01}
	if in.Turn == 0 {
		return out, as(ctx, in.Prompt)
	}
	wants := func(operation string) contract.ModelOutput {
		out.Output = nil
		out.Reply = &contract.Turn{Role: contract.RoleAssistant, Text: "Let me see.", Calls: []contract.ToolCall{
			{ID: "1", Name: operation, Arguments: json.RawMessage(`{"user":"ok@example.com"}`)},
		}}
		return out
	}
	switch {
	case in.Conclude != "":
		return contract.ModelOutput{Output: json.RawMessage(`{"verdict":"inconclusive"}`)}, nil
	case in.Prompt == "failed":
		out.Output, out.Problem, out.Reply = nil, "it is no JSON", &contract.Turn{Role: contract.RoleAssistant, Text: "Well."}
		return out, nil
	case in.Prompt != "ok" && in.Turn == 2:
		return out, as(ctx, in.Prompt)
	case in.Turn == 1:
		return wants("okta.get_user"), nil
	case in.Turn == 2:
		return wants("okta.suspend_user"), nil
	}
	return out, nil
}

func (w *scriptedWorld) request(ctx context.Context, in contract.ApprovalInput) error {
	w.mu.Lock()
	w.asked[in.ApprovalID] = in
	w.mu.Unlock()
	if in.Title == "retried" && activity.GetInfo(ctx).Attempt == 1 {
		return temporal.NewApplicationError("the database is down", "unavailable")
	}
	if in.Title == "timed-out" || in.Title == "cancelled" {
		return nil
	}
	info := activity.GetInfo(ctx)
	return w.client.SignalWorkflow(ctx, info.WorkflowExecution.ID, "", contract.SignalApprovalDecided,
		contract.ApprovalDecided{ApprovalID: in.ApprovalID, DecisionID: "dec_" + in.Title})
}

func (w *scriptedWorld) decision(_ context.Context, in contract.DecisionInput) (contract.DecisionOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := contract.DecisionOutput{Outcome: "approved", By: "ana", Answers: json.RawMessage(`{"why":"so"}`)}
	for _, c := range w.asked[in.ApprovalID].Calls {
		out.Calls = append(out.Calls, c.Digest)
	}
	if in.DecisionID == "dec_failed" {
		out = contract.DecisionOutput{Outcome: "denied", By: "bo", Reason: "no"}
	}
	return out, nil
}

func (w *scriptedWorld) expire(context.Context, contract.DecisionInput) (contract.DecisionOutput, error) {
	return contract.DecisionOutput{Outcome: "expired", By: "picket"}, nil
}

func (w *scriptedWorld) key(context.Context, contract.KeyInput) (contract.KeyOutput, error) {
	return contract.KeyOutput{State: contract.KeyHeld}, nil
}

func (w *scriptedWorld) open(_ context.Context, in contract.OpenInput) (contract.OpenOutput, error) {
	return contract.OpenOutput{WorkflowID: "run/" + in.ChildRunID, Plan: w.plans[in.Playbook]}, nil
}

func (w *scriptedWorld) subscribe(ctx context.Context, in contract.SubscribeInput) error {
	if strings.Contains(in.When, "never") {
		return nil
	}
	return w.client.SignalWorkflow(ctx, activity.GetInfo(ctx).WorkflowExecution.ID, "", contract.SignalEventMatched,
		contract.EventMatched{SubscriptionID: in.SubscriptionID})
}

func (w *scriptedWorld) event(_ context.Context, in contract.EventInput) (contract.EventOutput, error) {
	if in.Close {
		return contract.EventOutput{}, nil
	}
	return contract.EventOutput{Matched: true, AlertID: "alr_2", Alert: json.RawMessage(`{"id":"alr_2","title":"ok"}`)}, nil
}
