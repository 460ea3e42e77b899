package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

type session struct {
	Authenticated bool
	User          struct {
		Name  string
		Roles []string
	}
	CSRF  string
	Demo  bool
	Setup bool
}

// signedIn is a browser in which somebody has signed in.
func (p *picket) signedIn(name string, roles ...string) (*client, session) {
	p.t.Helper()
	_, err := p.auth.CreateUser(p.t.Context(), name, password, roles)
	require.NoError(p.t, err)
	browser := p.nobody()
	var who session
	browser.post("/v1/session", map[string]string{"name": name, "password": password}).is(200).into(&who)
	return browser, who
}

func TestTheFirstAdministratorSetsUpWithTheOneTimeCode(t *testing.T) {
	t.Parallel()
	p := start(t)
	code, err := p.auth.FirstCode(t.Context())
	require.NoError(t, err)
	browser := p.nobody()
	var who session
	browser.get("/v1/session").is(200).into(&who)
	require.Equal(t, session{Demo: true, Setup: true}, who)

	browser.post("/v1/session/setup", map[string]string{"code": "wrong", "name": "root", "password": password}).is(401)
	browser.post("/v1/session/setup", map[string]string{"code": code, "name": "root", "password": "short"}).is(422)
	got := browser.post("/v1/session/setup", map[string]string{"code": code, "name": "root", "password": password}).is(200)
	got.into(&who)
	require.True(t, who.Authenticated)
	require.False(t, who.Setup)
	require.Equal(t, "root", who.User.Name)
	require.Contains(t, who.User.Roles, soc.RoleAdmin)
	cookie := got.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		require.Contains(t, cookie, part)
	}
	browser.get("/v1/alerts").is(200)
	p.nobody().post("/v1/session/setup", map[string]string{"code": code, "name": "two", "password": password}).is(401)
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.nobody().get("/v1/alerts").is(401)
	browser, who := p.signedIn("ana", soc.RoleAnalyst)
	require.Equal(t, "ana", who.User.Name)
	browser.get("/v1/alerts").is(200)
	browser.send("DELETE", "/v1/session", nil).is(403) // without the token of the page
	old := *browser
	browser.with("X-Picket-CSRF", who.CSRF).send("DELETE", "/v1/session", nil).is(204)
	(&old).get("/v1/alerts").is(401) // the session has ended, not only the cookie
	var after session
	(&old).get("/v1/session").is(200).into(&after)
	require.False(t, after.Authenticated)
}

func TestAWrongNameAndAWrongPasswordLookTheSame(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, err := p.auth.CreateUser(t.Context(), "ana", password, []string{soc.RoleAnalyst})
	require.NoError(t, err)
	wrong := p.nobody().post("/v1/session", map[string]string{"name": "ana", "password": "wrong"}).is(401).problem()
	nobody := p.nobody().post("/v1/session", map[string]string{"name": "eve", "password": "wrong"}).is(401).problem()
	wrong.Instance, nobody.Instance = "", ""
	require.Equal(t, wrong, nobody)
}

func TestGuessingAPasswordIsSlowedDown(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, err := p.auth.CreateUser(t.Context(), "ana", password, []string{soc.RoleAnalyst})
	require.NoError(t, err)
	guess := map[string]string{"name": "ana", "password": "wrong"}
	for range 5 {
		// No header makes one address many.
		p.nobody().with("X-Forwarded-For", "203.0.113.9").with("X-Real-Ip", "203.0.113.9").post("/v1/session", guess).is(401)
	}
	got := p.nobody().with("X-Forwarded-For", "203.0.113.10").post("/v1/session", guess).is(429)
	require.NotEmpty(t, got.header.Get("Retry-After"))
}

func TestAnotherSiteCanChangeNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser, who := p.signedIn("ana", soc.RoleAnalyst)
	own := browser.with("X-Picket-CSRF", who.CSRF).with("Sec-Fetch-Site", "same-origin")
	own.post("/v1/audit/verify", nil).is(200)
	for name, from := range map[string]*client{
		"no token":         browser.with("Sec-Fetch-Site", "same-origin"),
		"a wrong token":    browser.with("X-Picket-CSRF", who.CSRF+"x"),
		"another site":     own.with("Sec-Fetch-Site", "cross-site"),
		"a sibling":        own.with("Sec-Fetch-Site", "same-site"),
		"a foreign origin": browser.with("X-Picket-CSRF", who.CSRF).with("Origin", "https://evil.example"),
		"a null origin":    browser.with("X-Picket-CSRF", who.CSRF).with("Origin", "null"),
	} {
		t.Run(name, func(t *testing.T) { from.post("/v1/audit/verify", nil).is(403) })
	}
	p.nobody().with("Origin", "https://evil.example").post("/v1/session", map[string]string{"name": "ana", "password": password}).is(403)
	p.nobody().with("Content-Type", "text/plain").post("/v1/session", `{"name":"ana","password":"`+password+`"}`).is(415)
}

func TestASessionEndsWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	p := start(t)
	browser, _ := p.signedIn("ana", soc.RoleAnalyst)
	for range 5 {
		p.clock.pass(2 * time.Hour)
		browser.get("/v1/counts").is(200)
	}
	p.clock.pass(150 * time.Minute)
	browser.get("/v1/counts").is(401)
}

func TestBodiesThatAreNotAsDescribedAreRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"no JSON":          {"{", 400},
		"nothing":          {"", 400},
		"two documents":    {`{"source":"x"}{"source":"y"}`, 400},
		"an unknown key":   {`{"source":"x","admin":true}`, 422},
		"another type":     {`{"source":[1]}`, 422},
		"too long a text":  {`{"source":"` + strings.Repeat("x", 600<<10) + `"}`, 422},
		"too large a body": {`{"source":"` + strings.Repeat("x", 2<<20) + `"}`, 413},
		"deep":             {strings.Repeat(`{"source":`, 20_000), 400},
	} {
		t.Run(name, func(t *testing.T) { ana.post("/v1/playbooks/check", test.body).is(test.status) })
	}
	got := ana.post("/v1/playbooks/check", `{"source":[1]}`).is(422).problem()
	require.Equal(t, "/source", got.Errors[0].Pointer)
}

func TestEveryAnswerHasTheHeadersThatBrowsersNeed(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, path := range []string{"/healthz", "/v1/alerts", "/v1/nowhere", "/"} {
		got := p.nobody().get(path)
		for name, value := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			require.Equal(t, value, got.header.Get(name), "%s of %s", name, path)
		}
		require.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Contains(t, got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.Empty(t, got.header.Get("Access-Control-Allow-Origin"))
		require.True(t, strings.HasPrefix(got.header.Get("X-Request-Id"), "req_"))
	}
	require.Equal(t, http.StatusNotFound, p.nobody().get("/v1").status)
}
