package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Echo identifies an activity's input: the first 128 bits, hex, of SHA-256 over its JSON. Every output carries the
// echo of its input, because a local activity's marker keeps the result only: strict replay compares it with what the
// workflow asks for now, so that a history can't be replayed against code that calls something else.
func Echo(input any) string {
	text, err := json.Marshal(input)
	if err != nil {
		return "" // inputs are structs of strings and valid raw JSON; an empty echo fails replay
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// ApprovalID is the id of the approval that a step of a run asks for. It is derived, so that asking again is
// the same approval. An escalated approval is another one.
func ApprovalID(runID, path string, escalated bool) string {
	if escalated {
		path += "^"
	}
	sum := sha256.Sum256([]byte("picket-approval-v1\n" + runID + "\n" + path))
	return "apr_" + hex.EncodeToString(sum[:13])
}

// Acknowledgement is the result of activities that only write.
type Acknowledgement struct {
	Echo string `json:"echo"`
}
