package app

import (
	"context"
	"errors"
	"time"

	"picket/internal/backtest"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks"
	"picket/playbooks/library"
	"picket/playbooks/plan"
)

// BacktestRequest says which version of a playbook is run against the past of a data directory.
type BacktestRequest struct {
	Name       string          // of the playbook
	File       *playbooks.File // its new version; nil is the one of Playbooks, or the built-in one
	Playbooks  string          // directory of playbooks, "" for none
	Connectors string          // directory of connector manifests, "" for none
	Since      time.Time
	Limit      int
}

// Backtest runs a version of a playbook against the runs that a data directory has, whether an instance works on it or not.
func Backtest(ctx context.Context, dir string, r BacktestRequest) (report *backtest.Report, err error) {
	catalog, err := OfflineCatalog(r.Connectors)
	if err != nil {
		return nil, err
	}
	catalog.Connections = nil // those of the instance are not known here, and none is used
	options, err := backtestOptions(catalog, r)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, paths{dir}.database())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return backtest.Run(ctx, s, options)
}

// backtestOptions compiles the version that is tested, and all that it can call.
func backtestOptions(catalog *playbooks.Catalog, r BacktestRequest) (backtest.Options, error) {
	files, err := yamlFiles(r.Playbooks)
	if err != nil {
		return backtest.Options{}, err
	}
	if r.File != nil {
		if is := nameOf(r.File.Source); is != r.Name {
			return backtest.Options{}, soc.Errorf(soc.Invalid, "%s is the playbook %q, not %q", r.File.Name, is, r.Name)
		}
		files = append([]playbooks.File{*r.File}, files...)
	}
	own := map[string]bool{}
	kept := files[:0]
	for _, f := range files { // the first of a name counts
		if name := nameOf(f.Source); !own[name] || name == "" {
			own[name] = true
			kept = append(kept, f)
		}
	}
	for file, source := range library.Files() {
		if !own[nameOf(source)] {
			kept = append(kept, playbooks.File{Name: file, Source: source})
		}
	}
	options := backtest.Options{Callees: map[string]*plan.Plan{}, Catalog: catalog, Since: r.Since, Limit: r.Limit}
	for _, c := range playbooks.CompileSet(kept, catalog) {
		switch {
		case c.Plan != nil:
			options.Callees[c.Plan.Name] = c.Plan
		case nameOf(c.File.Source) == r.Name:
			return backtest.Options{}, soc.Errorf(soc.Invalid, "%s", mistakes(c))
		}
	}
	if options.Plan = options.Callees[r.Name]; options.Plan == nil {
		return backtest.Options{}, soc.Errorf(soc.NotFound, "there is no playbook %q; name its file with --file, or its directory with --playbooks", r.Name)
	}
	return options, nil
}
