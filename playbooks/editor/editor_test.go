package editor_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks"
	"picket/playbooks/editor"
)

func service(t testing.TB) editor.Editor {
	t.Helper()
	text, err := os.ReadFile("../testdata/catalog.json")
	require.NoError(t, err)
	var cat playbooks.Catalog
	require.NoError(t, json.Unmarshal(text, &cat))
	cat.Playbooks = map[string]playbooks.Callable{"enrich-observable": {}}
	return editor.Editor{Catalog: &cat}
}

// cursor takes the mark ¦ out of a text and tells where it stood.
func cursor(t testing.TB, marked string) (text string, line, column int) {
	t.Helper()
	before, after, found := strings.Cut(marked, "¦")
	require.True(t, found)
	line = strings.Count(before, "\n") + 1
	column = len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
	return before + after, line, column
}

const head = "name: x\nowner: y\non: {alert: {}}\ninputs: {days: {type: integer, default: 3}}\n"

func TestCompletionKnowsWhereItIs(t *testing.T) {
	t.Parallel()
	before := head + `steps:
  - {id: geo, action: geoip.lookup, with: {ip: 192.0.2.1}}
  - id: gate
    approve: {title: x, by: {role: responder}, covers: [contain], within: 1h}
  - {id: contain, action: okta.suspend_user, with: {user: bob}}
  - {id: with-hyphen, set: {a: 1}}
`
	for _, c := range []struct {
		name, text string
		want       []string // among the first of the answer
		not        []string
	}{
		{"the playbook's keys", "name: x\nown¦", []string{"owner"}, []string{"approve"}},
		{"a trigger's keys", "name: x\non:\n  ¦", []string{"alert", "manual", "schedule"}, []string{"steps"}},
		{"a trigger's keys in brackets", "name: x\non: {¦}", []string{"alert", "manual"}, nil},
		{"a source", "name: x\non: {alert: {source: ¦", []string{"wazuh"}, nil},
		{"a step's keys", before + "  - ¦", []string{"id", "action", "approve"}, []string{"covers"}},
		{"a step's second key", before + "  - id: next\n    ac¦", []string{"action"}, []string{"id"}},
		{"a step with a verb takes no other", before + "  - id: next\n    action: geoip.lookup\n    ¦", []string{"with", "retry"}, []string{"set", "action"}},
		{"operations", before + "  - id: next\n    action: okta.s¦", []string{"okta.suspend_user"}, []string{"geoip.lookup"}},
		{"operations in brackets", before + "  - {id: next, action: geo¦}", []string{"geoip.lookup"}, nil},
		{"arguments", before + "  - id: next\n    action: edr.isolate_host\n    with:\n      ¦", []string{"comment", "host_id", "hours"}, []string{"id"}},
		{"arguments in brackets", before + "  - id: next\n    action: edr.isolate_host\n    with: {ho¦}", []string{"hours", "host_id"}, nil},
		{"connections", before + "  - {id: next, action: okta.get_user, connection: ¦}", []string{"corp", "lab"}, nil},
		{"an approval's keys", before + "  - id: next\n    approve:\n      ti¦", []string{"title"}, []string{"id"}},
		{"roles", before + "  - id: next\n    approve:\n      by: {role: ¦", []string{"admin", "lead", "responder"}, nil},
		{"what an approval can cover", before + "  - id: next\n    approve:\n      covers: [¦]", []string{"contain"}, []string{"geo"}},
		{"what a word can be", before + "  - id: next\n    approve:\n      on_timeout: ¦", []string{"deny", "escalate"}, nil},
		{"playbooks", before + "  - {id: next, call: en¦}", []string{"enrich-observable"}, nil},
		{"a branch's keys", before + "  - id: next\n    choose:\n      - wh¦", []string{"when"}, []string{"id"}},
		{"steps in a branch", before + "  - id: next\n    choose:\n      - when: alert.severity >= high\n        steps:\n          - ¦", []string{"id", "action"}, nil},
		{"steps in a named branch", before + "  - id: next\n    parallel:\n      branches:\n        a:\n          - ac¦", []string{"action"}, nil},
		{"a form field's keys", before + "  - id: next\n    ask:\n      fields:\n        why: {ty¦}", []string{"type"}, nil},
		{"roots and functions", before + "  - {id: next, if: al¦}", []string{"alert", "all"}, nil},
		{"members of the alert", before + "  - {id: next, set: {a: '${{ alert.sev¦ }}'}}", []string{"severity"}, []string{"title"}},
		{"members of members", before + "  - {id: next, set: {a: '${{ alert.user.¦ }}'}}", []string{"email", "name"}, nil},
		{"steps before this place only", before + "  - {id: next, set: {a: '${{ steps.¦ }}'}}\n  - {id: later, set: {x: 1}}", []string{"contain", "gate", "geo", "with-hyphen"}, []string{"later", "next"}},
		{"a step's output by its operation", before + "  - {id: next, set: {a: '${{ steps.geo.output.¦ }}'}}", []string{"country", "found"}, nil},
		{"a bare condition", before + "  - id: next\n    if: steps.geo.output.cou¦\n    set: {x: 1}", []string{"country"}, nil},
		{"the second half of a condition", before + "  - id: next\n    if: alert.severity >= high && inputs.¦\n    set: {x: 1}", []string{"days"}, nil},
		{"an expression that is not closed yet", before + "  - id: next\n    set:\n      a: '${{ alert.host.¦", nil, nil},
		{"an expression in a block of text", before + "  - id: next\n    set:\n      a: |\n        host ${{ alert.host.na¦ }}\n        and more\n", []string{"name"}, nil},
		{"the item of a loop", before + "  - id: next\n    foreach:\n      items: alert.observables\n      steps:\n        - {id: i, set: {v: '${{ item.¦ }}'}}", []string{"type", "value"}, nil},
		{"what a catch knows", before + "  - id: next\n    try:\n      steps: [{id: i, set: {v: 1}}]\n      catch:\n        - {id: j, set: {v: '${{ error.¦ }}'}}", []string{"kind", "message", "step"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, line, column := cursor(t, c.text)
			var labels []string
			for _, completion := range service(t).Complete(text, line, column) {
				labels = append(labels, completion.Label)
			}
			for _, want := range c.want {
				require.Contains(t, labels, want)
			}
			for _, not := range c.not {
				require.NotContains(t, labels, not)
			}
		})
	}
}

func TestCompletionNeverPanics(t *testing.T) {
	t.Parallel()
	e := service(t)
	text := head + "steps:\n  - {id: a, set: {x: '${{ alert.title }}', y: [1, {z: \"q\"}]}}\n  - id: b\n    if: alert.x\n    set: {a: |\n  text}\n\t- é: ü\n"
	for i := range text {
		line := strings.Count(text[:i], "\n") + 1
		for column := range 70 {
			e.Complete(text[:i], line, column+1)
		}
		e.Hover(text, line, i%40+1)
	}
}

func TestHoverTellsKeysOperationsAndTypes(t *testing.T) {
	t.Parallel()
	text := head + `steps:
  - id: geo
    action: geoip.look¦up
    with: {ip: 192.0.2.1}
  - {id: use, if: 'alert.severity >= high', set: {c: '${{ steps.geo.output.country }}'}}
`
	clean, _, _ := cursor(t, text)
	at := func(what string) (int, int) {
		i := strings.Index(clean, what)
		require.GreaterOrEqual(t, i, 0)
		return strings.Count(clean[:i], "\n") + 1, i - strings.LastIndex(clean[:i], "\n") + 1
	}
	for what, want := range map[string]string{
		"geoip.lookup":                  "effect: read",
		"action: geoip":                 "Calls one operation of a connector.",
		"country }}":                    "`steps.geo.output.country`: string",
		"geo.output":                    "`steps.geo`: object",
		"severity":                      "`alert.severity`: severity",
		"owner":                         "The team or person who answers for it.",
		"with: {ip":                     "The arguments of an action.",
		"steps.geo.output.country }}'}": "`steps`",
	} {
		line, column := at(what)
		h := service(t).Hover(clean, line, column)
		require.NotNil(t, h, what)
		require.Contains(t, h.Text, want, what)
	}
	require.Nil(t, service(t).Hover(clean, 400, 1))
}

func TestAStepIsRenamedEverywhere(t *testing.T) {
	t.Parallel()
	text, line, column := cursor(t, head+`steps:
  - {id: ge¦o, action: geoip.lookup, with: {ip: 192.0.2.1}}
  - {id: geo-2, set: {a: '${{ steps.geo.output.country + steps["geo"].status }} geo'}}
  - id: ask
    model: {prompt: What, evidence: ['${{ steps.geo.output }}'], returns: verdict, missing: [geo]}
  - id: gate
    approve: {title: 'From ${{ steps.geo?.output.country }}', by: {role: responder}, covers: [contain], evidence: [geo], edit: [contain.user], within: 1h}
  - {id: contain, if: 'steps.geo.output.found && steps.geo.status == "ok"', action: okta.suspend_user, with: {user: bob}}
`)
	e := service(t)
	edits, err := e.Rename(text, line, column, "country")
	require.NoError(t, err)
	require.Len(t, edits, 9)
	after, err := editor.Apply(text, edits)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(after, "geo"), "the text, another step's name and the operation stay:\n%s", after)
	require.Empty(t, e.Diagnostics("x", after))

	edits, err = e.Rename(text, line, column, "the-country")
	require.NoError(t, err)
	after, err = editor.Apply(text, edits)
	require.NoError(t, err)
	require.Contains(t, after, `steps["the-country"].output`)

	for name, why := range map[string]string{"geo-2": "there is a step", "Not Good": "can't be the name", "": "can't be the name"} {
		_, err = e.Rename(text, line, column, name)
		require.ErrorContains(t, err, why)
	}
	_, err = e.Rename(text, 1, 1, "x")
	require.ErrorContains(t, err, "no step is named here")
	_, err = e.Rename(text+"  - {id: bad, set: {x: '${{ steps.nope }}'}}\n", line, column, "x")
	require.ErrorContains(t, err, "mend them first")
}

func TestADefinitionIsFoundFromItsUses(t *testing.T) {
	t.Parallel()
	e := service(t)
	text, line, column := cursor(t, head+"steps:\n  - {id: geo, action: geoip.lookup, with: {ip: 192.0.2.1}}\n  - {id: use, set: {a: '${{ steps.g¦eo.status }}'}}\n  - {id: sub, call: enrich-observable}\n")
	at, _ := e.Definition(text, line, column)
	require.Equal(t, &editor.Range{Line: 6, Column: 10, EndLine: 6, EndColumn: 13}, at)
	require.Len(t, e.References(text, line, column), 2)
	_, playbook := e.Definition(text, 8, 22)
	require.Equal(t, "enrich-observable", playbook)
}

func TestTheOutlineHasTheBlocks(t *testing.T) {
	t.Parallel()
	symbols := service(t).Symbols(head + "steps:\n  - id: t\n    try:\n      steps: [{id: a, action: geoip.lookup}]\n      finally: [{id: b, call: x}]\n")
	require.Len(t, symbols, 1)
	require.Equal(t, "try", symbols[0].Detail)
	require.Equal(t, "action geoip.lookup", symbols[0].Children[0].Detail)
	require.Equal(t, "b", symbols[0].Children[1].Name)
}

// TestFixesMend applies what the compiler offers and looks whether the mistake is gone.
func TestFixesMend(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string]string{
		"a key":            "  - {id: a, titel: x, set: {x: 1}}\n",
		"an operation":     "  - {id: a, action: geoip.lokup, with: {ip: 192.0.2.1}}\n",
		"a connector":      "  - {id: a, action: geiop.lookup, with: {ip: 192.0.2.1}}\n",
		"an argument":      "  - {id: a, action: intel.lookup, with: {valeu: x}}\n",
		"a member":         "  - {id: a, set: {x: '${{ alert.titel }}'}}\n",
		"a step":           "  - {id: geo, set: {x: 1}}\n  - {id: a, set: {x: '${{ steps.goe.output.x }}'}}\n",
		"a role":           "  - {id: a, approve: {title: x, by: {role: respnder}, within: 1h}}\n",
		"a missing gate":   "  - id: a\n    action: okta.suspend_user\n    with: {user: bob}\n",
		"a guarded step":   "  - id: a\n    if: alert.severity >= high\n    action: okta.suspend_user\n    with: {user: bob}\n",
		"a gate in a list": "  - id: outer\n    choose:\n      - when: alert.severity >= high\n        steps:\n          - id: a\n            action: okta.suspend_user\n            with: {user: bob}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := service(t)
			text := head + "steps:\n" + steps
			for range 5 {
				fixes := e.Actions("x", text, editor.Range{Line: 1, EndLine: 100})
				if len(fixes) == 0 {
					break
				}
				var err error
				text, err = editor.Apply(text, fixes[0].Edits)
				require.NoError(t, err)
			}
			require.Empty(t, e.Diagnostics("x", text), text)
		})
	}
}
