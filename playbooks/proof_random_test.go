package playbooks_test

import (
	"fmt"
	"slices"
	"strings"
)

// elem is a step of a random playbook.
type elem struct {
	kind     string // read | act | gate | stop | choose | parallel | foreach | repeat | try (branches: steps, catch, finally)
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
		kinds = append(kinds, "choose", "choose", "parallel", "foreach", "repeat", "try", "try")
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
		e.failure = []string{"stop", "stop", "collect"}[m.pick(3)]
	case "repeat":
		loops := m.loops
		m.loops = 0 // its rounds have no item of their own
		e.branches = [][]*elem{m.block(depth + 1)}
		e.whens = [][]string{m.condition()}
		m.loops = loops
		e.goOn = m.chance(20)
	case "try":
		e.branches = [][]*elem{m.block(depth + 1), nil, nil}
		for i := range 2 {
			if m.chance(60) || i == 1 && e.branches[1] == nil {
				e.branches[1+i] = m.block(depth + 1)
			}
		}
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
			fmt.Fprintf(b, "%s    on_failure: %s\n", in, e.failure)
		case "repeat":
			fmt.Fprintf(b, "%s  repeat:\n%s    until: '%s'\n%s    at_most: 2\n%s    steps:\n", in, in, strings.Join(e.whens[0], " && "), in, in)
			renderBlock(b, e.branches[0], in+"      ")
		case "try":
			fmt.Fprintf(b, "%s  try:\n", in)
			for i, key := range []string{"steps", "catch", "finally"} {
				if len(e.branches[i]) > 0 {
					fmt.Fprintf(b, "%s    %s:\n", in, key)
					renderBlock(b, e.branches[i], in+"      ")
				}
			}
		}
	}
}
