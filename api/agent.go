package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"picket/internal/soc"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// Agent is an agent as playbooks use it. Digest is empty when it does not hold.
type Agent struct {
	Name        string
	File        string
	Version     int  // the published version; 0 is the file
	Shipped     bool // there is a file of it
	Source      string
	Digest      string
	Diagnostics []spec.Diagnostic
}

type agentSummary struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Owner   string   `json:"owner"`
	File    string   `json:"file"`
	Version int      `json:"version"`
	Newest  int      `json:"newest"`
	Draft   bool     `json:"draft"` // no version of it is used
	Shipped bool     `json:"shipped"`
	Digest  string   `json:"digest"`
	Tools   []string `json:"tools"`
	UsedBy  []string `json:"used_by"` // playbooks
	Errors  int      `json:"errors"`
}

func (s *Server) agentSummary(a *Agent) agentSummary {
	out := agentSummary{Name: a.Name, Title: a.Name, File: a.File, Version: a.Version, Shipped: a.Shipped, Digest: a.Digest, Tools: []string{}, UsedBy: []string{}}
	if file := spec.ReadAgent([]byte(a.Source), &spec.Bag{}); file != nil {
		out.Owner = file.Owner
		if file.Title != "" {
			out.Title = file.Title
		}
		for _, tool := range file.Tools {
			out.Tools = append(out.Tools, tool.Text)
		}
	}
	for _, p := range s.Playbooks() {
		if p.Plan == nil {
			continue
		}
		uses := false
		plan.Walk(p.Plan.Steps, func(step *plan.Step) { uses = uses || step.Agent != nil && step.Agent.Use == a.Name })
		if uses {
			out.UsedBy = append(out.UsedBy, p.Name)
		}
	}
	for _, d := range a.Diagnostics {
		if d.Severity == spec.SeverityError {
			out.Errors++
		}
	}
	return out
}

func (s *Server) agentNamed(name string) *Agent {
	all := s.Agents()
	if at := slices.IndexFunc(all, func(a Agent) bool { return a.Name == name }); at >= 0 {
		return &all[at]
	}
	return nil
}

// agentDraft is a version of an agent of which none is used.
func (s *Server) agentDraft(ctx context.Context, name string, number int) (Agent, error) {
	v, err := s.Versions.Version(ctx, soc.AgentPrefix+name, number)
	if err != nil {
		return Agent{}, err
	}
	a := Agent{Name: name, File: soc.AgentPrefix + name + ".yaml", Source: v.Source}
	a.Digest, a.Diagnostics = s.Workshop.CheckAgent(a.File, []byte(v.Source))
	return a, nil
}

// listAgents lists what is used and what is only written, by name.
func (s *Server) listAgents(c *gin.Context) {
	numbers, err := s.newest(c.Request.Context(), soc.AgentPrefix)
	if err != nil {
		s.fail(c, err)
		return
	}
	var items []agentSummary
	for _, a := range s.Agents() {
		item := s.agentSummary(&a)
		item.Newest = numbers[a.Name]
		delete(numbers, a.Name)
		items = append(items, item)
	}
	for name, number := range numbers {
		a, err := s.agentDraft(c.Request.Context(), name, number)
		if err != nil {
			s.fail(c, err)
			return
		}
		item := s.agentSummary(&a)
		item.Newest, item.Draft = number, true
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b agentSummary) int { return strings.Compare(a.Name, b.Name) })
	answer(c, http.StatusOK, page(items, ""))
}

func (s *Server) getAgent(c *gin.Context) {
	a, newest, draft, ok := shown(s, c, s.agentNamed(c.Param("name")), soc.AgentPrefix, s.agentDraft)
	if !ok {
		return
	}
	item := s.agentSummary(a)
	item.Newest, item.Draft = newest, draft
	diagnostics := append([]spec.Diagnostic{}, a.Diagnostics...)
	answer(c, http.StatusOK, struct {
		Agent       agentSummary      `json:"agent"`
		Source      string            `json:"source"`
		Diagnostics []spec.Diagnostic `json:"diagnostics"`
	}{item, a.Source, diagnostics})
}

// checkAgent says what is wrong with an agent's text.
func (s *Server) checkAgent(c *gin.Context) {
	in, ok := s.written(c)
	if !ok {
		return
	}
	digest, diagnostics := s.Workshop.CheckAgent(in.File, []byte(in.Source))
	fill(&diagnostics)
	answer(c, http.StatusOK, struct {
		OK          bool              `json:"ok"`
		Digest      string            `json:"digest"`
		Diagnostics []spec.Diagnostic `json:"diagnostics"`
	}{digest != "", digest, diagnostics})
}
