package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks"
)

// about tells what a path is about: the name that its text has, the key under which its versions are kept, and the version
// that is used, nil for none.
func (s *Server) about(c *gin.Context) (name, key string, running *int) {
	name = c.Param("name")
	if strings.HasPrefix(c.FullPath(), "/v1/agents/") {
		if a := s.agentNamed(name); a != nil {
			running = &a.Version
		}
		return name, soc.AgentPrefix + name, running
	}
	if p := s.named(name); p != nil {
		running = &p.Version
	}
	return name, name, running
}

// newest are the numbers of the newest saved versions, by the names of playbooks, or of agents with soc.AgentPrefix.
func (s *Server) newest(ctx context.Context, prefix string) (map[string]int, error) {
	list, err := s.Versions.NewestVersions(ctx)
	numbers := map[string]int{}
	for _, v := range list {
		if name, agent := strings.CutPrefix(v.Playbook, soc.AgentPrefix); agent == (prefix != "") {
			numbers[name] = v.Number
		}
	}
	return numbers, err
}

// shown is what is used of a name, or else the newest version that was saved of it, a draft. It answers the problem itself
// and tells whether it was well.
func shown[T any](s *Server, c *gin.Context, used *T, prefix string, draft func(ctx context.Context, name string, number int) (T, error)) (is *T, newest int, isDraft, ok bool) {
	ctx, name := c.Request.Context(), c.Param("name")
	versions, err := s.Versions.Versions(ctx, prefix+name)
	if err != nil {
		s.fail(c, err)
		return nil, 0, false, false
	}
	if len(versions) > 0 {
		newest = versions[0].Number
	}
	if used != nil || newest == 0 {
		if used == nil {
			kind := "playbook"
			if prefix != "" {
				kind = "agent"
			}
			s.problem(c, http.StatusNotFound, "there is no "+kind+" "+name)
		}
		return used, newest, false, used != nil
	}
	written, err := draft(ctx, name, newest)
	if err != nil {
		s.fail(c, err)
		return nil, 0, false, false
	}
	return &written, newest, true, true
}

// listVersions answers the history of a playbook: what was saved, and what was published when.
func (s *Server) listVersions(c *gin.Context) {
	ctx := c.Request.Context()
	name, key, running := s.about(c)
	versions, err := s.Versions.Versions(ctx, key)
	if err != nil {
		s.fail(c, err)
		return
	}
	publications, err := s.Versions.Publications(ctx, key)
	if err != nil {
		s.fail(c, err)
		return
	}
	if running == nil && len(versions) == 0 {
		s.problem(c, http.StatusNotFound, "there is nothing named "+name)
		return
	}
	out := struct {
		Items        []soc.PlaybookVersion `json:"items"`
		Publications []soc.Publication     `json:"publications"`
		Running      *int                  `json:"running"` // the version that runs are started with; null is none
	}{versions, publications, running}
	answer(c, http.StatusOK, out)
}

func (s *Server) getVersion(c *gin.Context) {
	_, key, _ := s.about(c)
	number, err := strconv.Atoi(c.Param("number"))
	if err != nil || number < 1 {
		s.problem(c, http.StatusNotFound, "versions are numbered from 1")
		return
	}
	v, err := s.Versions.Version(c.Request.Context(), key, number)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, v)
}

// saveVersion keeps a text as the next version. It may be one that does not compile: nothing runs it before it is
// published. Who writes from a version that is not the newest any more is told so, and nothing is kept.
func (s *Server) saveVersion(c *gin.Context) {
	var in struct {
		Source  string `json:"source"`
		Tests   string `json:"tests"`
		Message string `json:"message"`
		Base    int    `json:"base"`
	}
	if !s.decode(c, 2*playbookBody, &in) || !s.somebody(c, "saving a playbook") ||
		!s.readable(c, "/source", in.Source) || !s.readable(c, "/tests", in.Tests) {
		return
	}
	in.Message = strings.TrimSpace(in.Message)
	if utf8.RuneCountInString(in.Message) > 2000 {
		s.invalid(c, "/message", "say what changed in at most 2000 characters")
		return
	}
	name, key, _ := s.about(c)
	switch is := playbooks.NameOf([]byte(in.Source)); {
	case is == "":
		s.invalid(c, "/source", "the text has no name: the key `name` at its top says what it is called")
		return
	case is != name:
		s.invalid(c, "/source", fmt.Sprintf("the text is named %q, not %q; save it under that name", is, name))
		return
	}
	v, err := s.Versions.SaveVersion(c.Request.Context(), soc.PlaybookVersion{
		Playbook: key, Base: in.Base, Source: in.Source, Tests: in.Tests, Author: me(c).Account.Name, Message: in.Message,
	})
	if newer, is := errors.AsType[*store.NewerVersionError](err); is {
		s.problem(c, http.StatusConflict, newer.Error(), fieldError{"/base", fmt.Sprintf("the newest version is %d", newer.Newest.Number)})
		return
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusCreated, v)
}

// publish lets runs be started with a version from now on; version 0 is the file that came with the instance.
func (s *Server) publish(c *gin.Context) {
	var in struct {
		Version int    `json:"version"`
		Reason  string `json:"reason"`
	}
	if !s.decode(c, smallBody, &in) || !s.leads(c) {
		return
	}
	reason, ok := s.reason(c, in.Reason)
	if !ok {
		return
	}
	if in.Version < 0 {
		s.invalid(c, "/version", "versions are numbered from 1; 0 is the file")
		return
	}
	who := me(c)
	_, key, _ := s.about(c)
	p, err := s.Press.Publish(c.Request.Context(), soc.Publication{Playbook: key, Version: in.Version, By: who.Account.Name, Reason: reason})
	if err != nil {
		s.fail(c, err)
		return
	}
	s.Log.InfoContext(c.Request.Context(), "version published", "of", key, "version", p.Version, "user", who.Account.Name, "token", who.Token, "request_id", requestID(c))
	answer(c, http.StatusOK, p)
}
