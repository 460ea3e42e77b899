package workflows

import (
	"bytes"
	"encoding/json"
	"slices"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// edits are the calls that a decision has changed, by path. A decision that changes what the playbook does not let it
// change releases nothing.
func edits(calls []contract.ApprovalCall, d contract.DecisionOutput) (map[string]edited, error) {
	changed := map[string]edited{}
	for _, path := range workflow.DeterministicKeys(d.Edited) {
		at := slices.IndexFunc(calls, func(c contract.ApprovalCall) bool { return c.Step == path })
		if at < 0 {
			return nil, fail("denied", "the decision changes %s, which the approval does not cover", path)
		}
		call := calls[at]
		if argument := touched(call, d.Edited[path]); argument != "" {
			return nil, fail("denied", "the decision changes %s of %s, which the approver may not change", argument, path)
		}
		digest, err := contract.CallDigest(call.Operation, call.Connection, d.Edited[path])
		if err != nil {
			return nil, err
		}
		changed[path] = edited{Asked: call.Digest, Digest: digest, Arguments: d.Edited[path]}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	return changed, nil
}

// touched is the first argument that an edit changes though it may not; "" when there is none.
func touched(call contract.ApprovalCall, arguments json.RawMessage) string {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(call.Arguments, &before) != nil || json.Unmarshal(arguments, &after) != nil {
		return "the arguments"
	}
	names := append(workflow.DeterministicKeys(before), workflow.DeterministicKeys(after)...)
	for _, name := range names {
		may := slices.ContainsFunc(call.Edit, func(e plan.Edit) bool { return e.Argument == name })
		if !may && !sameJSON(before[name], after[name]) {
			return name
		}
	}
	return ""
}

func sameJSON(a, b json.RawMessage) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	left, errLeft := contract.Canonical(a)
	right, errRight := contract.Canonical(b)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}
