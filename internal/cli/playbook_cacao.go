package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"picket/internal/app"
	"picket/playbooks"
	"picket/playbooks/cacao"
)

func newPlaybookImport(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a playbook of a CACAO 2.0 playbook; - is standard input",
		Long: "Make a playbook of a CACAO 2.0 playbook (OASIS). The playbook goes to standard output, and to standard error a report of all\n" +
			"that has no counterpart, by its place in the document. It fails where the document is not valid, and where the playbook\n" +
			"has mistakes that a person has to put right; then it is written as well.",
		Example: "  picket playbook import isolate-host.json --owner endpoint-team -o isolate-host.yaml",
		Args:    usage(cobra.ExactArgs(1)),
	}
	out := outputFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print the report as JSON")
	owner := cmd.Flags().String("owner", "", "who answers for the playbook; a CACAO document has an id only")
	role := cmd.Flags().String("role", cacao.DefaultRole, "who does what the document leaves to people")
	connectors := connectorsFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		document, err := cacaoDocument(std, args[0])
		if err != nil {
			return err
		}
		catalog, err := shippedCatalog(*connectors)
		if err != nil {
			return err
		}
		name := *out
		if name == "" {
			name = args[0]
		}
		in, err := cacao.Import(document, cacao.ImportOptions{Catalog: catalog, Owner: *owner, Role: *role, File: name})
		if err != nil {
			return problems(std, args[0], err)
		}
		if err := output(std, *out, in.Source); err != nil {
			return err
		}
		if err := printReport(std, args[0], cacaoReport{in.Report, in.Diagnostics}, *asJSON); err != nil {
			return err
		}
		if slices.ContainsFunc(in.Diagnostics, func(d playbooks.Diagnostic) bool { return d.Severity == playbooks.SeverityError }) {
			return errSilent
		}
		return nil
	}
	return cmd
}

func newPlaybookExport(std IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write a playbook as a CACAO 2.0 playbook",
		Long: "Write a playbook as a CACAO 2.0 playbook (OASIS), whole, with a form that other tools can show. It goes to standard output,\n" +
			"and to standard error a report of what other tools have in words only.",
		Example: "  picket playbook export playbooks/library/phishing-mail.yaml -o phishing-mail.json",
		Args:    usage(cobra.ExactArgs(1)),
	}
	out := outputFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print the report as JSON")
	created := cmd.Flags().String("created", "", "when the playbook was made, as in 2026-03-07T15:16:19Z; that of the file where it is left out")
	modified := cmd.Flags().String("modified", "", "when this version was made; that of the file, or --created, where it is left out")
	by := cmd.Flags().String("created-by", "", "id of the STIX identity that made it; one made of the owner's name where it is left out")
	connectors := connectorsFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		catalog, err := app.OfflineCatalog(*connectors)
		if err != nil {
			return err
		}
		compiled, err := compileOne(std, args[0], catalog)
		if err != nil {
			return err
		}
		o := cacao.ExportOptions{CreatedBy: *by}
		if o.Created, o.Modified, err = versions(args[0], *created, *modified); err != nil {
			return usageError{fmt.Errorf("%w (see: %s --help)", err, cmd.CommandPath())}
		}
		document, report, err := cacao.Export(compiled.File.Source, o)
		if err != nil {
			return problems(std, args[0], err)
		}
		if err := output(std, *out, document); err != nil {
			return err
		}
		return printReport(std, args[0], cacaoReport{Report: report}, *asJSON)
	}
	return cmd
}

// versions are the times of the first and of this version.
func versions(file, created, modified string) (first, this time.Time, err error) {
	if created == "" {
		info, err := os.Stat(file)
		if err != nil {
			return first, this, err
		}
		first = info.ModTime()
	} else if first, err = time.Parse(time.RFC3339, created); err != nil {
		return first, this, fmt.Errorf("--created is a time like 2026-03-07T15:16:19Z, not %q", created)
	}
	this = first
	if modified != "" {
		if this, err = time.Parse(time.RFC3339, modified); err != nil {
			return first, this, fmt.Errorf("--modified is a time like 2026-03-07T15:16:19Z, not %q", modified)
		}
	}
	if this.Before(first) {
		return first, this, errors.New("--modified is before --created")
	}
	return first, this, nil
}

func outputFlag(cmd *cobra.Command) *string {
	return cmd.Flags().StringP("output", "o", "", "file to write; standard output where it is left out")
}

// output writes what a command makes.
func output(std IO, file string, text []byte) error {
	if file == "" {
		_, err := std.Out.Write(text)
		return err
	}
	return os.WriteFile(file, text, 0o644) //nolint:gosec // a playbook is for all to read
}

// cacaoDocument reads a file, or standard input, one byte beyond what the importer takes, so that it is the one to refuse.
func cacaoDocument(std IO, file string) (document []byte, err error) {
	in := std.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, cacao.MaxBytes+1))
}

// shippedCatalog is the offline catalog with the playbooks that come with Picket, which an import may call.
func shippedCatalog(connectors string) (*playbooks.Catalog, error) {
	catalog, err := app.OfflineCatalog(connectors)
	if err != nil {
		return nil, err
	}
	catalog.Connections = nil // those of the instance are not known here, and the report names the new ones
	catalog.Playbooks = map[string]playbooks.Callable{}
	for _, c := range playbooks.CompileSet(withLibrary(nil), catalog) {
		if c.Plan != nil {
			catalog.Playbooks[c.Plan.Name] = c.Callable
		}
	}
	return catalog, nil
}

// problems prints why a document is not valid, each with its place.
func problems(std IO, file string, err error) error {
	invalid, ok := errors.AsType[*cacao.InvalidError](err)
	if !ok {
		return err
	}
	for _, p := range invalid.Problems {
		fmt.Fprintf(std.Err, "%s: error: %s: %s\n", file, p.Pointer, p.Message)
	}
	return errSilent
}

// cacaoReport is what a command has to say beside its output.
type cacaoReport struct {
	Report      []cacao.Entry          `json:"report"`
	Diagnostics []playbooks.Diagnostic `json:"diagnostics,omitempty"`
}

func printReport(std IO, file string, r cacaoReport, asJSON bool) error {
	if asJSON {
		if r.Report == nil {
			r.Report = []cacao.Entry{}
		}
		return printJSON(std.Err, r)
	}
	for _, e := range r.Report {
		fmt.Fprintf(std.Err, "%s: %s\n", file, e)
	}
	for _, d := range r.Diagnostics {
		fmt.Fprintln(std.Err, d.String())
	}
	return nil
}
