package connector

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// signer signs requests to AWS with Signature Version 4
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). It is our own because
// the SDK's signer brings its middleware and HTTP packages with it, and the algorithm is this page.
type signer struct {
	service, region string
	id, secret      string
	session         string // of temporary credentials; "" for a user's key
}

const (
	amzDate   = "20060102T150405Z"
	amzMethod = "AWS4-HMAC-SHA256"
)

// sign puts the date and the signature on a request whose URL, headers and body are final.
func (s *signer) sign(req *http.Request, body []byte, now time.Time) {
	at := now.UTC().Format(amzDate)
	req.Header.Set("X-Amz-Date", at)
	if s.session != "" {
		req.Header.Set("X-Amz-Security-Token", s.session)
	}
	headers, names := canonicalHeaders(req)
	canonical := strings.Join([]string{
		req.Method, canonicalPath(req.URL), canonicalQuery(req.URL), headers, names, hexDigest(body),
	}, "\n")
	scope := strings.Join([]string{at[:8], s.region, s.service, "aws4_request"}, "/")
	key := []byte("AWS4" + s.secret)
	for _, part := range strings.Split(scope, "/") {
		key = hmacSHA256(key, part)
	}
	signature := hmacSHA256(key, strings.Join([]string{amzMethod, at, scope, hexDigest([]byte(canonical))}, "\n"))
	req.Header.Set("Authorization", amzMethod+" Credential="+s.id+"/"+scope+", SignedHeaders="+names+", Signature="+hex.EncodeToString(signature))
}

// canonicalHeaders are the host, the content type and everything of Amazon's own.
func canonicalHeaders(req *http.Request) (text, names string) {
	values := map[string]string{"host": req.URL.Host}
	if req.Host != "" {
		values["host"] = req.Host
	}
	for name, list := range req.Header {
		if lower := strings.ToLower(name); lower == "content-type" || strings.HasPrefix(lower, "x-amz-") {
			trimmed := make([]string, len(list))
			for i, value := range list {
				trimmed[i] = strings.Join(strings.Fields(value), " ")
			}
			values[lower] = strings.Join(trimmed, ",")
		}
	}
	var sorted []string
	for name := range values {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	var b strings.Builder
	for _, name := range sorted {
		b.WriteString(name + ":" + values[name] + "\n")
	}
	return b.String(), strings.Join(sorted, ";")
}

// canonicalPath escapes the escaped path once more, as every service but S3 wants it.
func canonicalPath(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		return "/"
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i] = amzEscape(segment)
	}
	return strings.Join(segments, "/")
}

func canonicalQuery(u *url.URL) string {
	var pairs []string
	for name, values := range u.Query() {
		for _, value := range values {
			pairs = append(pairs, amzEscape(name)+"="+amzEscape(value))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// amzEscape leaves letters, digits, - . _ ~ and nothing else.
func amzEscape(s string) string {
	return escapeParameter(s)
}

func hexDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
