package api

import (
	"sync"
	"time"

	"picket/internal/soc"
)

const (
	rememberFor  = time.Hour
	rememberMost = 4096
)

// remembered holds the runs that people have started by hand, by their idempotency keys, so that a request sent twice
// by a nervous network or finger is one run. It is the memory of one process: after a restart a key is new again.
type remembered struct {
	now  func() time.Time
	mu   sync.Mutex
	runs map[string]*startedRun
}

type startedRun struct {
	mu   sync.Mutex
	what string
	run  soc.Run
	at   time.Time
}

func newRemembered(now func() time.Time) *remembered {
	return &remembered{now: now, runs: map[string]*startedRun{}}
}

// once starts a run unless the person has used the key before for the same; then the answer is that run.
func (r *remembered) once(person, key, what string, start func() (soc.Run, error)) (soc.Run, error) {
	if key == "" {
		return start()
	}
	s := r.slot(person+" "+key, what)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.what != what {
		return soc.Run{}, soc.Errorf(soc.Conflict, "this idempotency key was used for another run; send a new one")
	}
	if s.run.ID != "" {
		return s.run, nil
	}
	run, err := start()
	if err == nil {
		s.run = run
	}
	return run, err
}

func (r *remembered) slot(key, what string) *startedRun {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.runs[key]; s != nil && now.Sub(s.at) < rememberFor {
		return s
	}
	if len(r.runs) >= rememberMost {
		for k, s := range r.runs {
			if now.Sub(s.at) >= rememberFor || len(r.runs) >= rememberMost {
				delete(r.runs, k)
			}
		}
	}
	s := &startedRun{what: what, at: now}
	r.runs[key] = s
	return s
}
