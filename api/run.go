package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"picket/internal/runview"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

func (s *Server) listRuns(c *gin.Context) {
	limit, ok := s.limit(c)
	if !ok {
		return
	}
	status, ok := oneOf(s, c, "status", soc.RunQueued, soc.RunRunning, soc.RunWaiting, soc.RunCompleted, soc.RunFailed, soc.RunCancelled, soc.RunTimedOut,
		soc.RunSkipped, soc.RunJoined)
	if !ok {
		return
	}
	runs, next, err := s.Reader.Runs(c.Request.Context(), store.RunFilter{
		Status: status, Playbook: c.Query("playbook"), AlertID: c.Query("alert_id"), Parent: c.Query("parent_id"), Limit: limit, Cursor: c.Query("cursor"),
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, page(runs, next))
}

// run finds the run of the path, or answers why not.
func (s *Server) run(c *gin.Context) (soc.Run, bool) {
	run, err := s.Reader.GetRun(c.Request.Context(), c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return soc.Run{}, false
	}
	return run, true
}

func (s *Server) getRun(c *gin.Context) {
	if run, ok := s.run(c); ok {
		answer(c, http.StatusOK, run)
	}
}

func (s *Server) listSteps(c *gin.Context) {
	run, ok := s.run(c)
	if !ok {
		return
	}
	p, err := s.planOf(c.Request.Context(), run)
	if err != nil {
		s.fail(c, err)
		return
	}
	entries, err := s.Ledger.RunEntries(c.Request.Context(), run.ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	loop := c.Query("loop")
	if loop == "" {
		answer(c, http.StatusOK, page(runview.Steps(p, run, entries), ""))
		return
	}
	from, err := strconv.Atoi(c.DefaultQuery("from", "0"))
	limit, ok := s.limit(c)
	if !ok {
		return
	}
	if err != nil || from < 0 {
		s.problem(c, http.StatusUnprocessableEntity, "from is the number of an item, from 0 on")
		return
	}
	answer(c, http.StatusOK, itemsPage(p, run, entries, loop, from, max(limit, 0)))
}

// itemsPage is a page of a loop's items; one item more than the page tells whether there is a next one.
func itemsPage(p *plan.Plan, run soc.Run, entries []soc.LedgerEntry, loop string, from, limit int) list[runview.Step] {
	if limit == 0 {
		limit = 50
	}
	steps := runview.Items(p, run, entries, loop, from, limit+1)
	items := map[int]bool{}
	for i, s := range steps {
		if s.Parent != loop || s.Item == nil {
			continue
		}
		if items[*s.Item] = true; len(items) > limit {
			return page(steps[:i], strconv.Itoa(*s.Item))
		}
	}
	return page(steps, "")
}

func (s *Server) listRunLedger(c *gin.Context) {
	limit, ok := s.limit(c)
	if !ok {
		return
	}
	if limit == 0 {
		limit = 50
	}
	after, ok := s.after(c)
	if !ok {
		return
	}
	run, ok := s.run(c)
	if !ok {
		return
	}
	entries, err := s.Ledger.Entries(c.Request.Context(), store.Filter{RunID: run.ID, AfterSeq: after, Limit: limit + 1})
	if err != nil {
		s.fail(c, err)
		return
	}
	next := ""
	if len(entries) > limit {
		entries = entries[:limit]
		next = strconv.FormatInt(entries[limit-1].Seq, 10)
	}
	answer(c, http.StatusOK, page(entries, next))
}

func (s *Server) getHistory(c *gin.Context) {
	run, ok := s.run(c)
	if !ok {
		return
	}
	if run.Archive == "" {
		s.problem(c, http.StatusNotFound, "the run's history is not archived yet")
		return
	}
	history, err := s.Archive.Get(c.Request.Context(), run.Archive)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", history)
}

func (s *Server) getRunPlan(c *gin.Context) {
	run, ok := s.run(c)
	if !ok {
		return
	}
	kept, err := s.Reader.PlanByDigest(c.Request.Context(), run.PlanDigest)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, struct {
		Digest string          `json:"digest"`
		Plan   json.RawMessage `json:"plan"`
		Source string          `json:"source"`
	}{kept.Digest, kept.Plan, kept.Source})
}

func (s *Server) counts(c *gin.Context) {
	counts, err := s.Reader.Counts(c.Request.Context())
	if err != nil {
		s.fail(c, err)
		return
	}
	mine := 0
	if counts.PendingApprovals > 0 {
		pending, _, err := s.Reader.Approvals(c.Request.Context(), store.ApprovalFilter{Status: soc.ApprovalPending, Limit: 500})
		if err != nil {
			s.fail(c, err)
			return
		}
		for i := range pending {
			if s.whyNot(&pending[i], me(c)) == "" {
				mine++
			}
		}
	}
	answer(c, http.StatusOK, struct {
		Approvals     int `json:"approvals"`
		ApprovalsMine int `json:"approvals_mine"`
		RunsOpen      int `json:"runs_open"`
		AlertsOpen    int `json:"alerts_open"`
	}{counts.PendingApprovals, mine, counts.RunningRuns, counts.OpenAlerts})
}
