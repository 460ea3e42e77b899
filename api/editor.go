package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"picket/playbooks/editor"
	"picket/playbooks/format"
	"picket/playbooks/graph"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// written is a text that somebody is writing, and the place in it that they ask about.
type written struct {
	Source string `json:"source"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Name   string `json:"name"` // of a step, to be
}

// maxFileName bounds the name that a text is given in its diagnostics, in bytes.
const maxFileName = 256

// written reads the body of a request about a text.
func (s *Server) written(c *gin.Context) (written, bool) {
	in := written{}
	if !s.decode(c, playbookBody, &in) {
		return in, false
	}
	if in.File == "" {
		in.File = "playbook.yaml"
	}
	if len(in.File) > maxFileName {
		s.invalid(c, "/file", fmt.Sprintf("the name has %d bytes; at most %d are taken", len(in.File), maxFileName))
		return in, false
	}
	return in, s.readable(c, "/source", in.Source)
}

// readable answers 422 to a text that the compiler would not read.
func (s *Server) readable(c *gin.Context, pointer, text string) bool {
	if len(text) > spec.MaxBytes {
		s.invalid(c, pointer, fmt.Sprintf("the text has %d bytes; at most %d are read", len(text), spec.MaxBytes))
		return false
	}
	return true
}

// analyse answers everything that an editor shows of a text beside it.
func (s *Server) analyse(c *gin.Context) {
	in, ok := s.written(c)
	if !ok {
		return
	}
	out := struct {
		OK          bool              `json:"ok"`
		Digest      string            `json:"digest"`
		Diagnostics []spec.Diagnostic `json:"diagnostics"`
		Symbols     []editor.Symbol   `json:"symbols"`
		Graph       *graph.Graph      `json:"graph"`
		Plan        *plan.Plan        `json:"plan"`
		Sketch      *plan.Plan        `json:"sketch"`
	}{Symbols: s.Workshop.Editor().Symbols(in.Source)}
	seen := s.Workshop.Look(in.File, []byte(in.Source))
	out.Diagnostics, out.Plan, out.Sketch = seen.Diagnostics, seen.Plan, seen.Sketch
	if p := seen.Plan; p != nil {
		out.OK, out.Digest, out.Graph = true, p.Digest(), graph.Of(p)
	}
	fill(&out.Diagnostics)
	answer(c, http.StatusOK, out)
}

func (s *Server) complete(c *gin.Context) {
	if in, ok := s.written(c); ok {
		answer(c, http.StatusOK, page(s.Workshop.Editor().Complete(in.Source, in.Line, in.Column), ""))
	}
}

func (s *Server) hover(c *gin.Context) {
	if in, ok := s.written(c); ok {
		answer(c, http.StatusOK, struct {
			Hover *editor.Hover `json:"hover"`
		}{s.Workshop.Editor().Hover(in.Source, in.Line, in.Column)})
	}
}

func (s *Server) definition(c *gin.Context) {
	in, ok := s.written(c)
	if !ok {
		return
	}
	at, playbook := s.Workshop.Editor().Definition(in.Source, in.Line, in.Column)
	answer(c, http.StatusOK, struct {
		Range    *editor.Range `json:"range"`
		Playbook string        `json:"playbook"`
	}{at, playbook})
}

func (s *Server) references(c *gin.Context) {
	if in, ok := s.written(c); ok {
		answer(c, http.StatusOK, page(s.Workshop.Editor().References(in.Source, in.Line, in.Column), ""))
	}
}

func (s *Server) rename(c *gin.Context) {
	in, ok := s.written(c)
	if !ok {
		return
	}
	edits, err := s.Workshop.Editor().Rename(in.Source, in.Line, in.Column, in.Name)
	if err != nil {
		s.problem(c, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(c, http.StatusOK, struct {
		Edits []spec.Edit `json:"edits"`
	}{edits})
}

func (s *Server) format(c *gin.Context) {
	in, ok := s.written(c)
	if !ok {
		return
	}
	text, err := format.Source([]byte(in.Source))
	if unreadable, is := errors.AsType[*format.UnreadableError](err); is {
		s.problem(c, http.StatusUnprocessableEntity, unreadable.Error(), fieldError{"/source", unreadable.Diagnostics[0].Message})
		return
	}
	if err != nil {
		s.problem(c, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(c, http.StatusOK, struct {
		Source string `json:"source"`
	}{string(text)})
}
