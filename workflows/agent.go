package workflows

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// agent lets a model call tools until it answers. Each turn is one activity and each call is one, so that neither is
// paid or made twice; every bound that it reaches ends it as inconclusive, with what it has.
func (r *run) agent(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	a := s.Agent
	goal, err := f.text(ctx, &a.Goal)
	if err != nil {
		return outcome{}, fmt.Errorf("goal: %w", err)
	}
	in := contract.ModelInput{Provider: a.Provider, Prompt: goal, Returns: a.Returns, Schema: a.Schema, Severity: r.severity()}
	if in.Evidence, in.Missing, err = f.evidence(ctx, a.Evidence, a.Missing); err != nil {
		return outcome{}, err
	}
	in.Instructions = a.Instructions
	for _, t := range a.Tools {
		in.Tools = append(in.Tools, contract.Tool{Name: t.Operation, Description: t.Title, Input: t.Input})
	}
	g := &agency{run: r, step: s, plan: a, ask: in, path: f.prefix + s.ID}
	return g.work(ctx)
}

// maxProblem bounds what a model is told of its mistake, in bytes.
const maxProblem = 1000

// agency is an agent at work.
type agency struct {
	run  *run
	step *plan.Step
	plan *plan.Agent
	path string
	ask  contract.ModelInput // with all that was said so far

	turns   int           // asked for, so far
	calls   int           // made or refused, so far
	repairs int           // answers that were no good
	took    time.Duration // without what people take to decide
	tokens  int
	costUSD float64
}

// work is turn after turn.
func (g *agency) work(ctx workflow.Context) (outcome, error) {
	for {
		if why := g.over(); why != "" {
			return g.conclude(ctx, why)
		}
		last := g.turns == g.plan.MaxTurns-1
		if last && g.turns > 0 && len(g.plan.Tools) > 0 {
			g.say("This is your last turn. No tool can be called any more: answer now, with what you have.")
		}
		out, err := g.turn(ctx)
		if err != nil {
			return outcome{}, err
		}
		switch {
		case out.Problem != "":
			if g.repairs++; g.repairs > MaxRepairs {
				return outcome{}, fail("invalid", "the model's answer is no good, after %d chances to mend it: %s", MaxRepairs, out.Problem)
			}
			g.repair(out.Reply, out.Problem)
		case out.Reply != nil && len(out.Reply.Calls) > 0:
			if last {
				return g.conclude(ctx, "the agent wanted more tools in its last turn")
			}
			results, err := g.results(ctx, *out.Reply)
			if err != nil {
				return outcome{}, err
			}
			g.heard(out.Reply, results)
		case out.Output == nil: // it has stopped on its way and goes on if what it said is sent back to it
			g.heard(out.Reply, nil)
		default:
			g.run.concluded(g.plan.Returns, out.Output)
			return outcome{status: contract.StepOK, output: out.Output, kept: true}, nil
		}
	}
}

// heard keeps what the model said, and what came of the calls that it wanted.
func (g *agency) heard(said *contract.Turn, results []contract.ToolResult) {
	if said == nil {
		return
	}
	g.ask.Turns = append(g.ask.Turns, *said)
	if results != nil {
		g.ask.Turns = append(g.ask.Turns, contract.Turn{Role: contract.RoleTool, Results: results})
	}
}

// repair tells the model what is wrong with its answer. Providers take no empty turn, so an empty one gets words.
func (g *agency) repair(said *contract.Turn, problem string) {
	text := "(no answer)"
	if said != nil && strings.TrimSpace(said.Text) != "" {
		text = said.Text
	}
	g.ask.Turns = append(g.ask.Turns, contract.Turn{Role: contract.RoleAssistant, Text: text})
	g.say("That is not usable: " + cut(problem, maxProblem) + ". Answer again, with one JSON document that holds to the schema and nothing else.")
}

func (g *agency) say(text string) {
	g.ask.Turns = append(g.ask.Turns, contract.Turn{Role: contract.RoleUser, Text: text})
}

// turn asks the model once.
func (g *agency) turn(ctx workflow.Context) (contract.ModelOutput, error) {
	in := g.ask
	in.Step = g.run.step(contract.AgentTurn(g.path, g.turns), g.step.Title)
	g.turns++
	in.Turn = g.turns
	asked := *g.step
	asked.Timeout = 0 // the step's is for all turns together
	before, tokens, cost := workflow.Now(ctx), g.run.tokens, g.run.costUSD
	out, err := g.run.askModel(ctx, &asked, in)
	g.took += workflow.Now(ctx).Sub(before)
	g.tokens += g.run.tokens - tokens
	g.costUSD += g.run.costUSD - cost
	return out, err
}

// over says which bound the agent has reached, "" for none.
func (g *agency) over() string {
	b := g.plan.Budget
	switch {
	case g.turns >= g.plan.MaxTurns:
		return fmt.Sprintf("the agent has not come to an answer in %d turns", g.turns)
	case g.step.Timeout > 0 && g.took >= millis(g.step.Timeout):
		return fmt.Sprintf("the agent's time of %s is over", millis(g.step.Timeout))
	case b.ModelTokens > 0 && g.tokens >= b.ModelTokens || b.ModelCostUSD > 0 && g.costUSD >= b.ModelCostUSD:
		return fmt.Sprintf("the agent's budget is spent: %d tokens, $%.4f", g.tokens, g.costUSD)
	case g.run.spent():
		return g.run.budgetSpent()
	}
	return ""
}

// conclude ends an agent that has reached a bound: a verdict is inconclusive, another answer can't be made up.
func (g *agency) conclude(ctx workflow.Context, why string) (outcome, error) {
	if g.plan.Returns != "verdict" {
		return outcome{}, fail("exhausted", "%s", why)
	}
	g.ask.Conclude = why
	out, err := g.turn(ctx)
	if err != nil {
		return outcome{}, err
	}
	g.run.concluded(g.plan.Returns, out.Output)
	return outcome{status: contract.StepOK, reason: why, output: out.Output, kept: true}, nil
}

// results makes the calls that a model wants: reads at once, as soon as one of them changes something one after the other.
func (g *agency) results(ctx workflow.Context, said contract.Turn) ([]contract.ToolResult, error) {
	results, errs := make([]contract.ToolResult, len(said.Calls)), make([]error, len(said.Calls))
	first := g.calls
	g.calls += len(said.Calls)
	before := workflow.Now(ctx)
	one := func(ctx workflow.Context, i int) {
		results[i], errs[i] = g.call(ctx, first+i, i, said)
	}
	if g.onlyReads(said.Calls) {
		ended := 0
		for i := range said.Calls {
			workflow.Go(ctx, func(ctx workflow.Context) {
				one(ctx, i)
				ended++
			})
		}
		if err := awaitAll(ctx, func() bool { return ended == len(said.Calls) }); err != nil {
			return nil, err
		}
		g.took += workflow.Now(ctx).Sub(before)
	} else {
		for i := range said.Calls {
			if one(ctx, i); errs[i] != nil {
				break
			}
		}
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

func (g *agency) onlyReads(calls []contract.ToolCall) bool {
	return !slices.ContainsFunc(calls, func(c contract.ToolCall) bool {
		t := g.tool(c.Name)
		return t != nil && t.Effect != plan.EffectRead
	})
}

func (g *agency) tool(operation string) *plan.Tool {
	for i := range g.plan.Tools {
		if g.plan.Tools[i].Operation == operation {
			return &g.plan.Tools[i]
		}
	}
	return nil
}

// call makes one call, or says why not. Only what ends the step is an error: the model is told of all else.
func (g *agency) call(ctx workflow.Context, number, ofTurn int, said contract.Turn) (contract.ToolResult, error) {
	c := said.Calls[ofTurn]
	result := contract.ToolResult{Call: c.ID, Name: c.Name}
	tool := g.tool(c.Name)
	var object map[string]json.RawMessage
	switch {
	case tool == nil:
		result.Error = "there is no tool of this name: " + g.names()
		return result, nil
	case ofTurn >= plan.MaxToolCalls:
		result.Error = fmt.Sprintf("not made: at most %d calls in one turn", plan.MaxToolCalls)
		return result, nil
	case len(c.Arguments) > MaxToolArguments:
		result.Error = fmt.Sprintf("not made: the arguments have %d bytes; at most %d are allowed", len(c.Arguments), MaxToolArguments)
		return result, nil
	case json.Unmarshal(c.Arguments, &object) != nil || object == nil:
		result.Error = "not made: the arguments are no JSON object"
		return result, nil
	}
	made := plan.Step{ID: g.step.ID, Title: tool.Title, Timeout: tool.Timeout}
	in := contract.CallInput{
		Operation: tool.Operation, Connection: tool.Connection, Effect: tool.Effect, Arguments: c.Arguments,
		TimeoutMS: timeout(&made, defaultCallTimeout).Milliseconds(),
	}
	path := contract.AgentCall(g.path, number)
	if tool.Effect == plan.EffectConsequential {
		digest, err := contract.CallDigest(in.Operation, in.Connection, in.Arguments)
		if err != nil {
			result.Error = "not made: " + err.Error()
			return result, nil
		}
		in.Digest = digest
		if g.run.shadows(in.Operation) {
			g.run.shadowed(ctx, path, in.Operation, in.Connection, &released{arguments: in.Arguments, digest: digest})
			result.Error = "not made: shadow mode, in which calls that change the world are only recorded"
			return result, nil
		}
		decision, err := g.decide(ctx, path, tool, in, said.Text)
		if err != nil {
			return result, err
		}
		if decision.Outcome != "approved" || !slices.Contains(decision.Calls, digest) {
			result.Error = "not made: " + refused(decision)
			return result, nil
		}
		in.Approval = contract.ApprovalID(g.run.in.RunID, path, false)
	}
	in.Step = g.run.step(path, tool.Title)
	var out contract.CallOutput
	err := workflow.ExecuteActivity(callOptions(ctx, &made, in), contract.ActivityCall, in).Get(ctx, &out)
	g.run.unsent(in.Step, err)
	switch {
	case err != nil && !catchable(err):
		return result, err
	case err != nil:
		failed := callError(err)
		result.Error = cut("it failed, "+failed.Kind+": "+failed.Message, MaxToolResult)
	default:
		result.Evidence = contract.Evidence{
			ID: fmt.Sprintf("call[%d]", number), Title: tool.Title, Data: shownTo(out.Output), Untrusted: tool.Untrusted,
		}
	}
	return result, nil
}

// decide asks people for a decision on one exact call that the model wants.
func (g *agency) decide(ctx workflow.Context, path string, tool *plan.Tool, call contract.CallInput, reason string) (contract.DecisionOutput, error) {
	name := g.step.Title
	if name == "" {
		name = g.step.ID
	}
	asked := contract.ApprovalCall{
		Step: path, Title: tool.Title, Operation: call.Operation, Connection: call.Connection, Arguments: call.Arguments, Digest: call.Digest,
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(call.Arguments, &object); err != nil {
		return contract.DecisionOutput{}, err
	}
	for _, argument := range workflow.DeterministicKeys(object) {
		asked.Origins = append(asked.Origins, plan.Origin{Argument: argument, From: "the model of step " + g.step.ID, Untrusted: true, Labels: []string{"model"}})
	}
	in := contract.ApprovalInput{
		Title: name + ": " + call.Operation, Message: cut(strings.TrimSpace(reason), MaxToolResult), Role: g.plan.Role, Quorum: g.plan.Quorum,
		Calls: []contract.ApprovalCall{asked}, Evidence: g.ask.Evidence, OnTimeout: "deny", CreatedAt: workflow.Now(ctx).UTC(),
	}
	in.Path, in.Deadline = path, in.CreatedAt.Add(millis(g.plan.Within))
	if g.plan.NotRequester {
		in.NotUser = g.run.in.Trigger.RequestedBy
	}
	return g.run.await(ctx, in, 0)
}

func refused(d contract.DecisionOutput) string {
	switch d.Outcome {
	case "denied":
		return denial(d)
	case "approved":
		return "the decision was for another call"
	}
	return "nobody decided before the deadline"
}

func (g *agency) names() string {
	names := make([]string, len(g.plan.Tools))
	for i, t := range g.plan.Tools {
		names[i] = t.Operation
	}
	return strings.Join(names, ", ")
}

// shownTo is a tool's answer as a model sees it: whole or, where it is too long, its beginning as text.
func shownTo(answer json.RawMessage) json.RawMessage {
	if len(answer) <= MaxToolResult {
		return answer
	}
	return encoded(cut(string(answer), MaxToolResult) + fmt.Sprintf(" … (cut: %d bytes in all)", len(answer)))
}

// cut is the beginning of a text, of at most so many bytes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
