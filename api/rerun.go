package api

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"picket/internal/contract"
	"picket/internal/rerun"
	"picket/internal/runview"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

// RerunRequest is a run that somebody wants once more.
type RerunRequest struct {
	Of      soc.Run
	Plan    *plan.Plan        // of then; nil is the present one
	Earlier *contract.Earlier // what it takes over; nil begins at the beginning
	Inputs  json.RawMessage
	By      string
}

// The versions that a run can be run again with.
const (
	versionThen = "then"
	versionNow  = "now"
)

// rerun starts a run's playbook once more, as it was or as it is, from the beginning or from a step on.
func (s *Server) rerun(c *gin.Context) {
	in := struct {
		Version string                     `json:"version"`
		From    string                     `json:"from"`
		Inputs  map[string]json.RawMessage `json:"inputs"`
	}{Version: versionThen}
	if !s.decode(c, smallBody, &in) {
		return
	}
	key, ok := s.idempotency(c)
	if !ok || !s.somebody(c, "starting a run") {
		return
	}
	run, ok := s.run(c)
	if !ok {
		return
	}
	switch {
	case in.Version != versionThen && in.Version != versionNow:
		s.invalid(c, "/version", "the versions are then and now")
		return
	case in.From != "" && in.Version == versionNow:
		s.invalid(c, "/from", "only the version of then can begin with a step: the results before it are that version's")
		return
	case !run.Status.Final():
		s.problem(c, http.StatusConflict, "the run goes on: wait for its end, or cancel it")
		return
	case slices.Contains([]string{soc.TriggerUndo, soc.TriggerRecommended}, run.Trigger):
		s.problem(c, http.StatusConflict, "the run was made for another one, "+run.Parent+": ask there once more")
		return
	}
	ctx := c.Request.Context()
	entries, err := s.Ledger.RunEntries(ctx, run.ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	r := RerunRequest{Of: run, By: me(c).Account.Name, Inputs: runview.Began(entries).Inputs}
	declared := []plan.Input{}
	if in.Version == versionThen {
		if r.Plan, err = s.planOf(ctx, run); err != nil {
			s.fail(c, err)
			return
		}
		declared = r.Plan.Inputs
	} else if p := s.named(run.Playbook); p != nil && p.Plan != nil {
		declared = p.Plan.Inputs
	}
	if in.Inputs != nil {
		if faults := wrongInputs(declared, in.Inputs); len(faults) > 0 {
			s.faults(c, "the inputs are not those of the playbook", faults)
			return
		}
		r.Inputs = encoded(in.Inputs)
	}
	if in.From != "" {
		if r.Earlier, err = rerun.From(run, r.Plan, entries, in.From); err != nil {
			s.fail(c, err)
			return
		}
	}
	if r.Of.Trigger == soc.TriggerCall || r.Of.Trigger == "" {
		r.Of.Trigger = soc.TriggerManual
		if run.AlertID != "" && run.Parent == "" && run.RequestedBy == "" {
			r.Of.Trigger = soc.TriggerAlert
		}
	}
	s.Log.InfoContext(ctx, "run asked for again", "run_id", run.ID, "version", in.Version, "from", in.From, "user", r.By, "token", me(c).Token, "request_id", requestID(c))
	s.startOnce(c, key, "rerun "+run.ID+" "+in.Version+" "+in.From+" "+string(r.Inputs), func() (soc.Run, error) {
		return s.Intake.Rerun(ctx, r)
	})
}
