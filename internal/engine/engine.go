// Package engine is Temporal: a whole server inside this process on SQLite files, or a cluster that is dialled.
// Both give the same client: payloads are compressed and encrypted before they leave the process.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/temporal"
	"google.golang.org/protobuf/types/known/durationpb"

	namespacepb "go.temporal.io/api/namespace/v1"

	"picket/internal/soc"
)

const (
	// DefaultNamespace is where all runs of an install live.
	DefaultNamespace = "picket"
	// DefaultRetention is how long a closed run's history stays in Temporal. The archive keeps it longer; this must
	// exceed the worst outage of the exporter.
	DefaultRetention = 400 * 24 * time.Hour

	// startAttempts bounds how often other ports are tried when one was taken between choosing and listening.
	startAttempts = 5
	// stopTimeout bounds Stop: what was committed is safe, and the rest is repeated at the next start.
	stopTimeout = 5 * time.Second
	// startTimeout bounds how long a server that was just started may take to answer: about a second, but far more on a
	// machine that is busy.
	startTimeout = 2 * time.Minute
)

// Engine is a running Temporal server and a client of it. The owner of workers stops them before it stops the engine.
type Engine struct {
	client    client.Client
	hostPort  string
	namespace string
	dir       string
	server    temporal.Server
	files     files
	logger    *slog.Logger
	release   func()
	stopOnce  sync.Once
}

// Start runs a Temporal server on the SQLite files under o.Dir and returns when it serves. One process at a time
// may use a directory. Files of older versions are upgraded; an interrupted process's files are simply continued.
func Start(ctx context.Context, o Options) (*Engine, error) {
	o = o.withDefaults()
	if o.Dir == "" {
		return nil, soc.Errorf(soc.Invalid, "start temporal: no data directory given")
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, soc.Errorf(soc.Unavailable, "temporal's data directory can't be made: %w", err)
	}
	release, err := lockDir(filepath.Join(o.Dir, "lock"))
	if err != nil {
		return nil, err
	}
	e, err := start(ctx, o)
	if err != nil {
		release()
		return nil, err
	}
	e.release = release
	return e, nil
}

func start(ctx context.Context, o Options) (*Engine, error) {
	codec, err := codecFor(o, true)
	if err != nil {
		return nil, err
	}
	files, err := openFiles(ctx, o.Dir, o.Namespace, o.Retention)
	if err != nil {
		return nil, err
	}
	token, err := newToken()
	if err != nil {
		return nil, err
	}
	var server temporal.Server
	var at ports
	for attempt := 1; ; attempt++ {
		if at, err = choosePorts(ctx, o.Port); err != nil {
			return nil, err
		}
		if server, err = serve(o, files, at, token); err == nil {
			break
		}
		if attempt == startAttempts || !isAddressInUse(err) || ctx.Err() != nil {
			return nil, soc.Errorf(soc.Unavailable, "start temporal in %s: %w", o.Dir, err)
		}
	}
	e := &Engine{server: server, files: files, hostPort: at.frontendAddress(), namespace: o.Namespace, dir: o.Dir, logger: o.Logger, release: func() {}}
	o.HostPort = e.hostPort
	options := o.clientOptions(codec)
	options.HeadersProvider = token
	options.ConnectionOptions.GetSystemInfoTimeout = startTimeout
	if e.client, err = client.DialContext(ctx, options); err != nil {
		e.Stop()
		return nil, soc.Errorf(soc.Unavailable, "reach the temporal server just started: %w", err)
	}
	if err := e.keepRetention(ctx, o.Retention); err != nil {
		e.Stop()
		return nil, err
	}
	return e, nil
}

// keepRetention makes the namespace's retention what it shall be: a file made by another version may have its own.
func (e *Engine) keepRetention(ctx context.Context, want time.Duration) error {
	service := e.client.WorkflowService()
	now, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: e.namespace})
	if err != nil {
		return soc.Errorf(soc.Unavailable, "read temporal's namespace %s: %w", e.namespace, err)
	}
	if now.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() == want {
		return nil
	}
	_, err = service.UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: e.namespace,
		Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(want)},
	})
	if err != nil {
		return soc.Errorf(soc.Unavailable, "set the retention of temporal's namespace %s: %w", e.namespace, err)
	}
	return nil
}

// Client is the engine's client. It is closed by Stop.
func (e *Engine) Client() client.Client { return e.client }

// HostPort is where the server listens, on loopback; calls without the engine's own token are refused.
func (e *Engine) HostPort() string { return e.hostPort }

// Namespace is the namespace that the client works in.
func (e *Engine) Namespace() string { return e.namespace }

// Dir is where the server's files and keys are.
func (e *Engine) Dir() string { return e.dir }

// Stop ends the client and the server within a few seconds. Workers must have been stopped before.
func (e *Engine) Stop() {
	e.stopOnce.Do(func() {
		if e.client != nil {
			e.client.Close()
		}
		done := make(chan error, 1)
		go func() { done <- e.server.Stop() }()
		timer := time.NewTimer(stopTimeout)
		defer timer.Stop()
		select {
		case err := <-done:
			err = errors.Join(err, storage.closeFiles(e.files))
			if err != nil && !errors.Is(err, context.Canceled) {
				e.logger.Warn("temporal did not stop cleanly", "error", err)
			}
		case <-timer.C:
			e.logger.Warn("temporal did not stop in time; its files are safe", "timeout", stopTimeout)
		}
		e.release()
	})
}
