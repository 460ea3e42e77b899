package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/audit"
	"picket/internal/auth"
	"picket/internal/blob"
	"picket/internal/connector"
	"picket/internal/contract"
	"picket/internal/ingest"
	"picket/internal/model"
	"picket/internal/propose"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/workshop"
	"picket/playbooks"
	"picket/playbooks/plan"
)

const (
	password    = "correct horse battery"
	hookToken   = "the-token-of-the-hook"
	hookSecret  = "the-secret-of-the-hook"
	sandboxAddr = "http://127.0.0.1:9"
)

// playbookText asks for consent and then isolates a host.
const playbookText = `name: isolate
title: Isolate the host
owner: soc
on:
  alert:
    when: alert.severity >= high
  manual: {}
steps:
  - id: network
    title: What kind of address it is
    action: net.classify
    with: {ip: '${{ alert.src_ip }}'}
    on_error: continue
  - id: gate
    title: Ask
    approve:
      title: Isolate the host?
      by: {role: responder, not: requester}
      covers: [isolate]
      within: 1h
      on_timeout: deny
  - id: isolate
    title: Isolate
    action: edr.isolate_host
    with: {host_id: '${{ alert.host.name }}', comment: Found malware}
`

// picket is the API over real parts, served over HTTP.
type picket struct {
	t        testing.TB
	store    *store.Store
	auth     *auth.Service
	signer   *audit.Signer
	blobs    *blob.Store
	server   *api.Server
	web      *httptest.Server
	plan     *plan.Plan
	playbook api.Playbook
	agents   []api.Agent
	router   routers.Router
	clock    *clock
}

type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// intake writes what arrives, with a run of the one playbook for each alert, as the product's intake does for those
// that match.
type intake struct {
	store *store.Store
	p     *api.Playbook
}

func (in intake) run(alert soc.Alert, by string) (store.NewRun, error) {
	run := soc.Run{
		ID: soc.NewID("run"), Playbook: in.p.Name, PlanDigest: in.p.Digest, AlertID: alert.ID, AlertTitle: alert.Title,
		Severity: alert.Severity, RequestedBy: by,
	}
	start, err := json.Marshal(contract.PlaybookInput{RunID: run.ID, Plan: *in.p.Plan})
	return store.NewRun{Run: run, Start: start}, err
}

func (in intake) Accept(ctx context.Context, source string, alerts []ingest.Normalised, requestID, bodyDigest string) ([]store.AcceptResult, error) {
	batch := make([]store.Accept, len(alerts))
	for i, n := range alerts {
		n.Alert.ID, n.Alert.Source = soc.NewID("alr"), source
		run, err := in.run(n.Alert, "")
		if err != nil {
			return nil, err
		}
		batch[i] = store.Accept{Alert: n.Alert, DedupKey: n.DedupKey, RequestID: requestID, BodyDigest: bodyDigest, Runs: []store.NewRun{run}}
	}
	return in.store.AcceptAlerts(ctx, batch)
}

func (in intake) StartRun(ctx context.Context, r api.StartRequest) (soc.Run, error) {
	if r.Playbook != in.p.Name {
		return soc.Run{}, soc.Errorf(soc.NotFound, "there is no playbook %q", r.Playbook)
	}
	var alert soc.Alert
	if r.Alert != nil {
		alert = *r.Alert
	}
	run, err := in.run(alert, r.By)
	if err != nil {
		return soc.Run{}, err
	}
	run.Run.Trigger = soc.TriggerManual
	run.Start, err = json.Marshal(contract.PlaybookInput{RunID: run.Run.ID, Plan: *in.p.Plan, Trigger: contract.Trigger{Inputs: r.Inputs}})
	if err != nil {
		return soc.Run{}, err
	}
	return in.store.CreateRun(ctx, run)
}

func (in intake) StartPlan(ctx context.Context, of soc.Run, p *plan.Plan, kind, by string) (soc.Run, error) {
	text, err := p.Encode()
	if err != nil {
		return soc.Run{}, err
	}
	if err := in.store.SavePlan(ctx, store.Plan{Digest: p.Digest(), Name: p.Name, Plan: text}); err != nil {
		return soc.Run{}, err
	}
	run := soc.Run{Playbook: of.Playbook, PlanDigest: p.Digest(), AlertID: of.AlertID, Parent: of.ID, Trigger: kind, RequestedBy: by}
	return in.store.CreateRun(ctx, store.NewRun{Run: run})
}

func (in intake) Rerun(ctx context.Context, r api.RerunRequest) (soc.Run, error) {
	run := soc.Run{Playbook: r.Of.Playbook, PlanDigest: r.Of.PlanDigest, AlertID: r.Of.AlertID, Parent: r.Of.ID, Trigger: r.Of.Trigger, RequestedBy: r.By}
	return in.store.CreateRun(ctx, store.NewRun{Run: run})
}

var registry = sync.OnceValues(func() (*connector.Registry, error) {
	r, err := connector.New(connector.Options{})
	if err != nil {
		return nil, err
	}
	for _, x := range connector.DemoConnections(sandboxAddr, "the-secret-of-the-sandbox") {
		if err := r.AddConnection(x); err != nil {
			return nil, err
		}
	}
	return r, nil
})

// noModel is what an instance has that configures none.
type noModel struct{}

func (noModel) Provider(string) (model.Provider, error) { return model.NewBuiltin(), nil }

func start(t testing.TB, change ...func(*api.Options)) *picket {
	t.Helper()
	dir := t.TempDir()
	p := &picket{t: t, clock: &clock{}}
	var err error
	p.signer, err = audit.OpenSigner(dir)
	require.NoError(t, err)
	p.store, err = store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "picket.db"), store.WithHeadSigner(p.signer.SignHead))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.store.Close()) })
	p.blobs, err = blob.Open(filepath.Join(dir, "blobs"))
	require.NoError(t, err)
	p.auth = auth.New(p.store, auth.Options{Now: p.clock.now})

	connectors, err := registry()
	require.NoError(t, err)
	shop := &workshop.Workshop{
		Catalog: sync.OnceValue(func() *playbooks.Catalog { return workshop.Catalog(connectors) }), Connectors: connectors, Records: p.store,
		Library: func() []playbooks.File { return []playbooks.File{{Name: "isolate.yaml", Source: []byte(playbookText)}} },
	}
	compiled, diagnostics := shop.Compile("isolate.yaml", []byte(playbookText))
	require.NotNil(t, compiled, "%v", diagnostics)
	p.plan = compiled
	p.playbook = api.Playbook{
		Name: compiled.Name, File: "isolate.yaml", Source: playbookText, Plan: compiled, Digest: compiled.Digest(), Diagnostics: diagnostics,
	}
	text, err := compiled.Encode()
	require.NoError(t, err)
	require.NoError(t, p.store.SavePlan(t.Context(), store.Plan{Digest: p.playbook.Digest, Name: compiled.Name, Plan: text, Source: playbookText}))

	options := api.Options{
		Reader: p.store, Queue: p.store, Ledger: p.store, Decider: p.store, Signer: p.signer, Auth: p.auth, Archive: p.blobs,
		Intake: intake{p.store, &p.playbook}, Connectors: connectors, Workshop: shop,
		Playbooks: func() []api.Playbook { return []api.Playbook{p.playbook} }, Agents: func() []api.Agent { return p.agents }, Versions: p.store, Press: p.store, Memory: p.store,
		Proposer: &propose.Proposer{Shop: shop, Models: noModel{}, Ledger: p.store, Now: time.Now},
		Verify: func(ctx context.Context) (audit.Report, error) {
			return audit.Verify(ctx, p.store, audit.WithSigner(p.signer), audit.WithArchive(p.blobs))
		},
		Sources: []api.Source{
			{Source: ingest.Source{Name: "generic", Kind: ingest.Generic}, Token: hookToken},
			{Source: ingest.Source{Name: "wazuh", Kind: ingest.Wazuh}, Token: hookToken},
			{Source: ingest.Source{Name: "defender", Kind: ingest.Defender}, Token: hookToken},
			{Source: ingest.Source{Name: "guardduty", Kind: ingest.GuardDuty}, Token: hookToken},
			{Source: ingest.Source{Name: "signed", Kind: ingest.Generic}, HMACSecret: hookSecret},
			{Source: ingest.Source{Name: "both", Kind: ingest.Generic}, HMACSecret: hookSecret, Token: hookToken},
			{Source: ingest.Source{Name: "slow", Kind: ingest.Generic}, Token: hookToken, Rate: 0.5, Burst: 2},
		},
		SandboxURL: sandboxAddr, Demo: true, Version: "test", Now: p.clock.now,
	}
	for _, c := range change {
		c(&options)
	}
	p.server, err = api.New(options)
	require.NoError(t, err)
	p.web = httptest.NewServer(p.server.Handler())
	t.Cleanup(func() { p.server.Close(); p.web.Close() })

	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	doc.Servers = nil
	p.router, err = legacy.NewRouter(doc)
	require.NoError(t, err)
	return p
}

// answer is a response that was validated against openapi.yaml.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

func (a answer) is(status int) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.status, "%s", a.body)
	if status >= 400 {
		require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"))
		require.NotEmpty(a.t, a.problem().Instance)
	}
	return a
}

func (a answer) into(v any) {
	a.t.Helper()
	require.NoError(a.t, json.Unmarshal(a.body, v), "%s", a.body)
}

type problem struct {
	Title, Detail, Instance string
	Status                  int
	Errors                  []struct{ Pointer, Detail string }
}

func (a answer) problem() (p problem) { a.into(&p); return p }

// list is a page of whatever.
type list struct {
	Items []map[string]any
	Next  string
}

func (a answer) list() (l list) { a.into(&l); return l }

// client sends requests as somebody.
type client struct {
	p      *picket
	header http.Header
	cookie *http.Cookie
}

func (p *picket) nobody() *client { return &client{p: p, header: http.Header{}} }

func (c *client) with(name, value string) *client {
	h := c.header.Clone()
	h.Set(name, value)
	return &client{p: c.p, header: h, cookie: c.cookie}
}

// as is a program with an API token of a new user with these roles.
func (p *picket) as(name string, roles ...string) *client {
	p.t.Helper()
	user, err := p.store.CreateUser(p.t.Context(), name, "!", roles)
	require.NoError(p.t, err)
	token, err := p.auth.NewToken(p.t.Context(), user.ID, "test", time.Time{})
	require.NoError(p.t, err)
	return p.nobody().with("Authorization", "Bearer "+token)
}

func (p *picket) hook() *client { return p.nobody().with("X-Picket-Token", hookToken) }

func (c *client) get(path string) answer { c.p.t.Helper(); return c.send("GET", path, nil) }

// post sends a string or bytes as they are, and anything else as JSON.
func (c *client) post(path string, body any) answer {
	c.p.t.Helper()
	switch b := body.(type) {
	case nil:
		return c.send("POST", path, nil)
	case string:
		return c.send("POST", path, strings.NewReader(b))
	case []byte:
		return c.send("POST", path, bytes.NewReader(b))
	}
	text, err := json.Marshal(body)
	require.NoError(c.p.t, err)
	return c.send("POST", path, bytes.NewReader(text))
}

// put sends bytes as they are.
func (c *client) put(path string, body []byte) answer {
	c.p.t.Helper()
	return c.send("PUT", path, bytes.NewReader(body))
}

func (c *client) request(method, path string, body io.Reader) *http.Request {
	c.p.t.Helper()
	r, err := http.NewRequestWithContext(c.p.t.Context(), method, c.p.web.URL+path, body)
	require.NoError(c.p.t, err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.header {
		r.Header[name] = values
	}
	if c.cookie != nil {
		r.AddCookie(c.cookie)
	}
	return r
}

func (c *client) send(method, path string, body io.Reader) answer {
	t := c.p.t
	t.Helper()
	r := c.request(method, path, body)
	response, err := c.p.web.Client().Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	for _, cookie := range response.Cookies() {
		c.cookie = cookie
	}
	a := answer{t: t, status: response.StatusCode, header: response.Header, body: text}
	c.p.described(r, a)
	return a
}

// jsonBody is a type of one JSON document, whose form openapi.yaml describes.
var jsonBody = regexp.MustCompile(`[/+]json\b`)

// described fails unless openapi.yaml describes the answer.
func (p *picket) described(r *http.Request, a answer) {
	p.t.Helper()
	if !strings.HasPrefix(r.URL.Path, "/v1/") && r.URL.Path != "/healthz" {
		return
	}
	route, params, err := p.router.FindRoute(&http.Request{Method: r.Method, URL: &url.URL{Path: r.URL.Path}, Header: r.Header})
	if err != nil {
		require.GreaterOrEqual(p.t, a.status, 400, "%s %s is not described: %v", r.Method, r.URL.Path, err)
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: !jsonBody.MatchString(a.header.Get("Content-Type"))},
	}
	input.SetBodyBytes(a.body)
	require.NoError(p.t, openapi3filter.ValidateResponse(context.Background(), input), "%s %s: %s", r.Method, r.URL.Path, a.body)
}

// alertText is an alert of the generic source.
func alertText(n int) string {
	return fmt.Sprintf(`{"id":"a-%d","title":"Mimikatz on WS-%d","severity":"high","src_ip":"198.51.100.%d","host":{"name":"WS-%d"},"user":{"name":"ana"}}`, n, n, n%250, n)
}

// accepted posts an alert and answers its ids.
func (p *picket) accepted(n int) (alertID, runID string) {
	p.t.Helper()
	var got struct {
		AlertID   string   `json:"alert_id"`
		RunIDs    []string `json:"run_ids"`
		Duplicate bool
	}
	p.hook().post("/v1/hooks/generic", alertText(n)).is(202).into(&got)
	require.Len(p.t, got.RunIDs, 1)
	return got.AlertID, got.RunIDs[0]
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err, "the corpora stand beside the repository")
	return text
}
