package playbooks_test

import (
	"fmt"
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

// elem is a step of a random playbook.
type elem struct {
	kind     string // read | act | gate | stop | choose | parallel | foreach
	id       string
	conds    []string // the conjuncts of its `if`
	goOn     bool     // on_error: continue
	covers   []string
	whens    [][]string // conjuncts of the conditions of choose; the branch after the last is else, if there is one
	branches [][]*elem
	wait     string
	failure  string
}

// The conditions that have the same value for a whole run, and one that has not.
var (
	steady  = []string{"alert.severity >= high", `run.id == "1"`, "alert.user.name != nil"}
	flicker = `now().Hour() < 8`
	ofItem  = "item == 1"
)

// source is where a generator takes its choices from: rapid, or a plain random source.
type source func(n int) int

type maker struct {
	pick  source
	count int
	gates []*elem
	acts  []string
	loops int
}

func (m *maker) id(prefix string) string {
	m.count++
	return fmt.Sprintf("%s%d", prefix, m.count)
}

func (m *maker) chance(percent int) bool { return m.pick(100) < percent }

// condition gives conjuncts, or one text with an || in it.
func (m *maker) condition() []string {
	all := append(slices.Clone(steady), flicker)
	if m.loops > 0 {
		all = append(all, ofItem)
	}
	if len(m.gates) > 0 {
		g := m.gates[m.pick(len(m.gates))].id
		all = append(all, "steps."+g+`.status == "ok"`, "steps."+g+`.status == "ok"`)
	}
	conds := []string{all[m.pick(len(all))]}
	if m.chance(30) {
		conds = append(conds, all[m.pick(len(all))])
		if m.chance(30) {
			conds = []string{conds[0] + " && " + conds[1] + " || " + all[m.pick(len(all))]}
		}
	}
	return conds
}

// block makes a few elements; some are pairs of a gate and an act that it covers, so that proofs have something to find.
func (m *maker) block(depth int) []*elem {
	var out []*elem
	for range 1 + m.pick(3) {
		e := m.elem(depth)
		if m.chance(25) || e.kind == "stop" && m.chance(80) {
			e.conds = m.condition()
		}
		out = append(out, e)
	}
	return out
}

func (m *maker) elem(depth int) *elem {
	kinds := []string{"read", "act", "gate", "gate", "gate", "stop"}
	if depth < 3 {
		kinds = append(kinds, "choose", "choose", "parallel", "foreach")
	}
	e := &elem{kind: kinds[m.pick(len(kinds))]}
	e.id = m.id(e.kind)
	switch e.kind {
	case "read":
		e.goOn = m.chance(30)
	case "act":
		m.acts = append(m.acts, e.id)
		for range m.pick(4) {
			if len(m.gates) > 0 { // most often the last one
				g := m.gates[max(0, len(m.gates)-1-m.pick(3))]
				if !slices.Contains(g.covers, e.id) {
					g.covers = append(g.covers, e.id)
				}
			}
		}
		e.goOn = m.chance(20)
	case "gate":
		m.gates = append(m.gates, e)
	case "choose":
		for range 1 + m.pick(2) {
			e.whens = append(e.whens, m.condition())
			e.branches = append(e.branches, m.block(depth+1))
		}
		if m.chance(60) {
			e.branches = append(e.branches, m.block(depth+1))
		}
		e.goOn = m.chance(20)
	case "parallel":
		for range 1 + m.pick(2) {
			e.branches = append(e.branches, m.block(depth+1))
		}
		e.wait = []string{"all", "all", "any"}[m.pick(3)]
		e.failure = []string{"stop", "stop", "collect"}[m.pick(3)]
		e.goOn = m.chance(20)
	case "foreach":
		m.loops++
		e.branches = [][]*elem{m.block(depth + 1)}
		m.loops--
		e.goOn = m.chance(20)
	}
	return e
}

// makePlaybook gives a random playbook and the ids of its consequential steps.
func makePlaybook(pick source) (steps []*elem, acts []string) {
	m := &maker{pick: pick}
	return m.block(0), m.acts
}

// render writes a random playbook as YAML.
func render(steps []*elem) string {
	var b strings.Builder
	b.WriteString("name: random\nowner: nobody\non: {alert: {}}\nsteps:\n")
	renderBlock(&b, steps, "  ")
	return b.String()
}

func renderBlock(b *strings.Builder, steps []*elem, in string) {
	for _, e := range steps {
		fmt.Fprintf(b, "%s- id: %s\n", in, e.id)
		if e.conds != nil {
			fmt.Fprintf(b, "%s  if: '%s'\n", in, strings.Join(e.conds, " && "))
		}
		if e.goOn {
			fmt.Fprintf(b, "%s  on_error: continue\n", in)
		}
		switch e.kind {
		case "read":
			fmt.Fprintf(b, "%s  action: geoip.lookup\n%s  with: {ip: 192.0.2.1}\n", in, in)
		case "act":
			fmt.Fprintf(b, "%s  action: okta.suspend_user\n%s  with: {user: bob}\n", in, in)
		case "gate":
			fmt.Fprintf(b, "%s  approve: {title: Really, by: {role: responder}, within: 1h, covers: [%s]}\n", in, strings.Join(e.covers, ", "))
		case "stop":
			fmt.Fprintf(b, "%s  stop: {}\n", in)
		case "choose":
			fmt.Fprintf(b, "%s  choose:\n", in)
			for i, branch := range e.branches {
				if i < len(e.whens) {
					fmt.Fprintf(b, "%s    - when: '%s'\n%s      steps:\n", in, strings.Join(e.whens[i], " && "), in)
				} else {
					fmt.Fprintf(b, "%s    - else:\n", in)
				}
				renderBlock(b, branch, in+"        ")
			}
		case "parallel":
			fmt.Fprintf(b, "%s  parallel:\n%s    wait: %s\n%s    on_failure: %s\n%s    branches:\n", in, in, e.wait, in, e.failure, in)
			for i, branch := range e.branches {
				fmt.Fprintf(b, "%s      b%d:\n", in, i)
				renderBlock(b, branch, in+"        ")
			}
		case "foreach":
			fmt.Fprintf(b, "%s  foreach:\n%s    items: [1, 2]\n%s    steps:\n", in, in, in)
			renderBlock(b, e.branches[0], in+"      ")
		}
	}
}

// How a block ends.
type ending int

const (
	through ending = iota
	failed
	stopped
)

// frame is what is known at one level of loops.
type frame struct {
	status   map[string]string // by step
	approved map[string]bool   // gate -> a yes was given here
	skipped  map[string]bool   // gate -> its own `if` skipped it here
	first    bool              // the item is 1
}

func newFrame() *frame {
	return &frame{status: map[string]string{}, approved: map[string]bool{}, skipped: map[string]bool{}}
}

// simulator walks a playbook once.
type simulator struct {
	rng      *rand.Rand
	truth    map[string]bool
	covering map[string][]string // act -> gates
	ran      int                 // consequential calls made
	crimes   []string            // those made without a yes
}

func simulate(steps []*elem, seed uint64) *simulator {
	s := &simulator{rng: rand.New(rand.NewPCG(seed, 7)), truth: map[string]bool{}, covering: map[string][]string{}}
	for _, c := range steady {
		s.truth[c] = s.rng.IntN(2) == 0
	}
	s.index(steps)
	s.block(steps, newFrame(), -1)
	return s
}

func (s *simulator) index(steps []*elem) {
	for _, e := range steps {
		for _, act := range e.covers {
			s.covering[act] = append(s.covering[act], e.id)
		}
		for _, b := range e.branches {
			s.index(b)
		}
	}
}

// holds evaluates conjuncts of which each may be an or of ands.
func (s *simulator) holds(conds []string, f *frame) bool {
	for _, c := range conds {
		holds := false
		for _, some := range strings.Split(c, " || ") {
			all := true
			for _, atom := range strings.Split(some, " && ") {
				all = all && s.atom(atom, f)
			}
			holds = holds || all
		}
		if !holds {
			return false
		}
	}
	return true
}

func (s *simulator) atom(c string, f *frame) bool {
	switch {
	case c == flicker:
		return s.rng.IntN(2) == 0
	case c == ofItem:
		return f.first
	case strings.HasPrefix(c, "steps."):
		return f.status[strings.Split(c, ".")[1]] == "ok"
	}
	return s.truth[c]
}

// block runs steps; a limit of 0 or more says after how many the branch is cancelled.
func (s *simulator) block(steps []*elem, f *frame, limit int) ending {
	for i, e := range steps {
		if i == limit {
			return through
		}
		if end := s.one(e, f); end != through {
			return end
		}
	}
	return through
}

func (s *simulator) one(e *elem, f *frame) ending {
	if e.conds != nil && !s.holds(e.conds, f) {
		f.status[e.id] = "skipped"
		if e.kind == "gate" {
			f.skipped[e.id] = true
		}
		return through
	}
	end := s.perform(e, f)
	switch {
	case end == failed:
		f.status[e.id] = "failed"
		if e.goOn {
			return through
		}
	case end == through && f.status[e.id] == "":
		f.status[e.id] = "ok"
	}
	return end
}

func (s *simulator) perform(e *elem, f *frame) ending {
	switch e.kind {
	case "read":
		return s.perhaps(failed, 5)
	case "gate":
		if s.rng.IntN(4) == 0 {
			return stopped // denied or expired
		}
		f.approved[e.id] = true
	case "act":
		return s.act(e, f)
	case "stop":
		return stopped
	case "choose":
		for i, b := range e.branches {
			if i >= len(e.whens) || s.holds(e.whens[i], f) {
				return s.block(b, f, -1)
			}
		}
	case "parallel":
		return s.parallel(e, f)
	case "foreach":
		for i := range s.rng.IntN(3) {
			inner := newFrame()
			inner.first = i == 0
			for id, status := range f.status {
				inner.status[id] = status
			}
			if end := s.block(e.branches[0], inner, -1); end != through {
				return end
			}
		}
	}
	return through
}

func (s *simulator) perhaps(end ending, oneIn int) ending {
	if s.rng.IntN(oneIn) == 0 {
		return end
	}
	return through
}

// act makes a call, unless the one rule of run time keeps it from it: all its gates here were skipped by their `if`.
func (s *simulator) act(e *elem, f *frame) ending {
	yes, skipped := false, false
	for _, gate := range s.covering[e.id] {
		yes = yes || f.approved[gate]
		skipped = skipped || f.skipped[gate]
	}
	if !yes && skipped {
		f.status[e.id] = "skipped"
		return through
	}
	s.ran++
	if !yes {
		s.crimes = append(s.crimes, e.id)
	}
	return s.perhaps(failed, 6)
}

// parallel runs branches one after the other in any order; those that a race or another's end cancels get some way only.
func (s *simulator) parallel(e *elem, f *frame) ending {
	result := through
	for _, i := range s.rng.Perm(len(e.branches)) {
		limit := -1
		if e.wait == "any" || result != through {
			limit = s.rng.IntN(len(e.branches[i]) + 1)
		}
		switch s.block(e.branches[i], f, limit) {
		case stopped:
			result = stopped
		case failed:
			if result == through && e.failure != "collect" && e.wait != "any" {
				result = failed
			}
		}
	}
	return result
}

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
	for range 2000 {
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
	require.Greater(t, acting, 150)
	require.Greater(t, nested, 100)
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
