package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"picket/internal/ingest"
	"picket/internal/store"
)

// acceptedBody is what became of one alert.
type acceptedBody struct {
	AlertID   string   `json:"alert_id"`
	Duplicate bool     `json:"duplicate"`
	RunIDs    []string `json:"run_ids"`
}

// postHook accepts the alerts of a source. Everything that can be refused by the headers is, before the body is read.
func (s *Server) postHook(c *gin.Context) {
	h := s.sources[c.Param("source")]
	if h == nil {
		s.problem(c, http.StatusNotFound, "there is no source "+c.Param("source"))
		return
	}
	if wrong := h.admit(c); wrong != "" {
		s.unauthorised(c, wrong)
		return
	}
	key, ok := s.idempotency(c, "X-Request-Id")
	if !ok {
		return
	}
	if err := ingest.CheckContentType(c.GetHeader("Content-Type")); err != nil {
		s.fail(c, err)
		return
	}
	if encoding := c.GetHeader("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		s.problem(c, http.StatusUnsupportedMediaType, "content encodings are not accepted; send plain JSON")
		return
	}
	body, ok := s.body(c)
	if !ok {
		return
	}
	if err := h.signed(c, body, s.Now()); err != nil {
		s.unauthorised(c, err.Error())
		return
	}
	if s.limited(c, h) {
		return
	}
	alerts, err := ingest.Normalise(h.source, body, s.Now())
	if err != nil {
		s.fail(c, err)
		return
	}
	sum := sha256.Sum256(body)
	results, err := s.Intake.Accept(c.Request.Context(), h.source.Name, alerts, key, hex.EncodeToString(sum[:]))
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusAccepted, accepted(body, results))
}

// body reads a bounded body. One that says that it is too large is not read at all.
func (s *Server) body(c *gin.Context) ([]byte, bool) {
	length := c.Request.ContentLength
	if length > ingest.MaxBody {
		c.Header("Connection", "close")
		s.problem(c, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
		return nil, false
	}
	var b bytes.Buffer
	b.Grow(int(max(length, 0)) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(c.Request.Body, ingest.MaxBody+1))
	switch {
	case err == nil && b.Len() > ingest.MaxBody:
		c.Header("Connection", "close")
		s.problem(c, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
		return nil, false
	case errors.Is(err, io.ErrUnexpectedEOF):
		s.problem(c, http.StatusBadRequest, "the body ended before its length")
		return nil, false
	case err != nil:
		s.problem(c, http.StatusBadRequest, "the body could not be read")
		return nil, false
	}
	return b.Bytes(), true
}

// accepted is one result, or a list of them when the body held several alerts.
func accepted(body []byte, results []store.AcceptResult) any {
	items := make([]acceptedBody, len(results))
	for i, r := range results {
		items[i] = acceptedBody{AlertID: r.AlertID, Duplicate: r.Duplicate, RunIDs: r.RunIDs}
		if r.RunIDs == nil {
			items[i].RunIDs = []string{}
		}
	}
	if text := bytes.TrimLeft(body, " \t\r\n"); len(items) == 1 && text[0] != '[' {
		return items[0]
	}
	return struct {
		Items []acceptedBody `json:"items"`
	}{items}
}

// idempotency is the key by which a repeated request gets the answer it got before; "" is none.
func (s *Server) idempotency(c *gin.Context, more ...string) (string, bool) {
	for _, name := range append([]string{"Idempotency-Key"}, more...) {
		key := c.GetHeader(name)
		if key == "" {
			continue
		}
		printable := strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
		if len(key) > 128 || !printable {
			s.problem(c, http.StatusBadRequest, name+" needs 1 to 128 printable ASCII characters without spaces")
			return "", false
		}
		return key, true
	}
	return "", true
}
