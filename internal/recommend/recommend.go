// Package recommend makes the plan of one call that a verdict recommends. A recommendation is a proposal of a model and
// never a call: a person asks for it, and a consequential one waits for the approval of exactly that call.
package recommend

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"picket/internal/consent"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/plan"
)

// within is how long the approval waits.
const within = plan.Duration(4 * 60 * 60 * 1000)

// The steps of the plan.
const (
	stepVerdict = "verdict"
	stepGate    = "gate"
	stepAct     = "act"
)

// Ask is what somebody wants to be done.
type Ask struct {
	Of        soc.Run
	Owner     string // of the run's playbook
	Step      string // path of the step that gave the verdict
	Verdict   soc.Verdict
	Number    int // of the recommendation, from 0
	Operation playbooks.Operation
	By        string
	Reason    string
}

// Plan is the plan that makes the recommended call. What the model wrote is checked first: an argument that is missing or
// of another form than the operation's schema is a soc.Invalid that names it.
func Plan(a Ask) (*plan.Plan, error) {
	recommended := a.Verdict.Recommended[a.Number]
	arguments := recommended.Arguments
	if len(arguments) == 0 {
		arguments = json.RawMessage(`{}`)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(arguments, &given); err != nil {
		return nil, soc.Errorf(soc.Invalid, "the model named no arguments of %s that could be used", a.Operation.Name)
	}
	if err := consent.Conforms(a.Operation.Input, arguments); err != nil {
		return nil, soc.Errorf(soc.Invalid, "%s can't be called as the model recommends: %v", a.Operation.Name, err)
	}
	verdict, err := fields(a.Verdict)
	if err != nil {
		return nil, err
	}
	title := a.Operation.Title
	act := plan.Step{
		ID: stepAct, Title: title, Verb: plan.VerbAction, Timeout: plan.Duration(a.Operation.TimeoutMS),
		Action: &plan.Action{Operation: a.Operation.Name, Effect: a.Operation.Effect, Local: a.Operation.Local, With: plan.Value{Literal: arguments}},
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		act.Action.Origins = append(act.Action.Origins, plan.Origin{
			Argument: name, From: fmt.Sprintf("the verdict of step %s of %s", a.Step, a.Of.ID), Untrusted: true, Labels: []string{"model"},
		})
	}
	p := &plan.Plan{
		Version: plan.Version, Name: a.Of.Playbook, Title: "Recommended in " + a.Of.ID + ": " + title, Owner: a.Owner,
		Triggers: []plan.Trigger{{Kind: soc.TriggerRecommended}}, Cost: &plan.Cost{Calls: 1},
		Steps: []plan.Step{{ID: stepVerdict, Title: "What recommends it", Verb: plan.VerbSet, Set: verdict}},
	}
	if a.Operation.Effect == plan.EffectConsequential {
		act.Action.Approvals = []string{stepGate}
		gate := &plan.Approve{
			Title: *text(title + "?"), Role: soc.RoleResponder, Covers: []string{stepAct}, Within: within, OnTimeout: "deny", Evidence: []string{stepVerdict},
			Message: text(fmt.Sprintf("A verdict recommends it: %s\n\n%s asks for it: %s", recommended.Why, a.By, a.Reason)),
		}
		properties, err := schemas(a.Operation.Input)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(given)) {
			gate.Edit = append(gate.Edit, plan.Edit{Step: stepAct, Argument: name, Schema: properties[name]})
		}
		p.Steps = append(p.Steps, plan.Step{ID: stepGate, Title: "Ask before it", Verb: plan.VerbApprove, Approve: gate})
	}
	p.Steps = append(p.Steps, act)
	return p, nil
}

// Same tells whether a plan that Plan made is for the same call as another.
func Same(a, b *plan.Plan) bool {
	x, y := callOf(a), callOf(b)
	return x != "" && x == y
}

func callOf(p *plan.Plan) string {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.ID == stepAct && s.Action != nil {
			if digest, err := contract.CallDigest(s.Action.Operation, s.Action.Connection, s.Action.With.Literal); err == nil {
				return digest
			}
		}
	}
	return ""
}

// fields are the members of a verdict, which the approver sees as the verdict that it is.
func fields(v soc.Verdict) ([]plan.Field, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	var out []plan.Field
	for _, name := range slices.Sorted(maps.Keys(members)) {
		out = append(out, plan.Field{Name: name, Value: plan.Value{Literal: members[name]}})
	}
	return out, nil
}

// schemas are those of an operation's arguments, by name.
func schemas(input json.RawMessage) (map[string]json.RawMessage, error) {
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(input, &schema); err != nil {
		return nil, fmt.Errorf("read the schema of an operation: %w", err)
	}
	return schema.Properties, nil
}

func text(s string) *plan.Value { return &plan.Value{Text: []plan.Part{{Text: s}}} }
