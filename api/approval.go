package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"picket/internal/auth"
	"picket/internal/consent"
	"picket/internal/soc"
	"picket/internal/store"
)

// approvalBody is an approval as one person sees it.
type approvalBody struct {
	soc.Approval
	MayDecide bool   `json:"may_decide"`
	WhyNot    string `json:"why_not,omitempty"`
}

// whyNot says why somebody may not decide an approval now; "" when they may.
func (s *Server) whyNot(a *soc.Approval, who auth.Identity) string {
	switch {
	case a.Status != soc.ApprovalPending:
		return "it is " + string(a.Status)
	case !s.Now().Before(a.Deadline):
		return "its time has run out"
	}
	if why := forbidden(a, who); why != "" {
		return why
	}
	if voted(a, who) {
		return fmt.Sprintf("you have said yes; it waits for %d of %d people", a.Quorum-len(a.Votes), a.Quorum)
	}
	return ""
}

// voted tells whether somebody's yes is among those that an approval has.
func voted(a *soc.Approval, who auth.Identity) bool {
	return slices.ContainsFunc(a.Votes, func(v soc.Vote) bool { return strings.EqualFold(v.By, who.Account.Name) })
}

// forbidden says why somebody may never decide an approval; "" when they may.
func forbidden(a *soc.Approval, who auth.Identity) string {
	switch {
	case !who.Has(a.Role):
		return "it needs the role " + a.Role
	case consent.Barred(a, who.Account.Name):
		return "whoever asked for it may not decide it"
	}
	return ""
}

func (s *Server) show(a soc.Approval, who auth.Identity) approvalBody {
	fill(&a.Calls)
	fill(&a.Evidence)
	for i := range a.Calls {
		fill(&a.Calls[i].Origins)
	}
	if a.Decision != nil {
		fill(&a.Decision.Calls)
		for i := range a.Decision.Votes {
			fill(&a.Decision.Votes[i].Calls)
		}
	}
	for i := range a.Votes {
		fill(&a.Votes[i].Calls)
	}
	if a.Kind == "" {
		a.Kind = soc.KindApproval
	}
	why := s.whyNot(&a, who)
	return approvalBody{Approval: a, MayDecide: why == "", WhyNot: why}
}

func (s *Server) listApprovals(c *gin.Context) {
	limit, ok := s.limit(c)
	if !ok {
		return
	}
	status, ok := oneOf(s, c, "status", soc.ApprovalPending, soc.ApprovalApproved, soc.ApprovalDenied, soc.ApprovalExpired)
	if !ok {
		return
	}
	approvals, next, err := s.Reader.Approvals(c.Request.Context(), store.ApprovalFilter{
		Status: status, RunID: c.Query("run_id"), Limit: limit, Cursor: c.Query("cursor"),
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	items := make([]approvalBody, len(approvals))
	for i, a := range approvals {
		items[i] = s.show(a, me(c))
	}
	answer(c, http.StatusOK, page(items, next))
}

func (s *Server) getApproval(c *gin.Context) {
	a, err := s.Reader.GetApproval(c.Request.Context(), c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, s.show(a, me(c)))
}
