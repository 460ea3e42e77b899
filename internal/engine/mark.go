package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// maxSummary keeps a marked summary, sealed, within the 400 bytes that a server takes.
const maxSummary = 160

// marker writes into the summary of every local activity what its marker in the history would otherwise not say:
// which call of the run it is, and the digest of its arguments. Strict replay compares both. Every client of this
// package carries it, and with the client every worker.
type marker struct{ interceptor.InterceptorBase }

var _ interceptor.Interceptor = (*marker)(nil)

// InterceptWorkflow numbers the calls of one run, from its start, however often the run is replayed.
func (*marker) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &markerInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type markerInbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (m *markerInbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return m.Next.Init(&markerOutbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: out}})
}

type markerOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	locals int
}

func (m *markerOutbound) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	m.locals++
	options := workflow.GetLocalActivityOptions(ctx)
	options.Summary = mark(options.Summary, m.locals, argumentDigest(args))
	return m.Next.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, options), name, args...)
}

// mark adds to a summary which call it is and with what: "lookup[3]/geo #7:9f86d081884c7d65...".
func mark(summary string, n int, digest string) string {
	if len(summary) > maxSummary {
		summary = strings.ToValidUTF8(summary[:maxSummary], "")
	}
	return fmt.Sprintf("%s #%d:%s", summary, n, digest)
}

// unmark takes a marked summary apart; ok is false when it bears no mark.
func unmark(marked string) (summary string, n int, digest string, ok bool) {
	at := strings.LastIndex(marked, " #")
	if at < 0 {
		return marked, 0, "", false
	}
	number, digest, found := strings.Cut(marked[at+2:], ":")
	n, err := strconv.Atoi(number)
	if err != nil || !found {
		return marked, 0, "", false
	}
	return marked[:at], n, digest, true
}

// argumentDigest is the digest of arguments as they are encoded before they are sealed. Arguments that can't be
// encoded have none, which strict replay refuses.
func argumentDigest(args []any) string {
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(args...)
	if err != nil {
		return ""
	}
	return payloadDigest(payloads)
}

// payloadDigest is the first half of a SHA-256 over payloads that are not sealed.
func payloadDigest(payloads *commonpb.Payloads) string {
	h := sha256.New()
	for _, p := range payloads.GetPayloads() {
		_, _ = fmt.Fprintf(h, "%s %d\n", p.GetMetadata()[encodingKey], len(p.GetData()))
		_, _ = h.Write(p.GetData())
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
