package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"picket/internal/soc"
	"picket/internal/store"
)

const (
	tailKept    = 4096                  // events kept in memory; who is further behind reads the ledger
	tailGather  = 50 * time.Millisecond // commits come in bursts: one look at the ledger for each this long
	tailRead    = 1000                  // entries read at once
	tailTimeout = 30 * time.Second
)

// event is what a stream tells of a ledger entry.
type event struct {
	Seq     int64  `json:"seq"`
	Kind    string `json:"kind"`
	RunID   string `json:"run_id"`
	AlertID string `json:"alert_id"`
	Step    string `json:"step"`
}

func eventOf(e *soc.LedgerEntry) event {
	return event{Seq: e.Seq, Kind: e.Kind, RunID: e.RunID, AlertID: e.AlertID, Step: e.Step}
}

// tail follows the ledger for all streams together, while there are any: it reads each entry once.
type tail struct {
	ledger Ledger
	done   <-chan struct{}
	log    *slog.Logger

	mu      sync.Mutex
	readers int
	stop    context.CancelFunc
	kept    []event // the newest, in order, without gaps
	head    int64   // everything up to it is in kept or was before it
	grown   chan struct{}
}

func newTail(ledger Ledger, done <-chan struct{}, log *slog.Logger) *tail {
	return &tail{ledger: ledger, done: done, log: log, grown: make(chan struct{})}
}

// join begins to follow for one more stream, and answers where the ledger ends now.
func (t *tail) join(ctx context.Context) (int64, error) {
	head, err := t.ledger.Head(ctx)
	if err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.readers == 0 {
		t.kept, t.head = nil, head.Seq
		follow, stop := context.WithCancel(context.Background())
		t.stop = stop
		go t.follow(follow, head.Seq)
	}
	t.readers++
	return max(head.Seq, t.head), nil
}

func (t *tail) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.readers--; t.readers == 0 {
		t.stop()
	}
}

// since answers the events after a seq that are at hand, and a channel that is closed when there are more. gap is true
// when some are missing in memory.
func (t *tail) since(after int64) (events []event, gap bool, grown <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.head + 1
	if len(t.kept) > 0 {
		first = t.kept[0].Seq
	}
	if after >= t.head {
		return nil, false, t.grown
	}
	if after+1 < first {
		return nil, true, t.grown
	}
	from := len(t.kept)
	for from > 0 && t.kept[from-1].Seq > after {
		from--
	}
	return append([]event(nil), t.kept[from:]...), false, t.grown
}

// follow reads what is appended until it is stopped.
func (t *tail) follow(ctx context.Context, after int64) {
	for {
		changed := t.ledger.Changed() // before reading, so that nothing falls between
		for {
			n, last, err := t.read(ctx, after)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				t.log.WarnContext(ctx, "follow the ledger", "error", err)
				break // the next commit is the next try
			}
			after = last
			if n < tailRead {
				break
			}
		}
		select {
		case <-changed:
		case <-time.After(10 * time.Second): // after an error nothing may change for long
		case <-ctx.Done():
			return
		case <-t.done:
			return
		}
		select {
		case <-time.After(tailGather):
		case <-ctx.Done():
			return
		}
	}
}

func (t *tail) read(ctx context.Context, after int64) (int, int64, error) {
	reading, cancel := context.WithTimeout(ctx, tailTimeout)
	defer cancel()
	entries, err := t.ledger.Entries(reading, store.Filter{AfterSeq: after, Limit: tailRead})
	if err != nil || len(entries) == 0 {
		return 0, after, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil { // all streams have left, and another follower may be at work
		return 0, after, ctx.Err()
	}
	for i := range entries {
		t.kept = append(t.kept, eventOf(&entries[i]))
	}
	if over := len(t.kept) - tailKept; over > 0 {
		t.kept = append([]event(nil), t.kept[over:]...)
	}
	t.head = entries[len(entries)-1].Seq
	close(t.grown)
	t.grown = make(chan struct{})
	return len(entries), t.head, nil
}
