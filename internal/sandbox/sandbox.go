// Package sandbox is a small service of its own that speaks the documented APIs of an identity provider (Okta) and
// of an EDR (Defender for Endpoint), so that a containment of the demo changes something that one can look at. It
// listens on loopback, keeps its state in a directory and names itself the sandbox wherever it is seen.
package sandbox

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"picket/internal/soc"
)

// Options say where the sandbox listens and keeps its state.
type Options struct {
	Dir    string           // its journal lies here; the directory is made
	Listen string           // loopback HOST:PORT; "" is 127.0.0.1:0
	Token  string           // what callers must show; required
	Users  []string         // logins of accounts beside the sample ones
	Hosts  []string         // names of hosts beside the sample ones
	Delay  time.Duration    // of every answer, for tests that need a call to be under way
	Now    func() time.Time // nil is time.Now
}

// stopTimeout bounds how long Stop waits for calls under way.
const stopTimeout = 2 * time.Second

// Server is a running sandbox.
type Server struct {
	opts     Options
	listener net.Listener
	http     *http.Server
	state    *state
	done     chan struct{}
	failed   error
}

// Start loads the state and serves until ctx ends or Stop is called.
func Start(ctx context.Context, opts Options) (*Server, error) {
	if opts.Token == "" {
		return nil, soc.Errorf(soc.Invalid, "the sandbox needs a token")
	}
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if err := onLoopback(opts.Listen); err != nil {
		return nil, err
	}
	state, err := openState(filepath.Join(opts.Dir, "sandbox.jsonl"), opts)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", opts.Listen)
	if err != nil {
		return nil, errors.Join(soc.Errorf(soc.Unavailable, "the sandbox cannot listen on %s: %v", opts.Listen, err), state.close())
	}
	s := &Server{opts: opts, listener: listener, state: state, done: make(chan struct{})}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed = err
		}
	}()
	context.AfterFunc(ctx, func() { _ = s.Stop() })
	return s, nil
}

// onLoopback refuses to show the sandbox to a network: anyone who can read it sees everything in it.
func onLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return soc.Errorf(soc.Invalid, "the sandbox's address %q is not HOST:PORT", listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return soc.Errorf(soc.Invalid, "the sandbox listens on loopback only, not on %q", listen)
	}
	return nil
}

// Addr is the HOST:PORT it listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is its base URL. Connections go to URL()/okta and URL()/defender, people to URL()/state.
func (s *Server) URL() string { return "http://" + s.Addr() }

// Stop ends it, within two seconds. It may be called more than once.
func (s *Server) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	<-s.done
	return errors.Join(err, s.failed, s.state.close())
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showState)
	mux.HandleFunc("GET /state", s.showState)
	mux.HandleFunc("GET /calls", s.showCalls)
	mux.Handle("POST /hosts", s.guard("Bearer ", defenderUnauthorised, http.HandlerFunc(s.createHost)))
	okta, defender := http.NewServeMux(), http.NewServeMux()
	s.oktaRoutes(okta)
	s.defenderRoutes(defender)
	mux.Handle("/okta/", http.StripPrefix("/okta", s.guard("SSWS ", oktaUnauthorised, okta)))
	mux.Handle("/defender/", http.StripPrefix("/defender", s.guard("Bearer ", defenderUnauthorised, defender)))
	return mux
}

// maxBody bounds a request's body; the documented ones have a few hundred bytes.
const maxBody = 64 << 10

func (s *Server) guard(scheme string, refuse func(http.ResponseWriter), next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(scheme + s.opts.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Picket-Sandbox", "true")
		got := sha256.Sum256([]byte(r.Header.Get("Authorization")))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			refuse(w)
			return
		}
		if s.opts.Delay > 0 {
			timer := time.NewTimer(s.opts.Delay)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}
