package contract

import (
	"encoding/json"
	"time"

	"picket/playbooks/plan"
)

// The kinds of ledger entries.
const (
	KindAlertAccepted     = "alert.accepted"       // body: the alert's id, source, title, severity
	KindAlertChanged      = "alert.changed"        // soc.AlertChange: closed, opened again, or of another severity
	KindPolicyHeld        = "policy.held"          // {"policy","approval_id","why"}: a closing policy that left an approval to people
	KindRunStarted        = "run.started"          // RunBody
	KindStepFinished      = "step.finished"        // StepBody: every step ends in one
	KindCallStarted       = "call.started"         // CallBody: only consequential calls, before they are sent
	KindCallFinished      = "call.finished"        // CallBody: one per attempt
	KindModelAnswered     = "model.answered"       // ModelBody: one per attempt
	KindApprovalRequested = "approval.requested"   // soc.Approval
	KindApprovalDecided   = "approval.decided"     // soc.Decision; also expiry
	KindSignalRefused     = "signal.refused"       // {"decision_id","why"}
	KindApprovalReminded  = "approval.reminded"    // {"approval_id","number"}
	KindApprovalVoted     = "approval.voted"       // soc.Vote: a yes of a quorum that is not complete
	KindCallShadowed      = "call.shadowed"        // CallBody: a consequential call that shadow mode has not made
	KindApprovalShadowed  = "approval.shadowed"    // ApprovalInput: an approval that shadow mode has not asked for
	KindKeyState          = "run.key"              // KeyBody
	KindEventMatched      = "event.matched"        // {"subscription_id","alert_id"}
	KindRunOpened         = "run.opened"           // OpenBody: a called playbook's run
	KindRunFinished       = "run.finished"         // PlaybookOutput
	KindHistoryArchived   = "history.archived"     // {"digest","events","bytes","index"}
	KindCancelRequested   = "run.cancel_requested" // {"by","reason"}
	KindPlaybookShadowed  = "playbook.shadowed"    // soc.ShadowSetting; of no run
	KindPlaybookPromoted  = "playbook.promoted"    // {"playbook","by","reason","was"}; of no run
	KindPlaybookSaved     = "playbook.saved"       // soc.PlaybookVersion without its texts; of no run
	KindPlaybookPublished = "playbook.published"   // soc.Publication; of no run
	KindPlaybookProposed  = "playbook.proposed"    // ProposalBody, after the model.answered of its rounds; of no run
	KindToolsPinned       = "mcp.pinned"           // ToolsPinned; of no run
	KindFactProposed      = "fact.proposed"        // soc.Fact; of no run
	KindFactDecided       = "fact.decided"         // soc.Fact; of no run
	KindModelEvaluated    = "model.evaluated"      // EvaluationBody, after a model.answered with what each provider used; of no run
	KindModelAskedAgain   = "model.asked_again"    // AskedAgainBody, after the model.answered; of no run
	KindVerdictJudged     = "verdict.judged"       // soc.Judgement: a person says whether a verdict is right
)

// RunBody is the body of KindRunStarted.
type RunBody struct {
	Playbook    string          `json:"playbook"`
	PlanDigest  string          `json:"plan_digest"`
	AlertID     string          `json:"alert_id,omitempty"`
	RequestedBy string          `json:"requested_by,omitempty"`
	Trigger     string          `json:"trigger,omitempty"` // Trigger.Kind, where it is not alert or manual
	Parent      string          `json:"parent,omitempty"`
	Shadow      bool            `json:"shadow,omitempty"`
	Inputs      json.RawMessage `json:"inputs,omitempty"` // as they were given, defaults left out
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
	Undo    *UndoBody       `json:"undo,omitempty"`    // what would take this step back
	Run     string          `json:"run_id,omitempty"`  // of a call step: the run it made
	Shadow  bool            `json:"shadow,omitempty"`  // the call was recorded, not made
	Undoes  string          `json:"undoes,omitempty"`  // path of the step that this one took back
	Group   int             `json:"group,omitempty"`   // of the reads that ran at once
	Waited  *time.Time      `json:"waited,omitempty"`  // of a wait: until when
	Branch  string          `json:"branch,omitempty"`  // of a choose: "1", "2", ... or "else"; for coverage
	Caught  *CallError      `json:"caught,omitempty"`  // of a try: what its catch has dealt with
	Rounds  int             `json:"rounds,omitempty"`  // of a repeat
	Items   int             `json:"items,omitempty"`   // of a foreach
	Failed  int             `json:"failed,omitempty"`  // of a foreach that collects: how many items failed
	Expired bool            `json:"expired,omitempty"` // an approve, ask or wait whose time ran out
}

// UndoBody is the exact call that takes a finished step back, and who decides on it if it is consequential.
type UndoBody struct {
	Operation  string          `json:"operation"`
	Connection string          `json:"connection,omitempty"`
	Effect     string          `json:"effect"`
	Arguments  json.RawMessage `json:"arguments"`
	Origins    []plan.Origin   `json:"origins,omitempty"`
	Role       string          `json:"role,omitempty"`
	Within     plan.Duration   `json:"within,omitempty"`
	Timeout    plan.Duration   `json:"timeout,omitempty"`
}

// KeyBody is the body of KindKeyState.
type KeyBody struct {
	Key    string `json:"key"`
	State  string `json:"state"` // held | queued | skipped | joined
	Holder string `json:"holder,omitempty"`
}

// OpenBody is the body of KindRunOpened.
type OpenBody struct {
	RunID    string `json:"run_id"`
	Playbook string `json:"playbook"`
	Digest   string `json:"digest"`
	Detached bool   `json:"detached,omitempty"`
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
	NoPrice   bool            `json:"no_price,omitempty"` // the cost, or a part of it, is not known
	Turn      int             `json:"turn,omitempty"`     // of an agent, from 1
	Reply     *Turn           `json:"reply,omitempty"`
	Stop      string          `json:"stop,omitempty"`
	Problem   string          `json:"problem,omitempty"` // an agent's answer that is no good
	Tried     []Tried         `json:"tried,omitempty"`   // of a chain or a committee
	Masked    *MaskedBody     `json:"masked,omitempty"`  // a benign verdict was asked for again
	Started   time.Time       `json:"started"`
	Ended     time.Time       `json:"ended"`
}

// ProposalBody is the body of KindPlaybookProposed: what somebody asked a model to write, and how that ended. The texts stand
// in the entries of its rounds.
type ProposalBody struct {
	Kind     string `json:"kind"` // playbook | change | expression
	Words    string `json:"words"`
	Playbook string `json:"playbook,omitempty"`
	OK       bool   `json:"ok"`
	Rounds   int    `json:"rounds"`
	Provider string `json:"provider"`
	Model    string `json:"model,omitempty"`
}

// EvaluationBody is the body of KindModelEvaluated: somebody measured one provider, or two, on labelled alerts.
type EvaluationBody struct {
	Set      string `json:"set"`
	Alerts   int    `json:"alerts"`
	Provider string `json:"provider"`
	Against  string `json:"against,omitempty"`
}

// AskedAgainBody is the body of KindModelAskedAgain: somebody asked a model what a step of a run had asked.
type AskedAgainBody struct {
	RunID     string `json:"run_id"`
	Step      string `json:"step"`
	OwnPrompt bool   `json:"own_prompt"` // with another prompt
}

// ToolsPinned is the body of KindToolsPinned: the tools of an MCP server as they were when they were first seen.
type ToolsPinned struct {
	Server string            `json:"server"`
	URL    string            `json:"url"`
	Tools  map[string]string `json:"tools"` // name to digest
}

// MaskedBody is the second asking of a benign verdict, with so many texts of the evidence masked. What it used is counted
// in the ModelBody.
type MaskedBody struct {
	Texts   int             `json:"texts"`
	Request json.RawMessage `json:"request,omitempty"`
	Answer  string          `json:"answer,omitempty"`
	Verdict json.RawMessage `json:"verdict,omitempty"` // completed as the first one was
	Error   *CallError      `json:"error,omitempty"`
}
