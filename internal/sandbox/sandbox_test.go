package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/sandbox"
	"picket/internal/secret"
	"picket/internal/soc"
)

const token = "sandbox-token-1"

func start(t *testing.T, dir string) *sandbox.Server {
	t.Helper()
	s, err := sandbox.Start(context.Background(), sandbox.Options{Dir: dir, Token: token})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

// world is a sandbox with the demo's connections to it.
func world(t *testing.T) (*sandbox.Server, *connector.Registry) {
	t.Helper()
	s := start(t, t.TempDir())
	return s, connected(t, s)
}

func connected(t *testing.T, s *sandbox.Server) *connector.Registry {
	t.Helper()
	r, err := connector.New(connector.Options{})
	require.NoError(t, err)
	for _, c := range connector.DemoConnections(s.URL(), token) {
		require.NoError(t, r.AddConnection(c))
	}
	return r
}

func call(t *testing.T, r *connector.Registry, operation, arguments string) map[string]any {
	t.Helper()
	text, err := r.Call(context.Background(), connector.Request{Operation: operation, Arguments: json.RawMessage(arguments)})
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}

func confirm(t *testing.T, r *connector.Registry, operation, arguments string) bool {
	t.Helper()
	done, supported, err := r.Confirm(context.Background(), connector.Request{Operation: operation, Arguments: json.RawMessage(arguments)})
	require.NoError(t, err)
	require.True(t, supported)
	return done
}

func fetch(t *testing.T, url string, accept string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	req.Header.Set("Accept", accept)
	resp, err := connector.NewHTTPClient(connector.ClientOptions{AllowPrivate: true}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

type calls struct {
	Count int            `json:"count"`
	Calls []sandbox.Call `json:"calls"`
}

func madeCalls(t *testing.T, s *sandbox.Server) calls {
	t.Helper()
	var c calls
	require.NoError(t, json.Unmarshal([]byte(fetch(t, s.URL()+"/calls", "application/json")), &c))
	return c
}

func TestSuspendingAnAccountChangesItAndCanBeReadBackAndReversed(t *testing.T) {
	t.Parallel()
	s, r := world(t)
	const alice = `{"user":"alice@example.test"}`
	require.Equal(t, "ACTIVE", call(t, r, "okta.get_user", alice)["status"])
	require.False(t, confirm(t, r, "okta.suspend_user", alice))

	require.Equal(t, "SUSPENDED", call(t, r, "okta.suspend_user", alice)["status"])
	require.True(t, confirm(t, r, "okta.suspend_user", alice))
	user := call(t, r, "okta.get_user", `{"user":"alice"}`)
	require.Equal(t, "SUSPENDED", user["status"])
	require.Equal(t, "Alice Example", user["name"])

	_, err := r.Call(context.Background(), connector.Request{Operation: "okta.suspend_user", Arguments: json.RawMessage(alice)})
	require.Equal(t, soc.Conflict, soc.KindOf(err))
	require.Contains(t, err.Error(), "Cannot suspend a user that is not active")

	call(t, r, "okta.unsuspend_user", alice)
	require.True(t, confirm(t, r, "okta.unsuspend_user", alice))
	require.False(t, confirm(t, r, "okta.suspend_user", alice))

	made := madeCalls(t, s)
	require.Equal(t, 3, made.Count, "the refused call is counted too")
	require.Equal(t, []int{200, 400, 200}, []int{made.Calls[0].Status, made.Calls[1].Status, made.Calls[2].Status})
	require.Equal(t, "alice@example.test", made.Calls[0].Name)
}

func TestIsolatingAHostChangesItAndCanBeReadBackAndReversed(t *testing.T) {
	t.Parallel()
	s, r := world(t)
	host := call(t, r, "edr.find_host", `{"name":"WS-17"}`)
	require.Equal(t, true, host["found"])
	id, _ := host["id"].(string)
	arguments := func(extra string) string { return `{"host_id":"` + id + `"` + extra + `}` }
	require.Equal(t, "None", call(t, r, "edr.get_isolation", arguments(""))["action"])
	require.False(t, confirm(t, r, "edr.isolate_host", arguments(`,"comment":"test"`)))

	out := call(t, r, "edr.isolate_host", arguments(`,"comment":"malware, run 1"`))
	require.Equal(t, "Pending", out["status"])
	require.True(t, confirm(t, r, "edr.isolate_host", arguments(`,"comment":"test"`)))
	require.Contains(t, fetch(t, s.URL()+"/state", "text/html"), "isolated")

	call(t, r, "edr.release_host", arguments(`,"comment":"clean"`))
	require.True(t, confirm(t, r, "edr.release_host", arguments(`,"comment":"clean"`)))
	require.False(t, confirm(t, r, "edr.isolate_host", arguments(`,"comment":"test"`)))
	require.Equal(t, "ws-17", call(t, r, "edr.get_host", arguments(""))["name"])
	require.Equal(t, false, call(t, r, "edr.get_host", `{"host_id":"gone"}`)["found"])
	require.Equal(t, false, call(t, r, "edr.find_host", `{"name":"x' or computerDnsName ne 'x"}`)["found"], "a quote stays inside its literal")
	_, err := r.Call(context.Background(), connector.Request{Operation: "edr.isolate_host", Arguments: json.RawMessage(`{"host_id":"gone","comment":"x"}`)})
	require.Equal(t, soc.NotFound, soc.KindOf(err))
	require.Equal(t, 2, madeCalls(t, s).Count)
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := sandbox.Start(context.Background(), sandbox.Options{Dir: dir, Token: token})
	require.NoError(t, err)
	r := connected(t, first)
	call(t, r, "okta.suspend_user", `{"user":"bob@example.test"}`)
	journal, err := os.ReadFile(filepath.Join(dir, "sandbox.jsonl"))
	require.NoError(t, err)
	require.Contains(t, string(journal), `"kind":"suspend"`, "the call is on disk when it is answered")
	require.NoError(t, first.Stop())
	require.NoError(t, first.Stop(), "stopping twice is fine")

	// A process that died while writing leaves half a line, of a call that nobody was answered.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sandbox.jsonl"), append(journal, `{"seq":2,"kind":"susp`...), 0o600))
	second := start(t, dir)
	r = connected(t, second)
	require.Equal(t, "SUSPENDED", call(t, r, "okta.get_user", `{"user":"bob@example.test"}`)["status"])
	require.Equal(t, 1, madeCalls(t, second).Count)
	call(t, r, "okta.suspend_user", `{"user":"alice@example.test"}`)
	require.NoError(t, second.Stop())
	third := start(t, dir)
	require.Equal(t, 2, madeCalls(t, third).Count)
}

func TestWithoutTheTokenNothingAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	r, err := connector.New(connector.Options{})
	require.NoError(t, err)
	for _, c := range connector.DemoConnections(s.URL(), "another") {
		c.Secrets = map[string]connector.Secret{"token": secret.New("wrong-token")}
		require.NoError(t, r.AddConnection(c))
	}
	for operation, arguments := range map[string]string{
		"okta.suspend_user": `{"user":"alice@example.test"}`, "okta.get_user": `{"user":"alice@example.test"}`,
		"edr.isolate_host": `{"host_id":"x","comment":"y"}`, "edr.find_host": `{"name":"ws-17"}`,
	} {
		_, err := r.Call(context.Background(), connector.Request{Operation: operation, Arguments: json.RawMessage(arguments)})
		require.Equal(t, soc.Denied, soc.KindOf(err), operation)
		require.NotContains(t, err.Error(), "wrong-token")
	}
	require.Zero(t, madeCalls(t, s).Count)
}

func TestTestsCanMakeAccountsAndHostsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s, r := world(t)
	post := func(path, scheme, body string) int {
		req, err := http.NewRequest(http.MethodPost, s.URL()+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", scheme+token)
		resp, err := connector.NewHTTPClient(connector.ClientOptions{AllowPrivate: true}).Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	require.Equal(t, 200, post("/okta/api/v1/users?activate=true", "SSWS ", `{"profile":{"firstName":"New","lastName":"One","login":"new-1@example.test"}}`))
	require.Equal(t, 400, post("/okta/api/v1/users", "SSWS ", `{"profile":{"login":"new-1@example.test"}}`))
	require.Equal(t, 201, post("/hosts", "Bearer ", `{"name":"ws-900"}`))
	require.Equal(t, 401, post("/hosts", "Basic ", `{"name":"ws-901"}`))
	require.Equal(t, 400, post("/hosts", "Bearer ", `{"name":"<script>"}`))
	require.Equal(t, "ACTIVE", call(t, r, "okta.get_user", `{"user":"new-1@example.test"}`)["status"])
	require.Equal(t, true, call(t, r, "edr.find_host", `{"name":"ws-900"}`)["found"])
}

func TestThePageNamesTheSandboxAndEscapesWhatStrangersWrote(t *testing.T) {
	t.Parallel()
	s, r := world(t)
	id, _ := call(t, r, "edr.find_host", `{"name":"srv-db-2"}`)["id"].(string)
	call(t, r, "edr.isolate_host", `{"host_id":"`+id+`","comment":"<script>alert(1)</script>"}`)
	page := fetch(t, s.URL()+"/", "text/html")
	require.Contains(t, page, "<h1>Sandbox</h1>")
	require.NotContains(t, page, "<script>")
	require.NotContains(t, page, token)
	require.Contains(t, fetch(t, s.URL()+"/state", "application/json"), `"sandbox":`)
}

func TestItListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.test:0", "nonsense"} {
		_, err := sandbox.Start(context.Background(), sandbox.Options{Dir: t.TempDir(), Token: token, Listen: listen})
		require.Equal(t, soc.Invalid, soc.KindOf(err), listen)
	}
	_, err := sandbox.Start(context.Background(), sandbox.Options{Dir: t.TempDir()})
	require.Equal(t, soc.Invalid, soc.KindOf(err), "a token is required")
	s := start(t, t.TempDir())
	_, err = sandbox.Start(context.Background(), sandbox.Options{Dir: t.TempDir(), Token: token, Listen: s.Addr()})
	require.Equal(t, soc.Unavailable, soc.KindOf(err))
	require.Contains(t, err.Error(), s.Addr())
}
