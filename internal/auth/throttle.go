package auth

import (
	"fmt"
	"sync"
	"time"

	"picket/internal/soc"
)

const (
	freeByName  = 5                // tries of one name from one address before they slow down
	freeByPlace = 40               // tries of whatever name from one address
	longestWait = 5 * time.Minute  // between two tries
	forgetAfter = 15 * time.Minute // without a try
	mostTracked = 20_000           // keys; an attacker with more addresses gains little
)

// ThrottledError says that somebody has tried too often, and when to come back.
type ThrottledError struct {
	RetryAfter time.Duration
	cause      *soc.Error
}

func (e *ThrottledError) Error() string { return e.cause.Message }
func (e *ThrottledError) Unwrap() error { return e.cause }

// throttle slows down guessing. A try counts when it begins, so that many at once gain nothing.
type throttle struct {
	now   func() time.Time
	mu    sync.Mutex
	tries map[string]*tries
}

type tries struct {
	count int
	last  time.Time
	until time.Time // no try before
}

// begin counts a try under a key, or refuses it.
func (t *throttle) begin(key string, free int) error {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := t.tries[key]
	if seen == nil || now.Sub(seen.last) > forgetAfter && !now.Before(seen.until) {
		t.room(now)
		seen = &tries{}
		t.tries[key] = seen
	}
	if wait := seen.until.Sub(now); wait > 0 {
		wait = wait.Round(time.Second) + time.Second
		return &ThrottledError{RetryAfter: wait, cause: soc.Errorf(soc.Unavailable, "too many tries; try again in %s", wait)}
	}
	seen.count++
	seen.last = now
	if over := seen.count - free; over >= 0 {
		seen.until = now.Add(min(time.Second<<min(over, 10), longestWait))
	}
	return nil
}

// forget clears a key after a success.
func (t *throttle) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tries, key)
}

// room drops what is over, and then whatever comes first, when there are too many keys.
func (t *throttle) room(now time.Time) {
	if len(t.tries) < mostTracked {
		return
	}
	for key, seen := range t.tries {
		if now.Sub(seen.last) > forgetAfter {
			delete(t.tries, key)
		}
	}
	for key := range t.tries {
		if len(t.tries) < mostTracked {
			return
		}
		delete(t.tries, key)
	}
}

func nameKey(name, place string) string { return fmt.Sprintf("%d:%s %s", len(name), name, place) }
