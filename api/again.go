package api

import (
	"context"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"picket/internal/soc"
)

const (
	maxAgain       = 3 * time.Minute // one asking
	maxAgainPrompt = 20_000          // characters of another prompt
)

// AgainRequest is a verdict that somebody wants of another provider, or with another prompt.
type AgainRequest struct {
	Run      soc.Run
	Step     string // path
	Provider string
	Prompt   string // "" is that of then
	By       string
}

// Asker asks models again.
type Asker interface {
	AskAgain(ctx context.Context, r AgainRequest) (soc.Verdict, error)
}

// askAgain asks a provider what a step of a run asked, on the evidence of then, and answers both verdicts.
func (s *Server) askAgain(c *gin.Context) {
	var in struct {
		Step     string `json:"step"`
		Provider string `json:"provider"`
		Prompt   string `json:"prompt"`
	}
	if !s.decode(c, playbookBody, &in) || !s.somebody(c, "asking a model") {
		return
	}
	switch {
	case in.Provider == "":
		s.invalid(c, "/provider", "name the provider that is asked")
		return
	case utf8.RuneCountInString(in.Prompt) > maxAgainPrompt:
		s.invalid(c, "/prompt", fmt.Sprintf("at most %d characters", maxAgainPrompt))
		return
	}
	run, ok := s.run(c)
	if !ok {
		return
	}
	then, ok := s.verdictOf(c, run, in.Step)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), maxAgain)
	defer cancel()
	now, err := s.Asker.AskAgain(ctx, AgainRequest{Run: run, Step: in.Step, Provider: in.Provider, Prompt: in.Prompt, By: me(c).Account.Name})
	switch {
	case ctx.Err() != nil && c.Request.Context().Err() == nil:
		s.problem(c, http.StatusServiceUnavailable, fmt.Sprintf("the model has not answered within %s", maxAgain))
	case err != nil:
		s.fail(c, err)
	default:
		answer(c, http.StatusOK, struct {
			Then soc.Verdict `json:"then"`
			Now  soc.Verdict `json:"now"`
		}{then, now})
	}
}
