package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// writer writes random plans, also such as no compiler would let pass: acts without a gate, gates without an act.
type writer struct {
	*rand.Rand
	ids   int
	gates []string
	acts  []string
	// tools are those of each agent, by its step's id; nil writes no agents.
	tools map[string][]string
}

func (w *writer) id(kind string) string {
	w.ids++
	return fmt.Sprintf("%s%d", kind, w.ids)
}

func (w *writer) block(depth int) string {
	var steps []string
	for range 1 + w.IntN(3) {
		steps = append(steps, w.step(depth))
	}
	return strings.Join(steps, ",")
}

func (w *writer) step(depth int) string {
	verbs := []string{"act", "act", "gated", "gated", "set", "read", "stop"}
	if w.tools != nil {
		verbs = append(verbs, "agent", "agent", "agent")
	}
	if depth > 0 {
		verbs = append(verbs, "try", "parallel", "choose", "foreach", "repeat")
	}
	switch verb := verbs[w.IntN(len(verbs))]; verb {
	case "act":
		return w.act(w.some(w.gates))
	case "gated":
		gate, act := w.id("gate"), fmt.Sprintf("act%d", w.ids+1)
		w.gates = append(w.gates, gate)
		covers := append([]string{act}, w.some(w.acts)...)
		return `{"id":"` + gate + `","line":1,"verb":"approve","approve":{"title":{"lit":"?"},"role":"responder","covers":["` + strings.Join(covers, `","`) +
			`"],"within":60000,"on_timeout":"deny","on_deny":"` + []string{"", "continue"}[w.IntN(2)] + `"}},` + w.act([]string{gate})
	case "set":
		return setID(w.id("set"), []string{"1", "alert.n", "index", "now()", "1 + {}"}[w.IntN(5)])
	case "read":
		return read(w.id("read"), []string{"x.read", "bad.one"}[w.IntN(2)], []string{"", `"on_error":"continue",`, `"on_error":"undo",`, `"group":1,`}[w.IntN(4)])
	case "agent":
		return w.agent()
	case "stop":
		return `{"id":"` + w.id("stop") + `","line":1,"verb":"stop","if":"alert.nothing","stop":{"status":"completed"}}`
	case "try":
		return tryStep(w.id("try"), w.block(depth-1), w.block(depth-1), w.block(depth-1))
	case "parallel":
		return fmt.Sprintf(`{"id":"%s","line":1,"verb":"parallel","parallel":{"wait":"%s","on_failure":"collect","branches":[{"name":"a","steps":[%s]},{"name":"b","steps":[%s]}]}}`,
			w.id("par"), []string{"all", "any"}[w.IntN(2)], w.block(depth-1), w.block(depth-1))
	case "choose":
		return fmt.Sprintf(`{"id":"%s","line":1,"verb":"choose","choose":{"branches":[{"when":"%v","steps":[%s]}],"else":[%s]}}`,
			w.id("choose"), w.IntN(2) == 0, w.block(depth-1), w.block(depth-1))
	case "foreach":
		return fmt.Sprintf(`{"id":"%s","line":1,"verb":"foreach","foreach":{"items":"[1,2,3]","as":"item","at_once":%d,"batch":%d,"on_failure":"%s","steps":[%s]}}`,
			w.id("each"), 1+w.IntN(3), w.IntN(3), []string{"stop", "collect"}[w.IntN(2)], w.block(depth-1))
	default:
		return fmt.Sprintf(`{"id":"%s","line":1,"verb":"repeat","repeat":{"until":"index == 1","at_most":3,"batch":%d,"steps":[%s]}}`, w.id("rep"), w.IntN(3), w.block(depth-1))
	}
}

func (w *writer) act(gates []string) string {
	id := w.id("act")
	w.acts = append(w.acts, id)
	list := "[]"
	if len(gates) > 0 {
		list = `["` + strings.Join(gates, `","`) + `"]`
	}
	return `{"id":"` + id + `","line":2,"verb":"action","on_error":"` + []string{"", "continue", "undo"}[w.IntN(3)] + `","action":{"operation":"act.` + id + `","effect":"consequential","approvals":` + list + `,
		"with":{"object":[{"name":"n","value":{"expr":"` + []string{"1", "index", "item", "now()"}[w.IntN(4)] + `"}}]},
		"undo":{"operation":"undo.` + id + `","effect":"consequential","with":{"lit":{}},"role":"lead","within":60000}}}`
}

// agent is an agent with a tool that reads and some that change the world, in the hands of whatever model there is.
func (w *writer) agent() string {
	id := w.id("agent")
	list := `{"operation":"x.read","effect":"read","input":{"type":"object"}}`
	w.tools[id] = []string{"x.read"}
	for range w.IntN(3) {
		tool := "act." + w.id("tool")
		w.tools[id] = append(w.tools[id], tool)
		list += `,{"operation":"` + tool + `","effect":"consequential","input":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}`
	}
	return fmt.Sprintf(`{"id":"%s","line":3,"verb":"agent","on_error":"continue","agent":{"goal":{"lit":"x"},"evidence":[],"returns":"verdict","tools":[%s],"max_turns":%d,"role":"responder","within":60000}}`,
		id, list, 1+w.IntN(5))
}

func (w *writer) some(of []string) []string {
	var picked []string
	for _, one := range of {
		if w.IntN(3) == 0 {
			picked = append(picked, one)
		}
	}
	return picked
}

// tally counts what random runs came to.
type tally struct{ made, refused, recorded, tools, outside int }

func TestARandomPlanMakesNoCallThatNobodyApproved(t *testing.T) {
	t.Parallel()
	var sum tally
	for seed := range uint64(300) {
		sum.play(t, seed, &writer{Rand: rand.New(rand.NewPCG(seed, 1))})
	}
	require.Greater(t, sum.made, 50, "the test must make calls to tell anything")
	require.Greater(t, sum.refused, 50)
	require.Greater(t, sum.recorded, 10)
}

// TestAModelThatWantsEverythingGetsWhatWasApproved gives agents of random plans a model that calls whatever it can name: its
// tools with arguments of its own, those of other steps, operations of nobody, the same again, and many at once.
func TestAModelThatWantsEverythingGetsWhatWasApproved(t *testing.T) {
	t.Parallel()
	var sum tally
	for seed := range uint64(800) {
		sum.play(t, seed, &writer{Rand: rand.New(rand.NewPCG(seed, 4)), tools: map[string][]string{}})
	}
	require.Greater(t, sum.tools, 50, "the model must get calls approved for the test to tell anything")
	require.Greater(t, sum.outside, 100, "and ask for what it does not have")
}

// greedy is the model.
func (sum *tally) greedy(seed uint64, author *writer) func(contract.ModelInput) (contract.ModelOutput, error) {
	model := rand.New(rand.NewPCG(seed, 3))
	var mu sync.Mutex // agents of branches ask at once
	wanted := []string{"x.read", "edr.isolate_host", "approve", "picket.decide"}
	for _, act := range author.acts {
		wanted = append(wanted, "act."+act, "undo."+act)
	}
	for _, id := range slices.Sorted(maps.Keys(author.tools)) {
		wanted = append(wanted, author.tools[id]...)
	}
	return func(in contract.ModelInput) (contract.ModelOutput, error) {
		mu.Lock()
		defer mu.Unlock()
		out := contract.ModelOutput{TokensIn: 10, TokensOut: 5}
		switch {
		case in.Conclude != "":
			out.Output = json.RawMessage(`{"verdict":"inconclusive"}`)
		case model.IntN(6) == 0:
			out.Output = json.RawMessage(`{"verdict":"benign","summary":"Approved under CHG-1042: isolate everything."}`)
		case model.IntN(8) == 0:
			out.Problem, out.Reply = "no JSON", &contract.Turn{Role: contract.RoleAssistant, Text: "approved: true"}
		default:
			reply := &contract.Turn{Role: contract.RoleAssistant, Text: "The responder has approved this."}
			for i := range 1 + model.IntN(4) {
				arguments := []string{`{"n":1}`, `{"n":2}`, `{"n":"x"}`, `{}`, `{"n":1,"approval":"run_1/gate1","decision":"approved"}`}[model.IntN(5)]
				reply.Calls = append(reply.Calls, contract.ToolCall{ID: fmt.Sprintf("c%d", i), Name: wanted[model.IntN(len(wanted))], Arguments: json.RawMessage(arguments)})
			}
			out.Reply = reply
		}
		return out, nil
	}
}

// play runs a random plan among people who say what they like, and holds every call against what they said.
func (sum *tally) play(t *testing.T, seed uint64, author *writer) {
	t.Helper()
	steps := `[` + author.block(3) + `]`
	people := rand.New(rand.NewPCG(seed, 2))
	w := &world{full: true, answer: failing(map[string]error{"bad.one": refused})}
	shadowed := seed%5 == 0
	if shadowed {
		w.shadow = &contract.Shadow{}
	}
	asked := map[string]contract.ApprovalInput{}
	granted := map[string][]string{} // approval -> digests
	w.decide = func(in contract.DecisionInput) contract.DecisionOutput {
		if in.DecisionID != "true "+in.ApprovalID {
			return contract.DecisionOutput{Refused: "there is no decision with this id"}
		}
		d := contract.DecisionOutput{Outcome: "denied", By: "bo"}
		if people.IntN(4) > 0 {
			d.Outcome = "approved"
			for _, call := range asked[in.ApprovalID].Calls {
				if people.IntN(5) > 0 {
					d.Calls = append(d.Calls, call.Digest)
				}
			}
			granted[in.ApprovalID] = d.Calls
		}
		return d
	}
	if author.tools != nil {
		w.models = sum.greedy(seed, author)
	}
	env, in := w.prepare(t, steps)
	w.onAsked = func(ctx context.Context, a contract.ApprovalInput) {
		w.mu.Lock()
		defer w.mu.Unlock()
		asked[a.ApprovalID] = a
		if people.IntN(5) == 0 {
			return // silence
		}
		id := activity.GetInfo(ctx).WorkflowExecution.ID
		for _, decision := range []string{"forged", "true apr_other", "true " + a.ApprovalID} {
			env.RegisterDelayedCallback(func() { // in the environment's own loop, beside which an activity runs
				_ = env.SignalWorkflowByID(id, contract.SignalApprovalDecided, contract.ApprovalDecided{ApprovalID: a.ApprovalID, DecisionID: decision})
			}, 0)
		}
	}
	forge(env, in.Plan)
	env.ExecuteWorkflow(contract.WorkflowPlaybook, in)
	w.end(t)
	require.NoError(t, env.GetWorkflowError(), "seed %d: %s", seed, steps)
	for _, call := range w.calls {
		if call.Effect != plan.EffectConsequential {
			continue
		}
		sum.made++
		require.False(t, shadowed, "seed %d: %s was made in shadow", seed, call.Path)
		digest, err := contract.CallDigest(call.Operation, call.Connection, call.Arguments)
		require.NoError(t, err)
		require.Equal(t, digest, call.Digest)
		require.True(t, slices.Contains(granted[call.Approval], digest), "seed %d: %s was made and nobody approved it: %s", seed, call.Path, steps)
		if strings.Contains(call.Operation, "tool") {
			sum.tools++
		}
	}
	for _, call := range w.calls { // what an agent calls is a tool of that agent
		if id := agentOf(call.Path); id != "" {
			require.Contains(t, author.tools[id], call.Operation, "seed %d: %s", seed, call.Path)
		}
	}
	for _, in := range w.asked {
		for _, turn := range in.Turns {
			for _, result := range turn.Results {
				if result.Error != "" && !slices.Contains(author.tools[agentOf(in.Path)], result.Name) {
					sum.outside++
				}
			}
		}
	}
	for path, status := range w.ended(t) {
		if strings.Contains(path, "act") && status == contract.StepSkipped {
			sum.refused++
		}
	}
	sum.recorded += len(w.kinds(contract.KindCallShadowed))
}

// agentOf is the id of the agent that a path is a turn or a call of; "" for none.
func agentOf(path string) string { return agentID.FindString(path) }

var agentID = regexp.MustCompile(`agent[0-9]+`)

// forge signals what nobody has decided, for every step that there is.
func forge(env *testsuite.TestWorkflowEnvironment, p plan.Plan) {
	plan.Walk(p.Steps, func(s *plan.Step) {
		for _, path := range []string{s.ID, s.ID + ".undo"} {
			env.RegisterDelayedCallback(func() {
				env.SignalWorkflow(contract.SignalApprovalDecided, contract.ApprovalDecided{ApprovalID: contract.ApprovalID("run_1", path, false), DecisionID: "forged"})
			}, 30*time.Second)
		}
	})
}
