package docs_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what the code says now into the pages; read the diff")

// limited are the packages whose limits somebody meets: who writes a playbook or a connector, who posts alerts, who runs it.
var limited = []string{
	"playbooks/spec", "playbooks/plan", "playbooks/expr", "playbooks/playtest", "playbooks/cacao", "workflows", "activities", "api",
	"internal/app", "internal/auth", "internal/backtest", "internal/blob", "internal/connector", "internal/consent", "internal/contract",
	"internal/engine", "internal/ingest", "internal/mcpserver", "internal/mcptools", "internal/playtest", "internal/propose", "internal/shadow", "internal/store", "internal/testcase", "internal/undo",
}

var (
	limitName = regexp.MustCompile(`^(Max|max|Min|min|Most|most|Least|least)[A-Z]|(Body|Most|Least)$|^(shortText|longText|bodyText|defaultRate|DefaultRunTimeout|FinallyTimeout)$`)
	limitRow  = regexp.MustCompile("(?m)^\\| `([a-z]+\\.[A-Za-z]+)` \\| ([^|]*) \\|")
)

// declared are the constants of a package.
func declared(t *testing.T, dir string) map[string]ast.Expr {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, paths, dir)
	found := map[string]ast.Expr{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				for _, s := range g.Specs {
					v := s.(*ast.ValueSpec)
					for i, name := range v.Names {
						if i < len(v.Values) {
							found[name.Name] = v.Values[i]
						}
					}
				}
			}
		}
	}
	return found
}

// constants are the limits of a package as the page writes them, by name.
func constants(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := declared(t, dir)
	written := map[string]string{}
	for name, e := range found {
		if !limitName.MatchString(name) {
			continue
		}
		value, unit := evaluate(t, dir, e, found)
		if value.Kind() == constant.String {
			continue
		}
		written[filepath.Base(dir)+"."+name] = inWords(t, value, unit)
	}
	return written
}

// evaluate is a constant's value; unit is the length of time that it counts, 0 where it counts something else.
func evaluate(t *testing.T, dir string, e ast.Expr, known map[string]ast.Expr) (value constant.Value, unit time.Duration) {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0), 0
	case *ast.ParenExpr:
		return evaluate(t, dir, e.X, known)
	case *ast.Ident:
		require.Contains(t, known, e.Name, dir)
		return evaluate(t, dir, known[e.Name], known)
	case *ast.SelectorExpr:
		from := e.X.(*ast.Ident).Name
		for _, other := range limited {
			if filepath.Base(other) == from {
				all := declared(t, other)
				require.Contains(t, all, e.Sel.Name)
				return evaluate(t, other, all[e.Sel.Name], all)
			}
		}
		if d, ok := map[string]time.Duration{"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour}[e.Sel.Name]; ok && from == "time" {
			return constant.MakeInt64(int64(d)), time.Nanosecond
		}
	case *ast.CallExpr: // a conversion; plan.Duration counts milliseconds
		value, unit = evaluate(t, dir, e.Args[0], known)
		if s, ok := e.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Duration" && unit == 0 {
			unit = time.Millisecond
		}
		return value, unit
	case *ast.BinaryExpr:
		x, xUnit := evaluate(t, dir, e.X, known)
		y, yUnit := evaluate(t, dir, e.Y, known)
		if e.Op == token.SHL {
			n, exact := constant.Uint64Val(y)
			require.True(t, exact)
			return constant.Shift(x, e.Op, uint(n)), xUnit
		}
		return constant.BinaryOp(x, e.Op, y), max(xUnit, yUnit)
	}
	require.Failf(t, "a limit that this test can't read", "%s: %T", dir, e)
	return nil, 0
}

// inWords is a value as the page writes it: 10,000 or 30s.
func inWords(t *testing.T, value constant.Value, unit time.Duration) string {
	t.Helper()
	n, exact := constant.Int64Val(constant.ToInt(value))
	require.True(t, exact)
	if unit > 0 {
		d := time.Duration(n) * unit
		if d%(24*time.Hour) == 0 {
			return fmt.Sprintf("%dd", d/(24*time.Hour))
		}
		text := d.String() // such as 1h0m0s
		for _, nothing := range []string{"m0s", "h0m"} {
			if rest, ends := strings.CutSuffix(text, nothing); ends {
				text = rest + nothing[:1]
			}
		}
		return text
	}
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// TestThePageOfLimitsHasEveryLimitWithItsValue holds docs/limits.md against the constants.
func TestThePageOfLimitsHasEveryLimitWithItsValue(t *testing.T) {
	t.Parallel()
	const page = "limits.md"
	want := map[string]string{}
	for _, dir := range limited {
		maps.Copy(want, constants(t, dir))
	}
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	got := map[string]string{}
	for _, row := range limitRow.FindAllStringSubmatch(string(text), -1) {
		require.NotContains(t, got, row[1], "%s stands twice", row[1])
		got[row[1]] = row[2]
	}
	if *update {
		out := limitRow.ReplaceAllStringFunc(string(text), func(row string) string {
			m := limitRow.FindStringSubmatch(row)
			return "| `" + m[1] + "` | " + want[m[1]] + " |"
		})
		require.NoError(t, os.WriteFile(page, []byte(out), 0o644))
		return
	}
	var missing, gone []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, there := got[name]; !there {
			missing = append(missing, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if value, there := want[name]; there {
			require.Equal(t, value, got[name], "%s: run the test with -update", name)
		} else {
			gone = append(gone, name)
		}
	}
	require.Empty(t, missing, "limits that are not on docs/limits.md: add a row for each, with what one is told beyond it")
	require.Empty(t, gone, "limits of docs/limits.md that the code does not have any more")
}
