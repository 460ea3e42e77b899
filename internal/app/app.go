// Package app wires options to a running program: store, engine, workers, API and, for the demo, the sandbox.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"picket/activities"
	"picket/api"
	"picket/internal/audit"
	"picket/internal/auth"
	"picket/internal/blob"
	"picket/internal/connector"
	"picket/internal/connector/intel"
	"picket/internal/contract"
	"picket/internal/engine"
	"picket/internal/ingest"
	"picket/internal/mcpserver"
	"picket/internal/model"
	"picket/internal/propose"
	"picket/internal/secret"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/workshop"
	"picket/web"
)

// Options are what `picket serve` is told.
type Options struct {
	Data          string // directory that holds everything
	Listen        string // HOST:PORT; port 0 takes a free one
	Demo          bool
	ConfigFile    string // "" is picket.yaml in Data, if there is one
	PlaybooksDir  string
	NoLibrary     bool // only the playbooks of PlaybooksDir run
	ConnectorsDir string
	Database      string // "" is SQLite in Data; or postgres://...
	AdminToken    string // becomes an admin's API token
	Version       string
	Out           io.Writer // what people are told
	Log           *slog.Logger
}

// DefaultOptions serve on loopback, from a directory beside.
func DefaultOptions() Options {
	return Options{Data: "picket-data", Listen: "127.0.0.1:8080", Out: os.Stdout, Log: slog.Default()}
}

const (
	// deadlocked is how long workflow code may work on end before it counts as stuck: a task that decodes many large
	// outputs on a busy machine is not.
	deadlocked = 10 * time.Second
	// stopTimeout bounds each part of stopping; what is under way after it goes on at the next start.
	stopTimeout = 3 * time.Second
	// intelRefresh is how often indicator lists are looked at for changes.
	intelRefresh = 30 * time.Second
)

// App is a running instance.
type App struct {
	options  Options
	paths    paths
	store    *store.Store
	queue    queue
	registry *connector.Registry
	library  *Library
	press    *press
	intake   *Intake
	auth     *auth.Service
	temporal client.Client
	listener net.Listener
	sandbox  string   // the sandbox's URL, "" without --demo
	token    string   // the demo's hook token
	undo     []func() // what stops each part, in the order they were started
}

// Run starts an instance, tells people what to do, and serves until ctx ends.
func Run(ctx context.Context, o Options) error {
	a, err := Start(ctx, o)
	if err != nil {
		return err
	}
	defer a.Stop()
	if err := a.greet(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	fmt.Fprintln(o.Out, "stopping; open runs go on at the next start")
	return nil
}

// Start brings everything up and returns when the API answers.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{options: o, paths: paths{o.Data}}
	if err := a.start(ctx); err != nil {
		a.Stop()
		return nil, err
	}
	return a, nil
}

// Stop ends everything within seconds, last started first.
func (a *App) Stop() {
	for _, undo := range slices.Backward(a.undo) {
		undo()
	}
	a.undo = nil
}

// Addr is where the API listens.
func (a *App) Addr() string { return a.listener.Addr().String() }

func (a *App) deferred(undo func()) { a.undo = append(a.undo, undo) }

func (a *App) start(ctx context.Context) error {
	unlock, err := lock(a.options.Data)
	if err != nil {
		return err
	}
	a.deferred(unlock)
	if err := a.listen(); err != nil {
		return err
	}
	config, err := a.config()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(a.paths.keys(), 0o700); err != nil {
		return soc.Errorf(soc.Invalid, "the data directory %s is not writable: %v; choose another with --data", a.options.Data, plainError(err))
	}
	signer, err := audit.OpenSigner(a.paths.keys())
	if err != nil {
		return err
	}
	if a.store, err = store.Open(ctx, a.database(), store.WithHeadSigner(signer.SignHead)); err != nil {
		return err
	}
	a.deferred(func() { a.complain("close the database", a.store.Close()) })
	if a.options.Database == "" {
		if err := a.store.ReleaseOutbox(ctx); err != nil { // the lock says that we are alone
			return err
		}
	}
	a.queue = queue{a.store, floors{config.Floors, a.store}}
	if err := a.connect(ctx, config); err != nil {
		return err
	}
	if a.library, err = LoadLibrary(a.options.PlaybooksDir, !a.options.NoLibrary, workshop.Catalog(a.registry)); err != nil {
		return err
	}
	a.press = &press{store: a.store, library: a.library, log: a.options.Log}
	if err := a.press.restore(ctx); err != nil {
		return err
	}
	if err := a.keepPlans(ctx); err != nil {
		return err
	}
	blobs, err := blob.Open(a.paths.blobs())
	if err != nil {
		return err
	}
	models, err := newModels(config.Models)
	if err != nil {
		return err
	}
	models.budget = model.NewBudget(config.Models.Budgets.budgets(), spending(a.store), time.Now)
	pace := newAdmission()
	a.intake = &Intake{store: a.store, library: a.library, pace: pace, log: a.options.Log}
	if err := a.work(ctx, &activities.Activities{
		Ledger: a.store, Desk: a.store, Runs: a.store, Start: a.intake, Caller: a.registry, Signer: signer, Models: models, Budget: models.budget,
		Calibrator: &calibrator{store: a.store}, MaskBenign: config.Models.MaskBenign,
		Floors: a.queue.floors, Agents: agents{a.store},
		Policies: closing{config.Closing, a.queue.floors, a.store, time.Now},
		Now:      time.Now, Settled: pace.settled,
	}, blobs); err != nil {
		return err
	}
	a.auth = auth.New(a.store, auth.Options{})
	if a.options.AdminToken != "" {
		if err := a.auth.EnsureAdminToken(ctx, a.options.AdminToken); err != nil {
			return err
		}
	}
	if a.options.Demo {
		if err := a.postSamples(ctx); err != nil {
			return err
		}
	}
	return a.serve(config, signer, blobs, models)
}

func (a *App) database() string {
	if a.options.Database != "" {
		return a.options.Database
	}
	return a.paths.database()
}

func (a *App) listen() error {
	l, err := net.Listen("tcp", a.options.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return soc.Errorf(soc.Conflict, "%s is taken by another program; choose another port with --listen, or 127.0.0.1:0 for a free one", a.options.Listen)
	case err != nil:
		return soc.Errorf(soc.Invalid, "can't listen on %s: %v; choose HOST:PORT with --listen", a.options.Listen, err)
	}
	a.listener = l
	a.deferred(func() { _ = l.Close() })
	return nil
}

// config reads the configuration file; the demo adds what it brings along.
func (a *App) config() (Config, error) {
	path := a.options.ConfigFile
	if path == "" {
		if _, err := os.Stat(a.paths.config()); errors.Is(err, fs.ErrNotExist) {
			return Config{}, nil
		}
		path = a.paths.config()
	}
	return LoadConfig(path)
}

// connect loads the connectors and configures the connections, the sandbox's among them.
func (a *App) connect(ctx context.Context, config Config) error {
	options := connector.Options{
		Dirs: dirs(a.options.ConnectorsDir), KEV: config.Intel.KEV, Clouds: config.Intel.Clouds, GeoIP: config.Intel.GeoIP,
		Intel: intel.Options{Sample: a.options.Demo}, Memory: a.store,
		Alerts: a.queue,
	}
	for _, path := range config.Intel.Lists {
		options.Intel.Sources = append(options.Intel.Sources, intel.Source{Path: path})
	}
	registry, err := connector.New(options)
	if err != nil {
		return err
	}
	a.registry = registry
	for _, c := range config.Connections {
		secrets := map[string]connector.Secret{}
		for name, value := range c.Secrets {
			secrets[name] = secret.New(value)
		}
		if err := registry.AddConnection(connector.Connection{
			Name: c.Name, Connector: c.Connector, BaseURL: c.BaseURL, Settings: c.Settings, Secrets: secrets, AllowPrivate: c.AllowPrivate,
		}); err != nil {
			return err
		}
	}
	if err := a.addMCP(ctx, config.MCP); err != nil {
		return err
	}
	if a.options.Demo {
		if err := a.startSandbox(ctx); err != nil {
			return err
		}
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.deferred(stop)
	go registry.Watch(watching, intelRefresh, func(err error) { a.options.Log.Warn("indicator lists", "error", err) })
	return nil
}

// keepPlans keeps the plan of every playbook.
func (a *App) keepPlans(ctx context.Context) error {
	for _, p := range a.library.All() {
		if err := keepPlan(ctx, a.store, p); err != nil {
			return err
		}
	}
	return nil
}

// work starts Temporal, the workers and the dispatcher of the outbox.
func (a *App) work(ctx context.Context, acts *activities.Activities, blobs *blob.Store) error {
	server, err := engine.Start(ctx, engine.Options{
		Dir: a.paths.temporal(), KeyFile: a.paths.payloadKeys(), Blobs: blobs, Logger: a.options.Log,
	})
	if err != nil {
		return err
	}
	a.deferred(server.Stop)
	a.temporal = server.Client()
	for _, queue := range []string{contract.QueueWorkflow, contract.QueueSlow, contract.QueueConsequential} {
		w := worker.New(a.temporal, queue, worker.Options{
			WorkerStopTimeout:        stopTimeout,
			DisableWorkflowWorker:    queue != contract.QueueWorkflow,
			DeadlockDetectionTimeout: deadlocked,
		})
		if queue == contract.QueueWorkflow {
			RegisterWorkflows(w)
		}
		acts.Register(w)
		if err := w.Start(); err != nil {
			return fmt.Errorf("start the worker of %s: %w", queue, err)
		}
		a.deferred(w.Stop)
	}
	d := &dispatcher{
		store: a.store, temporal: a.temporal, log: a.options.Log, eager: true,
		archive: archiver{temporal: a.temporal, blobs: blobs},
	}
	dispatching, stop := context.WithCancel(context.WithoutCancel(ctx))
	var ended sync.WaitGroup
	ended.Go(func() { d.run(dispatching) })
	a.deferred(func() { stop(); ended.Wait() })
	a.press.schedules = &schedules{temporal: a.temporal.ScheduleClient(), store: a.store}
	return a.press.schedules.sync(ctx, a.library)
}

// serve begins to answer HTTP.
func (a *App) serve(config Config, signer *audit.Signer, blobs *blob.Store, models *modelProviders) error {
	ui, err := web.FS()
	if err != nil {
		a.options.Log.Warn("the web UI is not built in", "error", err)
	}
	shop := &workshop.Workshop{Catalog: a.library.Catalog, Library: a.library.Files, Connectors: a.registry, Records: a.store}
	server, err := api.New(api.Options{
		Reader: a.store, Queue: a.queue,
		Inspector: &inspector{store: a.store, blobs: blobs, keysFile: a.paths.payloadKeys(), temporal: a.temporal}, Ledger: a.store, Decider: a.store, Signer: signer, Auth: a.auth, Intake: a.intake,
		Connectors: a.registry, Archive: blobs, Models: models,
		Playbooks: a.playbooks, Agents: a.agents, Versions: a.store, Press: a.press, Memory: a.store,
		Workshop: shop, Evaluator: &evaluator{a.store, models}, Asker: &asker{a.store, models}, Proposer: &propose.Proposer{Shop: shop, Models: models, Budget: models.budget, Ledger: a.store, Now: time.Now},
		Verify: func(ctx context.Context) (audit.Report, error) {
			return audit.Verify(ctx, a.store, audit.WithArchive(blobs), audit.WithSigner(signer))
		},
		Sources: a.sources(config), Web: ui, SandboxURL: a.sandbox, Demo: a.options.Demo, Version: a.options.Version, Log: a.options.Log,
		Ready: func(ctx context.Context) []string {
			if err := a.store.Ping(ctx); err != nil {
				return []string{"the database does not answer"}
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	rooms := http.NewServeMux()
	rooms.Handle("/", server.Handler())
	rooms.Handle("/mcp", mcpserver.New(server.Handler(), a.options.Version, a.options.Log))
	listener := &http.Server{
		Handler:           rooms,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.options.Log.Handler(), slog.LevelDebug),
	}
	listener.RegisterOnShutdown(server.Close)
	go func() {
		if err := listener.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			a.options.Log.Error("the API stopped", "error", err)
		}
	}()
	a.deferred(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if err := listener.Shutdown(ctx); err != nil {
			_ = listener.Close()
		}
	})
	return nil
}

func (a *App) agents() []api.Agent {
	var out []api.Agent
	for _, is := range a.library.Agents() {
		out = append(out, api.Agent{
			Name: is.Name, File: is.File, Version: is.Version, Shipped: is.Shipped, Source: string(is.Source), Digest: is.Digest, Diagnostics: is.Diagnostics,
		})
	}
	return out
}

func (a *App) playbooks() []api.Playbook {
	all := a.library.All()
	out := make([]api.Playbook, len(all))
	for i, p := range all {
		out[i] = api.Playbook{
			Name: p.Name, File: p.File, Version: p.Version, Shipped: p.Shipped, Source: string(p.Source), Tests: string(p.Tests),
			Plan: p.Plan, Digest: p.Digest, Diagnostics: p.Diagnostics,
		}
	}
	return out
}

// sources are the configured hooks; the demo has one of each kind.
func (a *App) sources(config Config) []api.Source {
	var sources []api.Source
	for name, s := range config.Sources {
		sources = append(sources, api.Source{
			Source: ingest.Source{Name: name, Kind: s.Kind, Mapping: s.Mapping},
			Token:  s.Token, HMACSecret: s.HMACSecret, ReplayWindow: s.ReplayWindow, Rate: s.RatePerSecond,
		})
	}
	if !a.options.Demo {
		return sources
	}
	for _, kind := range []ingest.Kind{ingest.Generic, ingest.Wazuh, ingest.Defender, ingest.GuardDuty} {
		if _, configured := config.Sources[string(kind)]; !configured {
			sources = append(sources, api.Source{Source: ingest.Source{Name: string(kind), Kind: kind}, Token: a.token})
		}
	}
	return sources
}

func (a *App) complain(doing string, err error) {
	if err != nil {
		a.options.Log.Error(doing, "error", err)
	}
}
