package app

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"picket/internal/audit"
	"picket/internal/auth"
	"picket/internal/blob"
	"picket/internal/connector"
	"picket/internal/contract"
	"picket/internal/runview"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/workshop"
	"picket/playbooks"
	"picket/workflows"
)

// OfflineCatalog is what the compiler knows without an instance: the connectors. Connections are not checked.
func OfflineCatalog(connectorsDir string) (*playbooks.Catalog, error) {
	registry, err := connector.New(connector.Options{Dirs: dirs(connectorsDir)})
	if err != nil {
		return nil, err
	}
	catalog := workshop.Catalog(registry)
	catalog.Connections = nil // which ones there are is the instance's to say
	return catalog, nil
}

func dirs(dir string) []string {
	if dir == "" {
		return nil
	}
	return []string{dir}
}

// RunView is a run as the command line shows it.
type RunView struct {
	Run     soc.Run           `json:"run"`
	Steps   []runview.Step    `json:"steps"`
	Entries []soc.LedgerEntry `json:"entries"`
}

// ShowRun reads a run from a data directory, whether an instance works on it or not.
func ShowRun(ctx context.Context, dir, id string) (view RunView, err error) {
	s, err := store.Open(ctx, paths{dir}.database())
	if err != nil {
		return RunView{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if view.Run, err = s.GetRun(ctx, id); err != nil {
		return RunView{}, err
	}
	kept, err := s.PlanByDigest(ctx, view.Run.PlanDigest)
	if err != nil {
		return RunView{}, err
	}
	p, err := kept.Decode()
	if err != nil {
		return RunView{}, err
	}
	if view.Entries, err = s.RunEntries(ctx, id); err != nil {
		return RunView{}, err
	}
	view.Steps = runview.Steps(p, view.Run, view.Entries)
	return view, nil
}

// ReplayRun replays everything that a run's archive has against this version's interpreter.
func ReplayRun(ctx context.Context, dir, id string) (kept archived, err error) {
	s, err := store.Open(ctx, paths{dir}.database())
	if err != nil {
		return archived{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	run, err := s.GetRun(ctx, id)
	if err != nil {
		return archived{}, err
	}
	blobs, err := blob.Open(paths{dir}.blobs())
	if err != nil {
		return archived{}, err
	}
	i := &inspector{store: s, blobs: blobs, keysFile: paths{dir}.payloadKeys()}
	_, kept, err = i.replay(ctx, run)
	return kept, err
}

// WorkflowRegistry takes workflows: a worker or a replayer.
type WorkflowRegistry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// RegisterWorkflows makes the workflows known under their names in the contract.
func RegisterWorkflows(r WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(workflows.Playbook, workflow.RegisterOptions{Name: contract.WorkflowPlaybook})
	r.RegisterWorkflowWithOptions(workflows.Loop, workflow.RegisterOptions{Name: contract.WorkflowLoop})
	r.RegisterWorkflowWithOptions(workflows.Scheduled, workflow.RegisterOptions{Name: contract.WorkflowScheduled})
}

// VerifyLedger checks the chain and the archive of a data directory.
func VerifyLedger(ctx context.Context, dir string) (report audit.Report, err error) {
	s, err := store.Open(ctx, paths{dir}.database())
	if err != nil {
		return audit.Report{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	blobs, err := blob.Open(paths{dir}.blobs())
	if err != nil {
		return audit.Report{}, err
	}
	signer, err := audit.OpenSigner(paths{dir}.keys())
	if err != nil {
		return audit.Report{}, err
	}
	return audit.Verify(ctx, s, audit.WithArchive(blobs), audit.WithSigner(signer))
}

// AddUser adds a person, who chooses a password with the answered one-time code.
func AddUser(ctx context.Context, dir, name string, roles []string) (code string, err error) {
	signer, err := audit.OpenSigner(paths{dir}.keys())
	if err != nil {
		return "", err
	}
	s, err := store.Open(ctx, paths{dir}.database(), store.WithHeadSigner(signer.SignHead))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return auth.New(s, auth.Options{}).Invite(ctx, name, roles)
}

// AddToken makes an API token of a user, with the user's own permissions. It ends after so long, and with the user.
func AddToken(ctx context.Context, dir, user, name string, lasts time.Duration) (token string, err error) {
	s, err := store.Open(ctx, paths{dir}.database())
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	account, _, err := s.UserByName(ctx, user)
	if err != nil {
		return "", err
	}
	return auth.New(s, auth.Options{}).NewToken(ctx, account.ID, name, time.Now().Add(lasts))
}
