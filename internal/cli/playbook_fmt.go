package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"picket/playbooks/format"
	"picket/playbooks/spec"
)

func newPlaybookFmt(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fmt FILE|DIR...",
		Short: "Format playbooks and their tests in place, comments kept; - is standard input",
		Long: "Format playbooks and their tests in place and print the names of those that changed. Comments are kept and the\n" +
			"document stays the same; a file for which that can't be done is left alone. With - the text is read from\n" +
			"standard input and written to standard output.",
		Example: "  picket playbook fmt playbooks/library\n  picket playbook fmt --check --diff playbooks/library/phishing-mail.yaml",
	}
	check := cmd.Flags().Bool("check", false, "change nothing, list the files that are not formatted and fail if there are any")
	diff := cmd.Flags().Bool("diff", false, "change nothing and print what would change")
	cmd.Args = usage(func(cmd *cobra.Command, files []string) error {
		if len(files) > 1 && slices.Contains(files, "-") {
			return errors.New("- stands alone: standard input is one file")
		}
		return cobra.MinimumNArgs(1)(cmd, files)
	})
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		var files []string
		for _, arg := range args {
			if info, err := os.Stat(arg); err != nil || !info.IsDir() { // one that can't be read is reported among the others
				files = append(files, arg)
				continue
			}
			below, err := yamlFiles([]string{arg})
			if err != nil {
				return err
			}
			files = append(files, below...)
		}
		failed := false
		for _, file := range files {
			f := formatting{std: std, file: file, check: *check, diff: *diff}
			differs, err := f.run()
			if err != nil {
				f.complain(err)
			}
			failed = failed || err != nil || differs && *check
		}
		if failed {
			return errSilent
		}
		return nil
	}
	return cmd
}

// formatting is what fmt does with one file.
type formatting struct {
	std         IO
	file        string
	check, diff bool
}

func (f formatting) stdin() bool { return f.file == "-" }

func (f formatting) run() (differs bool, err error) {
	before, err := f.read()
	if err != nil {
		return false, err
	}
	after, err := format.Source(before)
	if err != nil {
		return false, err
	}
	differs = !bytes.Equal(before, after)
	switch {
	case f.diff:
		_, err = io.WriteString(f.std.Out, format.Diff(f.file, before, after))
	case f.stdin() && !f.check:
		_, err = f.std.Out.Write(after)
	case !differs:
	case f.check:
		_, err = fmt.Fprintln(f.std.Out, f.file)
	default:
		if err = replace(f.file, after); err == nil {
			_, err = fmt.Fprintln(f.std.Out, f.file)
		}
	}
	return differs, err
}

// read takes one byte more than the compiler does, so that it is the one to refuse what is too long.
func (f formatting) read() (text []byte, err error) {
	in := f.std.In
	if !f.stdin() {
		file, err := os.Open(f.file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	return io.ReadAll(io.LimitReader(in, spec.MaxBytes+1))
}

func (f formatting) complain(err error) {
	unreadable, ok := errors.AsType[*format.UnreadableError](err)
	if !ok {
		fmt.Fprintf(f.std.Err, "%s: %v\n", f.file, err)
		return
	}
	for _, d := range unreadable.Diagnostics {
		d.File = f.file
		fmt.Fprintln(f.std.Err, d.String())
	}
}

// replace writes a file whole or not at all: beside it, and then in its place. Its mode stays, and a link to it too.
func replace(file string, text []byte) (err error) {
	path, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file; format it with - and a pipe", file)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Chmod(info.Mode().Perm()), temp.Sync())
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
