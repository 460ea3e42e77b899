package playbooks_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"picket/playbooks"
)

// The proof is held against a simulator that shares no code with the compiler: random playbooks are walked with random
// outcomes, and if the compiler accepted one, nothing consequential may happen without a yes.

// accepted compiles a random playbook.
func accepted(t require.TestingT, cat *playbooks.Catalog, steps []*elem) (ok bool, source string, diagnostics []playbooks.Diagnostic) {
	source = render(steps)
	p, diagnostics := playbooks.Compile("random.yaml", []byte(source), cat)
	for _, d := range diagnostics {
		require.NotContains(t, []string{"P001", "P005", "P006", "P007", "P020"}, d.Code, "the generator is wrong: %s\n%s", d, source)
	}
	return p != nil, source, diagnostics
}

// repaired takes out what the compiler refuses, some times over. What is left has just enough approvals: playbooks on
// the edge, in which a hole of the proof would show.
func repaired(t require.TestingT, cat *playbooks.Catalog, steps []*elem) (bool, string) {
	byID := map[string]*elem{}
	var index func([]*elem)
	index = func(block []*elem) {
		for _, e := range block {
			byID[e.id] = e
			for _, b := range e.branches {
				index(b)
			}
		}
	}
	index(steps)
	for range 6 {
		ok, source, diagnostics := accepted(t, cat, steps)
		if ok {
			return true, source
		}
		lines := strings.Split(source, "\n")
		for _, d := range diagnostics {
			at := d.Line - 1
			for !strings.Contains(lines[at], "- id: ") {
				at--
			}
			e := byID[strings.TrimSpace(strings.SplitN(lines[at], "- id: ", 2)[1])]
			switch d.Code {
			case "P040":
				e.kind = "read"
			case "P042", "P043":
				e.covers = slices.DeleteFunc(e.covers, func(act string) bool { return byID[act].kind == "read" || strings.Contains(d.Message, act+" ") })
			case "P024":
				e.conds = nil
				for i := range e.whens {
					e.whens[i] = steady[:1+i%2]
				}
			case "P015":
				for _, other := range byID {
					if other.kind == "stop" && other.conds == nil {
						other.conds = steady[2:]
					}
				}
			}
		}
	}
	return false, ""
}

func TestWhatIsAcceptedNeverActsWithoutAYes(t *testing.T) {
	t.Parallel()
	cat := fixture(t)
	rapid.Check(t, func(r *rapid.T) {
		steps, _ := makePlaybook(func(n int) int { return rapid.IntRange(0, n-1).Draw(r, "choice") })
		ok, source := repaired(r, cat, steps)
		if !ok {
			return
		}
		for seed := range uint64(60) {
			require.Empty(r, simulate(steps, seed).crimes, "run %d of\n%s", seed, source)
		}
	})
}

// TestTheProofHasTeeth counts over many random playbooks: enough are accepted that act at all, and of those that the proof
// refuses, many do act without a yes in the simulator. Were the simulator blind, or the compiler to refuse everything, the
// test above would say nothing.
func TestTheProofHasTeeth(t *testing.T) {
	t.Parallel()
	cat := fixture(t)
	rng := rand.New(rand.NewPCG(1, 2))
	acting, nested, refused, guilty := 0, 0, 0, 0
	judge := func(steps []*elem) (ran, crimes int) {
		for seed := range uint64(30) {
			s := simulate(steps, seed)
			ran += s.ran
			crimes += len(s.crimes)
		}
		return ran, crimes
	}
	for range 900 {
		steps, acts := makePlaybook(rng.IntN)
		if len(acts) == 0 {
			continue
		}
		if ok, _, _ := accepted(t, cat, steps); !ok {
			refused++
			if _, crimes := judge(steps); crimes > 0 {
				guilty++
			}
		}
		ok, source := repaired(t, cat, steps)
		if !ok {
			continue
		}
		ran, crimes := judge(steps)
		require.Zero(t, crimes, "%s", source)
		if ran > 0 {
			acting++
			if strings.Contains(source, "branches:") || strings.Contains(source, "choose:") || strings.Contains(source, "foreach:") {
				nested++
			}
		}
	}
	t.Logf("accepted and acting: %d (%d nested); refused: %d, of which act without a yes: %d", acting, nested, refused, guilty)
	require.Greater(t, acting, 80)
	require.Greater(t, nested, 70)
	require.Greater(t, guilty, refused/4)
}

// TestWeakeningAnApprovalIsRefused takes what is accepted and takes one protection away.
func TestWeakeningAnApprovalIsRefused(t *testing.T) {
	t.Parallel()
	const good = `name: good
owner: team
on: {alert: {}}
steps:
  - id: pick
    choose:
      - when: alert.severity < medium
        steps:
          - {id: bye, stop: {}}
      - when: alert.severity >= high
        steps:
          - {id: gate, approve: {title: a, by: {role: responder}, within: 1h, covers: [contain, early]}}
          - {id: early, action: edr.isolate_host, with: {host_id: x, comment: y}}
      - else:
          - {id: gate2, approve: {title: b, by: {role: responder}, within: 1h, covers: [contain]}}
  - id: side
    parallel:
      wait: all
      branches:
        a: [{id: gate3, approve: {title: c, by: {role: responder}, within: 1h, covers: [last]}}]
        b: [{id: contain, action: okta.suspend_user, with: {user: bob}}]
  - {id: last, action: okta.suspend_user, with: {user: eve}}
`
	cat := fixture(t)
	p, diagnostics := playbooks.Compile("good.yaml", []byte(good), cat)
	require.NotNil(t, p, "%v", diagnostics)
	for _, mutation := range []struct{ name, from, to string }{
		{"the first gate no longer covers the step", "covers: [contain, early]", "covers: [early]"},
		{"the second gate no longer covers the step", "covers: [contain]", "covers: []"},
		{"a branch no longer stops", "{id: bye, stop: {}}", "{id: bye, set: {x: 1}}"},
		{"a branch stops only sometimes", "{id: bye, stop: {}}", "{id: bye, if: run.id == \"1\", stop: {}}"},
		{"the parallel does not wait", "wait: all", "wait: any"},
		{"the parallel collects failures", "wait: all", "on_failure: collect"},
		{"the parallel may fail", "- id: side\n", "- id: side\n    on_error: continue\n"},
		{"the choose may fail", "- id: pick\n", "- id: pick\n    on_error: continue\n"},
		{"the choose may be skipped", "- id: pick\n", "- id: pick\n    if: run.id == \"1\"\n"},
		{"the call comes before its gate", "b: [{id: contain", "b: [{id: last2, action: okta.suspend_user, with: {user: x}}, {id: contain"},
	} {
		t.Run(mutation.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, mutation.from)
			p, diagnostics := playbooks.Compile("weak.yaml", []byte(strings.Replace(good, mutation.from, mutation.to, 1)), cat)
			require.Nil(t, p)
			require.True(t, slices.ContainsFunc(diagnostics, func(d playbooks.Diagnostic) bool { return d.Code == "P040" }), "%v", diagnostics)
		})
	}
}
