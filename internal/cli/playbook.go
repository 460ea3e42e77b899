package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"picket/internal/app"
	"picket/playbooks"
)

func newPlaybook(std IO) *cobra.Command {
	return group("playbook", "Work with playbook files",
		newPlaybookNew(std), newPlaybookCheck(std), newPlaybookExplain(std), newPlaybookFmt(std), newPlaybookTest(std), newPlaybookCompile(std), newPlaybookGraph(std),
		newPlaybookDiff(std), newPlaybookBacktest(std), newPlaybookSchema(std), newPlaybookLanguageServer(std),
		newPlaybookImport(std), newPlaybookExport(std),
	)
}

// connectorsFlag is the directory with manifests that the compiler knows beside those of Picket.
func connectorsFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("connectors", "", "directory with connector manifests of your own")
}

func newPlaybookCheck(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check FILE|DIR...",
		Short: "Check playbooks and print every mistake with its place",
		Long: `Check playbooks and print every mistake with its place. A playbook may call those that lie beside it and those that come
with Picket. Of tests the form is checked; picket playbook test runs them.`,
		Example: "  picket playbook check phishing-mail.yaml\n  picket playbook check playbooks/",
		Args:    usage(cobra.MinimumNArgs(1)),
	}
	asJSON := cmd.Flags().Bool("json", false, "print the diagnostics as JSON")
	connectors := connectorsFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		catalog, err := app.OfflineCatalog(*connectors)
		if err != nil {
			return err
		}
		files, err := yamlFiles(args)
		if err != nil {
			return err
		}
		all, err := compileFiles(files, catalog)
		if err != nil {
			return err
		}
		found, failed := []playbooks.Diagnostic{}, false
		for _, c := range all {
			found, failed = append(found, c.Diagnostics...), failed || c.failed
		}
		if *asJSON {
			if err := printJSON(std.Out, found); err != nil {
				return err
			}
		} else {
			for _, d := range found {
				fmt.Fprintln(std.Out, d.String())
			}
		}
		if failed {
			return errSilent
		}
		return nil
	}
	return cmd
}

func newPlaybookCompile(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "compile FILE",
		Short:   "Compile a playbook and print its plan",
		Example: "  picket playbook compile phishing-mail.yaml",
		Args:    usage(cobra.ExactArgs(1)),
	}
	connectors := connectorsFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		catalog, err := app.OfflineCatalog(*connectors)
		if err != nil {
			return err
		}
		c, err := compileOne(std, args[0], catalog)
		if err != nil {
			return err
		}
		return printJSON(std.Out, c.Plan)
	}
	return cmd
}
