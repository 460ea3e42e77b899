package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/backtest"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/diff"
	"picket/playbooks/format"
	"picket/playbooks/plan"
	"picket/playbooks/plan/schema"
	"picket/playbooks/spec"
)

// version says which version of a playbook is meant: a text, one that runs have had, or a playbook as it stands.
type version struct {
	Source   *string `json:"source"`
	Digest   string  `json:"digest"`
	Playbook string  `json:"playbook"`
}

// found is a version that was found. Plan is nil where the text does not compile.
type found struct {
	source      string
	plan        *plan.Plan
	diagnostics []spec.Diagnostic
}

// find finds a version. It answers the problem itself and tells whether it was well.
func (s *Server) find(c *gin.Context, pointer string, v version) (found, bool) {
	switch {
	case v.Source != nil && v.Digest == "" && v.Playbook == "":
		if !s.readable(c, pointer+"/source", *v.Source) {
			return found{}, false
		}
		p, diagnostics := s.Workshop.Compile("playbook.yaml", []byte(*v.Source))
		return found{*v.Source, p, diagnostics}, true
	case v.Source == nil && v.Digest != "" && v.Playbook == "":
		kept, err := s.Reader.PlanByDigest(c.Request.Context(), v.Digest)
		if soc.KindOf(err) == soc.NotFound {
			s.invalid(c, pointer+"/digest", "no run has had a version of this digest")
			return found{}, false
		}
		var p *plan.Plan
		if err == nil {
			p, err = kept.Decode()
		}
		if err != nil {
			s.fail(c, err)
			return found{}, false
		}
		return found{source: kept.Source, plan: p}, true
	case v.Source == nil && v.Digest == "" && v.Playbook != "":
		if p := s.named(v.Playbook); p != nil {
			return found{p.Source, p.Plan, p.Diagnostics}, true
		}
		s.invalid(c, pointer+"/playbook", "there is no playbook "+v.Playbook)
		return found{}, false
	}
	s.invalid(c, pointer, "name one of source, digest and playbook")
	return found{}, false
}

// comparePlaybooks says what a version does otherwise than another.
func (s *Server) comparePlaybooks(c *gin.Context) {
	var in struct {
		Old version `json:"old"`
		New version `json:"new"`
	}
	if !s.decode(c, 2*playbookBody, &in) {
		return
	}
	old, ok := s.find(c, "/old", in.Old)
	if !ok {
		return
	}
	updated, ok := s.find(c, "/new", in.New)
	if !ok {
		return
	}
	out := struct {
		Compared bool              `json:"compared"` // both compile
		Changes  []diff.Change     `json:"changes"`
		Text     string            `json:"text"`
		Old      []spec.Diagnostic `json:"old"`
		New      []spec.Diagnostic `json:"new"`
	}{Text: format.Diff("playbook.yaml", []byte(old.source), []byte(updated.source)), Old: old.diagnostics, New: updated.diagnostics}
	if old.plan != nil && updated.plan != nil {
		out.Compared, out.Changes = true, diff.Plans(old.plan, updated.plan)
	}
	fill(&out.Changes)
	fill(&out.Old)
	fill(&out.New)
	answer(c, http.StatusOK, out)
}

// maxTrial bounds tests and backtests. They are run one at a time: they take a processor for themselves, and what comes
// from a SIEM goes first.
const maxTrial = 2 * time.Minute

// try runs a test or a backtest when it is its turn, and answers what it tells.
func (s *Server) try(c *gin.Context, run func(ctx context.Context) (any, error)) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), maxTrial)
	defer cancel()
	select {
	case s.trial <- struct{}{}:
		defer func() { <-s.trial }()
	case <-ctx.Done():
		s.late(c)
		return
	}
	report, err := run(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		s.late(c)
	case err != nil:
		s.fail(c, err)
	default:
		answer(c, http.StatusOK, report)
	}
}

func (s *Server) late(c *gin.Context) {
	s.problem(c, http.StatusServiceUnavailable, fmt.Sprintf("it is not done within %s; take fewer cases or runs", maxTrial))
}

// testPlaybook runs the tests of a text.
func (s *Server) testPlaybook(c *gin.Context) {
	var in struct {
		Source string `json:"source"`
		Tests  string `json:"tests"`
	}
	if !s.decode(c, 2*playbookBody, &in) || !s.readable(c, "/source", in.Source) || !s.readable(c, "/tests", in.Tests) {
		return
	}
	s.try(c, func(ctx context.Context) (any, error) {
		report, err := s.Workshop.Test(ctx, []byte(in.Source), []byte(in.Tests))
		if err != nil {
			return nil, err
		}
		return struct {
			OK     bool `json:"ok"`
			Report any  `json:"report"`
		}{report.OK(), report}, nil
	})
}

// backtestPlaybook holds a version of a playbook against the runs that it has had.
func (s *Server) backtestPlaybook(c *gin.Context) {
	var in struct {
		Source *string    `json:"source"` // the playbook as it stands unless given
		Since  *time.Time `json:"since"`
		Limit  int        `json:"limit"`
	}
	if !s.decode(c, playbookBody, &in) {
		return
	}
	name := c.Param("name")
	if in.Source == nil {
		p, ok := s.playbook(c)
		if !ok {
			return
		}
		in.Source = &p.Source
	}
	since := s.Now().Add(-reportFor)
	if in.Since != nil {
		since = *in.Since
	}
	if !s.readable(c, "/source", *in.Source) {
		return
	}
	if is := playbooks.NameOf([]byte(*in.Source)); is != name {
		s.invalid(c, "/source", fmt.Sprintf("it is the playbook %q, not %q", is, name))
		return
	}
	if in.Limit < 0 || in.Limit > backtest.MaxRuns {
		s.invalid(c, "/limit", fmt.Sprintf("it must be from 1 to %d, or 0 for %d", backtest.MaxRuns, backtest.DefaultRuns))
		return
	}
	s.try(c, func(ctx context.Context) (any, error) {
		return s.Workshop.Backtest(ctx, playbooks.File{Name: "playbook.yaml", Source: []byte(*in.Source)}, since, in.Limit)
	})
}

// getSchema answers a JSON Schema of ours.
func (s *Server) getSchema(c *gin.Context) {
	switch c.Param("name") {
	case "playbook":
		c.Data(http.StatusOK, "application/schema+json", spec.JSONSchema())
	case "plan":
		c.Data(http.StatusOK, "application/schema+json", schema.JSON())
	default:
		s.problem(c, http.StatusNotFound, "there are schemas of playbook and plan")
	}
}
