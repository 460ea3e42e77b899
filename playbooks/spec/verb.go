package spec

import (
	"slices"

	"picket/playbooks/plan"
)

func (r *reader) action(n *Node, f fields) *Action {
	a := &Action{Operation: n, Connection: f.get("connection"), With: f.get("with")}
	if r.literal(n, "action") == "" {
		a.Operation = nil
	}
	if a.Connection != nil && r.literal(a.Connection, "connection") == "" {
		a.Connection = nil
	}
	if a.With != nil && a.With.Kind == Null {
		a.With = nil
	}
	if a.With != nil && a.With.Kind != Map {
		r.bag.Error(CodeType, a.With.Span, "write `with: {NAME: value}`", "`with` must be a mapping of arguments, not %s", a.With.Kind)
		a.With = nil
	}
	if undo := f.get("undo"); undo != nil {
		a.Undo = r.undo(undo)
	}
	return a
}

func (r *reader) undo(n *Node) *Undo {
	f := r.mapping(n, "`undo`", keys("undo"))
	u := &Undo{At: n.Span, Within: r.duration(f.get("within"), "within")}
	if operation := f.need("action"); operation != nil {
		u.Action = *r.action(operation, fields{r: r, node: &Node{Kind: Map, Entries: withoutUndo(f.node.Entries)}, what: f.what})
	}
	if by := f.get("by"); by != nil {
		u.Role = r.word(r.mapping(by, "`by`", keys("role")).need("role"), "role")
	}
	return u
}

// withoutUndo keeps an undo from having one of its own; the key was reported.
func withoutUndo(entries []Entry) []Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Key.Text == "undo" })
}

// choose takes a list of branches of which the last may be else, or a mapping of the two.
func (r *reader) choose(n *Node) *Choose {
	c := &Choose{}
	branches := n
	if n.Kind == Map {
		f := r.mapping(n, "`choose`", keys("choose"))
		branches = f.need("branches")
		r.otherwise(c, f.get("else"))
	}
	items := r.list(branches, "choose")
	if branches != nil && branches.Kind == List && len(items) == 0 {
		r.bag.Error(CodeMissing, branches.Span, "add `- {when: ..., steps: [...]}`", "`choose` has no branches")
	}
	for i, item := range items {
		if otherwise := item.Get("else"); otherwise != nil && item.Get("when") == nil && i == len(items)-1 && !c.HasElse {
			r.mapping(item, "the last branch", []string{"else"})
			r.otherwise(c, otherwise)
			continue
		}
		f := r.mapping(item, "a branch", []string{"when", "steps"})
		b := Branch{When: r.scalar(f.need("when"), "when")}
		if steps := f.need("steps"); steps != nil {
			b.Steps = r.block(steps, "steps")
		}
		c.Branches = append(c.Branches, b)
	}
	return c
}

func (r *reader) otherwise(c *Choose, n *Node) {
	if n != nil {
		c.HasElse, c.Else = true, r.block(n, "else")
	}
}

func (r *reader) parallel(n *Node) *Parallel {
	f := r.mapping(n, "`parallel`", keys("parallel"))
	p := &Parallel{
		Wait:      r.oneOf(f.get("wait"), "wait", "all", []string{"all", "any"}),
		OnFailure: r.oneOf(f.get("on_failure"), "on_failure", "stop", []string{"stop", "collect"}),
	}
	branches := f.need("branches")
	if branches == nil {
		return p
	}
	if branches.Kind != Map || len(branches.Entries) == 0 {
		r.bag.Error(CodeType, branches.Span, "write `branches: {NAME: [...], NAME: [...]}`", "`branches` must be a mapping of names to steps")
		return p
	}
	for _, e := range branches.Entries {
		r.named(e.Key.Text, e.Key.Span, identifier, "a branch's name", "write it in snake_case")
		p.Branches = append(p.Branches, Named{Name: e.Key.Text, Steps: r.block(e.Value, e.Key.Text)})
	}
	return p
}

func (r *reader) foreach(n *Node) *Foreach {
	f := r.mapping(n, "`foreach`", keys("foreach"))
	e := &Foreach{
		Items: f.need("items"), As: "item", AtOnce: 1, Collect: f.get("collect"),
		AtMost:    r.whole(f.get("at_most"), "at_most", 1, plan.MaxItems),
		OnFailure: r.oneOf(f.get("on_failure"), "on_failure", "stop", []string{"stop", "collect"}),
	}
	if e.Items != nil && e.Items.Kind != String && e.Items.Kind != List {
		r.bag.Error(CodeType, e.Items.Span, "", "`items` must be an expression or a list, not %s", e.Items.Kind)
		e.Items = nil
	}
	if as := f.get("as"); as != nil {
		e.As, e.AsAt = r.literal(as, "as"), as.Span
		r.named(e.As, as.Span, identifier, "the name of an item", "write it in snake_case")
	}
	if atOnce := f.get("at_once"); atOnce != nil {
		e.AtOnce = max(r.whole(atOnce, "at_once", 1, maxAtOnce), 1)
	}
	if steps := f.need("steps"); steps != nil {
		e.Steps = r.block(steps, "steps")
	}
	return e
}

func (r *reader) model(n *Node) *Model {
	f := r.mapping(n, "`model`", keys("model"))
	m := &Model{
		Provider: r.literal(f.get("provider"), "provider"),
		Prompt:   r.scalar(f.need("prompt"), "prompt"),
		Evidence: r.wrapped(f.get("evidence"), "evidence"),
		Returns:  r.returns(f.need("returns")),
		Missing:  r.words(f.get("missing"), "missing"),
	}
	return m
}

// returns is the word verdict or a schema; nil after a report.
func (r *reader) returns(n *Node) *Node {
	if n == nil || n.Kind == Map {
		return n
	}
	word := r.literal(n, "returns")
	if word == "verdict" {
		return n
	}
	if word != "" {
		r.bag.Near(CodeValue, n.Span, word, []string{"verdict"}, "`returns` can't be %q: it is `verdict`, or a JSON Schema as a mapping", shorten(word))
	}
	return nil
}

func (r *reader) approve(n *Node) *Approve {
	f := r.mapping(n, "`approve`", keys("approve"))
	a := &Approve{}
	r.asking(a, f)
	a.OnTimeout = r.oneOf(f.get("on_timeout"), "on_timeout", "deny", []string{"deny", "escalate"})
	a.Covers = r.words(f.get("covers"), "covers")
	a.Edit = r.words(f.get("edit"), "edit")
	if by := f.need("by"); by != nil {
		r.by(a, r.mapping(by, "`by`", keys("by")))
	}
	r.escalation(a, f)
	return a
}

// asking reads the keys that approve and ask share.
func (r *reader) asking(a *Approve, f fields) {
	a.Title = r.scalar(f.need("title"), "title")
	a.Message = r.scalar(f.get("message"), "message")
	a.Within = r.duration(f.need("within"), "within")
	a.Remind = r.duration(f.get("remind"), "remind")
	a.Evidence = r.words(f.get("evidence"), "evidence")
	if remind := f.get("remind"); remind != nil && a.Remind > 0 && a.Remind < minRemind {
		r.bag.Error(CodeDuration, remind.Span, "at least 1m", "people are not reminded more often than every minute")
		r.bag.Fix("Change it to 1m", Replace(remind.Span, "1m"))
	}
}

func (r *reader) by(a *Approve, k fields) {
	a.Role = r.word(k.need("role"), "role")
	a.NotRequester = r.oneOf(k.get("not"), "not", "", []string{"requester"}) == "requester"
	a.Quorum = r.whole(k.get("quorum"), "quorum", 1, maxQuorum)
}

func (r *reader) escalation(a *Approve, f fields) {
	to := f.get("escalate_to")
	switch {
	case to != nil && slices.Contains([]string{"deny", "fail", "continue"}, a.OnTimeout): // another word is reported by itself
		r.bag.Error(CodeValue, to.Span, "add `on_timeout: escalate`", "`escalate_to` means nothing without `on_timeout: escalate`")
		if f.get("on_timeout") == nil {
			r.bag.Add(f.node, "on_timeout", "escalate")
		}
	case to == nil && a.OnTimeout == "escalate":
		r.bag.Error(CodeMissing, f.get("on_timeout").Span, "add `escalate_to: {role: lead}`", "`on_timeout: escalate` needs `escalate_to`")
		r.bag.Add(f.node, "escalate_to", usual["escalate_to"])
	case to != nil:
		a.EscalateTo = r.word(r.mapping(to, "`escalate_to`", keys("role")).need("role"), "role")
	}
}

func (r *reader) ask(n *Node) *Ask {
	f := r.mapping(n, "`ask`", keys("ask"))
	a := &Ask{}
	r.asking(&a.Approve, f)
	a.OnTimeout = r.oneOf(f.get("on_timeout"), "on_timeout", "fail", []string{"fail", "continue", "escalate"})
	if by := f.need("by"); by != nil {
		r.by(&a.Approve, r.mapping(by, "`by`", keys("asked")))
	}
	r.escalation(&a.Approve, f)
	form := f.need("fields")
	if form == nil {
		return a
	}
	if form.Kind != Map || len(form.Entries) == 0 || len(form.Entries) > maxFields {
		r.bag.Error(CodeType, form.Span, "write `fields: {NAME: {type: text}}`", "`fields` must be a mapping of 1 to %d names to fields", maxFields)
		return a
	}
	for _, e := range form.Entries {
		r.named(e.Key.Text, e.Key.Span, identifier, "a field's name", "write it in snake_case")
		a.Fields = append(a.Fields, r.field(e))
	}
	return a
}

func (r *reader) field(e Entry) Field {
	f := r.mapping(e.Value, "a field", keys("field"))
	field := Field{
		Name: e.Key, Title: r.literal(f.get("title"), "title"), Required: r.boolean(f.get("required"), "required"),
		Type: r.oneOf(f.need("type"), "type", "", FieldTypes), Default: f.get("default"),
	}
	options := f.get("options")
	if options != nil && options.Kind == String {
		field.From = options
	} else {
		field.Options = r.words(options, "options")
	}
	choice := field.Type == "choice" || field.Type == "choices"
	switch {
	case choice && options == nil && e.Value.Kind == Map:
		r.bag.Error(CodeMissing, e.Value.Span, "add `options: [...]`", "a field of type %s needs `options`", field.Type)
	case !choice && options != nil:
		r.bag.Error(CodeKeyForVerb, options.Span, "write `type: choice`", "`options` belong to a field of type choice or choices")
		if typ := f.get("type"); typ != nil && field.Type != "" {
			r.bag.Fix("Change the type to choice", Replace(typ.Span, "choice"))
		}
	case len(field.Options) > maxOptions:
		r.bag.Error(CodeValue, options.Span, "let an expression give them, or ask for a text", "a field has at most %d options", maxOptions)
	}
	return field
}

func (r *reader) repeat(n *Node) *Repeat {
	f := r.mapping(n, "`repeat`", keys("repeat"))
	p := &Repeat{
		Until: r.scalar(f.get("until"), "until"), While: r.scalar(f.get("while"), "while"),
		Every: r.duration(f.get("every"), "every"), AtMost: r.whole(f.need("at_most"), "at_most", 1, plan.MaxRounds),
	}
	switch {
	case f.get("until") != nil && f.get("while") != nil:
		r.bag.Error(CodeValue, f.get("while").Span, "leave one of them out", "a repeat has `until` or `while`, not both")
		r.bag.TakeOut(n, "while")
	case f.get("until") == nil && f.get("while") == nil && n.Kind == Map:
		r.bag.Error(CodeMissing, n.Span, "add `until:` or `while:`", "nothing ends this repeat")
	}
	if steps := f.need("steps"); steps != nil {
		p.Steps = r.block(steps, "steps")
	}
	return p
}

// wait takes a length of time, or a mapping with one of for, until and event.
func (r *reader) wait(n *Node) *Wait {
	if n.Kind != Map {
		return &Wait{For: r.duration(n, "wait")}
	}
	f := r.mapping(n, "`wait`", keys("wait"))
	w := &Wait{For: r.duration(f.get("for"), "for"), Until: r.scalar(f.get("until"), "until")}
	given := 0
	for _, key := range []string{"for", "until", "event"} {
		if f.get(key) != nil {
			given++
		}
	}
	if given != 1 {
		r.bag.Error(CodeValue, n.Span, "such as `wait: {for: 10m}`", "a wait has exactly one of `for`, `until` and `event`")
	}
	event := f.get("event")
	if event == nil {
		for _, key := range []string{"within", "on_timeout"} {
			if value := f.get(key); value != nil {
				r.bag.Error(CodeKeyForVerb, value.Span, "take it out", "`%s` belongs to a wait for an `event`", key)
				r.bag.TakeOut(n, key)
			}
		}
		return w
	}
	w.Within = r.duration(f.need("within"), "within")
	w.OnTimeout = r.oneOf(f.get("on_timeout"), "on_timeout", "fail", []string{"fail", "continue"})
	k := r.mapping(event, "`event`", keys("event"))
	w.Event = &Event{Sources: r.sources(k.get("source")), When: r.scalar(k.get("when"), "when")}
	return w
}

// call takes a playbook's name, or a mapping.
func (r *reader) call(n *Node) *Call {
	if n.Kind != Map {
		return &Call{Playbook: r.word(n, "call")}
	}
	f := r.mapping(n, "`call`", keys("call"))
	return &Call{
		Playbook: r.word(f.need("playbook"), "playbook"), Inputs: r.values(f.get("inputs"), "inputs", "an input's name"),
		Detached: r.boolean(f.get("detached"), "detached"),
	}
}

func (r *reader) try(n *Node) *Try {
	f := r.mapping(n, "`try`", keys("try"))
	t := &Try{}
	if steps := f.need("steps"); steps != nil {
		t.Steps = r.block(steps, "steps")
	}
	if steps := f.get("catch"); steps != nil {
		t.HasCatch, t.Catch = true, r.block(steps, "catch")
	}
	if steps := f.get("finally"); steps != nil {
		t.HasFinally, t.Finally = true, r.block(steps, "finally")
	}
	if n.Kind == Map && !t.HasCatch && !t.HasFinally {
		r.bag.Error(CodeMissing, n.Span, "add one of them, or take the steps out of the try", "a try needs `catch` or `finally`")
	}
	return t
}

// word is a node of literal text, nil after a report.
func (r *reader) word(n *Node, key string) *Node {
	if r.literal(n, key) == "" {
		return nil
	}
	return n
}

// stop takes a mapping, a bare status, or nothing.
func (r *reader) stop(n *Node) *Stop {
	switch n.Kind {
	case Null:
		return &Stop{Status: "completed"}
	case String:
		return &Stop{Status: r.oneOf(n, "stop", "", []string{"completed", "failed"})}
	}
	f := r.mapping(n, "`stop`", keys("stop"))
	return &Stop{
		Status: r.oneOf(f.get("status"), "status", "completed", []string{"completed", "failed"}),
		Reason: r.scalar(f.get("reason"), "reason"),
	}
}
