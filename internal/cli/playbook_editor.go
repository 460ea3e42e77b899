package cli

import (
	"io"

	"github.com/spf13/cobra"

	"picket/internal/app"
	"picket/internal/langserver"
	"picket/playbooks/editor"
)

func newPlaybookLanguageServer(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "language-server",
		Short:   "Speak the Language Server Protocol on stdin and stdout, for any editor",
		Example: "  picket playbook language-server",
		Args:    usage(cobra.NoArgs),
	}
	connectors := cmd.Flags().String("connectors", "", "directory with connector manifests of your own")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		catalog, err := app.OfflineCatalog(*connectors)
		if err != nil {
			return err
		}
		return langserver.Serve(cmd.Context(), stream{std.In, std.Out}, editor.Editor{Catalog: catalog}, cmd.Root().Version)
	}
	return cmd
}

// stream is stdin and stdout as one; the process's end closes them.
type stream struct {
	io.Reader
	io.Writer
}

func (stream) Close() error { return nil }
