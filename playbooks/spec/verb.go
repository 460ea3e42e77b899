package spec

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
		r.bag.Error(CodeType, a.With.Span, "", "`with` must be a mapping of arguments, not %s", a.With.Kind)
		a.With = nil
	}
	return a
}

// choose takes a list of branches of which the last may be else, or a mapping of the two.
func (r *reader) choose(n *Node) *Choose {
	c := &Choose{}
	branches := n
	if n.Kind == Map {
		f := r.mapping(n, "`choose`", []string{"branches", "else"}, nil)
		branches = f.need("branches")
		r.otherwise(c, f.get("else"))
	}
	items := r.list(branches, "choose")
	if branches != nil && branches.Kind == List && len(items) == 0 {
		r.bag.Error(CodeMissing, branches.Span, "", "`choose` has no branches")
	}
	for i, item := range items {
		if otherwise := item.Get("else"); otherwise != nil && item.Get("when") == nil && i == len(items)-1 && !c.HasElse {
			r.mapping(item, "the last branch", []string{"else"}, nil)
			r.otherwise(c, otherwise)
			continue
		}
		f := r.mapping(item, "a branch", []string{"when", "steps"}, nil)
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
	f := r.mapping(n, "`parallel`", []string{"branches", "wait", "on_failure"}, nil)
	p := &Parallel{
		Wait:      r.oneOf(f.get("wait"), "wait", "all", []string{"all", "any"}, nil),
		OnFailure: r.oneOf(f.get("on_failure"), "on_failure", "stop", []string{"stop", "collect"}, nil),
	}
	branches := f.need("branches")
	if branches == nil {
		return p
	}
	if branches.Kind != Map || len(branches.Entries) == 0 {
		r.bag.Error(CodeType, branches.Span, "", "`branches` must be a mapping of names to steps")
		return p
	}
	for _, e := range branches.Entries {
		r.named(e.Key.Text, e.Key.Span, identifier, "a branch's name", "write it in snake_case")
		p.Branches = append(p.Branches, Named{Name: e.Key.Text, Steps: r.block(e.Value, e.Key.Text)})
	}
	return p
}

func (r *reader) foreach(n *Node) *Foreach {
	f := r.mapping(n, "`foreach`", []string{"items", "as", "at_once", "steps"}, nil)
	e := &Foreach{Items: f.need("items"), As: "item", AtOnce: 1}
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
	f := r.mapping(n, "`model`", []string{"provider", "prompt", "evidence", "returns", "missing"}, nil)
	m := &Model{
		Provider: r.literal(f.get("provider"), "provider"),
		Prompt:   r.scalar(f.need("prompt"), "prompt"),
		Evidence: r.list(f.get("evidence"), "evidence"),
		Returns:  f.need("returns"),
		Missing:  r.words(f.get("missing"), "missing"),
	}
	if m.Returns != nil && m.Returns.Kind != Map && r.literal(m.Returns, "returns") != "verdict" {
		r.bag.Error(CodeValue, m.Returns.Span, "write `verdict` or a JSON Schema as a mapping", "`returns` can't be %q", shorten(m.Returns.raw))
		m.Returns = nil
	}
	return m
}

func (r *reader) approve(n *Node) *Approve {
	f := r.mapping(n, "`approve`",
		[]string{"title", "message", "by", "covers", "within", "on_timeout", "escalate_to", "evidence"}, []string{"remind", "edit"})
	a := &Approve{
		Title:     r.scalar(f.need("title"), "title"),
		Message:   r.scalar(f.get("message"), "message"),
		Covers:    r.words(f.get("covers"), "covers"),
		Within:    r.duration(f.need("within"), "within"),
		OnTimeout: r.oneOf(f.get("on_timeout"), "on_timeout", "deny", []string{"deny", "escalate"}, nil),
		Evidence:  r.words(f.get("evidence"), "evidence"),
	}
	if by := f.need("by"); by != nil {
		k := r.mapping(by, "`by`", []string{"role", "quorum", "not"}, nil)
		a.Role = r.word(k.need("role"), "role")
		a.NotRequester = r.oneOf(k.get("not"), "not", "", []string{"requester"}, nil) == "requester"
		if quorum := k.get("quorum"); quorum != nil && r.whole(quorum, "quorum", 1, 100) > 1 {
			r.bag.Error(CodeNotYet, quorum.Span, "", "a quorum above 1 is not available yet")
		}
	}
	to := f.get("escalate_to")
	switch {
	case to != nil && a.OnTimeout != "escalate":
		r.bag.Error(CodeValue, to.Span, "add `on_timeout: escalate`", "`escalate_to` means nothing without `on_timeout: escalate`")
	case to == nil && a.OnTimeout == "escalate":
		r.bag.Error(CodeMissing, f.get("on_timeout").Span, "add `escalate_to: {role: lead}`", "`on_timeout: escalate` needs `escalate_to`")
	case to != nil:
		a.EscalateTo = r.word(r.mapping(to, "`escalate_to`", []string{"role"}, nil).need("role"), "role")
	}
	return a
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
		return &Stop{Status: r.oneOf(n, "stop", "", []string{"completed", "failed"}, nil)}
	}
	f := r.mapping(n, "`stop`", []string{"status", "reason"}, nil)
	return &Stop{
		Status: r.oneOf(f.get("status"), "status", "completed", []string{"completed", "failed"}, nil),
		Reason: r.scalar(f.get("reason"), "reason"),
	}
}
