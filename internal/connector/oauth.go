package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"picket/internal/soc"
)

// Bounds of a token's life.
const (
	tokenMargin   = time.Minute     // before its end a token is no longer used: clocks differ, and a call takes time
	tokenDefault  = 5 * time.Minute // life of a token that does not say how long
	tokenLongest  = 24 * time.Hour
	tokenDeadline = 15 * time.Second // of the call for a token; the operation's own bound may be shorter
	maxTokenSize  = 32 << 10
)

// tokenSource gets access tokens by the client credentials grant of OAuth 2 (RFC 6749, 4.4) and keeps one until
// shortly before it ends.
type tokenSource struct {
	endpoint *url.URL
	form     url.Values
	client   clientOnce
	now      func() time.Time
	secrets  []string      // of the connection, to be masked
	busy     chan struct{} // held by who reads or replaces current
	current  *accessToken
}

type accessToken struct {
	value string
	until time.Time
	mask  masker // the connection's secrets and the token
}

// get gives the kept token, or a new one (made is then true). Callers who wait for another's new token share it.
// refused is a token that the vendor no longer takes: it is forgotten, unless another has taken its place.
func (s *tokenSource) get(ctx context.Context, refused string) (token *accessToken, made bool, call *CallError) {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return nil, false, &CallError{Kind: soc.Unavailable, Message: "the call ended while waiting for a token of " + s.endpoint.Host}
	}
	if s.current != nil && s.current.value != refused && s.now().Before(s.current.until) {
		return s.current, false, nil
	}
	s.current = nil
	if token, call = s.fetch(ctx); call != nil {
		return nil, false, call
	}
	s.current = token
	return token, true, nil
}

// fetch asks for a token. Its errors say Sent false: nothing of the operation has been sent.
func (s *tokenSource) fetch(ctx context.Context) (*accessToken, *CallError) {
	ctx, cancel := context.WithTimeout(ctx, tokenDeadline)
	defer cancel()
	host := s.endpoint.Host
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint.String(), strings.NewReader(s.form.Encode()))
	if err != nil {
		return nil, &CallError{Kind: soc.Invalid, Message: "get a token of " + host + ": the address is no URL"}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "picket")
	started := s.now()
	resp, err := s.client().Do(req)
	if err != nil {
		return nil, s.failed(transportError(err, false, host))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, s.failed(transportError(err, false, host))
	}
	if resp.StatusCode != http.StatusOK {
		return nil, s.refused(resp, body)
	}
	var answer struct {
		AccessToken string          `json:"access_token"`
		TokenType   string          `json:"token_type"`
		ExpiresIn   json.RawMessage `json:"expires_in"` // seconds; some servers write them as text
	}
	if json.Unmarshal(body, &answer) != nil || !usableToken(answer.AccessToken) || answer.TokenType != "" && !strings.EqualFold(answer.TokenType, "bearer") {
		return nil, &CallError{Kind: soc.Invalid, Message: host + " answered with no bearer token"}
	}
	life := tokenLife(string(answer.ExpiresIn))
	return &accessToken{
		value: answer.AccessToken, until: started.Add(life - min(tokenMargin, life/2)),
		mask: newMasker(append([]string{answer.AccessToken}, s.secrets...), s.form.Get("client_id")),
	}, nil
}

func (s *tokenSource) failed(call *CallError) *CallError {
	call.Message = newMasker(s.secrets, "").text("get a token: " + call.Message)
	return call
}

// refused reads the error answer of RFC 6749, 5.2. Wrong credentials come as 400 or 401: both are denied.
func (s *tokenSource) refused(resp *http.Response, body []byte) *CallError {
	call := &CallError{Kind: classify(resp.StatusCode, map[int]string{http.StatusBadRequest: string(soc.Denied)})}
	if call.Kind == soc.Unavailable {
		call.RetryAfter = retryAfter(resp.Header, s.now())
	}
	call.Message = fmt.Sprintf("%s answered %d %s", s.endpoint.Host, resp.StatusCode, http.StatusText(resp.StatusCode))
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if len(body) <= maxErrorBody && json.Unmarshal(body, &said) == nil && said.Error != "" {
		text := newMasker(s.secrets, "").text(said.Error + " " + said.Description) // before it is cut
		call.Message += ": " + oneLine(text, vendorTextSize)
	}
	return s.failed(call)
}

// usableToken refuses what cannot stand in a header.
func usableToken(token string) bool {
	if token == "" || len(token) > maxTokenSize {
		return false
	}
	for _, r := range token {
		if r <= ' ' || r >= 0x7f {
			return false
		}
	}
	return true
}

func tokenLife(text string) time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(text, `"`), 64)
	if err != nil || !(seconds > 0) {
		return tokenDefault
	}
	return time.Duration(min(seconds, tokenLongest.Seconds()) * float64(time.Second))
}
