package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"picket/playbooks"
	"picket/playbooks/cacao"
	"picket/playbooks/spec"
)

const (
	cacaoBody       = 9 << 20 // a document's text with its escapes
	maxCacaoProblem = 50      // problems of a document that are answered
)

// importPlaybook makes a playbook of a CACAO 2.0 document. Nothing is kept: a person looks at it and saves it.
func (s *Server) importPlaybook(c *gin.Context) {
	var in struct {
		Document string `json:"document"`
		Owner    string `json:"owner"`
	}
	if !s.decode(c, cacaoBody, &in) || !s.somebody(c, "importing a playbook") {
		return
	}
	if len(in.Owner) > 200 {
		s.invalid(c, "/owner", "the owner has more than 200 bytes")
		return
	}
	catalog := s.Workshop.Catalog()
	out, err := cacao.Import([]byte(in.Document), cacao.ImportOptions{Catalog: catalog, Owner: in.Owner, File: "playbook.yaml"})
	if bad, is := errors.AsType[*cacao.InvalidError](err); is {
		errs := make([]fieldError, 0, min(len(bad.Problems), maxCacaoProblem))
		for _, p := range bad.Problems[:min(len(bad.Problems), maxCacaoProblem)] {
			errs = append(errs, fieldError{p.Pointer, bounded(p.Message)})
		}
		s.problem(c, http.StatusUnprocessableEntity, fmt.Sprintf("the document is no CACAO 2.0 playbook that can be read: %s", bounded(bad.Problems[0].Message)), errs...)
		return
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	if len(out.Source) > spec.MaxBytes {
		s.problem(c, http.StatusUnprocessableEntity, fmt.Sprintf("the playbook would have %d bytes; at most %d are read", len(out.Source), spec.MaxBytes))
		return
	}
	fill(&out.Report)
	fill(&out.Diagnostics)
	answer(c, http.StatusOK, struct {
		Name        string            `json:"name"`
		Source      string            `json:"source"`
		Report      []cacao.Entry     `json:"report"`
		Diagnostics []spec.Diagnostic `json:"diagnostics"`
	}{playbooks.NameOf(out.Source), string(out.Source), out.Report, out.Diagnostics})
}
