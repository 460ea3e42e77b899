package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// shadows tells whether a consequential call of an operation is only recorded in this run.
func (r *run) shadows(operation string) bool {
	return r.in.Shadow != nil && (len(r.in.Shadow.Operations) == 0 || slices.Contains(r.in.Shadow.Operations, operation))
}

// shadowed records a consequential call instead of making it.
func (r *run) shadowed(ctx workflow.Context, path, operation, connection string, call *released) outcome {
	now := workflow.Now(ctx).UTC()
	r.note(ctx, path+"/shadow", contract.KindCallShadowed, path, contract.CallBody{
		Operation: operation, Connection: connection, Effect: plan.EffectConsequential,
		Input: call.arguments, Digest: call.digest, Started: now, Ended: now,
	})
	out := outcome{status: contract.StepOK, reason: "shadow mode: recorded, not made", output: null}
	out.body.Shadow = true
	return out
}

// bothShadows is the shadow of a called playbook: what is only recorded in the caller is only recorded in what it calls.
func bothShadows(caller, callee *contract.Shadow) *contract.Shadow {
	switch {
	case caller == nil:
		return callee
	case callee == nil:
		return caller
	case len(caller.Operations) == 0 || len(callee.Operations) == 0:
		return &contract.Shadow{}
	}
	both := &contract.Shadow{Operations: slices.Clone(caller.Operations)}
	for _, operation := range callee.Operations {
		if !slices.Contains(both.Operations, operation) {
			both.Operations = append(both.Operations, operation)
		}
	}
	return both
}
