package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"picket/internal/auth"
	"picket/internal/ingest"
	"picket/internal/soc"
)

// problemBody is an RFC 9457 problem document.
type problemBody struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail,omitempty"`
	Instance string       `json:"instance,omitempty"` // the request's id, which the log has too
	Errors   []fieldError `json:"errors,omitempty"`
}

// fieldError names a place in the request's body.
type fieldError struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// statusOf maps the kind of an error to a status.
func statusOf(kind soc.Kind) int {
	switch kind {
	case soc.Invalid:
		return http.StatusUnprocessableEntity
	case soc.NotFound:
		return http.StatusNotFound
	case soc.Conflict:
		return http.StatusConflict
	case soc.Denied:
		return http.StatusForbidden
	case soc.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// fail answers an error and ends the request. What is a fault of ours is logged and not told.
func (s *Server) fail(c *gin.Context, err error) {
	if slow, ok := errors.AsType[*auth.ThrottledError](err); ok {
		retryAfter(c, slow.RetryAfter.Seconds())
		s.problem(c, http.StatusTooManyRequests, slow.Error())
		return
	}
	if refused, ok := errors.AsType[*ingest.Error](err); ok {
		s.problem(c, int(refused.Class), refused.Error(), fieldError{Pointer: refused.Pointer, Detail: detailOf(refused.Unwrap())})
		return
	}
	if c.Request.Context().Err() != nil { // nobody reads the answer
		c.Abort()
		return
	}
	kind := soc.KindOf(err)
	switch kind {
	case soc.Internal, soc.Unknown:
		s.Log.ErrorContext(c.Request.Context(), "request failed", "request_id", requestID(c), "route", c.FullPath(), "error", err)
		s.problem(c, http.StatusInternalServerError, "something went wrong; the log says more under this request's id")
	case soc.Unavailable:
		s.Log.WarnContext(c.Request.Context(), "request not served", "request_id", requestID(c), "route", c.FullPath(), "error", err)
		retryAfter(c, 1)
		s.problem(c, http.StatusServiceUnavailable, "not now; try again")
	default:
		s.problem(c, statusOf(kind), err.Error())
	}
}

// detailOf is an error's text without what it wraps.
func detailOf(err error) string {
	if e, ok := errors.AsType[*soc.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

func retryAfter(c *gin.Context, seconds float64) {
	c.Header("Retry-After", strconv.Itoa(max(1, int(math.Ceil(seconds)))))
}

// problem answers a problem document and ends the request.
func (s *Server) problem(c *gin.Context, status int, detail string, errs ...fieldError) {
	title := http.StatusText(status)
	body, err := json.Marshal(problemBody{
		Type: "about:blank", Title: title, Status: status, Detail: bounded(detail), Instance: requestID(c), Errors: errs,
	})
	if err != nil {
		body = []byte(`{"type":"about:blank","title":"Internal Server Error","status":500}`)
	}
	c.Abort()
	c.Data(status, "application/problem+json", body)
}

// bounded keeps a detail, which may quote what was sent, at a length that a page can show.
func bounded(text string) string {
	const most = 1000
	if len(text) <= most {
		return text
	}
	runes := []rune(text)
	return string(runes[:min(len(runes), most)]) + "…"
}
