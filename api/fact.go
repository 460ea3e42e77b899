package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/soc"
	"picket/internal/store"
)

// listFacts lists what is known and what is proposed.
func (s *Server) listFacts(c *gin.Context) {
	status, ok := oneOf(s, c, "status", "", soc.FactProposed, soc.FactApproved, soc.FactRejected, soc.FactRevoked)
	if !ok {
		return
	}
	kind, ok := oneOf(s, c, "type", append([]string{""}, soc.FactTypes...)...)
	if !ok {
		return
	}
	list, err := s.Memory.Facts(c.Request.Context(), store.FactFilter{Status: status, Type: kind, Value: c.Query("value"), Query: c.Query("q")})
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, page(list, ""))
}

// proposeFact keeps what somebody says that is to be known.
func (s *Server) proposeFact(c *gin.Context) {
	var in struct {
		Type   string `json:"type"`
		Value  string `json:"value"`
		Text   string `json:"text"`
		Source string `json:"source"`
		Owner  string `json:"owner"`
		Days   int    `json:"days"`
	}
	if !s.decode(c, smallBody, &in) || !s.somebody(c, "proposing a fact") {
		return
	}
	if in.Days < 1 || in.Days > 365 {
		s.invalid(c, "/days", "it must expire after 1 to 365 days")
		return
	}
	who := me(c).Account.Name
	if in.Owner == "" {
		in.Owner = who
	}
	f, err := s.Memory.ProposeFact(c.Request.Context(), soc.Fact{
		Type: in.Type, Value: in.Value, Text: in.Text, Source: in.Source, Owner: in.Owner, ProposedBy: who,
		ExpiresAt: s.Now().Add(time.Duration(in.Days) * 24 * time.Hour),
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusCreated, f)
}

// decideFact approves, rejects or revokes a fact.
func (s *Server) decideFact(c *gin.Context) {
	var in struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	}
	if !s.decode(c, smallBody, &in) {
		return
	}
	reason, ok := s.reason(c, in.Reason)
	if !ok {
		return
	}
	f, err := s.Memory.GetFact(c.Request.Context(), c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	who := me(c)
	leads := leading(who)
	switch {
	case !decides(who):
		s.problem(c, http.StatusForbidden, "what the organisation knows is for a responder, a lead or an admin to decide")
		return
	case !leads && f.ProposedBy == who.Account.Name:
		s.problem(c, http.StatusForbidden, "you have proposed it yourself: somebody else decides on it, or a lead")
		return
	}
	if f, err = s.Memory.DecideFact(c.Request.Context(), f.ID, in.Status, who.Account.Name, reason); err != nil {
		s.fail(c, err)
		return
	}
	s.Log.InfoContext(c.Request.Context(), "fact decided", "fact", f.ID, "status", f.Status, "user", who.Account.Name, "token", who.Token, "request_id", requestID(c))
	answer(c, http.StatusOK, f)
}
