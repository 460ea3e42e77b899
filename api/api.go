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
	"picket/internal/propose"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/workshop"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

//go:embed openapi.yaml
var description []byte

// Reader is what the API reads. *store.Store is one.
type Reader interface {
	Alerts(ctx context.Context, f store.AlertFilter) ([]soc.Alert, string, error)
	GetAlert(ctx context.Context, id string) (soc.Alert, error)
	AlertNow(ctx context.Context, id string) (soc.Alert, error)
	Runs(ctx context.Context, f store.RunFilter) ([]soc.Run, string, error)
	GetRun(ctx context.Context, id string) (soc.Run, error)
	Approvals(ctx context.Context, f store.ApprovalFilter) ([]soc.Approval, string, error)
	GetApproval(ctx context.Context, id string) (soc.Approval, error)
	PlanByDigest(ctx context.Context, digest string) (store.Plan, error)
	Counts(ctx context.Context) (store.Counts, error)
	Activity(ctx context.Context, days int) ([]store.Day, error)
	ModelUsage(ctx context.Context, f store.UsageFilter) ([]store.Usage, error)
	Judgements(ctx context.Context, f store.JudgementFilter) ([]soc.Judgement, error)
}

// Queue is where alerts are closed, opened again and weighed. It refuses with Denied what a floor rule forbids.
type Queue interface {
	ChangeAlert(ctx context.Context, c soc.AlertChange) (soc.AlertState, error)
}

// Ledger is what the API reads of the ledger. *store.Store is one.
type Ledger interface {
	Entries(ctx context.Context, f store.Filter) ([]soc.LedgerEntry, error)
	RunEntries(ctx context.Context, runID string) ([]soc.LedgerEntry, error)
	Head(ctx context.Context) (store.Head, error)
	Changed() <-chan struct{}
}

// Decider keeps what a person decides: on an approval, a run, a playbook or a verdict. *store.Store is one.
type Decider interface {
	Decide(ctx context.Context, d soc.Decision) (soc.Decision, error)
	Vote(ctx context.Context, v soc.Vote, decide func(votes []soc.Vote) soc.Decision) (soc.Approval, error)
	CancelRun(ctx context.Context, runID, by, reason string) error
	Shadow(ctx context.Context, playbook string) (soc.ShadowSetting, error)
	SetShadow(ctx context.Context, set soc.ShadowSetting) (soc.ShadowSetting, error)
	Promote(ctx context.Context, playbook, by, reason string) error
	Judge(ctx context.Context, j soc.Judgement) (soc.Judgement, error)
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
	StartPlan(ctx context.Context, of soc.Run, p *plan.Plan, kind, by string) (soc.Run, error)
	Rerun(ctx context.Context, r RerunRequest) (soc.Run, error)
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
	Names() []string // of all that can be asked, sorted
	Status() []model.Status
	Budgets(ctx context.Context) ([]model.BudgetState, error)
}

// Archive answers archived histories by digest. *blob.Store is one.
type Archive interface {
	Get(ctx context.Context, digest string) ([]byte, error)
}

// Versions keeps the texts of playbooks that people write. *store.Store is one.
type Versions interface {
	SaveVersion(ctx context.Context, v soc.PlaybookVersion) (soc.PlaybookVersion, error)
	Versions(ctx context.Context, playbook string) ([]soc.PlaybookVersion, error)
	NewestVersions(ctx context.Context) ([]soc.PlaybookVersion, error)
	Version(ctx context.Context, playbook string, number int) (soc.PlaybookVersion, error)
	Publications(ctx context.Context, playbook string) ([]soc.Publication, error)
}

// Memory keeps what the organisation knows of entities. *store.Store is one.
type Memory interface {
	Facts(ctx context.Context, f store.FactFilter) ([]soc.Fact, error)
	GetFact(ctx context.Context, id string) (soc.Fact, error)
	ProposeFact(ctx context.Context, f soc.Fact) (soc.Fact, error)
	DecideFact(ctx context.Context, id, status, by, reason string) (soc.Fact, error)
}

// Press puts a version in the place of what runs. An error of kind soc.Invalid says that it does not compile, a
// soc.Conflict that a playbook that calls it would not.
type Press interface {
	Publish(ctx context.Context, p soc.Publication) (soc.Publication, error)
}

// Proposer lets a model write. *propose.Proposer is one.
type Proposer interface {
	Propose(ctx context.Context, r propose.Request, by string) (propose.Proposal, error)
}

// Playbook is a playbook as it stands. Plan is nil and Digest empty when it does not compile.
type Playbook struct {
	Name        string
	File        string
	Version     int  // the published version; 0 is the file
	Shipped     bool // there is a file of it
	Source      string
	Tests       string // in the form of *.test.yaml; "" for none
	Plan        *plan.Plan
	Digest      string
	Diagnostics []spec.Diagnostic
}

var (
	_ Reader     = (*store.Store)(nil)
	_ Ledger     = (*store.Store)(nil)
	_ Decider    = (*store.Store)(nil)
	_ Versions   = (*store.Store)(nil)
	_ Memory     = (*store.Store)(nil)
	_ Signer     = (*audit.Signer)(nil)
	_ Connectors = (*connector.Registry)(nil)
)

// Options are what a Server needs. Those without a comment that says otherwise are required.
type Options struct {
	Reader     Reader
	Queue      Queue
	Inspector  Inspector
	Ledger     Ledger
	Decider    Decider
	Signer     Signer
	Auth       *auth.Service
	Intake     Intake
	Connectors Connectors
	Archive    Archive
	Playbooks  func() []Playbook // sorted by name; called for each request, so it is cheap
	Agents     func() []Agent    // likewise
	Versions   Versions
	Memory     Memory
	Press      Press
	Workshop   *workshop.Workshop
	Proposer   Proposer
	Evaluator  Evaluator
	Asker      Asker
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
	engine    *gin.Engine
	sources   map[string]*hook
	tail      *tail
	web       *site
	verify    chan struct{} // one verification at a time
	trial     chan struct{} // one test or backtest at a time
	writing   chan struct{} // two proposals at a time
	measuring chan struct{} // one evaluation at a time
	started   *remembered   // answers to manual starts, by idempotency key
	undoing   sync.Mutex
	done      chan struct{}
	close     sync.Once
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
	s := &Server{Options: o, done: make(chan struct{}), verify: make(chan struct{}, 1), trial: make(chan struct{}, 1), writing: make(chan struct{}, maxWriting), measuring: make(chan struct{}, 1), started: newRemembered(o.Now)}
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
	in.GET("/activity", s.activity)
	in.GET("/search", s.search)
	in.GET("/alerts", s.listAlerts)
	in.GET("/alerts/:id", s.getAlert)
	in.POST("/alerts/:id/runs", s.startRun)
	in.POST("/alerts/:id/changes", s.changeAlert)
	in.GET("/runs", s.listRuns)
	in.GET("/runs/:id", s.getRun)
	in.POST("/runs/:id/cancel", s.cancelRun)
	in.POST("/runs/:id/undo", s.undoRun)
	in.POST("/runs/:id/recommended", s.askRecommended)
	in.POST("/runs/:id/ask-again", s.askAgain)
	in.GET("/runs/:id/feedback", s.listFeedback)
	in.PUT("/runs/:id/feedback", s.putFeedback)
	in.GET("/verdicts/accuracy", s.accuracy)
	in.GET("/verdicts/dataset", s.dataset)
	in.POST("/verdicts/measure", s.evaluate)
	in.GET("/runs/:id/steps", s.listSteps)
	in.GET("/runs/:id/ledger", s.listRunLedger)
	in.GET("/runs/:id/history", s.getHistory)
	in.GET("/runs/:id/events", s.listEvents)
	in.GET("/runs/:id/events/:number", s.getEvent)
	in.POST("/runs/:id/replay", s.checkReplay)
	in.POST("/runs/:id/rerun", s.rerun)
	in.GET("/runs/:id/evidence", s.getEvidence)
	in.GET("/runs/:id/case", s.getCase)
	in.GET("/runs/:id/plan", s.getRunPlan)
	in.GET("/approvals", s.listApprovals)
	in.GET("/approvals/:id", s.getApproval)
	in.POST("/approvals/:id/decision", s.decide)
	in.GET("/playbooks", s.listPlaybooks)
	in.GET("/playbooks/:name", s.getPlaybook)
	in.GET("/agents", s.listAgents)
	in.GET("/agents/:name", s.getAgent)
	in.POST("/agents/check", s.checkAgent)
	in.GET("/agents/:name/versions", s.listVersions)
	in.POST("/agents/:name/versions", s.saveVersion)
	in.GET("/agents/:name/versions/:number", s.getVersion)
	in.POST("/agents/:name/publish", s.publish)
	in.GET("/playbooks/:name/versions", s.listVersions)
	in.POST("/playbooks/:name/versions", s.saveVersion)
	in.GET("/playbooks/:name/versions/:number", s.getVersion)
	in.POST("/playbooks/:name/publish", s.publish)
	in.POST("/playbooks/:name/runs", s.startPlaybook)
	in.GET("/playbooks/:name/shadow", s.getShadow)
	in.PUT("/playbooks/:name/shadow", s.putShadow)
	in.POST("/playbooks/:name/promote", s.promote)
	in.GET("/playbooks/:name/shadow/report", s.shadowReport)
	in.POST("/playbooks/check", s.checkPlaybook)
	in.POST("/playbooks/compile", s.compilePlaybook)
	in.POST("/playbooks/diff", s.comparePlaybooks)
	in.POST("/playbooks/test", s.testPlaybook)
	in.POST("/playbooks/propose", s.proposePlaybook)
	in.POST("/playbooks/import", s.importPlaybook)
	in.POST("/playbooks/:name/backtest", s.backtestPlaybook)
	in.POST("/editor/analyse", s.analyse)
	in.POST("/editor/complete", s.complete)
	in.POST("/editor/hover", s.hover)
	in.POST("/editor/definition", s.definition)
	in.POST("/editor/references", s.references)
	in.POST("/editor/rename", s.rename)
	in.POST("/editor/format", s.format)
	in.GET("/schemas/:name", s.getSchema)
	in.GET("/diagnostics/:code", s.getDiagnostic)
	in.GET("/facts", s.listFacts)
	in.POST("/facts", s.proposeFact)
	in.POST("/facts/:id/decision", s.decideFact)
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
