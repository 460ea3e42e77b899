package connector

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"

	"picket/internal/secret"
	"picket/internal/soc"
)

// CallError is in the chain of every error of a call. It tells what a caller needs to decide on a repetition.
type CallError struct {
	Kind       soc.Kind
	RetryAfter time.Duration // what the vendor, or our own rate limit, asked to wait; 0 when nobody did
	Sent       bool          // the request may have reached the vendor
	Refused    bool          // the vendor said no, whatever the status
	Status     int           // HTTP status of the answer; 0 when there was none
	Message    string        // fit for people, secrets masked, one line
}

func (e *CallError) Error() string { return e.Message }

// OutcomeKnown tells whether a call that changes things is known to have changed nothing: it was never sent, or
// the vendor refused it. Otherwise it may have taken effect, and Confirm is the way to find out.
func (e *CallError) OutcomeKnown() bool {
	refused := e.Refused || e.Status >= 400 && e.Status < 500 && e.Status != http.StatusRequestTimeout
	return !e.Sent || refused
}

// failed makes the error of a call: a *soc.Error whose message names the operation, with the CallError below.
func failed(operation string, call *CallError) error {
	return &soc.Error{Kind: call.Kind, Message: operation, Err: call}
}

// classify tells the kind of a status that is no success. Classes of the manifest go first.
func classify(status int, classes map[int]string) soc.Kind {
	if kind, ok := classes[status]; ok {
		return soc.Kind(kind)
	}
	switch {
	case status == 401, status == 403, status == 407, status == 451:
		return soc.Denied
	case status == 404, status == 410:
		return soc.NotFound
	case status == 409, status == 412, status == 423:
		return soc.Conflict
	case status == 408, status == 425, status == 429, status == 421:
		return soc.Unavailable
	case status >= 500 && status != 501:
		return soc.Unavailable
	}
	return soc.Invalid
}

// maxRetryAfter keeps a strange header from parking a call for years.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads Retry-After (seconds or a date), else X-Rate-Limit-Reset (epoch seconds, as Okta sends it).
func retryAfter(header http.Header, now time.Time) time.Duration {
	var wait time.Duration
	if text := strings.TrimSpace(header.Get("Retry-After")); text != "" {
		if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
			wait = maxRetryAfter
			if seconds < int64(maxRetryAfter/time.Second) {
				wait = time.Duration(seconds) * time.Second
			}
		} else if at, err := http.ParseTime(text); err == nil {
			wait = at.Sub(now)
		}
	} else if seconds, err := strconv.ParseInt(header.Get("X-Rate-Limit-Reset"), 10, 64); err == nil && seconds > 1e9 && seconds < 1e11 {
		wait = time.Unix(seconds, 0).Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// transportError says why no whole answer came.
func transportError(err error, sent bool, host string) *CallError {
	e := &CallError{Kind: soc.Unavailable, Sent: sent}
	var dns *net.DNSError
	var netErr net.Error
	var urlErr *url.Error
	cause := err
	if errors.As(err, &urlErr) {
		cause = urlErr.Err // its text holds the whole URL
	}
	switch {
	case errors.Is(err, errRefusedAddress):
		e.Kind, e.Sent = soc.Denied, false
		e.Message = "call " + host + ": " + cause.Error()
	case errors.Is(err, errRedirect):
		e.Kind = soc.Denied
		e.Message = host + " answered with a redirect: " + cause.Error()
	case errors.Is(err, errTooLarge):
		e.Kind = soc.Invalid
		e.Message = host + ": " + cause.Error()
	case errors.As(err, &dns):
		e.Message = "look up " + host + ": " + dns.Err
	case errors.Is(err, context.Canceled):
		e.Message = "the call to " + host + " was cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		e.Message = host + " did not answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Message = host + " closed the connection before the answer was complete"
	default:
		e.Message = "call " + host + ": " + cause.Error()
	}
	e.Message = oneLine(e.Message, 300)
	return e
}

// masker replaces the secrets of a connection, in the forms in which they travel, by <secret>.
type masker struct{ replacer *strings.Replacer }

func newMasker(secrets []string, basicUser string) masker {
	forms := map[string]bool{}
	for _, s := range secrets { // "Bearer abc" as one secret: abc alone must not be seen either
		if _, rest, found := strings.Cut(s, " "); found && len(rest) >= 4 {
			secrets = append(secrets[:len(secrets):len(secrets)], rest)
		}
	}
	for _, s := range secrets {
		if s == "" {
			continue
		}
		for _, form := range []string{
			s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s)),
			base64.StdEncoding.EncodeToString([]byte(basicUser + ":" + s)), strings.Trim(strconv.Quote(s), `"`),
		} {
			forms[form] = true
		}
	}
	if len(forms) == 0 {
		return masker{}
	}
	sorted := make([]string, 0, len(forms))
	for form := range forms {
		sorted = append(sorted, form)
	}
	sort.Slice(sorted, func(i, j int) bool { // longest first: a secret may hold another
		if len(sorted[i]) != len(sorted[j]) {
			return len(sorted[i]) > len(sorted[j])
		}
		return sorted[i] < sorted[j]
	})
	pairs := make([]string, 0, 2*len(sorted))
	for _, form := range sorted {
		pairs = append(pairs, form, secret.Masked)
	}
	return masker{replacer: strings.NewReplacer(pairs...)}
}

func (m masker) text(s string) string {
	if m.replacer == nil {
		return s
	}
	return m.replacer.Replace(s)
}

// value masks every text within a JSON value, in place where it can.
func (m masker) value(v any) any {
	if m.replacer == nil {
		return v
	}
	switch v := v.(type) {
	case string:
		return m.text(v)
	case []any:
		for i := range v {
			v[i] = m.value(v[i])
		}
	case map[string]any:
		for key, member := range v {
			masked := m.text(key)
			if masked != key {
				delete(v, key)
			}
			v[masked] = m.value(member)
		}
	}
	return v
}
