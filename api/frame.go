package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/soc"
)

// The bounds on bodies, by what they are.
const (
	smallBody    = 64 << 10
	playbookBody = 1 << 20 // a playbook's text with its escapes
)

const requestIDKey = "request_id"

func requestID(c *gin.Context) string { return c.GetString(requestIDKey) }

// frame stands around every request: its id, the headers that every answer has, the log, and the last line against
// a panic.
func (s *Server) frame(c *gin.Context) {
	started := s.Now()
	id := soc.NewID("req")
	c.Set(requestIDKey, id)
	h := c.Writer.Header()
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	if s.SecureCookies {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.Log.ErrorContext(c.Request.Context(), "request panicked", "request_id", id, "route", c.FullPath(), "panic", p, "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				s.problem(c, http.StatusInternalServerError, "something went wrong; the log says more under this request's id")
			}
		}
		s.Log.DebugContext(c.Request.Context(), "request", "request_id", id, "method", c.Request.Method, "route", c.FullPath(),
			"status", c.Writer.Status(), "took", time.Since(started))
	}()
	c.Next()
}

// answer encodes a body as JSON.
func answer(c *gin.Context, status int, body any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		panic(err) // a nil pointer or a broken document of ours; frame answers 500
	}
	c.Data(status, "application/json", b.Bytes())
}

// list is a page of a list.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

func page[T any](items []T, next string) list[T] {
	if items == nil {
		items = []T{}
	}
	return list[T]{items, next}
}

// decode reads a JSON body into v: one document, no unknown member, within the bound. It answers the problem itself
// and tells whether it was well.
func (s *Server) decode(c *gin.Context, most int64, v any) bool {
	if media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || media != "application/json" {
		s.problem(c, http.StatusUnsupportedMediaType, "send application/json")
		return false
	}
	dec := json.NewDecoder(http.MaxBytesReader(c.Writer, c.Request.Body, most))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one JSON document")
		}
	}
	if err == nil {
		return true
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		s.problem(c, http.StatusRequestEntityTooLarge, large.Error())
	} else if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at := "/" + strings.ReplaceAll(wrong.Field, ".", "/")
		s.problem(c, http.StatusUnprocessableEntity, "the body is not as described", fieldError{at, "expected " + wrong.Type.Kind().String() + ", not " + wrong.Value})
	} else if strings.HasPrefix(err.Error(), "json: unknown field ") {
		s.problem(c, http.StatusUnprocessableEntity, strings.TrimPrefix(err.Error(), "json: "))
	} else {
		s.problem(c, http.StatusBadRequest, "the body is not JSON: "+err.Error())
	}
	return false
}

// invalid answers what is wrong with one member of the body.
func (s *Server) invalid(c *gin.Context, pointer, detail string) {
	s.problem(c, http.StatusUnprocessableEntity, detail, fieldError{pointer, detail})
}
