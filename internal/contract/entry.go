package contract

import (
	"encoding/json"
	"time"
)

// The kinds of ledger entries.
const (
	KindAlertAccepted     = "alert.accepted"     // body: the alert's id, source, title, severity
	KindRunStarted        = "run.started"        // RunBody
	KindStepFinished      = "step.finished"      // StepBody: every step ends in one
	KindCallStarted       = "call.started"       // CallBody: only consequential calls, before they are sent
	KindCallFinished      = "call.finished"      // CallBody: one per attempt
	KindModelAnswered     = "model.answered"     // ModelBody: one per attempt
	KindApprovalRequested = "approval.requested" // soc.Approval
	KindApprovalDecided   = "approval.decided"   // soc.Decision; also expiry
	KindSignalRefused     = "signal.refused"     // {"decision_id","why"}
	KindRunFinished       = "run.finished"       // PlaybookOutput
	KindHistoryArchived   = "history.archived"   // {"digest","events","bytes"}
)

// RunBody is the body of KindRunStarted.
type RunBody struct {
	Playbook    string `json:"playbook"`
	PlanDigest  string `json:"plan_digest"`
	AlertID     string `json:"alert_id,omitempty"`
	RequestedBy string `json:"requested_by,omitempty"`
}

// The statuses of a step.
const (
	StepOK        = "ok"
	StepFailed    = "failed"
	StepSkipped   = "skipped"
	StepDenied    = "denied"    // an approve step that was denied or expired
	StepUnknown   = "unknown"   // a consequential call whose outcome is not known
	StepCancelled = "cancelled" // ended because the run or a sibling did
)

// StepBody is the body of KindStepFinished. Output is set for steps that no activity ran (set, choose, foreach).
type StepBody struct {
	Verb    string          `json:"verb"`
	Title   string          `json:"title,omitempty"`
	Status  string          `json:"status"`
	Reason  string          `json:"reason,omitempty"` // why skipped, denied or stopped; which branch
	Error   *CallError      `json:"error,omitempty"`
	Started time.Time       `json:"started"`
	Ended   time.Time       `json:"ended"`
	Output  json.RawMessage `json:"output,omitempty"`
}

// CallError says what went wrong, by kind of soc.Kind.
type CallError struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// CallBody is the body of KindCallStarted and KindCallFinished.
type CallBody struct {
	Operation  string          `json:"operation"`
	Connection string          `json:"connection,omitempty"`
	Effect     string          `json:"effect"`
	Input      json.RawMessage `json:"input,omitempty"`
	Output     json.RawMessage `json:"output,omitempty"`
	Error      *CallError      `json:"error,omitempty"`
	Decision   string          `json:"decision,omitempty"`
	Digest     string          `json:"digest,omitempty"`
	Confirmed  bool            `json:"confirmed,omitempty"` // the outcome was read back from the vendor after a crash
	Started    time.Time       `json:"started"`
	Ended      time.Time       `json:"ended,omitzero"`
}

// ModelBody is the body of KindModelAnswered. Request and Answer are exactly what was sent and received, but for keys.
type ModelBody struct {
	Provider  string          `json:"provider"`
	Model     string          `json:"model"`
	System    string          `json:"system"`
	Prompt    string          `json:"prompt"`
	Request   json.RawMessage `json:"request,omitempty"`
	Answer    string          `json:"answer,omitempty"`
	Output    json.RawMessage `json:"output,omitempty"`
	Error     *CallError      `json:"error,omitempty"`
	TokensIn  int             `json:"tokens_in"`
	TokensOut int             `json:"tokens_out"`
	CostUSD   float64         `json:"cost_usd"`
	Started   time.Time       `json:"started"`
	Ended     time.Time       `json:"ended"`
}
