// Package contract is what crosses between the workflow and the activities: names and input and output structs.
// They are JSON in histories that are kept for years: fields are added, never renamed or redefined.
package contract

import (
	"encoding/json"
	"time"

	"picket/playbooks/plan"
)

// WorkflowPlaybook is the workflow that interprets a plan.
const WorkflowPlaybook = "Playbook"

// The task queues.
const (
	QueueWorkflow      = "picket-workflow"
	QueueSlow          = "picket-slow"          // model calls and slow reads
	QueueConsequential = "picket-consequential" // calls that change the world
)

// SignalApprovalDecided carries an ApprovalDecided: an id, never authority.
const SignalApprovalDecided = "approval.decided"

// The activities.
const (
	ActivityCall            = "Call"
	ActivityModel           = "Model"
	ActivityRequestApproval = "RequestApproval"
	ActivityReadDecision    = "ReadDecision"
	ActivityExpireApproval  = "ExpireApproval"
	ActivityRecord          = "Record"
	ActivityCloseRun        = "CloseRun"
)

// PlaybookInput is the input of WorkflowPlaybook.
type PlaybookInput struct {
	RunID   string    `json:"run_id"`
	Plan    plan.Plan `json:"plan"`
	Trigger Trigger   `json:"trigger"`
}

// Trigger is what started a run.
type Trigger struct {
	Kind        string          `json:"kind"` // alert | manual
	AlertID     string          `json:"alert_id,omitempty"`
	Alert       json.RawMessage `json:"alert,omitempty"` // soc.Alert
	Inputs      json.RawMessage `json:"inputs,omitempty"`
	RequestedBy string          `json:"requested_by,omitempty"`
}

// PlaybookOutput is the result of WorkflowPlaybook.
type PlaybookOutput struct {
	Status  string          `json:"status"` // a final soc.RunStatus
	Reason  string          `json:"reason,omitempty"`
	Outputs json.RawMessage `json:"outputs,omitempty"`
}

// Entry is a ledger entry to be appended. Key is unique within the run; the first to append wins.
type Entry struct {
	Key     string          `json:"key"`
	Kind    string          `json:"kind"`
	Step    string          `json:"step,omitempty"`
	Attempt int             `json:"attempt,omitempty"`
	At      time.Time       `json:"at"`
	Body    json.RawMessage `json:"body"`
}

// Step names the place of a call within a run. Entries are what the workflow has seen since its last activity;
// every activity appends them before its own.
type Step struct {
	RunID   string  `json:"run_id"`
	Path    string  `json:"path"` // "contain", "lookup[3]/geo"
	Title   string  `json:"title,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
}

// CallInput is the input of ActivityCall: one operation with its arguments.
type CallInput struct {
	Step
	Operation  string          `json:"operation"`
	Connection string          `json:"connection,omitempty"`
	Effect     string          `json:"effect"`
	Arguments  json.RawMessage `json:"arguments"`
	Digest     string          `json:"digest,omitempty"`   // of operation, connection and arguments; consequential only
	Approval   string          `json:"approval,omitempty"` // id of the approval whose decision releases the call
	TimeoutMS  int64           `json:"timeout_ms"`
}

// CallOutput is the result of ActivityCall. Output is the operation's answer as its output schema says.
type CallOutput struct {
	Output json.RawMessage `json:"output"`
}

// ModelInput is the input of ActivityModel.
type ModelInput struct {
	Step
	Provider string          `json:"provider,omitempty"`
	Prompt   string          `json:"prompt"`
	Evidence []Evidence      `json:"evidence"`
	Returns  string          `json:"returns"` // verdict | schema
	Schema   json.RawMessage `json:"schema,omitempty"`
	Missing  []string        `json:"missing,omitempty"` // evidence that was asked for and is not there
	Severity string          `json:"severity,omitempty"`
}

// Evidence is a fact shown to a model or an approver.
type Evidence struct {
	ID        string          `json:"id"`
	Title     string          `json:"title,omitempty"`
	Data      json.RawMessage `json:"data"`
	Untrusted bool            `json:"untrusted,omitempty"`
}

// ModelOutput is the result of ActivityModel.
type ModelOutput struct {
	Output    json.RawMessage `json:"output"`
	TokensIn  int             `json:"tokens_in"`
	TokensOut int             `json:"tokens_out"`
	CostUSD   float64         `json:"cost_usd"`
}

// ApprovalInput is the input of ActivityRequestApproval, which writes the row that people see and is safe to repeat.
type ApprovalInput struct {
	Step
	ApprovalID string         `json:"approval_id"`
	Title      string         `json:"title"`
	Message    string         `json:"message,omitempty"`
	Role       string         `json:"role"`
	NotUser    string         `json:"not_user,omitempty"`
	Escalated  bool           `json:"escalated,omitempty"`
	Calls      []ApprovalCall `json:"calls"`
	Evidence   []Evidence     `json:"evidence,omitempty"`
	CreatedAt  time.Time      `json:"created_at"`
	Deadline   time.Time      `json:"deadline"`
	OnTimeout  string         `json:"on_timeout"`
}

// ApprovalCall is one exact call that an approval would release.
type ApprovalCall struct {
	Step       string          `json:"step"`
	Title      string          `json:"title,omitempty"`
	Operation  string          `json:"operation"`
	Connection string          `json:"connection,omitempty"`
	Arguments  json.RawMessage `json:"arguments"`
	Origins    []plan.Origin   `json:"origins,omitempty"`
	Digest     string          `json:"digest"`
}

// ApprovalDecided is the payload of SignalApprovalDecided.
type ApprovalDecided struct {
	ApprovalID string `json:"approval_id"`
	DecisionID string `json:"decision_id"`
}

// DecisionInput is the input of ActivityReadDecision and ActivityExpireApproval (DecisionID empty).
type DecisionInput struct {
	Step
	ApprovalID string `json:"approval_id"`
	DecisionID string `json:"decision_id,omitempty"`
	Withdraw   bool   `json:"withdraw,omitempty"` // expire it before its deadline: its run was cancelled
}

// DecisionOutput is a verified decision; Outcome is empty when there is none that verifies.
type DecisionOutput struct {
	Outcome string    `json:"outcome"` // approved | denied | expired | ""
	By      string    `json:"by,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Calls   []string  `json:"calls,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Refused string    `json:"refused,omitempty"` // why no decision came of the id
}

// RecordInput is the input of ActivityRecord: only the entries are appended.
type RecordInput struct {
	Step
}

// CloseInput is the input of ActivityCloseRun: the last entries and the run's result.
type CloseInput struct {
	Step
	Output  PlaybookOutput `json:"output"`
	Verdict string         `json:"verdict,omitempty"`
}
