// Package contract is what crosses between the workflow and the activities: names and input and output structs.
// They are JSON in histories that are kept for years: fields are added, never renamed or redefined.
package contract

import (
	"encoding/json"
	"time"

	"picket/playbooks/plan"
)

// The workflows: WorkflowPlaybook interprets a plan; WorkflowLoop interprets a part of one long loop of it;
// WorkflowScheduled starts a run because its time has come.
const (
	WorkflowPlaybook  = "Playbook"
	WorkflowLoop      = "Loop"
	WorkflowScheduled = "Scheduled"
)

// The task queues.
const (
	QueueWorkflow      = "picket-workflow"
	QueueSlow          = "picket-slow"          // model calls and slow reads
	QueueConsequential = "picket-consequential" // calls that change the world
)

// The signals. Each carries ids, never authority: what it says is read again from the database.
const (
	SignalApprovalDecided = "approval.decided" // ApprovalDecided
	SignalEventMatched    = "event.matched"    // EventMatched
	SignalKeyFree         = "run.key_free"     // KeyFree
)

// The activities.
const (
	ActivityCall            = "Call"
	ActivityModel           = "Model"
	ActivityRequestApproval = "RequestApproval"
	ActivityReadDecision    = "ReadDecision"
	ActivityExpireApproval  = "ExpireApproval"
	ActivityRemindApproval  = "RemindApproval"
	ActivityAcquireKey      = "AcquireKey"
	ActivityOpenRun         = "OpenRun"
	ActivitySubscribe       = "Subscribe"
	ActivityReadEvent       = "ReadEvent"
	ActivityStartScheduled  = "StartScheduled"
	ActivityRecord          = "Record"
	ActivityCloseRun        = "CloseRun"
)

// PlaybookInput is the input of WorkflowPlaybook.
type PlaybookInput struct {
	RunID   string    `json:"run_id"`
	Plan    plan.Plan `json:"plan"`
	Trigger Trigger   `json:"trigger"`
	Shadow  *Shadow   `json:"shadow,omitempty"`
	Depth   int       `json:"depth,omitempty"` // how many calls stand above this run
	// State is what a run that has continued as new carries along, in the interpreter's own form.
	State json.RawMessage `json:"state,omitempty"`
	// Earlier is set where the run does not begin at the plan's beginning.
	Earlier *Earlier `json:"earlier,omitempty"`
}

// Earlier is what a run takes over from an earlier one of the same plan: the results of the steps before the one that it
// begins with. No decision is taken over.
type Earlier struct {
	RunID string        `json:"run_id"`
	First int           `json:"first"` // index of the playbook's own step that it begins with
	Steps []EarlierStep `json:"steps"`
}

// EarlierStep is a result that is taken over.
type EarlierStep struct {
	ID     string          `json:"id"`
	Status string          `json:"status"`
	Output json.RawMessage `json:"output,omitempty"`
	Error  *CallError      `json:"error,omitempty"`
}

// Shadow tells which consequential calls are not made but only recorded: all of them, where Operations is empty.
type Shadow struct {
	Operations []string `json:"operations,omitempty"`
}

// Trigger is what started a run.
type Trigger struct {
	Kind        string          `json:"kind"` // alert | manual | schedule | call | undo
	AlertID     string          `json:"alert_id,omitempty"`
	Alert       json.RawMessage `json:"alert,omitempty"` // soc.Alert
	Inputs      json.RawMessage `json:"inputs,omitempty"`
	RequestedBy string          `json:"requested_by,omitempty"`
	Parent      string          `json:"parent,omitempty"` // the run that called this one, or that this one undoes
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

// Verdict reads the verdict from the output of a step that returns one.
func Verdict(returns string, output json.RawMessage) (verdict string, ok bool) {
	var v struct {
		Verdict string `json:"verdict"`
	}
	ok = returns == "verdict" && json.Unmarshal(output, &v) == nil
	return v.Verdict, ok
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
	// Of an agent's turn. Turn counts from 1; 0 is a model step, whose every answer that is no good is an error. Every turn
	// sends the whole conversation.
	Turn      int    `json:"turn,omitempty"`
	Turns     []Turn `json:"turns,omitempty"`
	Tools     []Tool `json:"tools,omitempty"`
	Model     string `json:"model,omitempty"` // instead of the provider's own
	MaxTokens int    `json:"max_tokens,omitempty"`

	Instructions string `json:"instructions,omitempty"` // of an agent file: part of the system prompt
	Conclude     string `json:"conclude,omitempty"`     // no model is asked: the inconclusive verdict is made, for this reason
}

// Evidence is a fact shown to a model or an approver.
type Evidence struct {
	ID        string          `json:"id"`
	Title     string          `json:"title,omitempty"`
	Data      json.RawMessage `json:"data"`
	Untrusted bool            `json:"untrusted,omitempty"`
}

// ModelOutput is the result of ActivityModel. Of an agent's turn it has one of Output, a Reply with calls, and a Problem.
type ModelOutput struct {
	Output    json.RawMessage `json:"output"`
	TokensIn  int             `json:"tokens_in"`
	TokensOut int             `json:"tokens_out"`
	CostUSD   float64         `json:"cost_usd"`
	// Of an agent's turn: what the model said, as the next turn sends it back; why it stopped; and what is wrong with
	// an answer that does not hold to what was asked, in words for the model.
	Reply   *Turn  `json:"reply,omitempty"`
	Stop    string `json:"stop,omitempty"`
	Problem string `json:"problem,omitempty"`
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
	Quorum     int            `json:"quorum,omitempty"`
	// Form makes this a question instead of a consent: there are no calls, and the decision carries answers.
	Form []plan.FormField `json:"form,omitempty"`
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
	Edit       []plan.Edit     `json:"edit,omitempty"` // the arguments that the approver may change
}

// ApprovalDecided is the payload of SignalApprovalDecided.
type ApprovalDecided struct {
	ApprovalID string `json:"approval_id"`
	DecisionID string `json:"decision_id"`
}

// ApprovalOutput is the result of ActivityRequestApproval.
type ApprovalOutput struct {
	// DecisionID is of a decision that stands already. It does where a worker was lost after it had asked: people have
	// decided since, and the signal that told of it came before the workflow asked again.
	DecisionID string `json:"decision_id,omitempty"`
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
	// Edited holds, by step path, the arguments of those calls that the approver has changed; Calls has their digests.
	Edited  map[string]json.RawMessage `json:"edited,omitempty"`
	Answers json.RawMessage            `json:"answers,omitempty"` // of a form: an object of the fields' values
}

// RemindInput is the input of ActivityRemindApproval.
type RemindInput struct {
	Step
	ApprovalID string `json:"approval_id"`
	Number     int    `json:"number"` // of the reminder, from 1
}

// KeyInput is the input of ActivityAcquireKey, which is asked again after each SignalKeyFree.
type KeyInput struct {
	Step
	Playbook string `json:"playbook"`
	Key      string `json:"key"`
	Overlap  string `json:"overlap"`
}

// The states of a run that wants a key.
const (
	KeyHeld    = "held"    // no other run of the playbook has the key until this one is closed
	KeyQueued  = "queued"  // SignalKeyFree will come
	KeySkipped = "skipped" // this run ends: another one has the key
	KeyJoined  = "joined"  // this run ends: its alert has reached the one that has the key
)

// KeyOutput is the result of ActivityAcquireKey.
type KeyOutput struct {
	State  string `json:"state"`
	Holder string `json:"holder,omitempty"` // the run that has the key, if it is not this one
}

// KeyFree is the payload of SignalKeyFree.
type KeyFree struct {
	RunID string `json:"run_id"`
}

// OpenInput is the input of ActivityOpenRun, which keeps the row of a called playbook's run and is safe to repeat.
type OpenInput struct {
	Step
	ChildRunID string          `json:"child_run_id"` // ChildRunID of the calling run and the step's path
	Playbook   string          `json:"playbook"`
	Digest     string          `json:"digest"` // of the plan
	AlertID    string          `json:"alert_id,omitempty"`
	Inputs     json.RawMessage `json:"inputs,omitempty"`
}

// OpenOutput is the result of ActivityOpenRun.
type OpenOutput struct {
	WorkflowID string    `json:"workflow_id"`
	Plan       plan.Plan `json:"plan"`
	Shadow     *Shadow   `json:"shadow,omitempty"`
}

// SubscribeInput is the input of ActivitySubscribe: from now on each accepted alert is held against the condition, and
// the first that meets it is kept and signalled. It is safe to repeat.
type SubscribeInput struct {
	Step
	SubscriptionID string          `json:"subscription_id"`
	Sources        []string        `json:"sources,omitempty"`
	When           string          `json:"when,omitempty"`
	Vars           json.RawMessage `json:"vars,omitempty"` // an object: the roots that When names, but `event`
	Until          time.Time       `json:"until"`
}

// SubscribeOutput is the result of ActivitySubscribe.
type SubscribeOutput struct {
	Matched bool `json:"matched,omitempty"` // an event has matched already: its signal may have come before
}

// EventMatched is the payload of SignalEventMatched.
type EventMatched struct {
	SubscriptionID string `json:"subscription_id"`
}

// EventInput is the input of ActivityReadEvent. Close ends the subscription if nothing has matched.
type EventInput struct {
	Step
	SubscriptionID string `json:"subscription_id"`
	Close          bool   `json:"close,omitempty"`
}

// EventOutput is the result of ActivityReadEvent.
type EventOutput struct {
	Matched bool            `json:"matched"`
	AlertID string          `json:"alert_id,omitempty"`
	Alert   json.RawMessage `json:"alert,omitempty"`
}

// ScheduledInput is the input of WorkflowScheduled and of ActivityStartScheduled. The run's id derives from the
// workflow's id, which Temporal makes of the schedule and the time: a time starts one run.
type ScheduledInput struct {
	Playbook string          `json:"playbook"`
	Inputs   json.RawMessage `json:"inputs,omitempty"`
}

// ScheduledOutput is the result of ActivityStartScheduled.
type ScheduledOutput struct {
	RunID string `json:"run_id"`
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
