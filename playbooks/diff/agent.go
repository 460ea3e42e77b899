package diff

import (
	"slices"

	"picket/playbooks/plan"
)

// agent compares an agent: above all what it may call, and who decides on it.
func (d *differ) agent(p pair, old, new *plan.Agent) {
	id := p.id()
	d.word(p, "agent", Behaviour, "the agent", old.Use, new.Use)
	d.word(p, "provider", Behaviour, "the provider", old.Provider, new.Provider)
	d.word(p, "instructions", Behaviour, "the instructions", old.Instructions, new.Instructions)
	d.text(p, "goal", Behaviour, "the goal", &old.Goal, &new.Goal)
	d.answer(p, old.Returns, new.Returns, old.Schema, new.Schema)
	d.evidence(p, old.Missing, new.Missing, old.Evidence, new.Evidence)
	d.tools(p, old.Tools, new.Tools)
	d.bound(p, "turns", Behaviour, "the most turns of "+id, float64(old.MaxTurns), float64(new.MaxTurns))
	d.bound(p, "budget", Behaviour, "the budget of tokens of "+id, float64(old.Budget.ModelTokens), float64(new.Budget.ModelTokens))
	d.bound(p, "budget", Behaviour, "the budget in US dollars of "+id, old.Budget.ModelCostUSD, new.Budget.ModelCostUSD)
	d.word(p, "role", Safety, "who decides on calls", old.Role, new.Role)
	if old.NotRequester != new.NotRequester {
		d.say(p, "requester.changed", pick(new.NotRequester, Behaviour, Safety), "%s who started the run decide on calls of %s",
			choice(new.NotRequester, "no longer lets the person", "lets the person"), id)
	}
	if before, after := max(old.Quorum, 1), max(new.Quorum, 1); before != after {
		d.say(p, "quorum."+choice(after > before, "raised", "lowered"), pick(after > before, Behaviour, Safety),
			"asks for %d yes instead of %d on calls of %s", after, before, id)
	}
	d.length(p, "within", Behaviour, "the time to decide on calls of "+id, old.Within, new.Within)
}

// tools compares what an agent may call.
func (d *differ) tools(p pair, old, new []plan.Tool) {
	id := p.id()
	find := func(list []plan.Tool, name string) *plan.Tool {
		if i := slices.IndexFunc(list, func(t plan.Tool) bool { return t.Operation == name }); i >= 0 {
			return &list[i]
		}
		return nil
	}
	for _, t := range new {
		before := find(old, t.Operation)
		switch {
		case before == nil:
			d.say(p, "tool.added", Safety, "widens the tools of the agent %s: %s (%s)", id, t.Operation, t.Effect)
		case before.Connection != t.Connection:
			d.say(p, "tool.connection", Safety, "lets the agent %s use %s over another connection%s", id, t.Operation, fromTo(before.Connection, t.Connection))
		case before.Effect != t.Effect:
			d.say(p, "tool.effect", Safety, "%s of the agent %s is %s now, and was %s", t.Operation, id, t.Effect, before.Effect)
		case !d.same(*before, t):
			d.say(p, "tool.changed", Behaviour, "the tool %s of the agent %s is declared otherwise", t.Operation, id)
		}
	}
	for _, t := range old {
		if find(new, t.Operation) == nil {
			d.say(p, "tool.removed", Behaviour, "narrows the tools of the agent %s: without %s", id, t.Operation)
		}
	}
}
