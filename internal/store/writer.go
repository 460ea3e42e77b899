package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"picket/internal/soc"
)

const (
	queueLength = 1024             // writes that may wait; more wait for a place in the queue
	batchMost   = 256              // writes of one transaction: keeps a commit in the milliseconds
	batchTries  = 3                // of a transaction that PostgreSQL asks to repeat
	batchBound  = 60 * time.Second // of a transaction on PostgreSQL; SQLite's statements are local and short
)

// job is one write that waits to be committed.
type job struct {
	ctx  context.Context
	run  func(*tx) error // may be called again after a rollback, so it sets its results anew each time
	err  error
	done chan struct{}
	// state goes from waiting to taken or abandoned: a write that has begun is always waited for.
	state atomic.Int32
}

const (
	jobWaiting int32 = iota
	jobTaken
	jobAbandoned
)

// tx is what a write sees of the transaction. It belongs to the writer's goroutine.
type tx struct {
	querier
	store *Store
	now   time.Time
	txState
}

// txState is what a write may change beside the database; it is restored when the write is rolled back.
type txState struct {
	head   Head
	leased []leasedRow // outbox rows to be handed over after the commit
	posted bool        // outbox rows that this process has not leased
}

// write runs a write and answers after its commit. ctx counts until the write begins.
func (s *Store) write(ctx context.Context, doing string, run func(*tx) error) error {
	j := &job{ctx: ctx, run: run, done: make(chan struct{})}
	select {
	case s.queue <- j:
	case <-s.stopping:
		return soc.Errorf(soc.Unavailable, "%s: the database is closing", doing)
	case <-ctx.Done():
		return wrap(doing, ctx.Err())
	}
	select {
	case <-j.done:
	case <-s.stopped:
		select {
		case <-j.done:
		default:
			return soc.Errorf(soc.Unavailable, "%s: the database is closing", doing)
		}
	case <-ctx.Done():
		if j.state.CompareAndSwap(jobWaiting, jobAbandoned) {
			return wrap(doing, ctx.Err())
		}
		<-j.done
	}
	return wrap(doing, j.err)
}

// writeLoop is the writer: it takes what waits, commits it, answers, and takes what came meanwhile. A lone write is
// committed at once; under load the commits grow, so that the cost of a sync is shared.
func (s *Store) writeLoop() {
	defer close(s.stopped)
	batch := make([]*job, 0, batchMost)
	for {
		select {
		case j := <-s.queue:
			batch = s.collect(append(batch[:0], j))
			s.commit(batch)
		case <-s.stopping:
			for batch = s.collect(batch[:0]); len(batch) > 0; batch = s.collect(batch[:0]) {
				s.commit(batch)
			}
			return
		}
	}
}

// collect adds what waits now.
func (s *Store) collect(batch []*job) []*job {
	for len(batch) < batchMost {
		select {
		case j := <-s.queue:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

func (s *Store) commit(batch []*job) {
	live := batch[:0]
	for _, j := range batch {
		if j.state.CompareAndSwap(jobWaiting, jobTaken) {
			live = append(live, j)
		}
	}
	var err error
	for try := 1; len(live) > 0; try++ {
		var t *tx
		if t, err = s.transact(live); err == nil {
			s.publish(t)
			break
		}
		var again repeatable
		if !errors.As(err, &again) {
			break
		}
		if err = again.error; try == batchTries {
			break
		}
	}
	for _, j := range live {
		if err != nil {
			j.err = err
		}
		close(j.done)
	}
}

// transact runs the jobs in one transaction. An error is that of the whole; a job's own error stays with the job.
func (s *Store) transact(jobs []*job) (_ *tx, err error) {
	ctx := context.Background()
	if s.dialect == postgresDialect {
		bound, cancel := context.WithTimeout(ctx, batchBound)
		defer cancel()
		ctx = bound
	}
	t := &tx{querier: querier{s.writes.WithContext(ctx)}, store: s}
	if err := s.start(t); err != nil {
		return nil, err
	}
	before := t.head
	failed, committing := 0, false
	for _, j := range jobs {
		if err = t.call(j, len(jobs) > 1); err != nil {
			break
		}
		if j.err != nil {
			failed++
		}
	}
	if err == nil && failed < len(jobs) {
		if t.head.Seq != before.Seq {
			err = t.saveHead()
		}
		if err == nil {
			committing = true
			_, err = t.exec("COMMIT")
		}
		if err == nil {
			return t, nil
		}
	}
	if _, rollback := t.exec("ROLLBACK"); rollback != nil {
		s.conn.discard()
	}
	if retryable(err) || !committing && disconnected(err) {
		err = repeatable{err}
	}
	return t, err
}

// repeatable is the error of a transaction of which nothing was committed for sure, and which may succeed if repeated.
type repeatable struct{ error }

// start begins the transaction and reads the ledger's head, which on PostgreSQL is the lock that puts the writers of
// all processes in one order. A connection that died while idle is replaced.
func (s *Store) start(t *tx) error {
	query := "SELECT seq, digest, signature FROM ledger_head WHERE one = 1"
	if s.dialect == postgresDialect {
		query += " FOR UPDATE"
	}
	for try := 1; ; try++ {
		_, err := t.exec(s.begin())
		if err == nil {
			err = t.row(query).Scan(&t.head.Seq, &t.head.Digest, &t.head.Signature)
		}
		if err == nil {
			return nil
		}
		if _, rollback := t.exec("ROLLBACK"); rollback != nil || disconnected(err) {
			s.conn.discard()
		}
		if errors.Is(err, sql.ErrNoRows) {
			return soc.Errorf(soc.Internal, "the ledger's head record is gone: restore the database from a backup")
		}
		if try == batchTries || s.dialect == sqliteDialect {
			return err
		}
	}
}

// call runs one job, in a savepoint when it is not alone. The error is one that ends the transaction.
func (t *tx) call(j *job, savepoint bool) error {
	saved := t.txState
	if savepoint {
		if _, err := t.exec("SAVEPOINT job"); err != nil {
			return err
		}
	}
	t.now = time.Now().UTC().Round(0)
	if j.err = t.guarded(j.run); j.err == nil {
		if savepoint {
			_, err := t.exec("RELEASE SAVEPOINT job")
			return err
		}
		return nil
	}
	t.txState = saved
	if retryable(j.err) || disconnected(j.err) {
		return j.err
	}
	if savepoint {
		if _, err := t.exec("ROLLBACK TO SAVEPOINT job"); err != nil {
			return j.err
		}
		_, err := t.exec("RELEASE SAVEPOINT job")
		return err
	}
	return nil
}

// guarded turns a panic into an error: a fault in one write must not end all writing.
func (t *tx) guarded(run func(*tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &soc.Error{Kind: soc.Internal, Message: "the write failed", Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	return run(t)
}

// publish tells of what was committed.
func (s *Store) publish(t *tx) {
	s.handover.push(t.leased, t.posted)
	if t.head.Seq > s.lastSeq.Load() {
		s.lastSeq.Store(t.head.Seq)
		s.changes.fire()
	}
}
