package app

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// admission paces senders. Alerts can be accepted several times faster than runs can be worked, and then every run of a
// burst would be late; so the answer to a sender waits a moment while as many runs are busy as there are processors.
// The alert is kept before, whatever happens to the wait. A run is busy until it ends or waits for something slow.
type admission struct {
	mu    sync.Mutex
	busy  map[string]struct{}
	freed chan struct{} // closed and replaced when a run stops being busy
}

// longestPace bounds how long an answer waits: a sender with a short timeout must not give up.
const longestPace = 500 * time.Millisecond

// mostTracked bounds the memory of runs that never tell that they are no longer busy.
const mostTracked = 10_000

func newAdmission() *admission {
	return &admission{busy: map[string]struct{}{}, freed: make(chan struct{})}
}

// begin counts a run as busy.
func (a *admission) begin(run string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.busy) < mostTracked {
		a.busy[run] = struct{}{}
	}
}

// settled tells that a run is no longer busy.
func (a *admission) settled(run string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.busy[run]; !ok {
		return
	}
	delete(a.busy, run)
	close(a.freed)
	a.freed = make(chan struct{})
}

// pace waits until there is room, for at most longestPace.
func (a *admission) pace(ctx context.Context) {
	timer := time.NewTimer(longestPace)
	defer timer.Stop()
	for {
		a.mu.Lock()
		full, freed := len(a.busy) >= runtime.GOMAXPROCS(0), a.freed
		a.mu.Unlock()
		if !full {
			return
		}
		select {
		case <-freed:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
