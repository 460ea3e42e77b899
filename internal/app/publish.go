package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"picket/internal/soc"
	"picket/internal/store"
)

// press publishes versions of playbooks: from then on, runs are started with them. Those under way keep their plan.
type press struct {
	store     *store.Store
	library   *Library
	schedules *schedules
	log       *slog.Logger
}

// restore puts what people published in the place of files.
func (p *press) restore(ctx context.Context) error {
	publications, err := p.store.Publications(ctx, "")
	if err != nil {
		return err
	}
	var versions []soc.PlaybookVersion
	for _, is := range publications {
		if is.Version == 0 {
			continue
		}
		v, err := p.store.Version(ctx, is.Playbook, is.Version)
		if err != nil {
			return err
		}
		versions = append(versions, v)
	}
	p.library.Restore(versions)
	for _, a := range p.library.Agents() {
		if a.Digest == "" {
			p.log.WarnContext(ctx, "a published agent does not hold any more", "agent", a.Name, "version", a.Version, "error", firstError(a.Diagnostics))
		}
	}
	for _, book := range p.library.All() {
		if book.Plan == nil {
			p.log.WarnContext(ctx, "a published playbook does not compile any more; nothing starts it",
				"playbook", book.Name, "version", book.Version, "error", firstError(book.Diagnostics))
		}
	}
	return nil
}

// Publish publishes a version, or the file again for version 0. What is wrong with it changes nothing.
func (p *press) Publish(ctx context.Context, of soc.Publication) (soc.Publication, error) {
	v := soc.PlaybookVersion{Playbook: of.Playbook}
	if of.Version > 0 {
		var err error
		if v, err = p.store.Version(ctx, of.Playbook, of.Version); err != nil {
			return soc.Publication{}, err
		}
	}
	err := p.library.Change(v, func(changed []Playbook) error {
		for _, book := range changed {
			if err := keepPlan(ctx, p.store, book); err != nil {
				return err
			}
		}
		var err error
		of, err = p.store.Publish(ctx, of)
		return err
	})
	if err != nil {
		return soc.Publication{}, err
	}
	if err := p.schedules.sync(ctx, p.library); err != nil {
		return of, errors.Join(soc.Errorf(soc.Unavailable, "version %d runs, but its schedules could not be kept: publish it again", of.Version), fmt.Errorf("keep schedules: %w", err))
	}
	return of, nil
}

// keepPlan keeps a playbook's plan, so that a run's plan can be read after the playbook has changed.
func keepPlan(ctx context.Context, s *store.Store, p Playbook) error {
	if p.Plan == nil {
		return nil
	}
	text, err := p.Plan.Encode()
	if err != nil {
		return err
	}
	return s.SavePlan(ctx, store.Plan{Digest: p.Digest, Name: p.Name, Plan: text, Source: string(p.Source)})
}
