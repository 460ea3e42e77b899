package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"picket/internal/app"
	"picket/playbooks"
)

func newPlaybook(std IO) *cobra.Command {
	return group("playbook", "Work with playbook files", newPlaybookCheck(std), newPlaybookCompile(std), newPlaybookFmt(std), newPlaybookTest(std), newPlaybookBacktest(std), newPlaybookLanguageServer(std))
}

func newPlaybookCheck(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "check FILE...",
		Short:   "Check playbooks and print every mistake with its place",
		Example: "  picket playbook check playbooks/library/phishing-mail.yaml",
		Args:    usage(cobra.MinimumNArgs(1)),
	}
	asJSON := cmd.Flags().Bool("json", false, "print the diagnostics as JSON")
	connectors := cmd.Flags().String("connectors", "", "directory with connector manifests of your own")
	cmd.RunE = func(_ *cobra.Command, files []string) error {
		catalog, err := app.OfflineCatalog(*connectors)
		if err != nil {
			return err
		}
		found := []playbooks.Diagnostic{}
		failed := false
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			compiled, diagnostics := playbooks.Compile(file, source, catalog)
			failed = failed || compiled == nil
			found = append(found, diagnostics...)
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
		Example: "  picket playbook compile playbooks/library/phishing-mail.yaml",
		Args:    usage(cobra.ExactArgs(1)),
	}
	connectors := cmd.Flags().String("connectors", "", "directory with connector manifests of your own")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		catalog, err := app.OfflineCatalog(*connectors)
		if err != nil {
			return err
		}
		source, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		compiled, diagnostics := playbooks.Compile(args[0], source, catalog)
		for _, d := range diagnostics {
			fmt.Fprintln(std.Err, d.String())
		}
		if compiled == nil {
			return errSilent
		}
		return printJSON(std.Out, compiled)
	}
	return cmd
}
