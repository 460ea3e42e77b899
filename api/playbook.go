package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

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
	Version       int            `json:"version"` // the published version; 0 is the file
	Newest        int            `json:"newest"`  // the newest saved version; 0 is none
	Draft         bool           `json:"draft"`   // no version of it runs
	Shipped       bool           `json:"shipped"` // there is a file of it
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
		Name: p.Name, Title: p.Name, File: p.File, Version: p.Version, Shipped: p.Shipped, Digest: p.Digest, Labels: []string{}, Attack: []string{}, Triggers: []plan.Trigger{},
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

// listPlaybooks lists what runs and what is only written, by name.
func (s *Server) listPlaybooks(c *gin.Context) {
	numbers, err := s.newest(c.Request.Context(), "")
	if err != nil {
		s.fail(c, err)
		return
	}
	var items []playbookSummary
	for _, p := range s.Playbooks() {
		item := summary(&p)
		item.Newest = numbers[p.Name]
		delete(numbers, p.Name)
		items = append(items, item)
	}
	for name, number := range numbers {
		p, err := s.draft(c.Request.Context(), name, number)
		if err != nil {
			s.fail(c, err)
			return
		}
		item := summary(&p)
		item.Newest, item.Draft = number, true
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b playbookSummary) int { return strings.Compare(a.Name, b.Name) })
	answer(c, http.StatusOK, page(items, ""))
}

// draft is a version of a playbook of which none runs.
func (s *Server) draft(ctx context.Context, name string, number int) (Playbook, error) {
	v, err := s.Versions.Version(ctx, name, number)
	if err != nil {
		return Playbook{}, err
	}
	p := Playbook{Name: name, File: name + ".yaml", Source: v.Source, Tests: v.Tests}
	if p.Plan, p.Diagnostics = s.Workshop.Compile(p.File, []byte(v.Source)); p.Plan != nil {
		p.Digest = p.Plan.Digest()
	}
	return p, nil
}

func (s *Server) getPlaybook(c *gin.Context) {
	p, newest, draft, ok := shown(s, c, s.named(c.Param("name")), "", s.draft)
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
	item := summary(p)
	item.Newest, item.Draft = newest, draft
	answer(c, http.StatusOK, struct {
		Playbook    playbookSummary    `json:"playbook"`
		Source      string             `json:"source"`
		Tests       string             `json:"tests"`
		Plan        *plan.Plan         `json:"plan"`
		Diagnostics []spec.Diagnostic  `json:"diagnostics"`
		Shadow      *soc.ShadowSetting `json:"shadow,omitempty"`
	}{item, p.Source, p.Tests, p.Plan, diagnostics, shadow})
}

// compiled reads a playbook's text and compiles it.
func (s *Server) compiled(c *gin.Context) (*plan.Plan, []spec.Diagnostic, bool) {
	in, ok := s.written(c)
	if !ok {
		return nil, nil, false
	}
	p, diagnostics := s.Workshop.Compile(in.File, []byte(in.Source))
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
