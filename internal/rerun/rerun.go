// Package rerun prepares a run that begins in the middle: with the results that an earlier run of the same plan had before.
package rerun

import (
	"slices"
	"strings"

	"picket/internal/contract"
	"picket/internal/runview"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// From is what a run takes over that begins with the top-level step of an id. It is Invalid where there is no such step, and a
// Conflict where the earlier run did not come so far, or where a consequential step would come without the approval that
// releases it: decisions are of one run, and none is taken over.
func From(of soc.Run, p *plan.Plan, entries []soc.LedgerEntry, id string) (*contract.Earlier, error) {
	first := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.ID == id })
	if first < 0 {
		return nil, soc.Errorf(soc.Invalid, "a run can begin with one of the playbook's own steps: %s", strings.Join(Starts(p), ", "))
	}
	within := map[string]bool{} // ids of the steps that run
	plan.Walk(p.Steps[first:], func(s *plan.Step) { within[s.ID] = true })
	var err error
	plan.Walk(p.Steps[first:], func(s *plan.Step) {
		for _, gate := range gates(s) {
			if err == nil && !within[gate] {
				err = soc.Errorf(soc.Conflict, "%s is released by the approval %s, and decisions are not taken over: begin with %s or before it", s.ID, gate, top(p, gate))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	earlier := &contract.Earlier{RunID: of.ID, First: first}
	ended := map[string]bool{}
	for i := range entries {
		if entries[i].Kind == contract.KindStepFinished {
			ended[entries[i].Step] = true
		}
	}
	results := map[string]runview.Step{}
	for _, s := range runview.Steps(p, of, entries) {
		if s.Path == s.ID && ended[s.Path] { // not one of a loop's items
			results[s.ID] = s
		}
	}
	for i := range p.Steps[:first] {
		if _, ok := results[p.Steps[i].ID]; !ok {
			return nil, soc.Errorf(soc.Conflict, "the run %s did not come to the end of %s: begin with it or before it", of.ID, p.Steps[i].ID)
		}
	}
	plan.Walk(p.Steps[:first], func(s *plan.Step) {
		if r, ok := results[s.ID]; ok {
			earlier.Steps = append(earlier.Steps, contract.EarlierStep{ID: s.ID, Status: r.Status, Output: r.Output, Error: r.Error})
		}
	})
	return earlier, nil
}

// Starts are the ids of the steps that a run can begin with.
func Starts(p *plan.Plan) []string {
	ids := make([]string, len(p.Steps))
	for i := range p.Steps {
		ids[i] = p.Steps[i].ID
	}
	return ids
}

func gates(s *plan.Step) []string {
	if s.Action == nil || s.Action.Effect != plan.EffectConsequential {
		return nil
	}
	return s.Action.Approvals
}

// top is the id of the playbook's own step in which a step stands.
func top(p *plan.Plan, id string) string {
	for i := range p.Steps {
		found := false
		plan.Walk(p.Steps[i:i+1], func(s *plan.Step) { found = found || s.ID == id })
		if found {
			return p.Steps[i].ID
		}
	}
	return id
}
