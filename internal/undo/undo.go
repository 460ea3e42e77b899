// Package undo makes the plan that takes back what a run did: the calls that its finished steps name as their undo, the
// newest first, each consequential one behind an approval of its own.
package undo

import (
	"encoding/json"
	"fmt"
	"slices"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// MaxSteps bounds what one run takes back; what is older is left for the next.
const MaxSteps = 50

// within is how long an approval waits that names no time.
const within = plan.Duration(30 * 60 * 1000)

// done is a finished step that can be taken back.
type done struct {
	path  string
	title string
	undo  contract.UndoBody
}

// Plan is the plan for a run that is over. Entries are those of the run; earlier are the entries of those runs that
// have taken back a part of it already. When nothing is left to take back the error is a Conflict that says why.
func Plan(of soc.Run, owner string, entries []soc.LedgerEntry, earlier [][]soc.LedgerEntry) (*plan.Plan, error) {
	if !of.Status.Final() {
		return nil, soc.Errorf(soc.Conflict, "the run is %s; cancel it before you take it back", of.Status)
	}
	steps, any := finished(entries)
	if len(steps) == 0 {
		why := "none of its steps names an undo"
		if any {
			why = "all that could be taken back has been"
		}
		return nil, soc.Errorf(soc.Conflict, "there is nothing to undo: %s", why)
	}
	left, err := remaining(steps, earlier)
	if err != nil {
		return nil, err
	}
	if len(left) == 0 {
		return nil, soc.Errorf(soc.Conflict, "there is nothing to undo: all that could be taken back has been")
	}
	slices.Reverse(left)
	return compose(of, owner, left[:min(len(left), MaxSteps)]), nil
}

// finished lists the steps that did something that can be taken back, in the order they ended; any tells whether there
// was one at all, taken back or not.
func finished(entries []soc.LedgerEntry) (steps []done, any bool) {
	for i := range entries {
		e := &entries[i]
		var body contract.StepBody
		if e.Kind != contract.KindStepFinished || json.Unmarshal(e.Body, &body) != nil || body.Status != contract.StepOK {
			continue
		}
		if body.Undoes != "" {
			steps = slices.DeleteFunc(steps, func(d done) bool { return d.path == body.Undoes })
		}
		if body.Undo != nil && !body.Shadow {
			steps, any = append(steps, done{e.Step, body.Title, *body.Undo}), true
		}
	}
	return steps, any
}

// remaining leaves out those that other runs have taken back: as many as they made the same call, the newest first.
func remaining(steps []done, earlier [][]soc.LedgerEntry) ([]done, error) {
	made := map[string]int{}
	for _, entries := range earlier {
		for i := range entries {
			var body contract.CallBody
			if entries[i].Kind != contract.KindCallFinished || json.Unmarshal(entries[i].Body, &body) != nil || body.Error != nil {
				continue
			}
			if digest, err := contract.CallDigest(body.Operation, body.Connection, body.Input); err == nil {
				made[digest]++
			}
		}
	}
	var left []done
	for _, d := range slices.Backward(steps) {
		digest, err := contract.CallDigest(d.undo.Operation, d.undo.Connection, d.undo.Arguments)
		if err != nil {
			return nil, err
		}
		if made[digest] > 0 {
			made[digest]--
			continue
		}
		left = append(left, d)
	}
	slices.Reverse(left)
	return left, nil
}

// compose makes the plan. A no to one call leaves the others as they are; a call that fails does not keep the others
// from being made, but fails the run at its end.
func compose(of soc.Run, owner string, steps []done) *plan.Plan {
	p := &plan.Plan{Version: plan.Version, Name: of.Playbook, Title: "Undo of " + of.ID, Owner: owner, Triggers: []plan.Trigger{{Kind: soc.TriggerUndo}}}
	var checks []plan.Step
	for i, d := range steps {
		id := fmt.Sprintf("undo_%d", i+1)
		title := "Undo " + d.path
		action := &plan.Action{
			Operation: d.undo.Operation, Connection: d.undo.Connection, Effect: d.undo.Effect,
			With: plan.Value{Literal: d.undo.Arguments}, Origins: d.undo.Origins,
		}
		if d.undo.Effect == plan.EffectConsequential {
			gate := fmt.Sprintf("approve_%d", i+1)
			action.Approvals = []string{gate}
			p.Steps = append(p.Steps, approval(gate, id, title, d))
		}
		p.Steps = append(p.Steps, plan.Step{ID: id, Title: title, Verb: plan.VerbAction, Timeout: d.undo.Timeout, OnError: "continue", Action: action})
		checks = append(checks, plan.Step{
			ID: fmt.Sprintf("check_%d", i+1), Verb: plan.VerbStop,
			If:   fmt.Sprintf(`steps.%s.status == "failed" || steps.%s.status == "unknown"`, id, id),
			Stop: &plan.Stop{Status: "failed", Reason: text(d.path + " was not taken back")},
		})
	}
	p.Steps = append(p.Steps, checks...)
	p.Cost = &plan.Cost{Calls: len(steps)}
	return p
}

func approval(gate, covers, title string, d done) plan.Step {
	a := &plan.Approve{
		Title: *text(title + "?"), Role: d.undo.Role, Covers: []string{covers}, Within: d.undo.Within, OnTimeout: "deny", OnDeny: "continue",
	}
	if a.Role == "" {
		a.Role = soc.RoleLead // an undo without one was written past the compiler
	}
	if a.Within <= 0 {
		a.Within = within
	}
	if d.title != "" {
		a.Message = text("It takes back: " + d.title)
	}
	return plan.Step{ID: gate, Title: "Ask before " + title, Verb: plan.VerbApprove, Approve: a}
}

func text(s string) *plan.Value { return &plan.Value{Text: []plan.Part{{Text: s}}} }
