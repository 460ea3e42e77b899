package connector_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/connector/connectortest"
	"picket/internal/secret"
	"picket/internal/soc"
)

// virusTotal speaks version 3 of the API as its reference documents it: the key in x-apikey, objects under
// data.attributes, errors under error with the documented codes, a quota that answers 429.
func virusTotal(key string, quota int) http.Handler {
	mux := http.NewServeMux()
	fail := func(w http.ResponseWriter, status int, code, message string) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code, "message": message}})
	}
	object := func(known string, attributes string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.PathValue("id") != known {
				fail(w, http.StatusNotFound, "NotFoundError", fmt.Sprintf("%q not found", r.PathValue("id")))
				return
			}
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = io.WriteString(w, `{"data":{"id":"`+known+`","attributes":`+attributes+`}}`)
		}
	}
	const stats = `"last_analysis_stats":{"malicious":5,"suspicious":1,"undetected":3,"harmless":2,"timeout":0}`
	mux.HandleFunc("GET /api/v3/files/{id}", object("44d88612fea8a8f36de82e1278abb02f", `{`+stats+`,"meaningful_name":"eicar.com"}`))
	mux.HandleFunc("GET /api/v3/ip_addresses/{id}", object("2001:db8::7", `{`+stats+`,"country":"NL"}`))
	mux.HandleFunc("GET /api/v3/domains/{id}", object("login-verify.example", `{`+stats+`}`))
	mux.HandleFunc("GET /api/v3/urls/{id}", object("aHR0cDovL2ZpbGVzLmV4YW1wbGUvYT9iPWM", `{`+stats+`}`))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch sent := r.Header.Get("X-Apikey"); {
		case sent == "":
			fail(w, http.StatusUnauthorized, "AuthenticationRequiredError", "X-Apikey header is missing")
		case sent != key:
			fail(w, http.StatusUnauthorized, "WrongCredentialsError", "Wrong API key "+sent)
		case quota <= 0:
			fail(w, http.StatusTooManyRequests, "QuotaExceededError", "Quota exceeded")
		default:
			quota--
			mux.ServeHTTP(w, r)
		}
	})
}

func virusTotalRegistry(t *testing.T, key string, quota int) *connector.Registry {
	t.Helper()
	server := httptest.NewServer(virusTotal("the-right-key", quota))
	t.Cleanup(server.Close)
	r, err := connector.New(connector.Options{})
	require.NoError(t, err)
	require.NoError(t, r.AddConnection(connector.Connection{
		Name: "vt", Connector: "virustotal", BaseURL: server.URL + "/api/v3", AllowPrivate: true,
		Settings: map[string]string{"rate_per_minute": "1000"}, Secrets: map[string]connector.Secret{"api_key": secret.New(key)},
	}))
	return r
}

func TestVirusTotalReportsOnAllThatItKnows(t *testing.T) {
	t.Parallel()
	r := virusTotalRegistry(t, "the-right-key", 100)
	for operation, arguments := range map[string][2]string{
		"virustotal.file_report":   {`{"hash":"44D88612FEA8A8F36DE82E1278ABB02F"}`, `{"hash":"00000000000000000000000000000000"}`},
		"virustotal.ip_report":     {`{"ip":"2001:db8::7"}`, `{"ip":"198.51.100.1"}`},
		"virustotal.domain_report": {`{"domain":"login-verify.example"}`, `{"domain":"other.example"}`},
		"virustotal.url_report":    {`{"url":"http://files.example/a?b=c"}`, `{"url":"http://files.example/other"}`},
	} {
		for i, known := range []bool{true, false} {
			text, err := r.Call(context.Background(), connector.Request{Operation: operation, Arguments: json.RawMessage(arguments[i])})
			require.NoError(t, err, operation)
			var out struct {
				Known                 bool
				Malicious, Undetected int
				Tags                  []string
			}
			require.NoError(t, json.Unmarshal(text, &out))
			require.Equal(t, known, out.Known, operation)
			require.NotNil(t, out.Tags)
			if known {
				require.Equal(t, []int{5, 3}, []int{out.Malicious, out.Undetected}, operation)
			}
		}
	}
}

func TestVirusTotalRefusalsAreOfTheirKind(t *testing.T) {
	t.Parallel()
	ask := connector.Request{Operation: "virustotal.ip_report", Arguments: json.RawMessage(`{"ip":"2001:db8::7"}`)}
	_, err := virusTotalRegistry(t, "the-wrong-key", 100).Call(context.Background(), ask)
	require.Equal(t, soc.Denied, soc.KindOf(err))
	require.Contains(t, err.Error(), "Wrong API key <secret>")
	require.NotContains(t, err.Error(), "the-wrong-key")

	_, err = virusTotalRegistry(t, "the-right-key", 0).Call(context.Background(), ask)
	e := connectortest.Failed(t, err)
	require.Equal(t, soc.Unavailable, e.Kind)
	require.Contains(t, err.Error(), "Quota exceeded")
}

func TestThePublicRateOfVirusTotalIsKept(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(virusTotal("k-123456", 100))
	defer server.Close()
	r, err := connector.New(connector.Options{})
	require.NoError(t, err)
	require.NoError(t, r.AddConnection(connector.Connection{
		Name: "vt", Connector: "virustotal", BaseURL: server.URL + "/api/v3", AllowPrivate: true,
		Secrets: map[string]connector.Secret{"api_key": secret.New("k-123456")},
	}))
	ask := connector.Request{Operation: "virustotal.ip_report", Arguments: json.RawMessage(`{"ip":"2001:db8::7"}`)}
	for range 4 {
		_, err := r.Call(context.Background(), ask)
		require.NoError(t, err)
	}
	_, err = r.Call(context.Background(), ask)
	e := connectortest.Failed(t, err)
	require.False(t, e.Sent)
	require.InDelta(t, 15*time.Second, e.RetryAfter, float64(2*time.Second))
}
