package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestSignatures(t *testing.T) {
	t.Parallel()
	secret, body := []byte("s3cret"), []byte(`{"title":"x"}`)
	now := time.Unix(1763474400, 0)
	sign := func(secret, at, body string) []byte {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(at + "." + body))
		return mac.Sum(nil)
	}
	good := sign("s3cret", "1763474400", string(body))
	other := hex.EncodeToString(sign("other", "1763474400", string(body)))
	text := now.UTC().Format(time.RFC3339)
	for name, c := range map[string]struct {
		at, signature string
		ok            bool
	}{
		"hexadecimal":                      {"1763474400", hex.EncodeToString(good), true},
		"with the name of the hash":        {"1763474400", "sha256=" + hex.EncodeToString(good), true},
		"with a version":                   {"1763474400", "v1=" + hex.EncodeToString(good), true},
		"base64 after a version":           {"1763474400", "v1," + base64.StdEncoding.EncodeToString(good), true},
		"the second of two keys":           {"1763474400", "v1=" + other + ", v1=" + hex.EncodeToString(good), true},
		"a time in RFC 3339":               {text, "sha256=" + hex.EncodeToString(sign("s3cret", text, string(body))), true},
		"just inside of the window":        {"1763474100", hex.EncodeToString(sign("s3cret", "1763474100", string(body))), true},
		"a time that was not signed":       {"1763474401", hex.EncodeToString(good), false},
		"another key":                      {"1763474400", other, false},
		"another body":                     {"1763474400", hex.EncodeToString(sign("s3cret", "1763474400", "{}")), false},
		"too old":                          {"1763474099", hex.EncodeToString(sign("s3cret", "1763474099", string(body))), false},
		"from the future":                  {"1763474701", hex.EncodeToString(sign("s3cret", "1763474701", string(body))), false},
		"no time":                          {"", hex.EncodeToString(good), false},
		"no signature":                     {"1763474400", "", false},
		"a time that is none":              {"now", hex.EncodeToString(sign("s3cret", "now", string(body))), false},
		"half of the signature":            {"1763474400", hex.EncodeToString(good[:16]), false},
		"text":                             {"1763474400", "sha256=zzzz", false},
		"the right one after eight others": {"1763474400", "x 00 " + other + " " + other + " " + other + " " + other + " " + other + " " + other + " " + other + " " + other + " " + hex.EncodeToString(good), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := VerifyHMAC(secret, c.at, body, c.signature, now, 5*time.Minute)
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.Equal(t, soc.Denied, soc.KindOf(err))
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
	require.Equal(t, soc.Denied, soc.KindOf(VerifyHMAC(nil, "1763474400", body, hex.EncodeToString(sign("", "1763474400", string(body))), now, time.Minute)))
}
