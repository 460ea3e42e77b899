package engine

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// localActivityMarker is the SDK's name for the event that keeps a local activity's result.
const localActivityMarker = "LocalActivity"

// payloadReader opens sealed payloads without decoding them into Go values.
type payloadReader struct{ dc converter.DataConverter }

func (r payloadReader) digest(sealed *commonpb.Payloads) (string, error) {
	plain := &commonpb.Payloads{}
	for _, p := range sealed.GetPayloads() {
		var raw converter.RawValue
		if err := r.dc.FromPayload(p, &raw); err != nil {
			return "", err
		}
		plain.Payloads = append(plain.Payloads, raw.Payload())
	}
	return payloadDigest(plain), nil
}

// local reads what the event of a local activity says: its mark, and its type.
func (r payloadReader) local(e *historypb.HistoryEvent) (item, error) {
	var data struct{ ActivityType string }
	if err := r.dc.FromPayloads(e.GetMarkerRecordedEventAttributes().GetDetails()["data"], &data); err != nil {
		return item{}, err
	}
	var summary string
	if p := e.GetUserMetadata().GetSummary(); p != nil {
		if err := r.dc.FromPayload(p, &summary); err != nil {
			return item{}, err
		}
	}
	_, n, digest, ok := unmark(summary)
	if !ok {
		return item{}, fmt.Errorf("the local activity %s bears no mark of its arguments: the worker that ran it had another client", data.ActivityType)
	}
	return item{id: strconv.Itoa(n), name: data.ActivityType, digest: digest}, nil
}

// observer notes what the workflow code asks for while it is replayed.
type observer struct {
	interceptor.WorkerInterceptorBase
	asked  recording
	ended  bool
	result any
	err    error
}

func (o *observer) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	o.asked = recording{}
	return &observerInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, o}
}

type observerInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	o *observer
}

func (i *observerInbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&observerOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: out}, i.o})
}

func (i *observerInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	result, err := i.Next.ExecuteWorkflow(ctx, in)
	i.o.ended, i.o.result, i.o.err = true, result, err
	return result, err
}

type observerOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	o *observer
}

func (i *observerOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	options := workflow.GetActivityOptions(ctx)
	asked := item{id: options.ActivityID, name: name, queue: options.TaskQueue, digest: argumentDigest(args)}
	if asked.queue == "" {
		asked.queue = workflow.GetInfo(ctx).TaskQueueName
	}
	i.o.asked.activities = append(i.o.asked.activities, asked)
	return i.Next.ExecuteActivity(ctx, name, args...)
}

func (i *observerOutbound) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	n := len(i.o.asked.locals) + 1
	i.o.asked.locals = append(i.o.asked.locals, item{id: strconv.Itoa(n), name: name, digest: argumentDigest(args)})
	return i.Next.ExecuteLocalActivity(ctx, name, args...)
}

func (i *observerOutbound) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	asked := item{id: workflow.GetChildWorkflowOptions(ctx).WorkflowID, name: name, digest: argumentDigest(args)}
	i.o.asked.children = append(i.o.asked.children, asked)
	return i.Next.ExecuteChildWorkflow(ctx, name, args...)
}

// NewTimerWithOptions sees every wait: sleeping and waiting with a timeout come here too.
func (i *observerOutbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, options workflow.TimerOptions) workflow.Future {
	i.timer(d)
	return i.Next.NewTimerWithOptions(ctx, d, options)
}

func (i *observerOutbound) NewTimer(ctx workflow.Context, d time.Duration) workflow.Future {
	i.timer(d)
	return i.Next.NewTimer(ctx, d)
}

func (i *observerOutbound) timer(d time.Duration) {
	i.o.asked.timers = append(i.o.asked.timers, item{name: "timer", digest: d.String()})
}

// compare lists what was asked for now and differs from what the history says. What was asked for and is not in the
// history is left to the SDK's own check: it may have been cancelled before it was sent.
func (o *observer) compare(was *recording, dc converter.DataConverter, fc converter.FailureConverter) (differences []error) {
	differences = append(differences, missing("activity", was.activities, o.asked.activities)...)
	differences = append(differences, missing("child workflow", was.children, o.asked.children)...)
	differences = append(differences, missing("wait", was.timers, o.asked.timers)...)
	for _, w := range was.locals { // a retry bears its call's mark again
		n, _ := strconv.Atoi(w.id)
		switch {
		case n < 1 || n > len(o.asked.locals):
			differences = append(differences, fmt.Errorf("local activity #%s: the history has %s, the code asks for none", w.id, w))
		case o.asked.locals[n-1] != w:
			differences = append(differences, fmt.Errorf("local activity #%s: the history has %s, the code asks for %s", w.id, w, o.asked.locals[n-1]))
		}
	}
	if err := o.compareEnd(was, dc, fc); err != nil {
		differences = append(differences, err)
	}
	return differences
}

// missing reports each recorded item that was not asked for again, in order among those of its id.
func missing(kind string, was, now []item) (differences []error) {
	byID := map[string][]item{}
	for _, n := range now {
		byID[n.id] = append(byID[n.id], n)
	}
	for _, w := range was {
		id := w.id
		if len(byID[id]) == 0 {
			id = "" // the SDK gave it an id that the code doesn't know
		}
		candidates := byID[id]
		at := 0
		for at < len(candidates) && !same(w, candidates[at]) {
			at++
		}
		switch {
		case at < len(candidates):
			byID[id] = candidates[at+1:]
		case len(candidates) > 0:
			differences = append(differences, fmt.Errorf("%s %s: the history has %s, the code asks for %s", kind, w.id, w, candidates[0]))
			byID[id] = candidates[1:]
		default:
			differences = append(differences, fmt.Errorf("%s %s: the history has %s, the code asks for none", kind, w.id, w))
		}
	}
	return differences
}

// same compares but for the id, which the SDK may have chosen.
func same(a, b item) bool {
	a.id, b.id = "", ""
	return a == b
}

// compareEnd compares how the run ended, if the history says so. Termination and timeouts are not the code's doing.
func (o *observer) compareEnd(was *recording, dc converter.DataConverter, fc converter.FailureConverter) error {
	how, closed := closing(was.last)
	if !closed || how == closedTerminated || how == closedTimedOut {
		return nil
	}
	if !o.ended {
		return fmt.Errorf("end: the history has %s, the code goes on", how)
	}
	var again *workflow.ContinueAsNewError
	switch {
	case how == closedCompleted && o.err == nil:
		if now := resultDigest(o.result); now != was.result {
			return fmt.Errorf("result: the history has %s, the code returns %s", was.result, now)
		}
		return nil
	case how == closedCanceled && temporal.IsCanceledError(o.err):
		return nil
	case how == closedContinuedAsNew && errors.As(o.err, &again):
		return compareNext(was, again, dc)
	case how == closedFailed && o.err != nil:
		before := fc.FailureToError(was.last.GetWorkflowExecutionFailedEventAttributes().GetFailure())
		if now := fc.FailureToError(fc.ErrorToFailure(o.err)); before.Error() != now.Error() {
			return fmt.Errorf("failure: the history has %q, the code returns %q", before.Error(), now.Error())
		}
		return nil
	}
	return fmt.Errorf("end: the history has %s, the code returns %w", how, o.returned())
}

func (o *observer) returned() error {
	if o.err == nil {
		return errors.New("a result")
	}
	return o.err
}

// resultDigest is that of no payload for a workflow that returns nothing.
func resultDigest(result any) string {
	if result == nil {
		return payloadDigest(nil)
	}
	return argumentDigest([]any{result})
}

func compareNext(was *recording, again *workflow.ContinueAsNewError, dc converter.DataConverter) error {
	input, err := payloadReader{dc}.digest(again.Input)
	if err != nil {
		return fmt.Errorf("input of the next run: %w", err)
	}
	before := item{
		name:   was.last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetWorkflowType().GetName(),
		digest: was.result,
	}
	now := item{name: again.WorkflowType.Name, digest: input}
	if before != now {
		return fmt.Errorf("next run: the history has %s, the code asks for %s", before, now)
	}
	return nil
}
