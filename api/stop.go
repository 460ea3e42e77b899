package api

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/undo"
	"picket/playbooks/plan"
)

// because reads a body that holds a reason, which must be given.
func (s *Server) because(c *gin.Context) (string, bool) {
	var in struct {
		Reason string `json:"reason"`
	}
	if !s.decode(c, smallBody, &in) {
		return "", false
	}
	return s.reason(c, in.Reason)
}

func (s *Server) reason(c *gin.Context, text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > 2000 {
		s.invalid(c, "/reason", "say why, in 1 to 2000 characters")
		return "", false
	}
	return text, true
}

// cancelRun asks for the end of a run. It goes on until its calls are over and its `finally` blocks have run.
func (s *Server) cancelRun(c *gin.Context) {
	reason, ok := s.because(c)
	if !ok || !s.somebody(c, "cancelling a run") {
		return
	}
	if _, ok := s.idempotency(c); !ok {
		return
	}
	run, ok := s.run(c)
	if !ok {
		return
	}
	who := me(c)
	if err := s.Decider.CancelRun(c.Request.Context(), run.ID, who.Account.Name, reason); err != nil {
		s.fail(c, err)
		return
	}
	s.Log.InfoContext(c.Request.Context(), "run cancelled", "run_id", run.ID, "user", who.Account.Name, "token", who.Token, "request_id", requestID(c))
	answer(c, http.StatusAccepted, run)
}

// undoRun starts the run that takes back what a run did. Each consequential call of it asks for its own approval.
func (s *Server) undoRun(c *gin.Context) {
	reason, ok := s.because(c)
	if !ok || !s.somebody(c, "undoing a run") {
		return
	}
	key, ok := s.idempotency(c)
	if !ok {
		return
	}
	run, ok := s.run(c)
	if !ok {
		return
	}
	who := me(c)
	s.startOnce(c, key, "undo "+run.ID, func() (soc.Run, error) {
		s.undoing.Lock() // so that two people who press the button make one run
		defer s.undoing.Unlock()
		p, err := s.undoOf(c.Request.Context(), run)
		if err != nil {
			return soc.Run{}, err
		}
		p.Title += ": " + reason
		s.Log.InfoContext(c.Request.Context(), "run undone", "run_id", run.ID, "user", who.Account.Name, "token", who.Token, "request_id", requestID(c))
		return s.Intake.StartPlan(c.Request.Context(), run, p, soc.TriggerUndo, who.Account.Name)
	})
}

// undoOf is the plan that takes a run back.
func (s *Server) undoOf(ctx context.Context, run soc.Run) (*plan.Plan, error) {
	original, err := s.planOf(ctx, run)
	if err != nil {
		return nil, err
	}
	entries, err := s.Ledger.RunEntries(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	others, _, err := s.Reader.Runs(ctx, store.RunFilter{Parent: run.ID, Trigger: soc.TriggerUndo, Limit: 500})
	if err != nil {
		return nil, err
	}
	var earlier [][]soc.LedgerEntry
	for _, other := range others {
		if !other.Status.Final() {
			return nil, soc.Errorf(soc.Conflict, "the run %s is taking it back already", other.ID)
		}
		did, err := s.Ledger.RunEntries(ctx, other.ID)
		if err != nil {
			return nil, err
		}
		earlier = append(earlier, did)
	}
	return undo.Plan(run, original.Owner, entries, earlier)
}
