package spec

import (
	"slices"

	"picket/playbooks/plan"
)

// What a key of the language takes.
const (
	TakesLiteral   = "literal"   // text in which no expression may stand
	TakesText      = "text"      // text, with expressions in it
	TakesCondition = "condition" // an expression, ${{ }} not needed
	TakesValue     = "value"     // any value, with expressions in it
	TakesValues    = "values"    // a mapping of names to values
	TakesDuration  = "duration"  // 30s, 10m, 1h30m, 7d
	TakesInteger   = "integer"
	TakesNumber    = "number"
	TakesBoolean   = "boolean"
	TakesWords     = "words"  // a list of words
	TakesSteps     = "steps"  // a list of steps
	TakesSchema    = "schema" // a JSON Schema, as a mapping
	TakesMap       = "map"    // a mapping of names to the construct In
	TakesNothing   = "nothing"
)

// Key is one key of a construct. What it takes is one of the forms in Takes, or one of the constructs in In; with
// List a list of these as well.
type Key struct {
	Name     string
	Doc      string // one sentence or two, for people
	Takes    []string
	In       []string // names of constructs
	Enum     []string // the words of a literal that has only few
	List     bool
	Required bool
	Default  string
	Example  string // as YAML, in one line
}

// Construct is a mapping of the language: the playbook, a step, or what a verb takes.
type Construct struct {
	Name string
	Doc  string
	Keys []Key
}

// Names are the construct's keys, in the order in which they are written.
func (c Construct) Names() []string {
	names := make([]string, len(c.Keys))
	for i, k := range c.Keys {
		names[i] = k.Name
	}
	return names
}

// Key is a key by its name.
func (c Construct) Key(name string) (Key, bool) {
	i := slices.IndexFunc(c.Keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return c.Keys[i], true
}

// Find is a construct by its name: "playbook", "step", or a name that a key's In has.
func Find(name string) (Construct, bool) {
	i := slices.IndexFunc(Language, func(c Construct) bool { return c.Name == name })
	if i < 0 {
		return Construct{}, false
	}
	return Language[i], true
}

// keys are the keys of a construct that the table has.
func keys(construct string) []string {
	c, ok := Find(construct)
	if !ok {
		panic("spec: the language has no construct " + construct) // a name in this package
	}
	return c.Names()
}

// Verbs are the verbs, of which a step has exactly one.
var Verbs = []string{
	plan.VerbAction, plan.VerbSet, plan.VerbChoose, plan.VerbParallel, plan.VerbForeach, plan.VerbRepeat, plan.VerbWait,
	plan.VerbCall, plan.VerbModel, plan.VerbAgent, plan.VerbApprove, plan.VerbAsk, plan.VerbTry, plan.VerbStop,
}

// Overlaps are the ways in which a run meets another one with its key.
var Overlaps = []string{plan.OverlapQueue, plan.OverlapSkip, plan.OverlapJoin, plan.OverlapCancelRunning}

// FieldTypes are the types of a form's fields.
var FieldTypes = []string{"text", "number", "boolean", "choice", "choices", "date"}

var (
	literalOnly = []string{TakesLiteral}
	textOnly    = []string{TakesText}
	durationKey = []string{TakesDuration}
	stepsKey    = []string{TakesSteps}
	wordsKey    = []string{TakesWords}
	wholeKey    = []string{TakesInteger}
)

// Language is every construct with its keys in the order in which they are written: the reader, the JSON Schema, the
// formatter, the editor's completion and the reference all come from it.
var Language = []Construct{
	{Name: "playbook", Doc: "How one kind of alert is investigated.", Keys: []Key{
		{Name: "name", Doc: "The playbook's unique name, in kebab-case.", Takes: literalOnly, Required: true, Example: "suspicious-sign-in"},
		{Name: "title", Doc: "The name for people.", Takes: literalOnly},
		{Name: "owner", Doc: "The team or person who answers for it.", Takes: literalOnly, Required: true, Example: "identity-team"},
		{Name: "labels", Doc: "Words to find it by, in kebab-case.", Takes: wordsKey},
		{Name: "attack", Doc: "The ATT&CK techniques that it is about.", Takes: wordsKey, Example: "[T1078, T1110.003]"},
		{Name: "on", Doc: "What starts a run.", In: []string{"on"}, Required: true},
		{Name: "inputs", Doc: "What a run can be given, by name. Starts by hand, the API, schedules and calls fill them in.", Takes: []string{TakesMap}, In: []string{"input"}},
		{Name: "run", Doc: "Rules for a run as a whole.", In: []string{"run"}},
		{Name: "steps", Doc: "What is done, from top to bottom.", Takes: stepsKey, Required: true},
		{Name: "outputs", Doc: "What a run gives back, by name.", Takes: []string{TakesValues}},
	}},
	{Name: "on", Doc: "What starts a run; any of its keys does.", Keys: []Key{
		{Name: "alert", Doc: "Alerts of these sources for which the condition holds.", Takes: []string{TakesNothing}, In: []string{"alert"}, List: true},
		{Name: "manual", Doc: "People and the API may start it.", Takes: []string{TakesNothing}, In: []string{"manual"}},
		{Name: "schedule", Doc: "The clock starts it.", In: []string{"schedule"}, List: true},
	}},
	{Name: "alert", Doc: "Which alerts start a run.", Keys: []Key{
		{Name: "source", Doc: "The source that the alert comes from, or several; any where it is left out.", Takes: literalOnly, List: true},
		{Name: "when", Doc: "A condition over `alert`.", Takes: []string{TakesCondition}, Example: "alert.severity >= high"},
	}},
	{Name: "manual", Doc: "A start by a person or the API.", Keys: nil},
	{Name: "schedule", Doc: "A start by the clock.", Keys: []Key{
		{Name: "cron", Doc: "When: minute, hour, day of the month, month, day of the week.", Takes: literalOnly, Example: `"0 6 * * *"`},
		{Name: "every", Doc: "How often, where the hour does not matter.", Takes: durationKey, Example: "5m"},
		{Name: "timezone", Doc: "The time zone that the hours are in.", Takes: literalOnly, Default: "UTC", Example: "Europe/Berlin"},
		{Name: "inputs", Doc: "Inputs of the run; no expressions.", Takes: []string{TakesValues}},
	}},
	{Name: "input", Doc: "A declared input.", Keys: []Key{
		{Name: "type", Doc: "The type of its values.", Takes: literalOnly, Enum: Types, Required: true},
		{Name: "default", Doc: "Its value where none is given.", Takes: []string{TakesValue}},
		{Name: "required", Doc: "Whether a run needs it.", Takes: []string{TakesBoolean}, Default: "false"},
	}},
	{Name: "run", Doc: "Rules for a run as a whole.", Keys: []Key{
		{Name: "key", Doc: "At most one run of this playbook at a time for a key; an empty key is none.", Takes: textOnly, Example: "'${{ alert.user.name }}'"},
		{Name: "overlap", Doc: "What a run does while another one has its key: wait in line, not run at all, hand its alert to the other one, or cancel the other one.", Takes: literalOnly, Enum: Overlaps, Default: "queue"},
		{Name: "timeout", Doc: "The longest time that a run may take.", Takes: durationKey, Example: "24h"},
		{Name: "budget", Doc: "What a run may spend on language models.", In: []string{"budget"}},
	}},
	{Name: "budget", Doc: "What a run may spend on language models.", Keys: []Key{
		{Name: "model_tokens", Doc: "Tokens, in and out.", Takes: wholeKey},
		{Name: "model_cost_usd", Doc: "US dollars.", Takes: []string{TakesNumber}},
	}},
	{Name: "step", Doc: "One step, with exactly one verb.", Keys: []Key{
		{Name: "id", Doc: "The step's name in expressions, unique in the playbook.", Takes: literalOnly, Required: true},
		{Name: "title", Doc: "What the step does, for people.", Takes: literalOnly},
		{Name: "if", Doc: "The step runs only if this holds.", Takes: []string{TakesCondition}},
		{Name: plan.VerbAction, Doc: "Calls one operation of a connector.", Takes: literalOnly, Example: "okta.suspend_user"},
		{Name: plan.VerbSet, Doc: "Computes values, by name.", Takes: []string{TakesValues}},
		{Name: plan.VerbChoose, Doc: "Runs the first branch whose condition holds, or `else`.", In: []string{"branch", "choose"}, List: true},
		{Name: plan.VerbParallel, Doc: "Runs named branches at once.", In: []string{"parallel"}},
		{Name: plan.VerbForeach, Doc: "Runs its steps for each item of a list.", In: []string{"foreach"}},
		{Name: plan.VerbRepeat, Doc: "Runs its steps again until, or while, a condition holds.", In: []string{"repeat"}},
		{Name: plan.VerbWait, Doc: "Waits for some time, until a time, or for an event.", Takes: durationKey, In: []string{"wait"}},
		{Name: plan.VerbCall, Doc: "Runs another playbook.", Takes: literalOnly, In: []string{"call"}},
		{Name: plan.VerbModel, Doc: "Asks a language model once.", In: []string{"model"}},
		{Name: plan.VerbAgent, Doc: "Lets a language model call tools until it can answer.", In: []string{"agent"}},
		{Name: plan.VerbApprove, Doc: "Asks people whether the steps that it covers may run.", In: []string{"approve"}},
		{Name: plan.VerbAsk, Doc: "Lets a person fill in a form.", In: []string{"ask"}},
		{Name: plan.VerbTry, Doc: "Runs steps, others where one of them fails, and others in any case.", In: []string{"try"}},
		{Name: plan.VerbStop, Doc: "Ends the run.", Takes: []string{TakesNothing, TakesLiteral}, Enum: []string{"completed", "failed"}, In: []string{"stop"}},
		{Name: "connection", Doc: "The connection that an action uses; the connector's only or default one where it is left out.", Takes: literalOnly},
		{Name: "with", Doc: "The arguments of an action.", Takes: []string{TakesValues}},
		{Name: "undo", Doc: "The call that takes an action back.", In: []string{"undo"}},
		{Name: "timeout", Doc: "The longest time that one attempt may take; of an agent, all of its turns without what people take to decide.", Takes: durationKey},
		{Name: "retry", Doc: "How often a call is tried.", In: []string{"retry"}},
		{Name: "on_error", Doc: "What happens when the step fails: the run fails, goes on, or takes back what it did and fails.", Takes: literalOnly, Enum: []string{"fail", "continue", "undo"}, Default: "fail"},
	}},
	{Name: "retry", Doc: "How often a call is tried.", Keys: []Key{
		{Name: "attempts", Doc: "Attempts in all, from 1 to 20.", Takes: wholeKey, Required: true},
		{Name: "backoff", Doc: "The time before the second attempt; it doubles.", Takes: durationKey, Default: "1s"},
	}},
	{Name: "undo", Doc: "The call that takes an action back. Where it changes the world, it has an approval of its own.", Keys: []Key{
		{Name: "action", Doc: "The operation.", Takes: literalOnly, Required: true},
		{Name: "connection", Doc: "Its connection; the step's where it is left out.", Takes: literalOnly},
		{Name: "with", Doc: "Its arguments; they may use the step's own output.", Takes: []string{TakesValues}},
		{Name: "by", Doc: "Who decides on it; those who approved the step where it is left out.", In: []string{"role"}},
		{Name: "within", Doc: "How long that decision may take.", Takes: durationKey},
	}},
	{Name: "branch", Doc: "A branch: a condition and its steps; the last one may have `else` only.", Keys: []Key{
		{Name: "when", Doc: "The condition.", Takes: []string{TakesCondition}},
		{Name: "steps", Doc: "What is done where it holds.", Takes: stepsKey},
		{Name: "else", Doc: "What is done where no condition holds.", Takes: stepsKey},
	}},
	{Name: "choose", Doc: "Branches and what is done where none holds.", Keys: []Key{
		{Name: "branches", Doc: "The branches, in order.", In: []string{"branch"}, List: true, Required: true},
		{Name: "else", Doc: "What is done where no condition holds.", Takes: stepsKey},
	}},
	{Name: "parallel", Doc: "Named branches that run at once.", Keys: []Key{
		{Name: "branches", Doc: "The branches, by name.", Takes: []string{TakesMap}, In: []string{"steps"}, Required: true},
		{Name: "wait", Doc: "Whether all branches must end, or the first ends the step.", Takes: literalOnly, Enum: []string{"all", "any"}, Default: "all"},
		{Name: "on_failure", Doc: "Whether a branch that fails stops the others, or is collected.", Takes: literalOnly, Enum: []string{"stop", "collect"}, Default: "stop"},
	}},
	{Name: "foreach", Doc: "A list and what is done with each item.", Keys: []Key{
		{Name: "items", Doc: "The list.", Takes: []string{TakesCondition, TakesValue}, Required: true},
		{Name: "as", Doc: "The item's name in expressions.", Takes: literalOnly, Default: "item"},
		{Name: "at_once", Doc: "How many items at a time, from 1 to 50.", Takes: wholeKey, Default: "1"},
		{Name: "at_most", Doc: "How many items the list may have; more fail the step.", Takes: wholeKey, Default: "10000"},
		{Name: "on_failure", Doc: "Whether an item that fails stops the loop, or is collected.", Takes: literalOnly, Enum: []string{"stop", "collect"}, Default: "stop"},
		{Name: "collect", Doc: "What the output has of each item; the outputs of its steps where it is left out.", Takes: []string{TakesValue}},
		{Name: "steps", Doc: "What is done with each item.", Takes: stepsKey, Required: true},
	}},
	{Name: "repeat", Doc: "What is done again and again.", Keys: []Key{
		{Name: "until", Doc: "The loop ends after a round in which this holds.", Takes: []string{TakesCondition}},
		{Name: "while", Doc: "A round is made only if this holds before it.", Takes: []string{TakesCondition}},
		{Name: "every", Doc: "The time between two rounds.", Takes: durationKey},
		{Name: "at_most", Doc: "How many rounds there may be; the step fails where they do not suffice.", Takes: wholeKey, Required: true},
		{Name: "steps", Doc: "What is done in each round.", Takes: stepsKey, Required: true},
	}},
	{Name: "wait", Doc: "What is waited for.", Keys: []Key{
		{Name: "for", Doc: "A length of time.", Takes: durationKey},
		{Name: "until", Doc: "A time.", Takes: textOnly},
		{Name: "event", Doc: "A later alert.", In: []string{"event"}},
		{Name: "within", Doc: "How long an event is waited for.", Takes: durationKey},
		{Name: "on_timeout", Doc: "What happens when no event comes in time.", Takes: literalOnly, Enum: []string{"fail", "continue"}, Default: "fail"},
	}},
	{Name: "event", Doc: "A later alert.", Keys: []Key{
		{Name: "source", Doc: "Its source, or several; any where it is left out.", Takes: literalOnly, List: true},
		{Name: "when", Doc: "A condition over `event` and what is known here.", Takes: []string{TakesCondition}, Example: "event.host.name == alert.host.name"},
	}},
	{Name: "call", Doc: "A run of another playbook.", Keys: []Key{
		{Name: "playbook", Doc: "Its name.", Takes: literalOnly, Required: true},
		{Name: "inputs", Doc: "Its inputs, by name.", Takes: []string{TakesValues}},
		{Name: "detached", Doc: "Whether the run is only started, and not waited for.", Takes: []string{TakesBoolean}, Default: "false"},
	}},
	{Name: "model", Doc: "A question to a language model.", Keys: []Key{
		{Name: "provider", Doc: "The configured provider; the workspace's default where it is left out.", Takes: literalOnly},
		{Name: "prompt", Doc: "What is asked. Untrusted text belongs into the evidence.", Takes: textOnly, Required: true},
		{Name: "evidence", Doc: "What the model is shown, marked as data.", Takes: []string{TakesValue}, List: true},
		{Name: "returns", Doc: "The answer's form: `verdict`, or a JSON Schema.", Takes: []string{TakesLiteral, TakesSchema}, Enum: []string{"verdict"}, Required: true},
		{Name: "missing", Doc: "Steps whose absence makes the verdict inconclusive.", Takes: wordsKey},
	}},
	{Name: "agent", Doc: "A goal, and what a language model may do to reach it.", Keys: []Key{
		{Name: "use", Doc: "The agent file that gives what is left out here.", Takes: literalOnly, Example: "sign-in-analyst"},
		{Name: "provider", Doc: "The configured provider; the workspace's default where it is left out.", Takes: literalOnly},
		{Name: "goal", Doc: "What the agent is to find out. Untrusted text belongs into the evidence.", Takes: textOnly},
		{Name: "evidence", Doc: "What it is shown at first, marked as data.", Takes: []string{TakesValue}, List: true},
		{Name: "tools", Doc: "The operations that it may call, and no others.", Takes: wordsKey, Example: "[okta.get_user, geoip.lookup]"},
		{Name: "connections", Doc: "The connections that the tools use, by connector.", Takes: []string{TakesValues}},
		{Name: "returns", Doc: "The answer's form: `verdict`, or a JSON Schema.", Takes: []string{TakesLiteral, TakesSchema}, Enum: []string{"verdict"}},
		{Name: "missing", Doc: "Steps whose absence makes the verdict inconclusive.", Takes: wordsKey},
		{Name: "max_turns", Doc: "How often the model is asked at most.", Takes: wholeKey, Default: "8"},
		{Name: "budget", Doc: "What the agent may spend; the run's budget counts as well.", In: []string{"budget"}},
		{Name: "approval", Doc: "Who decides on a call that changes the world, each time, with its exact arguments.", In: []string{"tool_approval"}},
	}},
	{Name: "tool_approval", Doc: "Who decides on an agent's consequential calls.", Keys: []Key{
		{Name: "by", Doc: "Who decides.", In: []string{"by"}, Required: true},
		{Name: "within", Doc: "How long the decision may take; then the call is not made.", Takes: durationKey, Required: true},
	}},
	{Name: "role", Doc: "Who decides.", Keys: []Key{
		{Name: "role", Doc: "The role that a person must hold.", Takes: literalOnly, Required: true},
	}},
	{Name: "by", Doc: "Who decides.", Keys: []Key{
		{Name: "role", Doc: "The role that a person must hold.", Takes: literalOnly, Required: true},
		{Name: "quorum", Doc: "How many different people must say yes; one no is a no.", Takes: wholeKey, Default: "1"},
		{Name: "not", Doc: "Who may not decide: the person who started the run.", Takes: literalOnly, Enum: []string{"requester"}},
	}},
	{Name: "asked", Doc: "Who answers.", Keys: []Key{
		{Name: "role", Doc: "The role that a person must hold.", Takes: literalOnly, Required: true},
		{Name: "not", Doc: "Who may not answer: the person who started the run.", Takes: literalOnly, Enum: []string{"requester"}},
	}},
	{Name: "approve", Doc: "A decision that releases steps.", Keys: []Key{
		{Name: "title", Doc: "The question.", Takes: textOnly, Required: true},
		{Name: "message", Doc: "What one should know to decide.", Takes: textOnly},
		{Name: "by", Doc: "Who decides.", In: []string{"by"}, Required: true},
		{Name: "covers", Doc: "The actions that a yes releases, each with its exact arguments; of an action in a later foreach, the calls for all items.", Takes: wordsKey},
		{Name: "edit", Doc: "Arguments that the approver may change, as STEP.ARGUMENT.", Takes: wordsKey, Example: "[contain.comment]"},
		{Name: "within", Doc: "How long the decision may take.", Takes: durationKey, Required: true},
		{Name: "remind", Doc: "How often people are reminded while nobody has decided.", Takes: durationKey},
		{Name: "on_timeout", Doc: "What happens when nobody decides in time. It never approves.", Takes: literalOnly, Enum: []string{"deny", "escalate"}, Default: "deny"},
		{Name: "escalate_to", Doc: "Who decides then.", In: []string{"role"}},
		{Name: "evidence", Doc: "Steps whose outputs the approver is shown.", Takes: wordsKey},
	}},
	{Name: "ask", Doc: "A form that a person fills in.", Keys: []Key{
		{Name: "title", Doc: "The question.", Takes: textOnly, Required: true},
		{Name: "message", Doc: "What one should know to answer.", Takes: textOnly},
		{Name: "by", Doc: "Who answers.", In: []string{"asked"}, Required: true},
		{Name: "fields", Doc: "The form's fields, by name.", Takes: []string{TakesMap}, In: []string{"field"}, Required: true},
		{Name: "within", Doc: "How long the answer may take.", Takes: durationKey, Required: true},
		{Name: "remind", Doc: "How often people are reminded while nobody has answered.", Takes: durationKey},
		{Name: "on_timeout", Doc: "What happens when nobody answers in time.", Takes: literalOnly, Enum: []string{"fail", "continue", "escalate"}, Default: "fail"},
		{Name: "escalate_to", Doc: "Who is asked then.", In: []string{"role"}},
		{Name: "evidence", Doc: "Steps whose outputs are shown.", Takes: wordsKey},
	}},
	{Name: "field", Doc: "A field of a form.", Keys: []Key{
		{Name: "type", Doc: "What it takes.", Takes: literalOnly, Enum: FieldTypes, Required: true},
		{Name: "title", Doc: "Its name for people.", Takes: literalOnly},
		{Name: "options", Doc: "The words to choose from, or an expression that gives them; of types choice and choices only.", Takes: []string{TakesWords, TakesCondition}},
		{Name: "required", Doc: "Whether it must be filled in.", Takes: []string{TakesBoolean}, Default: "false"},
		{Name: "default", Doc: "What stands in it at first; no expression.", Takes: []string{TakesValue}},
	}},
	{Name: "try", Doc: "Steps that may fail.", Keys: []Key{
		{Name: "steps", Doc: "What is tried.", Takes: stepsKey, Required: true},
		{Name: "catch", Doc: "What is done where one of them fails; `error` says why.", Takes: stepsKey},
		{Name: "finally", Doc: "What is done in any case, also when the run stops or is cancelled.", Takes: stepsKey},
	}},
	{Name: "stop", Doc: "How the run ends.", Keys: []Key{
		{Name: "status", Doc: "What the run counts as.", Takes: literalOnly, Enum: []string{"completed", "failed"}, Default: "completed"},
		{Name: "reason", Doc: "Why, for people.", Takes: textOnly},
	}},
}
