package model

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"picket/internal/soc"
)

// The bounds of a call to a provider.
const (
	maxAnswer   = 4 << 20         // bytes of an answer that comes at once
	maxStream   = 32 << 20        // bytes of an answer that comes in events, each of which is mostly envelope
	maxProblem  = 64 << 10        // bytes that are read of an error's document
	maxWait     = 24 * time.Hour  // the longest Retry-After that is believed
	idleTimeout = 2 * time.Minute // between two pieces of a stream; models think before they begin, not in between
	maxDefault  = 8192            // tokens of an answer, where neither request nor configuration says
	minKey      = 6               // a shorter key is not looked for in texts: it would be found everywhere
)

// wire speaks to one provider's API over HTTP, and turns what may go wrong there into our kinds.
type wire struct {
	name   string // of the provider, as errors say it
	base   string // URL without a slash at its end
	host   string
	key    string
	header http.Header
	client *http.Client
	idle   time.Duration
}

// newWire checks an endpoint. The client must be a guarded one with a transport of its own; keys follow no redirect.
func newWire(name, base, key string, header http.Header, client *http.Client) (*wire, error) {
	if strings.ContainsAny(key, "\r\n\x00") {
		return nil, soc.Errorf(soc.Invalid, "%s: the key has a line break in it", name)
	}
	endpoint, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || endpoint.Host == "" || (endpoint.Scheme != "https" && endpoint.Scheme != "http") || endpoint.User != nil || endpoint.RawQuery != "" || endpoint.Fragment != "" {
		return nil, soc.Errorf(soc.Invalid, "%s: base_url must be an http or https URL without user and query", name)
	}
	if client == nil || client.Transport == nil { // never the default transport: it is not guarded
		return nil, soc.Errorf(soc.Invalid, "%s: a guarded HTTP client is required", name)
	}
	guarded := *client
	guarded.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &wire{name: name, base: endpoint.String(), host: endpoint.Host, key: key, header: header, client: &guarded, idle: idleTimeout}, nil
}

// post sends a JSON document.
func (w *wire) post(ctx context.Context, path string, body []byte, types ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "%s: the request can't be made: %s", w.name, w.scrub(err.Error()))
	}
	r.Header = w.header.Clone()
	r.Header.Set("Content-Type", jsonType)
	r.Header.Set("Accept", strings.Join(types, ", "))
	return w.send(r, w.client.Do, types...)
}

// send makes a call. The answer has status 200 and one of the types; its body is bounded, ends with an error where the
// provider falls silent, and is to be closed. Every error is a *CallError.
func (w *wire) send(r *http.Request, do func(*http.Request) (*http.Response, error), types ...string) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	answer, err := do(r.WithContext(ctx))
	if err != nil {
		err = w.broken(ctx, err)
		cancel(nil)
		return nil, err
	}
	got, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode == http.StatusOK && slices.Contains(types, got) {
		most := int64(maxAnswer)
		if got == eventStream {
			most = maxStream
		}
		answer.Body = &answerBody{body: answer.Body, left: most, wire: w, ctx: ctx, cancel: cancel,
			timer: time.AfterFunc(w.idle, func() { cancel(errSilent) })}
		return answer, nil
	}
	defer cancel(nil)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		problem, _ := io.ReadAll(io.LimitReader(answer.Body, maxProblem)) // what is cut off is not JSON, and its status says enough
		return nil, w.refused(answer.StatusCode, answer.Header, problem)
	}
	return nil, &CallError{Status: answer.StatusCode, cause: soc.Errorf(soc.Invalid,
		"%s answered %s instead of %s: see that its address leads to the API itself", w.name, strconv.Quote(cut(got, 100)), strings.Join(types, " or "))}
}

var errSilent = errors.New("it fell silent in the middle of its answer")

// answerBody is the body of an answer that is under way.
type answerBody struct {
	body   io.ReadCloser
	left   int64
	wire   *wire
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.timer.Reset(b.wire.idle)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.wire.tooLong()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, b.wire.broken(b.ctx, err)
	}
	return n, err
}

func (b *answerBody) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.body.Close()
}

func (w *wire) tooLong() error {
	return &CallError{Status: http.StatusOK, cause: soc.Errorf(soc.Invalid, "%s answered more than this program takes", w.name)}
}

// broken is a connection that was not made or did not last, or an answer that is not waited for any more.
func (w *wire) broken(ctx context.Context, err error) error {
	if call, ok := errors.AsType[*CallError](err); ok {
		return call
	}
	if cause := context.Cause(ctx); cause != nil {
		return &CallError{cause: soc.Errorf(soc.Unavailable, "%s did not answer in time: %w", w.name, cause)}
	}
	if network, ok := errors.AsType[*url.Error](err); ok { // its text holds the URL
		err = network.Err
	}
	return &CallError{cause: soc.Errorf(soc.Unavailable, "%s can't be reached: %s", w.name, w.scrub(err.Error()))}
}

// cutOff is a stream that ended before its end.
func (w *wire) cutOff() error {
	return &CallError{cause: soc.Errorf(soc.Unavailable, "%s broke off in the middle of its answer", w.name)}
}

// notDocumented is an answer in no form that the API documents.
func (w *wire) notDocumented(err error) error {
	if call, ok := errors.AsType[*CallError](err); ok {
		return call
	}
	if bad, ok := errors.AsType[*OutputError](err); ok {
		return bad
	}
	return badOutput("it is not what the API documents: %s", w.scrub(err.Error()))
}

// problem is what the providers' error documents have in common.
type problem struct {
	Message string
	Code    string
	Type    string
	Param   string
	Retry   time.Duration
}

// problemOf reads {"error": {...}}, {"error": "..."}, {"message": "..."} and {"detail": "..."}. A proxy's page is none of them.
func problemOf(document []byte) problem {
	var outer struct {
		Error   json.RawMessage `json:"error"`
		Message json.RawMessage `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	var inner struct {
		Message json.RawMessage `json:"message"`
		Type    json.RawMessage `json:"type"`
		Code    json.RawMessage `json:"code"`
		Param   json.RawMessage `json:"param"`
		Details []struct {
			RetryDelay string `json:"retryDelay"` // google.rpc.RetryInfo
		} `json:"details"`
	}
	var list []json.RawMessage
	if json.Unmarshal(document, &list) == nil && len(list) > 0 { // a stream of Google's that never began
		document = list[0]
	}
	if json.Unmarshal(document, &outer) != nil {
		return problem{}
	}
	p := problem{Message: word(outer.Message)}
	if p.Message == "" {
		p.Message = word(outer.Detail)
	}
	if json.Unmarshal(outer.Error, &inner) != nil {
		if text := word(outer.Error); text != "" {
			p.Message = text
		}
		return p
	}
	p = problem{Message: word(inner.Message), Type: word(inner.Type), Code: word(inner.Code), Param: word(inner.Param)}
	for _, detail := range inner.Details {
		if d, err := time.ParseDuration(detail.RetryDelay); err == nil && d > p.Retry {
			p.Retry = min(d, maxWait)
		}
	}
	return p
}

// word is a JSON string or number as a short text.
func word(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return cut(text, 1000)
	}
	if raw == nil || string(raw) == "null" {
		return ""
	}
	return cut(string(raw), 300)
}

// refused turns a status that is not 200 into an error of ours.
func (w *wire) refused(status int, header http.Header, body []byte) *CallError {
	p := problemOf(body)
	e := &CallError{Status: status, param: p.Param, said: p.Message}
	message := cut(w.scrub(p.Message), 300)
	if message == "" {
		message = http.StatusText(status)
	}
	kind := soc.Invalid
	switch {
	case status >= 300 && status < 400:
		message = "redirects are not followed"
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusPaymentRequired:
		kind = soc.Denied
	case status == http.StatusNotFound:
		kind = soc.NotFound
	case status == http.StatusNotImplemented:
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusConflict || status == http.StatusTooEarly || status >= 500:
		kind = soc.Unavailable
		e.RetryAfter = max(retryAfter(header, time.Now()), p.Retry)
	case strings.Contains(p.Message, "API key not valid"): // Google answers 400 to a wrong key
		kind = soc.Denied
	}
	e.cause = soc.Errorf(kind, "%s answered %d: %s", w.name, status, message)
	return e
}

// failed is an error that an answer or a stream holds after its status said 200.
func (w *wire) failed(document []byte) *CallError {
	p := problemOf(document)
	e := &CallError{Status: http.StatusOK, RetryAfter: p.Retry}
	kind := soc.Unavailable
	if code, err := strconv.Atoi(p.Code); err == nil && code >= 400 && code < 600 { // Google's and llama-server's codes are statuses
		kind = w.refused(code, nil, document).cause.Kind
	}
	switch p.Type {
	case "invalid_request_error", "request_too_large", "BadRequestError":
		kind = soc.Invalid
	case "authentication_error", "permission_error", "billing_error", "insufficient_quota":
		kind = soc.Denied
	case "not_found_error":
		kind = soc.NotFound
	}
	e.cause = soc.Errorf(kind, "%s broke off with an error: %s", w.name, cut(w.scrub(strings.TrimSpace(p.Type+" "+p.Message)), 300))
	return e
}

// retryAfter reads Retry-After, which is seconds or a date (RFC 9110, 10.2.3), and retry-after-ms of some providers.
func retryAfter(header http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(header.Get("retry-after-ms"), 64); err == nil && ms > 0 {
		return time.Duration(min(ms, float64(maxWait.Milliseconds()))) * time.Millisecond
	}
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, maxWait.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return min(at.Sub(now), maxWait)
	}
	return 0
}

// scrub takes the key out of a text that came from outside.
func (w *wire) scrub(text string) string {
	if len(w.key) < minKey {
		return text
	}
	return strings.ReplaceAll(text, w.key, "<secret>")
}
