// Package connectortest holds what every connector must hold: its recorded examples, and the behaviour towards a
// vendor that refuses, throttles, redirects, rambles or breaks off. Only tests import it.
package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/secret"
	"picket/internal/soc"
)

// Canary is the secret of the connections made here; it must never be seen.
const Canary = "canary/S3cret+value=="

// accessToken is what the token endpoint of these tests gives; it must never be seen either.
const accessToken = "token." + "canary/S3cret"

// tokenPath is where connectors with OAuth 2 get their token here.
const tokenPath = "/canary-token"

// Connect gives a registry in which the connector has a connection to the handler's server.
func Connect(t *testing.T, opts connector.Options, name string, handler http.Handler) *connector.Registry {
	t.Helper()
	r, err := connector.New(opts)
	require.NoError(t, err)
	serve(t, r, name, handler)
	return r
}

var connections atomic.Int64

// serve starts a server with the handler and adds a connection to it, whose name it gives.
func serve(t *testing.T, r *connector.Registry, name string, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == tokenPath {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"`+accessToken+`"}`)
			return
		}
		handler.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	return connect(t, r, name, server.URL)
}

func connect(t *testing.T, r *connector.Registry, name, base string) string {
	t.Helper()
	c := connector.Connection{
		Name: fmt.Sprintf("test-%d", connections.Add(1)), Connector: name, BaseURL: base, AllowPrivate: true,
		Settings: map[string]string{"rate_per_minute": "0"}, Secrets: map[string]connector.Secret{},
	}
	for _, info := range r.Connectors() {
		if info.Name != name {
			continue
		}
		if base, err := url.Parse(info.BaseURL); err == nil { // the vendor's path, so that requests are the recorded ones
			c.BaseURL += base.Path
		}
		if info.Auth == "oauth2" {
			c.Settings["token_url"] = base + tokenPath
		}
		for _, field := range info.Fields {
			switch {
			case field.Instead:
			case field.Secret:
				c.Secrets[field.Name] = secret.New(Canary)
			default:
				c.Settings[field.Name] = "someone"
			}
		}
	}
	require.NoError(t, r.AddConnection(c))
	return c.Name
}

// Operations lists the operations of a connector.
func Operations(t *testing.T, opts connector.Options, name string) []connector.Operation {
	t.Helper()
	r, err := connector.New(opts)
	require.NoError(t, err)
	var out []connector.Operation
	for _, op := range r.Operations() {
		if op.Connector == name {
			out = append(out, op)
		}
	}
	require.NotEmpty(t, out)
	return out
}

// Run holds every operation of an HTTP connector against all of it.
func Run(t *testing.T, opts connector.Options, name string) {
	r, err := connector.New(opts)
	require.NoError(t, err)
	for _, op := range Operations(t, opts, name) {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			t.Run("the recorded example is what is sent and what comes out", func(t *testing.T) { example(t, r, op) })
			t.Run("every status has its class", func(t *testing.T) { statuses(t, r, op) })
			t.Run("a broken or strange answer is an error", func(t *testing.T) { answers(t, r, op) })
			t.Run("a redirect leads nowhere else", func(t *testing.T) { redirects(t, r, op) })
			t.Run("a peer that is not there was sent nothing", func(t *testing.T) { absentPeer(t, r, op) })
		})
	}
}

func call(r *connector.Registry, connection string, op connector.Operation) (json.RawMessage, error) {
	return r.Call(context.Background(), connector.Request{Operation: op.Name, Connection: connection, Arguments: op.Example.Arguments})
}

// Failed asserts the shape of an error and gives its *connector.CallError.
func Failed(t *testing.T, err error) *connector.CallError {
	t.Helper()
	require.Error(t, err)
	require.NotContains(t, err.Error(), Canary, "the secret is in the error")
	require.NotContains(t, err.Error(), url.QueryEscape(Canary), "the secret is in the error")
	require.NotContains(t, err.Error(), accessToken, "the token is in the error")
	e, ok := errors.AsType[*connector.CallError](err)
	require.True(t, ok, "no CallError in the chain of %T", err)
	require.Equal(t, e.Kind, soc.KindOf(err), "the two errors disagree on the kind")
	return e
}

func example(t *testing.T, r *connector.Registry, op connector.Operation) {
	var got atomic.Pointer[http.Request]
	var body []byte
	server := serve(t, r, op.Connector, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ = io.ReadAll(req.Body)
		got.Store(req)
		var document string
		if json.Unmarshal(op.Example.Response, &document) == nil && strings.HasPrefix(document, "<") {
			w.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(w, document)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(op.Example.Response)
	}))
	output, err := call(r, server, op)
	require.NoError(t, err)
	require.JSONEq(t, string(op.Example.Output), string(output))
	req := got.Load()
	require.Equal(t, op.Example.Request, req.Method+" "+withoutSecret(req.RequestURI))
	if op.Example.Body == nil {
		require.Empty(t, body)
		return
	}
	sent := string(body)
	if req.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		sent = formAsJSON(t, sent)
	} else {
		require.Contains(t, []string{"application/json", "application/json; charset=utf-8"}, req.Header.Get("Content-Type"))
	}
	require.JSONEq(t, string(op.Example.Body), strings.ReplaceAll(sent, Canary, "SECRET"))
}

// withoutSecret takes the parameter that carries the secret out of a URI.
func withoutSecret(uri string) string {
	path, query, _ := strings.Cut(uri, "?")
	var kept []string
	for _, pair := range strings.Split(query, "&") {
		if pair != "" && !strings.HasSuffix(pair, "="+url.QueryEscape(Canary)) {
			kept = append(kept, pair)
		}
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}

func formAsJSON(t *testing.T, text string) string {
	t.Helper()
	form, err := url.ParseQuery(text)
	require.NoError(t, err)
	members := map[string]string{}
	for name, values := range form {
		require.Len(t, values, 1)
		members[name] = values[0]
	}
	out, err := json.Marshal(members)
	require.NoError(t, err)
	return string(out)
}

// classes is the table of statuses; a manifest may put Invalid, NotFound or Conflict otherwise, never the others.
var classes = map[int]soc.Kind{
	400: soc.Invalid, 404: soc.NotFound, 405: soc.Invalid, 413: soc.Invalid, 415: soc.Invalid, 422: soc.Invalid, 501: soc.Invalid,
	401: soc.Denied, 403: soc.Denied, 407: soc.Denied, 451: soc.Denied, 409: soc.Conflict, 410: soc.NotFound, 412: soc.Conflict, 423: soc.Conflict,
	408: soc.Unavailable, 421: soc.Unavailable, 425: soc.Unavailable, 429: soc.Unavailable, 500: soc.Unavailable, 502: soc.Unavailable,
	503: soc.Unavailable, 504: soc.Unavailable, 507: soc.Unavailable, 520: soc.Unavailable,
}

func statuses(t *testing.T, r *connector.Registry, op connector.Operation) {
	var status atomic.Int64
	var calls atomic.Int64
	server := serve(t, r, op.Connector, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(int(status.Load()))
		words, _ := json.Marshal("no: " + strings.Join(req.Header.Values("Authorization"), "") + " " + Canary + "\r\nX-Forged: yes " + strings.Repeat("x", 5000))
		_, _ = io.WriteString(w, `{"error":{"message":`+string(words)+`},"errorSummary":`+string(words)+`,"errors":[{"detail":`+string(words)+`}]}`)
	}))
	for code, kind := range classes {
		status.Store(int64(code))
		calls.Store(0)
		output, err := call(r, server, op)
		if code != http.StatusUnauthorized { // a refused token is replaced once
			require.EqualValues(t, 1, calls.Load(), "%d: a call is made once", code)
		}
		require.LessOrEqual(t, calls.Load(), int64(2))
		if err == nil {
			require.Equal(t, 404, code, "only a 404 can be an answer: %s", output)
			continue
		}
		e := Failed(t, err)
		require.Equal(t, code, e.Status)
		require.True(t, e.Sent)
		require.Equal(t, code >= 400 && code < 500 && code != 408, e.OutcomeKnown(), "%d: is the outcome known?", code)
		require.Less(t, len(err.Error()), 600)
		require.NotContains(t, err.Error(), "\n")
		if e.Kind == soc.Unavailable {
			require.Equal(t, 7*time.Second, e.RetryAfter, "%d", code)
		}
		overridable := kind == soc.Invalid || kind == soc.NotFound || kind == soc.Conflict
		if !overridable {
			require.Equal(t, kind, e.Kind, "%d", code)
		} else {
			require.NotContains(t, []soc.Kind{soc.Unavailable, soc.Internal, soc.Unknown}, e.Kind, "%d must not be repeated", code)
		}
	}
}

func answers(t *testing.T, r *connector.Registry, op connector.Operation) {
	var answer atomic.Pointer[http.HandlerFunc]
	server := serve(t, r, op.Connector, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { (*answer.Load())(w, req) }))
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		}
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		kind    soc.Kind
	}{
		"longer than four megabytes":       {text(`{"pad":"` + strings.Repeat("x", 4<<20) + `"}`), soc.Invalid},
		"broken JSON":                      {text(`{"id": `), soc.Invalid},
		"two documents":                    {text(`{} {}`), soc.Invalid},
		"nested without end":               {text(strings.Repeat("[", 20_000)), soc.Invalid},
		"a page instead of a document":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>log in</html>") }, soc.Invalid},
		"breaking off after the headers":   {breakOff(`{"id":`, true), soc.Unavailable},
		"closing without a word":           {breakOff("", false), soc.Unavailable},
		"an endless stream of white space": {endless, soc.Invalid},
	} {
		answer.Store(&test.handler)
		_, err := call(r, server, op)
		require.Error(t, err, name)
		e := Failed(t, err)
		require.Equal(t, test.kind, e.Kind, "%s: %v", name, err)
		require.True(t, e.Sent, name)
		require.False(t, e.OutcomeKnown(), name)
	}
}

func breakOff(part string, headers bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if headers {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, part)
		}
		panic(http.ErrAbortHandler)
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	blank := []byte(strings.Repeat(" ", 64<<10))
	for {
		if _, err := w.Write(blank); err != nil {
			return
		}
	}
}

func redirects(t *testing.T, r *connector.Registry, op connector.Operation) {
	var reached atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	var code atomic.Int64
	var calls atomic.Int64
	loop := atomic.Bool{}
	server := serve(t, r, op.Connector, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		calls.Add(1)
		to := elsewhere.URL + "/stolen"
		if loop.Load() {
			to = req.URL.Path
		}
		http.Redirect(w, req, to, int(code.Load()))
	}))
	for _, status := range []int{301, 302, 303, 307, 308} {
		code.Store(int64(status))
		for _, again := range []bool{false, true} {
			loop.Store(again)
			calls.Store(0)
			_, err := call(r, server, op)
			e := Failed(t, err)
			require.Equal(t, soc.Denied, e.Kind, "%d: %v", status, err)
			require.True(t, e.Sent)
			require.LessOrEqual(t, calls.Load(), int64(4), "a loop must end")
			if op.Effect != connector.EffectRead {
				require.EqualValues(t, 1, calls.Load(), "%d: a change is never sent twice", status)
			}
		}
	}
	require.Zero(t, reached.Load(), "the other host was called")
}

func absentPeer(t *testing.T, r *connector.Registry, op connector.Operation) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err := call(r, connect(t, r, op.Connector, gone.URL), op)
	e := Failed(t, err)
	require.Equal(t, soc.Unavailable, e.Kind)
	require.False(t, e.Sent)
	require.True(t, e.OutcomeKnown())
}
