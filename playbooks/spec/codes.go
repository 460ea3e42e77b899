package spec

// The codes of diagnostics. A code keeps its meaning for ever; a new rule gets a new code. P009 was a part of the language
// that was not available yet.
const (
	CodeSyntax      = "P001" // the text is no YAML
	CodeBounds      = "P002" // too large, too deep, or too many nodes, steps or aliases
	CodeYAML        = "P003" // a YAML feature that playbooks do not use: tags, merge keys, a second document
	CodeDuplicate   = "P004" // a key stands twice in one mapping
	CodeUnknownKey  = "P005" // a key that means nothing here
	CodeMissing     = "P006" // a key that must be there is not
	CodeType        = "P007" // a value of another YAML type than the key takes
	CodeValue       = "P008" // a value that is not one of those the key takes
	CodeName        = "P010" // a name, id or label is not formed as it must be
	CodeDuplicateID = "P011" // two steps, branches or inputs have the same name
	CodeVerb        = "P012" // a step has no verb, or more than one
	CodeDuration    = "P013" // not a length of time, or out of its bounds
	CodeKeyForVerb  = "P014" // a key of steps that this verb can't have
	CodeUnreachable = "P015" // a step that no run can reach

	CodeExpression   = "P020" // an expression does not parse or does not fit the types of what stands before it
	CodeResult       = "P021" // an expression's result is of another type than the place takes
	CodeTemplate     = "P022" // ${{ ... }} is not closed, or text stands where only an expression may
	CodeNoStep       = "P023" // a step is referred to that the playbook does not have
	CodeStepLater    = "P024" // a step is referred to that does not stand before this place on every way here
	CodeStepMaybe    = "P025" // a step is referred to that may not have run, and nothing says what happens then
	CodeStepsDynamic = "P026" // `steps` is not followed by a step's id

	CodeOperation   = "P030" // no such connector or operation
	CodeConnection  = "P031" // no such connection
	CodeLiteral     = "P032" // must stand in the source: an expression may not choose it
	CodeArgument    = "P033" // an argument that the operation does not have
	CodeNoArgument  = "P034" // an argument that the operation needs is not given
	CodeArgumentFit = "P035" // an argument does not fit the operation's input schema
	CodeRole        = "P036" // no such role
	CodeSource      = "P037" // no such source of alerts
	CodeSchema      = "P038" // a JSON Schema that can't be used

	CodeUnapproved     = "P040" // a consequential step can be reached without an approval that covers it
	CodeCovers         = "P041" // covers names a step that it can't cover
	CodeCoversNoNeed   = "P042" // covers names a step that needs no approval
	CodeCoversBefore   = "P043" // an approval does not stand before the step that it covers, in the same loop
	CodeNotBound       = "P044" // an argument of a covered step is not known, or not yet final, when the approval is asked for
	CodeRepeatedEffect = "P045" // a consequential call may not be retried

	CodeUndoBy        = "P046" // nobody is named who decides on an undo that changes the world
	CodeUndoRead      = "P047" // an undo beside, or by, an operation that changes nothing
	CodeNothingToUndo = "P048" // warning: nothing stands before `on_error: undo` that could be taken back
	CodeEdit          = "P049" // `edit` names what an approver can't change

	CodePrompt    = "P050" // warning: a prompt holds untrusted text
	CodeSink      = "P051" // untrusted text decides what it may not: the host that is called
	CodeUnbounded = "P052" // warning: how many calls of language models a run makes is not bounded

	CodePlaybook = "P060" // no such playbook
	CodeInput    = "P061" // an input that the called playbook does not have, or needs and is not given
	CodeCycle    = "P062" // playbooks that call each other in a circle
	CodeSchedule = "P063" // no time that crontab can write, or no time zone

	CodeAgent        = "P070" // no such agent, or a step that allows what the agent file does not
	CodeToolApproval = "P071" // an agent may call what changes the world, and nobody is named who decides on it
)
