package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"picket/internal/ingest"
	"picket/internal/soc"
)

// The headers of a signed request.
const (
	timestampHeader = "X-Picket-Timestamp"
	signatureHeader = "X-Picket-Signature"
)

// The defaults of a source.
const (
	defaultReplayWindow = 5 * time.Minute
	defaultRate         = 1000 // requests a second
)

// Source is a hook: what it is called, how its bodies are read, and what its sender must prove. Token or HMACSecret is
// required; with both, both are checked.
type Source struct {
	ingest.Source
	Token        string        // in Authorization: Bearer, or X-Picket-Token
	HMACSecret   string        // of X-Picket-Signature
	ReplayWindow time.Duration // how far X-Picket-Timestamp may be from our clock; 5 minutes if 0
	Rate         float64       // requests a second, after authentication; 1000 if 0
	Burst        int           // twice the rate if 0
}

// hook is a source at work.
type hook struct {
	source  ingest.Source
	token   *[sha256.Size]byte // nil is none
	secret  []byte             // nil is none
	window  time.Duration
	limiter *rate.Limiter
}

func newHooks(sources []Source) (map[string]*hook, error) {
	hooks := make(map[string]*hook, len(sources))
	for _, src := range sources {
		if err := src.Validate(); err != nil {
			return nil, err
		}
		switch {
		case hooks[src.Name] != nil:
			return nil, soc.Errorf(soc.Invalid, "there are two sources %q; rename one", src.Name)
		case src.Token == "" && src.HMACSecret == "":
			return nil, soc.Errorf(soc.Invalid, "source %q has neither a token nor an HMAC secret: anybody could post alerts", src.Name)
		case src.ReplayWindow < 0 || src.Rate < 0 || src.Burst < 0:
			return nil, soc.Errorf(soc.Invalid, "source %q: replay window, rate and burst can't be negative", src.Name)
		}
		h := &hook{source: src.Source, window: src.ReplayWindow}
		if src.Token != "" {
			sum := sha256.Sum256([]byte(src.Token))
			h.token = &sum
		}
		if src.HMACSecret != "" {
			h.secret = []byte(src.HMACSecret)
		}
		if h.window == 0 {
			h.window = defaultReplayWindow
		}
		limit := src.Rate
		if limit == 0 {
			limit = defaultRate
		}
		burst := src.Burst
		if burst == 0 {
			burst = max(1, int(2*limit))
		}
		h.limiter = rate.NewLimiter(rate.Limit(limit), burst)
		hooks[src.Name] = h
	}
	return hooks, nil
}

// admit checks what the headers prove, before the body is read. It answers what is wrong, "" if nothing is.
func (h *hook) admit(c *gin.Context) string {
	if h.token != nil {
		presented := c.GetHeader("X-Picket-Token")
		if presented == "" {
			presented, _ = bearer(c)
		}
		sum := sha256.Sum256([]byte(presented))
		if subtle.ConstantTimeCompare(sum[:], h.token[:]) != 1 {
			return "the source's token is missing or wrong; send it as Authorization: Bearer or as X-Picket-Token"
		}
	}
	if h.secret != nil && (c.GetHeader(timestampHeader) == "" || c.GetHeader(signatureHeader) == "") {
		return "the request is not signed: " + timestampHeader + " and " + signatureHeader + " are required"
	}
	return ""
}

// signed checks the signature over timestamp and body.
func (h *hook) signed(c *gin.Context, body []byte, now time.Time) error {
	if h.secret == nil {
		return nil
	}
	return ingest.VerifyHMAC(h.secret, c.GetHeader(timestampHeader), body, c.GetHeader(signatureHeader), now, h.window)
}

// limited refuses a request beyond the source's rate.
func (s *Server) limited(c *gin.Context, h *hook) bool {
	now := s.Now()
	wait := h.limiter.ReserveN(now, 1)
	delay := wait.DelayFrom(now)
	if delay == 0 {
		return false
	}
	wait.CancelAt(now)
	retryAfter(c, delay.Seconds())
	s.problem(c, http.StatusTooManyRequests, "the source posts faster than its limit allows")
	return true
}
