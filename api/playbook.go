package api

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"picket/docs/diagnostics"
	"picket/internal/soc"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// playbookSummary is a playbook in a list.
type playbookSummary struct {
	Name          string         `json:"name"`
	Title         string         `json:"title"`
	Owner         string         `json:"owner"`
	File          string         `json:"file"`
	Digest        string         `json:"digest,omitempty"`
	Labels        []string       `json:"labels"`
	Attack        []string       `json:"attack"`
	Triggers      []plan.Trigger `json:"triggers"`
	Steps         int            `json:"steps"`
	Consequential int            `json:"consequential"`
	Errors        int            `json:"errors"`
	Warnings      int            `json:"warnings"`
}

func summary(p *Playbook) playbookSummary {
	out := playbookSummary{
		Name: p.Name, Title: p.Name, File: p.File, Digest: p.Digest, Labels: []string{}, Attack: []string{}, Triggers: []plan.Trigger{},
	}
	if c := p.Plan; c != nil {
		out.Owner = c.Owner
		if c.Title != "" {
			out.Title = c.Title
		}
		out.Labels = append(out.Labels, c.Labels...)
		out.Attack = append(out.Attack, c.Attack...)
		out.Triggers = append(out.Triggers, c.Triggers...)
		plan.Walk(c.Steps, func(s *plan.Step) {
			out.Steps++
			if s.Action != nil && s.Action.Effect == plan.EffectConsequential {
				out.Consequential++
			}
		})
	}
	for _, d := range p.Diagnostics {
		if d.Severity == spec.SeverityError {
			out.Errors++
		} else {
			out.Warnings++
		}
	}
	return out
}

func (s *Server) listPlaybooks(c *gin.Context) {
	all := s.Playbooks()
	items := make([]playbookSummary, len(all))
	for i := range all {
		items[i] = summary(&all[i])
	}
	answer(c, http.StatusOK, page(items, ""))
}

func (s *Server) getPlaybook(c *gin.Context) {
	p, ok := s.playbook(c)
	if !ok {
		return
	}
	var shadow *soc.ShadowSetting // none where it acts
	switch set, err := s.Decider.Shadow(c.Request.Context(), p.Name); {
	case err == nil:
		fill(&set.Operations)
		shadow = &set
	case soc.KindOf(err) != soc.NotFound:
		s.fail(c, err)
		return
	}
	diagnostics := append([]spec.Diagnostic{}, p.Diagnostics...)
	answer(c, http.StatusOK, struct {
		Playbook    playbookSummary    `json:"playbook"`
		Source      string             `json:"source"`
		Plan        *plan.Plan         `json:"plan"`
		Diagnostics []spec.Diagnostic  `json:"diagnostics"`
		Shadow      *soc.ShadowSetting `json:"shadow,omitempty"`
	}{summary(p), p.Source, p.Plan, diagnostics, shadow})
}

// maxFileName bounds the name that a text is given in its diagnostics, in bytes.
const maxFileName = 256

// compiled reads a playbook's text and compiles it.
func (s *Server) compiled(c *gin.Context) (*plan.Plan, []spec.Diagnostic, bool) {
	var in struct {
		Source string `json:"source"`
		File   string `json:"file"`
	}
	if !s.decode(c, playbookBody, &in) {
		return nil, nil, false
	}
	switch {
	case len(in.Source) > spec.MaxBytes:
		s.invalid(c, "/source", fmt.Sprintf("the text has %d bytes; at most %d are read", len(in.Source), spec.MaxBytes))
		return nil, nil, false
	case len(in.File) > maxFileName:
		s.invalid(c, "/file", fmt.Sprintf("the name has %d bytes; at most %d are taken", len(in.File), maxFileName))
		return nil, nil, false
	case in.File == "":
		in.File = "playbook.yaml"
	}
	p, diagnostics := s.Compile(in.File, []byte(in.Source))
	fill(&diagnostics)
	return p, diagnostics, true
}

func (s *Server) checkPlaybook(c *gin.Context) {
	p, diagnostics, ok := s.compiled(c)
	if !ok {
		return
	}
	answer(c, http.StatusOK, struct {
		OK          bool              `json:"ok"`
		Diagnostics []spec.Diagnostic `json:"diagnostics"`
	}{p != nil, diagnostics})
}

// getDiagnostic answers the page of a code.
func (s *Server) getDiagnostic(c *gin.Context) {
	page, ok := diagnostics.Page(c.Param("code"))
	if !ok {
		s.problem(c, http.StatusNotFound, "no diagnostic has this code")
		return
	}
	c.Data(http.StatusOK, "text/markdown; charset=utf-8", []byte(page))
}

func (s *Server) compilePlaybook(c *gin.Context) {
	p, diagnostics, ok := s.compiled(c)
	if !ok {
		return
	}
	digest := ""
	if p != nil {
		digest = p.Digest()
	}
	answer(c, http.StatusOK, struct {
		OK          bool              `json:"ok"`
		Plan        *plan.Plan        `json:"plan"`
		Digest      string            `json:"digest"`
		Diagnostics []spec.Diagnostic `json:"diagnostics"`
	}{p != nil, p, digest, diagnostics})
}
