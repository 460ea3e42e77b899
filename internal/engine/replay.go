package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"picket/internal/soc"
)

// ReplayOptions say against which code a history is replayed.
type ReplayOptions struct {
	Register func(worker.WorkflowReplayer) // registers the workflows; activities don't run
	Keys     *Keyring                      // opens the history's payloads; nil for a history that is not sealed
	Blobs    Blobs                         // has the payloads that the history refers to; nil for a history without
	Logger   *slog.Logger                  // of the workflow code; none when nil
}

// Replay runs a history, as ExportHistory wrote it, through the workflow code of today. It fails with soc.Conflict
// when the code would do anything else than was done: another step, other arguments, another wait, another result.
// Temporal's own replay compares ids and names only.
func Replay(ctx context.Context, history []byte, o ReplayOptions) error {
	parsed, started, err := parseHistory(history)
	if err != nil {
		return err
	}
	if err := fill(ctx, parsed, o.Blobs); err != nil {
		return err
	}
	dc, fc := converter.GetDefaultDataConverter(), temporal.GetDefaultFailureConverter()
	if o.Keys != nil {
		codec, err := NewCodec(o.Keys)
		if err != nil {
			return err
		}
		dc, fc = converters(codec)
	}
	recorded, err := readRecording(parsed, dc)
	if err != nil {
		return err
	}
	seen := &observer{}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DataConverter: dc, FailureConverter: fc,
		Interceptors: []interceptor.WorkerInterceptor{seen, &limiter{}},
		// The context bounds the replay; on a busy machine the detector would blame the code.
		DisableDeadlockDetection: true,
	})
	if err != nil {
		return soc.Errorf(soc.Internal, "make a replayer: %w", err)
	}
	o.Register(replayer)
	logger := o.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	original := workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()}
	stock, err := replayWithin(ctx, func() error {
		return replayer.ReplayWorkflowHistoryWithOptions(sdklog.NewStructuredLogger(logger), parsed,
			worker.ReplayWorkflowHistoryOptions{OriginalExecution: original})
	})
	if err != nil {
		return err
	}
	differences := seen.compare(recorded, dc, fc)
	if stock != nil {
		differences = append(differences, stock)
	}
	if len(differences) > 0 {
		return soc.Errorf(soc.Conflict, "the code of today does not do what the history says: %w", errors.Join(differences...))
	}
	return nil
}

// replayWithin gives up with the context; the replay itself can't be interrupted. Workflow code that panics where the
// replayer doesn't expect it is a difference, not our end.
func replayWithin(ctx context.Context, replay func() error) (stock, err error) {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("the workflow code panicked: %v", r)
			}
		}()
		done <- replay()
	}()
	select {
	case stock = <-done:
		return stock, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("replay: %w", ctx.Err())
	}
}

// item is one thing a workflow asked for. For local activities id is the number of the call within the run.
type item struct {
	id, name, queue, digest string
}

func (i item) String() string {
	text := i.name + " with arguments " + i.digest
	if i.queue != "" {
		text += " on " + i.queue
	}
	return text
}

// recording is what a history says was asked for, in order, and how it ended.
type recording struct {
	activities, locals, timers, children []item
	last                                 *historypb.HistoryEvent
	result                               string // digest of the result, or of the next run's input
}

// readRecording reads a history. It refuses one whose local activities bear no mark: it couldn't be compared.
func readRecording(h *historypb.History, dc converter.DataConverter) (*recording, error) {
	reader := payloadReader{dc}
	r := &recording{}
	for _, e := range h.GetEvents() {
		r.last = e
		var err error
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			a := e.GetActivityTaskScheduledEventAttributes()
			i := item{id: a.GetActivityId(), name: a.GetActivityType().GetName(), queue: a.GetTaskQueue().GetName()}
			i.digest, err = reader.digest(a.GetInput())
			r.activities = append(r.activities, i)
		case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
			a := e.GetStartChildWorkflowExecutionInitiatedEventAttributes()
			i := item{id: a.GetWorkflowId(), name: a.GetWorkflowType().GetName()}
			i.digest, err = reader.digest(a.GetInput())
			r.children = append(r.children, i)
		case enumspb.EVENT_TYPE_TIMER_STARTED:
			a := e.GetTimerStartedEventAttributes()
			r.timers = append(r.timers, item{name: "timer", digest: a.GetStartToFireTimeout().AsDuration().String()})
		case enumspb.EVENT_TYPE_MARKER_RECORDED:
			if e.GetMarkerRecordedEventAttributes().GetMarkerName() != localActivityMarker {
				continue
			}
			var i item
			i, err = reader.local(e)
			r.locals = append(r.locals, i)
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
			r.result, err = reader.digest(e.GetWorkflowExecutionCompletedEventAttributes().GetResult())
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
			r.result, err = reader.digest(e.GetWorkflowExecutionContinuedAsNewEventAttributes().GetInput())
		}
		if err != nil {
			return nil, soc.Errorf(soc.Invalid, "event %d of the history can't be read: %w", e.GetEventId(), err)
		}
	}
	return r, nil
}
