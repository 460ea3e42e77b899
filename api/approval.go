package api

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"picket/internal/auth"
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
	default:
		return forbidden(a, who)
	}
}

// forbidden says why somebody may never decide an approval; "" when they may.
func forbidden(a *soc.Approval, who auth.Identity) string {
	switch {
	case !who.Has(a.Role):
		return "it needs the role " + a.Role
	case a.NotUser != "" && strings.EqualFold(a.NotUser, who.Account.Name):
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

// decision is what somebody answers to an approval.
type decision struct {
	Outcome soc.ApprovalStatus `json:"outcome"`
	Reason  string             `json:"reason"`
	Digest  string             `json:"digest"`
}

// decide keeps somebody's decision. Who may is checked here; that it is in time, the first, and about what was shown is
// checked again in the transaction that keeps it; its signature is checked by whoever acts on it.
func (s *Server) decide(c *gin.Context) {
	var in decision
	if !s.decode(c, smallBody, &in) {
		return
	}
	if _, ok := s.idempotency(c); !ok {
		return
	}
	switch {
	case in.Outcome != soc.ApprovalApproved && in.Outcome != soc.ApprovalDenied:
		s.invalid(c, "/outcome", "the outcome is approved or denied")
		return
	case in.Digest == "":
		s.invalid(c, "/digest", "send the digest of the approval as it was shown")
		return
	case utf8.RuneCountInString(in.Reason) > 2000:
		s.invalid(c, "/reason", "the reason has more than 2000 characters")
		return
	}
	ctx, who := c.Request.Context(), me(c)
	a, err := s.Reader.GetApproval(ctx, c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	if why := forbidden(&a, who); why != "" {
		s.problem(c, http.StatusForbidden, "you may not decide this: "+why)
		return
	}
	if s.again(c, a, in) {
		return
	}
	if in.Digest != a.Digest {
		s.problem(c, http.StatusConflict, "what you were shown is not what is asked for now; read the approval again")
		return
	}
	d := soc.Decision{
		ID: soc.NewID("dec"), ApprovalID: a.ID, RunID: a.RunID, Outcome: in.Outcome, By: who.Account.Name,
		Reason: strings.TrimSpace(in.Reason), Digest: a.Digest, Calls: []string{}, At: s.Now().UTC(),
	}
	if d.Outcome == soc.ApprovalApproved {
		for _, call := range a.Calls {
			d.Calls = append(d.Calls, call.Digest)
		}
	}
	_, err = s.Decider.Decide(ctx, s.Signer.Sign(d))
	if err != nil && soc.KindOf(err) != soc.Conflict {
		s.fail(c, err)
		return
	}
	now, readErr := s.Reader.GetApproval(ctx, a.ID)
	if readErr != nil {
		s.fail(c, readErr)
		return
	}
	if err != nil { // somebody was first: perhaps the same person, twice
		if !s.again(c, now, in) {
			s.fail(c, err)
		}
		return
	}
	s.Log.InfoContext(ctx, "approval decided", "approval_id", a.ID, "run_id", a.RunID, "outcome", in.Outcome,
		"user", who.Account.Name, "token", who.Token, "request_id", requestID(c))
	answer(c, http.StatusOK, s.show(now, who))
}

// again answers a decision that the same person has made before.
func (s *Server) again(c *gin.Context, a soc.Approval, in decision) bool {
	who := me(c)
	d := a.Decision
	if d == nil || d.By != who.Account.Name || d.Outcome != in.Outcome || d.Digest != in.Digest {
		return false
	}
	answer(c, http.StatusOK, s.show(a, who))
	return true
}
