package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/model"
	"picket/internal/store"
)

type modelBody struct {
	Name      string     `json:"name"`
	State     string     `json:"state"` // closed | open | half-open
	Failures  int        `json:"failures"`
	Until     *time.Time `json:"until,omitempty"`
	FailedAt  *time.Time `json:"failed_at,omitempty"`
	LastError string     `json:"last_error,omitempty"`
}

type budgetBody struct {
	Playbook  string    `json:"playbook,omitempty"` // left out for that of all playbooks together
	DayUSD    float64   `json:"day_usd"`            // 0 is no limit
	DayTokens int64     `json:"day_tokens"`
	USD       float64   `json:"usd"`
	Tokens    int64     `json:"tokens"`
	Frees     time.Time `json:"frees"`
}

// listModels tells how each provider does that is asked over the network, and how far each budget is spent.
func (s *Server) listModels(c *gin.Context) {
	body := struct {
		Default   []string     `json:"default"`
		Names     []string     `json:"names"`
		Providers []modelBody  `json:"providers"`
		Budgets   []budgetBody `json:"budgets"`
	}{[]string{}, []string{}, []modelBody{}, []budgetBody{}}
	if s.Models == nil {
		answer(c, http.StatusOK, body)
		return
	}
	body.Default, body.Names = s.Models.Default(), s.Models.Names()
	for _, p := range s.Models.Status() {
		body.Providers = append(body.Providers, modelBody{
			Name: p.Provider, State: p.State, Failures: p.Failures, Until: moment(p.Until), FailedAt: moment(p.FailedAt), LastError: p.LastError,
		})
	}
	budgets, err := s.Models.Budgets(c.Request.Context())
	if err != nil {
		s.fail(c, err)
		return
	}
	for _, b := range budgets {
		body.Budgets = append(body.Budgets, budgetOf(b))
	}
	answer(c, http.StatusOK, body)
}

func budgetOf(b model.BudgetState) budgetBody {
	return budgetBody{Playbook: b.Playbook, DayUSD: b.Limit.USD, DayTokens: b.Limit.Tokens, USD: b.USD, Tokens: b.Tokens, Frees: b.Frees}
}

// moment is nil for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// modelUsage sums up what models have used.
func (s *Server) modelUsage(c *gin.Context) {
	f := store.UsageFilter{By: c.Query("by"), RunID: c.Query("run"), Playbook: c.Query("playbook")}
	for name, to := range map[string]*time.Time{"since": &f.Since, "until": &f.Until} {
		var ok bool
		if *to, ok = s.instant(c, name); !ok {
			return
		}
	}
	sums, err := s.Reader.ModelUsage(c.Request.Context(), f)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, page(sums, ""))
}
