package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/secret"
	"picket/internal/soc"
)

// acme gives the good manifest's connector, changed, with a connection to the handler.
func acme(t *testing.T, handler http.HandlerFunc, changes ...string) *Registry {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	r, err := loadText(strings.NewReplacer(changes...).Replace(goodManifest))
	require.NoError(t, err)
	require.NoError(t, r.AddConnection(Connection{
		Name: "test", Connector: "acme", BaseURL: server.URL, AllowPrivate: true, Secrets: map[string]Secret{"token": secret.New("tok-123456")},
	}))
	return r
}

func callGet(r *Registry, arguments string) (json.RawMessage, error) {
	return r.Call(context.Background(), Request{Operation: "acme.get", Arguments: json.RawMessage(arguments)})
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	}
}

func TestAnArgumentStaysOneSegmentOfThePath(t *testing.T) {
	t.Parallel()
	var uri atomic.Value
	r := acme(t, func(w http.ResponseWriter, req *http.Request) {
		uri.Store(req.RequestURI)
		say(`{"name":"x"}`)(w, req)
	})
	for argument, want := range map[string]string{
		"plain":             "/things/plain",
		"a/b":               "/things/a%2Fb",
		"../admin":          "/things/..%2Fadmin",
		"a?b=c#d":           "/things/a%3Fb=c%23d",
		"a%2fb":             "/things/a%252fb",
		"ä€":                "/things/%C3%A4%E2%82%AC",
		"@evil.test":        "/things/@evil.test",
		"http://evil.test/": "/things/http:%2F%2Fevil.test%2F",
		"a b":               "/things/a%20b",
		"{id}":              "/things/%7Bid%7D",
		`a\..\b`:            "/things/a%5C..%5Cb",
	} {
		text, err := json.Marshal(map[string]string{"id": argument})
		require.NoError(t, err)
		_, err = callGet(r, string(text))
		require.NoError(t, err, argument)
		require.Equal(t, want, uri.Load(), argument)
	}
	for _, argument := range []string{"", ".", "..", "a\nb", "a\x00b"} {
		text, err := json.Marshal(map[string]string{"id": argument})
		require.NoError(t, err)
		_, err = callGet(r, string(text))
		require.Equal(t, soc.Invalid, soc.KindOf(err), "%q", argument)
	}
}

func TestArgumentsAreHeldAgainstTheSchemaBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	r := acme(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	for name, arguments := range map[string]string{
		"nothing":            ``,
		"no object":          `[]`,
		"broken":             `{"id":`,
		"two documents":      `{"id":"a"}{}`,
		"another type":       `{"id":7}`,
		"an unknown member":  `{"id":"a","host":"evil.test"}`,
		"a hostile number":   `{"id":1e999999}`,
		"more than fits":     `{"id":"` + strings.Repeat("x", maxArguments) + `"}`,
		"nested without end": strings.Repeat(`{"id":`, 20_000),
	} {
		_, err := callGet(r, arguments)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.Less(t, len(err.Error()), 500, name)
	}
	_, err := r.Call(context.Background(), Request{Operation: "acme.gone"})
	require.Equal(t, soc.NotFound, soc.KindOf(err))
	_, err = r.Call(context.Background(), Request{Operation: "acme.get", Connection: "west", Arguments: json.RawMessage(`{"id":"a"}`)})
	require.Equal(t, soc.NotFound, soc.KindOf(err))
	require.Zero(t, calls.Load())
}

func TestASecretThatTheVendorEchoesIsMaskedInOutputs(t *testing.T) {
	t.Parallel()
	r := acme(t, func(w http.ResponseWriter, req *http.Request) {
		say(`{"name":"you sent `+req.Header.Get("Authorization")+` \u0074ok-123456"}`)(w, req)
	})
	output, err := callGet(r, `{"id":"a"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"you sent Bearer <secret> <secret>"}`, string(output))
}

func TestAnAnswerThatIsNotAsDocumentedIsAnError(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a member missing":         `{}`,
		"a member of null":         `{"name":null}`,
		"a member of another type": `{"name":7}`,
		"nothing at all":           ``,
		"a list":                   `[]`,
	} {
		_, err := callGet(acme(t, say(text)), `{"id":"a"}`)
		require.Equal(t, soc.Invalid, soc.KindOf(err), name)
		require.Contains(t, err.Error(), "documented", name)
	}
}

func TestTheRateLimitHandsALongWaitBack(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	r := acme(t, func(w http.ResponseWriter, req *http.Request) {
		calls.Add(1)
		say(`{"name":"x"}`)(w, req)
	}, "auth:", "rate: {calls: 2, per: 1h}\nauth:")
	for range 2 {
		_, err := callGet(r, `{"id":"a"}`)
		require.NoError(t, err)
	}
	_, err := callGet(r, `{"id":"a"}`)
	require.Equal(t, soc.Unavailable, soc.KindOf(err))
	var call *CallError
	require.ErrorAs(t, err, &call)
	require.False(t, call.Sent)
	require.InDelta(t, 30*time.Minute, call.RetryAfter, float64(time.Minute))
	require.EqualValues(t, 2, calls.Load())
}

func TestACallEndsWithItsTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	r := acme(t, func(http.ResponseWriter, *http.Request) { <-release }, "effect: read", "effect: consequential\n    timeout: 100ms")
	defer close(release)
	_, err := callGet(r, `{"id":"a"}`)
	require.Equal(t, soc.Unavailable, soc.KindOf(err))
	require.Contains(t, err.Error(), "in time")
	var call *CallError
	require.ErrorAs(t, err, &call)
	require.True(t, call.Sent)
	require.False(t, call.OutcomeKnown())
}

func TestAConsequentialCallNeverRidesAnIdleConnection(t *testing.T) {
	t.Parallel()
	for effect, reused := range map[string]bool{"read": true, "consequential": false} {
		var closing atomic.Int64
		r := acme(t, func(w http.ResponseWriter, req *http.Request) {
			if req.Close {
				closing.Add(1)
			}
			say(`{"name":"x"}`)(w, req)
		}, "effect: read", "effect: "+effect)
		for range 3 {
			_, err := callGet(r, `{"id":"a"}`)
			require.NoError(t, err)
		}
		require.Equal(t, reused, closing.Load() == 0, effect)
	}
}

func TestRetryAfterIsReadInEveryFormAndBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		header, value string
		want          time.Duration
	}{
		"seconds":            {"Retry-After", "12", 12 * time.Second},
		"a date":             {"Retry-After", "Fri, 01 May 2026 10:01:00 GMT", time.Minute},
		"a date of the past": {"Retry-After", "Fri, 01 May 2020 10:01:00 GMT", 0},
		"a negative number":  {"Retry-After", "-5", 0},
		"centuries":          {"Retry-After", "99999999999", maxRetryAfter},
		"words":              {"Retry-After", "soon", 0},
		"an epoch, as Okta":  {"X-Rate-Limit-Reset", fmt.Sprint(now.Add(30 * time.Second).Unix()), 30 * time.Second},
		"a broken epoch":     {"X-Rate-Limit-Reset", "30", 0},
		"nothing":            {"X-Other", "1", 0},
	} {
		require.Equal(t, test.want, retryAfter(http.Header{http.CanonicalHeaderKey(test.header): {test.value}}, now), name)
	}
}

func TestTemplatesKeepTypesAndLeaveAbsentMembersOut(t *testing.T) {
	t.Parallel()
	body, err := parseTree(map[string]any{
		"number": "{n}", "text": "n is {n}", "absent": "{gone}", "text_of_absent": "is {gone}", "fixed": true,
		"list": []any{"{n}", "{gone}"}, "nested": map[string]any{"object": "{o}"},
	}, []string{"n", "o", "gone"})
	require.NoError(t, err)
	value, _, err := body.render(map[string]any{"n": json.Number("12345678901234567890"), "o": map[string]any{"a": "{n}"}})
	require.NoError(t, err)
	text, err := encodeJSON(value)
	require.NoError(t, err)
	require.JSONEq(t, `{"number":12345678901234567890,"text":"n is 12345678901234567890","fixed":true,"list":[12345678901234567890],"nested":{"object":{"a":"{n}"}}}`, string(text))
	require.Contains(t, string(text), "12345678901234567890")

	query, err := parseTemplate("name eq '{n|lower|odata}'", []string{"n"})
	require.NoError(t, err)
	rendered, _, err := query.render(map[string]any{"n": "WS' or 'a' eq 'A"}, nil)
	require.NoError(t, err)
	require.Equal(t, "name eq 'ws'' or ''a'' eq ''a'", rendered)
}

func TestTheMaskKnowsASecretInEveryFormInWhichItTravels(t *testing.T) {
	t.Parallel()
	m := newMasker([]string{`p@ss/w"rd `, "p@ss"}, "bob")
	for _, form := range []string{`p@ss/w"rd `, "p%40ss%2Fw%22rd+", "p@ss%2Fw%22rd%20", "cEBzcy93InJkIA==", "Ym9iOnBAc3MvdyJyZCA=", "p@ss", `p@ss/w\"rd `} {
		require.Equal(t, "x "+secret.Masked+" y", m.text("x "+form+" y"), form)
	}
	require.Equal(t, map[string]any{"<secret>": []any{"<secret>!"}}, m.value(map[string]any{"p@ss": []any{"p@ss!"}}))
}
