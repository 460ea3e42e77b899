package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/secret"
	"picket/internal/soc"
)

const oauthManifest = `
name: acme
title: Acme
vendor: Acme
connection:
  base_url: {default: https://api.acme.test}
  fields:
    tenant: {title: Tenant}
    client_id: {title: Client}
    client_secret: {title: Secret, secret: true}
    token: {title: Token, secret: true}
auth: {kind: oauth2, token_url: "https://login.acme.test/{tenant}/token", username: client_id, secret: client_secret, scope: acme/.default, token: token}
message: [/error]
operations:
  get:
    title: Get a thing
    effect: consequential
    input: {type: object, additionalProperties: false, required: [id], properties: {id: {type: string}}}
    output: {type: object, required: [name], properties: {name: {type: string}}}
    request: {method: POST, path: "/things/{id}", body: {}}
    response: {fields: {name: /name}}
    example: {arguments: {id: a}, output: {name: n}}
`

const clientSecret = "s3cret/with+signs="

// tokenServer is an authorisation server and an API in one. Its tokens are token-1, token-2 and so on.
type tokenServer struct {
	t       *testing.T
	url     string
	grants  atomic.Int64
	calls   atomic.Int64
	refused sync.Map // tokens that the API refuses
	grant   http.HandlerFunc
	answer  http.HandlerFunc // of the API; nil is {"name": the token}
}

func newTokenServer(t *testing.T) *tokenServer {
	s := &tokenServer{t: t}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *tokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/token" {
		n := s.grants.Add(1)
		if s.grant != nil {
			s.grant(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("Authorization") != "" ||
			string(body) != "client_id=picket&client_secret=s3cret%2Fwith%2Bsigns%3D&grant_type=client_credentials&scope=acme%2F.default" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"error":"invalid_request","error_description":%q}`, body)
			return
		}
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, n)
		return
	}
	s.calls.Add(1)
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, no := s.refused.Load(token); no {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"no to %s"}`, token)
		return
	}
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	_, _ = fmt.Fprintf(w, `{"name":"as %s"}`, strings.Replace(token, "-", " ", 1))
}

type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (s *tokenServer) connect(c *testClock, change func(*Connection)) *Registry {
	s.t.Helper()
	if c == nil {
		c = &testClock{at: time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)}
	}
	r, err := New(Options{Now: c.now, Manifests: []fs.FS{fstest.MapFS{"acme.yaml": {Data: []byte(oauthManifest)}}}})
	require.NoError(s.t, err)
	connection := Connection{
		Name: "test", Connector: "acme", BaseURL: s.url, AllowPrivate: true,
		Settings: map[string]string{"client_id": "picket", "token_url": s.url + "/token"},
		Secrets:  map[string]Secret{"client_secret": secret.New(clientSecret)},
	}
	if change != nil {
		change(&connection)
	}
	require.NoError(s.t, r.AddConnection(connection))
	return r
}

func TestATokenIsGotOnceAndKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	t.Parallel()
	s := newTokenServer(t)
	c := &testClock{at: time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)}
	r := s.connect(c, nil)
	var wait sync.WaitGroup
	var outputs [20]json.RawMessage
	for i := range outputs {
		wait.Go(func() { outputs[i], _ = callGet(r, `{"id":"a"}`) })
	}
	wait.Wait()
	for _, output := range outputs {
		require.JSONEq(t, `{"name":"as token 1"}`, string(output))
	}
	require.EqualValues(t, 1, s.grants.Load())

	c.pass(time.Hour - tokenMargin - time.Second)
	output, err := callGet(r, `{"id":"a"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"as token 1"}`, string(output))
	c.pass(time.Second)
	output, err = callGet(r, `{"id":"a"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"as token 2"}`, string(output))
	require.EqualValues(t, 2, s.grants.Load())
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	s := newTokenServer(t)
	r := s.connect(nil, nil)
	_, err := callGet(r, `{"id":"a"}`)
	require.NoError(t, err)

	s.refused.Store("token-1", true)
	output, err := callGet(r, `{"id":"a"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"as token 2"}`, string(output))
	require.EqualValues(t, 3, s.calls.Load(), "one good call, one refused, its repetition")

	s.refused.Store("token-2", true)
	s.refused.Store("token-3", true)
	s.calls.Store(0)
	_, err = callGet(r, `{"id":"a"}`)
	call := asCall(t, err)
	require.Equal(t, soc.Denied, call.Kind)
	require.True(t, call.OutcomeKnown())
	require.EqualValues(t, 2, s.calls.Load(), "no third attempt")
	require.EqualValues(t, 3, s.grants.Load())
	require.NotContains(t, err.Error(), "token-", "the token is in the error")

	// A token that was made for this very call and is refused at once is not tried again.
	fresh := newTokenServer(t)
	fresh.refused.Store("token-1", true)
	_, err = callGet(fresh.connect(nil, nil), `{"id":"a"}`)
	require.Equal(t, soc.Denied, asCall(t, err).Kind)
	require.EqualValues(t, 1, fresh.calls.Load())
}

func asCall(t *testing.T, err error) *CallError {
	t.Helper()
	require.Error(t, err)
	var call *CallError
	require.ErrorAs(t, err, &call)
	return call
}

func TestAnAuthorisationServerThatRefusesOrBreaksSendsNothingOn(t *testing.T) {
	t.Parallel()
	say := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "9")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}
	}
	elsewhere := newTokenServer(t)
	for name, test := range map[string]struct {
		grant http.HandlerFunc
		kind  soc.Kind
		says  string
		wait  time.Duration
	}{
		"wrong credentials as the RFC has it": {say(400, `{"error":"invalid_client","error_description":"wrong `+clientSecret+`"}`), soc.Denied, "invalid_client wrong <secret>", 0},
		"wrong credentials as 401":            {say(401, `{"error":"invalid_client"}`), soc.Denied, "invalid_client", 0},
		"a page":                              {say(404, `<html>`), soc.NotFound, "404", 0},
		"throttling":                          {say(429, `{}`), soc.Unavailable, "429", 9 * time.Second},
		"trouble":                             {say(503, ``), soc.Unavailable, "503", 9 * time.Second},
		"broken JSON":                         {say(200, `{"access_token":`), soc.Invalid, "no bearer token", 0},
		"no token":                            {say(200, `{"token_type":"Bearer"}`), soc.Invalid, "no bearer token", 0},
		"a token of another type":             {say(200, `{"token_type":"mac","access_token":"x"}`), soc.Invalid, "no bearer token", 0},
		"a token with a line break":           {say(200, `{"token_type":"Bearer","access_token":"x\r\nX-Forged: yes"}`), soc.Invalid, "no bearer token", 0},
		"a token without end":                 {say(200, `{"access_token":"`+strings.Repeat("x", maxTokenSize+1)+`"}`), soc.Invalid, "no bearer token", 0},
		"an answer without end":               {say(200, `{"access_token":"`+strings.Repeat("x", 8<<20)+`"}`), soc.Invalid, "too large", 0},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.url+"/token", http.StatusTemporaryRedirect)
		}, soc.Denied, "redirect", 0},
		"closing without a word": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, soc.Unavailable, "closed", 0},
	} {
		s := newTokenServer(t)
		s.grant = test.grant
		_, err := callGet(s.connect(nil, nil), `{"id":"a"}`)
		call := asCall(t, err)
		require.Equal(t, test.kind, call.Kind, "%s: %v", name, err)
		require.Contains(t, err.Error(), test.says, name)
		require.Contains(t, err.Error(), "token", name)
		require.Equal(t, test.wait, call.RetryAfter, name)
		require.False(t, call.Sent, name)
		require.True(t, call.OutcomeKnown(), name)
		require.NotContains(t, err.Error(), clientSecret, name)
		require.Less(t, len(err.Error()), 500, name)
		require.Zero(t, s.calls.Load(), name)
	}
	require.Zero(t, elsewhere.grants.Load(), "the secret went to another host")
}

func TestTheTokenEndpointIsGuardedAsTheCallsAre(t *testing.T) {
	t.Parallel()
	s := newTokenServer(t)
	local := httptest.NewTLSServer(s)
	defer local.Close()
	r := s.connect(nil, func(c *Connection) {
		c.AllowPrivate, c.BaseURL, c.Settings["token_url"] = false, "https://api.acme.test", local.URL+"/token"
	})
	_, err := callGet(r, `{"id":"a"}`)
	call := asCall(t, err)
	require.Equal(t, soc.Denied, call.Kind)
	require.Contains(t, err.Error(), "private")
	require.Zero(t, s.grants.Load())
}

func TestATokenThatTheVendorEchoesIsMaskedInOutputs(t *testing.T) {
	t.Parallel()
	s := newTokenServer(t)
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"name":"you sent %s and %s"}`, r.Header.Get("Authorization"), clientSecret)
	}
	output, err := callGet(s.connect(nil, nil), `{"id":"a"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"you sent Bearer <secret> and <secret>"}`, string(output))
}

func TestAConnectionNeedsAClientOrAReadyToken(t *testing.T) {
	t.Parallel()
	s := newTokenServer(t)
	r := s.connect(nil, func(c *Connection) {
		c.Settings, c.Secrets = nil, map[string]Secret{"token": secret.New("ready-made")}
	})
	output, err := callGet(r, `{"id":"a"}`)
	require.NoError(t, err)
	require.NotContains(t, string(output), "ready-made")
	require.Zero(t, s.grants.Load())

	whole := func() Connection {
		return Connection{
			Name: "b", Connector: "acme", Settings: map[string]string{"client_id": "picket", "tenant": "t"},
			Secrets: map[string]Secret{"client_secret": secret.New(clientSecret)},
		}
	}
	for name, test := range map[string]struct {
		change func(*Connection)
		says   string
	}{
		"no secret":                {func(c *Connection) { c.Secrets = nil }, "client_secret is required, or token"},
		"no client":                {func(c *Connection) { delete(c.Settings, "client_id") }, "client_id is required, or token"},
		"no tenant":                {func(c *Connection) { delete(c.Settings, "tenant") }, "token endpoint"},
		"a tenant that climbs":     {func(c *Connection) { c.Settings["tenant"] = ".." }, "token endpoint"},
		"an endpoint without TLS":  {func(c *Connection) { c.Settings["token_url"] = "http://login.acme.test/token" }, "plain HTTP"},
		"an endpoint that is none": {func(c *Connection) { c.Settings["token_url"] = "login" }, "base URL"},
	} {
		c := whole()
		test.change(&c)
		err := r.AddConnection(c)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.Contains(t, err.Error(), test.says, name)
		require.NotContains(t, err.Error(), clientSecret, name)
	}
	require.NoError(t, r.AddConnection(whole()))
	c, err := r.find("acme", "b")
	require.NoError(t, err)
	require.Equal(t, "https://login.acme.test/t/token", c.proof.tokens.endpoint.String())
}

func TestAnotherCallersTokenIsNotWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newTokenServer(t)
	asked, release := make(chan struct{}), make(chan struct{})
	s.grant = func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-release
		_, _ = io.WriteString(w, `{"access_token":"late"}`)
	}
	r := s.connect(nil, nil)
	first := make(chan error)
	go func() {
		_, err := callGet(r, `{"id":"a"}`)
		first <- err
	}()
	<-asked
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := r.Call(ctx, Request{Operation: "acme.get", Arguments: json.RawMessage(`{"id":"a"}`)})
	require.Equal(t, soc.Unavailable, asCall(t, err).Kind)
	close(release)
	require.NoError(t, <-first)
	require.EqualValues(t, 1, s.grants.Load())
}

func TestALifeOfATokenIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"3599": 3599 * time.Second, `"3599"`: 3599 * time.Second, "": tokenDefault, "null": tokenDefault, "-1": tokenDefault,
		"0": tokenDefault, "NaN": tokenDefault, "1e300": tokenLongest, "true": tokenDefault,
	} {
		require.Equal(t, want, tokenLife(text), text)
	}
}
