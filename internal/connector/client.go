package connector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Bounds of outbound calls.
const (
	defaultMaxBody  = 4 << 20          // a page of a thousand records fits; more is not what a playbook asked for
	dialTimeout     = 5 * time.Second  // a healthy peer accepts in milliseconds
	idleTimeout     = 60 * time.Second // below the idle limits of common load balancers
	maxRedirects    = 3
	maxIdlePerHost  = 64
	maxHeaderBytes  = 64 << 10
	defaultDeadline = 30 * time.Second
)

// errTooLarge is in the chain when an answer goes past its bound.
var errTooLarge = errors.New("the answer is too large")

// errRedirect is in the chain when a redirect was refused.
var errRedirect = errors.New("the redirect is refused")

// ClientOptions are the settings of a guarded HTTP client. The zero value is the strict one.
type ClientOptions struct {
	AllowPrivate bool          // private and loopback addresses may be called; metadata addresses never
	MaxBody      int64         // bytes of an answer after decompression; 0 is 4 MB
	Timeout      time.Duration // of a whole call with its body; 0 is 30 s, negative is none
	Proxy        *url.URL      // an HTTP or HTTPS proxy; nil is none
	ProxyFromEnv bool          // HTTP_PROXY, HTTPS_PROXY and NO_PROXY decide; off by default
	Fresh        bool          // each call gets a connection of its own, so that a call is never lost on a stale one
	TLS          *tls.Config   // nil is Go's default, TLS 1.2 and up
}

// NewHTTPClient makes a client that every outbound call goes through: addresses are checked when they are
// dialled, redirects stay on their host, answers are bounded (a longer one is an error, never cut off in silence).
func NewHTTPClient(opts ClientOptions) *http.Client {
	guarded := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Control: guardDial(opts.AllowPrivate)}
	plain := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	proxy := proxyFunc(opts)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if via, _ := ctx.Value(proxyKey{}).(string); via != "" && via == address {
				return plain.DialContext(ctx, network, address) // the operator named the proxy: it may be in our network
			}
			return guarded.DialContext(ctx, network, address)
		},
		Proxy:                  proxy,
		TLSClientConfig:        opts.TLS,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           4 * maxIdlePerHost,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableKeepAlives:      opts.Fresh,
	}
	limit := opts.MaxBody
	if limit <= 0 {
		limit = defaultMaxBody
	}
	timeout := opts.Timeout
	if timeout == 0 {
		timeout = defaultDeadline
	}
	return &http.Client{
		Transport:     &boundedTransport{next: transport, limit: limit, proxy: proxy, allowPrivate: opts.AllowPrivate},
		CheckRedirect: checkRedirect,
		Timeout:       max(timeout, 0),
	}
}

type proxyKey struct{}

func proxyFunc(opts ClientOptions) func(*http.Request) (*url.URL, error) {
	if opts.Proxy != nil {
		return http.ProxyURL(opts.Proxy)
	}
	if opts.ProxyFromEnv {
		return http.ProxyFromEnvironment
	}
	return nil
}

// checkRedirect follows reads only, to the same host, and never down from TLS.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("%w: more than %d in a row", errRedirect, maxRedirects)
	case first.Method != http.MethodGet && first.Method != http.MethodHead:
		return fmt.Errorf("%w: a %s is not sent to another place", errRedirect, first.Method)
	case next.URL.User != nil:
		return fmt.Errorf("%w: it carries a user name", errRedirect)
	case next.URL.Hostname() != first.URL.Hostname():
		return fmt.Errorf("%w: it leads to another host", errRedirect)
	}
	upgrade := first.URL.Scheme == "http" && next.URL.Scheme == "https"
	if !upgrade && (next.URL.Scheme != first.URL.Scheme || next.URL.Port() != first.URL.Port()) {
		return fmt.Errorf("%w: it leads to another scheme or port", errRedirect)
	}
	return nil
}

// boundedTransport bounds bodies, and checks what the dialler cannot see: a target behind a proxy.
type boundedTransport struct {
	next         http.RoundTripper
	limit        int64
	proxy        func(*http.Request) (*url.URL, error)
	allowPrivate bool
}

func (t *boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.proxy != nil {
		via, err := t.proxy(req)
		if err != nil {
			return nil, fmt.Errorf("proxy setting: %w", err)
		}
		if via != nil {
			if addr, err := netip.ParseAddr(req.URL.Hostname()); err == nil {
				if err := checkAddress(addr, t.allowPrivate); err != nil {
					return nil, err
				}
			}
			req = req.WithContext(context.WithValue(req.Context(), proxyKey{}, proxyAddress(via)))
		}
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{body: resp.Body, left: t.limit, limit: t.limit}
	return resp, nil
}

func proxyAddress(via *url.URL) string {
	port := via.Port()
	if port == "" {
		port = map[string]string{"https": "443", "socks5": "1080"}[via.Scheme]
	}
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(via.Hostname(), port)
}

// boundedBody gives an error where io.LimitReader would give a false end.
type boundedBody struct {
	body  io.ReadCloser
	left  int64
	limit int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.tooLarge()
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, b.tooLarge()
	}
	return n, err
}

func (b *boundedBody) tooLarge() error {
	return fmt.Errorf("%w: more than %d bytes", errTooLarge, b.limit)
}

func (b *boundedBody) Close() error { return b.body.Close() }
