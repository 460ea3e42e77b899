package cacao

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// ours is what the extension says in an object that may have it, nil where it says nothing.
func ours(v *value, key string) *value { return v.get(key).get(Extension) }

// ownDocument reads a document that is all ours: its playbook as YAML nodes.
func ownDocument(document *value) (*yaml.Node, *importer, error) {
	im := newImporter(document, ImportOptions{})
	root, err := im.own()
	return root, im, err
}

// own is the playbook that the extension keeps, with its steps from the workflow.
func (im *importer) own() (*yaml.Node, error) {
	at := join("/playbook_extensions", Extension)
	keeps := ours(im.root, "playbook_extensions")
	root, err := readNode([]byte(keeps.read("playbook_source")), &im.nodes)
	if err != nil {
		return nil, invalid(at+"/playbook_source", "it can't be read: %v; export the playbook again", err)
	}
	steps := child(root, "steps")
	if steps == nil || steps.Kind != yaml.SequenceNode {
		return nil, invalid(at+"/playbook_source", "it has no list `steps`; export the playbook again")
	}
	for _, key := range []string{"created", "modified", "created_by"} {
		if is := im.root.read(key); key != "created_by" || is != identityID(text(root, "owner")) {
			im.tell("/"+key, is, "a playbook's text does not say it", "give it to the next export")
		}
	}
	im.declare(root)
	steps.Style = 0
	steps.Content, err = im.workflow()
	return root, err
}

// ownStep is the step that the extension keeps in a workflow step, with the blocks inside it.
func (im *importer) ownStep(id string, depth int) (*yaml.Node, error) {
	at := join(join(join("/workflow", id), "step_extensions"), Extension)
	keeps := ours(im.steps.get(id), "step_extensions")
	n, err := readNode([]byte(keeps.read("step_source")), &im.nodes)
	if err != nil {
		return nil, invalid(at+"/step_source", "it can't be read: %v; export the playbook again", err)
	}
	im.ids[text(n, "id")] = true
	for i, b := range keeps.list("step_blocks") {
		where := fmt.Sprintf("%s/step_blocks/%d", at, i)
		place := find(n, b.read("block_at"))
		if place == nil || place.Kind != yaml.SequenceNode || len(place.Content) > 0 {
			return nil, invalid(where, "there is no empty list of steps at %q; export the playbook again", shown(b.peek("block_at")))
		}
		first := b.read("first_step")
		if im.steps.get(first) == nil {
			return nil, invalid(where, "there is no step %q in /workflow; export the playbook again", shown(first))
		}
		place.Style = 0
		if place.Content, err = im.chain(first, nil, depth+1); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// find is the part of a tree at a path of keys and indexes, nil where there is none.
func find(n *yaml.Node, path string) *yaml.Node {
	for key := range strings.SplitSeq(path, "/") {
		switch {
		case n == nil:
			return nil
		case n.Kind == yaml.SequenceNode:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(n.Content) {
				return nil
			}
			n = n.Content[i]
		default:
			n = child(n, key)
		}
	}
	return n
}
