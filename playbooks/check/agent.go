package check

import (
	"fmt"
	"slices"
	"strings"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// Agent is an agent file that playbooks can use.
type Agent struct {
	Digest string // SHA-256 of its text, in hex
	File   *spec.AgentFile
}

// defaultAgentTime bounds an agent that names no timeout.
const defaultAgentTime = plan.Duration(10 * 60 * 1000)

// AgentFile checks an agent file by itself: its tools, and that somebody decides on those that change the world.
func AgentFile(file *spec.AgentFile, cat *Catalog, bag *spec.Bag) {
	c := &checker{cat: cat, bag: bag, all: map[string]*info{}, covers: map[string][]cover{}, asked: map[string]*scope{}, used: map[string]bool{},
		schemas: map[string]*schema{}}
	out := &plan.Agent{}
	c.tools(&file.Agent, out)
	c.decides(&file.Agent, out, file.Approval != nil)
	if file.Returns != nil && file.Returns.Kind == spec.Map {
		c.returns(file.Returns)
	}
}

// agent checks an agent: a model with tools. Its own calls need no approve step, because each consequential one waits
// for a decision on exactly it.
func (c *checker) agent(s *spec.Step, sc *scope, step *plan.Step) (*plan.Agent, visible) {
	a, out := *s.Agent, &plan.Agent{}
	if a.Use != nil && !c.use(&a, out) {
		a.Use = nil
	}
	out.Provider, out.Budget = a.Provider, a.Budget
	if out.MaxTurns = a.MaxTurns; out.MaxTurns == 0 {
		out.MaxTurns = spec.DefaultTurns
	}
	if step.Timeout == 0 {
		step.Timeout = defaultAgentTime
	}
	if a.Goal != nil {
		out.Goal = c.asks(a.Goal, sc, "goal")
	} else if s.Agent.Use != nil && a.Use != nil {
		c.bag.Error(spec.CodeMissing, s.Agent.Use.Span, "add `goal:`", "the agent %s has no goal of its own, so the step needs one", s.Agent.Use.Text)
	}
	out.Evidence = c.evidence(a.Evidence, sc)
	out.Missing = c.named(a.Missing, sc)
	c.tools(&a, out)
	c.decides(&a, out, false)
	if a.Returns == nil && s.Agent.Use != nil && a.Use != nil {
		c.bag.Error(spec.CodeMissing, s.Agent.Use.Span, "add `returns:`", "the agent %s does not say what comes back, so the step must", s.Agent.Use.Text)
	}
	v := c.answer(a.Returns, &out.Returns, &out.Schema)
	return out, v
}

// use takes from an agent file what the step leaves out. A step may only narrow what the file allows.
func (c *checker) use(a *spec.Agent, out *plan.Agent) bool {
	known, ok := c.cat.Agents[a.Use.Text]
	if !ok {
		c.bag.Near(spec.CodeAgent, a.Use.Span, a.Use.Text, c.cat.agents(), "there is no agent %s", a.Use.Text)
		return false
	}
	file := known.File
	out.Use, out.Digest, out.Instructions = a.Use.Text, known.Digest, file.Instructions
	for _, tool := range a.Tools {
		if !slices.ContainsFunc(file.Tools, func(n *spec.Node) bool { return n.Text == tool.Text }) {
			c.bag.Error(spec.CodeAgent, tool.Span, "add it to the agent file, or write the agent here", "the agent %s has no tool %s: a step may only leave tools out", a.Use.Text, tool.Text)
		}
	}
	if a.Tools == nil {
		a.Tools = file.Tools
	}
	if a.Connections == nil {
		a.Connections = file.Connections
	}
	if a.Goal == nil {
		a.Goal = file.Goal
	}
	if a.Returns == nil {
		a.Returns = file.Returns
	}
	if a.Provider == "" {
		a.Provider = file.Provider
	}
	if a.Approval == nil {
		a.Approval = file.Approval
	}
	a.MaxTurns = tighter(a.MaxTurns, file.MaxTurns)
	a.Budget.ModelTokens = tighter(a.Budget.ModelTokens, file.Budget.ModelTokens)
	a.Budget.ModelCostUSD = tighter(a.Budget.ModelCostUSD, file.Budget.ModelCostUSD)
	return true
}

// tighter is the lower of two bounds, of which 0 is none.
func tighter[N int | float64](a, b N) N {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// tools are the operations that an agent may call, with what the model must know of each.
func (c *checker) tools(a *spec.Agent, out *plan.Agent) {
	out.Tools = make([]plan.Tool, 0, len(a.Tools))
	named := map[string]bool{}
	for _, n := range a.Tools {
		op, known := c.operation(n)
		if !known {
			continue
		}
		if named[n.Text] {
			c.bag.Error(spec.CodeDuplicateID, n.Span, "", "the tool %s is named twice", n.Text)
			continue
		}
		named[n.Text] = true
		tool := plan.Tool{
			Operation: op.Name, Effect: op.Effect, Title: op.Title, Input: op.Input, Timeout: plan.Duration(op.TimeoutMS), Untrusted: op.Untrusted,
		}
		for _, e := range a.Connections {
			if e.Key.Text == connectorOf(op.Name) {
				tool.Connection = e.Value.Text
			}
		}
		out.Tools = append(out.Tools, tool)
	}
	for _, e := range a.Connections {
		connector := e.Key.Text
		if !slices.ContainsFunc(a.Tools, func(n *spec.Node) bool { return connectorOf(n.Text) == connector }) {
			c.bag.Error(spec.CodeConnection, e.Key.Span, "", "no tool is of the connector %s", connector)
			continue
		}
		if e.Value.Kind != spec.String || strings.Contains(e.Value.Text, "${{") {
			c.bag.Error(spec.CodeLiteral, e.Value.Span, "", "a connection must stand in the source: no expression may choose it")
			continue
		}
		c.connection(e.Value, connector)
	}
}

// decides sets who decides on consequential calls. Unused tells that it may be named for nothing: an agent file whose
// steps leave tools out.
func (c *checker) decides(a *spec.Agent, out *plan.Agent, unused bool) {
	at := slices.IndexFunc(out.Tools, func(t plan.Tool) bool { return t.Effect == plan.EffectConsequential })
	switch {
	case at < 0 && a.Approval == nil:
	case at < 0:
		if !unused && a.Use == nil {
			c.bag.Warn(spec.CodeCoversNoNeed, a.Approval.At, "take it out", "no tool of this agent changes the world, so there is nothing to decide on")
		}
	case a.Approval == nil:
		tool := a.Tools[slices.IndexFunc(a.Tools, func(n *spec.Node) bool { return n.Text == out.Tools[at].Operation })]
		c.bag.Error(spec.CodeToolApproval, tool.Span, "add `approval: {by: {role: responder}, within: 1h}` to the agent",
			"%s is consequential, and nobody is named who decides on the agent's calls of it", tool.Text)
	default:
		out.Role, out.NotRequester, out.Within = c.role(a.Approval.Role), a.Approval.NotRequester, a.Approval.Within
		if a.Approval.Quorum > 1 {
			out.Quorum = a.Approval.Quorum
		}
	}
}

// asks is what a model is asked: text, and a warning where an attacker can have written some of it.
func (c *checker) asks(n *spec.Node, sc *scope, what string) plan.Value {
	value, r := c.value(n, sc, reading{})
	if r.taint.of(nil).untrusted() {
		c.bag.Warn(spec.CodePrompt, n.Span, "pass it as evidence, where it is marked as data",
			"the %s holds text that an attacker can write: %s", what, shortened(r.from))
	}
	return value
}

// evidence are the facts that a model is shown.
func (c *checker) evidence(nodes []*spec.Node, sc *scope) []plan.Evidence {
	out, used := make([]plan.Evidence, 0, len(nodes)), map[string]bool{}
	for i, n := range nodes {
		value, r := c.value(n, sc, reading{missing: true})
		id := evidenceID(value)
		if id == "" || used[id] {
			id = fmt.Sprintf("evidence[%d]", i)
		}
		used[id] = true
		out = append(out, plan.Evidence{
			ID: id, Value: value, Untrusted: r.taint.of(nil).untrusted(), Labels: r.taint.of(nil).names(),
		})
	}
	return out
}
