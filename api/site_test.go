package api_test

import (
	"bytes"
	"compress/gzip"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"picket/api"
	"picket/internal/ingest"
)

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func site(t *testing.T) *picket {
	script := strings.Repeat("let a = 1;", 100)
	return start(t, func(o *api.Options) {
		o.Web = fstest.MapFS{
			"index.html":         {Data: []byte(`<meta property="csp-nonce" nonce="__CSP_NONCE__"><script src="/assets/a-1.js" nonce="__CSP_NONCE__"></script>`)},
			"assets/a-1.js":      {Data: []byte(script)},
			"assets/a-1.js.gz":   {Data: packed(t, script)},
			"assets/b-2.css":     {Data: []byte("body{}")},
			"assets/c-3.unknown": {Data: []byte("?")},
			"icon.svg":           {Data: []byte("<svg/>")},
			".keep":              {Data: []byte("hidden")},
		}
	})
}

func TestThePageHasItsOwnNonceInEveryAnswer(t *testing.T) {
	t.Parallel()
	p := site(t)
	nonce := regexp.MustCompile(`'nonce-([^']+)'`)
	var seen []string
	for _, path := range []string{"/", "/runs/run_1", "/index.html", "/a/../..//x", "/.keep", "/assets"} {
		got := p.nobody().get(path)
		require.Equal(t, 200, got.status, path)
		policy := got.header.Get("Content-Security-Policy")
		match := nonce.FindStringSubmatch(policy)
		require.NotNil(t, match, policy)
		require.Equal(t, 2, strings.Count(string(got.body), match[1]))
		require.NotContains(t, string(got.body), "__CSP_NONCE__")
		require.NotContains(t, policy, "unsafe")
		for _, part := range []string{"default-src 'none'", "script-src 'self';", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"} {
			require.Contains(t, policy, part)
		}
		require.Equal(t, "no-store", got.header.Get("Cache-Control"))
		require.NotContains(t, seen, match[1])
		seen = append(seen, match[1])
	}
}

func TestHashedFilesAreKeptForEverAndOthersAreAskedForAgain(t *testing.T) {
	t.Parallel()
	p := site(t)
	plain := p.nobody().with("Accept-Encoding", "identity")
	got := plain.get("/assets/a-1.js")
	require.Equal(t, "public, max-age=31536000, immutable", got.header.Get("Cache-Control"))
	require.Equal(t, "text/javascript; charset=utf-8", got.header.Get("Content-Type"))
	require.Empty(t, got.header.Get("Content-Encoding"))
	require.Equal(t, "Accept-Encoding", got.header.Get("Vary"))
	small := p.nobody().with("Accept-Encoding", "br, gzip;q=0.8").get("/assets/a-1.js")
	require.Equal(t, "gzip", small.header.Get("Content-Encoding"))
	require.Less(t, len(small.body), len(got.body))
	require.NotEqual(t, got.header.Get("ETag"), small.header.Get("ETag"))
	for _, never := range []string{"gzip;q=0", "br", "", "gzip; q=0.0"} {
		require.Empty(t, plain.with("Accept-Encoding", never).get("/assets/a-1.js").header.Get("Content-Encoding"), never)
	}
	icon := plain.get("/icon.svg")
	require.Equal(t, "no-cache", icon.header.Get("Cache-Control"))
	require.Equal(t, 304, plain.with("If-None-Match", icon.header.Get("ETag")).get("/icon.svg").status)
	require.Equal(t, "application/octet-stream", plain.get("/assets/c-3.unknown").header.Get("Content-Type"))
}

func TestWhatIsNotThereIsNotThePage(t *testing.T) {
	t.Parallel()
	p := site(t)
	p.nobody().get("/assets/gone-9.js").is(404)
	p.nobody().get("/v1/nowhere").is(404)
	p.nobody().get("/v1/../v1/nowhere").is(404)
	p.nobody().post("/somewhere", "{}").is(405)
	p.nobody().send("PUT", "/v1/alerts", nil).is(405)
}

func TestWithoutAUIThereIsAPlainPage(t *testing.T) {
	t.Parallel()
	p := start(t)
	got := p.nobody().get("/")
	require.Equal(t, 200, got.status)
	require.Contains(t, string(got.body), "make web")
	require.Equal(t, 404, p.nobody().get("/runs").status)
}

func TestAConfigurationThatCannotServeIsRefused(t *testing.T) {
	t.Parallel()
	_, err := api.New(api.Options{Web: fstest.MapFS{}})
	require.ErrorContains(t, err, "no page")
	for name, source := range map[string]api.Source{
		"neither a token": {Source: ingest.Source{Name: "a", Kind: ingest.Generic}},
		"no kind":         {Source: ingest.Source{Name: "a", Kind: "xml"}, Token: "x"},
		"negative":        {Source: ingest.Source{Name: "a", Kind: ingest.Generic}, Token: "x", Rate: -1},
	} {
		_, err := api.New(api.Options{Sources: []api.Source{source}})
		require.ErrorContains(t, err, name)
	}
	twice := api.Source{Source: ingest.Source{Name: "a", Kind: ingest.Generic}, Token: "x"}
	_, err = api.New(api.Options{Sources: []api.Source{twice, twice}})
	require.ErrorContains(t, err, "two sources")
}
