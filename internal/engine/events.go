package engine

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/temporalproto"

	"picket/internal/soc"
)

// MaxEventShown bounds what is shown of one event, in bytes of JSON; its history has the whole.
const MaxEventShown = 64 << 10

// Event is an event of a history, for people to read.
type Event struct {
	ID   int64           `json:"id"`             // within its history, from 1
	At   time.Time       `json:"at"`             // when the server wrote it
	Type string          `json:"type"`           // as Temporal names it, such as ActivityTaskScheduled
	Name string          `json:"name,omitempty"` // of the activity, workflow, signal or marker
	Step string          `json:"step,omitempty"` // path of the step that it belongs to, where that can be told
	Data json.RawMessage `json:"data,omitempty"` // the event with its payloads opened, as Temporal's JSON; a text where it was cut
	Cut  bool            `json:"cut,omitempty"`
}

// Events reads a history as ExportHistory wrote it. Its payloads are opened; those that are kept outside are shown as
// {"claim","bytes"}, not fetched.
func Events(ctx context.Context, history []byte, keys *Keyring) ([]Event, error) {
	h, _, err := parseHistory(history)
	if err != nil {
		return nil, err
	}
	codec, err := NewCodec(keys)
	if err != nil {
		return nil, err
	}
	err = proxy.VisitPayloads(ctx, h, proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true, ConcurrencyLimit: 1,
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			shown := make([]*commonpb.Payload, len(payloads))
			for i, p := range payloads {
				if shown[i], err = codec.show(p); err != nil {
					return nil, err
				}
			}
			return shown, nil
		},
	})
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "the history's payloads can't be opened: %w", err)
	}
	steps := map[int64]string{} // by the event that began something
	events := make([]Event, 0, len(h.GetEvents()))
	for _, e := range h.GetEvents() {
		shown := Event{ID: e.GetEventId(), At: e.GetEventTime().AsTime(), Type: e.GetEventType().String()}
		shown.Name, shown.Step = about(e)
		if shown.Step == "" {
			shown.Step = steps[begunBy(e)]
		}
		steps[shown.ID] = shown.Step
		text, err := temporalproto.CustomJSONMarshalOptions{
			Metadata: map[string]any{commonpb.EnablePayloadShorthandMetadataKey: true},
		}.Marshal(e)
		if err != nil {
			return nil, soc.Errorf(soc.Internal, "event %d can't be written: %w", shown.ID, err)
		}
		if shown.Data = text; len(text) > MaxEventShown {
			shown.Cut = true
			shown.Data, _ = json.Marshal(strings.ToValidUTF8(string(text[:MaxEventShown]), "")) // a text
		}
		events = append(events, shown)
	}
	return events, nil
}

// show is a payload as people read it. What is no JSON, or kept outside, is told of.
func (c *Codec) show(p *commonpb.Payload) (*commonpb.Payload, error) {
	opened, err := c.Decode([]*commonpb.Payload{p})
	if err != nil {
		return nil, err
	}
	p = opened[0]
	var said any
	claim, outside, err := claimOf(p)
	switch {
	case err != nil:
		return nil, err
	case outside:
		said = map[string]any{"claim": claim.Digest, "bytes": claim.Size}
	case json.Valid(p.GetData()):
		return p, nil
	case utf8.Valid(p.GetData()):
		said = string(p.GetData())
	default:
		said = map[string]any{"encoding": string(p.GetMetadata()[encodingKey]), "bytes": len(p.GetData())}
	}
	text, err := json.Marshal(said)
	return &commonpb.Payload{Metadata: map[string][]byte{encodingKey: []byte("json/plain")}, Data: text}, err
}

// about is what an event names, and the step whose path stands in it.
func about(e *historypb.HistoryEvent) (name, step string) {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
		return e.GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName(), ""
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		a := e.GetActivityTaskScheduledEventAttributes()
		return a.GetActivityType().GetName(), pathIn(a.GetInput())
	case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
		a := e.GetStartChildWorkflowExecutionInitiatedEventAttributes()
		return a.GetWorkflowType().GetName(), summaryOf(e)
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
		return e.GetWorkflowExecutionSignaledEventAttributes().GetSignalName(), ""
	case enumspb.EVENT_TYPE_TIMER_STARTED:
		path, _, _ := strings.Cut(summaryOf(e), " ") // "gate reminder"
		return "timer", path
	case enumspb.EVENT_TYPE_MARKER_RECORDED:
		path, _, _, _ := unmark(summaryOf(e))
		var local struct{ ActivityType string }
		m := e.GetMarkerRecordedEventAttributes()
		if p := m.GetDetails()["data"].GetPayloads(); len(p) == 1 && json.Unmarshal(p[0].GetData(), &local) == nil && local.ActivityType != "" {
			return local.ActivityType, path
		}
		return m.GetMarkerName(), path
	}
	return "", ""
}

// begunBy is the event that an event goes back to; 0 for none.
func begunBy(e *historypb.HistoryEvent) int64 {
	switch e.GetEventType() {
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		return e.GetActivityTaskStartedEventAttributes().GetScheduledEventId()
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		return e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		return e.GetActivityTaskFailedEventAttributes().GetScheduledEventId()
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		return e.GetActivityTaskTimedOutEventAttributes().GetScheduledEventId()
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
		return e.GetActivityTaskCancelRequestedEventAttributes().GetScheduledEventId()
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		return e.GetActivityTaskCanceledEventAttributes().GetScheduledEventId()
	case enumspb.EVENT_TYPE_TIMER_FIRED:
		return e.GetTimerFiredEventAttributes().GetStartedEventId()
	case enumspb.EVENT_TYPE_TIMER_CANCELED:
		return e.GetTimerCanceledEventAttributes().GetStartedEventId()
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED:
		return e.GetChildWorkflowExecutionStartedEventAttributes().GetInitiatedEventId()
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
		return e.GetChildWorkflowExecutionCompletedEventAttributes().GetInitiatedEventId()
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
		return e.GetChildWorkflowExecutionFailedEventAttributes().GetInitiatedEventId()
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
		return e.GetChildWorkflowExecutionCanceledEventAttributes().GetInitiatedEventId()
	case enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
		return e.GetChildWorkflowExecutionTimedOutEventAttributes().GetInitiatedEventId()
	}
	return 0
}

// pathIn is the path of the step that an activity's first argument names.
func pathIn(input *commonpb.Payloads) string {
	var of struct {
		Path string `json:"path"`
	}
	if len(input.GetPayloads()) == 0 || json.Unmarshal(input.GetPayloads()[0].GetData(), &of) != nil {
		return ""
	}
	return of.Path
}

// summaryOf is an event's summary; it is opened already.
func summaryOf(e *historypb.HistoryEvent) string {
	var text string
	if json.Unmarshal(e.GetUserMetadata().GetSummary().GetData(), &text) != nil {
		return ""
	}
	return text
}
