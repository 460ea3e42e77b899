package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"picket/internal/soc"
)

// maxSignatures is how many signatures one header may list, so that a key can be exchanged without a gap.
const maxSignatures = 8

// VerifyHMAC checks the signature of a webhook: HMAC-SHA256, by the shared secret, of the timestamp exactly as it stands in its
// header, a dot, and the body. The timestamp is Unix seconds or RFC 3339 and must be within the window of now on either side. The
// signature header holds one signature or several with spaces or commas between them, each as "sha256=HEX", "v1=HEX", "v1,BASE64",
// or bare HEX. A refusal is of kind Denied; the same request within the window is not refused here, because the request's id
// answers it.
func VerifyHMAC(secret []byte, timestampHeader string, body []byte, signatureHeader string, now time.Time, window time.Duration) error {
	if len(secret) == 0 {
		return soc.Errorf(soc.Denied, "the source has no secret to check signatures with")
	}
	if timestampHeader == "" || signatureHeader == "" {
		return soc.Errorf(soc.Denied, "the request is not signed: timestamp and signature are required")
	}
	if len(timestampHeader) > 64 || len(signatureHeader) > 2048 {
		return soc.Errorf(soc.Denied, "the signature is malformed")
	}
	sent := when(strings.TrimSpace(timestampHeader))
	if sent.IsZero() {
		return soc.Errorf(soc.Denied, "the timestamp is neither Unix seconds nor RFC 3339")
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestampHeader))
	mac.Write([]byte{'.'})
	mac.Write(body)
	expected := mac.Sum(nil)
	matches := false
	for _, given := range signatures(signatureHeader) {
		matches = hmac.Equal(given, expected) || matches
	}
	if !matches {
		return soc.Errorf(soc.Denied, "the signature does not match")
	}
	// the window comes after the signature: a stranger does not learn how our clock stands
	if age := now.Sub(sent); age > window || age < -window {
		return soc.Errorf(soc.Denied, "the timestamp is more than %s away; the request is a replay, or a clock is wrong", window)
	}
	return nil
}

func signatures(header string) [][]byte {
	parts := strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == ' ' })
	var out [][]byte
	for _, part := range parts {
		if len(out) == maxSignatures {
			break
		}
		for _, prefix := range []string{"sha256=", "v1="} {
			part = strings.TrimPrefix(part, prefix)
		}
		sum, err := hex.DecodeString(part)
		if err != nil {
			sum, err = base64.StdEncoding.DecodeString(part)
		}
		if err == nil && len(sum) == sha256.Size {
			out = append(out, sum)
		}
	}
	return out
}
