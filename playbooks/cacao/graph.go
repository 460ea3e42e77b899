package cacao

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A workflow is a graph, and a playbook is blocks in blocks. A branching step that says where its branches come back to
// (on_completion) is a block by itself. Where it does not, its branches come back together at the first step that lies on every
// way from it to an end, which is its immediate post-dominator. A step that is reached in another way has a
// copy there.

// chain is the steps from one on, until an end, or a step that is a stop. Before are the steps on the way to here.
func (im *importer) chain(id string, stops []string, depth int, before ...string) ([]*yaml.Node, error) {
	if depth > MaxNested {
		return nil, invalid(join("/workflow", id), "the workflow has more than %d levels of branches in branches; split the playbook", MaxNested)
	}
	nodes := []*yaml.Node{}
	before = slices.Clone(before)
	for id != "" && !slices.Contains(stops, id) {
		s := im.steps.get(id)
		at := join("/workflow", id)
		if s.peek("type") == "end" {
			s.read("type")
			break
		}
		if i := slices.Index(before, id); i >= 0 {
			return nil, invalid(at, "the workflow goes in a circle: %s; only a while-condition step may repeat steps", im.way(append(slices.Clone(before[i:]), id)))
		}
		if im.visited[id] {
			if err := im.again(id, s); err != nil {
				return nil, err
			}
		}
		if im.made++; im.made > MaxSteps {
			return nil, invalid(at, "the workflow gives more than %d steps; split the playbook", MaxSteps)
		}
		im.visited[id] = true
		im.order = append(im.order, id)
		before = append(before, id)
		made, next, err := im.step(id, s, stops, depth, before)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, made...)
		id = next
	}
	return nodes, nil
}

// again is a step that is reached on another way as well, and has a copy there. Where the other way is another branch of
// one parallel step, it can't be told whether the step is meant to be done once or twice.
func (im *importer) again(id string, s *value) error {
	at := join("/workflow", id)
	beside := slices.ContainsFunc(im.beside, func(branches map[string]bool) bool { return branches[id] })
	if beside && im.failing == 0 {
		return invalid(at, "the step %s is reached from two branches of a parallel step, and it can't be told whether it is done once or twice; "+
			"let the branches end, and the parallel step lead on to it by on_completion, or give each branch a step of its own", label(id, s))
	}
	if im.copies++; im.copies > maxCopies {
		return invalid(at, "the step %s is one of many that are reached on several ways; more than %d copies would be needed; "+
			"give the branching steps an on_completion where their ways come back together", label(id, s), maxCopies)
	}
	im.tell(at, "the step "+label(id, s), "several ways lead to it that do not come back together there", "nothing: each way has a copy of it")
	return nil
}

// way is steps as an error lists them.
func (im *importer) way(ids []string) string {
	const most = 8 // steps that are named
	var names []string
	for i, id := range ids {
		if len(ids) > most && i == most-1 {
			names = append(names, "…")
		}
		if i < most-1 || i == len(ids)-1 {
			names = append(names, label(id, im.steps.get(id)))
		}
	}
	return strings.Join(names, " -> ")
}

// step is one workflow step as steps of ours, and the step that follows.
func (im *importer) step(id string, s *value, stops []string, depth int, before []string) ([]*yaml.Node, string, error) {
	keeps := ours(s, "step_extensions")
	switch {
	case keeps.get("part_of") != nil:
		return nil, im.next(s), nil
	case keeps.get("step_source") != nil:
		n, err := im.ownStep(id, depth)
		if err != nil {
			return nil, "", err
		}
		return []*yaml.Node{n}, im.next(s), nil
	}
	f := &foreignStep{importer: im, id: id, v: s, at: join("/workflow", id), stops: stops, depth: depth, before: before}
	return f.read()
}

// ways are the steps to which a step leads.
func ways(s *value) []string {
	var to []string
	for _, link := range links {
		if v := s.get(link); v != nil {
			to = append(to, v.text)
		}
	}
	for _, v := range s.list("next_steps") {
		to = append(to, v.text)
	}
	if cases := s.get("cases"); cases != nil {
		for _, c := range cases.members {
			to = append(to, c.text)
		}
	}
	return to
}

// join is where the ways from a step come together inside a block that the stops end, "" where they do so at its end only.
func (im *importer) join(id string, stops []string) (string, error) {
	key := strings.Join(stops, " ")
	if im.joins[key] == nil {
		if len(im.joins) == maxDrawn {
			return "", invalid(join("/workflow", id), "more than %d blocks hold branching steps without an on_completion; say where their branches come back together", maxDrawn)
		}
		im.joins[key] = postDominators(im.steps, stops)
	}
	return im.joins[key][id], nil
}

// postDominators are the immediate post-dominators of all steps, those that are an end left out; stops are ends. The
// algorithm is that of Cooper, Harvey and Kennedy, A Simple, Fast Dominance Algorithm, on the graph turned around.
func postDominators(workflow *value, stops []string) map[string]string {
	const exit = ""
	into := map[string][]string{} // the ways that lead from a step, by the step; turned around: its predecessors
	from := map[string][]string{}
	link := func(a, b string) { into[a], from[b] = append(into[a], b), append(from[b], a) }
	for _, m := range workflow.members {
		to := ways(m.value)
		if m.peek("type") == "end" || len(to) == 0 || slices.Contains(stops, m.key) {
			link(m.key, exit)
			continue
		}
		for _, t := range to {
			link(m.key, t)
		}
	}
	order, number := []string{}, map[string]int{}
	seen := map[string]bool{exit: true}
	type frame struct {
		id   string
		next int
	}
	for stack := []frame{{id: exit}}; len(stack) > 0; {
		top := &stack[len(stack)-1]
		if top.next < len(from[top.id]) {
			child := from[top.id][top.next]
			top.next++
			if !seen[child] {
				seen[child] = true
				stack = append(stack, frame{id: child})
			}
			continue
		}
		number[top.id] = len(order)
		order = append(order, top.id)
		stack = stack[:len(stack)-1]
	}
	dominator := map[string]string{exit: exit}
	meet := func(a, b string) string {
		for a != b {
			for number[a] < number[b] {
				a = dominator[a]
			}
			for number[b] < number[a] {
				b = dominator[b]
			}
		}
		return a
	}
	for changed := true; changed; {
		changed = false
		for _, id := range slices.Backward(order[:len(order)-1]) {
			found, known := "", false
			for _, to := range into[id] {
				if _, ok := dominator[to]; !ok {
					continue
				}
				if !known {
					found, known = to, true
				} else {
					found = meet(found, to)
				}
			}
			if is, ok := dominator[id]; known && (!ok || is != found) {
				dominator[id] = found
				changed = true
			}
		}
	}
	for id, d := range dominator {
		if d != exit && (workflow.get(d).peek("type") == "end" || slices.Contains(stops, d)) {
			dominator[id] = exit
		}
	}
	return dominator
}
