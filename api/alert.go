package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

// limit reads the length of a page; 0 is the store's default.
func (s *Server) limit(c *gin.Context) (int, bool) {
	text := c.Query("limit")
	if text == "" {
		return 0, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 500 {
		s.problem(c, http.StatusUnprocessableEntity, "limit is a number from 1 to 500")
		return 0, false
	}
	return n, true
}

// after reads a cursor that is the number of the last thing on the page before; 0 without one.
func (s *Server) after(c *gin.Context) (int64, bool) {
	cursor := c.Query("cursor")
	if cursor == "" {
		return 0, true
	}
	after, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || after < 0 {
		s.problem(c, http.StatusUnprocessableEntity, "cursor is not one that a page gave as its next")
		return 0, false
	}
	return after, true
}

// oneOf reads a query parameter that takes one of some words; "" is none.
func oneOf[T ~string](s *Server, c *gin.Context, name string, words ...T) (T, bool) {
	word := T(c.Query(name))
	if word == "" {
		return "", true
	}
	for _, known := range words {
		if word == known {
			return word, true
		}
	}
	s.problem(c, http.StatusUnprocessableEntity, name+" is none of those that there are")
	return "", false
}

// instant reads a query parameter that is a time; zero without one.
func (s *Server) instant(c *gin.Context, name string) (time.Time, bool) {
	text := c.Query(name)
	if text == "" {
		return time.Time{}, true
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		s.problem(c, http.StatusUnprocessableEntity, name+" is a time like 2026-01-31T12:00:00Z")
		return time.Time{}, false
	}
	return at, true
}

func (s *Server) listAlerts(c *gin.Context) {
	limit, ok := s.limit(c)
	if !ok {
		return
	}
	severity, ok := oneOf(s, c, "severity", soc.Severities...)
	if !ok {
		return
	}
	status, ok := oneOf(s, c, "status", soc.AlertOpen, soc.AlertClosed)
	if !ok {
		return
	}
	since, ok := s.instant(c, "since")
	if !ok {
		return
	}
	f := store.AlertFilter{Source: c.Query("source"), Severity: severity, Status: status, Q: c.Query("q"), Since: since, Limit: limit, Cursor: c.Query("cursor")}
	if len(f.Q) > 200 {
		s.problem(c, http.StatusUnprocessableEntity, "q has more than 200 bytes")
		return
	}
	alerts, next, err := s.Reader.Alerts(c.Request.Context(), f)
	if err != nil {
		s.fail(c, err)
		return
	}
	for i := range alerts {
		alerts[i].Raw, alerts[i].Mail.Body = nil, ""
		fillAlert(&alerts[i])
	}
	answer(c, http.StatusOK, page(alerts, next))
}

// fillAlert makes every list a list.
func fillAlert(a *soc.Alert) {
	if a.Severity == "" {
		a.Severity = soc.SeverityUnknown
	}
	fill(&a.Attack)
	fill(&a.Labels)
	fill(&a.Observables)
	fill(&a.Rule.Groups)
	fill(&a.Mail.To)
	fill(&a.Mail.URLs)
}

func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

// changed is a change of an alert with its time.
type changed struct {
	soc.AlertChange
	At time.Time `json:"at"`
}

// alertBody is an alert with what came of it.
type alertBody struct {
	Alert   soc.Alert `json:"alert"`
	Runs    []soc.Run `json:"runs"`
	Changes []changed `json:"changes"` // the oldest first
}

func (s *Server) getAlert(c *gin.Context) {
	body, err := s.alert(c.Request.Context(), c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, body)
}

func (s *Server) alert(ctx context.Context, id string) (body alertBody, err error) {
	if body.Alert, err = s.Reader.AlertNow(ctx, id); err != nil {
		return body, err
	}
	fillAlert(&body.Alert)
	if body.Runs, _, err = s.Reader.Runs(ctx, store.RunFilter{AlertID: body.Alert.ID, Limit: 500}); err != nil {
		return body, err
	}
	fill(&body.Runs)
	entries, err := s.Ledger.Entries(ctx, store.Filter{AlertID: body.Alert.ID, Kinds: []string{contract.KindAlertChanged}, Limit: 500})
	body.Changes = make([]changed, len(entries))
	for i, e := range entries {
		body.Changes[i].At = e.At
		if err := json.Unmarshal(e.Body, &body.Changes[i].AlertChange); err != nil {
			return body, err
		}
	}
	return body, err
}

// changeAlert closes an alert, opens it again or sets its severity, by hand. What makes it less takes the role of those who
// decide approvals.
func (s *Server) changeAlert(c *gin.Context) {
	var in struct {
		Status         string       `json:"status"`
		Classification string       `json:"classification"`
		Severity       soc.Severity `json:"severity"`
		Reason         string       `json:"reason"`
	}
	if !s.decode(c, smallBody, &in) || !s.somebody(c, "changing an alert") {
		return
	}
	reason, ok := s.reason(c, in.Reason)
	if !ok {
		return
	}
	ctx, who := c.Request.Context(), me(c)
	now, err := s.Reader.AlertNow(ctx, c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	change := soc.AlertChange{
		AlertID: now.ID, Status: in.Status, Classification: in.Classification, Severity: in.Severity, Reason: reason, By: who.Account.Name,
	}
	if err := change.Check(); err != nil {
		s.fail(c, err)
		return
	}
	if change.Lowers(*now.State) && !decides(who) {
		s.problem(c, http.StatusForbidden, "closing an alert and lowering its severity are for a responder, a lead or an admin")
		return
	}
	if _, err := s.Queue.ChangeAlert(ctx, change); err != nil {
		s.fail(c, err)
		return
	}
	s.Log.InfoContext(ctx, "alert changed", "alert_id", now.ID, "status", in.Status, "severity", string(in.Severity), "user", who.Account.Name, "token", who.Token, "request_id", requestID(c))
	body, err := s.alert(ctx, now.ID)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, body)
}

// startRun starts a playbook by hand. Everybody who is somebody here may: what it does to the world needs its approval.
func (s *Server) startRun(c *gin.Context) {
	var in struct {
		Playbook string `json:"playbook"`
	}
	if !s.decode(c, smallBody, &in) {
		return
	}
	key, ok := s.idempotency(c)
	if !ok {
		return
	}
	if in.Playbook == "" {
		s.invalid(c, "/playbook", "name a playbook")
		return
	}
	if !s.somebody(c, "starting a run") {
		return
	}
	alert, err := s.Reader.GetAlert(c.Request.Context(), c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	s.startOnce(c, key, alert.ID+" "+in.Playbook, func() (soc.Run, error) {
		return s.Intake.StartRun(c.Request.Context(), StartRequest{Playbook: in.Playbook, Alert: &alert, By: me(c).Account.Name})
	})
}
