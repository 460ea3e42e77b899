package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"picket/internal/backtest"
	"picket/internal/contract"
	"picket/internal/eval"
	"picket/internal/soc"
	"picket/internal/store"
)

// judgementBody is a judgement with what follows from it.
type judgementBody struct {
	soc.Judgement
	Agrees bool `json:"agrees"`
}

func judgementOf(j soc.Judgement) judgementBody { return judgementBody{j, j.Agrees()} }

// putFeedback keeps what a person says of the verdict of a step.
func (s *Server) putFeedback(c *gin.Context) {
	var in struct {
		Step           string `json:"step"`
		Agrees         bool   `json:"agrees"`
		Verdict        string `json:"verdict"`
		Classification string `json:"classification"`
		Reason         string `json:"reason"`
	}
	if !s.decode(c, smallBody, &in) || !s.somebody(c, "judging a verdict") {
		return
	}
	run, ok := s.run(c)
	if !ok {
		return
	}
	verdict, ok := s.verdictOf(c, run, in.Step)
	if !ok {
		return
	}
	j := soc.Judgement{
		RunID: run.ID, Step: in.Step, AlertID: run.AlertID, Playbook: run.Playbook, Verdict: verdict.Verdict, Classification: verdict.Classification,
		Provider: verdict.Provenance.Provider, Model: verdict.Provenance.Model, PromptDigest: verdict.Provenance.PromptDigest,
		Right: in.Verdict, RightClassification: in.Classification, By: me(c).Account.Name,
	}
	if stated := verdict.Confidence.Stated; stated > 0 {
		j.Confidence = &stated
	}
	if in.Agrees {
		if in.Verdict != "" && in.Verdict != verdict.Verdict {
			s.invalid(c, "/verdict", "the verdict is "+verdict.Verdict+"; to say otherwise, leave out agrees")
			return
		}
		j.Right = verdict.Verdict
		if in.Classification == "" {
			j.RightClassification = verdict.Classification
		}
	}
	fits := soc.Classifications(j.Right)
	switch {
	case len(fits) == 0:
		s.invalid(c, "/verdict", "say which verdict is right: malicious, suspicious, benign or inconclusive")
		return
	case j.RightClassification == "":
		j.RightClassification = fits[0]
	case !slices.Contains(fits, j.RightClassification):
		s.invalid(c, "/classification", "with the verdict "+j.Right+" goes "+strings.Join(fits, " or "))
		return
	}
	if !j.Agrees() || strings.TrimSpace(in.Reason) != "" { // who says otherwise says why
		if j.Reason, ok = s.reason(c, in.Reason); !ok {
			return
		}
	}
	if run.AlertID != "" {
		alert, err := s.Reader.GetAlert(c.Request.Context(), run.AlertID)
		if err != nil {
			s.fail(c, err)
			return
		}
		j.Source, j.Rule, j.RuleName = alert.Source, alert.Rule.Key(), alert.Rule.Name
	}
	kept, err := s.Decider.Judge(c.Request.Context(), j)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, judgementOf(kept))
}

// verdictOf is the verdict that a step of a run has given, an agent's in its last turn, or it answers why there is none.
func (s *Server) verdictOf(c *gin.Context, run soc.Run, step string) (soc.Verdict, bool) {
	entries, err := s.Ledger.Entries(c.Request.Context(), store.Filter{RunID: run.ID, Kinds: []string{contract.KindModelAnswered}, Limit: 5000})
	if err != nil {
		s.fail(c, err)
		return soc.Verdict{}, false
	}
	for _, e := range slices.Backward(entries) {
		var body contract.ModelBody
		var verdict soc.Verdict
		if e.Step != step && contract.StepPath(e.Step) != step || json.Unmarshal(e.Body, &body) != nil || body.Error != nil || len(body.Output) == 0 {
			continue
		}
		if json.Unmarshal(body.Output, &verdict) == nil && verdict.VerdictID > 0 && len(soc.Classifications(verdict.Verdict)) > 0 {
			return verdict, true
		}
	}
	s.invalid(c, "/step", "the step has given no verdict")
	return soc.Verdict{}, false
}

func (s *Server) listFeedback(c *gin.Context) {
	run, ok := s.run(c)
	if !ok {
		return
	}
	list, err := s.Reader.Judgements(c.Request.Context(), store.JudgementFilter{RunID: run.ID})
	if err != nil {
		s.fail(c, err)
		return
	}
	items := make([]judgementBody, len(list))
	for i := range list {
		items[i] = judgementOf(list[i])
	}
	answer(c, http.StatusOK, page(items, ""))
}

// accuracy sums up what people say of verdicts, by rule, model or playbook.
func (s *Server) accuracy(c *gin.Context) {
	by, ok := oneOf(s, c, "by", eval.ByRule, eval.ByModel, eval.ByPlaybook)
	if !ok {
		return
	}
	since, ok := s.instant(c, "since")
	if !ok {
		return
	}
	if by == "" {
		by = eval.ByModel
	}
	list, err := s.Reader.Judgements(c.Request.Context(), store.JudgementFilter{Since: since})
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, page(eval.Judge(list, by), ""))
}

// judged is where judged alerts are found, with what the playbooks had gathered.
func (s *Server) judged() eval.Records {
	return eval.Records{Alert: s.Reader.GetAlert, Gathered: func(ctx context.Context, j soc.Judgement) ([]soc.Evidence, []string, error) {
		return backtest.Gathered(ctx, s.Workshop.Records, s.Reader, j)
	}}
}

// dataset writes the judged alerts as a data set for `picket eval`, the newest first, one line each.
func (s *Server) dataset(c *gin.Context) {
	since, ok := s.instant(c, "since")
	if !ok {
		return
	}
	ctx := c.Request.Context()
	list, err := s.Reader.Judgements(ctx, store.JudgementFilter{Since: since})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Type", "application/x-ndjson")
	c.Header("Content-Disposition", `attachment; filename="judged-alerts.jsonl"`)
	c.Status(http.StatusOK)
	if err := eval.Export(ctx, c.Writer, list, s.judged()); err != nil {
		s.Log.WarnContext(ctx, "a data set was cut off", "error", err, "request_id", requestID(c))
		panic(http.ErrAbortHandler) // so that nobody takes a part for the whole
	}
}
