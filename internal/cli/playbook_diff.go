package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"picket/internal/app"
	"picket/playbooks/diff"
)

func newPlaybookDiff(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what a version of a playbook does otherwise than another",
		Long: `Say what the new version of a playbook does otherwise than the old one, what concerns safety first. Comments, spaces, the
order of keys and other ways to write the same fall away.`,
		Example: "  picket playbook diff old/phishing-mail.yaml phishing-mail.yaml\n  picket playbook diff --fail-on safety old.yaml new.yaml",
		Args:    usage(cobra.ExactArgs(2)),
	}
	asJSON := cmd.Flags().Bool("json", false, "print the changes as JSON")
	failOn := cmd.Flags().String("fail-on", "", "fail when there is a change this grave or graver: safety, behaviour or cosmetic")
	connectors := connectorsFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		grave := []diff.Severity{diff.Safety, diff.Behaviour, diff.Cosmetic}
		least := slices.Index(grave, diff.Severity(*failOn))
		if *failOn != "" && least < 0 {
			return usageError{fmt.Errorf("--fail-on is safety, behaviour or cosmetic, not %q (see: %s --help)", *failOn, cmd.CommandPath())}
		}
		catalog, err := app.OfflineCatalog(*connectors)
		if err != nil {
			return err
		}
		old, err := compileOne(std, args[0], catalog)
		if err != nil {
			return err
		}
		updated, err := compileOne(std, args[1], catalog)
		if err != nil {
			return err
		}
		changes := diff.Plans(old.Plan, updated.Plan)
		if *asJSON {
			if changes == nil {
				changes = []diff.Change{}
			}
			if err := printJSON(std.Out, changes); err != nil {
				return err
			}
		} else {
			printChanges(std, changes)
		}
		if slices.ContainsFunc(changes, func(c diff.Change) bool { return slices.Index(grave, c.Severity) <= least }) {
			return errSilent
		}
		return nil
	}
	return cmd
}

func printChanges(std IO, changes []diff.Change) {
	if len(changes) == 0 {
		fmt.Fprintln(std.Out, "nothing that a run would notice")
	}
	for _, c := range changes {
		place := ""
		switch {
		case c.NewLine > 0:
			place = fmt.Sprintf("line %d", c.NewLine)
		case c.OldLine > 0:
			place = fmt.Sprintf("was line %d", c.OldLine)
		}
		fmt.Fprintf(std.Out, "%-9s  %-12s  %s\n", c.Severity, place, c.Sentence)
	}
}
