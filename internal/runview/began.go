package runview

import (
	"encoding/json"

	"picket/internal/contract"
	"picket/internal/soc"
)

// Began is what the ledger says of a run's start; nothing where it has not started.
func Began(entries []soc.LedgerEntry) contract.RunBody {
	var body contract.RunBody
	for i := range entries {
		if entries[i].Kind == contract.KindRunStarted && json.Unmarshal(entries[i].Body, &body) == nil {
			return body
		}
	}
	return contract.RunBody{}
}
