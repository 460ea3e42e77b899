package engine

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/soc"
)

// MaxPayload is the most bytes that one input or output may have before it is compressed. Each is several times in
// memory while it is packed and unpacked, and a few dozen may be at once. Workflow code depends on it: it may be
// raised, but a run that was refused something under the lower bound does not replay then.
const MaxPayload = 32 << 20

// tooLarge is final: the same call would be refused again.
func tooLarge(what string, size int) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(
		"%s has %d bytes, and at most %d are carried: pass on what is needed of it only", what, size, MaxPayload), string(soc.Invalid), nil)
}

// sealing converts values to payloads and seals them. It says in errors what it was that could not be carried.
type sealing struct {
	converter.DataConverter
	codec converter.PayloadCodec
}

var _ workflow.ContextAware = (*sealing)(nil)

func newSealing(codec converter.PayloadCodec, what string) *sealing {
	return &sealing{converter.NewCodecDataConverter(&limited{converter.GetDefaultDataConverter(), what}, codec), codec}
}

// WithWorkflowContext names the workflow in errors.
func (s *sealing) WithWorkflowContext(ctx workflow.Context) converter.DataConverter {
	return newSealing(s.codec, "a value of the workflow "+workflow.GetInfo(ctx).WorkflowType.Name)
}

// WithContext names the activity in errors; its id is the step's path.
func (s *sealing) WithContext(ctx context.Context) converter.DataConverter {
	if !activity.IsActivity(ctx) {
		return s
	}
	info := activity.GetInfo(ctx)
	return newSealing(s.codec, fmt.Sprintf("a value of the activity %s %s", info.ActivityType.Name, info.ActivityID))
}

// limited refuses what is larger than MaxPayload.
type limited struct {
	converter.DataConverter
	what string // is converted
}

// ToPayload refuses a value that is too large.
func (l *limited) ToPayload(value any) (*commonpb.Payload, error) {
	p, err := l.DataConverter.ToPayload(value)
	if err == nil && len(p.GetData()) > MaxPayload {
		return nil, tooLarge(l.what, len(p.GetData()))
	}
	return p, err
}

// ToPayloads refuses values of which one is too large.
func (l *limited) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	payloads, err := l.DataConverter.ToPayloads(values...)
	for _, p := range payloads.GetPayloads() {
		if err == nil && len(p.GetData()) > MaxPayload {
			return nil, tooLarge(l.what, len(p.GetData()))
		}
	}
	return payloads, err
}

// limiter turns arguments that are too large into failures of what was asked for. The SDK panics where it can't
// encode them, which would have the workflow task repeated for ever.
type limiter struct{ interceptor.InterceptorBase }

var _ interceptor.Interceptor = (*limiter)(nil)

func (*limiter) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &limiterInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type limiterInbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (l *limiterInbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return l.Next.Init(&limiterOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: out}})
}

func (l *limiterInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	result, err := l.Next.ExecuteWorkflow(ctx, in)
	if err != nil || result == nil {
		return result, err
	}
	raw, err := within("the result of the workflow "+workflow.GetInfo(ctx).WorkflowType.Name, []any{result})
	if err != nil {
		return nil, err
	}
	return raw[0], nil
}

type limiterOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (l *limiterOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	raw, err := within("an argument of the activity "+name+" "+workflow.GetActivityOptions(ctx).ActivityID, args)
	if err != nil {
		failed, settable := workflow.NewFuture(ctx)
		settable.SetError(err)
		return failed
	}
	return l.Next.ExecuteActivity(ctx, name, raw...)
}

func (l *limiterOutbound) NewContinueAsNewError(ctx workflow.Context, w any, args ...any) error {
	if _, err := within("the input of the next run", args); err != nil {
		return err
	}
	return l.Next.NewContinueAsNewError(ctx, w, args...)
}

// within encodes arguments once for all, if none is too large. Those that can't be encoded are left to the SDK.
func within(what string, args []any) ([]any, error) {
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(args...)
	if err != nil || len(payloads.GetPayloads()) != len(args) {
		return args, nil
	}
	raw := make([]any, len(args))
	for i, p := range payloads.GetPayloads() {
		if len(p.GetData()) > MaxPayload {
			return nil, tooLarge(what, len(p.GetData()))
		}
		raw[i] = converter.NewRawValue(p)
	}
	return raw, nil
}
