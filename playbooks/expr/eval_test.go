package expr_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/expr"
)

func TestEvalGives(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, want string }{
		"a member":                                    {`alert.user.name`, `"bob"`},
		"null for a missing member":                   {`alert.user.email`, `null`},
		"null for a member of null":                   {`alert.mail.subject.x.y[3]`, `null`},
		"null for the output of a skipped step":       {`steps.skipped.output.country`, `null`},
		"what stands after ?? for null":               {`steps.skipped.output.country ?? "?"`, `"?"`},
		"null past the end of a list":                 {`alert.observables[7].value`, `null`},
		"elements from the end":                       {`alert.observables[-1].value`, `"8.8.8.8"`},
		"a member by a quoted name":                   {`steps["geo"].output["country"]`, `"CH"`},
		"a member by a computed name":                 {`alert.raw["a" + ""]`, `2`},
		"optional chaining":                           {`alert?.user?.name`, `"bob"`},
		"whole objects with sorted keys":              {`alert.raw`, `{"a":2,"huge":123456789012345678901234567890,"id":9007199254740993,"ratio":1.5,"z":1,"é":"ü"}`},
		"whole numbers beyond 2^53 with all digits":   {`alert.raw.id + 1`, `9007199254740994`},
		"numbers beyond int64 with all digits":        {`[alert.raw.huge]`, `[123456789012345678901234567890]`},
		"an order of huge numbers":                    {`alert.raw.huge > alert.raw.id && alert.raw.huge == alert.raw.huge`, `true`},
		"no HTML escapes":                             {`alert.mail.urls[0]`, `"https://evil.example/a?b=<c>&d"`},
		"severities in order":                         {`alert.severity >= medium && alert.severity < critical`, `true`},
		"severities in order when both are texts":     {`alert.severity > inputs.min`, `true`},
		"the highest severity":                        {`max(low, alert.severity, "medium")`, `"high"`},
		"severities sorted":                           {`sort(["high", "low", "critical", "medium"])`, `["low","medium","high","critical"]`},
		"false for an order with null":                {`alert.nope > 3 || alert.nope <= 3`, `false`},
		"false for null in a condition":               {`alert.nope ? 1 : 2`, `2`},
		"false when null contains":                    {`alert.url contains "x" || alert.url matches "x"`, `false`},
		"an empty list for a null list":               {`filter(alert.nope, true)`, `[]`},
		"no any in a null list":                       {`any(alert.nope, true)`, `false`},
		"null for a text function of null":            {`lower(alert.url)`, `null`},
		"times that texts are compared as":            {`alert.time < alert.received_at`, `true`},
		"times compared with ago":                     {`alert.time > ago("2h") && alert.time < ago("30m")`, `true`},
		"a duration between times":                    {`now() - alert.time`, `"1h0m0s"`},
		"a time moved by days":                        {`alert.time - duration("7d")`, `"2026-02-25T11:00:00Z"`},
		"the clock of the scope":                      {`now()`, `"2026-03-04T12:00:00Z"`},
		"the hour of a time":                          {`alert.time.Hour()`, `11`},
		"a time with another offset in UTC":           {`parse_time("2026-03-04T01:00:00+02:00")`, `"2026-03-03T23:00:00Z"`},
		"times written by web servers":                {`parse_time("10/Oct/2000:13:55:36 -0700")`, `"2000-10-10T20:55:36Z"`},
		"times in seconds":                            {`parse_time(1700000000)`, `"2023-11-14T22:13:20Z"`},
		"times in milliseconds":                       {`parse_time("1700000000123")`, `"2023-11-14T22:13:20.123Z"`},
		"times by a layout":                           {`parse_time("04.03.2026 07:08", "02.01.2006 15:04")`, `"2026-03-04T07:08:00Z"`},
		"a time as text":                              {`format_time(alert.time, "2006-01-02")`, `"2026-03-04"`},
		"members of each":                             {`map(alert.observables, .value)`, `["10.0.0.1","evil.example","8.8.8.8"]`},
		"filtered and counted through pipes":          {`alert.observables | filter(.type == "ip") | map(.value) | len()`, `2`},
		"nested predicates":                           {`map(1..2, map([#], # * 10))`, `[[10],[20]]`},
		"the index of an element":                     {`map(["a", "b"], #index)`, `[0,1]`},
		"sorted members":                              {`keys(alert.raw)`, `["a","huge","id","ratio","z","é"]`},
		"pairs":                                       {`toPairs({b: 1, a: 2})`, `[["a",2],["b",1]]`},
		"groups":                                      {`groupBy(alert.observables, .type) | keys()`, `["domain","ip"]`},
		"reduction":                                   {`reduce([1, 2, 3], #acc + #, 10)`, `16`},
		"stable sorting by a key":                     {`map(sortBy(alert.observables, .type), .value)`, `["evil.example","10.0.0.1","8.8.8.8"]`},
		"each element once":                           {`uniq([1, 1.0, "1", {a: 1}, {a: 1}, null, null])`, `[1,"1",{"a":1},null]`},
		"let":                                         {`let n = len(alert.observables); n * n`, `9`},
		"if":                                          {`if alert.rule.level > 9 { "hot" } else { "cold" }`, `"hot"`},
		"chained comparisons":                         {`1 < inputs.limit < 10`, `true`},
		"characters, not bytes":                       {`"Zürich"[1:3] + string(indexOf("Zürich", "r"))`, `"ür2"`},
		"texts joined from what is no text":           {`join([1, "a", null, true], "-")`, `"1-a--true"`},
		"a table looked up":                           {`lookup({bob: "admin"}, alert.user.name, "none")`, `"admin"`},
		"what is not in a table":                      {`lookup({eve: "admin"}, alert.user.name, "none")`, `"none"`},
		"whole numbers of a division":                 {`4 / 2`, `2`},
		"membership in a list":                        {`alert.severity in ["high", "critical"] && "sshd" in alert.rule.groups`, `true`},
		"membership in an object":                     {`"name" in alert.user && !("email" in alert.user)`, `true`},
		"the first group of a pattern":                {`regex("user=bob uid=7", "user=(\\w+)")`, `"bob"`},
		"null when a pattern does not match":          {`regex("x", "y")`, `null`},
		"all matches of a pattern":                    {`regex_all("a1b22", "[0-9]+")`, `["1","22"]`},
		"named groups of a pattern":                   {`regex_groups("u=bob", "u=(?P<user>\\w+)")`, `{"user":"bob"}`},
		"a text with a pattern replaced":              {`regex_replace("a1b2", "([0-9])", "<$1>")`, `"a<1>b<2>"`},
		"a pattern that comes from data":              {`"abc" matches ("^a" + ".c$")`, `true`},
		"hashes":                                      {`sha256("a")`, `"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"`},
		"base64 there and back":                       {`base64_decode(base64("ü?>"))`, `"ü?>"`},
		"base64 of the URL alphabet, without padding": {`base64_decode("w7w_Pg")`, `"ü?>"`},
		"JSON in a text":                              {`fromJSON("{\"n\": 9007199254740993}").n`, `9007199254740993`},
		"JSON as a text":                              {`toJSON({b: "<", a: 1})`, `"{\"a\":1,\"b\":\"<\"}"`},
		"equal numbers of two kinds":                  {`1 == 1.0 && [1] == [1.0]`, `true`},
		"unequal sorts":                               {`"1" == 1`, `false`},
		"a conversion":                                {`int("42") + int(2.9)`, `44`},
		"a root without a document":                   {`case.id`, `null`},
		"the word null":                               {`alert.url == null`, `true`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := expr.Eval(c.source, scope())
			require.NoError(t, err)
			require.Equal(t, c.want, string(got))
			_, problems := expr.Check(c.source, environment(t).With("alert", expr.Any()))
			if name != "unequal sorts" { // which the check finds
				require.Empty(t, problems, "the check and the evaluation must agree")
			}
		})
	}
}

func TestEvalRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, want string }{
		"a name that is not known":              {`alrt.user`, `no alrt is known here`},
		"a function that is not known":          {`lowercas("x")`, `there is no function lowercas`},
		"the environment as a value":            {`$env`, `no $env is known here`},
		"arithmetic on null":                    {`alert.nope + 1`, "write `?? 0`"},
		"a text and a number joined":            {`"a" + 1`, `make a string of it with string()`},
		"a member of a text":                    {`alert.title.x`, `a string has no member x`},
		"a member of a list":                    {`alert.observables.value`, `an element of a list is read by its number`},
		"a severity beside a word that is none": {`alert.title > high`, `a severity cannot be compared`},
		"a list compared with a number":         {`alert.observables > 1`, `a list cannot be compared with a number`},
		"whole numbers that are too large":      {`9223372036854775807 + 1`, `too large`},
		"a negation that is too large":          {`-(-9223372036854775807 - 1)`, `too large`},
		"a product that is too large":           {`4611686018427387904 * 2`, `too large`},
		"arithmetic on huge numbers":            {`alert.raw.huge + 1`, `too large to compute with`},
		"division by zero":                      {`1 / 0`, `division by zero`},
		"a rest by zero":                        {`1 % 0`, `division by zero`},
		"infinity":                              {`10.0 ** 400`, `not a finite number`},
		"a wrong pattern":                       {`"a" matches "("`, `the pattern is wrong`},
		"a number as a condition":               {`1 ? 2 : 3`, `a condition must be true or false`},
		"a time zone":                           {`timezone("Europe/Zurich")`, `every time is in UTC`},
		"a zone's name in a layout":             {`parse_time("x", "MST")`, `names of zones`},
		"a text that is no time":                {`parse_time("soon")`, `not a time`},
		"a text that is no duration":            {`ago("soon")`, `must be a duration`},
		"a text that is no network":             {`cidr_contains("10.0.0.0/99", "10.0.0.1")`, `must be a network`},
		"too few arguments":                     {`replace("a")`, `3 to 4 arguments are needed, not 1`},
		"an argument of another sort":           {`upper(3)`, `argument 1 must be string, not a number`},
		"nothing":                               {` `, `the expression is empty`},
		"an unfinished expression":              {`1 +`, `the expression ends too early`},
		"an assignment":                         {`alert.x = 1`, `to compare, write ==`},
		"bytes":                                 {`b"x"`, `bytes are not supported`},
		"the last of an empty reduction":        {`reduce([], #acc + #)`, `the list is empty`},
		"a call of what is no function":         {`alert.user()`, `there is no method user`},
		"a pointer outside a predicate":         {`#`, `# stands for the element of a list`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := expr.Eval(c.source, scope())
			require.ErrorContains(t, err, c.want)
			require.Nil(t, got)
			found := new(expr.Error)
			require.ErrorAs(t, err, &found)
			require.LessOrEqual(t, found.Offset+found.Length, len(c.source))
		})
	}
}

func TestErrorsNameThePlaceAndTheSourceButNoData(t *testing.T) {
	t.Parallel()
	_, err := expr.Eval(`"é" + alert.user.name * 2`, scope())
	found := new(expr.Error)
	require.ErrorAs(t, err, &found)
	require.Equal(t, 23, found.Offset, "bytes, not characters")
	require.Equal(t, 1, found.Length)
	require.ErrorContains(t, err, "alert.user.name * 2")
	require.NotContains(t, err.Error(), "bob")
}

func TestConditionsAndLists(t *testing.T) {
	t.Parallel()
	holds, err := expr.EvalBool(`alert.rule.level >= 10`, scope())
	require.NoError(t, err)
	require.True(t, holds)
	holds, err = expr.EvalBool(`alert.nope`, scope())
	require.NoError(t, err)
	require.False(t, holds)
	_, err = expr.EvalBool(`alert.title`, scope())
	require.ErrorContains(t, err, "a condition must be true or false; this is a string")

	items, err := expr.EvalList(`map(alert.observables, ({value: .value}))`, scope())
	require.NoError(t, err)
	require.Len(t, items, 3)
	require.JSONEq(t, `{"value": "evil.example"}`, string(items[1]))
	items, err = expr.EvalList(`[]`, scope())
	require.NoError(t, err)
	require.Empty(t, items)
	_, err = expr.EvalList(`alert.nope`, scope())
	require.ErrorContains(t, err, "?? []")
	_, err = expr.EvalList(`alert.title`, scope())
	require.ErrorContains(t, err, "a list is needed; this is a string")
}

func TestDocumentsThatAreNoJSONAreErrors(t *testing.T) {
	t.Parallel()
	for _, document := range []string{`{`, `{"a":1}x`, `{"a"1}`, `{"a":1,}`, `[1`, `nul`, `{"a":`, `"\`, `{'a':1}`} {
		_, err := expr.Eval(`alert`, expr.NewScope(expr.Vars{"alert": json.RawMessage(document)}, noon))
		require.ErrorContains(t, err, "alert cannot be read", document)
	}
	for _, document := range []string{`{`, `{"b":1`, `{"b"1}`, `{"a":nul}`, `{"a":`, `{"a":"\`} {
		_, err := expr.Eval(`alert.a`, expr.NewScope(expr.Vars{"alert": json.RawMessage(document)}, noon))
		require.ErrorContains(t, err, "alert cannot be read", document)
	}
}

func TestAPathGivesTheSameAsItsSteps(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		`{"a": {"b": 1}}`, ` { "a" : { "b" : [ 1 , 2 ] , "c" : "}" } } `, `{"a": {"b": 1}, "a": {"b": 2}}`, `{"\u0061": {"b": "\"\\"}}`,
		`{"x": "\\", "a": {"y": "\"}", "b": {"c": {}}}}`, `null`, `{}`, `{"a": null}`, `{"a": {}}`, `{"é": 1, "a": {"b": true, "é": [{}]}}`,
		`{"a": 3}`, `{"a": [1]}`, `{"a": "text"}`, `[]`, `7`, `{"a": {"b": -1.5e3}, "z": [[], {}, "", [{"b": 2}]]}`,
	} {
		vars := expr.Vars{"alert": json.RawMessage(document)}
		lazy, lazyErr := expr.Eval(`alert.a.b`, expr.NewScope(vars, noon))
		eager, eagerErr := expr.Eval(`(let x = alert; x).a.b`, expr.NewScope(vars, noon))
		require.Equal(t, eagerErr == nil, lazyErr == nil, document)
		require.Equal(t, string(eager), string(lazy), document)
	}
}
