package cli

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"picket/internal/app"
	"picket/internal/evidence"
	"picket/playbooks/spec"
)

func newRun(std IO) *cobra.Command {
	show := &cobra.Command{
		Use: "show ID", Short: "Show a run: its steps, how they ended, and its result",
		Example: "  picket run show run_01JD8XK2M3N4P5Q6R7S8T9V0W1 --data picket-data",
		Args:    usage(cobra.ExactArgs(1)),
	}
	data := dataFlag(show)
	asJSON := show.Flags().Bool("json", false, "print the run and its ledger entries as JSON")
	show.RunE = func(cmd *cobra.Command, args []string) error {
		if err := noData(*data); err != nil {
			return err
		}
		view, err := app.ShowRun(cmd.Context(), *data, args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(std.Out, view)
		}
		run := view.Run
		fmt.Fprintf(std.Out, "%s  %s  %s\n", run.ID, run.Playbook, run.Status)
		if run.AlertID != "" {
			fmt.Fprintf(std.Out, "alert    %s  %q\n", run.AlertID, run.AlertTitle)
		}
		if run.Parent != "" {
			fmt.Fprintf(std.Out, "of       %s (%s)\n", run.Parent, run.Trigger)
		}
		if run.Shadow {
			fmt.Fprintln(std.Out, "shadow   consequential calls are recorded, not made")
		}
		if run.Verdict != "" {
			fmt.Fprintf(std.Out, "verdict  %s\n", run.Verdict)
		}
		if run.Reason != "" {
			fmt.Fprintf(std.Out, "reason   %q\n", run.Reason)
		}
		table := tabwriter.NewWriter(std.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "\nSTEP\tVERB\tSTATUS\tTOOK\tNOTE")
		for _, s := range view.Steps {
			note, took := s.Reason, ""
			if s.Error != nil {
				note = s.Error.Kind + ": " + s.Error.Message
			}
			if s.Started != nil && s.Ended != nil {
				took = s.Ended.Sub(*s.Started).Round(time.Millisecond).String()
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%q\n", s.Path, s.Verb, s.Status, took, note)
		}
		return table.Flush()
	}
	return group("run", "Look at runs", show)
}

func newReplay(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use: "replay RUN", Short: "Replay a run's archived history against this version, comparing every call and the result",
		Example: "  picket replay run_01JD8XK2M3N4P5Q6R7S8T9V0W1 --data picket-data",
		Args:    usage(cobra.ExactArgs(1)),
	}
	data := dataFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := noData(*data); err != nil {
			return err
		}
		kept, err := app.ReplayRun(cmd.Context(), *data, args[0])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.Out, "%s replays: %d events, archive %s\n", args[0], kept.Events, kept.Digest)
		return err
	}
	return cmd
}

func newAudit(std IO) *cobra.Command {
	verify := &cobra.Command{
		Use: "verify", Short: "Check the ledger's chain and the archive; name the first bad entry",
		Example: "  picket audit verify --data picket-data",
		Args:    usage(cobra.NoArgs),
	}
	data := dataFlag(verify)
	asJSON := verify.Flags().Bool("json", false, "print the report as JSON")
	verify.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := noData(*data); err != nil {
			return err
		}
		report, err := app.VerifyLedger(cmd.Context(), *data)
		if err != nil {
			return err
		}
		switch {
		case *asJSON:
			if err := printJSON(std.Out, report); err != nil {
				return err
			}
		case report.OK:
			fmt.Fprintf(std.Out, "%d entries, the chain holds\n", report.Entries)
		default:
			fmt.Fprintf(std.Out, "entry %d is bad: %s\n", report.FirstBad, report.Why)
		}
		if !report.OK {
			return errSilent
		}
		return nil
	}
	return group("audit", "Check what was kept", verify, newEvidence(std))
}

func newEvidence(std IO) *cobra.Command {
	return &cobra.Command{
		Use: "evidence FILE", Short: "Check a run's evidence pack, as the run's page exports it, without Picket's data",
		Example: "  picket audit evidence run_01JA0000000000000000000000.evidence.zip",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }()
			info, err := f.Stat()
			if err != nil {
				return err
			}
			checked, err := evidence.Verify(f, info.Size())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(std.Out, "%d files and %d entries hold\n", checked.Files, checked.Entries)
			return err
		},
	}
}

func newUser(std IO) *cobra.Command {
	add := &cobra.Command{
		Use: "add NAME", Short: "Add a user and print a one-time link to choose a password",
		Example: "  picket user add ana --role responder --role analyst --data picket-data",
		Args:    usage(cobra.ExactArgs(1)),
	}
	data := dataFlag(add)
	roles := add.Flags().StringSlice("role", []string{"analyst"}, "admin, lead, responder or analyst; may be repeated")
	add.RunE = func(cmd *cobra.Command, args []string) error {
		if err := noData(*data); err != nil {
			return err
		}
		code, err := app.AddUser(cmd.Context(), *data, args[0], *roles)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.Out, "%s may choose a password within 24 hours at /setup?code=%s of the web UI\n", args[0], code)
		return err
	}
	return group("user", "Manage users", add, newUserToken(std))
}

func newMCP(std IO) *cobra.Command {
	repin := &cobra.Command{
		Use: "repin NAME", Short: "Forget what was pinned of an MCP server's tools; the next start pins what they are then",
		Example: "  picket mcp repin wiki --data picket-data",
		Args:    usage(cobra.ExactArgs(1)),
	}
	data := dataFlag(repin)
	repin.RunE = func(cmd *cobra.Command, args []string) error {
		if err := noData(*data); err != nil {
			return err
		}
		if err := app.RepinMCP(cmd.Context(), *data, args[0]); err != nil {
			return err
		}
		_, err := fmt.Fprintf(std.Out, "the tools of %s are pinned anew at the next start\n", args[0])
		return err
	}
	return group("mcp", "Manage the MCP servers whose tools are used", repin)
}

func newUserToken(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use: "token NAME", Short: "Make an API token of a user, for a program that acts with the user's permissions; it is printed once",
		Example: "  picket user token ana --for assistant --lasts 90d --data picket-data",
		Args:    usage(cobra.ExactArgs(1)),
	}
	data := dataFlag(cmd)
	name := cmd.Flags().String("for", "program", "what the token is for, as the log names it")
	lasts := cmd.Flags().String("lasts", "90d", "how long it lasts, like 12h or 90d")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		duration, ok := spec.ParseDuration(*lasts)
		if !ok || duration <= 0 {
			return usageError{fmt.Errorf("--lasts %q is no length of time; write it like 12h or 90d", *lasts)}
		}
		if err := noData(*data); err != nil {
			return err
		}
		token, err := app.AddToken(cmd.Context(), *data, args[0], *name, time.Duration(duration)*time.Millisecond)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(std.Out, token)
		return err
	}
	return cmd
}
