package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"picket/internal/engine"
	"picket/internal/soc"
)

// RunEvent is an event of one of the histories of a run.
type RunEvent struct {
	Number  int `json:"number"`  // over all histories, from 1
	History int `json:"history"` // from 1; a run that is long, or has long loops, has several
	engine.Event
}

// Replayed is what the replay of a run's archive came to.
type Replayed struct {
	Same      bool   `json:"same"` // the code of today does what the histories say
	Problem   string `json:"problem,omitempty"`
	Histories int    `json:"histories"`
	Events    int    `json:"events"`
	TookMS    int64  `json:"took_ms"`
}

// Inspector reads what Temporal has of runs.
type Inspector interface {
	Events(ctx context.Context, run soc.Run) ([]RunEvent, error)
	Replay(ctx context.Context, run soc.Run) (Replayed, error)
	Evidence(ctx context.Context, run soc.Run, w io.Writer) error
}

// listEvents lists the events of a run's histories without their data.
func (s *Server) listEvents(c *gin.Context) {
	limit, ok := s.limit(c)
	if !ok {
		return
	}
	if limit == 0 {
		limit = 500
	}
	after, ok := s.after(c)
	if !ok {
		return
	}
	q, step := strings.ToLower(c.Query("q")), c.Query("step")
	if len(q) > 200 || len(step) > 1024 {
		s.problem(c, http.StatusUnprocessableEntity, "q has more than 200 bytes, or step more than 1024")
		return
	}
	events, ok := s.historyEvents(c)
	if !ok {
		return
	}
	items, next := []RunEvent{}, ""
	for _, e := range events[min(after, int64(len(events))):] {
		if step != "" && e.Step != step || q != "" && !holds(&e, q) {
			continue
		}
		if len(items) == limit {
			next = strconv.Itoa(items[limit-1].Number)
			break
		}
		e.Data = nil
		items = append(items, e)
	}
	answer(c, http.StatusOK, page(items, next))
}

// holds tells whether an event has a text, in small letters, somewhere.
func holds(e *RunEvent, q string) bool {
	return strings.Contains(strings.ToLower(e.Type+" "+e.Name+" "+e.Step), q) || bytes.Contains(bytes.ToLower(e.Data), []byte(q))
}

func (s *Server) getEvent(c *gin.Context) {
	events, ok := s.historyEvents(c)
	if !ok {
		return
	}
	n, err := strconv.Atoi(c.Param("number"))
	if err != nil || n < 1 || n > len(events) {
		s.problem(c, http.StatusNotFound, fmt.Sprintf("the run's histories have %d events", len(events)))
		return
	}
	answer(c, http.StatusOK, events[n-1])
}

func (s *Server) historyEvents(c *gin.Context) ([]RunEvent, bool) {
	run, ok := s.run(c)
	if !ok {
		return nil, false
	}
	events, err := s.Inspector.Events(c.Request.Context(), run)
	if err != nil {
		s.fail(c, err)
		return nil, false
	}
	return events, true
}

// checkReplay replays a run's archive against the code of this server.
func (s *Server) checkReplay(c *gin.Context) {
	var none struct{}
	if !s.decode(c, smallBody, &none) || !s.somebody(c, "replaying a run") {
		return
	}
	run, ok := s.run(c)
	if !ok {
		return
	}
	out, err := s.Inspector.Replay(c.Request.Context(), run)
	if err != nil {
		s.fail(c, err)
		return
	}
	out.Problem = bounded(out.Problem)
	answer(c, http.StatusOK, out)
}

// getEvidence sends all that there is of a run as a ZIP file. It is written before it is sent: half a file would look like one.
func (s *Server) getEvidence(c *gin.Context) {
	run, ok := s.run(c)
	if !ok {
		return
	}
	if run.Archive == "" {
		s.problem(c, http.StatusConflict, "the run has no archived history yet; it is "+string(run.Status))
		return
	}
	var pack bytes.Buffer
	if err := s.Inspector.Evidence(c.Request.Context(), run, &pack); err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": run.ID + ".evidence.zip"}))
	c.Data(http.StatusOK, "application/zip", pack.Bytes())
}
