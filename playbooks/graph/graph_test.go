package graph_test

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks"
	"picket/playbooks/graph"
	"picket/playbooks/plan"
)

var update = flag.Bool("update", false, "write what the graph is now into testdata; read the diff")

// compile makes the plan of a playbook of the tests.
func compile(t *testing.T, source []byte) *plan.Plan {
	t.Helper()
	text, err := os.ReadFile("../testdata/catalog.json")
	require.NoError(t, err)
	var catalog playbooks.Catalog
	require.NoError(t, json.Unmarshal(text, &catalog))
	p, diagnostics := playbooks.Compile("playbook.yaml", source, &catalog)
	require.NotNil(t, p, "%v", diagnostics)
	return p
}

func TestGolden(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/every-shape.yaml")
	require.NoError(t, err)
	g := graph.Of(compile(t, source))
	text, err := json.MarshalIndent(g, "", "  ")
	require.NoError(t, err)
	for file, got := range map[string]string{
		"testdata/every-shape.mmd": g.Mermaid(), "testdata/every-shape.dot": g.DOT(), "testdata/every-shape.json": string(text) + "\n",
	} {
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			continue
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got, file)
	}
}

// hostile is a text that ends labels, lines and blocks in Mermaid, Graphviz and HTML, if it is not escaped.
const hostile = "x\"]\nend\n%%{init: {\"theme\":\"dark\"}}%%\n  n1 --> n2\nclick n0 \"javascript:alert(1)\"; <img src=x onerror=alert(1)> `a` \\\" #quot; \\N }\u202e\x1b[31m"

func set(id string) plan.Step { return plan.Step{ID: id, Verb: "set"} }

func nasty() *plan.Plan {
	gate := plan.Step{ID: hostile, Title: hostile, Verb: "approve", If: hostile, Approve: &plan.Approve{Role: hostile, Covers: []string{"call", hostile, "nothing"}}}
	call := plan.Step{ID: "call", Title: hostile, Verb: "action", Action: &plan.Action{Operation: hostile, Effect: "consequential", Approvals: []string{hostile}}}
	return &plan.Plan{
		Name: hostile, Title: hostile, Triggers: []plan.Trigger{{Kind: hostile}},
		Steps: []plan.Step{
			gate, call, call,
			{ID: "both", Title: hostile, Verb: "parallel", Parallel: &plan.Parallel{Wait: hostile, Branches: []plan.Named{{Name: hostile, Steps: []plan.Step{set(hostile)}}, {Name: ""}}}},
			{ID: "pick", Verb: "choose", Choose: &plan.Choose{Branches: []plan.Branch{{When: hostile, Steps: []plan.Step{set(".block")}}}}},
			{ID: "each", Verb: "foreach", Foreach: &plan.Foreach{As: hostile, Items: hostile}},
			{ID: "(start)", Verb: hostile},
			{ID: "pick.block", Verb: "stop", Stop: &plan.Stop{Status: hostile}},
		},
	}
}

func TestNoTextOfAPlaybookLeavesItsLabel(t *testing.T) {
	t.Parallel()
	label := regexp.MustCompile(`"[^"]*"`)
	g := graph.Of(nasty())
	line := regexp.MustCompile(`^(flowchart TD|\s*subgraph n\d+ \["\]|\s*end|\s*n\d+(\[|\(\[|\{|\{\{|\[\[)"(\]|\]\)|\}|\}\}|\]\])(:::\w+)?|\s*n\d+ (-->|-\.->)(\|"\|)? n\d+|  classDef .*)$`)
	mark := regexp.MustCompile(`^"([\p{L}\p{N} .,:_/()=!?·…-]|#\d+;|<br/>)*"$`)
	for text := range strings.Lines(g.Mermaid()) {
		require.Regexp(t, line, label.ReplaceAllString(strings.TrimSuffix(text, "\n"), `"`))
		for _, l := range label.FindAllString(text, -1) {
			require.Regexp(t, mark, l)
		}
	}
	quoted := regexp.MustCompile(`"(\\.|[^"\\])*"`)
	line = regexp.MustCompile(`^(digraph playbook \{|\s*\}|\s*subgraph cluster_n\d+ \{|\s*label=Q;|\s*n\d+ \[label=Q(, shape=\w+)?(, fillcolor=Q)?\];|  n\d+ -> n\d+ \[label=Q(, style=dashed)?(, constraint=false)?\];|  node .*)$`)
	for text := range strings.Lines(g.DOT()) {
		require.Regexp(t, line, quoted.ReplaceAllString(strings.TrimSuffix(text, "\n"), "Q"))
		require.NotContains(t, text, "\x1b")
		require.NotContains(t, text, "\u202e")
	}
}

// whole checks that ids are unique and that edges and boxes name nodes that are there.
func whole(t *testing.T, g *graph.Graph) {
	t.Helper()
	kinds := map[string]string{}
	for _, n := range g.Nodes {
		require.NotContains(t, kinds, n.ID)
		if n.Parent != "" {
			require.Equal(t, graph.KindBlock, kinds[n.Parent], "a box stands before what is in it")
		}
		kinds[n.ID] = n.Kind
	}
	for _, e := range g.Edges {
		require.Contains(t, kinds, e.From)
		require.Contains(t, kinds, e.To)
		require.NotEqual(t, graph.KindBlock, kinds[e.From])
		require.NotEqual(t, graph.KindBlock, kinds[e.To])
	}
}

func TestEdgesAndBoxesNameNodes(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/every-shape.yaml")
	require.NoError(t, err)
	for name, p := range map[string]*plan.Plan{"hostile": nasty(), "nothing": {}, "every shape": compile(t, source)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole(t, graph.Of(p))
		})
	}
}

func TestWhatRunsAfterWhat(t *testing.T) {
	t.Parallel()
	read := func(id string) plan.Step {
		return plan.Step{ID: id, Verb: "action", Group: 1, Action: &plan.Action{Operation: "geoip.lookup", Effect: "read"}}
	}
	stop := plan.Step{ID: "stop", Verb: "stop", Stop: &plan.Stop{Status: "completed"}}
	for _, c := range []struct {
		name  string
		steps []plan.Step
		want  []string
	}{
		{"nothing", nil, []string{"(start) next (end)"}},
		{"steps in a row", []plan.Step{set("a"), set("b")}, []string{"(start) next a", "a next b", "b next (end)"}},
		{"reads at once", []plan.Step{read("a"), read("b"), set("c")}, []string{"(start) next a", "(start) next b", "a next c", "b next c", "c next (end)"}},
		{"a stop leads nowhere", []plan.Step{set("a"), stop}, []string{"(start) next a", "a next stop"}},
		{
			"a choice without an else goes on", []plan.Step{{ID: "c", Verb: "choose", Choose: &plan.Choose{Branches: []plan.Branch{{When: "x", Steps: []plan.Step{set("a")}}}}}, set("b")},
			[]string{"(start) next c", "c branch a", "a next b", "c branch b", "b next (end)"},
		},
		{
			"a loop comes back", []plan.Step{{ID: "l", Verb: "foreach", Foreach: &plan.Foreach{Steps: []plan.Step{set("a"), set("b")}}}},
			[]string{"(start) next l", "l branch a", "a next b", "b back l", "l next (end)"},
		},
		{
			"what is tried, caught and done in any case",
			[]plan.Step{{ID: "t", Verb: "try", Try: &plan.Try{Steps: []plan.Step{set("a")}, Catch: []plan.Step{set("b")}, Finally: []plan.Step{set("c")}}}},
			[]string{"(start) next t", "t next a", "t error b", "a next c", "b next c", "c next (end)"},
		},
		{
			"an approval and what it covers",
			[]plan.Step{{ID: "g", Verb: "approve", Approve: &plan.Approve{Covers: []string{"a"}}}, set("a")},
			[]string{"(start) next g", "g next a", "a next (end)", "g releases a"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := graph.Of(&plan.Plan{Steps: c.steps})
			whole(t, g)
			var got []string
			for _, e := range g.Edges {
				got = append(got, e.From+" "+e.Kind+" "+e.To)
			}
			require.Equal(t, c.want, got)
		})
	}
}
