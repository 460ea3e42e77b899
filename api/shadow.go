package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/auth"
	"picket/internal/shadow"
	"picket/internal/soc"
)

// reportFor is how far back a report looks unless it is told.
const reportFor = 30 * 24 * time.Hour

// leading tells whether a person is a lead or an admin.
func leading(who auth.Identity) bool { return who.Has(soc.RoleLead) || who.Has(soc.RoleAdmin) }

// decides tells whether a person may decide what makes less of alerts, and what is known.
func decides(who auth.Identity) bool { return who.Has(soc.RoleResponder) || leading(who) }

// leads answers 403 to those who may not say whether a playbook acts.
func (s *Server) leads(c *gin.Context) bool {
	if !leading(me(c)) {
		s.problem(c, http.StatusForbidden, "whether a playbook acts is for a lead or an admin to say")
		return false
	}
	return true
}

func (s *Server) getShadow(c *gin.Context) {
	p, ok := s.playbook(c)
	if !ok {
		return
	}
	set, err := s.Decider.Shadow(c.Request.Context(), p.Name)
	if err != nil {
		if soc.KindOf(err) == soc.NotFound {
			s.problem(c, http.StatusNotFound, "the playbook "+p.Name+" is not in shadow mode")
			return
		}
		s.fail(c, err)
		return
	}
	fill(&set.Operations)
	answer(c, http.StatusOK, set)
}

// putShadow lets a playbook only record its consequential calls from its next run on.
func (s *Server) putShadow(c *gin.Context) {
	var in struct {
		PlanDigest string   `json:"plan_digest"`
		Operations []string `json:"operations"`
		Reason     string   `json:"reason"`
	}
	if !s.decode(c, smallBody, &in) || !s.leads(c) {
		return
	}
	reason, ok := s.reason(c, in.Reason)
	if !ok {
		return
	}
	p, ok := s.playbook(c)
	if !ok {
		return
	}
	if in.PlanDigest != "" && in.PlanDigest != p.Digest {
		s.invalid(c, "/plan_digest", "it is not the digest of the playbook as it stands")
		return
	}
	if at := slices.IndexFunc(in.Operations, func(name string) bool { return !s.offered(name) }); at >= 0 {
		s.invalid(c, "/operations", "there is no operation "+in.Operations[at])
		return
	}
	set, err := s.Decider.SetShadow(c.Request.Context(), soc.ShadowSetting{
		Playbook: p.Name, PlanDigest: in.PlanDigest, Operations: in.Operations, By: me(c).Account.Name, Reason: reason,
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, set)
}

func (s *Server) offered(operation string) bool {
	for _, op := range s.Connectors.Operations() {
		if op.Name == operation {
			return true
		}
	}
	return false
}

// promote lets a playbook act again.
func (s *Server) promote(c *gin.Context) {
	reason, ok := s.because(c)
	if !ok || !s.leads(c) {
		return
	}
	p, ok := s.playbook(c)
	if !ok {
		return
	}
	who := me(c)
	if err := s.Decider.Promote(c.Request.Context(), p.Name, who.Account.Name, reason); err != nil {
		s.fail(c, err)
		return
	}
	s.Log.InfoContext(c.Request.Context(), "playbook promoted", "playbook", p.Name, "user", who.Account.Name, "token", who.Token, "request_id", requestID(c))
	c.Status(http.StatusNoContent)
}

// shadowReport compares what a playbook would have done with what was done.
func (s *Server) shadowReport(c *gin.Context) {
	p, ok := s.playbook(c)
	if !ok {
		return
	}
	since, ok := s.instant(c, "since")
	if !ok {
		return
	}
	if since.IsZero() {
		since = s.Now().Add(-reportFor)
	}
	targets := map[string][]string{}
	for _, op := range s.Connectors.Operations() {
		targets[op.Name] = shadow.Required(op.Input)
	}
	report, err := shadow.Compare(c.Request.Context(), struct {
		Reader
		Ledger
	}{s.Reader, s.Ledger}, p.Name, since, func(operation string) []string { return targets[operation] })
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, report)
}
