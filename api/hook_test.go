package api_test

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/ingest/sample"
	"picket/internal/store"
)

type acceptedAnswer struct {
	AlertID   string   `json:"alert_id"`
	Duplicate bool     `json:"duplicate"`
	RunIDs    []string `json:"run_ids"`
}

func TestAnAlertIsAcceptedOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	p := start(t)
	var first, again acceptedAnswer
	p.hook().post("/v1/hooks/generic", alertText(1)).is(202).into(&first)
	require.NotEmpty(t, first.AlertID)
	require.False(t, first.Duplicate)
	require.Len(t, first.RunIDs, 1)
	p.nobody().with("Authorization", "Bearer "+hookToken).post("/v1/hooks/generic", alertText(1)).is(202).into(&again)
	require.True(t, again.Duplicate)
	require.Equal(t, first.AlertID, again.AlertID)
	runs, _, err := p.store.Runs(t.Context(), store.RunFilter{})
	require.NoError(t, err)
	require.Len(t, runs, 1)
}

func TestTheSameRequestIDGetsTheSameAnswerAndWithAnotherBodyAConflict(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, header := range []string{"Idempotency-Key", "X-Request-Id"} {
		hook := p.hook().with(header, "request-"+header)
		first := hook.post("/v1/hooks/generic", alertText(len(header))).is(202)
		again := hook.post("/v1/hooks/generic", alertText(len(header))).is(202)
		require.JSONEq(t, string(first.body), string(again.body))
		hook.post("/v1/hooks/generic", alertText(99)).is(409)
	}
	p.hook().with("Idempotency-Key", strings.Repeat("x", 200)).post("/v1/hooks/generic", alertText(1)).is(400)
	p.hook().with("Idempotency-Key", "a b").post("/v1/hooks/generic", alertText(1)).is(400)
}

func TestAListOfAlertsIsAnsweredByAList(t *testing.T) {
	t.Parallel()
	p := start(t)
	var got struct{ Items []acceptedAnswer }
	p.hook().post("/v1/hooks/generic", "["+alertText(1)+","+alertText(2)+","+alertText(1)+"]").is(202).into(&got)
	require.Len(t, got.Items, 3)
	require.True(t, got.Items[2].Duplicate)
	require.Equal(t, got.Items[0].AlertID, got.Items[2].AlertID)
	p.hook().post("/v1/hooks/generic", "["+alertText(3)+"]").is(202).into(&got)
	require.Len(t, got.Items, 1, "a list of one is a list")
	p.hook().post("/v1/hooks/generic", "[]").is(422)
}

func TestEverySourceTakesItsOwnFormat(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, s := range sample.Alerts() {
		p.hook().post("/v1/hooks/"+s.Source, s.Body).is(202)
	}
	line, _, _ := bytes.Cut(mustRead(t, "../../shared/corpora/wazuh/alerts.jsonl"), []byte("\n"))
	p.hook().post("/v1/hooks/wazuh", line).is(202)
	line, _, _ = bytes.Cut(mustRead(t, "../../shared/corpora/defender/incident-38.alerts.jsonl"), []byte("\n"))
	p.hook().post("/v1/hooks/defender", line).is(202)
}

func TestAnAlertFromAStrangerIsRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	for name, hook := range map[string]*client{
		"no token":             p.nobody(),
		"a wrong token":        p.nobody().with("X-Picket-Token", hookToken+"x"),
		"a part of the token":  p.nobody().with("X-Picket-Token", hookToken[:10]),
		"a wrong bearer":       p.nobody().with("Authorization", "Bearer nope"),
		"another scheme":       p.nobody().with("Authorization", "Basic "+hookToken),
		"a person's API token": p.as("ana", "admin"),
		"the wrong one first":  p.nobody().with("X-Picket-Token", "x").with("Authorization", "Bearer "+hookToken),
	} {
		got := hook.post("/v1/hooks/generic", alertText(1)).is(401)
		require.NotContains(t, string(got.body), hookToken, name)
		require.NotEmpty(t, got.header.Get("WWW-Authenticate"))
	}
	p.hook().post("/v1/hooks/nowhere", alertText(1)).is(404)
	p.hook().get("/v1/hooks/generic").is(405)
}

func sign(secret, stamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "." + body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func TestASignedAlertMustBeWhatWasSignedAndFresh(t *testing.T) {
	t.Parallel()
	p := start(t)
	body := alertText(1)
	stamp := func(ahead time.Duration) string { return strconv.FormatInt(time.Now().Add(ahead).Unix(), 10) }
	signed := func(stamp, signature string) *client {
		return p.nobody().with("X-Picket-Timestamp", stamp).with("X-Picket-Signature", signature)
	}
	now := stamp(0)
	signed(now, sign(hookSecret, now, body)).post("/v1/hooks/signed", body).is(202)
	for name, hook := range map[string]*client{
		"not signed":         p.nobody(),
		"no timestamp":       p.nobody().with("X-Picket-Signature", sign(hookSecret, now, body)),
		"another secret":     signed(now, sign("other", now, body)),
		"another body":       signed(now, sign(hookSecret, now, body+" ")),
		"another time":       signed(stamp(time.Second), sign(hookSecret, now, body)),
		"an old request":     signed(stamp(-6*time.Minute), sign(hookSecret, stamp(-6*time.Minute), body)),
		"one of the future":  signed(stamp(6*time.Minute), sign(hookSecret, stamp(6*time.Minute), body)),
		"the ends of time":   signed("-9223372036854775808", sign(hookSecret, "-9223372036854775808", body)),
		"no time":            signed("now", sign(hookSecret, "now", body)),
		"no hex":             signed(now, "sha256=zz"),
		"a token instead":    p.hook(),
		"an empty signature": signed(now, "sha256="),
	} {
		t.Run(name, func(t *testing.T) { hook.post("/v1/hooks/signed", body).is(401) })
	}
	both := signed(now, sign(hookSecret, now, body))
	both.post("/v1/hooks/both", body).is(401)
	both.with("X-Picket-Token", hookToken).post("/v1/hooks/both", body).is(202)
	p.hook().post("/v1/hooks/both", body).is(401)
}

func TestASourceThatPostsTooFastIsSlowedDown(t *testing.T) {
	t.Parallel()
	p := start(t)
	for range 5 {
		p.nobody().post("/v1/hooks/slow", alertText(1)).is(401) // a stranger does not use up the source's rate
	}
	p.hook().post("/v1/hooks/slow", alertText(1)).is(202)
	p.hook().post("/v1/hooks/slow", alertText(2)).is(202)
	got := p.hook().post("/v1/hooks/slow", alertText(3)).is(429)
	wait, err := strconv.Atoi(got.header.Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 2, wait, 1)
	p.hook().post("/v1/hooks/generic", alertText(3)).is(202) // another source has its own
	p.clock.pass(time.Duration(wait) * time.Second)
	p.hook().post("/v1/hooks/slow", alertText(3)).is(202)
}

func TestHostileBodiesGetTheirErrorAndThePicketStaysUp(t *testing.T) {
	t.Parallel()
	p := start(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(bytes.Repeat([]byte(" "), 50<<20))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	large := bytes.Repeat([]byte("x"), 10<<20)
	hook := p.hook()
	for _, test := range []struct {
		name   string
		hook   *client
		body   any
		status int
	}{
		{"empty", hook, "", 422},
		{"no JSON", hook, "<alert/>", 422},
		{"cut short", hook, `{"title":"x"`, 422},
		{"two documents", hook, alertText(1) + alertText(2), 422},
		{"a number", hook, "17", 422},
		{"null", hook, "null", 422},
		{"a deep array", hook, strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000), 422},
		{"a deep object", hook, strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000), 422},
		{"not UTF-8", hook, []byte("{\"title\":\"\xff\xfe\"}"), 422},
		{"UTF-16", hook, []byte("\xff\xfe{\x00}\x00"), 422},
		{"a key twice", hook, `{"title":"a","title":"b"}`, 422},
		{"a huge number", hook, `{"title":"x","severity":1e999999}`, 202},
		{"many values", hook, "[" + strings.Repeat("1,", 400_000) + "1]", 422},
		{"more alerts than one request may hold", hook, "[" + strings.Repeat(`{"title":"x"},`, 200) + `{"title":"x"}]`, 413},
		{"10 MB", hook, large, 413},
		{"one byte too many", hook, bytes.Repeat([]byte(" "), 1<<20+1), 413},
		{"a form", hook.with("Content-Type", "application/x-www-form-urlencoded"), "a=b", 415},
		{"XML", hook.with("Content-Type", "text/xml"), alertText(1), 415},
		{"another charset", hook.with("Content-Type", "application/json; charset=utf-16"), alertText(1), 415},
		{"a gzip bomb", hook.with("Content-Encoding", "gzip"), packed.Bytes(), 415},
		{"a gzip bomb that does not say so", hook, packed.Bytes(), 422},
		{"NUL and control characters", hook, `{"title":"a\u0000b\u001b[31m","host":{"name":"\u0000"}}`, 202},
		{"markup and formulas", hook, `{"title":"<script>alert(1)</script>","description":"=cmd|' /C calc'!A0"}`, 202},
		{"expressions", hook, `{"title":"${{ alert.raw }}","host":{"name":"{{7*7}}"}}`, 202},
		{"lone surrogates", hook, `{"title":"\ud800"}`, 202},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.hook.post("/v1/hooks/generic", test.body).is(test.status)
			if test.status == 422 {
				require.Len(t, got.problem().Errors, 1)
			}
		})
	}
	// What was accepted can be read again, and its text is data.
	reader := p.as("ana", "analyst")
	for _, a := range reader.get("/v1/alerts").is(200).list().Items {
		reader.get("/v1/alerts/" + a["id"].(string)).is(200)
	}
	reader.get("/healthz").is(200)
}

func TestTheProblemNamesThePlaceInTheBody(t *testing.T) {
	t.Parallel()
	p := start(t)
	got := p.hook().post("/v1/hooks/generic", `{"title":"x","host":{"name":"a","name":"b"}}`).is(422).problem()
	require.Equal(t, "/host/name", got.Errors[0].Pointer)
	require.Contains(t, got.Detail, "/host/name")
}

// A client that announces 10 MB and sends none is answered at once; so is one that sends without an end.
func TestALargeBodyIsRefusedWithoutBeingRead(t *testing.T) {
	t.Parallel()
	p := start(t)
	open := func(t *testing.T, headers string) net.Conn {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.web.Listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		_, err = fmt.Fprintf(conn, "POST /v1/hooks/generic HTTP/1.1\r\nHost: picket\r\nX-Picket-Token: %s\r\nContent-Type: application/json\r\n%s\r\n\r\n", hookToken, headers)
		require.NoError(t, err)
		return conn
	}
	t.Run("announced", func(t *testing.T) {
		t.Parallel()
		conn := open(t, "Content-Length: 10000000")
		line := make([]byte, 12)
		_, err := io.ReadFull(conn, line)
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 413", string(line))
	})
	t.Run("in chunks without an end", func(t *testing.T) {
		t.Parallel()
		conn := open(t, "Transfer-Encoding: chunked")
		go func() {
			chunk := fmt.Sprintf("%x\r\n%s\r\n", 64<<10, strings.Repeat("x", 64<<10))
			for {
				if _, err := io.WriteString(conn, chunk); err != nil {
					return
				}
			}
		}()
		line := make([]byte, 12)
		_, err := io.ReadFull(conn, line)
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 413", string(line))
	})
}

func BenchmarkHook(b *testing.B) {
	p := start(b)
	b.ResetTimer()
	n := 0
	for b.Loop() {
		n++
		p.hook().post("/v1/hooks/generic", alertText(n)).is(202)
	}
}
