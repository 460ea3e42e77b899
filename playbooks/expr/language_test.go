package expr_test

import (
	"encoding/json"
	"testing"

	upstream "github.com/expr-lang/expr"
	"github.com/stretchr/testify/require"

	"picket/playbooks/expr"
)

// Where expr-lang's own machine gives a result without data that is missing, ours gives the same.
func TestTheLanguageIsExprLang(t *testing.T) {
	t.Parallel()
	const document = `{"i": 7, "j": -3, "f": 2.5, "s": "Hello, World", "t": "world", "b": true, "l": [5, 3, 9, 1], "w": ["b", "a", "c"],
		"o": {"x": 1, "y": {"z": [10, 20, 30]}}, "users": [{"name": "ann", "age": 30}, {"name": "bob", "age": 25}, {"name": "cid", "age": 30}]}`
	var env map[string]any
	require.NoError(t, json.Unmarshal([]byte(document), &env))
	env = wholeNumbers(env).(map[string]any)
	vars := expr.Vars{}
	for name, value := range env {
		text, err := json.Marshal(value)
		require.NoError(t, err)
		vars[name] = text
	}
	for _, source := range []string{
		`1 + 2 * 3 - 4 / 2`, `7 % 3`, `-7 % 3`, `2 ** 3 ** 2`, `2 ^ 10`, `-2 ** 2`, `i / 2`, `i * f`, `i + j`, `+i - -j`, `0x1F + 0b11 + 0o17 + 1_000`, `.5 + 1e3`,
		`i > j`, `i >= 7 && j < 0`, `i == 7.0`, `1 < i < 10`, `10 > i > 8`, `s < t`, `s == "Hello, World"`, `s != t`, `l == [5, 3, 9, 1]`, `o == {"x": 1, "y": {"z": [10, 20, 30]}}`,
		`not b`, `!b or b`, `b and not b`, `b ? "y" : "n"`, `b ?: "n"`, `false ?: "n"`, `if i > 3 { "big" } else if i > 1 { "mid" } else { "small" }`, `nil ?? i`, `i ?? 3`, `nil ?? nil ?? 4`,
		`s contains "World"`, `s startsWith "Hell"`, `s endsWith "d"`, `s matches "^H.*d$"`, `s not contains "x"`, `not (s matches "[0-9]")`, `"a" in w`, `"z" not in w`, `"x" in o`, `"q" in o`, `3 in l`, `i in 1..10`,
		`s[0:5]`, `s[7:]`, `s[:-2]`, `l[0]`, `l[-1]`, `l[1:3]`, `l[:2]`, `l[2:]`, `o.x`, `o["x"]`, `o.y.z[1]`, `o?.y?.z`, `o.q`, `o.q?.r`, `o?.q?.r.s`, `get(o, "q")`, `get(l, 9)`, `get(l, -1)`,
		`1..5`, `3..1`, `[1, "a", nil, [true]]`, `{a: 1, "b c": 2, ("d" + "e"): 3}`, `{"a": {"b": 1}}.a.b`,
		`all(l, # > 0)`, `none(l, # > 9)`, `any(l, # > 8)`, `one(l, # == 9)`, `filter(l, # > 2)`, `map(l, # * 2)`, `map(l, #index)`, `map(users, .name)`, `filter(users, .age == 30)`, `count(l, # > 2)`, `count([true, false, true])`,
		`find(users, .age == 25)`, `find(users, .age == 99)`, `findIndex(l, # == 9)`, `findIndex(l, # == 99)`, `findLast(users, .age == 30)`, `findLastIndex(l, # > 4)`,
		`sum(l)`, `sum(users, .age)`, `sum([1.5, 2])`, `reduce(l, #acc + #)`, `reduce(l, #acc + #, 100)`, `reduce([], #acc + #, 0)`, `sortBy(users, .age)`, `sortBy(users, .name, "desc")`,
		`groupBy(users, .name)["ann"]`, `map(l, {let x = #; x + 1})`, `map(1..2, map(1..2, # * 10))`, `filter(l, {# > 2 and # < 9})`, `l | filter(# > 2) | map(# + 1) | sum()`, `s | lower() | split(", ")`,
		`len(s)`, `len(l)`, `len(o)`, `len("é")`, `abs(j)`, `abs(-2.5)`, `ceil(f)`, `floor(f)`, `round(f)`, `round(2.4)`, `int(f)`, `int("42")`, `int("-7")`, `float(i)`, `float("2.5")`, `string(i)`, `string(f)`, `string(b)`, `string(s)`,
		`trim("  a ")`, `trim("xxaxx", "x")`, `trimPrefix("abc", "a")`, `trimSuffix("abc", "c")`, `upper(s)`, `lower(s)`, `split("a,b,c", ",")`, `split("a,b,c", ",", 2)`, `splitAfter("a,b", ",")`, `splitAfter("a,b,c", ",", 2)`,
		`replace(s, "o", "0")`, `replace(s, "o", "0", 1)`, `repeat("ab", 3)`, `join(w, "-")`, `join(w)`, `indexOf(s, "World")`, `lastIndexOf(s, "o")`, `indexOf(s, "q")`, `hasPrefix(s, "He")`, `hasSuffix(s, "ld")`,
		`max(l)`, `min(l)`, `max(1, 2.5, i)`, `min(l, 0)`, `mean(l)`, `median(l)`, `median([1, 2, 3])`, `mean([])`, `max(1, [2, [3]])`, `toBase64("hi")`, `fromBase64("aGk=")`, `fromJSON("[1, {\"a\": null}]")`,
		`first(l)`, `last(l)`, `first([])`, `take(l, 2)`, `take(l, 99)`, `reverse(l)`, `uniq([1, 2, 1, 3.0, 3])`, `concat(l, w)`, `flatten([1, [2, [3, [4]]]])`, `sort(l)`, `sort(w)`, `sort(l, "desc")`, `sort(keys(o))`, `len(values(o))`, `fromPairs([["a", 1]])["a"]`,
		`bitand(6, 3)`, `bitor(6, 3)`, `bitxor(6, 3)`, `bitnand(6, 3)`, `bitnot(6)`, `bitshl(1, 4)`, `bitshr(-16, 2)`, `bitushr(-1, 60)`, `type(i)`, `type(f)`, `type(s)`, `type(l)`, `type(o)`, `type(nil)`, `type(b)`,
		`let x = 2; let y = x * x; y + x`, `let x = l; x[0] + len(x)`, `1; 2; 3`, `(1; 2)`, `duration("1h").Minutes()`, `date("2026-01-02").Year()`, `date("2026-01-02 03:04:05").Hour()`, `date("02.01.2026", "02.01.2006").Day()`,
		`(date("2026-01-03") - date("2026-01-02")).Hours()`, `date("2026-01-02") + duration("24h") == date("2026-01-03")`, `date("2026-01-02") < date("2026-01-03")`, `duration("1h") > duration("30m")`, `"a" + "b" + "c"`, "`raw\\n`", `"\u00e9\n\t\x41"`, `'single "quotes"'`,
		`/* a comment */ 1 // and one more`, `::len(l)`, `map(filter(users, .age > 26), {.name + "!"})`, `sortBy(l, -#)[0]`, `users[0]["name"]`, `users | map(.age) | uniq() | len()`,
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			theirs, err := upstream.Eval(source, env)
			require.NoError(t, err)
			want, err := json.Marshal(theirs)
			require.NoError(t, err)
			got, err := expr.Eval(source, expr.NewScope(vars, noon))
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(got))
		})
	}
}

// wholeNumbers makes ints of the whole numbers in decoded JSON.
func wholeNumbers(value any) any {
	switch v := value.(type) {
	case float64:
		if v == float64(int(v)) {
			return int(v)
		}
	case []any:
		for i := range v {
			v[i] = wholeNumbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = wholeNumbers(v[name])
		}
	}
	return value
}
