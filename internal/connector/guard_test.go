package connector

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddressesOfOurOwnNetworksAreRefused(t *testing.T) {
	t.Parallel()
	for address, test := range map[string]struct{ public, private bool }{ // allowed without and with allow_private
		"8.8.8.8":                {true, true},
		"2001:4860:4860::8888":   {true, true},
		"127.0.0.1":              {false, true},
		"127.255.255.254":        {false, true},
		"::1":                    {false, true},
		"10.0.0.1":               {false, true},
		"172.31.255.255":         {false, true},
		"192.168.1.1":            {false, true},
		"100.64.0.1":             {false, true},
		"169.254.1.1":            {false, true},
		"fe80::1%eth0":           {false, true},
		"fd12::1":                {false, true},
		"203.0.113.1":            {false, true},
		"240.0.0.1":              {false, true},
		"::ffff:10.0.0.1":        {false, true},
		"::ffff:127.0.0.1":       {false, true},
		"64:ff9b::a00:1":         {false, true},  // NAT64 of 10.0.0.1
		"64:ff9b::808:808":       {true, true},   // NAT64 of 8.8.8.8
		"2002:7f00:1::1":         {false, true},  // 6to4 of 127.0.0.1
		"::127.0.0.1":            {false, true},  // IPv4-compatible
		"169.254.169.254":        {false, false}, // metadata
		"::ffff:169.254.169.254": {false, false},
		"64:ff9b::a9fe:a9fe":     {false, false},
		"fd00:ec2::254":          {false, false},
		"100.100.100.200":        {false, false},
		"168.63.129.16":          {false, false},
		"0.0.0.0":                {false, false},
		"::":                     {false, false},
		"224.0.0.1":              {false, false},
		"ff02::1":                {false, false},
		"255.255.255.255":        {false, true},
	} {
		addr := netip.MustParseAddr(address)
		require.Equal(t, test.public, checkAddress(addr, false) == nil, "%s for everyone", address)
		require.Equal(t, test.private, checkAddress(addr, true) == nil, "%s with allow_private", address)
	}
}

func get(client *http.Client, url string) (string, error) {
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestANameThatLeadsIntoOurNetworkIsRefusedWhenItIsDialled(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	strict := NewHTTPClient(ClientOptions{})
	for _, host := range []string{"localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		_, err := get(strict, "http://"+host+":"+port+"/")
		require.Error(t, err, host)
		require.NotContains(t, err.Error(), "inside")
	}
	_, err = get(strict, "http://localhost:"+port+"/")
	require.ErrorIs(t, err, errRefusedAddress)
	body, err := get(NewHTTPClient(ClientOptions{AllowPrivate: true}), "http://localhost:"+port+"/")
	require.NoError(t, err)
	require.Equal(t, "inside", body)
}

func TestAnAnswerIsBoundedAfterDecompression(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, strings.Repeat("a", 10<<20))
		_ = z.Close()
	}))
	defer server.Close()
	body, err := get(NewHTTPClient(ClientOptions{AllowPrivate: true}), server.URL)
	require.ErrorIs(t, err, errTooLarge)
	require.LessOrEqual(t, len(body), defaultMaxBody)
}

func TestAnAnswerOfExactlyTheBoundIsWhole(t *testing.T) {
	t.Parallel()
	for size, whole := range map[int]bool{0: true, 99: true, 100: true, 101: false} {
		body := &boundedBody{body: io.NopCloser(strings.NewReader(strings.Repeat("a", size))), left: 100, limit: 100}
		text, err := io.ReadAll(body)
		require.Equal(t, whole, err == nil, "%d bytes", size)
		require.Len(t, text, min(size, 100))
	}
}

func TestRedirectsStayOnTheirHostAndNeverLeaveTLS(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, from, to string
		ok               bool
	}{
		"to another path":        {"GET", "https://a.test/x", "https://a.test/y", true},
		"up to TLS":              {"GET", "http://a.test/x", "https://a.test/x", true},
		"down from TLS":          {"GET", "https://a.test/x", "http://a.test/x", false},
		"to another host":        {"GET", "https://a.test/x", "https://b.test/x", false},
		"to a name below":        {"GET", "https://a.test/x", "https://b.a.test/x", false},
		"to another port":        {"GET", "https://a.test/x", "https://a.test:8443/x", false},
		"with a user name":       {"GET", "https://a.test/x", "https://u:p@a.test/x", false},
		"of a call that changes": {"POST", "https://a.test/x", "https://a.test/y", false},
		"of a DELETE":            {"DELETE", "https://a.test/x", "https://a.test/y", false},
	} {
		first := httptest.NewRequest(test.method, test.from, nil)
		next := httptest.NewRequest(http.MethodGet, test.to, nil)
		next.URL, _ = url.Parse(test.to)
		err := checkRedirect(next, []*http.Request{first})
		require.Equal(t, test.ok, err == nil, name)
	}
}

func TestAProxyIsUsedOnlyWhenNamedAndCannotReachInside(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())
		_, _ = io.WriteString(w, "by proxy")
	}))
	defer proxy.Close()
	via, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	client := NewHTTPClient(ClientOptions{Proxy: via})
	body, err := get(client, "http://vendor.example/x")
	require.NoError(t, err)
	require.Equal(t, "by proxy", body)
	_, err = get(client, "http://169.254.169.254/latest/meta-data")
	require.ErrorIs(t, err, errRefusedAddress)
	_, err = get(client, "http://10.0.0.1/")
	require.ErrorIs(t, err, errRefusedAddress)
	require.Equal(t, []string{"http://vendor.example/x"}, asked)

	direct := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "direct") }))
	defer direct.Close()
	body, err = get(NewHTTPClient(ClientOptions{AllowPrivate: true}), direct.URL) // the environment is not asked
	require.NoError(t, err)
	require.Equal(t, "direct", body)
}

func TestACancelledCallSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:1/", nil)
	require.NoError(t, err)
	_, err = NewHTTPClient(ClientOptions{AllowPrivate: true}).Do(req)
	require.True(t, errors.Is(err, context.Canceled))
	require.Contains(t, transportError(err, false, "host").Message, "cancelled")
}
