// Package enginetest gives tests a real Temporal server on files of their own: the same code as in production.
package enginetest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"picket/internal/blob"
	"picket/internal/engine"
)

// startTimeout is generous: a start takes about a second on an idle machine.
const startTimeout = time.Minute

var shared struct {
	once   sync.Once
	dir    string
	engine *engine.Engine
	err    error
}

// Start gives the engine that all tests of the binary share. It ends with Main, or with the process; a test uses
// workflow ids and task queues of its own, as Queue makes them.
func Start(t testing.TB) *engine.Engine {
	t.Helper()
	shared.once.Do(func() {
		dir, err := os.MkdirTemp("", "picket-enginetest-")
		if err != nil {
			shared.err = err
			return
		}
		shared.dir = dir
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		shared.engine, shared.err = start(ctx, dir)
	})
	require.NoError(t, shared.err)
	return shared.engine
}

func start(ctx context.Context, dir string) (*engine.Engine, error) {
	blobs, err := blob.Open(filepath.Join(dir, "blobs"))
	if err != nil {
		return nil, err
	}
	return engine.Start(ctx, engine.Options{Dir: dir, Blobs: blobs, Logger: slog.New(slog.DiscardHandler)})
}

// Blobs are what an engine of this package keeps large payloads in.
func Blobs(t testing.TB, e *engine.Engine) *blob.Store {
	t.Helper()
	blobs, err := blob.Open(filepath.Join(e.Dir(), "blobs"))
	require.NoError(t, err)
	return blobs
}

// Main runs a binary's tests, and then stops the shared engine and removes its files. It is for TestMain:
// os.Exit(enginetest.Main(m)).
func Main(m *testing.M) int {
	code := m.Run()
	if shared.engine != nil {
		shared.engine.Stop()
	}
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
	return code
}

// Client is the shared engine's client.
func Client(t testing.TB) client.Client {
	t.Helper()
	return Start(t).Client()
}

// Own gives the test an engine of its own on dir, which it may stop and start again; it is stopped at the latest
// when the test ends.
func Own(t testing.TB, dir string) *engine.Engine {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	e, err := start(ctx, dir)
	require.NoError(t, err)
	t.Cleanup(e.Stop)
	return e
}

var queues struct {
	sync.Mutex
	next int
}

// Queue makes a name for a task queue, or a prefix of workflow ids, that no other test of the binary has.
func Queue(t testing.TB) string {
	t.Helper()
	queues.Lock()
	defer queues.Unlock()
	queues.next++
	return fmt.Sprintf("%s-%d", t.Name(), queues.next)
}
