package connector

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/secret"
	"picket/internal/soc"
)

// seen is what the vendor's server got last.
type seen struct {
	method, uri, body string
	header            http.Header
}

// vendor gives a registry with a connection of a built-in connector to a server that answers so.
func vendor(t *testing.T, c Connection, status int, contentType, answer string) (*Registry, *atomic.Pointer[seen]) {
	t.Helper()
	var last atomic.Pointer[seen]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		last.Store(&seen{r.Method, r.RequestURI, string(body), r.Header})
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	r, err := New(Options{})
	require.NoError(t, err)
	c.Name, c.BaseURL, c.AllowPrivate = "test", server.URL, true
	require.NoError(t, r.AddConnection(c))
	return r, &last
}

func ask(t *testing.T, r *Registry, operation, arguments string) (string, error) {
	t.Helper()
	output, err := r.Call(t.Context(), Request{Operation: operation, Arguments: json.RawMessage(arguments), IdempotencyKey: "run_1/step"})
	return string(output), err
}

func TestTheInHouseServiceIsReachedByPathAndQueryOnly(t *testing.T) {
	t.Parallel()
	r, last := vendor(t, Connection{Connector: "http", Settings: map[string]string{"header": "x-api-key"}, Secrets: map[string]Secret{"secret": secret.New("k3y-of-cmdb")}},
		http.StatusOK, "application/json", `[1,{"a":null}]`)
	for arguments, uri := range map[string]string{
		`{"path":"assets/ws-17"}`:                             "/assets/ws-17",
		`{"path":"/assets/a b/"}`:                             "/assets/a%20b/",
		`{"path":"x?admin=1#y"}`:                              "/x%3Fadmin=1%23y",
		`{"path":"@evil.test/x"}`:                             "/@evil.test/x",
		`{"path":"a%2e%2e%2fb"}`:                              "/a%252e%252e%252fb",
		`{"path":"http:/evil/x"}`:                             "/http:/evil/x",
		`{"path":"a\\..\\b"}`:                                 "/a%5C..%5Cb",
		`{"path":"x","query":{}}`:                             "/x",
		`{"path":"x","query":{"b c":"d&e=f","a":7,"t":true}}`: "/x?a=7&b%20c=d%26e%3Df&t=true",
	} {
		output, err := ask(t, r, "http.get_json", arguments)
		require.NoError(t, err, arguments)
		require.JSONEq(t, `{"body":[1,{"a":null}]}`, output)
		require.Equal(t, uri, last.Load().uri, arguments)
		require.Equal(t, "k3y-of-cmdb", last.Load().header.Get("X-Api-Key"))
		require.Empty(t, last.Load().header.Get("Authorization"))
	}
	last.Store(nil)
	for _, arguments := range []string{
		`{"path":""}`, `{"path":"/"}`, `{"path":"//evil.test/x"}`, `{"path":"a/../b"}`, `{"path":".."}`, `{"path":"a//b"}`, `{"path":"./a"}`,
		`{"path":"a\nb"}`, `{"path":"a","query":{"x":[1]}}`, `{"path":"a","query":{"x":{}}}`, `{"path":"a","host":"evil.test"}`,
	} {
		_, err := ask(t, r, "http.get_json", arguments)
		require.Equal(t, soc.Invalid, soc.KindOf(err), arguments)
	}
	require.Nil(t, last.Load(), "something was sent")

	output, err := ask(t, r, "http.post_json", `{"path":"tickets","body":{"n":1e2,"x":"{path}"}}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"body":[1,{"a":null}]}`, output)
	require.Equal(t, `{"n":1e2,"x":"{path}"}`, last.Load().body)
	require.Equal(t, "run_1/step", last.Load().header.Get("Idempotency-Key"))
	_, err = ask(t, r, "http.post_json", `{"path":"tickets"}`)
	require.NoError(t, err)
	require.Empty(t, last.Load().body)
	require.Empty(t, last.Load().header.Get("Content-Type"))
}

func TestTheTokenWithinAHeadersWholeValueIsMaskedToo(t *testing.T) {
	t.Parallel()
	r, _ := vendor(t, Connection{Connector: "http", Secrets: map[string]Secret{"secret": secret.New("Bearer abc-123")}}, http.StatusBadRequest, "application/json", `{"error":"abc-123 is old"}`)
	_, err := ask(t, r, "http.get_json", `{"path":"x"}`)
	require.ErrorContains(t, err, "<secret> is old")
}

func TestAHeaderNameThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	r, err := New(Options{})
	require.NoError(t, err)
	for _, name := range []string{"a b", "a:b", "a\r\nX: y", "ä"} {
		err := r.AddConnection(Connection{
			Name: "cmdb", Connector: "http", BaseURL: "https://cmdb.example.test", Settings: map[string]string{"header": name},
			Secrets: map[string]Secret{"secret": secret.New("k3y-of-cmdb")},
		})
		require.Equal(t, soc.Invalid, soc.KindOf(err), "%q", name)
	}
	require.NoError(t, r.AddConnection(Connection{Name: "cmdb", Connector: "http", BaseURL: "https://cmdb.example.test"}), "a service may ask for no secret")
}

func TestASecretInTheQueryOrTheBodyGoesWhereTheVendorWantsIt(t *testing.T) {
	t.Parallel()
	r, last := vendor(t, Connection{Connector: "shodan", Secrets: map[string]Secret{"key": secret.New("k3y/&+=")}}, http.StatusForbidden, "application/json", `{"error":"no k3y/&+="}`)
	_, err := ask(t, r, "shodan.host", `{"ip":"203.0.113.66"}`)
	require.Equal(t, soc.Denied, soc.KindOf(err))
	require.Equal(t, "/shodan/host/203.0.113.66?minify=true&key=k3y%2F%26%2B%3D", last.Load().uri)
	require.Contains(t, err.Error(), "no <secret>")

	r, last = vendor(t, Connection{Connector: "pagerduty", Secrets: map[string]Secret{"routing_key": secret.New("r0uting")}}, http.StatusAccepted, "application/json", `{"status":"success","dedup_key":"r0uting"}`)
	output, err := ask(t, r, "pagerduty.resolve", `{"dedup_key":"a"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"routing_key":"r0uting","event_action":"resolve","dedup_key":"a"}`, last.Load().body)
	require.JSONEq(t, `{"status":"success","dedup_key":"<secret>"}`, output)
}

func TestTheFirstQueryWhoseHolesAreFilledIsSent(t *testing.T) {
	t.Parallel()
	r, last := vendor(t, Connection{Connector: "entra", Secrets: map[string]Secret{"token": secret.New("ready-made")}}, http.StatusOK, "application/json", `{"value":[]}`)
	for arguments, filter := range map[string]string{
		`{"service_principal_id":"a"}`:               "clientId%20eq%20%27a%27",
		`{"user_id":"u"}`:                            "principalId%20eq%20%27u%27",
		`{"service_principal_id":"a","user_id":"u"}`: "clientId%20eq%20%27a%27%20and%20principalId%20eq%20%27u%27",
		`{"user_id":"u' or 1 eq 1 or 'a' eq 'a"}`:    "principalId%20eq%20%27u%27%27%20or%201%20eq%201%20or%20%27%27a%27%27%20eq%20%27%27a%27",
	} {
		_, err := ask(t, r, "entra.list_oauth_grants", arguments)
		require.NoError(t, err)
		require.Equal(t, "/oauth2PermissionGrants?%24filter="+filter, last.Load().uri, arguments)
		require.Equal(t, "Bearer ready-made", last.Load().header.Get("Authorization"))
	}
	last.Store(nil)
	_, err := ask(t, r, "entra.list_oauth_grants", `{}`)
	require.Equal(t, soc.Invalid, soc.KindOf(err), "without a filter everybody's grants would be listed")
	require.Nil(t, last.Load())
}

func TestARefusalWithAGoodStatusIsARefusal(t *testing.T) {
	t.Parallel()
	for word, test := range map[string]struct {
		kind  soc.Kind
		known bool
	}{
		"channel_not_found":      {soc.NotFound, true},
		"invalid_auth":           {soc.Denied, true},
		"something_new":          {soc.Invalid, true},
		"internal_error":         {soc.Unavailable, false},
		"message_limit_exceeded": {soc.Unavailable, false},
	} {
		r, _ := vendor(t, Connection{Connector: "slack", Secrets: map[string]Secret{"token": secret.New("xoxb-123")}}, http.StatusOK, "application/json", `{"ok":false,"error":"`+word+`"}`)
		_, err := ask(t, r, "slack.post_message", `{"channel":"C1","text":"x"}`)
		call := asCall(t, err)
		require.Equal(t, test.kind, call.Kind, word)
		require.Equal(t, test.known, call.OutcomeKnown(), word)
		require.Contains(t, err.Error(), word)
	}
}

func TestAVendorsWordGoesOverTheStatus(t *testing.T) {
	t.Parallel()
	keys := Connection{Connector: "aws_iam", Settings: map[string]string{"access_key_id": exampleKey}, Secrets: map[string]Secret{"secret_access_key": secret.New(exampleSecret)}}
	for name, test := range map[string]struct {
		status int
		code   string
		kind   soc.Kind
	}{
		"throttled with 400":    {400, "Throttling", soc.Unavailable},
		"a wrong value":         {400, "ValidationError", soc.Invalid},
		"no right":              {403, "AccessDenied", soc.Denied},
		"a word nobody knows":   {409, "ConcurrentModification", soc.Conflict},
		"trouble at the vendor": {500, "ServiceFailure", soc.Unavailable},
	} {
		r, _ := vendor(t, keys, test.status, "text/xml", `<ErrorResponse><Error><Type>Sender</Type><Code>`+test.code+`</Code><Message>because of &lt;it&gt;</Message></Error></ErrorResponse>`)
		_, err := ask(t, r, "aws_iam.list_access_keys", `{"user":"alice"}`)
		require.Equal(t, test.kind, soc.KindOf(err), name)
		require.Contains(t, err.Error(), "because of <it>", name)
	}
}

func TestAListIsSearchedForTheElementThatWasAskedFor(t *testing.T) {
	t.Parallel()
	r, _ := vendor(t, Connection{Connector: "cloudflare", Secrets: map[string]Secret{"token": secret.New("tok-123")}}, http.StatusOK, "application/json",
		`{"success":true,"result":[{"id":"1","ip":"10.0.0.10"},{"id":"2","ip":"10.0.0.1","comment":"x"},{"id":"3","ip":"10.0.0.1"}]}`)
	const list = `"list_id":"2c0fc9fa937b11eaa1b71c4d701ab86e"`
	output, err := ask(t, r, "cloudflare.find_item", `{`+list+`,"ip":"10.0.0.1"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"found":true,"id":"2","ip":"10.0.0.1","comment":"x"}`, output)
	output, err = ask(t, r, "cloudflare.find_item", `{`+list+`,"ip":"10.0.0.2"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"found":false,"id":"","ip":"","comment":""}`, output)

	done, supported, err := r.Confirm(t.Context(), Request{Operation: "cloudflare.add_to_blocklist", Arguments: json.RawMessage(`{` + list + `,"ip":"10.0.0.10","comment":"c"}`)})
	require.NoError(t, err)
	require.True(t, supported)
	require.True(t, done)
}

func TestTextForSlackCanNeitherMentionNorHideALink(t *testing.T) {
	t.Parallel()
	r, last := vendor(t, Connection{Connector: "slack", Secrets: map[string]Secret{"token": secret.New("xoxb-123")}}, http.StatusOK, "application/json", `{"ok":true,"channel":"C1","ts":"1.2"}`)
	_, err := ask(t, r, "slack.post_message", `{"channel":"C1","text":"<!everyone> <https://evil.test|https://bank.test> &lt;"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"channel":"C1","text":"&lt;!everyone&gt; &lt;https://evil.test|https://bank.test&gt; &amp;lt;","unfurl_links":false,"unfurl_media":false}`, last.Load().body)
}

func TestAConfirmationIsAboutTheCallsOwnArguments(t *testing.T) {
	t.Parallel()
	r, _ := vendor(t, Connection{Connector: "edr", Secrets: map[string]Secret{"token": secret.New("ready-made")}}, http.StatusOK, "application/json",
		`{"value":[{"id":995,"indicatorValue":"login-verify.example","indicatorType":"DomainName","action":"Warn"}]}`)
	for action, want := range map[string]bool{"Warn": true, "Block": false} {
		done, supported, err := r.Confirm(t.Context(), Request{Operation: "edr.block_indicator", Arguments: json.RawMessage(
			`{"value":"login-verify.example","type":"DomainName","title":"t","description":"d","action":"` + action + `"}`)})
		require.NoError(t, err)
		require.True(t, supported)
		require.Equal(t, want, done, action)
	}
}
