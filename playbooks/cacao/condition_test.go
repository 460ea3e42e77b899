package cacao

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	known := map[string]variable{
		"__n__":   {typ: "integer", from: []string{"inputs.n"}},
		"__s__":   {typ: "string", from: []string{"inputs.s"}},
		"__b__":   {typ: "boolean", from: []string{"inputs.b"}},
		"__may__": {typ: "string", from: []string{"steps.a.output.values.x"}, may: true},
		"__two__": {typ: "integer", from: []string{"steps.b.output.values.x", "inputs.n"}},
	}
	for _, c := range []struct{ condition, is, fails string }{
		{condition: `__n__:value = 5`, is: `inputs.n == 5`},
		{condition: `__n__:value == '5'`, is: `inputs.n == 5`},
		{condition: `__s__:value = 5`, is: `inputs.s == "5"`},
		{condition: `__s__:value <> "a b"`, is: `inputs.s != "a b"`},
		{condition: `__s__:value = 'it\'s ${{ run.id }}'`, is: `inputs.s == "it's $ {{ run.id }}"`},
		{condition: `10 > __n__:value`, is: `10 > inputs.n`},
		{condition: `__b__:value`, is: `inputs.b`},
		{condition: `__s__:value`, is: `inputs.s == "true"`},
		{condition: `__b__:value = 'true' AND NOT __n__:value < 3`, is: `inputs.b == true && !(inputs.n < 3)`},
		{condition: `(__b__:value or __n__:value>=1)and __s__:value != 'x'`, is: `(inputs.b || inputs.n >= 1) && inputs.s != "x"`},
		{condition: `__s__:value IN ('a', 'b')`, is: `inputs.s in ["a", "b"]`},
		{condition: `__s__:value NOT IN ('a')`, is: `!(inputs.s in ["a"])`},
		{condition: `__s__:value LIKE 'dc%.corp_'`, is: `string(inputs.s) matches "^dc.*\\.corp.$"`},
		{condition: `__s__:value MATCHES '^a+$'`, is: `string(inputs.s) matches "^a+$"`},
		{condition: `__may__:value = 'x'`, is: `(steps.a.output?.values.x ?? "") == "x"`},
		{condition: `__two__:value = __n__:value`, is: `(steps.b.output?.values.x ?? inputs.n) == inputs.n`},
		{condition: `[ipv4-addr:value = '1.2.3.4']`, fails: "more than comparisons"},
		{condition: `__other__:value = 1`, fails: "nothing gives the variable __other__ a value"},
		{condition: `__n__:value =`, fails: "ends in the middle"},
		{condition: `(__b__:value`, fails: "not closed"},
		{condition: `1 = 2`, fails: "two constants"},
		{condition: `__n__:value = 5 6`, fails: "goes on with"},
		{condition: `__s__:value MATCHES '('`, fails: "regular expression"},
		{condition: ``, fails: "empty"},
		{condition: `run.id == "x"`, fails: "more than comparisons"},
	} {
		t.Run(c.condition, func(t *testing.T) {
			t.Parallel()
			is, err := condition(c.condition, func(name string) (variable, bool) { v, ok := known[name]; return v, ok })
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.is, is)
		})
	}
}
