package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"picket/internal/backtest"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/workshop"
	"picket/playbooks"
	"picket/playbooks/library"
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
	files, err := r.files()
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, paths{dir}.database())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	shop := workshop.Workshop{Catalog: func() *playbooks.Catalog { return catalog }, Library: func() []playbooks.File { return files[1:] }, Records: s}
	return shop.Backtest(ctx, files[0], r.Since, r.Limit)
}

// files are the version that is tested, and then all that it can call; the first of a name counts.
func (r BacktestRequest) files() ([]playbooks.File, error) {
	files, err := yamlFiles(r.Playbooks)
	if err != nil {
		return nil, err
	}
	if r.File != nil {
		if is := playbooks.NameOf(r.File.Source); is != r.Name {
			return nil, soc.Errorf(soc.Invalid, "%s is the playbook %q, not %q", r.File.Name, is, r.Name)
		}
		files = append([]playbooks.File{*r.File}, files...)
	}
	shipped := library.Files()
	for _, file := range slices.Sorted(maps.Keys(shipped)) {
		files = append(files, playbooks.File{Name: file, Source: shipped[file]})
	}
	byName := map[string]bool{}
	files = slices.DeleteFunc(files, func(f playbooks.File) bool {
		name := playbooks.NameOf(f.Source)
		again := byName[name] && name != ""
		byName[name] = true
		return again
	})
	at := slices.IndexFunc(files, func(f playbooks.File) bool { return playbooks.NameOf(f.Source) == r.Name })
	if at < 0 {
		return nil, soc.Errorf(soc.NotFound, "there is no playbook %q; name its file with --file, or its directory with --playbooks", r.Name)
	}
	return slices.Concat(files[at:at+1], files[:at], files[at+1:]), nil
}
