package cacao

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"picket/playbooks/plan"
)

// ExportOptions are what a playbook's text does not say.
type ExportOptions struct {
	Created  time.Time // of the first version; the specification wants one
	Modified time.Time // of this version; Created where it is zero
	// CreatedBy is the id of the STIX identity that made the playbook; one made of the owner's name where it is empty.
	CreatedBy string
}

// Export writes a playbook as CACAO 2.0 JSON, and reports for which parts other tools have only the readable form. The
// text must be one that the compiler's reader takes, else the error is an UnreadableError. What is written is valid, and gives
// the same playbook when it is imported; where either can't be done there is an error and no text.
func Export(source []byte, o ExportOptions) ([]byte, []Entry, error) {
	root, err := readDocument(source)
	if err != nil {
		return nil, nil, err
	}
	x := &exporter{
		playbook: text(root, "name"), inputs: child(root, "inputs"),
		says: map[string]string{}, variables: object(), agents: object(), targets: object(), does: map[string]bool{},
	}
	if o.Modified.IsZero() {
		o.Modified = o.Created
	}
	document, err := x.document(root, o)
	if err != nil {
		return nil, nil, err
	}
	if err := validate(document, strict()); err != nil {
		return nil, nil, fmt.Errorf("the export is not valid, which is a mistake in Picket: %w", err)
	}
	out := document.indented()
	if len(out) > MaxBytes || len(x.all) > MaxSteps {
		return nil, nil, fmt.Errorf("cacao: the playbook is too large for an export: %d bytes and %d steps; at most %d and %d can be read again",
			len(out), len(x.all), MaxBytes, MaxSteps)
	}
	again, _, err := ownDocument(document)
	if err != nil {
		return nil, nil, fmt.Errorf("the export can't be read again, which is a mistake in Picket: %w", err)
	}
	if at := difference("", root, again); at != "" {
		return nil, nil, fmt.Errorf("cacao: %s can't be written without loss at %s, which is a mistake in Picket", x.playbook, at)
	}
	if lost := lostComments(root, again); lost > 0 {
		x.tell("", fmt.Sprintf("%d lines of comments", lost), "they stand where the extension has no place for them", "write them above a step to keep them")
	}
	return out, x.report, nil
}

func lostComments(before, after *yaml.Node) int {
	kept := comments(after)
	lost := 0
	for _, line := range comments(before) {
		if i, ok := slices.BinarySearch(kept, line); ok {
			kept = slices.Delete(kept, i, i+1)
		} else {
			lost++
		}
	}
	return lost
}

// exporter makes one document.
type exporter struct {
	playbook  string
	inputs    *yaml.Node
	says      map[string]string // variables, by the expression that reads the same
	variables *value
	agents    *value
	targets   *value
	all       []*step
	does      map[string]bool // features of the processing summary
	report    []Entry
}

// step is a workflow step that is being made. Next is the property that leads on from it.
type step struct {
	id   string
	v    *value
	next string
	fail bool // a failure leads on as well
}

func (s *step) leads(to string) {
	s.v.put(s.next, str(to))
	if s.fail {
		s.v.put("on_failure", str(to))
	}
}

func (x *exporter) tell(pointer, what, why, do string) {
	x.report = append(x.report, Entry{Pointer: pointer, What: what, Why: why, Do: do})
}

var tlpLabel = regexp.MustCompile(`^tlp-(red|amber|amber-strict|green|clear)$`)

func (x *exporter) document(root *yaml.Node, o ExportOptions) (*value, error) {
	for _, e := range entries(x.inputs) {
		x.input(e[0].Value, e[1])
	}
	start := &step{id: objectID("start", x.playbook), v: object("type", str("start")), next: "on_completion"}
	first, steps, err := x.block(child(root, "steps"), "")
	if err != nil {
		return nil, err
	}
	start.v.put("on_completion", str(first))
	x.all = append([]*step{start}, steps...)

	creator := o.CreatedBy
	if creator == "" {
		creator = identityID(text(root, "owner"))
	}
	title := text(root, "title")
	if title == "" {
		title = x.playbook
	}
	d := object("type", str("playbook"), "spec_version", str(specVersion), "id", str(PlaybookID(x.playbook)), "name", str(title))
	if about := prose(root.HeadComment); about != "" {
		d.put("description", str(about))
	}
	types := words("investigation")
	if x.does["approval"] {
		types = words("investigation", "mitigation")
	}
	d.put("playbook_types", types)
	d.put("playbook_activities", words("step-sequence"))
	d.put("created_by", str(creator))
	d.put("created", str(stamp(o.Created)))
	d.put("modified", str(stamp(o.Modified)))
	x.labels(d, root, creator, o)
	if attack := child(root, "attack"); attack != nil && len(attack.Content) > 0 {
		refs := list()
		for _, t := range attack.Content {
			refs.items = append(refs.items, object("name", str(attackName), "external_id", str(t.Value), "url", str(attackURL(t.Value))))
		}
		d.put("external_references", refs)
	}
	if len(x.variables.members) > 0 {
		d.put("playbook_variables", x.variables)
	}
	d.put("workflow_start", str(start.id))
	workflow := object()
	for _, s := range x.all {
		s.v.arrange("type", "name", "description", "step_variables", "delay", "timeout", "condition", "switch", "playbook_id", "commands", "agent", "targets",
			"in_args", "out_args", "next_steps", "on_true", "on_false", "cases", "on_completion", "on_success", "on_failure", "step_extensions")
		workflow.members = append(workflow.members, member{s.id, s.v})
	}
	d.put("workflow", workflow)
	return x.finish(d, root, creator)
}

func (x *exporter) finish(d *value, root *yaml.Node, creator string) (*value, error) {
	source, err := ownSource(root, []block{{"steps", child(root, "steps")}})
	if err != nil {
		return nil, err
	}
	d.put("playbook_extensions", object(Extension, object("playbook_source", str(source))))
	if len(x.agents.members) > 0 {
		d.put("agent_definitions", x.agents)
	}
	if len(x.targets.members) > 0 {
		d.put("target_definitions", x.targets)
	}
	d.put("extension_definitions", object(Extension, object(
		"type", str("extension-definition"), "name", str("Picket playbook"),
		"description", str("Keeps what a Picket playbook says and CACAO can't: the playbook and each step as they are written, without the steps inside."),
		"created_by", str(identityID("picket")), "schema", str(extensionSchema), "version", str(extensionVersion),
	)))
	summary := object()
	for _, feature := range []string{"external_playbooks", "parallel_processing", "if_logic", "while_logic", "switch_logic", "temporal_logic", "data_markings"} {
		if x.does[feature] {
			summary.put(feature, boolean(true))
		}
	}
	summary.put("extensions", boolean(true))
	defer d.arrange("type", "spec_version", "id", "name", "description", "playbook_types", "playbook_activities", "playbook_processing_summary", "created_by",
		"created", "modified", "labels", "external_references", "markings", "playbook_variables", "workflow_start", "workflow", "playbook_extensions",
		"agent_definitions", "target_definitions", "extension_definitions", "data_marking_definitions")
	d.put("playbook_processing_summary", summary)
	var only []string
	for _, key := range []string{"owner", "on", "run", "outputs"} {
		if child(root, key) != nil {
			only = append(only, key)
		}
	}
	x.tell(join("/playbook_extensions", Extension), "playbook "+x.playbook+": "+strings.Join(only, ", "),
		"CACAO has no such properties of a playbook", keptDo)
	return d, nil
}

const (
	attackName = "mitre-attack"
	keptDo     = "nothing: the extension keeps it, and an import into Picket reads it from there"
	// extensionVersion changes with the properties of the extension, and with the readable form of any step: an import holds
	// that form against its own.
	extensionVersion = "1.0.0"
	// extensionSchema is the normative text of the extension. Names have the letters that the specification allows.
	extensionSchema = "playbook_source (in playbook_extensions): the playbook as YAML, its list `steps` left empty. " +
		"step_source (in step_extensions): a step of the playbook as YAML, its lists of steps left empty. " +
		"step_blocks: a list of {block_at, first_step}: where in the step such a list stands, keys and indexes with slashes between, and the id of the " +
		"workflow step with which it begins; it goes on by on_completion or on_success to an end step. " +
		"part_of: the id of the step in the playbook that this workflow step helps to show."
)

func attackURL(technique string) string {
	return "https://attack.mitre.org/techniques/" + strings.ReplaceAll(technique, ".", "/") + "/"
}

// stamp is a time as the specification writes it: UTC, to the millisecond.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// labels are the playbook's, of which those of the traffic light protocol are data markings as well.
func (x *exporter) labels(d *value, root *yaml.Node, creator string, o ExportOptions) {
	labels := child(root, "labels")
	if labels == nil || len(labels.Content) == 0 {
		return
	}
	all, markings, definitions := list(), list(), object()
	for _, l := range labels.Content {
		all.items = append(all.items, str(l.Value))
		level := tlpLabel.FindStringSubmatch(l.Value)
		if level == nil {
			continue
		}
		name := "TLP:" + strings.ToUpper(strings.ReplaceAll(level[1], "-", "+"))
		id := objectID("marking-tlp", name)
		markings.items = append(markings.items, str(id))
		definitions.put(id, object("type", str("marking-tlp"), "id", str(id), "created_by", str(creator), "created", str(stamp(o.Created)),
			"tlpv2_level", str(name)))
		x.does["data_markings"] = true
	}
	d.put("labels", all)
	if len(markings.items) > 0 {
		d.put("markings", markings)
		d.put("data_marking_definitions", definitions)
	}
}

// variableTypes are the types of our inputs as types of variables. CACAO's list of them is open.
var variableTypes = map[string]string{
	"string": "string", "number": "float", "integer": "integer", "boolean": "bool", "array": "list", "object": "dictionary",
}

func (x *exporter) input(name string, n *yaml.Node) {
	v := object("type", str(variableTypes[text(n, "type")]))
	fallback := child(n, "default")
	switch {
	case fallback == nil:
		about := "An input of the playbook."
		if text(n, "required") == "true" {
			about = "An input of the playbook, which needs it."
		}
		v.put("description", str(about))
	case fallback.Kind == yaml.ScalarNode && !strings.Contains(fallback.Value, "${{"):
		v.put("description", str("An input of the playbook."))
		v.put("value", str(fallback.Value))
	default:
		v.put("description", str("An input of the playbook; where none is given: "+inline(fallback)))
	}
	v.put("external", boolean(true))
	x.variables.put("__"+name+"__", v)
	x.says["inputs."+name] = "__" + name + "__"
}

// variable declares a variable for what a step gives. One of the same name that says the same is the same one.
func (x *exporter) variable(name, typ, about string) string {
	base := name
	for n := 2; ; n++ {
		declared := x.variables.get("__" + name + "__")
		if declared.peek("description") == about {
			break
		}
		if declared == nil {
			x.variables.put("__"+name+"__", object("type", str(typ), "description", str(about)))
			break
		}
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return "__" + name + "__"
}

// block writes a list of steps and the end step after them, and answers the id with which it begins.
func (x *exporter) block(steps *yaml.Node, path string) (first string, all []*step, err error) {
	end := &step{id: objectID("end", x.playbook, path), v: object("type", str("end"))}
	var last *step
	follow := func(id string) {
		if last == nil {
			first = id
			return
		}
		last.leads(id)
	}
	for _, n := range steps.Content {
		made, err := x.step(n, path)
		if err != nil {
			return "", nil, err
		}
		follow(made.entry)
		all = append(all, made.steps...)
		last = made.last
	}
	follow(end.id)
	return first, append(all, end), nil
}

// fragment is the workflow steps that show one of ours. Control comes in at entry and leaves by last, which has the
// extension; the others are told to be parts of it.
type fragment struct {
	entry string
	last  *step
	steps []*step
}

func (x *exporter) step(n *yaml.Node, path string) (fragment, error) {
	s := &showing{exporter: x, node: n, id: text(n, "id"), verb: verbOf(n), path: path}
	s.body = child(n, s.verb)
	if err := s.inner(); err != nil {
		return fragment{}, err
	}
	s.show()
	made := s.made
	if condition := child(n, "if"); condition != nil {
		made = s.guarded(condition.Value)
	}
	source, err := ownSource(n, s.blocks)
	if err != nil {
		return fragment{}, err
	}
	keeps := object("step_source", str(source))
	if len(s.blocks) > 0 {
		at := list()
		for i, b := range s.blocks {
			at.items = append(at.items, object("block_at", str(b.at), "first_step", str(s.firsts[i])))
		}
		keeps.put("step_blocks", at)
	}
	if about := prose(n.HeadComment); about != "" {
		if native := made.last.v.get("description"); native != nil {
			about += "\n" + native.text
		}
		made.last.v.put("description", str(about))
	}
	made.last.v.put("step_extensions", object(Extension, keeps))
	if only := s.onlyOurs(); len(only) > 0 {
		x.tell(join("/workflow", made.last.id), fmt.Sprintf("step %s: %s", s.id, strings.Join(only, ", ")),
			"CACAO has no such construct, and other tools have what the descriptions say", keptDo)
	}
	return made, nil
}

// ownSource is a node as text with some of its lists of steps left empty.
func ownSource(n *yaml.Node, blocks []block) (string, error) {
	saved := make([][]*yaml.Node, len(blocks))
	for i, b := range blocks {
		saved[i], b.steps.Content = b.steps.Content, nil
	}
	source, err := writeNode(n)
	for i, b := range blocks {
		b.steps.Content = saved[i]
	}
	return source, err
}

// kept are the keys of each verb that CACAO has no counterpart for.
var kept = map[string][]string{
	plan.VerbParallel: {"wait", "on_failure"}, plan.VerbForeach: {"as", "at_once", "at_most", "on_failure", "collect"},
	plan.VerbRepeat: {"at_most", "every"}, plan.VerbWait: {"event", "until", "within", "on_timeout"}, plan.VerbCall: {"detached"},
	plan.VerbModel:   {"provider", "evidence", "returns", "missing"},
	plan.VerbAgent:   {"use", "provider", "evidence", "tools", "connections", "returns", "missing", "max_turns", "budget", "approval"},
	plan.VerbApprove: {"covers", "edit", "remind", "on_timeout", "escalate_to", "evidence"},
	plan.VerbAsk:     {"remind", "on_timeout", "escalate_to", "evidence"},
	plan.VerbTry:     {"catch", "finally"},
}

// onlyOurs names what of a step only the extension says.
func (s *showing) onlyOurs() []string {
	var only []string
	switch s.verb {
	case plan.VerbChoose, plan.VerbParallel, plan.VerbRepeat, plan.VerbCall, plan.VerbAsk: // CACAO has them as well
	case plan.VerbAction:
		if !s.natively {
			only = append(only, "the operation "+s.body.Value)
		}
	default:
		only = append(only, s.verb)
	}
	for _, key := range kept[s.verb] {
		if child(s.body, key) != nil {
			only = append(only, key)
		}
	}
	by := child(s.body, "by")
	for _, key := range []string{"quorum", "not"} {
		if child(by, key) != nil {
			only = append(only, key)
		}
	}
	for _, key := range []string{"undo", "retry"} {
		if child(s.node, key) != nil {
			only = append(only, key)
		}
	}
	if text(s.node, "on_error") == "undo" {
		only = append(only, "on_error: undo")
	}
	return append(only, s.decided...)
}
