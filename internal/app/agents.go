package app

import (
	"context"
	"regexp"
	"strings"

	"picket/internal/store"
	"picket/playbooks/plan"
)

// agents finds agents in the plans of runs, which never change.
type agents struct{ store *store.Store }

var itemIndex = regexp.MustCompile(`\[[0-9]+\]$`)

// AgentOf finds the agent of a step by the step's path.
func (a agents) AgentOf(ctx context.Context, runID, path string) (*plan.Agent, error) {
	run, err := a.store.GetRun(ctx, runID)
	if err != nil {
		return nil, err
	}
	kept, err := a.store.PlanByDigest(ctx, run.PlanDigest)
	if err != nil {
		return nil, err
	}
	p, err := kept.Decode()
	if err != nil {
		return nil, err
	}
	id := itemIndex.ReplaceAllString(path[strings.LastIndexByte(path, '/')+1:], "")
	var found *plan.Agent
	plan.Walk(p.Steps, func(s *plan.Step) {
		if s.ID == id && s.Agent != nil {
			found = s.Agent
		}
	})
	return found, nil
}
