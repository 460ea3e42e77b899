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
