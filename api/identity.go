package api

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"picket/internal/auth"
	"picket/internal/soc"
)

const (
	cookieName  = "picket_session"
	csrfHeader  = "X-Picket-CSRF"
	identityKey = "identity"
)

// me is who the request is from. It is called behind authenticate only.
func me(c *gin.Context) auth.Identity { return c.MustGet(identityKey).(auth.Identity) }

// bearer is the API token of a request, if it has one.
func bearer(c *gin.Context) (string, bool) {
	scheme, token, ok := strings.Cut(c.GetHeader("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}

// recognise finds out who a request is from. A token goes before a cookie.
func (s *Server) recognise(c *gin.Context, used bool) (auth.Identity, error) {
	if token, ok := bearer(c); ok {
		return s.Auth.Token(c.Request.Context(), token)
	}
	secret, err := c.Cookie(cookieName)
	if err != nil {
		return auth.Identity{}, soc.Errorf(soc.Denied, "nobody is signed in")
	}
	return s.Auth.Session(c.Request.Context(), secret, used)
}

// authenticate lets people and programs pass that it recognises, and changes only from our own pages.
func (s *Server) authenticate(c *gin.Context) {
	who, err := s.recognise(c, true)
	if err != nil {
		if soc.KindOf(err) == soc.Denied {
			s.unauthorised(c, err.Error())
			return
		}
		s.fail(c, err)
		return
	}
	if who.CSRF != "" && c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		if s.sameOrigin(c); c.IsAborted() {
			return
		}
		if subtle.ConstantTimeCompare([]byte(c.GetHeader(csrfHeader)), []byte(who.CSRF)) != 1 {
			s.problem(c, http.StatusForbidden, "the header "+csrfHeader+" is missing or wrong; take it from GET /v1/session")
			return
		}
	}
	c.Set(identityKey, who)
}

func (s *Server) unauthorised(c *gin.Context, detail string) {
	c.Header("WWW-Authenticate", `Bearer realm="picket"`)
	s.problem(c, http.StatusUnauthorized, detail)
}

// origins refuses what a browser sends from another site: by Sec-Fetch-Site, and by Origin where that is absent.
var origins = http.NewCrossOriginProtection()

func (s *Server) sameOrigin(c *gin.Context) {
	if err := origins.Check(c.Request); err != nil {
		s.problem(c, http.StatusForbidden, "the request comes from another site")
	}
}

// sessionBody is who somebody is.
type sessionBody struct {
	Authenticated bool         `json:"authenticated"`
	User          *accountBody `json:"user,omitempty"`
	CSRF          string       `json:"csrf"`
	ExpiresAt     string       `json:"expires_at,omitempty"`
	Demo          bool         `json:"demo"`
	Setup         bool         `json:"setup"`
	Version       string       `json:"version"`
}

type accountBody struct {
	soc.Account
	Roles []string `json:"roles"`
}

func (s *Server) getSession(c *gin.Context) {
	who, err := s.recognise(c, false)
	switch {
	case err == nil:
		answer(c, http.StatusOK, s.session(who))
	case soc.KindOf(err) != soc.Denied:
		s.fail(c, err)
	default:
		body := sessionBody{Demo: s.Demo, Version: s.Version}
		if body.Setup, err = s.Auth.NeedsSetup(c.Request.Context()); err != nil {
			s.fail(c, err)
			return
		}
		answer(c, http.StatusOK, body)
	}
}

func (s *Server) session(who auth.Identity) sessionBody {
	roles := who.Account.Roles
	if roles == nil {
		roles = []string{}
	}
	body := sessionBody{
		Authenticated: true, User: &accountBody{Account: who.Account, Roles: roles}, CSRF: who.CSRF, Demo: s.Demo, Version: s.Version,
	}
	if !who.ExpiresAt.IsZero() {
		body.ExpiresAt = who.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z")
	}
	return body
}

func (s *Server) signIn(c *gin.Context) {
	var in struct {
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	if !s.decode(c, smallBody, &in) {
		return
	}
	secret, who, err := s.Auth.SignIn(c.Request.Context(), in.Name, in.Password, c.Request.RemoteAddr)
	s.begun(c, secret, who, err)
}

func (s *Server) setUp(c *gin.Context) {
	var in struct {
		Code     string `json:"code"`
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	if !s.decode(c, smallBody, &in) {
		return
	}
	secret, who, err := s.Auth.SetUp(c.Request.Context(), in.Code, in.Name, in.Password, c.Request.RemoteAddr)
	s.begun(c, secret, who, err)
}

// begun answers a session that has begun, with its cookie.
func (s *Server) begun(c *gin.Context, secret string, who auth.Identity, err error) {
	if soc.KindOf(err) == soc.Denied {
		s.unauthorised(c, err.Error())
		return
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.Log.InfoContext(c.Request.Context(), "signed in", "user", who.Account.Name, "request_id", requestID(c))
	s.cookie(c, secret, 0)
	answer(c, http.StatusOK, s.session(who))
}

func (s *Server) signOut(c *gin.Context) {
	if secret, err := c.Cookie(cookieName); err == nil && me(c).CSRF != "" {
		if err := s.Auth.SignOut(c.Request.Context(), secret); err != nil {
			s.fail(c, err)
			return
		}
	}
	s.cookie(c, "", -1)
	c.Status(http.StatusNoContent)
}

// cookie sets the session's cookie; it ends with the browser, and the session by itself.
func (s *Server) cookie(c *gin.Context, value string, maxAge int) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true,
		Secure: s.SecureCookies || c.Request.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
}
