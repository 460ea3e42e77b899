package diagnostics_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/docs/diagnostics"
	"picket/internal/connector"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/editor"
	"picket/playbooks/library"
	"picket/playbooks/spec"
)

var update = flag.Bool("update", false, "write the table of README.md")

// codes are the codes of package spec with what they mean, in their order; a warning's meaning begins with "warning: ".
func codes(t *testing.T) [][]string {
	t.Helper()
	source, err := os.ReadFile("../../playbooks/spec/codes.go")
	require.NoError(t, err)
	found := regexp.MustCompile(`= "(P\d{3})" +// (.+)`).FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, found)
	require.Len(t, found, strings.Count(string(source), "\tCode"), "each code has a comment on its line")
	return found
}

// page is what a page holds.
type page struct {
	title, severity, wrong, right string
	also                          []string // codes that the wrong example gives besides
	fix                           bool
}

var form = regexp.MustCompile("(?s)^# (.+?)\n\nSeverity: (error|warning)\n\n## Cause\n\n.+?\n\n## Why it matters\n\n.+?\n\n" +
	"## Wrong\n\n```yaml\n(.+?)```\n(?:\nIt gives (.+?) as well\\.\n)?\n## Right\n\n```yaml\n(.+?)```\n(\n## Fix in the editor\n\n.+)?$")

func read(t *testing.T, code string) page {
	t.Helper()
	text, ok := diagnostics.Page(code)
	require.True(t, ok)
	m := form.FindStringSubmatch(text)
	require.NotNil(t, m, "%s has another form than the pages have", code)
	p := page{title: m[1], severity: m[2], wrong: m[3], right: m[5], fix: m[6] != ""}
	if m[4] != "" {
		p.also = strings.Split(m[4], " and ")
	}
	return p
}

// catalog is that of the connectors and the playbooks that come with Picket, with two things of somebody's own: a
// connection, and an operation whose argument is the host that is called.
func catalog(t *testing.T) *playbooks.Catalog {
	t.Helper()
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	cat := &playbooks.Catalog{
		Operations:  map[string]playbooks.Operation{},
		Connections: map[string][]string{"okta": {"corp"}},
		Roles:       []string{soc.RoleAdmin, soc.RoleLead, soc.RoleResponder, soc.RoleAnalyst},
		Sources:     []string{"generic", "wazuh", "defender", "guardduty"},
		Playbooks:   map[string]playbooks.Callable{},
	}
	for _, op := range registry.Operations() {
		cat.Operations[op.Name] = playbooks.Operation{
			Name: op.Name, Title: op.Title, Effect: op.Effect, Input: op.Input, Output: op.Output,
			Local: op.Local, TimeoutMS: op.TimeoutMS, Untrusted: op.Untrusted,
		}
	}
	cat.Operations["scanner.fetch"] = playbooks.Operation{
		Name: "scanner.fetch", Effect: "read",
		Input: json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["url"],
			"properties": {"url": {"type": "string", "x-picket-sink": "host"}}}`),
	}
	var agents []playbooks.File
	for name, source := range library.Agents() {
		agents = append(agents, playbooks.File{Name: name, Source: source})
	}
	cat.Agents, _ = playbooks.ReadAgents(agents, cat)
	var files []playbooks.File
	for name, source := range library.Files() {
		files = append(files, playbooks.File{Name: name, Source: source})
	}
	for _, c := range playbooks.CompileSet(files, cat) {
		require.Empty(t, c.Diagnostics)
		cat.Playbooks[c.Plan.Name] = c.Callable
	}
	return cat
}

func TestEveryCodeHasAPageAndEveryPageACode(t *testing.T) {
	t.Parallel()
	var known []string
	for _, code := range codes(t) {
		known = append(known, code[1])
		p := read(t, code[1])
		meaning, warns := strings.CutPrefix(code[2], "warning: ")
		require.Equal(t, code[1]+": "+meaning, p.title, "the page's title is the comment in codes.go")
		require.Equal(t, warns, p.severity == spec.SeverityWarning, code[1])
	}
	require.ElementsMatch(t, known, diagnostics.Codes())
}

func TestThereIsNoPageOfSomethingElse(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", "P999", "README", "../limits", "P001.md", "P001/../P002"} {
		_, ok := diagnostics.Page(code)
		require.False(t, ok, code)
	}
	_, ok := diagnostics.Page("p001")
	require.True(t, ok, "case does not matter")
}

// TestTheExamples compiles what the pages show: the wrong playbook gets the code, and others only where the page says so;
// the right one compiles; an editor has a fix exactly where the page speaks of one, and it mends the wrong one.
func TestTheExamples(t *testing.T) {
	t.Parallel()
	cat := catalog(t)
	compile := func(source string) []playbooks.Diagnostic {
		return playbooks.CompileSet([]playbooks.File{{Name: "example.yaml", Source: []byte(source)}}, cat)[0].Diagnostics
	}
	for _, code := range diagnostics.Codes() {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			p := read(t, code)
			var got []string
			fixed := false
			for _, d := range compile(p.wrong) {
				got = append(got, d.Code)
				if d.Code != code {
					continue
				}
				require.Equal(t, p.severity, d.Severity)
				if len(d.Fixes) == 0 {
					continue
				}
				fixed = true
				text, err := editor.Apply(p.wrong, d.Fixes[0].Edits)
				require.NoError(t, err)
				for _, after := range compile(text) {
					require.NotEqual(t, code, after.Code, "%s\n%s", after, text)
				}
			}
			slices.Sort(got)
			want := append([]string{code}, p.also...)
			slices.Sort(want)
			require.Equal(t, want, slices.Compact(got), "%v", compile(p.wrong))
			require.Equal(t, p.fix, fixed, "the page says whether an editor has a fix")
			require.Empty(t, compile(p.right))
		})
	}
}

func TestTheTableHasEveryCode(t *testing.T) {
	t.Parallel()
	const file, begin, end = "README.md", "<!-- codes -->\n", "<!-- end -->\n"
	var table strings.Builder
	table.WriteString("| code | severity | says |\n|---|---|---|\n")
	for _, code := range codes(t) {
		p := read(t, code[1])
		fmt.Fprintf(&table, "| [%s](%s.md) | %s | %s |\n", code[1], code[1], p.severity, strings.TrimPrefix(p.title, code[1]+": "))
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	require.True(t, found)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found)
	want := before + begin + table.String() + end + after
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "run the test with -update")
}
