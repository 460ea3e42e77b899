package playtest_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/plan"
	"picket/playbooks/playtest"
	"picket/playbooks/spec"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		want, got string
		differ    []string
	}{
		"a subset of the keys is enough":         {want: `{"a":1}`, got: `{"a":1,"b":2}`},
		"numbers are equal by what they are":     {want: `{"a":1.0}`, got: `{"a":1}`},
		"long numbers keep their digits":         {want: `9007199254740993`, got: `9007199254740993`},
		"a missing key is told with its path":    {want: `{"a":{"b":1}}`, got: `{"a":{}}`, differ: []string{"a.b: expected 1, got nothing"}},
		"lists are equal in length and order":    {want: `{"a":[1,2]}`, got: `{"a":[1,2,3]}`, differ: []string{"a: expected [1,2], got [1,2,3]"}},
		"elements of lists are subsets":          {want: `[{"a":1}]`, got: `[{"a":1,"b":2}]`},
		"an element is told with its number":     {want: `[{"a":1},{"a":2}]`, got: `[{"a":1},{"a":3}]`, differ: []string{"[1].a: expected 2, got 3"}},
		"text is no number":                      {want: `"1"`, got: `1`, differ: []string{`expected "1", got 1`}},
		"an object is no scalar":                 {want: `{"a":1}`, got: `"a"`, differ: []string{`expected {"a":1}, got "a"`}},
		"a list is not equal to null":            {want: `null`, got: `[]`, differ: []string{"expected null, got []"}},
		"a pattern fits text":                    {want: `{"a":{"$matches":"^0+$"}}`, got: `{"a":"000"}`},
		"a pattern does not fit a number":        {want: `{"a":{"$matches":"0"}}`, got: `{"a":0}`, differ: []string{`a: expected {"$matches":"0"}, got 0`}},
		"a part of text":                         {want: `{"$contains":"b"}`, got: `"abc"`},
		"an element of a list":                   {want: `{"$contains":{"a":1}}`, got: `[{"a":2},{"a":1,"b":2}]`},
		"no element of a list":                   {want: `{"$contains":3}`, got: `[1,2]`, differ: []string{`expected {"$contains":3}, got [1,2]`}},
		"anything but null":                      {want: `{"a":{"$any":true}}`, got: `{"a":null}`, differ: []string{`a: expected {"$any":true}, got null`}},
		"absent is nothing or null":              {want: `{"a":{"$absent":true},"b":{"$absent":true}}`, got: `{"a":null}`},
		"absent is not there":                    {want: `{"a":{"$absent":true}}`, got: `{"a":1}`, differ: []string{`a: expected {"$absent":true}, got 1`}},
		"what is not this":                       {want: `{"a":{"$not":{"b":1}}}`, got: `{"a":{"b":2}}`},
		"what is this though it must not":        {want: `{"$not":1}`, got: `1`, differ: []string{`expected {"$not":1}, got 1`}},
		"two keys with a dollar are no matcher":  {want: `{"$any":true,"$not":1}`, got: `{"$any":true,"$not":1}`},
		"a huge exponent is compared as written": {want: `1e999999999`, got: `1e999999999`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var differ []string
			for _, d := range playtest.Match(json.RawMessage(c.want), json.RawMessage(c.got)) {
				differ = append(differ, d.String())
			}
			require.Equal(t, c.differ, differ)
		})
	}
}

func TestLike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		like          bool
	}{
		{"okta.get_user", "okta.get_user", true}, {"okta.get_user", "okta.get_users", false}, {"okta.*", "okta.get_user", true},
		{"*.isolate_host", "edr.isolate_host", true}, {"*.isolate_host", "edr.release_host", false}, {"*", "a.b", true},
		{"o*a.*_user", "okta.get_user", true}, {"a*a", "a", false}, {"aws_*.deactivate*", "aws_iam.deactivate_access_key", true},
	} {
		require.Equal(t, c.like, playtest.Like(c.pattern, c.name), "%s %s", c.pattern, c.name)
	}
}

func TestDiffShowsWhatIsAround(t *testing.T) {
	t.Parallel()
	want := "a\nb\nc\nd\ne\nf\ng\n"
	got := "a\nb\nc\nd\nE\nf\ng\nh\n"
	require.Equal(t, []string{"  c", "  d", "- e", "+ E", "  f", "  g", "+ h"}, playtest.Diff(want, got))
	require.Empty(t, playtest.Diff(want, want))
	require.Equal(t, []string{"- a", "  b", "  c", "  …", "  g", "  h", "+ z"},
		playtest.Diff("a\nb\nc\nd\ne\nf\ng\nh\n", "b\nc\nd\ne\nf\ng\nh\nz\n"))
}

func TestSnapshotsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"one": playtest.Snapshot(playtest.Run{Status: "completed", Outputs: json.RawMessage(`{"a":1}`), Steps: []playtest.Step{{Path: "a", Status: "ok"}}}),
		"two": playtest.Snapshot(playtest.Run{Status: "failed", Reason: "it\nbroke", Calls: []playtest.Made{{Path: "b", Operation: "x.y", Arguments: json.RawMessage(`{ "z": 1 }`)}}}),
	}
	require.Contains(t, texts["two"], "reason: it broke\n")
	require.Contains(t, texts["two"], `  b x.y {"z":1}`)
	require.Equal(t, texts, playtest.SplitSnapshots(playtest.JoinSnapshots([]string{"one", "two"}, texts)))
}

func TestCoverageCountsEachWayOnce(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Name: "p", Steps: []plan.Step{
		{ID: "look", Line: 3, Verb: plan.VerbAction, If: "true", OnError: "continue", Action: &plan.Action{Operation: "a.b"}},
		{ID: "pick", Line: 5, Verb: plan.VerbChoose, Choose: &plan.Choose{Branches: []plan.Branch{
			{When: "1", Steps: []plan.Step{{ID: "gate", Line: 7, Verb: plan.VerbApprove, Approve: &plan.Approve{EscalateTo: "lead"}}}},
		}}},
	}}
	c := playtest.NewCoverage("p.yaml", p)
	require.Equal(t, playtest.Figures{Steps: 3, Branches: 8}, c.Figures)
	c.Add([]playtest.Step{
		{Playbook: "p", ID: "look", Status: "failed"}, {Playbook: "p", ID: "pick", Status: "ok", Branch: "1"},
		{Playbook: "p", ID: "gate", Status: "denied", Outcome: "expired", Raised: true}, {Playbook: "other", ID: "look", Status: "skipped"},
	})
	require.Equal(t, 3, c.StepsReached)
	require.Equal(t, 4, c.BranchesReached)
	require.InDelta(t, 63.6, c.Percent, 0.01)
	var missed []string
	for _, m := range c.Missed() {
		missed = append(missed, m.Step+" "+m.What)
	}
	require.Equal(t, []string{"look is skipped by its if", "pick no branch holds", "gate is approved", "gate is denied"}, missed)
	c.Add([]playtest.Step{{Playbook: "p", ID: "pick", Status: "ok", Branch: "else"}, {Playbook: "p", ID: "look", Status: "skipped"}})
	require.Equal(t, 6, c.BranchesReached)
	require.Equal(t, c.Figures, playtest.Total([]*playtest.Coverage{c}))
}

func TestAHostileRunCannotForgeAReport(t *testing.T) {
	t.Parallel()
	r := &playtest.Report{Suites: []playtest.SuiteResult{
		{File: "a.test.yaml", Playbook: "a", Cases: []playtest.CaseResult{{
			Name: "one", Line: 2, Result: playtest.Failed,
			Failures: []playtest.Failure{{Line: 3, Column: 4, Message: "it is \x1b[31mred\x00 ]]> <x>", Expected: "a\nb", Got: "\u202e"}},
			Run:      playtest.Run{Started: true, Status: "failed", Steps: []playtest.Step{{Path: "s", Error: "\x07ring"}}},
		}}},
		{File: "b.test.yaml", Playbook: "b", Diagnostics: []spec.Diagnostic{{Severity: "error", Code: "P001", Message: "no"}}},
	}, Failed: 1}
	var text, junit bytes.Buffer
	require.NoError(t, playtest.Render(&text, r, true))
	require.NotRegexp(t, "[\x00-\x09\x0b-\x1f\u202e]", text.String())
	require.Contains(t, text.String(), "a.test.yaml:3:4: it is ")
	require.NoError(t, playtest.JUnit(&junit, r))
	var doc struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure string `xml:"failure"`
				Error   string `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.NewDecoder(&junit).Decode(&doc))
	require.Equal(t, []int{2, 1, 1}, []int{doc.Tests, doc.Failures, doc.Errors})
	require.True(t, strings.Contains(doc.Suites[0].Cases[0].Failure, "]]> <x>"))
	require.Contains(t, doc.Suites[1].Cases[0].Error, "P001")
	require.False(t, r.OK())
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("defaults: {alert: {severity: high}}\ncases:\n  - name: a\n    mocks: {a.b: [{returns: {}}]}\n    expect: {calls: [a.b], took: 1h}\n"))
	f.Add([]byte("cases: [{name: &x a, alert: *x, manual: ~, answers: {g: {approve: true, edit: {a.b: 1}}}, key: {queued: 1m}}]"))
	f.Fuzz(func(t *testing.T, source []byte) {
		suite, diagnostics := playtest.Parse("x.test.yaml", source)
		if suite == nil {
			require.NotEmpty(t, diagnostics)
		}
	})
}
