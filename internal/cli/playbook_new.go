package cli

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"picket/playbooks/library"
)

//go:embed starter/playbook.yaml
var starter []byte

//go:embed starter/playbook.test.yaml
var starterTests []byte

// starterName stands in the starter for the name that a new playbook is given.
const starterName = "starter-playbook"

var playbookName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func newPlaybookNew(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Begin a playbook: NAME.yaml and its tests, NAME.test.yaml",
		Long: `Begin a playbook: write NAME.yaml and its tests, NAME.test.yaml. They compile and pass as they are. Files that are there
already are never touched.`,
		Example: "  picket playbook new stolen-badge\n  picket playbook new our-phishing-mail --from phishing-mail",
		Args:    usage(cobra.ExactArgs(1)),
	}
	from := cmd.Flags().String("from", "", "the playbook of the library that it is a copy of, such as phishing-mail")
	dir := cmd.Flags().String("dir", ".", "directory that the files are written to")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		name := args[0]
		if !playbookName.MatchString(name) {
			return usageError{fmt.Errorf("a playbook can't be named %q; write it in kebab-case, like suspicious-sign-in", name)}
		}
		playbook, tests, was, err := template(*from)
		if err != nil {
			return err
		}
		playbook = bytes.Replace(playbook, []byte("name: "+was+"\n"), []byte("name: "+name+"\n"), 1)
		files := []struct {
			path string
			text []byte
		}{{filepath.Join(*dir, name+".yaml"), playbook}, {filepath.Join(*dir, name+testSuffix), tests}}
		for _, f := range files {
			if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s is there already; take another name or --dir", f.path)
			}
		}
		for _, f := range files {
			if err := writeNew(f.path, f.text); err != nil {
				return err
			}
			fmt.Fprintln(std.Out, "wrote", f.path)
		}
		fmt.Fprintf(std.Out, "\nnext:\n  picket playbook check %s\n  picket playbook test %s\n  picket serve --playbooks %s\n", files[0].path, files[0].path, *dir)
		return nil
	}
	return cmd
}

// template is what a new playbook is made of, and the name that stands in it.
func template(from string) (playbook, tests []byte, name string, err error) {
	if from == "" {
		return starter, starterTests, starterName, nil
	}
	from = strings.TrimSuffix(from, ".yaml")
	shipped := library.Files()
	playbook, ok := shipped[from+".yaml"]
	if !ok {
		names := sortedKeys(shipped)
		for i, n := range names {
			names[i] = strings.TrimSuffix(n, ".yaml")
		}
		return nil, nil, "", fmt.Errorf("the library has no playbook %q; it has %s", from, strings.Join(names, ", "))
	}
	tests, err = library.FS.ReadFile(from + testSuffix)
	return playbook, tests, from, err
}

// writeNew writes a file that must not be there yet.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a source file, for others to read
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
