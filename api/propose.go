package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/propose"
	"picket/playbooks/spec"
)

const (
	maxWriting  = 2               // proposals at a time
	maxProposal = 5 * time.Minute // of one, with all its rounds
)

// proposePlaybook lets a model write what a person describes. It saves nothing.
func (s *Server) proposePlaybook(c *gin.Context) {
	var in struct {
		Kind     string     `json:"kind"`
		Words    string     `json:"words"`
		Name     string     `json:"name"`
		Source   string     `json:"source"`
		Tests    string     `json:"tests"`
		Range    *spec.Edit `json:"range"`
		Provider string     `json:"provider"`
	}
	if !s.decode(c, 2*playbookBody, &in) || !s.somebody(c, "letting a model write") ||
		!s.readable(c, "/source", in.Source) || !s.readable(c, "/tests", in.Tests) {
		return
	}
	r := propose.Request{Kind: in.Kind, Words: in.Words, Name: in.Name, Source: in.Source, Tests: in.Tests, Provider: in.Provider}
	if in.Range != nil {
		r.Range = *in.Range
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), maxProposal)
	defer cancel()
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		s.problem(c, http.StatusServiceUnavailable, "other proposals are being written; try again")
		return
	}
	proposal, err := s.Proposer.Propose(ctx, r, me(c).Account.Name)
	switch {
	case ctx.Err() != nil && c.Request.Context().Err() == nil:
		s.problem(c, http.StatusServiceUnavailable, fmt.Sprintf("the model has not written it within %s", maxProposal))
	case err != nil:
		s.fail(c, err)
	default:
		for i := range proposal.Rounds {
			fill(&proposal.Rounds[i].Diagnostics)
			fill(&proposal.Rounds[i].Failures)
		}
		answer(c, http.StatusOK, proposal)
	}
}
