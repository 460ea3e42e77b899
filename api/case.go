package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"picket/internal/store"
	"picket/internal/testcase"
)

// getCase writes a run that is over down as a case of its playbook's tests.
func (s *Server) getCase(c *gin.Context) {
	run, ok := s.run(c)
	if !ok {
		return
	}
	if !run.Status.Final() {
		s.problem(c, http.StatusConflict, "the run goes on: a test is made of one that is over")
		return
	}
	ctx := c.Request.Context()
	r := testcase.Record{Run: run}
	var err error
	if r.Plan, err = s.planOf(ctx, run); err == nil {
		r.Entries, err = s.Ledger.RunEntries(ctx, run.ID)
	}
	if err == nil {
		r.Approvals, _, err = s.Reader.Approvals(ctx, store.ApprovalFilter{RunID: run.ID, Limit: 500})
	}
	if err == nil && run.AlertID != "" {
		alert, readErr := s.Reader.GetAlert(ctx, run.AlertID)
		r.Alert, err = &alert, readErr
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	text, err := testcase.Of(r)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, struct {
		Case string `json:"case"`
	}{text})
}
