package spec

// The bounds of an agent. Each turn is a call of a model with all that was said before.
const (
	DefaultTurns = 8
	MaxTurns     = 30
	maxTools     = 40
	maxDirective = 20_000 // bytes of an agent file's instructions
)

// AgentFile is an agent that playbooks share: a text of its own with an owner, versioned by its digest.
type AgentFile struct {
	Name         *Node
	Title        string
	Owner        string
	Instructions string // what stands in the system prompt; no expression
	Agent
}

// AgentKeys are the keys of an agent file, in the order in which they are written.
var AgentKeys = Construct{Name: "agent file", Doc: "An agent that playbooks share.", Keys: agentFileKeys()}

func agentFileKeys() []Key {
	list := []Key{
		{Name: "name", Doc: "The agent's unique name, in kebab-case.", Takes: []string{TakesLiteral}, Required: true, Example: "sign-in-analyst"},
		{Name: "title", Doc: "The name for people.", Takes: []string{TakesLiteral}},
		{Name: "owner", Doc: "The team or person who answers for it.", Takes: []string{TakesLiteral}, Required: true},
		{Name: "instructions", Doc: "How it works: what it looks at first, what counts for and against. No expression may stand here.", Takes: []string{TakesLiteral}, Required: true},
	}
	shared, _ := Find("agent")
	for _, k := range shared.Keys {
		switch k.Name {
		case "use", "evidence", "missing":
		default:
			list = append(list, k)
		}
	}
	return list
}

// ReadAgent reads an agent file and reports what is wrong with its shape. It is nil where the text is no mapping.
func ReadAgent(source []byte, bag *Bag) *AgentFile {
	root := Parse(source, bag)
	if root == nil {
		return nil
	}
	r := &reader{bag: bag, ids: map[string]Span{}}
	f := r.mapping(root, "an agent file", AgentKeys.Names())
	if root.Kind != Map {
		return nil
	}
	file := &AgentFile{
		Name: r.word(f.need("name"), "name"), Title: r.literal(f.get("title"), "title"), Owner: r.literal(f.need("owner"), "owner"),
		Instructions: r.literal(f.need("instructions"), "instructions"),
	}
	if file.Name != nil {
		r.named(file.Name.Text, file.Name.Span, kebabName, "an agent's name", "write it in kebab-case, like sign-in-analyst")
	}
	if len(file.Instructions) > maxDirective {
		r.bag.Error(CodeValue, f.get("instructions").Span, "", "`instructions` has %d bytes; at most %d are allowed", len(file.Instructions), maxDirective)
	}
	file.Goal = r.scalar(f.get("goal"), "goal")
	r.agentBody(&file.Agent, f)
	return file
}

// agent reads what an agent has in a playbook. What it needs beside is known when its file is.
func (r *reader) agent(n *Node) *Agent {
	f := r.mapping(n, "`agent`", keys("agent"))
	a := &Agent{
		Use:      r.word(f.get("use"), "use"),
		Evidence: r.wrapped(f.get("evidence"), "evidence"),
		Missing:  r.words(f.get("missing"), "missing"),
		Goal:     r.scalar(f.get("goal"), "goal"),
	}
	r.agentBody(a, f)
	if a.Use != nil {
		return a
	}
	for _, key := range []string{"goal", "returns"} {
		f.need(key)
	}
	return a
}

// agentBody reads what agents in playbooks and agent files have in common.
func (r *reader) agentBody(a *Agent, f fields) {
	a.Provider = r.literal(f.get("provider"), "provider")
	a.Tools = r.words(f.get("tools"), "tools")
	a.Returns = r.returns(f.get("returns"))
	a.MaxTurns = r.whole(f.get("max_turns"), "max_turns", 1, MaxTurns)
	if len(a.Tools) > maxTools {
		r.bag.Error(CodeValue, a.Tools[maxTools].Span, "a model chooses badly among many", "an agent has at most %d tools", maxTools)
	}
	if connections := f.get("connections"); connections != nil {
		a.Connections = r.values(connections, "connections", "a connector")
	}
	if budget := f.get("budget"); budget != nil {
		a.Budget = r.budget(budget)
	}
	if approval := f.get("approval"); approval != nil {
		a.Approval = r.toolApproval(approval)
	}
}

func (r *reader) toolApproval(n *Node) *ToolApproval {
	f := r.mapping(n, "`approval`", keys("tool_approval"))
	t := &ToolApproval{At: n.Span, Within: r.duration(f.need("within"), "within")}
	if by := f.need("by"); by != nil {
		var who Approve
		r.by(&who, r.mapping(by, "`by`", keys("by")))
		t.Role, t.NotRequester, t.Quorum = who.Role, who.NotRequester, who.Quorum
	}
	return t
}
