package soc

import "time"

// The states of a Fact.
const (
	FactProposed = "proposed"
	FactApproved = "approved"
	FactRejected = "rejected"
	FactRevoked  = "revoked" // approved once, and not believed any more
)

// FactTypes are what a fact can be about.
var FactTypes = []string{"user", "email", "host", "ip", "domain", "url", "hash", "file", "other"}

// Fact is something that the organisation knows of an entity: "scans the network on Mondays". It is evidence that is cited
// and never an instruction. A proposal is believed once a person has approved it, until it expires.
type Fact struct {
	ID         string    `json:"id"`
	Type       string    `json:"type"`  // one of FactTypes
	Value      string    `json:"value"` // the entity
	Text       string    `json:"text"`
	Source     string    `json:"source"` // where it is known from
	Owner      string    `json:"owner"`  // who answers for it
	ExpiresAt  time.Time `json:"expires_at"`
	Status     string    `json:"status"`
	ProposedBy string    `json:"proposed_by"` // a person, or "playbook"
	RunID      string    `json:"run_id,omitempty"`
	ProposedAt time.Time `json:"proposed_at"`
	DecidedBy  string    `json:"decided_by,omitempty"`
	DecidedAt  time.Time `json:"decided_at,omitzero"`
	Reason     string    `json:"reason,omitempty"` // of the decision
}

// Believed tells whether a fact counts at a time.
func (f *Fact) Believed(at time.Time) bool { return f.Status == FactApproved && at.Before(f.ExpiresAt) }
