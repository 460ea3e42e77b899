package workflows

import (
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
)

// listen collects signals as they arrive. What a signal says is only a hint to read the row that it names.
func (r *run) listen(ctx workflow.Context) {
	decided := workflow.GetSignalChannel(ctx, contract.SignalApprovalDecided)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var s contract.ApprovalDecided
			if !decided.Receive(ctx, &s) {
				return
			}
			r.decided(s)
		}
	})
	matched := workflow.GetSignalChannel(ctx, contract.SignalEventMatched)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var s contract.EventMatched
			if !matched.Receive(ctx, &s) {
				return
			}
			r.eventMatched(s)
		}
	})
	free := workflow.GetSignalChannel(ctx, contract.SignalKeyFree)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var s contract.KeyFree
			if !free.Receive(ctx, &s) {
				return
			}
			r.keyFree = true
		}
	})
}

// drain takes the signals that have arrived and were not yet received, so that a new history need not wait for them.
func (r *run) drain(ctx workflow.Context) {
	decided := workflow.GetSignalChannel(ctx, contract.SignalApprovalDecided)
	for s := (contract.ApprovalDecided{}); decided.ReceiveAsync(&s); s = (contract.ApprovalDecided{}) {
		r.decided(s)
	}
	matched := workflow.GetSignalChannel(ctx, contract.SignalEventMatched)
	for s := (contract.EventMatched{}); matched.ReceiveAsync(&s); s = (contract.EventMatched{}) {
		r.eventMatched(s)
	}
	free := workflow.GetSignalChannel(ctx, contract.SignalKeyFree)
	for s := (contract.KeyFree{}); free.ReceiveAsync(&s); {
		r.keyFree = true
	}
}

// decided keeps a decision's id. Of ids that nobody waits for nothing is kept, so that a stranger's can't take the room. A true
// one can be among them, where a worker was lost after it had asked: then asking again answers it.
func (r *run) decided(s contract.ApprovalDecided) {
	if r.full && !r.expected[s.ApprovalID] {
		return
	}
	if box := r.inbox[s.ApprovalID]; len(box) < MaxSignalsKept && len(r.inbox) < MaxSignalsKept {
		r.inbox[s.ApprovalID] = append(box, s.DecisionID)
	}
}

func (r *run) eventMatched(s contract.EventMatched) {
	if r.expected[s.SubscriptionID] {
		r.matched[s.SubscriptionID] = min(r.matched[s.SubscriptionID]+1, MaxSignalsKept)
	}
}
