package library_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks"
	"picket/playbooks/library"
)

var update = flag.Bool("update", false, "write the counts into docs/expressiveness.md")

const page = "../../docs/expressiveness.md"

// ownRecords are the constructs for which Picket has no operations yet.
var ownRecords = []string{
	"trigger: incident", "note / comment", "severity / status", "write on the alert", "tags / artifacts", "find alerts", "raise an alert",
}

// cells are the cells of a row of a Markdown table, or nil.
func cells(line string) []string {
	if !strings.HasPrefix(line, "| ") {
		return nil
	}
	line = strings.ReplaceAll(strings.Trim(line, "| "), `\|`, "\x00")
	parts := strings.Split(line, "|")
	for i := range parts {
		parts[i] = strings.ReplaceAll(strings.TrimSpace(parts[i]), "\x00", `\|`)
	}
	return parts
}

func TestThePageOnExpressivenessCountsWhatTheCorporaUse(t *testing.T) {
	t.Parallel()
	all := append(corpus(t, "phantom"), corpus(t, "keep")...)
	text, err := os.ReadFile(page)
	require.NoError(t, err)

	want := map[string][]string{} // first cell of a row to those that are computed
	for _, c := range constructs {
		count := map[string]int{}
		for _, f := range all {
			if c.in(f) {
				folder, _, _ := strings.Cut(f.name, "/")
				count[folder]++
			}
		}
		require.Positive(t, count["phantom"]+count["keep"], "nothing uses %s", c.name)
		want[c.name] = []string{fmt.Sprint(count["phantom"]), fmt.Sprint(count["keep"])}
	}
	for _, f := range all {
		var uses []string
		for _, c := range constructs {
			if c.in(f) {
				uses = append(uses, c.name)
			}
		}
		want[f.name] = []string{strings.Join(uses, ", ")}
	}

	records := 0 // playbooks that write or read the product's own records
	for _, f := range all {
		if slices.ContainsFunc(constructs, func(c construct) bool { return slices.Contains(ownRecords, c.name) && c.in(f) }) {
			records++
		}
	}

	verdicts, rows := map[string]int{}, map[string]int{}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		row := cells(line)
		if len(row) != 4 || want[row[0]] == nil {
			continue
		}
		rows[row[0]]++
		if strings.HasPrefix(row[0], "phantom/") || strings.HasPrefix(row[0], "keep/") {
			verdicts[row[2]]++
		}
		copy(row[1:], want[row[0]])
		lines[i] = "| " + strings.Join(row, " | ") + " |"
	}
	for name := range want {
		require.Equal(t, 1, rows[name], "the page has one row for %s", name)
	}
	require.Len(t, all, verdicts["yes"]+verdicts["changed"]+verdicts["no"], "every playbook has a verdict")
	now := strings.Join(lines, "\n")
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(now), 0o600))
		return
	}
	require.Equal(t, string(text), now, "the counts have changed: run the test with -update")
	for _, said := range []string{
		fmt.Sprintf("**%d can be said as they are**", verdicts["yes"]), fmt.Sprintf("**%d with a change**", verdicts["changed"]),
		fmt.Sprintf("**%d can't be\nsaid**", verdicts["no"]), fmt.Sprintf("are what %d of the %d use", records, len(all)),
	} {
		require.Contains(t, now, said)
	}
}

// Around an example stands what its place in a playbook gives it.
const (
	aroundSteps = "name: example\nowner: docs\non: {alert: {when: 'alert.severity >= low'}, manual: {}}\nsteps:\n"
	aroundKeys  = "name: example\nowner: docs\n"
	someOn      = "on: {alert: {when: 'alert.severity >= low'}}\n"
	someSteps   = "steps: [{id: done, stop: completed}]\n"
)

func TestEveryExampleOnThePageCompiles(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	examples := strings.Split(string(text), "```yaml\n")[1:]
	require.GreaterOrEqual(t, len(examples), 15)
	cat := catalog(t)
	cat.Playbooks = map[string]playbooks.Callable{}
	for _, c := range playbooks.CompileSet(fileSet(library.Files()), catalog(t)) {
		cat.Playbooks[strings.TrimSuffix(c.File.Name, ".yaml")] = c.Callable
	}
	for _, e := range examples {
		source, _, closed := strings.Cut(e, "```")
		require.True(t, closed)
		whole := aroundSteps + source
		if !strings.HasPrefix(source, "- ") {
			whole = aroundKeys + source
			if !strings.Contains(source, "on: ") {
				whole += someOn
			}
			if !strings.Contains(source, "steps: ") {
				whole += someSteps
			}
		}
		_, diagnostics := playbooks.Compile("example.yaml", []byte(whole), cat)
		require.Empty(t, diagnostics, "%v in\n%s", diagnostics, source)
	}
}
