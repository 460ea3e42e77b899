package app

import (
	"context"
	"errors"
	"io"

	"picket/internal/backtest"
	"picket/internal/eval"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
)

// ModelProvider builds one of the configured providers, outside of a running Picket; "" is the default.
func ModelProvider(c ModelsConfig, name string) (model.Provider, error) {
	models, err := newModels(c)
	if err != nil {
		return nil, err
	}
	return models.Provider(name)
}

// judged is where judged alerts are found, with what the playbooks had gathered.
func judged(s *store.Store) eval.Records {
	return eval.Records{Alert: s.GetAlert, Gathered: func(ctx context.Context, j soc.Judgement) ([]soc.Evidence, []string, error) {
		return backtest.Gathered(ctx, s, s, j)
	}}
}

// JudgedAlerts writes the alerts of a data directory on whose verdicts people have had their say, as a data set.
func JudgedAlerts(ctx context.Context, dir string, w io.Writer) (err error) {
	s, err := store.Open(ctx, paths{dir}.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	list, err := s.Judgements(ctx, store.JudgementFilter{})
	if err != nil {
		return err
	}
	return eval.Export(ctx, w, list, judged(s))
}
