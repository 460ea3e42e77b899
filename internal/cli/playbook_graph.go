package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"picket/internal/app"
	"picket/playbooks/graph"
	"picket/playbooks/plan/schema"
	"picket/playbooks/spec"
)

func newPlaybookGraph(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "graph FILE",
		Short:   "Draw a playbook, for Mermaid, Graphviz or a program",
		Example: "  picket playbook graph phishing-mail.yaml\n  picket playbook graph --format dot phishing-mail.yaml | dot -Tsvg > phishing-mail.svg",
		Args:    usage(cobra.ExactArgs(1)),
	}
	format := cmd.Flags().String("format", "mermaid", "mermaid, dot or json")
	connectors := connectorsFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var draw func(*graph.Graph) error
		text := func(s string) error {
			_, err := io.WriteString(std.Out, s)
			return err
		}
		switch *format {
		case "mermaid":
			draw = func(g *graph.Graph) error { return text(g.Mermaid()) }
		case "dot":
			draw = func(g *graph.Graph) error { return text(g.DOT()) }
		case "json":
			draw = func(g *graph.Graph) error { return printJSON(std.Out, g) }
		default:
			return usageError{fmt.Errorf("--format is mermaid, dot or json, not %q (see: %s --help)", *format, cmd.CommandPath())}
		}
		catalog, err := app.OfflineCatalog(*connectors)
		if err != nil {
			return err
		}
		c, err := compileOne(std, args[0], catalog)
		if err != nil {
			return err
		}
		return draw(graph.Of(c.Plan))
	}
	return cmd
}

func newPlaybookSchema(std IO) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [playbook|plan]",
		Short: "Print the JSON Schema of playbooks, for any editor that knows YAML, or of plans",
		Example: "  picket playbook schema > playbook.schema.json\n" +
			"  # and as the first line of a playbook, for editors with the YAML language server:\n" +
			"  # yaml-language-server: $schema=playbook.schema.json",
		ValidArgs: []string{"playbook", "plan"},
		Args:      usage(cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs)),
		RunE: func(_ *cobra.Command, args []string) error {
			text := spec.JSONSchema()
			if len(args) == 1 && args[0] == "plan" {
				text = schema.JSON()
			}
			_, err := std.Out.Write(text)
			return err
		},
	}
}
