// Package cli holds the commands of picket: picket <noun> <verb> --flags, text for people and --json for programs.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"picket/internal/soc"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// IO is where a command reads and writes, and the environment it sees, so that tests run commands in process.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
}

// Stdio is the process's own.
func Stdio() IO { return IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv} }

// errSilent ends a command with exit code 1 when all has been said already.
var errSilent = errors.New("failed")

// usageError is a mistake in how the command was called.
type usageError struct{ error }

// Main runs one command line and answers the exit code.
func Main(ctx context.Context, args []string, std IO) int {
	root := newRoot(std)
	root.SetArgs(args)
	root.SetIn(std.In)
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintf(std.Err, "picket: %v\n", err)
	}
	if _, usage := errors.AsType[usageError](err); usage {
		return exitUsage
	}
	return exitFailed
}

func newRoot(std IO) *cobra.Command {
	root := &cobra.Command{
		Use:           "picket",
		Short:         "Investigate alerts by playbook, with people deciding what matters",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see: %s --help)", err, cmd.CommandPath())}
	})
	root.AddCommand(
		newServe(std), newVersion(std), newPlaybook(std), newRun(std), newReplay(std), newAudit(std), newUser(std), newMCP(std), newEval(std),
	)
	return root
}

// group is a command that only holds others; a verb that it does not have is a mistake in the call.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: usage(cobra.NoArgs), RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(children...)
	return cmd
}

// usage marks what is wrong with the arguments as a mistake in the call.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w (see: %s --help)", err, cmd.CommandPath())}
		}
		return nil
	}
}

// printJSON writes one document for programs.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// dataFlag is the directory that holds everything.
func dataFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("data", "picket-data", "directory that holds everything")
}

// noData says that a directory was never served from.
func noData(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return soc.Errorf(soc.NotFound, "there is no data in %s; name the directory of picket serve with --data", dir)
	}
	return nil
}
