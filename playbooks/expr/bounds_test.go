package expr_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/playbooks/expr"
)

// hostile are expressions that would take for ever, all memory or the whole stack.
var hostile = map[string]string{
	"nested loops without memory":      `count(1..1000, count(1..1000, count(1..1000, true) > 0) > 0)`,
	"a huge range":                     `1..9000000000000`,
	"a large range, often":             `map(1..1000, 1..100000)`,
	"the widest range":                 `(-9223372036854775807)..9223372036854775807`,
	"a text that doubles":              `reduce(1..60, #acc + #acc, "xxxxxxxx")`,
	"a list that doubles":              `reduce(1..60, concat(#acc, #acc), [1, 2, 3])`,
	"a list of itself":                 `reduce(1..60, [#acc, #acc], [1])`,
	"a list of itself, compared":       `let a = reduce(1..60, [#acc, #acc], [1]); let b = reduce(1..60, [#acc, #acc], [1]); a == b`,
	"a list of itself, flattened":      `flatten(reduce(1..60, [#acc, #acc], [1]))`,
	"a list of itself, summed":         `mean(reduce(1..60, [#acc, #acc], [1]))`,
	"a list of itself, ordered":        `max(reduce(1..60, [#acc, #acc], [1]))`,
	"a list of itself, searched":       `iocs(reduce(1..60, [#acc, #acc], ["10.0.0.1"]))`,
	"a deep list":                      `reduce(1..100000, [#acc], [1])`,
	"a deep list, flattened":           `flatten(reduce(1..100000, [#acc], [1])) == reduce(1..100000, [#acc], [1])`,
	"a repeat":                         `repeat("x", 100000000)`,
	"repeats":                          `map(1..10000, repeat("x", 100000))`,
	"replacements that grow":           `replace(repeat("a", 100000), "a", repeat("b", 100000))`,
	"replacements of nothing":          `replace(repeat("a", 1000000), "", repeat("b", 1000))`,
	"a join that grows":                `join(1..100000, repeat("x", 10000))`,
	"joins of joins":                   `map(1..100000, join(1..1000, ","))`,
	"a split of each character, often": `map(1..1000, split(repeat("x", 100000), ""))`,
	"a wide pattern":                   `repeat("x", 1000000) matches "(.{0,500}){0,2}y"`,
	"a large pattern":                  `"x" matches "((a{0,100}b{0,100}){0,9}){0,9}"`,
	"a slow pattern, often":            `count(1..100000, repeat("ab", 500) matches "(a|b)*c")`,
	"patterns compiled often":          `count(1..100000, "x" matches (string(#) + "[a-z]{1,900}"))`,
	"all matches of nothing":           `map(1..1000, regex_all(repeat("x", 100000), "x*?"))`,
	"matches replaced by much":         `regex_replace(repeat("x", 100000), "x", repeat("y", 10000))`,
	"sorting, often":                   `map(1..10000, sort(1..10000))`,
	"sorting much":                     `sortBy(1..1000000, -#)`,
	"hashing much":                     `map(1..100000, sha256(repeat("x", 100000)))`,
	"indicators of much":               `map(1..1000, iocs(repeat("1.2.3.4 a.com ", 10000)))`,
	"many indicators":                  `iocs(map(1..10000, "10.0.0." + string(#)) | map("http://h" + # + ".com/"))`,
	"defanging much":                   `map(1..1000, defang(repeat("a.b@c ", 100000)))`,
	"JSON of much":                     `map(1..10000, toJSON(1..100000))`,
	"each element once, of much":       `map(1..1000, uniq(map(1..1000, repeat("x", 1000) + string(#))))`,
	"a search in much, often":          `let l = 1..50000; count(l, # in l)`,
	"a comparison of long texts":       `let s = repeat("x", 900000); count(1..100000, s + "a" == s + "b")`,
	"equal long texts":                 `let s = repeat("x", 900000); count(1..100000, s == s)`,
	"characters of a long text":        `let s = repeat("x", 900000); count(1..100000, s[899999] == "x")`,
	"slices of a long text":            `let s = repeat("x", 900000); count(1..100000, s[1:] == "x")`,
	"the length of a long text":        `let s = repeat("x", 900000); sum(1..100000, len(s))`,
	"a long text trimmed":              `let s = repeat("x", 900000); count(1..100000, trim(s, "x") == "")`,
	"a long text searched":             `let s = repeat("x", 900000); count(1..100000, s contains "y" || indexOf(s, "y") > 0 || hasSuffix(s, "y"))`,
	"a long text in lower case":        `let s = repeat("É", 400000); count(1..100000, lower(s) == "")`,
	"a long text encoded":              `let s = repeat("x", 900000); count(1..100000, base64(s) == "" || base64_decode(s) == "")`,
	"durations that overflow":          `map(1..1000000, ago("290y"))`,
	"shared conditions":                strings.Repeat("(", 300) + "true" + strings.Repeat(" ?: true)", 300),
	"an open parenthesis, very often":  strings.Repeat("(", expr.MaxSource),
	"a negation, very often":           strings.Repeat("!", expr.MaxSource-4) + "true",
	"too much source":                  strings.Repeat(" ", expr.MaxSource) + "1",
	"too many elements":                "1" + strings.Repeat("+1", expr.MaxNodes),
	"shared comparisons":               sharedComparisons(200),
}

func sharedComparisons(depth int) string {
	source := "1"
	for range depth {
		source = "(1 < (" + source + " == 2 ? 1 : 2) < 3 ? 1 : 2)"
	}
	return source
}

// TestHostileExpressionsEnd has no clock of its own: one that does not end runs into the timeout of the tests, with its
// name in the stack. A quiet machine takes a second for one at most, without the race detector.
func TestHostileExpressionsEnd(t *testing.T) {
	t.Parallel()
	env := expr.NewEnv(nil)
	for name, source := range hostile {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			out, err := expr.Eval(source, expr.NewScope(nil, noon))
			require.LessOrEqual(t, len(out), expr.MaxOutput)
			if err != nil {
				require.NotContains(t, err.Error(), "cannot be evaluated", "the bound must say what it is")
			}
			_, _ = expr.Check(source, env)
			_, _ = expr.Refs(source)
			t.Logf("%v %v", time.Since(start).Round(time.Millisecond), err)
		})
	}
}

func TestTypesThatShareTheirPartsDoNotExplode(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("let a0 = {x: 1}; let b0 = {x: 2}; ")
	for i := 1; i < 60; i++ {
		fmt.Fprintf(&b, "let a%d = {x: a%d, y: a%d, z: a%d}; let b%d = {x: b%d, y: b%d, z: b%d}; ", i, i-1, i-1, i-1, i, i-1, i-1, i-1)
	}
	b.WriteString("true ? a59 : b59")
	result, _ := expr.Check(b.String(), expr.NewEnv(nil))
	require.True(t, result.CanBeObject())
	result.Assignable(result)
}

func TestDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	deep := json.RawMessage(strings.Repeat("[", 500) + strings.Repeat("]", 500))
	_, err := expr.Eval(`len(x)`, expr.NewScope(expr.Vars{"x": deep}, noon))
	require.ErrorContains(t, err, "nested deeper")
	large := json.RawMessage(`"` + strings.Repeat("x", expr.MaxDocument) + `"`)
	_, err = expr.Eval(`len(x)`, expr.NewScope(expr.Vars{"x": large}, noon))
	require.ErrorContains(t, err, "at most")
	_, err = expr.Template(strings.Repeat("x", expr.MaxTemplate+1))
	require.ErrorContains(t, err, "at most")
	_, err = expr.FromJSONSchema(json.RawMessage(`{"$ref":"#/$defs/a","$defs":{"a":{"properties":{"x":{"$ref":"#/$defs/a"},"y":{"$ref":"#/$defs/a"}}}}}`))
	require.NoError(t, err)
}

func TestExpressionsAreEvaluatedByManyAtOnce(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 200 {
				source := fmt.Sprintf(`alert.rule.level + %d`, (worker+i)%50)
				got, err := expr.Eval(source, scope())
				if err != nil || string(got) != fmt.Sprint(10+(worker+i)%50) {
					t.Errorf("%s gave %s, %v", source, got, err)
				}
			}
		})
	}
	group.Wait()
}
