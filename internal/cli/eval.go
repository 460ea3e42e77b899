package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"picket/internal/app"
	"picket/internal/eval"
	"picket/internal/soc"
)

type evalFlags struct {
	source, provider, against, config, output, data string
	split                                           float64
	seed                                            uint64
	repeats, concurrency, limit                     int
	inject, asJSON                                  bool
}

func newEval(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "eval [DATASET]",
		Short: "Measure how well a provider judges labelled alerts",
		Long: `Measure how well a provider judges labelled alerts: a file in JSON Lines, - for the standard input, or without one the
Wazuh alerts that come with Picket. Each line is

  {"alert": {...}, "source": "wazuh", "label": "false_positive", "group": "host-7"}

where the alert is as its source posts it. Next to every figure stand its interval, the majority class and a severity
threshold. The builtin provider calls nothing; others are called as the configuration says, and cost what they cost.`,
		Example: `  picket eval
  picket eval alerts.jsonl --source wazuh --split 0.5 --seed 1 --repeats 3 --inject
  picket eval --data picket-data --provider gemini --config picket.yaml
  picket eval alerts.jsonl --provider gemini --against builtin --config picket.yaml --json`,
		Args: usage(cobra.MaximumNArgs(1)),
	}
	var o evalFlags
	flags := cmd.Flags()
	flags.StringVar(&o.source, "source", "wazuh", "kind of the alerts in lines that name none: generic, wazuh, defender or guardduty")
	flags.StringVar(&o.data, "data", "", "measure the alerts that people have judged in this data directory")
	flags.StringVar(&o.provider, "provider", "builtin", "provider that is measured")
	flags.StringVar(&o.against, "against", "", "a second provider, compared with the first alert by alert")
	flags.StringVar(&o.config, "config", "", "configuration file with the providers")
	flags.Float64Var(&o.split, "split", 0, "share of the alerts, by group, that is kept for training and not measured")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the split and of the intervals")
	flags.IntVar(&o.repeats, "repeats", 1, "how often each alert is asked about")
	flags.BoolVar(&o.inject, "inject", false, "ask again with text in the alert that asks for a benign verdict")
	flags.IntVar(&o.concurrency, "concurrency", eval.DefaultConcurrency, "how many requests at once")
	flags.IntVar(&o.limit, "limit", 0, "measure only so many alerts, the first of the set; 0 for all")
	flags.BoolVar(&o.asJSON, "json", false, "print the report as JSON")
	flags.StringVar(&o.output, "output", "", "write the report to this file instead")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.data != "" && len(args) > 0 {
			return usageError{fmt.Errorf("--data and a data set are two sets; name one")}
		}
		if err := o.check(); err != nil {
			return err
		}
		document, err := o.run(cmd, std, args)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if o.asJSON {
			err = printJSON(&text, document)
		} else {
			err = eval.Render(&text, document)
		}
		if err != nil {
			return err
		}
		if o.output != "" {
			return os.WriteFile(o.output, text.Bytes(), 0o644) //nolint:gosec // a report that others read
		}
		_, err = std.Out.Write(text.Bytes())
		return err
	}
	return cmd
}

func (o *evalFlags) check() error {
	switch {
	case o.split < 0 || o.split >= 1:
		return usageError{fmt.Errorf("--split must be from 0 to below 1: what is left of the alerts is measured")}
	case o.repeats < 1 || o.repeats > eval.MaxRepeats:
		return usageError{fmt.Errorf("--repeats must be from 1 to %d", eval.MaxRepeats)}
	case o.concurrency < 1 || o.concurrency > eval.MaxConcurrency:
		return usageError{fmt.Errorf("--concurrency must be from 1 to %d", eval.MaxConcurrency)}
	case o.limit < 0:
		return usageError{fmt.Errorf("--limit must not be below 0")}
	}
	return nil
}

func (o *evalFlags) run(cmd *cobra.Command, std IO, args []string) (eval.Document, error) {
	name, cases, err := o.cases(cmd.Context(), std, args)
	if err != nil {
		return eval.Document{}, err
	}
	var config app.ModelsConfig
	if o.config != "" {
		c, err := app.LoadConfig(o.config)
		if err != nil {
			return eval.Document{}, err
		}
		config = c.Models
	}
	trial := eval.Trial{Set: name, Cases: cases, Split: o.split, Seed: o.seed, Limit: o.limit}
	for _, provider := range []string{o.provider, o.against} {
		if provider == "" {
			continue
		}
		p, err := app.ModelProvider(config, provider)
		if err != nil {
			return eval.Document{}, err
		}
		trial.Configurations = append(trial.Configurations, eval.Configuration{
			Name: provider, Provider: p, Concurrency: o.concurrency, Repeats: o.repeats, Inject: o.inject,
		})
	}
	return eval.Try(cmd.Context(), trial)
}

// cases reads the data set that the arguments name.
func (o *evalFlags) cases(ctx context.Context, std IO, args []string) (name string, cases []eval.Case, err error) {
	var in io.Reader
	switch {
	case o.data != "":
		var judged bytes.Buffer
		if err := app.JudgedAlerts(ctx, o.data, &judged); err != nil {
			return "", nil, err
		}
		name, in = "the judged alerts of "+o.data, &judged
	case len(args) == 0:
		name, in = "the sample alerts of Picket", bytes.NewReader(eval.Sample())
	case args[0] == "-":
		name, in = "standard input", std.In
	default:
		file, err := os.Open(args[0])
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil, soc.Errorf(soc.NotFound, "there is no data set %s", args[0])
		}
		if err != nil {
			return "", nil, err
		}
		defer file.Close()
		name, in = filepath.Base(args[0]), file
	}
	cases, err = eval.Read(in, o.source)
	if err != nil {
		return name, nil, fmt.Errorf("%s: %w", name, err)
	}
	return name, cases, nil
}
