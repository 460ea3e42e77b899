package cli

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"

	"picket/internal/app"
)

func newServe(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Run the web UI, the API, the workers and a Temporal server in this process",
		Example: "  picket serve --demo --data picket-data",
		Args:    usage(cobra.NoArgs),
	}
	options := app.DefaultOptions()
	flags := cmd.Flags()
	flags.StringVar(&options.Data, "data", options.Data, "directory that holds everything")
	flags.StringVar(&options.Listen, "listen", options.Listen, "HOST:PORT of the web UI and the API; port 0 takes a free one")
	flags.BoolVar(&options.Demo, "demo", false, "load sample connections and alerts, and start the sandbox they act on")
	flags.StringVar(&options.ConfigFile, "config", "", "configuration file; picket.yaml in the data directory if there is one")
	flags.StringVar(&options.PlaybooksDir, "playbooks", "", "directory with playbooks of your own")
	flags.BoolVar(&options.NoLibrary, "no-library", false, "leave the built-in playbooks out; only those of --playbooks run")
	flags.StringVar(&options.ConnectorsDir, "connectors", "", "directory with connector manifests of your own")
	flags.StringVar(&options.Database, "database", "", "postgres://... to keep the data in PostgreSQL instead of SQLite")
	logLevel := flags.String("log-level", "warn", "debug, info, warn or error")
	logJSON := flags.Bool("log-json", false, "write logs as JSON lines")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var level slog.Level
		if err := level.UnmarshalText([]byte(*logLevel)); err != nil {
			return usageError{fmt.Errorf("--log-level: %w", err)}
		}
		handler := slog.Handler(slog.NewTextHandler(std.Err, &slog.HandlerOptions{Level: level}))
		if *logJSON {
			handler = slog.NewJSONHandler(std.Err, &slog.HandlerOptions{Level: level})
		}
		if std.Getenv("GOGC") == "" {
			debug.SetGCPercent(gcPercent)
		}
		options.Log = slog.New(handler)
		options.Out = std.Out
		options.AdminToken = std.Getenv("PICKET_ADMIN_TOKEN")
		options.Version = version()
		return app.Run(cmd.Context(), options)
	}
	return cmd
}

// gcPercent spends some memory, about 100 MB under load, for a tenth of the processor's time. GOGC overrides it.
const gcPercent = 200

func newVersion(std IO) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(std.Out, "picket", version())
			return err
		},
	}
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	commit := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			commit = s.Value[:12]
		}
	}
	if commit != "" && (info.Main.Version == "" || info.Main.Version == "(devel)") {
		return "dev-" + commit
	}
	return info.Main.Version
}
