package format

import (
	"cmp"
	"slices"

	"gopkg.in/yaml.v3"

	"picket/playbooks/spec"
)

// headerKeys say what a playbook is; each other key of it, sectionKeys, is a section of its own.
var (
	headerKeys  = []string{"name", "title", "owner", "labels", "attack"}
	sectionKeys = sections()
)

func sections() []string {
	playbook, _ := spec.Find("playbook")
	return slices.DeleteFunc(playbook.Names(), func(key string) bool { return slices.Contains(headerKeys, key) })
}

// ordered are the constructs whose keys have an order here: that of the language's table. A key that is not in it stays
// behind the one that it follows.
var ordered = []string{"playbook", "step", "undo"}

// reorder puts the keys of the playbook and of its steps in order, unless an alias would come before its anchor.
func (d *document) reorder() {
	o := orderer{was: map[*node][]*item{}}
	root := d.root.value
	o.construct(root, "playbook")
	for _, it := range root.items { // the cases of a test, and the like
		if list := it.value; list.y.Kind == yaml.SequenceNode && !list.apart {
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

// construct orders a mapping of the language and what stands in it.
func (o *orderer) construct(n *node, name string) {
	c, ok := spec.Find(name)
	if !ok || n.y.Kind != yaml.MappingNode {
		return
	}
	if slices.Contains(ordered, name) {
		o.order(n, c.Names())
	}
	for _, it := range n.items {
		if key, ok := c.Key(it.name()); ok {
			o.value(it.value, key)
		}
	}
}

func (o *orderer) value(n *node, key spec.Key) {
	switch {
	case slices.Contains(key.Takes, spec.TakesSteps):
		o.list(n, "step")
	case len(key.In) == 0:
	case slices.Contains(key.Takes, spec.TakesMap):
		for _, it := range n.items {
			if key.In[0] == "steps" {
				o.list(it.value, "step")
			}
		}
	case n.y.Kind == yaml.SequenceNode:
		o.list(n, key.In[0])
	default:
		o.construct(n, key.In[len(key.In)-1])
	}
}

// list orders steps or branches, which stand apart, or a list of something else.
func (o *orderer) list(n *node, name string) {
	if n.y.Kind != yaml.SequenceNode {
		return
	}
	n.apart = name == "step" || name == "branch"
	for _, it := range n.items {
		o.construct(it.value, name)
	}
}

func (o *orderer) order(n *node, keys []string) {
	type ranked struct {
		*item
		rank int
	}
	list, last := make([]ranked, len(n.items)), -1
	for i, it := range n.items {
		if rank := slices.Index(keys, it.name()); rank >= 0 {
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
