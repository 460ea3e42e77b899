package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// addCalls adds the calls of a covered step to an approval: one, or one for each item of the foreach that it stands in.
func (r *run) addCalls(ctx workflow.Context, f *frame, a *plan.Approve, covered *plan.Step, calls *[]contract.ApprovalCall) error {
	at := slices.IndexFunc(a.Each, func(e plan.Each) bool { return e.Step == covered.ID })
	if at < 0 {
		return addCall(ctx, f, a, covered, calls)
	}
	loop := r.steps[a.Each[at].Foreach]
	if loop == nil || loop.Foreach == nil {
		return fmt.Errorf("covers %s in %s, which is no foreach of this plan", covered.ID, a.Each[at].Foreach)
	}
	items, err := f.items(ctx, loop.Foreach)
	if err != nil {
		return fmt.Errorf("items of %s: %w", loop.ID, err)
	}
	if len(*calls)+len(items) > MaxCallsPerApproval {
		return fail("invalid", "%d calls: one approval is for at most %d; slice the list, or ask in the loop", len(*calls)+len(items), MaxCallsPerApproval)
	}
	for i, item := range items {
		inner := f.within(fmt.Sprintf("%s%s[%d]/", f.prefix, loop.ID, i), loop.Foreach.As, item, i)
		if err := addCall(ctx, inner, a, covered, calls); err != nil {
			return err
		}
	}
	return nil
}

// addCall adds the call that a covered step will make from a frame.
func addCall(ctx workflow.Context, f *frame, a *plan.Approve, covered *plan.Step, calls *[]contract.ApprovalCall) error {
	action := covered.Action
	arguments, err := f.value(ctx, action.With)
	if err != nil {
		return fmt.Errorf("arguments of %s: %w", covered.ID, err)
	}
	digest, err := contract.CallDigest(action.Operation, action.Connection, arguments)
	if err != nil {
		return err
	}
	call := contract.ApprovalCall{
		Step: f.prefix + covered.ID, Title: covered.Title, Operation: action.Operation, Connection: action.Connection,
		Arguments: arguments, Origins: action.Origins, Digest: digest,
	}
	for _, e := range a.Edit {
		if e.Step == covered.ID {
			call.Edit = append(call.Edit, e)
		}
	}
	*calls = append(*calls, call)
	return nil
}

// inForeach are the covered steps that stand in a foreach after the approval.
func inForeach(a *plan.Approve) []string {
	var ids []string
	for _, e := range a.Each {
		ids = append(ids, e.Step)
	}
	return ids
}

// grantFor is what an approval has released for a step: one that was given where the step stands or, if it was for the
// calls of all items, outside of the loop.
func (r *run) grantFor(f *frame, approval, step string) (grant, bool) {
	if g, ok := r.approved[f.prefix+approval]; ok {
		return g, true
	}
	g, ok := r.approved[outerPrefix(f.prefix)+approval]
	return g, ok && f.prefix != "" && slices.Contains(g.Each, step)
}

// outerPrefix is the prefix of the steps around a loop: "" for "lookup[3]/".
func outerPrefix(prefix string) string {
	inner := strings.TrimSuffix(prefix, "/")
	return prefix[:strings.LastIndexByte(inner, '/')+1]
}

// grantsAround are the grants that the items of a loop in a frame can need.
func (r *run) grantsAround(f *frame) map[string]grant {
	around := map[string]grant{}
	for _, path := range workflow.DeterministicKeys(r.approved) {
		g := r.approved[path]
		if len(g.Each) > 0 && path[:strings.LastIndexByte(path, '/')+1] == f.prefix {
			around[path] = g
		}
	}
	return around
}
