package format

import (
	"cmp"
	"slices"

	"gopkg.in/yaml.v3"
)

// The canonical order of keys. A key that is in none of them stays behind the one that it follows.
var (
	headerKeys  = []string{"name", "title", "owner", "labels", "attack"}
	sectionKeys = []string{"on", "inputs", "run", "steps", "outputs"}
	verbs       = []string{
		"action", "set", "choose", "parallel", "foreach", "repeat", "wait", "call", "model", "agent", "approve", "ask", "try", "stop",
	}
	playbookRanks = ranks(append(singles(headerKeys), singles(sectionKeys)...)...)
	stepRanks     = ranks(append(append(singles([]string{"id", "title", "if"}), verbs),
		singles([]string{"connection", "with", "undo", "timeout", "retry", "on_error"})...)...)
)

func singles(keys []string) (groups [][]string) {
	for _, k := range keys {
		groups = append(groups, []string{k})
	}
	return groups
}

func ranks(groups ...[]string) map[string]int {
	ranks := map[string]int{}
	for i, group := range groups {
		for _, key := range group {
			ranks[key] = i
		}
	}
	return ranks
}

// reorder puts the keys of the playbook and of its steps in order, unless an alias would come before its anchor.
func (d *document) reorder() {
	o := orderer{was: map[*node][]*item{}}
	root := d.root.value
	o.order(root, playbookRanks)
	for _, it := range root.items {
		switch list := it.value; {
		case it.name() == "steps":
			o.steps(list)
		case list.y.Kind == yaml.SequenceNode: // the cases of a test, and the like
			list.apart = slices.ContainsFunc(list.items, func(it *item) bool { return it.value.y.Kind == yaml.MappingNode })
		}
	}
	if !resolves(root, map[string]*yaml.Node{}) {
		for n, items := range o.was {
			n.items = items
		}
	}
}

type orderer struct{ was map[*node][]*item }

func (o *orderer) order(n *node, ranks map[string]int) {
	if n.y.Kind != yaml.MappingNode {
		return
	}
	type ranked struct {
		*item
		rank int
	}
	list, last := make([]ranked, len(n.items)), -1
	for i, it := range n.items {
		if rank, ok := ranks[it.name()]; ok {
			last = rank
		}
		list[i] = ranked{it, last}
	}
	slices.SortStableFunc(list, func(x, y ranked) int { return cmp.Compare(x.rank, y.rank) })
	o.was[n] = n.items
	n.items = make([]*item, len(list))
	for i, r := range list {
		n.items[i] = r.item
	}
}

func (o *orderer) steps(n *node) {
	if n.y.Kind != yaml.SequenceNode {
		o.blocks(n)
		return
	}
	n.apart = true
	for _, it := range n.items {
		step := it.value
		o.order(step, stepRanks)
		for _, key := range step.items {
			switch name := key.name(); {
			case name == "undo":
				o.order(key.value, stepRanks)
			case slices.Contains(verbs, name) && name != "set":
				o.blocks(key.value)
			}
		}
	}
}

// blocks finds the lists of steps within a verb.
func (o *orderer) blocks(n *node) {
	n.apart = n.y.Kind == yaml.SequenceNode
	for _, it := range n.items {
		switch it.name() {
		case "": // a branch of a list of them
			o.blocks(it.value)
		case "steps", "else", "catch", "finally":
			o.steps(it.value)
		case "branches":
			if it.value.y.Kind == yaml.SequenceNode {
				o.blocks(it.value)
				continue
			}
			for _, branch := range it.value.items {
				o.steps(branch.value)
			}
		}
	}
}

// resolves tells whether each alias still comes after its own anchor, in the order of writing.
func resolves(n *node, anchors map[string]*yaml.Node) bool {
	if n.y.Kind == yaml.AliasNode {
		return anchors[n.y.Value] == n.y.Alias
	}
	if n.y.Anchor != "" {
		anchors[n.y.Anchor] = n.y
	}
	for _, it := range n.items {
		if it.key != nil && !resolves(it.key, anchors) || !resolves(it.value, anchors) {
			return false
		}
	}
	return true
}
