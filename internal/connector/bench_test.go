package connector_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
)

func BenchmarkCallOverHTTP(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"ip": "203.0.113.9", "score": 87, "country": "NL", "asn": 64500, "tags": []string{"scanner", "tor"}})
	}))
	defer server.Close()
	r, err := connector.New(connector.Options{Dirs: []string{benchDir}})
	require.NoError(b, err)
	require.NoError(b, r.AddConnection(connector.Connection{Name: "bench", Connector: "bench", BaseURL: server.URL, AllowPrivate: true}))
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := r.Call(context.Background(), connector.Request{Operation: "bench.ip_report", Arguments: json.RawMessage(`{"ip":"203.0.113.9"}`)}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCallNative(b *testing.B) {
	r, err := connector.New(connector.Options{})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Call(context.Background(), connector.Request{Operation: "net.classify", Arguments: json.RawMessage(`{"ip":"203.0.113.9"}`)}); err != nil {
			b.Fatal(err)
		}
	}
}
