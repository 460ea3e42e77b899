package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"picket/internal/consent"
	"picket/internal/soc"
)

// decision is what somebody answers to an approval. Edited holds new values by step and argument; Answers are those of a form.
type decision struct {
	Outcome soc.ApprovalStatus                    `json:"outcome"`
	Reason  string                                `json:"reason"`
	Digest  string                                `json:"digest"`
	Edited  map[string]map[string]json.RawMessage `json:"edited"`
	Answers map[string]json.RawMessage            `json:"answers"`
}

// decide keeps somebody's decision. Who may is checked here; that it is in time, the first, and about what was shown is
// checked again in the transaction that keeps it; its signature is checked by whoever acts on it.
func (s *Server) decide(c *gin.Context) {
	in, ok := s.decision(c)
	if !ok {
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
	if in.Digest != a.Digest {
		s.problem(c, http.StatusConflict, "what you were shown is not what is asked for now; read the approval again")
		return
	}
	d, ok := s.meant(c, &a, in)
	if !ok || s.again(c, a, d) {
		return
	}
	now, err := s.keepDecision(ctx, &a, d)
	if err != nil {
		// Somebody may have been first: perhaps the same person, twice.
		if now, readErr := s.Reader.GetApproval(ctx, a.ID); soc.KindOf(err) != soc.Conflict || readErr != nil || !s.again(c, now, d) {
			s.fail(c, err)
		}
		return
	}
	s.Log.InfoContext(ctx, "approval decided", "approval_id", a.ID, "run_id", a.RunID, "outcome", in.Outcome,
		"user", who.Account.Name, "token", who.Token, "request_id", requestID(c))
	answer(c, http.StatusOK, s.show(now, who))
}

// decision reads a decision from the body.
func (s *Server) decision(c *gin.Context) (decision, bool) {
	var in decision
	if !s.decode(c, smallBody, &in) {
		return in, false
	}
	if _, ok := s.idempotency(c); !ok {
		return in, false
	}
	switch {
	case in.Outcome != soc.ApprovalApproved && in.Outcome != soc.ApprovalDenied:
		s.invalid(c, "/outcome", "the outcome is approved or denied")
	case in.Digest == "":
		s.invalid(c, "/digest", "send the digest of the approval as it was shown")
	case utf8.RuneCountInString(in.Reason) > 2000:
		s.invalid(c, "/reason", "the reason has more than 2000 characters")
	case in.Outcome == soc.ApprovalDenied && len(in.Edited)+len(in.Answers) > 0:
		s.invalid(c, "/outcome", "a no changes and answers nothing")
	default:
		return in, true
	}
	return in, false
}

// meant is the decision that somebody means, not yet signed: the calls as they were changed, or the form's answers.
func (s *Server) meant(c *gin.Context, a *soc.Approval, in decision) (soc.Decision, bool) {
	d := soc.Decision{
		ID: soc.NewID("dec"), ApprovalID: a.ID, RunID: a.RunID, Outcome: in.Outcome, By: me(c).Account.Name,
		Reason: strings.TrimSpace(in.Reason), Digest: a.Digest, Calls: []string{}, At: s.Now().UTC(),
	}
	if d.Outcome != soc.ApprovalApproved {
		return d, true
	}
	var faults []consent.Fault
	switch {
	case a.Ask():
		d.Answers, faults = consent.Answers(a.Form, in.Answers)
		if len(in.Edited) > 0 {
			faults = append(faults, consent.Fault{Pointer: "/edited", Detail: "a form has no calls"})
		}
	case len(in.Answers) > 0:
		faults = []consent.Fault{{Pointer: "/answers", Detail: "it asks for no answers"}}
	default:
		d.Edited, faults = consent.Edited(a, in.Edited, s.acceptable)
	}
	if len(faults) > 0 {
		s.faults(c, "what was sent does not fit what is asked for", faults)
		return d, false
	}
	var err error
	if d.Calls, err = consent.Calls(a, d.Edited); err != nil {
		s.fail(c, err)
		return d, false
	}
	return d, true
}

// acceptable holds the whole arguments of a changed call against its operation's schema.
func (s *Server) acceptable(operation string, arguments json.RawMessage) error {
	for _, op := range s.Connectors.Operations() {
		if op.Name == operation {
			return consent.Conforms(op.Input, arguments)
		}
	}
	return soc.Errorf(soc.Invalid, "the operation %s is not there any more", operation)
}

// faults answers what is wrong with several members of the body.
func (s *Server) faults(c *gin.Context, detail string, faults []consent.Fault) {
	errs := make([]fieldError, len(faults))
	for i, f := range faults {
		errs[i] = fieldError{f.Pointer, bounded(f.Detail)}
	}
	s.problem(c, http.StatusUnprocessableEntity, detail, errs...)
}

// keepDecision keeps a decision, or a vote where several people must say yes, and answers the approval as it then stands.
func (s *Server) keepDecision(ctx context.Context, a *soc.Approval, d soc.Decision) (soc.Approval, error) {
	if d.Outcome != soc.ApprovalApproved || a.Quorum <= 1 {
		if _, err := s.Decider.Decide(ctx, s.Signer.Sign(d)); err != nil {
			return soc.Approval{}, err
		}
		return s.Reader.GetApproval(ctx, a.ID)
	}
	v := soc.Vote{
		ID: soc.NewID("vot"), ApprovalID: a.ID, RunID: a.RunID, By: d.By, Reason: d.Reason, Digest: d.Digest,
		Calls: d.Calls, Edited: d.Edited, At: d.At,
	}
	return s.Decider.Vote(ctx, s.Signer.SignVote(v), func(votes []soc.Vote) soc.Decision {
		d.Votes = votes
		return s.Signer.Sign(d)
	})
}

// again answers a decision, or a yes, that the same person has made before.
func (s *Server) again(c *gin.Context, a soc.Approval, meant soc.Decision) bool {
	who := me(c)
	same := false
	if d := a.Decision; d != nil && d.By == meant.By && d.Outcome == meant.Outcome {
		same = consent.SameCalls(d.Calls, meant.Calls) && string(d.Answers) == string(meant.Answers)
	}
	for i := range a.Votes {
		v := &a.Votes[i]
		same = same || meant.Outcome == soc.ApprovalApproved && v.By == meant.By && consent.SameCalls(v.Calls, meant.Calls)
	}
	if same {
		answer(c, http.StatusOK, s.show(a, who))
	}
	return same
}
