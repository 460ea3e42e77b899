package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"picket/internal/store"
)

// hit is something that holds a text.
type hit struct {
	Kind   string     `json:"kind"` // alert | run | approval | fact | playbook
	ID     string     `json:"id"`
	Title  string     `json:"title"`
	Detail string     `json:"detail,omitempty"`
	At     *time.Time `json:"at,omitempty"`
}

// ofEachKind is how many of each kind are found where nobody asks for more.
const ofEachKind = 8

// search answers what holds a text, of every kind that there is.
func (s *Server) search(c *gin.Context) {
	q := strings.TrimSpace(c.Query("q"))
	if n := utf8.RuneCountInString(q); n < 2 || len(q) > 200 {
		s.problem(c, http.StatusUnprocessableEntity, "q has 2 characters at least, and 200 bytes at most")
		return
	}
	limit, ok := s.limit(c)
	if !ok {
		return
	}
	if limit == 0 {
		limit = ofEachKind
	}
	hits, err := s.everything(c, q, limit)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, page(hits, ""))
}

func (s *Server) everything(c *gin.Context, q string, limit int) ([]hit, error) {
	ctx := c.Request.Context()
	var hits []hit
	alerts, _, err := s.Reader.Alerts(ctx, store.AlertFilter{Q: q, Limit: limit})
	if err != nil {
		return nil, err
	}
	for i := range alerts {
		a := &alerts[i]
		hits = append(hits, hit{"alert", a.ID, a.Title, a.Source + " · " + a.State.Status, &a.ReceivedAt})
	}
	runs, _, err := s.Reader.Runs(ctx, store.RunFilter{Q: q, Limit: limit})
	if err != nil {
		return nil, err
	}
	for i := range runs {
		r := &runs[i]
		hits = append(hits, hit{"run", r.ID, r.Playbook, strings.Trim(string(r.Status)+" · "+r.AlertTitle, " ·"), &r.CreatedAt})
	}
	approvals, _, err := s.Reader.Approvals(ctx, store.ApprovalFilter{Q: q, Limit: limit})
	if err != nil {
		return nil, err
	}
	for i := range approvals {
		a := &approvals[i]
		hits = append(hits, hit{"approval", a.ID, a.Title, string(a.Status) + " · " + a.Playbook, &a.CreatedAt})
	}
	facts, err := s.Memory.Facts(ctx, store.FactFilter{Query: q})
	if err != nil {
		return nil, err
	}
	for i := range facts[:min(len(facts), limit)] {
		f := &facts[i]
		hits = append(hits, hit{"fact", f.ID, f.Value, f.Status + " · " + f.Text, &f.ProposedAt})
	}
	found := 0
	for _, p := range s.Playbooks() {
		if line, number := lineWith(p.Name+"\n"+p.Source, q); number >= 0 && found < limit {
			found++
			detail := ""
			if number > 0 {
				detail = fmt.Sprintf("line %d: %s", number, strings.TrimSpace(line))
			}
			hits = append(hits, hit{Kind: "playbook", ID: p.Name, Title: p.Name, Detail: bounded(detail)})
		}
	}
	return hits, nil
}

// lineWith is the first line of a text that holds another in letters of any case, and its number from 0; -1 for none.
func lineWith(text, q string) (string, int) {
	q = strings.ToLower(q)
	number := 0
	for line := range strings.Lines(text) {
		if strings.Contains(strings.ToLower(line), q) {
			return line, number
		}
		number++
	}
	return "", -1
}
