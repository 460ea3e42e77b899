package expr_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

func TestTemplateSplits(t *testing.T) {
	t.Parallel()
	text := func(s string, at int) expr.Segment { return expr.Segment{Text: s, Offset: at} }
	code := func(s string, at int) expr.Segment { return expr.Segment{Expr: s, Offset: at} }
	for name, c := range map[string]struct {
		text string
		want []expr.Segment
	}{
		"nothing":                         {"", nil},
		"text alone":                      {"a $ b {{c}} }}", []expr.Segment{text("a $ b {{c}} }}", 0)}},
		"an expression alone":             {"${{ a.b }}", []expr.Segment{code("a.b", 4)}},
		"an expression without spaces":    {"${{a}}", []expr.Segment{code("a", 3)}},
		"an expression in text":           {"é ${{ a }} b", []expr.Segment{text("é ", 0), code("a", 7), text(" b", 11)}},
		"two side by side":                {"${{a}}${{b}}", []expr.Segment{code("a", 3), code("b", 9)}},
		"braces within the expression":    {"${{ {a: {b: 1}} }}!", []expr.Segment{code("{a: {b: 1}}", 4), text("!", 18)}},
		"closing braces in a string":      {`${{ "}}" + '\'}}' }}`, []expr.Segment{code(`"}}" + '\'}}'`, 4)}},
		"closing braces in a raw string":  {"${{ `\\}}` }}", []expr.Segment{code("`\\}}`", 4)}},
		"an escaped opening":              {"write $${{ x }} for ${{ x }}", []expr.Segment{text("write ${{ x }} for ", 0), code("x", 24)}},
		"a lone dollar before an opening": {"$ ${{ x }}", []expr.Segment{text("$ ", 0), code("x", 6)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := expr.Template(c.text)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			for _, s := range got {
				if s.Expr != "" {
					require.True(t, strings.HasPrefix(c.text[s.Offset:], s.Expr))
				}
			}
		})
	}
	for text, want := range map[string]string{
		"a ${{ b":       "${{ is never closed",
		`a ${{ "b }}`:   "${{ is never closed",
		"a ${{ }} b":    "${{ }} holds no expression",
		"${{ {a: 1 }} ": "${{ is never closed",
	} {
		_, err := expr.Template(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestRefs(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		`steps.geo.output.country`:                     {"steps.geo.output.country 0:24"},
		`steps["geo"].output`:                          {"steps.geo.output 0:19"},
		`steps.geo.output[0].name`:                     {"steps.geo.output 0:16"},
		`steps.geo.output[inputs.i].name`:              {"steps.geo.output 0:16", "inputs.i 17:8"},
		`(steps.geo.output.country ?? "?") == "CH"`:    {"steps.geo.output.country 1:24 guarded"},
		`steps.a.output ?? steps.b.output`:             {"steps.a.output 0:14 guarded", "steps.b.output 18:14"},
		`steps.a?.output.x`:                            {"steps.a.output.x 0:17 guarded"},
		`"é" == alert.title`:                           {"alert.title 8:11"},
		`filter(alert.labels, # in inputs.names)`:      {"alert.labels 7:12", "inputs.names 26:12"},
		`map(alert.observables, .value)`:               {"alert.observables 4:17"},
		`let x = alert.user; x.name + inputs.y`:        {"alert.user 8:10", "inputs.y 29:8"},
		`alert.severity >= high && null == case.id`:    {"alert.severity 0:14", "case.id 34:7"},
		`alert.time.Hour() > 3`:                        {"alert.time 0:10"},
		`now() > ago("1d")`:                            nil,
		`alert`:                                        {"alert 0:5"},
		`1 < inputs.a < inputs.b`:                      {"inputs.a 4:8", "inputs.b 15:8"},
		`lower(alert.user.name ?? inputs.u) | upper()`: {"alert.user.name 6:15 guarded", "inputs.u 25:8"},
		`{a: alert.id, (inputs.k): 1}`:                 {"alert.id 4:8", "inputs.k 15:8"},
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			refs, err := expr.Refs(source)
			require.NoError(t, err)
			var got []string
			for _, r := range refs {
				text := strings.Join(r.Path, ".") + " " + itoa(r.Offset) + ":" + itoa(r.Length)
				if r.Guarded {
					text += " guarded"
				}
				got = append(got, text)
			}
			require.Equal(t, want, got)
		})
	}
	_, err := expr.Refs(`alert.`)
	require.Error(t, err)
}

func itoa(n int) string {
	text, _ := json.Marshal(n)
	return string(text)
}

func TestValues(t *testing.T) {
	t.Parallel()
	literal := func(s string) plan.Value { return plan.Value{Literal: json.RawMessage(s)} }
	code := func(s string) plan.Value { return plan.Value{Expr: s} }
	for name, c := range map[string]struct {
		value plan.Value
		want  string
	}{
		"a literal":               {literal(`{"b": 1.0, "a": [12345678901234567890]}`), `{"a":[12345678901234567890],"b":1}`},
		"nothing":                 {plan.Value{}, `null`},
		"an expression":           {code(`alert.rule.level`), `10`},
		"an object":               {plan.Value{Object: []plan.Field{{Name: "z", Value: code(`1`)}, {Name: "a", Value: literal(`"x"`)}}}, `{"a":"x","z":1}`},
		"a list":                  {plan.Value{List: []plan.Value{code(`alert.id`), literal(`null`)}}, `["alr_1",null]`},
		"texts as they are":       {plan.Value{Text: []plan.Part{{Text: "Suspend "}, {Expr: "inputs.user"}, {Text: "?"}}}, `"Suspend bob?"`},
		"null in text as nothing": {plan.Value{Text: []plan.Part{{Text: "<"}, {Expr: "alert.url"}, {Text: ">"}}}, `"<>"`},
		"other values in text":    {plan.Value{Text: []plan.Part{{Expr: `[1, {a: "b"}]`}, {Expr: "high"}, {Expr: "now()"}, {Expr: `duration("90s")`}, {Expr: "1 / 2"}}}, `"[1,{\"a\":\"b\"}]high2026-03-04T12:00:00Z1m30s0.5"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := expr.EvalValue(c.value, scope())
			require.NoError(t, err)
			require.Equal(t, c.want, string(got))
		})
	}
	_, err := expr.EvalValue(plan.Value{Object: []plan.Field{{Name: "to", Value: plan.Value{List: []plan.Value{code(`1`), code(`1 / 0`)}}}}}, scope())
	require.ErrorContains(t, err, "to[1]: division by zero, in `1 / 0`")
	_, err = expr.EvalValue(literal(`{`), scope())
	require.ErrorContains(t, err, "the literal cannot be read")
}
