package model

import (
	"encoding/json"

	"picket/internal/soc"
)

// Conclude makes the verdict of an agent that has come to no answer: inconclusive, for a reason of ours. No model is asked.
func Conclude(req Request, reason string) (json.RawMessage, error) {
	raw, err := json.Marshal(map[string]any{
		"verdict": inconclusive, "summary": "The agent came to no answer: " + reason + ".", "indicators": []any{}, "findings": []any{},
	})
	if err != nil {
		return nil, err
	}
	verdict, err := CompleteVerdict(raw, req, soc.Provenance{Provider: "picket"})
	if err != nil {
		return nil, err
	}
	return json.Marshal(verdict)
}
