package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"picket/internal/app"
	"picket/internal/backtest"
	"picket/playbooks"
	"picket/playbooks/spec"
)

func newPlaybookBacktest(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backtest NAME",
		Short: "Run a version of a playbook against what really happened",
		Long: `Run a version of a playbook against what really happened: the runs of a period, with the answers that the ledger has of
operations, models and people. Nothing is called. It lists the runs that would have ended otherwise, and says what the
record can't answer.`,
		Example: "  picket playbook backtest phishing-mail --file phishing-mail.yaml --since 30d --data picket-data",
		Args:    usage(cobra.ExactArgs(1)),
	}
	data := dataFlag(cmd)
	flags := cmd.Flags()
	since := flags.String("since", "30d", "how far back, like 12h or 30d")
	file := flags.String("file", "", "the version that is tested; without it, the one of --playbooks, or the built-in one")
	dir := flags.String("playbooks", "", "directory with playbooks of your own")
	connectors := flags.String("connectors", "", "directory with connector manifests of your own")
	limit := flags.Int("limit", backtest.DefaultRuns, "how many runs, the newest first")
	asJSON := flags.Bool("json", false, "print the report as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		back, ok := spec.ParseDuration(*since)
		if !ok {
			return usageError{fmt.Errorf("--since %q is no length of time; write it like 12h or 30d", *since)}
		}
		if *limit < 1 || *limit > backtest.MaxRuns {
			return usageError{fmt.Errorf("--limit must be from 1 to %d", backtest.MaxRuns)}
		}
		if err := noData(*data); err != nil {
			return err
		}
		request := app.BacktestRequest{
			Name: args[0], Playbooks: *dir, Connectors: *connectors, Limit: *limit,
			Since: time.Now().Add(-time.Duration(back) * time.Millisecond),
		}
		if *file != "" {
			source, err := os.ReadFile(*file)
			if err != nil {
				return err
			}
			request.File = &playbooks.File{Name: *file, Source: source}
		}
		report, err := app.Backtest(cmd.Context(), *data, request)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(std.Out, report)
		}
		return backtest.Render(std.Out, report)
	}
	return cmd
}
