// Package api is Picket's REST API and the server of its web UI. Handlers decode, authorise, call and encode; what they
// call is given in Options. openapi.yaml is the API's description and is tested against the routes and the answers.
package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"picket/internal/audit"
	"picket/internal/auth"
	"picket/internal/connector"
	"picket/internal/ingest"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

//go:embed openapi.yaml
var description []byte

// Reader is what the API reads. *store.Store is one.
type Reader interface {
	Alerts(ctx context.Context, f store.AlertFilter) ([]soc.Alert, string, error)
	GetAlert(ctx context.Context, id string) (soc.Alert, error)
	Runs(ctx context.Context, f store.RunFilter) ([]soc.Run, string, error)
	GetRun(ctx context.Context, id string) (soc.Run, error)
	Approvals(ctx context.Context, f store.ApprovalFilter) ([]soc.Approval, string, error)
	GetApproval(ctx context.Context, id string) (soc.Approval, error)
	PlanByDigest(ctx context.Context, digest string) (store.Plan, error)
	Counts(ctx context.Context) (store.Counts, error)
	ModelUsage(ctx context.Context, f store.UsageFilter) ([]store.Usage, error)
}

// Ledger is what the API reads of the ledger. *store.Store is one.
type Ledger interface {
	Entries(ctx context.Context, f store.Filter) ([]soc.LedgerEntry, error)
	RunEntries(ctx context.Context, runID string) ([]soc.LedgerEntry, error)
	Head(ctx context.Context) (store.Head, error)
	Changed() <-chan struct{}
}

// Decider keeps what a person decides: on an approval, a run or a playbook. *store.Store is one.
type Decider interface {
	Decide(ctx context.Context, d soc.Decision) (soc.Decision, error)
	Vote(ctx context.Context, v soc.Vote, decide func(votes []soc.Vote) soc.Decision) (soc.Approval, error)
	CancelRun(ctx context.Context, runID, by, reason string) error
	Shadow(ctx context.Context, playbook string) (soc.ShadowSetting, error)
	SetShadow(ctx context.Context, set soc.ShadowSetting) (soc.ShadowSetting, error)
	Promote(ctx context.Context, playbook, by, reason string) error
}

// Signer signs decisions and votes. *audit.Signer is one.
type Signer interface {
	Sign(d soc.Decision) soc.Decision
	SignVote(v soc.Vote) soc.Vote
}

// Intake accepts alerts and starts runs. The alerts of one request are accepted together or not at all, and the answer
// has one result for each, in their order. A request id that came before gets the answer that it got then, and is a
// Conflict with another body digest.
type Intake interface {
	Accept(ctx context.Context, source string, alerts []ingest.Normalised, requestID, bodyDigest string) ([]store.AcceptResult, error)
	StartRun(ctx context.Context, r StartRequest) (soc.Run, error)
	StartUndo(ctx context.Context, of soc.Run, p *plan.Plan, by string) (soc.Run, error)
}

// StartRequest is a run that somebody wants; its inputs have been checked.
type StartRequest struct {
	Playbook string
	Alert    *soc.Alert // nil for none
	Inputs   json.RawMessage
	By       string
}

// Connectors lists operations and connections. *connector.Registry is one.
type Connectors interface {
	Operations() []connector.Operation
	Connections() []connector.ConnectionInfo
}

// Models tells how the providers of models do, and how far their budgets are spent.
type Models interface {
	Default() []string
	Status() []model.Status
	Budgets(ctx context.Context) ([]model.BudgetState, error)
}

// Archive answers archived histories by digest. *blob.Store is one.
type Archive interface {
	Get(ctx context.Context, digest string) ([]byte, error)
}

// Playbook is a playbook as it stands. Plan is nil and Digest empty when it does not compile.
type Playbook struct {
	Name        string
	File        string
	Source      string
	Plan        *plan.Plan
	Digest      string
	Diagnostics []spec.Diagnostic
}

var (
	_ Reader     = (*store.Store)(nil)
	_ Ledger     = (*store.Store)(nil)
	_ Decider    = (*store.Store)(nil)
	_ Signer     = (*audit.Signer)(nil)
	_ Connectors = (*connector.Registry)(nil)
)

// Options are what a Server needs. Those without a comment that says otherwise are required.
type Options struct {
	Reader     Reader
	Ledger     Ledger
	Decider    Decider
	Signer     Signer
	Auth       *auth.Service
	Intake     Intake
	Connectors Connectors
	Archive    Archive
	Playbooks  func() []Playbook                                                // sorted by name; called for each request, so it is cheap
	Compile    func(file string, source []byte) (*plan.Plan, []spec.Diagnostic) // the plan is nil iff a diagnostic is an error
	Verify     func(ctx context.Context) (audit.Report, error)

	Models        Models                             // nil is none
	Sources       []Source                           // the hooks; none is allowed
	Ready         func(ctx context.Context) []string // what keeps it from working, in words fit for anybody; nil is always ready
	Web           fs.FS                              // the built UI (web.FS); nil is none
	SandboxURL    string                             // connections to it are marked; empty is none
	Demo          bool                               // shown to everybody
	Version       string
	SecureCookies bool             // the service is reached over TLS only
	Heartbeat     time.Duration    // of streams, and how soon one ends after its session; 15 s if 0
	Log           *slog.Logger     // nil discards
	Now           func() time.Time // nil is time.Now
}

// Server is the API. Its Handler may be served as soon as it is made; Close ends the streams of events.
type Server struct {
	Options
	engine  *gin.Engine
	sources map[string]*hook
	tail    *tail
	web     *site
	verify  chan struct{} // one verification at a time
	started *remembered   // answers to manual starts, by idempotency key
	undoing sync.Mutex
	done    chan struct{}
	close   sync.Once
}

var releaseMode = sync.OnceFunc(func() { gin.SetMode(gin.ReleaseMode) })

// New makes a Server. An error says what is wrong with a source or with the UI.
func New(o Options) (*Server, error) {
	releaseMode()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = defaultBeat
	}
	s := &Server{Options: o, done: make(chan struct{}), verify: make(chan struct{}, 1), started: newRemembered(o.Now)}
	s.tail = newTail(o.Ledger, s.done, o.Log)
	var err error
	if s.sources, err = newHooks(o.Sources); err != nil {
		return nil, err
	}
	if s.web, err = newSite(o.Web); err != nil {
		return nil, err
	}
	s.engine = s.routes()
	return s, nil
}

// Handler answers every request to the service.
func (s *Server) Handler() http.Handler { return s.engine }

// Close ends the streams of events, which would keep an http.Server's Shutdown waiting: register it with
// RegisterOnShutdown.
func (s *Server) Close() { s.close.Do(func() { close(s.done) }) }

// routes is the table of what is answered by whom.
func (s *Server) routes() *gin.Engine {
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.ForwardedByClientIP = false // no header says who the peer is
	r.Use(s.frame)
	r.NoRoute(s.elsewhere)
	r.NoMethod(func(c *gin.Context) { s.problem(c, http.StatusMethodNotAllowed, "") })

	r.GET("/healthz", s.health)
	v1 := r.Group("/v1")
	v1.GET("/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", description) })
	v1.POST("/hooks/:source", s.postHook)
	v1.GET("/session", s.getSession)
	v1.POST("/session", s.sameOrigin, s.signIn)
	v1.POST("/session/setup", s.sameOrigin, s.setUp)

	in := v1.Group("", s.authenticate)
	in.DELETE("/session", s.signOut)
	in.GET("/counts", s.counts)
	in.GET("/alerts", s.listAlerts)
	in.GET("/alerts/:id", s.getAlert)
	in.POST("/alerts/:id/runs", s.startRun)
	in.GET("/runs", s.listRuns)
	in.GET("/runs/:id", s.getRun)
	in.POST("/runs/:id/cancel", s.cancelRun)
	in.POST("/runs/:id/undo", s.undoRun)
	in.GET("/runs/:id/steps", s.listSteps)
	in.GET("/runs/:id/ledger", s.listRunLedger)
	in.GET("/runs/:id/history", s.getHistory)
	in.GET("/runs/:id/plan", s.getRunPlan)
	in.GET("/approvals", s.listApprovals)
	in.GET("/approvals/:id", s.getApproval)
	in.POST("/approvals/:id/decision", s.decide)
	in.GET("/playbooks", s.listPlaybooks)
	in.GET("/playbooks/:name", s.getPlaybook)
	in.POST("/playbooks/:name/runs", s.startPlaybook)
	in.GET("/playbooks/:name/shadow", s.getShadow)
	in.PUT("/playbooks/:name/shadow", s.putShadow)
	in.POST("/playbooks/:name/promote", s.promote)
	in.GET("/playbooks/:name/shadow/report", s.shadowReport)
	in.POST("/playbooks/check", s.checkPlaybook)
	in.POST("/playbooks/compile", s.compilePlaybook)
	in.GET("/diagnostics/:code", s.getDiagnostic)
	in.GET("/connections", s.listConnections)
	in.GET("/operations", s.listOperations)
	in.GET("/models", s.listModels)
	in.GET("/models/usage", s.modelUsage)
	in.GET("/audit/verify", s.verifyAudit)
	in.POST("/audit/verify", s.verifyAudit)
	in.GET("/events", s.events)
	return r
}

func (s *Server) health(c *gin.Context) {
	var problems []string
	if s.Ready != nil {
		problems = s.Ready(c.Request.Context())
	}
	body := struct {
		Status   string   `json:"status"`
		Version  string   `json:"version"`
		Problems []string `json:"problems,omitempty"`
	}{"ok", s.Version, problems}
	status := http.StatusOK
	if len(problems) > 0 {
		body.Status, status = "failing", http.StatusServiceUnavailable
	}
	answer(c, status, body)
}
