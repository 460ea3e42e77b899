package connector

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/secret"
	"picket/internal/soc"
)

// The keys of AWS's published examples and test suite for Signature Version 4.
const (
	exampleKey    = "AKIDEXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

func TestASignatureIsThatOfThePublishedVectors(t *testing.T) {
	t.Parallel()
	const form, formUTF8 = "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"
	for name, test := range map[string]struct {
		method, url, contentType, body string
		service, session               string
		headers, signature             string
	}{
		"get-vanilla": {
			"GET", "https://example.amazonaws.com/", "", "", "service", "",
			"host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		},
		"get-vanilla-query-order-key-case": {
			"GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", "", "", "service", "",
			"host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
		},
		"get-vanilla-query-unreserved": {
			"GET", "https://example.amazonaws.com/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
			"", "", "service", "", "host;x-amz-date", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
		},
		"get-vanilla-utf8-query": {
			"GET", "https://example.amazonaws.com/?ሴ=bar", "", "", "service", "",
			"host;x-amz-date", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
		},
		"get-vanilla-with-session-token": {
			"GET", "https://example.amazonaws.com/", "", "", "service", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
			"host;x-amz-date;x-amz-security-token", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
		},
		"post-x-www-form-urlencoded": {
			"POST", "https://example.amazonaws.com/", form, "Param1=value1", "service", "",
			"content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
		},
		"ListUsers of the documentation": {
			"GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", formUTF8, "", "iam", "",
			"content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
		},
	} {
		req, err := http.NewRequest(test.method, test.url, nil)
		require.NoError(t, err)
		if test.contentType != "" {
			req.Header.Set("Content-Type", test.contentType)
		}
		s := &signer{service: test.service, region: "us-east-1", id: exampleKey, secret: exampleSecret, session: test.session}
		s.sign(req, []byte(test.body), time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC))
		require.Equal(t, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/"+test.service+"/aws4_request, SignedHeaders="+test.headers+
			", Signature="+test.signature, req.Header.Get("Authorization"), name)
	}
}

func TestAPathIsEscapedTwiceAndAHeaderTrimmed(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequest(http.MethodGet, "https://example.amazonaws.com/a%20b/c", nil)
	require.NoError(t, err)
	req.Header.Set("X-Amz-Target", "  a   b ")
	require.Equal(t, "/a%2520b/c", canonicalPath(req.URL))
	headers, names := canonicalHeaders(req)
	require.Equal(t, "host:example.amazonaws.com\nx-amz-target:a b\n", headers)
	require.Equal(t, "host;x-amz-target", names)
}

// What arrives must be what was signed: the server signs what it got and compares.
func TestTheRequestThatArrivesIsTheOneThatWasSigned(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	var signed atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		again, _ := http.NewRequest(r.Method, "http://"+r.Host+r.RequestURI, bytes.NewReader(body))
		again.Header.Set("Content-Type", r.Header.Get("Content-Type"))
		(&signer{service: "iam", region: "us-east-1", id: exampleKey, secret: exampleSecret, session: "session/token"}).sign(again, body, now)
		if again.Header.Get("Authorization") != r.Header.Get("Authorization") || r.Header.Get("X-Amz-Security-Token") != "session/token" {
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>no `+exampleSecret+`</Message></Error></ErrorResponse>`)
			return
		}
		signed.Add(1)
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata/><IsTruncated>false</IsTruncated></ListAccessKeysResult></ListAccessKeysResponse>`)
	}))
	defer server.Close()
	r, err := New(Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	add := func(name, key string) {
		require.NoError(t, r.AddConnection(Connection{
			Name: name, Connector: "aws_iam", BaseURL: server.URL, AllowPrivate: true, Settings: map[string]string{"access_key_id": exampleKey},
			Secrets: map[string]Secret{"secret_access_key": secret.New(key), "session_token": secret.New("session/token")},
		}))
	}
	add("good", exampleSecret)
	add("wrong", exampleSecret+"x")
	output, err := r.Call(t.Context(), Request{Operation: "aws_iam.list_access_keys", Connection: "good", Arguments: json.RawMessage(`{"user":"a+b@example.test"}`)})
	require.NoError(t, err)
	require.JSONEq(t, `{"keys":[],"more":false}`, string(output))
	require.EqualValues(t, 1, signed.Load())
	_, err = r.Call(t.Context(), Request{Operation: "aws_iam.list_access_keys", Connection: "wrong", Arguments: json.RawMessage(`{"user":"alice"}`)})
	require.Equal(t, soc.Denied, soc.KindOf(err))
	require.Contains(t, err.Error(), "no ")
}
