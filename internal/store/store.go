// Package store keeps what Picket must not lose: alerts, runs, approvals, decisions, the outbox, the ledger, people and
// plans. It speaks soc's nouns, runs on SQLite and on PostgreSQL with the same meaning, and is the only user of gorm.
//
// All writes go through one goroutine that commits whatever waits in one transaction, each write in its own savepoint
// (see writer). Every method returns only after its transaction is durable, and every error is a *soc.Error.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"picket/internal/soc"
)

// Store is an open database. It is safe for concurrent use; Close ends it.
type Store struct {
	dialect dialect
	pool    *sql.DB  // what the write connection is taken from
	reads   *sql.DB  // the same as pool on PostgreSQL
	reader  *gorm.DB // over reads
	conn    *conn    // the write connection; only the writer uses it
	writes  *gorm.DB // over conn

	queue    chan *job
	stopping chan struct{}
	stopped  chan struct{}
	stop     sync.Once

	sign     func(seq int64, digest string) string
	changes  broadcast
	handover handover
	runs     runCache
	lastSeq  atomic.Int64 // of the last commit seen, by this or another process
}

// Option changes how a store is opened.
type Option func(*Store)

// WithHeadSigner signs the ledger's head at every commit that appends, so that cutting off the ledger's tail shows.
// audit.Signer.SignHead is such a function. Every process that appends must be given the same.
func WithHeadSigner(sign func(seq int64, digest string) string) Option {
	return func(s *Store) { s.sign = sign }
}

// Open opens the database at dsn, "sqlite:PATH" or "postgres://...", brings its schema up to date and starts the
// writer. ctx bounds the opening only.
func Open(ctx context.Context, dsn string, options ...Option) (*Store, error) {
	s := &Store{
		queue:    make(chan *job, queueLength),
		stopping: make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	for _, option := range options {
		option(s)
	}
	s.changes.init()
	s.handover.wake = make(chan struct{}, 1)

	var err error
	switch {
	case strings.HasPrefix(dsn, "sqlite:"):
		err = s.openSQLite(ctx, strings.TrimPrefix(dsn, "sqlite:"))
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		err = s.openPostgres(ctx, dsn)
	default:
		return nil, soc.Errorf(soc.Invalid, "open the database: the address must be sqlite:PATH or postgres://USER@HOST/NAME")
	}
	if err == nil {
		err = s.migrate(ctx)
	}
	if err != nil {
		_ = s.closePools()
		return nil, wrap(fmt.Sprintf("open the %s database", s.dialect), err)
	}
	go s.writeLoop()
	if s.dialect == postgresDialect {
		go s.watch()
	}
	return s, nil
}

// Close commits what waits, refuses what comes after and closes the database.
func (s *Store) Close() error {
	s.stop.Do(func() { close(s.stopping) })
	<-s.stopped
	return wrap("close the database", s.closePools())
}

func (s *Store) closePools() error {
	var first error
	if s.conn != nil {
		first = s.conn.reset()
	}
	for _, pool := range []*sql.DB{s.reads, s.pool} {
		if pool == nil {
			continue
		}
		if err := pool.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return wrap("reach the database", s.read(ctx).row("SELECT 1").Scan(&one))
}

// Changed is closed at the next commit that appends to the ledger, by this process or, within about a second on
// PostgreSQL, by another. Take it before reading, so that nothing falls between.
func (s *Store) Changed() <-chan struct{} { return s.changes.wait() }

// watchEvery is how often other processes' commits are looked for: a person does not notice it, and it costs one
// lookup by primary key.
const watchEvery = time.Second

// watch notices what other processes append and post.
func (s *Store) watch() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.stopping:
			return
		case <-ticker.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		head, err := s.Head(ctx)
		cancel()
		if err == nil && head.Seq > s.lastSeq.Load() {
			s.lastSeq.Store(head.Seq)
			s.changes.fire()
			s.handover.signal()
		}
	}
}

// broadcast is a channel that is closed and replaced at every event.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *broadcast) init() { b.ch = make(chan struct{}) }

func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

func (b *broadcast) fire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ch)
	b.ch = make(chan struct{})
}
