package playbooks_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks"
	"picket/playbooks/editor"
	"picket/playbooks/spec"
)

// mistake is one kind of mistake that the compiler tells: a code, and the form of the sentence.
type mistake struct{ code, form string }

func (m mistake) String() string { return m.code + " " + m.form }

// says matches the sentences of this form.
func (m mistake) says() *regexp.Regexp {
	return regexp.MustCompile("(?s)^" + regexp.MustCompile(`%[sdqv]`).ReplaceAllString(regexp.QuoteMeta(m.form), ".*") + "$")
}

// at is where a reporting function has the code (-1: it is fixed) and the form among its arguments.
var reporters = map[string]struct {
	code, form int
	fixed      string
}{
	"Error": {0, 3, ""}, "Warn": {0, 3, ""}, "Near": {0, 4, ""}, "diagnostic": {1, 4, ""},
	"missing": {-1, 3, spec.CodeMissing}, "problem": {-1, 2, spec.CodeExpression},
}

// mistakes are all kinds that the compiler's source has.
func mistakes(t *testing.T) []mistake {
	t.Helper()
	found := map[mistake]bool{}
	codes := map[string]string{}
	var files []*ast.File
	for _, pattern := range []string{"set.go", "spec/*.go", "check/*.go", "expr/check*.go"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 && strings.HasPrefix(v.Names[0].Name, "Code") {
				codes[v.Names[0].Name] = text(v.Values[0])
			}
			return true
		})
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			r, ok := reporters[method.Sel.Name]
			if !ok || len(call.Args) <= r.form {
				return true
			}
			code := r.fixed
			if r.code >= 0 {
				code = codes[lastName(call.Args[r.code])]
			}
			if form := text(call.Args[r.form]); code != "" && strings.Trim(form, "%s ") != "" {
				found[mistake{code, form}] = true
			}
			return true
		})
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b mistake) int { return strings.Compare(a.String(), b.String()) })
}

// text is a literal text, with %s for what is computed.
func text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return s
		}
	case *ast.BinaryExpr:
		return text(e.X) + text(e.Y)
	}
	return "%s"
}

func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// least is how many kinds of mistake the corpus shows at least.
const least = 160

// beyond are the kinds of which no text can be a case, each with the reason.
var beyond = map[string]string{
	"P020 only functions can be called":        "the parser tells it first, in words of its own",
	"P020 %s: a list is needed":                "the parser tells it first, in words of its own",
	"P020 this is not supported in a playbook": "no element of the language is without a rule",
	"P038 %s can't be used: %s":                "connectors are loaded only with schemas that can be used",
}

// large are the cases that are too large for a file.
func large() map[string][]byte {
	const head = "name: x\nowner: y\non: {manual: {}}\nsteps:\n"
	options := strings.Repeat("x, ", 101)
	return map[string][]byte{
		"a long text":     []byte(head + "# " + strings.Repeat("x", spec.MaxBytes)),
		"a deep text":     []byte(head + "  - {id: a, set: {x: " + strings.Repeat("[", 60) + strings.Repeat("]", 60) + "}}\n"),
		"many steps":      []byte(head + manySteps(spec.MaxSteps+1)),
		"many options":    []byte(head + "  - {id: a, ask: {title: x, by: {role: lead}, within: 1h, fields: {f: {type: choice, options: [" + options + "]}}}}\n"),
		"text of bytes":   []byte(head + "  - {id: a, set: {x: \"\xff\"}}\n"),
		"many tools":      []byte(head + "  - {id: a, agent: {goal: x, returns: verdict, tools: [" + strings.Repeat("geoip.lookup, ", 41) + "]}}\n"),
		"a long argument": []byte(head + "  - {id: a, action: okta.get_user, with: {user: " + strings.Repeat("x", 101) + "}}\n"),
	}
}

// everyDiagnostic is all that the compiler says of the corpus.
func everyDiagnostic(t *testing.T) []playbooks.Diagnostic {
	t.Helper()
	var all []playbooks.Diagnostic
	for _, archive := range goldens(t) {
		in, agents := sources(archive)
		compiled, ofAgents := compileSet(t, in, agents)
		all = append(all, ofAgents...)
		for _, c := range compiled {
			all = append(all, c.Diagnostics...)
		}
	}
	for name, source := range large() {
		_, diagnostics := playbooks.Compile("large.yaml", source, fixture(t))
		require.NotEmpty(t, diagnostics, name)
		all = append(all, diagnostics...)
	}
	verbose := []byte("name: a\nowner: b\ninstructions: " + strings.Repeat("x", 20_001) + "\n")
	_, diagnostics := playbooks.ReadAgents([]playbooks.File{{Name: "agents/a.yaml", Source: verbose}}, fixture(t))
	return append(all, diagnostics...)
}

func TestEveryKindOfMistakeHasACase(t *testing.T) {
	t.Parallel()
	said := map[string]map[string]bool{}
	for _, d := range everyDiagnostic(t) {
		if said[d.Code] == nil {
			said[d.Code] = map[string]bool{}
		}
		said[d.Code][d.Message] = true
	}
	var without []string
	kinds := mistakes(t)
	for _, m := range kinds {
		form := m.says()
		shown := slices.ContainsFunc(slices.Collect(maps.Keys(said[m.code])), form.MatchString)
		if reason, exempt := beyond[m.String()]; exempt {
			require.NotEmpty(t, reason)
			require.False(t, shown, "%s has a case: take it out of beyond", m)
			continue
		}
		if !shown {
			without = append(without, m.String())
		}
	}
	require.Empty(t, without, "no golden file shows these")
	t.Logf("%d kinds of mistake, of which %d have a case", len(kinds), len(kinds)-len(beyond))
	require.GreaterOrEqual(t, len(kinds)-len(beyond), least)
}

// TestEveryFixMends applies each first fix of the corpus: what it is for is gone, and the text is still a playbook.
func TestEveryFixMends(t *testing.T) {
	t.Parallel()
	mended := map[string]bool{}
	for name, archive := range goldens(t) {
		in, agents := sources(archive)
		before, _ := compileSet(t, in, agents)
		for i, c := range before {
			for _, d := range c.Diagnostics {
				if len(d.Fixes) == 0 {
					continue
				}
				fix := d.Fixes[0]
				text, err := editor.Apply(string(c.File.Source), fix.Edits)
				require.NoError(t, err, "%s: %s: %s", name, d, fix.Title)
				again := slices.Clone(in)
				again[i].Source = []byte(text)
				compiled, _ := compileSet(t, again, agents)
				after := compiled[i].Diagnostics
				require.Less(t, count(after, d), count(c.Diagnostics, d), "%s: %s: %s\n%s\n%v", name, d, fix.Title, text, after)
				require.LessOrEqual(t, len(after), len(c.Diagnostics), "%s: %s: %s\n%s\n%v", name, d, fix.Title, text, after)
				require.NotContains(t, fmt.Sprint(after), " "+spec.CodeSyntax+":", "%s: %s: %s\n%s", name, d, fix.Title, text)
				mended[d.Code] = true
			}
		}
	}
	require.GreaterOrEqual(t, len(mended), 25, "codes with a fix: %v", slices.Sorted(maps.Keys(mended)))
}

// TestFixesFitWhateverTextTheyAreFor breaks the texts of the corpus at random: each fix that is offered can be applied.
func TestFixesFitWhateverTextTheyAreFor(t *testing.T) {
	t.Parallel()
	cat := fixture(t)
	rng := rand.New(rand.NewPCG(3, 4))
	all := goldens(t)
	tried := 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		source := []rune(string(all[name].Files[0].Data))
		for range 10 {
			broken := slices.Clone(source)
			for range 1 + rng.IntN(3) {
				if at := rng.IntN(max(len(broken), 1)); at < len(broken) {
					piece := []string{"", "&a ", "*a", "!t ", "\n", "  ", "'", "\"", "{", "}", "[", ",", ": ", "# ", "é", "- "}[rng.IntN(16)]
					broken = slices.Replace(broken, at, min(at+rng.IntN(3), len(broken)), []rune(piece)...)
				}
			}
			_, diagnostics := playbooks.Compile("broken.yaml", []byte(string(broken)), cat)
			for _, d := range diagnostics {
				for _, fix := range d.Fixes {
					_, err := editor.Apply(string(broken), fix.Edits)
					require.NoError(t, err, "%s: %s\n%s", d, fix.Title, string(broken))
					tried++
				}
			}
		}
	}
	require.Greater(t, tried, 500)
}

var number = regexp.MustCompile(`\d+`)

// count is how often a thing is said, wherever it is.
func count(all []playbooks.Diagnostic, d playbooks.Diagnostic) (n int) {
	for _, other := range all {
		if other.Code == d.Code && number.ReplaceAllString(other.Message, "N") == number.ReplaceAllString(d.Message, "N") {
			n++
		}
	}
	return n
}
