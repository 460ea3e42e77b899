package contract

import (
	"crypto/sha256"
	"encoding/hex"
)

// ApprovalID is the id of the approval that a step of a run asks for. It is derived, so that asking again is
// the same approval. An escalated approval is another one.
func ApprovalID(runID, path string, escalated bool) string {
	if escalated {
		path += "^"
	}
	sum := sha256.Sum256([]byte("picket-approval-v1\n" + runID + "\n" + path))
	return "apr_" + hex.EncodeToString(sum[:13])
}

// ChildRunID is the id of the run that a call step makes. It is derived, so that opening it again is the same run.
func ChildRunID(runID, path string) string {
	sum := sha256.Sum256([]byte("picket-child-run-v1\n" + runID + "\n" + path))
	return "run_" + hex.EncodeToString(sum[:13])
}

// SubscriptionID is the id of what a `wait: event` step listens for.
func SubscriptionID(runID, path string) string {
	sum := sha256.Sum256([]byte("picket-subscription-v1\n" + runID + "\n" + path))
	return "sub_" + hex.EncodeToString(sum[:13])
}

// ScheduledRunID is the id of the run that a schedule starts at one time; workflowID is that of WorkflowScheduled.
func ScheduledRunID(workflowID string) string {
	sum := sha256.Sum256([]byte("picket-scheduled-run-v1\n" + workflowID))
	return "run_" + hex.EncodeToString(sum[:13])
}
