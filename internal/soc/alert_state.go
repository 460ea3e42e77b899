package soc

import (
	"slices"
	"time"
)

// The states of an alert in the queue.
const (
	AlertOpen   = "open"
	AlertClosed = "closed"
)

// Closings are the classifications that an alert can be closed with: those of a verdict that knows something.
var Closings = []string{"true_positive", "benign_true_positive", "false_positive"}

// AlertState is what has been made of an alert since it came. The alert itself stays as its source sent it.
type AlertState struct {
	Status         string     `json:"status"`                   // open | closed
	Severity       Severity   `json:"severity"`                 // as it is now
	Classification string     `json:"classification,omitempty"` // of a closed alert, one of Closings
	Reason         string     `json:"reason,omitempty"`         // of the last change
	By             string     `json:"by,omitempty"`             // who made the last change: a person, or "playbook"
	RunID          string     `json:"run_id,omitempty"`         // whose call made the last change
	At             *time.Time `json:"at,omitempty"`             // of the last change
}

// AlertChange closes an alert, opens it again, or sets its severity: exactly one of them.
type AlertChange struct {
	AlertID        string   `json:"alert_id"`
	Status         string   `json:"status,omitempty"`         // the new one; "" leaves it
	Classification string   `json:"classification,omitempty"` // when it is closed
	Severity       Severity `json:"severity,omitempty"`       // the new one; "" leaves it
	Reason         string   `json:"reason"`
	By             string   `json:"by"`
	RunID          string   `json:"run_id,omitempty"`
}

// Check says what is wrong with a change.
func (c *AlertChange) Check() error {
	switch {
	case c.By == "" || c.Reason == "":
		return Errorf(Invalid, "somebody changes an alert, for a reason")
	case (c.Status == "") == (c.Severity == ""):
		return Errorf(Invalid, "a change closes an alert, opens it again, or sets its severity")
	case c.Status == AlertClosed && !slices.Contains(Closings, c.Classification):
		return Errorf(Invalid, "an alert is closed with one of the classifications %v", Closings)
	case c.Status != "" && c.Status != AlertClosed && c.Status != AlertOpen:
		return Errorf(Invalid, "an alert is open or closed")
	case c.Severity != "" && !slices.Contains(Severities[1:], c.Severity):
		return Errorf(Invalid, "the severity is one of %v", Severities[1:])
	}
	return nil
}

// Lowers tells whether a change is one that takes a person's decision, or that of a policy.
func (c *AlertChange) Lowers(now AlertState) bool {
	return c.Status == AlertClosed || c.Severity != "" && c.Severity.ID() < now.Severity.ID()
}
