package rehearsal

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
)

// queue lets activities run one at a time, in the order in which the interpreter asked for them. The test environment runs
// each in a goroutine of its own: without the queue, what runs at once would be answered in any order, and the same
// test could end in two ways.
type queue struct {
	mu      sync.Mutex
	moved   *sync.Cond
	tickets []*ticket // in the order of their asking
}

type ticket struct {
	key  string // activity, run and path
	held bool   // an activity has taken it
	id   string // of the activity that has, for the environment's word that it is done
}

func newQueue() *queue {
	q := &queue{}
	q.moved = sync.NewCond(&q.mu)
	return q
}

func ticketKey(activity string, s contract.Step) string {
	return activity + "\n" + s.RunID + "\n" + s.Path
}

func (q *queue) ask(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tickets = append(q.tickets, &ticket{key: key})
}

// enter waits until it is the activity's turn. Attempts after the first have no turn.
func (q *queue) enter(ctx context.Context, key string) (mine *ticket) {
	info := activity.GetInfo(ctx)
	if info.Attempt > 1 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.tickets, func(t *ticket) bool { return t.key == key && !t.held })
	if i < 0 {
		return nil
	}
	mine = q.tickets[i]
	mine.held, mine.id = true, activityKey(info.WorkflowExecution.RunID, info.ActivityID)
	stop := context.AfterFunc(ctx, q.moved.Broadcast)
	defer stop()
	lost := time.AfterFunc(lostAfter, func() { q.drop(func(t *ticket) bool { return !t.held && q.before(t, mine) }) })
	defer lost.Stop()
	for ctx.Err() == nil && len(q.tickets) > 0 && q.tickets[0] != mine && slices.Contains(q.tickets, mine) {
		q.moved.Wait()
	}
	return mine
}

// leave is called when the activity's answer is on its way. A failed one may be repeated much later and so makes room at
// once; a good one does when the interpreter has it, or, should it never have it, a moment later.
func (q *queue) leave(mine *ticket, failed bool) {
	switch {
	case mine == nil:
	case failed:
		q.drop(func(t *ticket) bool { return t == mine })
	default:
		time.AfterFunc(lostAfter, func() { q.drop(func(t *ticket) bool { return t == mine }) })
	}
}

// lostAfter is when nobody waits any more for an activity to begin that the environment has refused, or for an answer to
// be taken. Neither is the rule, and a busy machine must not be taken for either.
const lostAfter = 2 * time.Second

// before tells whether a ticket was asked for before another one.
func (q *queue) before(a, b *ticket) bool {
	return slices.Index(q.tickets, a) < slices.Index(q.tickets, b)
}

func (q *queue) drop(which func(*ticket) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tickets = slices.DeleteFunc(q.tickets, which)
	q.moved.Broadcast()
}

// activityDone is the environment's word that the interpreter has an activity's answer.
func (q *queue) activityDone(info *activity.Info, _ converter.EncodedValue, _ error) { q.over(info) }

// over is the environment's word that an activity has ended, or that nobody wants its answer any more.
func (q *queue) over(info *activity.Info) {
	id := activityKey(info.WorkflowExecution.RunID, info.ActivityID)
	q.drop(func(t *ticket) bool { return t.held && t.id == id })
}

func activityKey(run, activity string) string { return run + "\n" + activity }

// ordering hands out the tickets as the interpreter asks for activities.
type ordering struct {
	interceptor.WorkerInterceptorBase
	queue *queue
}

func (o *ordering) InterceptWorkflow(ctx workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &orderingInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, queue: o.queue}
}

type orderingInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	queue *queue
}

func (i *orderingInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&orderingOutbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: outbound}, queue: i.queue})
}

type orderingOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	queue *queue
}

func (o *orderingOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.ask(name, args)
	return o.Next.ExecuteActivity(ctx, name, args...)
}

func (o *orderingOutbound) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o.ask(name, args)
	return o.Next.ExecuteLocalActivity(ctx, name, args...)
}

func (o *orderingOutbound) ask(name string, args []any) {
	if len(args) == 1 {
		if s, ok := stepOf(args[0]); ok {
			o.queue.ask(ticketKey(name, s))
		}
	}
}

// stepOf is the place of an activity's input.
func stepOf(in any) (contract.Step, bool) {
	switch in := in.(type) {
	case contract.CallInput:
		return in.Step, true
	case contract.ModelInput:
		return in.Step, true
	case contract.ApprovalInput:
		return in.Step, true
	case contract.DecisionInput:
		return in.Step, true
	case contract.RemindInput:
		return in.Step, true
	case contract.KeyInput:
		return in.Step, true
	case contract.OpenInput:
		return in.Step, true
	case contract.SubscribeInput:
		return in.Step, true
	case contract.EventInput:
		return in.Step, true
	case contract.RecordInput:
		return in.Step, true
	case contract.CloseInput:
		return in.Step, true
	}
	return contract.Step{}, false
}
