package expr_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/expr"
)

func TestCheckFinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source     string
		offset     int
		length     int
		message    string
		suggestion string
	}{
		"a misspelt member":                     {`alert.usr.name`, 6, 3, "no member usr is known here; did you mean user?", "user"},
		"a misspelt member behind ?.":           {`alert?.user?.nmae`, 13, 4, "did you mean name?", "name"},
		"a misspelt quoted member":              {`alert["usr"]`, 6, 5, "did you mean user?", "user"},
		"a misspelt step":                       {`steps.goe.output`, 6, 3, "did you mean geo?", "geo"},
		"a misspelt member of a step's output":  {`steps.geo.output.county`, 17, 6, "did you mean country?", "country"},
		"a misspelt root, with its place":       {`"é" == alrt.title`, 8, 4, "no alrt is known here; did you mean alert?", "alert"},
		"a misspelt severity":                   {`alert.severity >= hihg`, 18, 4, "did you mean high?", "high"},
		"a severity that is none":               {`alert.severity == "hgih"`, 19, 4, "did you mean high?", "high"},
		"a word that a text never is":           {`steps.geo.output.verdict == "bening"`, 29, 6, "did you mean benign?", "benign"},
		"a word in a list that a text never is": {`steps.geo.status in ["completed", "faild"]`, 35, 5, "did you mean failed?", "failed"},
		"a misspelt function":                   {`lowr(alert.title)`, 0, 4, "there is no function lowr; did you mean lower?", "lower"},
		"a misspelt method":                     {`alert.time.Huor()`, 11, 4, "did you mean Hour?", "Hour"},
		"a function without its call":           {`now`, 0, 3, "now is a function: write now(...)", ""},
		"a method without its call":             {`alert.time.Hour`, 11, 4, "Hour is a method: write .Hour()", ""},
		"a function called as a method":         {`alert.title.lower()`, 12, 5, "write lower(...)", ""},
		"a misspelt member in a predicate":      {`any(alert.observables, .typ == "ip")`, 24, 3, "did you mean type?", "type"},
		"a member of a list":                    {`alert.observables.value`, 18, 5, "a list has no member value", ""},
		"a member of a text":                    {`alert.title.x`, 12, 1, "string has no member x", ""},
		"an index that is no number":            {`alert.labels[true]`, 13, 4, "an element is read by its number, not by boolean", ""},
		"a comparison of two sorts":             {`alert.rule.level == "10"`, 17, 2, "integer or null and string are never equal", ""},
		"an order of two sorts":                 {`alert.title > 3`, 12, 1, "string cannot be compared with integer", ""},
		"an element that a list never has":      {`3 in alert.labels`, 2, 2, "integer is never in a list of string", ""},
		"in with a text":                        {`"a" in alert.title`, 4, 2, "write `text contains part`", ""},
		"contains with a list":                  {`alert.labels contains "x"`, 13, 8, "write `element in list`", ""},
		"a condition that is none":              {`alert.title ? 1 : 2`, 6, 5, "a condition must be true or false; this is string", ""},
		"a side of && that is no condition":     {`true && alert.title`, 14, 5, "a condition must be true or false", ""},
		"an argument of another sort":           {`cidr_contains(3, alert.src_ip)`, 14, 1, "argument 1 must be string or list, not integer", ""},
		"too many arguments":                    {`lower("a", "b")`, 0, 5, "1 argument is needed, not 2", ""},
		"a network that is none":                {`cidr_contains(["10.0.0.0/8", "10.0.0.0/33"], alert.src_ip)`, 29, 13, "must be a network", ""},
		"a duration that is none":               {`ago("soon")`, 4, 6, "must be a duration", ""},
		"a pattern that is wrong":               {`regex(alert.title, "(")`, 19, 3, "the pattern is wrong", ""},
		"a pattern that is wrong after matches": {`alert.title matches "["`, 20, 3, "the pattern is wrong", ""},
		"an order of sorting that is none":      {`sort(alert.labels, "down")`, 19, 6, `the order must be "asc" or "desc"`, ""},
		"arithmetic with a text":                {`alert.class_uid + "x"`, 16, 1, "+ cannot work with integer and string", ""},
		"a predicate that is none":              {`filter(alert.labels, len(#))`, 21, 3, "the predicate must be true or false", ""},
		"a list function of a text":             {`map(alert.title, #)`, 10, 5, "map needs a list, not string", ""},
		"a syntax error":                        {`alert.`, 5, 1, "the expression ends too early", ""},
		"an unknown pointer":                    {`map([1], #idx)`, 9, 1, "#idx is not known", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := expr.Check(c.source, environment(t))
			require.Len(t, problems, 1)
			require.Contains(t, problems[0].Message, c.message)
			require.Equal(t, c.suggestion, problems[0].Suggestion)
			require.Equal(t, [2]int{c.offset, c.length}, [2]int{problems[0].Offset, problems[0].Length})
		})
	}
}

func TestCheckFindsTheType(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`alert.severity >= high`:                        "boolean",
		`alert.severity`:                                "severity",
		`alert.user.name`:                               "string or null",
		`alert.user.name ?? "nobody"`:                   "string",
		`alert.raw.anything[0].at.all`:                  "any",
		`alert.observables`:                             "list of object",
		`filter(alert.observables, .type == "ip")`:      "list of object",
		`map(alert.observables, .value)`:                "list of string",
		`find(alert.observables, .type == "ip")?.value`: "string or null",
		`first(alert.labels)`:                           "string or null",
		`alert.time - ago("1d")`:                        "duration",
		`alert.time + duration("1d")`:                   "time",
		`alert.rule.level * 2`:                          "integer",
		`1 / 2`:                                         "number",
		`true ? 1 : "a"`:                                "integer or string",
		`steps.geo.output.tags[0]`:                      "string or null",
		`steps.geo.output.verdict`:                      "one of benign, malicious or null",
		`sum(map(1..3, # * 1.5))`:                       "number",
		`count(alert.labels, # == "x")`:                 "integer",
		`{a: 1}.a`:                                      "integer",
		`let x = alert.title; x`:                        "string",
		`null ?? 3`:                                     "integer",
		`case`:                                          "any",
		`iocs(alert.raw)[0].type`:                       "string or null",
		`max(alert.severity, low)`:                      "severity",
		`domain(alert.url)`:                             "string or null",
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			got, problems := expr.Check(source, environment(t))
			require.Empty(t, problems)
			if source == `iocs(alert.raw)[0].type` {
				require.True(t, got.CanBeString())
				return
			}
			require.Equal(t, want, got.String())
		})
	}
}

func TestCheckFindsAllMistakesInTheirOrder(t *testing.T) {
	t.Parallel()
	_, problems := expr.Check(`alert.usr == foo && lowr(alert.titel)`, environment(t))
	require.Len(t, problems, 4)
	require.Equal(t, []int{6, 13, 20, 31}, []int{problems[0].Offset, problems[1].Offset, problems[2].Offset, problems[3].Offset})
}

func TestAnEnvironmentIsNotChangedByWith(t *testing.T) {
	t.Parallel()
	before := expr.NewEnv(map[string]expr.Type{"alert": expr.AlertType()})
	after := before.With("item", expr.String())
	_, problems := expr.Check(`item`, after)
	require.Empty(t, problems)
	_, problems = expr.Check(`item`, before)
	require.Len(t, problems, 1)
	_, problems = expr.Check(`item`, (*expr.Env)(nil).With("item", expr.String()))
	require.Empty(t, problems)
	require.Equal(t, []string{"alert", "item"}, after.Names())
}

func TestTypesFromJSONSchema(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ schema, source, want, problem string }{
		"a member":                       {`{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}}`, `x.a`, "integer", ""},
		"a member that may be missing":   {`{"type":"object","properties":{"a":{"type":"integer"}}}`, `x.a`, "integer or null", ""},
		"a closed object":                {`{"type":"object","properties":{"a":{"type":"integer"}}}`, `x.b`, "", "no member b"},
		"an open object":                 {`{"type":"object","properties":{"a":{}},"additionalProperties":true}`, `x.b`, "any", ""},
		"an object of anything":          {`{"type":"object"}`, `x.b`, "any", ""},
		"a list":                         {`{"type":"array","items":{"type":"string"}}`, `x`, "list of string", ""},
		"more than one type":             {`{"type":["string","null"]}`, `x`, "string or null", ""},
		"words":                          {`{"enum":["a","b",null]}`, `x`, "one of a, b or null", ""},
		"the severities":                 {`{"enum":["low","medium","high"]}`, `x`, "severity", ""},
		"a constant":                     {`{"const":"a"}`, `x`, "string", ""},
		"a time":                         {`{"type":"string","format":"date-time"}`, `x`, "time", ""},
		"a choice":                       {`{"oneOf":[{"type":"string"},{"type":"array","items":{"type":"integer"}}]}`, `x`, "string or list of integer", ""},
		"a reference":                    {`{"$ref":"#/$defs/a","$defs":{"a":{"type":"boolean"}}}`, `x`, "boolean", ""},
		"a schema that refers to itself": {`{"type":"object","properties":{"next":{"$ref":"#"},"a":{"type":"string"}}}`, `x.next.next.a`, "string or null", ""},
		"nothing said":                   {`{}`, `x.y`, "any", ""},
		"true":                           {`true`, `x`, "any", ""},
		"no schema":                      {``, `x`, "any", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			typ, err := expr.FromJSONSchema(json.RawMessage(c.schema))
			require.NoError(t, err)
			got, problems := expr.Check(c.source, expr.NewEnv(map[string]expr.Type{"x": typ}))
			if c.problem != "" {
				require.Len(t, problems, 1)
				require.Contains(t, problems[0].Message, c.problem)
				return
			}
			require.Empty(t, problems)
			require.Equal(t, c.want, got.String())
		})
	}
	for _, wrong := range []string{`{`, `7`, `{"type":"strng"}`, `{"type":{}}`, `{"properties":3}`} {
		_, err := expr.FromJSONSchema(json.RawMessage(wrong))
		require.Error(t, err, wrong)
	}
}

func TestAssignable(t *testing.T) {
	t.Parallel()
	object := func(fields map[string]expr.Type) expr.Type { return expr.Object(fields) }
	for name, c := range map[string]struct {
		from, to expr.Type
		why      string
	}{
		"the same":                       {expr.String(), expr.String(), ""},
		"null left to run time":          {expr.Optional(expr.String()), expr.String(), ""},
		"a severity as a string":         {expr.Severity(), expr.String(), ""},
		"a time as a string":             {expr.Time(), expr.String(), ""},
		"a duration as a string":         {expr.Duration(), expr.String(), ""},
		"a string as one of some words":  {expr.String(), expr.Enum("a", "b"), ""},
		"a number as an integer":         {expr.Number(), expr.Integer(), ""},
		"any":                            {expr.Any(), expr.List(expr.Bool()), ""},
		"to any":                         {expr.List(expr.Bool()), expr.Any(), ""},
		"an integer as a string":         {expr.Integer(), expr.String(), "is integer, but string is asked for"},
		"a string as a list":             {expr.String(), expr.List(expr.String()), "is string, but list of string is asked for"},
		"a list of another sort":         {expr.List(expr.Integer()), expr.List(expr.String()), "has an element that is integer, but string is asked for"},
		"a member of another sort":       {object(map[string]expr.Type{"a": expr.Bool()}), object(map[string]expr.Type{"a": expr.String()}), "has a member a that is boolean, but string is asked for"},
		"a member that is not asked for": {object(map[string]expr.Type{"b": expr.Bool()}), object(map[string]expr.Type{"a": expr.String()}), "has a member b that is not asked for"},
		"another member of an open one":  {object(map[string]expr.Type{"b": expr.Bool()}), expr.OpenObject(nil), ""},
		"words that are others":          {expr.Enum("c", "d"), expr.Enum("a", "b"), "is one of c, d, but one of a, b is asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ok, why := c.from.Assignable(c.to)
			require.Equal(t, c.why == "", ok)
			require.Equal(t, c.why, why)
		})
	}
}
