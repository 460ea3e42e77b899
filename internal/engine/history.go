package engine

import (
	"context"
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"

	"picket/internal/soc"
)

// How a run was closed.
const (
	closedCompleted      = "completed"
	closedFailed         = "failed"
	closedCanceled       = "canceled"
	closedTerminated     = "terminated"
	closedTimedOut       = "timed_out"
	closedContinuedAsNew = "continued_as_new"
)

// ExportHistory reads the full history of one run, as Temporal's JSON; payloads stay sealed. A run that continued
// as new has one history for each of its executions.
func ExportHistory(ctx context.Context, c client.Client, workflowID, runID string) ([]byte, error) {
	var history historypb.History
	events := c.GetWorkflowHistory(ctx, workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, historyError(err, workflowID, runID)
		}
		history.Events = append(history.Events, event)
	}
	text, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(&history)
	if err != nil {
		return nil, soc.Errorf(soc.Internal, "export the history of %s: %w", workflowID, err)
	}
	return text, nil
}

// Execution is one execution of a workflow, with a history of its own.
type Execution struct {
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id"`
	Type       string `json:"type"`
}

// Summary is what an archive has to know of a history.
type Summary struct {
	Execution
	Events   int
	Next     *Execution  // that it continued as, if it did
	Children []Execution // that it started, in order
	Claims   []Claim     // payloads that it refers to, each once: it replays only together with them
}

// Summarize reads a history as ExportHistory wrote it.
func Summarize(history []byte) (Summary, error) {
	h, started, err := parseHistory(history)
	if err != nil {
		return Summary{}, err
	}
	s := Summary{
		Execution: Execution{started.GetWorkflowId(), started.GetOriginalExecutionRunId(), started.GetWorkflowType().GetName()},
		Events:    len(h.GetEvents()),
	}
	for _, e := range h.GetEvents() {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED:
			a := e.GetChildWorkflowExecutionStartedEventAttributes()
			s.Children = append(s.Children, Execution{
				a.GetWorkflowExecution().GetWorkflowId(), a.GetWorkflowExecution().GetRunId(), a.GetWorkflowType().GetName(),
			})
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
			a := e.GetWorkflowExecutionContinuedAsNewEventAttributes()
			s.Next = &Execution{s.WorkflowID, a.GetNewExecutionRunId(), a.GetWorkflowType().GetName()}
		}
	}
	seen := map[string]bool{}
	err = visitClaims(context.Background(), h, func(p *commonpb.Payload, claim Claim) (*commonpb.Payload, error) {
		if !seen[claim.Digest] {
			seen[claim.Digest] = true
			s.Claims = append(s.Claims, claim)
		}
		return p, nil
	})
	return s, err
}

// parseHistory reads an exported history, and how its run was started.
func parseHistory(text []byte) (*historypb.History, *historypb.WorkflowExecutionStartedEventAttributes, error) {
	var h historypb.History
	if err := (temporalproto.CustomJSONUnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, &h); err != nil {
		return nil, nil, soc.Errorf(soc.Invalid, "not a history: %w", err)
	}
	if len(h.GetEvents()) == 0 || h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes() == nil {
		return nil, nil, soc.Errorf(soc.Invalid, "not a history: it does not begin with the start of a run")
	}
	return &h, h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes(), nil
}

// AwaitClose waits until a run is closed and says how: completed, failed, canceled, terminated, timed_out or
// continued_as_new. It ends early with the context's error.
func AwaitClose(ctx context.Context, c client.Client, workflowID, runID string) (string, error) {
	events := c.GetWorkflowHistory(ctx, workflowID, runID, true, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return "", historyError(err, workflowID, runID)
		}
		if how, ok := closing(event); ok {
			return how, nil
		}
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return "", soc.Errorf(soc.Internal, "the history of %s ended without saying how", workflowID)
}

// closing says how an event ended its run; ok is false for all other events.
func closing(e *historypb.HistoryEvent) (how string, ok bool) {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
		return closedCompleted, true
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
		return closedFailed, true
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
		return closedCanceled, true
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
		return closedTerminated, true
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
		return closedTimedOut, true
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
		return closedContinuedAsNew, true
	default:
		return "", false
	}
}

func historyError(err error, workflowID, runID string) error {
	var absent *serviceerror.NotFound
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &absent):
		return soc.Errorf(soc.NotFound, "temporal has no run %s of %s: its retention may have passed", runID, workflowID)
	default:
		return soc.Errorf(soc.Unavailable, "read the history of %s: %w", workflowID, err)
	}
}
