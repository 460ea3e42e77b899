package model

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"picket/internal/soc"
)

// When a provider is left alone.
const (
	breakAfter = 5                // failures in a row: fewer happen to every provider now and then
	breakFor   = 30 * time.Second // then one request may try it again
)

// Breaker keeps requests away from a provider that does not answer, so that runs do not wait for its timeouts, and a provider
// that is overloaded is not asked more. It is a Provider itself.
type Breaker struct {
	next    Provider
	circuit *gobreaker.CircuitBreaker[Response]
	mu      sync.Mutex
	until   time.Time // while open
	failed  time.Time
	last    string
}

var _ Provider = (*Breaker)(nil)

// NewBreaker puts a breaker before a provider.
func NewBreaker(next Provider) *Breaker {
	b := &Breaker{next: next}
	b.circuit = gobreaker.NewCircuitBreaker[Response](gobreaker.Settings{
		Name: next.Name(), MaxRequests: 1, Timeout: breakFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakAfter },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				b.mu.Lock()
				b.until = time.Now().Add(breakFor)
				b.mu.Unlock()
			}
		},
		// An answer that is no good, or a request that is not taken, says that the provider is there.
		IsSuccessful: func(err error) bool { return err == nil || soc.KindOf(err) != soc.Unavailable },
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }, // it was us who left
	})
	return b
}

// Name is that of the provider behind.
func (b *Breaker) Name() string { return b.next.Name() }

// Complete asks the provider, or is Unavailable at once while the provider is left alone.
func (b *Breaker) Complete(ctx context.Context, req Request) (Response, error) {
	var out Response
	_, err := b.circuit.Execute(func() (Response, error) {
		var err error
		out, err = b.next.Complete(ctx, req)
		if err != nil && soc.KindOf(err) == soc.Unavailable && !errors.Is(err, context.Canceled) {
			b.mu.Lock()
			b.failed, b.last = time.Now(), err.Error()
			b.mu.Unlock()
		}
		return out, err
	})
	if !errors.Is(err, gobreaker.ErrOpenState) && !errors.Is(err, gobreaker.ErrTooManyRequests) {
		return out, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := max(time.Until(b.until), time.Second)
	return out, &CallError{RetryAfter: wait, cause: soc.Errorf(soc.Unavailable,
		"%s has failed %d times in a row and is not asked for %s; the last time: %s", b.Name(), breakAfter, wait.Round(time.Second), b.last)}
}

// Status is what a provider's breaker has seen.
type Status struct {
	Provider  string
	State     string    // closed: it is asked; open: it is left alone; half-open: one request tries it
	Failures  int       // in a row
	Until     time.Time // while open
	FailedAt  time.Time // zero is never
	LastError string
}

// Status tells how the provider does.
func (b *Breaker) Status() Status {
	state, counts := b.circuit.State(), b.circuit.Counts()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Status{Provider: b.Name(), State: fmt.Sprint(state), Failures: int(counts.ConsecutiveFailures), FailedAt: b.failed, LastError: b.last}
	if state == gobreaker.StateOpen {
		s.Until = b.until
		s.Failures = breakAfter // the counts begin anew when it opens
	}
	return s
}
