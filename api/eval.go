package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/eval"
	"picket/internal/ingest"
)

// The sets of alerts that a provider can be measured on.
const (
	EvalJudged = "judged" // those that people have judged
	EvalSample = "sample" // those that come with Picket
	EvalUpload = "upload" // EvalRequest.Alerts
)

// Bounds of a measurement over the API; `picket eval` has none of them.
const (
	maxEvalAlerts  = 500
	maxEvalRepeats = 5
	maxEvalTime    = 10 * time.Minute
	evalBody       = 8 << 20
)

// EvalRequest is a measurement that somebody wants.
type EvalRequest struct {
	Set      string
	Alerts   string // JSON Lines, of EvalUpload
	Source   string // kind of the alerts in lines that name none
	Provider string
	Against  string // a second provider; "" is none
	Repeats  int
	Split    float64 // share of the alerts, by group, that is left out
	Seed     uint64  // of the split
	Inject   bool
	Limit    int
	By       string
}

// Evaluator measures providers.
type Evaluator interface {
	Evaluate(ctx context.Context, r EvalRequest) (eval.Document, error)
}

// evaluate measures one provider, or compares two, on labelled alerts. It may cost money, so it is for leads.
func (s *Server) evaluate(c *gin.Context) {
	in := struct {
		Set      string  `json:"set"`
		Alerts   string  `json:"alerts"`
		Source   string  `json:"source"`
		Provider string  `json:"provider"`
		Against  string  `json:"against"`
		Repeats  int     `json:"repeats"`
		Split    float64 `json:"split"`
		Seed     uint64  `json:"seed"`
		Inject   bool    `json:"inject"`
		Limit    int     `json:"limit"`
	}{Source: string(ingest.Wazuh), Repeats: 1, Seed: 1, Limit: maxEvalAlerts}
	if !s.decode(c, evalBody, &in) {
		return
	}
	who := me(c)
	switch {
	case !leading(who):
		s.problem(c, http.StatusForbidden, "measuring a provider may cost money: it is for a lead or an admin")
		return
	case in.Set != EvalJudged && in.Set != EvalSample && in.Set != EvalUpload:
		s.invalid(c, "/set", "the sets are judged, sample and upload")
		return
	case in.Provider == "":
		s.invalid(c, "/provider", "name the provider that is measured")
		return
	case in.Repeats < 1 || in.Repeats > maxEvalRepeats:
		s.invalid(c, "/repeats", fmt.Sprintf("from 1 to %d", maxEvalRepeats))
		return
	case in.Split < 0 || in.Split > 0.9:
		s.invalid(c, "/split", "from 0 to 0.9: what is left of the alerts is measured")
		return
	case in.Limit < 1 || in.Limit > maxEvalAlerts:
		s.invalid(c, "/limit", fmt.Sprintf("from 1 to %d; picket eval on the command line has no bound", maxEvalAlerts))
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), maxEvalTime)
	defer cancel()
	select {
	case s.measuring <- struct{}{}:
		defer func() { <-s.measuring }()
	default:
		s.problem(c, http.StatusConflict, "another measurement is running; wait for its end")
		return
	}
	document, err := s.Evaluator.Evaluate(ctx, EvalRequest{
		Set: in.Set, Alerts: in.Alerts, Source: in.Source, Provider: in.Provider, Against: in.Against, Repeats: in.Repeats, Split: in.Split, Seed: in.Seed, Inject: in.Inject, Limit: in.Limit, By: who.Account.Name,
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		s.problem(c, http.StatusServiceUnavailable, fmt.Sprintf("it is not done within %s; take fewer alerts", maxEvalTime))
	case err != nil:
		s.fail(c, err)
	default:
		answer(c, http.StatusOK, document)
	}
}
