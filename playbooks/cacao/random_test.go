package cacao_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"picket/playbooks"
	"picket/playbooks/cacao"
	"picket/playbooks/plan"
)

// drawn is a random workflow. Links lead forward only; its conditions are inputs.
type drawn struct {
	kinds []string
	links []map[string]int // by property; of a parallel step, branches as next0, next1
}

func (d drawn) id(i int) string {
	return fmt.Sprintf("%s--%08d-0000-4000-8000-000000000000", d.kinds[i], i)
}

func (d drawn) document(t require.TestingT) []byte {
	workflow, variables := map[string]any{}, map[string]any{}
	for i, kind := range d.kinds {
		step := map[string]any{"type": kind}
		switch kind {
		case "action":
			step["name"] = fmt.Sprintf("step %d", i)
			step["commands"] = []any{map[string]any{"type": "manual", "command": "do it"}}
			step["agent"] = "group--00000001-0000-4000-8000-000000000000"
		case "if-condition":
			name := fmt.Sprintf("__c%d__", i)
			variables[name] = map[string]any{"type": "bool", "external": true, "value": "false"}
			step["condition"] = name + ":value = true"
		}
		var next []any
		for _, link := range []string{"on_completion", "on_true", "on_false", "next0", "next1"} {
			to, ok := d.links[i][link]
			switch {
			case !ok:
			case strings.HasPrefix(link, "next"):
				next = append(next, d.id(to))
			default:
				step[link] = d.id(to)
			}
		}
		if next != nil {
			step["next_steps"] = next
		}
		workflow[d.id(i)] = step
	}
	text, err := json.Marshal(map[string]any{
		"type": "playbook", "spec_version": "cacao-2.0", "id": "playbook--00000000-0000-4000-8000-000000000000", "name": "random",
		"created_by": "identity--00000000-0000-4000-8000-000000000000", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
		"workflow_start": d.id(0), "workflow": workflow, "playbook_variables": variables,
		"agent_definitions": map[string]any{"group--00000001-0000-4000-8000-000000000000": map[string]any{"type": "group", "name": "team"}},
	})
	require.NoError(t, err)
	return text
}

func draw(t *rapid.T) drawn {
	n := rapid.IntRange(3, 14).Draw(t, "steps")
	d := drawn{kinds: make([]string, n), links: make([]map[string]int, n)}
	for i := range n {
		kind := "start"
		switch {
		case i == n-1:
			kind = "end"
		case i > 0:
			kind = rapid.SampledFrom([]string{"action", "action", "action", "if-condition", "if-condition", "parallel", "end"}).Draw(t, "kind")
		}
		d.kinds[i], d.links[i] = kind, map[string]int{}
	}
	for i := range n - 1 {
		later := rapid.IntRange(i+1, min(i+4, n-1))
		link := func(name string) { d.links[i][name] = later.Draw(t, name) }
		switch d.kinds[i] {
		case "start", "action":
			link("on_completion")
		case "if-condition":
			link("on_true")
			if rapid.Bool().Draw(t, "else") {
				link("on_false")
			}
			if d.links[i]["on_false"] == 0 || rapid.Bool().Draw(t, "joins") {
				link("on_completion")
			}
		case "parallel":
			link("next0")
			link("next1")
			link("on_completion")
		}
	}
	return d
}

// walk does what the specification says of a workflow: a branch goes on to an end step, and from there back to the step that
// branched, if that leads on. A branch that comes to where that step leads on is over as well.
func (d drawn) walk(at int, stop int, holds func(int) bool, did *[]int) {
	for at != stop {
		links := d.links[at]
		on, joins := links["on_completion"]
		switch d.kinds[at] {
		case "end":
			return
		case "action":
			*did = append(*did, at)
		case "if-condition":
			to, ok := links["on_true"], true
			if !holds(at) {
				to, ok = links["on_false"]
			}
			if !joins {
				at = to
				continue
			}
			if ok {
				d.walk(to, on, holds, did)
			}
		case "parallel":
			d.walk(links["next0"], on, holds, did)
			d.walk(links["next1"], on, holds, did)
		}
		at = on
	}
}

// perform does what a plan says, branches of parallel steps one after the other.
func perform(t require.TestingT, steps []plan.Step, holds func(int) bool, did *[]int) {
	for i := range steps {
		s := &steps[i]
		number := -1
		switch s.Verb {
		case plan.VerbAsk:
			_, err := fmt.Sscanf(s.Title, "step %d", &number)
			require.NoError(t, err)
			*did = append(*did, number)
		case plan.VerbChoose:
			require.Len(t, s.Choose.Branches, 1)
			_, err := fmt.Sscanf(s.Choose.Branches[0].When, "inputs.c%d == true", &number)
			require.NoError(t, err)
			if holds(number) {
				perform(t, s.Choose.Branches[0].Steps, holds, did)
			} else {
				perform(t, s.Choose.Else, holds, did)
			}
		case plan.VerbParallel:
			for _, b := range s.Parallel.Branches {
				perform(t, b.Steps, holds, did)
			}
		default:
			require.Equal(t, plan.VerbSet, s.Verb) // nothing to do
		}
	}
}

// TestAGraphAsBlocksDoesTheSame makes blocks of random workflows and runs both.
func TestAGraphAsBlocksDoesTheSame(t *testing.T) {
	t.Parallel()
	blocks := 0
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		in, err := cacao.Import(d.document(t), cacao.ImportOptions{Catalog: &playbooks.Catalog{}, File: "random.yaml"})
		if err != nil {
			var invalid *cacao.InvalidError
			require.True(t, errors.As(err, &invalid), "%v", err)
			require.Contains(t, invalid.Problems[0].Message, "is reached from two branches of a parallel step")
			return
		}
		compiled, diagnostics := playbooks.Compile("random.yaml", in.Source, &playbooks.Catalog{})
		require.NotNil(t, compiled, "%v\n%s", diagnostics, in.Source)
		for range 4 {
			truth := rapid.SliceOfN(rapid.Bool(), len(d.kinds), len(d.kinds)).Draw(t, "truth")
			holds := func(i int) bool { return truth[i] }
			var want, got []int
			d.walk(0, -1, holds, &want)
			perform(t, compiled.Steps, holds, &got)
			require.True(t, slices.Equal(want, got), "want %v, got %v\n%s", want, got, in.Source)
		}
		blocks++
	})
	require.Greater(t, blocks, 10, "hardly any random workflow is blocks")
}
