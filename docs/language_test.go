package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/soc"
	"picket/playbooks"
	"picket/playbooks/expr"
	"picket/playbooks/library"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// generated puts a text between a marker and the end that follows it.
func generated(t *testing.T, page, marker, text string) string {
	t.Helper()
	before, rest, found := strings.Cut(page, "<!-- "+marker+" -->\n")
	require.True(t, found, marker)
	_, after, found := strings.Cut(rest, "<!-- end -->")
	require.True(t, found, marker)
	return before + "<!-- " + marker + " -->\n" + text + "<!-- end -->" + after
}

// TestThePageOfTheLanguageIsTheCompilersOwn makes the tables of docs/language.md from what the compiler reads.
func TestThePageOfTheLanguageIsTheCompilersOwn(t *testing.T) {
	t.Parallel()
	const file = "language.md"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	page := generated(t, string(text), "keys", keyTables())
	page = generated(t, page, "alert", alertTable())
	page = generated(t, page, "functions", functionTable(t))
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(page), 0o644))
		return
	}
	require.Equal(t, page, string(text), "run the test with -update")
}

func keyTables() string {
	var b strings.Builder
	for _, c := range spec.Language {
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", c.Name, c.Doc)
		if len(c.Keys) == 0 {
			continue
		}
		b.WriteString("| key | takes | otherwise | meaning |\n|---|---|---|---|\n")
		for _, k := range c.Keys {
			name, otherwise := "`"+k.Name+"`", ""
			if k.Required {
				name = "**" + name + "**"
			}
			if k.Default != "" {
				otherwise = "`" + k.Default + "`"
			}
			meaning := k.Doc
			if k.Example != "" {
				meaning += " Such as `" + k.Example + "`."
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, takes(k), otherwise, strings.ReplaceAll(meaning, "|", `\|`))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// takes is what a key takes, in words.
func takes(k spec.Key) string {
	words := map[string]string{
		spec.TakesLiteral: "word", spec.TakesText: "text", spec.TakesCondition: "condition", spec.TakesValue: "value",
		spec.TakesValues: "values by name", spec.TakesDuration: "duration", spec.TakesInteger: "whole number", spec.TakesNumber: "number",
		spec.TakesBoolean: "true or false", spec.TakesWords: "list of words", spec.TakesSteps: "list of [steps](#step)",
		spec.TakesSchema: "JSON Schema", spec.TakesNothing: "nothing",
	}
	var forms []string
	for _, form := range k.Takes {
		switch {
		case form == spec.TakesMap:
		case form == spec.TakesLiteral && len(k.Enum) > 0:
			forms = append(forms, "`"+strings.Join(k.Enum, "`, `")+"`")
		default:
			forms = append(forms, words[form])
		}
	}
	for _, in := range k.In {
		link := fmt.Sprintf("[%s](#%s)", in, in)
		for _, form := range k.Takes {
			if form == spec.TakesMap {
				link += " by name"
			}
		}
		forms = append(forms, link)
	}
	text := strings.Join(forms, " or ")
	if k.List {
		text += ", or a list of these"
	}
	return text
}

func alertTable() string {
	var b strings.Builder
	b.WriteString("\n| member | type |\n|---|---|\n")
	var rows func(prefix string, of expr.Type)
	rows = func(prefix string, of expr.Type) {
		for _, name := range of.Members() {
			member, _ := of.Member(name)
			if len(member.Members()) > 0 {
				rows(prefix+name+".", member)
				continue
			}
			fmt.Fprintf(&b, "| `%s%s` | %s |\n", prefix, name, member)
			if member.CanBeList() && !member.IsAny() {
				rows(prefix+name+"[0].", member.Elem())
			}
		}
	}
	rows("alert.", expr.AlertType())
	b.WriteString("\n")
	return b.String()
}

func functionTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| call | gives | example | its result |\n|---|---|---|---|\n")
	clock := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	code := func(text string) string {
		if text == "" {
			return ""
		}
		return "`" + strings.ReplaceAll(text, "|", `\|`) + "`"
	}
	for _, r := range expr.References() {
		result := ""
		if r.Example != "" {
			if value, err := expr.Eval(r.Example, expr.NewScope(nil, clock)); r.Name != "timezone" {
				require.NoError(t, err)
				result = string(value)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(r.Usage), r.Doc, code(r.Example), code(result))
	}
	b.WriteString("\n")
	return b.String()
}

var fenced = regexp.MustCompile("(?s)```yaml\n(.+?)```")

// TestTheExamplesOfThePageOfTheLanguageCompile compiles them, each by itself, and finds every verb among them.
func TestTheExamplesOfThePageOfTheLanguageCompile(t *testing.T) {
	t.Parallel()
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	cat := &playbooks.Catalog{
		Operations: map[string]playbooks.Operation{},
		Roles:      []string{soc.RoleAdmin, soc.RoleLead, soc.RoleResponder, soc.RoleAnalyst},
		Playbooks:  map[string]playbooks.Callable{},
	}
	for _, op := range registry.Operations() {
		cat.Operations[op.Name] = playbooks.Operation{Name: op.Name, Effect: op.Effect, Input: op.Input, Output: op.Output, Untrusted: op.Untrusted}
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
	pages, err := filepath.Glob("*.md")
	require.NoError(t, err)
	for _, page := range pages { // whole playbooks that stand in another page
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(m[1], "name: ") && strings.Contains(m[1], "\nsteps:") {
				p, diagnostics := playbooks.Compile(page, []byte(m[1]), cat)
				require.NotNil(t, p, "%v", diagnostics)
			}
		}
	}
	text, err := os.ReadFile("language.md")
	require.NoError(t, err)
	verbs := map[string]bool{}
	for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
		source := m[1]
		if strings.HasPrefix(source, "- ") {
			source = "name: example\nowner: team\non: {alert: {}}\nsteps:\n" + source
		}
		p, diagnostics := playbooks.Compile("example.yaml", []byte(source), cat)
		require.Empty(t, diagnostics, "%v\n%s", diagnostics, source)
		plan.Walk(p.Steps, func(s *plan.Step) { verbs[s.Verb] = true })
	}
	for _, verb := range spec.Verbs {
		require.True(t, verbs[verb], "no example has the verb %s", verb)
	}
}
