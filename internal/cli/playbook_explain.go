package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"picket/docs/diagnostics"
	"picket/playbooks/spec"
)

func newPlaybookExplain(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain CODE",
		Short:   "Explain a diagnostic: what it says, why it matters, an example and how it is mended",
		Example: "  picket playbook explain P040",
		Args:    usage(cobra.ExactArgs(1)),
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		page, ok := diagnostics.Page(args[0])
		if !ok {
			help := ""
			if near := spec.Nearest(strings.ToUpper(args[0]), diagnostics.Codes()); near != "" {
				help = "; did you mean " + near + "?"
			}
			return usageError{fmt.Errorf("no diagnostic has the code %q%s", args[0], help)}
		}
		_, err := fmt.Fprint(std.Out, page)
		return err
	}
	return cmd
}
