package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"picket/internal/connector"
	runner "picket/internal/playtest"
	"picket/internal/workshop"
	"picket/playbooks"
	"picket/playbooks/library"
	"picket/playbooks/playtest"
)

const testSuffix = ".test.yaml"

func newPlaybookTest(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [FILE|DIR...]",
		Short: "Run the tests of playbooks: NAME.test.yaml beside NAME.yaml",
		Long: `Run the tests of playbooks: NAME.test.yaml beside NAME.yaml, in the named files and directories or in this one.

Each case is played in the interpreter that real runs use, with operations, models and people as the case says, and time
skipped. Nothing outside is called.`,
		Example: "  picket playbook test playbooks/library --coverage",
	}
	var o playtestFlags
	flags := cmd.Flags()
	flags.BoolVar(&o.library, "library", false, "test the playbooks that come with Picket")
	flags.StringVar(&o.only, "run", "", "run only the cases whose name matches this regular expression")
	flags.BoolVar(&o.coverage, "coverage", false, "print which steps and branches no case has reached")
	flags.Float64Var(&o.least, "min-coverage", 0, "fail when less than so many percent of steps and branches are reached")
	flags.StringVar(&o.junit, "junit", "", "write the results as JUnit XML to this file")
	flags.BoolVar(&o.asJSON, "json", false, "print the report as JSON")
	flags.BoolVar(&o.update, "update", false, "accept the runs as they are now as snapshots")
	flags.StringVar(&o.connectors, "connectors", "", "directory with connector manifests of your own")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		only, err := regexp.Compile(o.only)
		if err != nil {
			return usageError{fmt.Errorf("--run: %w (see: %s --help)", err, cmd.CommandPath())}
		}
		report, err := runPlaytests(cmd.Context(), o, only, args)
		if err != nil {
			return err
		}
		return o.print(std, report)
	}
	return cmd
}

type playtestFlags struct {
	library, coverage, asJSON, update bool
	only, junit, connectors           string
	least                             float64
}

func (o *playtestFlags) print(std IO, report *playtest.Report) error {
	if o.junit != "" {
		var b strings.Builder
		if err := playtest.JUnit(&b, report); err != nil {
			return err
		}
		if err := os.WriteFile(o.junit, []byte(b.String()), 0o644); err != nil { //nolint:gosec // a report that others read
			return err
		}
	}
	if o.asJSON {
		if err := printJSON(std.Out, report); err != nil {
			return err
		}
	} else if err := playtest.Render(std.Out, report, o.coverage); err != nil {
		return err
	}
	if report.Total.Percent < o.least {
		return fmt.Errorf("coverage is %.1f%%, and --min-coverage asks for %.1f%%; see what is missing with --coverage", report.Total.Percent, o.least)
	}
	if !report.OK() {
		return errSilent
	}
	return nil
}

// runPlaytests runs the tests of each directory with the playbooks that are in it.
func runPlaytests(ctx context.Context, o playtestFlags, only *regexp.Regexp, args []string) (*playtest.Report, error) {
	var dirs []string
	if o.connectors != "" {
		dirs = []string{o.connectors}
	}
	registry, err := connector.New(connector.Options{Dirs: dirs})
	if err != nil {
		return nil, err
	}
	base := workshop.TestOptions(workshop.Catalog(registry), registry)
	base.Only, base.Update = only, o.update
	var sets []testDir
	if o.library {
		sets = append(sets, testDir{files: library.FS, shown: "library"})
	}
	if len(args) > 0 || !o.library {
		found, err := findTests(args)
		if err != nil {
			return nil, err
		}
		sets = append(sets, found...)
	}
	all := &playtest.Report{Suites: []playtest.SuiteResult{}, Coverage: []*playtest.Coverage{}}
	for _, set := range sets {
		report, err := set.run(ctx, base)
		if err != nil {
			return nil, err
		}
		all.Suites, all.Coverage = append(all.Suites, report.Suites...), append(all.Coverage, report.Coverage...)
		all.Passed, all.Failed = all.Passed+report.Passed, all.Failed+report.Failed
	}
	if len(all.Suites) == 0 {
		return nil, fmt.Errorf("no tests here; write them as NAME%s beside NAME.yaml", testSuffix)
	}
	all.Total = playtest.Total(all.Coverage)
	return all, nil
}

// testDir is a directory with tests, and which of them are to be run; none is all.
type testDir struct {
	shown string // how reports name it
	dir   string // on the disk; "" for one in memory
	files fs.FS
	only  []string
}

// run runs the tests of one directory. The playbooks that come with Picket can be called from it.
func (d testDir) run(ctx context.Context, o runner.Options) (*playtest.Report, error) {
	files := d.files
	if files == nil {
		root, err := os.OpenRoot(d.dir)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		files = root.FS()
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	var own []playbooks.File
	for _, name := range names {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(name, testSuffix) {
			own = append(own, playbooks.File{Name: path.Join(d.shown, name), Source: source})
			continue
		}
		if len(d.only) > 0 && !slices.Contains(d.only, name) {
			continue
		}
		snapshot, err := fs.ReadFile(files, snapshotOf(name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		o.Suites = append(o.Suites, runner.Suite{File: path.Join(d.shown, name), Source: source, Files: files, Snapshot: snapshot})
	}
	o.Playbooks = withLibrary(own)
	if d.dir != "" {
		if o.Catalog, err = withAgents(d.dir, o.Catalog); err != nil {
			return nil, err
		}
	}
	report, err := runner.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	for i := range report.Suites {
		if s := &report.Suites[i]; s.Snapshot != "" && d.dir != "" {
			if err := os.WriteFile(filepath.Join(d.dir, snapshotOf(path.Base(s.File))), []byte(s.Snapshot), 0o644); err != nil { //nolint:gosec // a file of the sources
				return nil, err
			}
		}
	}
	return report, nil
}

func snapshotOf(test string) string { return strings.TrimSuffix(test, ".yaml") + ".snap" }

func sortedKeys(m map[string][]byte) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// findTests are the directories of the named files and below the named directories, in order.
func findTests(args []string) ([]testDir, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	byDir := map[string]*testDir{}
	var order []string
	add := func(file string) {
		dir := filepath.Dir(file)
		if byDir[dir] == nil {
			byDir[dir] = &testDir{dir: dir, shown: filepath.ToSlash(dir)}
			order = append(order, dir)
		}
		if name := filepath.Base(file); !slices.Contains(byDir[dir].only, name) {
			byDir[dir].only = append(byDir[dir].only, name)
		}
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			file := arg
			if !strings.HasSuffix(file, testSuffix) {
				file = strings.TrimSuffix(file, ".yaml") + testSuffix
			}
			if _, err := os.Stat(file); err != nil {
				return nil, fmt.Errorf("%s has no tests: there is no file %s", arg, file)
			}
			add(file)
			continue
		}
		err = filepath.WalkDir(arg, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && file != arg && passedOver(d.Name()):
				return filepath.SkipDir
			case !d.IsDir() && strings.HasSuffix(file, testSuffix):
				add(file)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	sets := make([]testDir, 0, len(order))
	for _, dir := range order {
		sets = append(sets, *byDir[dir])
	}
	return sets, nil
}
