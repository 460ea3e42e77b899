package soc

import (
	"encoding/json"
	"time"
)

// RunStatus is where a run stands.
type RunStatus string

// The statuses. Those from RunCompleted on are final.
const (
	RunQueued    RunStatus = "queued"    // accepted, not yet started
	RunRunning   RunStatus = "running"   // steps are being worked
	RunWaiting   RunStatus = "waiting"   // a person's decision is awaited
	RunCompleted RunStatus = "completed" // came to its end, or to a stop with status ok
	RunFailed    RunStatus = "failed"    // a step failed, or a stop with status failed
	RunCancelled RunStatus = "cancelled"
	RunTimedOut  RunStatus = "timed_out"
	RunSkipped   RunStatus = "skipped" // another run had its key
	RunJoined    RunStatus = "joined"  // another run had its key and has been given its alert
)

// Final tells whether a run in this status is over.
func (s RunStatus) Final() bool {
	switch s {
	case RunCompleted, RunFailed, RunCancelled, RunTimedOut, RunSkipped, RunJoined:
		return true
	}
	return false
}

// The kinds of what starts a run.
const (
	TriggerAlert    = "alert"
	TriggerManual   = "manual"
	TriggerSchedule = "schedule"
	TriggerCall     = "call" // another run calls the playbook
	TriggerUndo     = "undo" // somebody takes back what another run did
	// TriggerRecommended is a call that a verdict of another run recommends, and that somebody asked for.
	TriggerRecommended = "recommended"
)

// Run is one execution of one playbook for one trigger.
type Run struct {
	ID            string          `json:"id"`
	WorkflowID    string          `json:"workflow_id"`     // derived from playbook and alert, so a run starts once
	TemporalRunID string          `json:"temporal_run_id"` // empty until started
	Playbook      string          `json:"playbook"`
	PlanDigest    string          `json:"plan_digest"`
	AlertID       string          `json:"alert_id,omitempty"`
	AlertTitle    string          `json:"alert_title,omitempty"`
	Severity      Severity        `json:"severity,omitempty"`
	Status        RunStatus       `json:"status"`
	Reason        string          `json:"reason,omitempty"`
	Verdict       string          `json:"verdict,omitempty"` // the verdict of the last step that returned one
	Outputs       json.RawMessage `json:"outputs,omitempty"`
	RequestedBy   string          `json:"requested_by,omitempty"`
	Trigger       string          `json:"trigger,omitempty"`
	Parent        string          `json:"parent_id,omitempty"` // the run that called this one, or that this one undoes
	Shadow        bool            `json:"shadow,omitempty"`    // some consequential calls are recorded, not made
	CreatedAt     time.Time       `json:"created_at"`
	StartedAt     *time.Time      `json:"started_at,omitempty"`
	EndedAt       *time.Time      `json:"ended_at,omitempty"`
	Archive       string          `json:"archive,omitempty"` // digest of the archived history
}

// ApprovalStatus is where an approval stands.
type ApprovalStatus string

// The statuses of an approval. Only Pending can change.
const (
	ApprovalPending  ApprovalStatus = "pending"
	ApprovalApproved ApprovalStatus = "approved"
	ApprovalDenied   ApprovalStatus = "denied"
	ApprovalExpired  ApprovalStatus = "expired"
)

// The kinds of an approval.
const (
	KindApproval = "approval" // consent to calls
	KindAsk      = "ask"      // a form to be filled in
)

// Approval is a request for consent to exact calls, or for the answers of a form.
type Approval struct {
	ID        string         `json:"id"`
	Kind      string         `json:"kind,omitempty"` // "" is KindApproval
	RunID     string         `json:"run_id"`
	Playbook  string         `json:"playbook"`
	Step      string         `json:"step"` // step path
	AlertID   string         `json:"alert_id,omitempty"`
	Severity  Severity       `json:"severity,omitempty"`
	Title     string         `json:"title"`
	Message   string         `json:"message,omitempty"`
	Role      string         `json:"role"`               // who may decide
	NotUser   string         `json:"not_user,omitempty"` // who may not, though having the role
	Escalated bool           `json:"escalated"`          // role is that of escalate_to
	Calls     []ApprovalCall `json:"calls"`              // what a yes releases
	Evidence  []Evidence     `json:"evidence"`           // what it rests on
	Verdict   string         `json:"verdict,omitempty"`  // the run's last one when people were asked
	Digest    string         `json:"digest"`             // of what is shown: title, message, calls
	Status    ApprovalStatus `json:"status"`
	CreatedAt time.Time      `json:"created_at"`
	Deadline  time.Time      `json:"deadline"`
	OnTimeout string         `json:"on_timeout"` // deny | escalate
	Decision  *Decision      `json:"decision,omitempty"`
	Quorum    int            `json:"quorum,omitempty"` // how many different people must say yes; 0 is one
	Form      []FormField    `json:"form,omitempty"`
	Votes     []Vote         `json:"votes,omitempty"` // the yeses so far, where a quorum is needed
	Reminders int            `json:"reminders,omitempty"`
	Reminded  *time.Time     `json:"reminded_at,omitempty"`
	// WorkflowID names the workflow that waits for the decision; "" is the run's. It is for the signal only.
	WorkflowID string `json:"-"`
}

// Ask tells whether answers are asked for, not consent.
func (a *Approval) Ask() bool { return a.Kind == KindAsk }

// FormField is one field of a form.
type FormField struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"` // text | number | boolean | choice | choices | date
	Title    string          `json:"title,omitempty"`
	Options  []string        `json:"options,omitempty"`
	Required bool            `json:"required,omitempty"`
	Default  json.RawMessage `json:"default,omitempty"`
}

// ApprovalCall is one consequential call, exactly as it will be made.
type ApprovalCall struct {
	Step       string          `json:"step"`
	Title      string          `json:"title,omitempty"`
	Operation  string          `json:"operation"` // connector.operation
	Connection string          `json:"connection"`
	Arguments  json.RawMessage `json:"arguments"`
	Origins    []Origin        `json:"origins"`
	Digest     string          `json:"digest"` // of operation, connection and arguments
	Edit       []Edit          `json:"edit,omitempty"`
}

// Edit is an argument of a call that the approver may change, and its JSON Schema.
type Edit struct {
	Argument string          `json:"argument"`
	Schema   json.RawMessage `json:"schema,omitempty"`
}

// Origin says where an argument came from and whether an attacker may have written it.
type Origin struct {
	Argument  string `json:"argument"`
	From      string `json:"from"` // the expression, or "literal"
	Untrusted bool   `json:"untrusted"`

	Labels []string `json:"labels,omitempty"` // who can have written it
}

// Evidence is a fact that a model or an approver is shown.
type Evidence struct {
	ID        string          `json:"id"` // step path or "alert"
	Title     string          `json:"title,omitempty"`
	Data      json.RawMessage `json:"data"`
	Untrusted bool            `json:"untrusted"`
}

// Decision is one person's answer to an approval. Signature is an HMAC by the workspace's key over the other
// fields, so that a row written past the API is refused.
type Decision struct {
	ID         string          `json:"id"`
	ApprovalID string          `json:"approval_id"`
	RunID      string          `json:"run_id"`
	Outcome    ApprovalStatus  `json:"outcome"` // approved | denied | expired
	By         string          `json:"by"`      // user name; "picket" for expiry
	Reason     string          `json:"reason,omitempty"`
	Digest     string          `json:"digest"` // the approval's digest as it was shown
	Calls      []string        `json:"calls"`  // digests of the released calls
	At         time.Time       `json:"at"`
	Signature  string          `json:"signature"`
	Edited     EditedCalls     `json:"edited,omitempty"`
	Answers    json.RawMessage `json:"answers,omitempty"` // of a form: an object of the fields' values
	Votes      []Vote          `json:"votes,omitempty"`   // the yeses that made a quorum
}

// EditedCalls holds, by step path, the whole arguments of those calls that an approver has changed.
type EditedCalls map[string]json.RawMessage

// Vote is one person's yes to an approval that needs several. It is signed as a decision is.
type Vote struct {
	ID         string      `json:"id"`
	ApprovalID string      `json:"approval_id"`
	RunID      string      `json:"run_id"`
	By         string      `json:"by"`
	Reason     string      `json:"reason,omitempty"`
	Digest     string      `json:"digest"` // the approval's digest as it was shown
	Calls      []string    `json:"calls"`  // digests of the calls that it is a yes to
	Edited     EditedCalls `json:"edited,omitempty"`
	At         time.Time   `json:"at"`
	Signature  string      `json:"signature"`
}

// ShadowSetting says which consequential calls of a playbook are recorded and not made.
type ShadowSetting struct {
	Playbook   string    `json:"playbook"`
	PlanDigest string    `json:"plan_digest,omitempty"` // "" is every version
	Operations []string  `json:"operations"`            // none is all
	By         string    `json:"by"`
	Reason     string    `json:"reason"`
	At         time.Time `json:"at"`
}

// User account of Picket. See store for what is kept beside it.
type Account struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Roles     []string  `json:"roles"`
	CreatedAt time.Time `json:"created_at"`
}

// The roles a person can hold.
const (
	RoleAdmin     = "admin"     // users and settings
	RoleLead      = "lead"      // decides what was escalated
	RoleResponder = "responder" // decides approvals
	RoleAnalyst   = "analyst"   // reads, starts runs
)

// LedgerEntry is one appended, chained audit record. Digest is SHA-256 over Prev and the canonical form of the
// other fields; the first entry's Prev is 64 zeros.
type LedgerEntry struct {
	Seq     int64           `json:"seq"`
	RunID   string          `json:"run_id,omitempty"`
	AlertID string          `json:"alert_id,omitempty"`
	Key     string          `json:"key"` // unique within a run: the first to append wins
	Kind    string          `json:"kind"`
	Step    string          `json:"step,omitempty"`
	Attempt int             `json:"attempt,omitempty"`
	At      time.Time       `json:"at"`
	Actor   string          `json:"actor,omitempty"`
	Body    json.RawMessage `json:"body"`
	Prev    string          `json:"prev"`
	Digest  string          `json:"digest"`
}
