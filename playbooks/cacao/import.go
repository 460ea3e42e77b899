package cacao

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"picket/playbooks"
	"picket/playbooks/format"
	"picket/playbooks/spec"
)

// DefaultRole is the role that answers what a playbook from elsewhere leaves to people.
const DefaultRole = "responder"

// ImportOptions are what a CACAO document does not say.
type ImportOptions struct {
	Catalog *playbooks.Catalog // that the playbook is compiled against; nil compiles nothing
	Owner   string             // of a playbook from elsewhere; the id of the identity that made it where it is empty
	Role    string             // who does what is left to people; DefaultRole where it is empty
	File    string             // names the playbook in diagnostics
}

// Imported is a playbook that was a CACAO document.
type Imported struct {
	Source      []byte                 // the playbook's text, formatted
	Report      []Entry                // what of the document is not in the playbook, or not as it was
	Diagnostics []playbooks.Diagnostic // what the compiler says of the playbook
}

// Import reads a CACAO 2.0 playbook. The error is an InvalidError where the document is not valid, or where its workflow
// can't be told in blocks of steps.
func Import(document []byte, o ImportOptions) (Imported, error) {
	root, err := parse(document)
	if err != nil {
		return Imported{}, err
	}
	if n := len(root.get("workflow").memberList()); n > MaxSteps {
		return Imported{}, invalid("/workflow", "it has %d steps; at most %d are read", n, MaxSteps)
	}
	if err := validate(root, lenient()); err != nil {
		return Imported{}, err
	}
	im := newImporter(root, o)
	read := im.foreign
	own := ours(root, "playbook_extensions").get("playbook_source") != nil
	if own {
		read = im.own
	}
	doc, err := read()
	if err != nil {
		return Imported{}, err
	}
	text, err := writeFolded(doc)
	if err != nil {
		return Imported{}, fmt.Errorf("cacao: %w", err)
	}
	out := Imported{Source: []byte(text)}
	if formatted, err := format.Source(out.Source); err == nil {
		out.Source = formatted
	}
	var expected *value
	if own {
		expected = im.exported(out.Source)
	}
	if own && expected == nil {
		im.tell(join("/extension_definitions", Extension), "the version of the extension", "it is another one than this Picket's "+extensionVersion+", or the playbook can't be exported",
			"nothing: the playbook is what the extension says; whether the rest of the document was changed since is not known")
		root.useAll()
	}
	if revoked := root.get("revoked"); revoked != nil && revoked.text == "false" {
		revoked.used = true // as where it is left out
	}
	im.rest("", root, expected)
	out.Report = im.report
	if o.Catalog != nil {
		_, out.Diagnostics = playbooks.Compile(o.File, out.Source, o.Catalog)
	}
	return out, nil
}

// importer makes one playbook.
type importer struct {
	ImportOptions
	root    *value
	steps   *value // the workflow
	report  []Entry
	ids     map[string]bool              // of the playbook's steps
	visited map[string]bool              // workflow steps that were put into the playbook
	made    int                          // how many were, copies counted
	order   []string                     // the same, in the order in which they were
	copies  int                          // how many of them are copies
	failing int                          // how many ways of failure lead to here
	beside  []map[string]bool            // of each parallel step around here, the steps of its branches before this one
	joins   map[string]map[string]string // by the stops of a block
	vars    map[string]variable
	needs   map[string]bool // connections that were reported
	text    int             // bytes of text with variables
	nodes   int             // values of the extension that may still be read
}

func newImporter(root *value, o ImportOptions) *importer {
	if o.Role == "" {
		o.Role = DefaultRole
	}
	im := &importer{
		ImportOptions: o, root: root, steps: root.get("workflow"),
		ids: map[string]bool{}, visited: map[string]bool{}, vars: map[string]variable{}, needs: map[string]bool{}, joins: map[string]map[string]string{}, nodes: spec.MaxNodes,
	}
	for _, m := range im.steps.members {
		if id := ownID.FindStringSubmatch(ours(m.value, "step_extensions").peek("step_source")); id != nil {
			im.ids[id[1]] = true
		}
	}
	return im
}

var ownID = regexp.MustCompile(`(?m)^id:\s*["']?([a-z0-9_-]+)`)

func (im *importer) tell(pointer, what, why, do string) {
	if len(im.report) == maxReport {
		im.report[maxReport-1] = Entry{"", "more than " + strconv.Itoa(maxReport) + " entries", "the rest is not listed", "put right what is listed, and import again"}
	}
	if len(im.report) >= maxReport {
		return
	}
	im.report = append(im.report, Entry{pointer, what, why, do})
}

// exported is the document as an export of the playbook gives it now, to hold the one that was read against. It is nil
// where the playbook can't be exported.
func (im *importer) exported(source []byte) *value {
	if im.root.get("extension_definitions").get(Extension).peek("version") != extensionVersion {
		return nil
	}
	o := ExportOptions{CreatedBy: im.root.peek("created_by")}
	o.Created, _ = time.Parse(time.RFC3339Nano, im.root.peek("created"))
	o.Modified, _ = time.Parse(time.RFC3339Nano, im.root.peek("modified"))
	text, _, err := Export(source, o)
	if err != nil {
		return nil
	}
	v, err := parse(text)
	if err != nil {
		return nil
	}
	return v
}

// rest reports what was not used. Expected is what an export gives in the same place: what is as expected follows from the rest.
func (im *importer) rest(pointer string, v, expected *value) {
	if v.used && len(v.members) == 0 && len(v.items) == 0 {
		return
	}
	why, do := "Picket has no place for it", "write it into the playbook by hand if it matters, or keep the CACAO document"
	if expected != nil {
		if v.equal(expected) {
			return
		}
		why, do = "it was changed outside Picket, and the extension, from which the playbook was read, says otherwise",
			"make the change in the playbook, or take the extension away and import again"
	}
	if strings.HasPrefix(pointer, "/authentication_info_definitions/") && v.untouched() {
		im.tell(pointer, v.peek("type")+" "+shown(v.peek("name")), "secrets are kept in connections, and no playbook holds them", "give it to the connection that it is for")
		return
	}
	if v.untouched() && pointer != "/authentication_info_definitions" && (expected == nil || len(v.members)+len(v.items) == 0 || v.kind != expected.kind || len(v.items) != len(expected.items)) {
		im.tell(pointer, shown(v.compact()), why, do)
		return
	}
	for _, m := range v.members {
		im.rest(join(pointer, m.key), m.value, expected.get(m.key))
	}
	for i, item := range v.items {
		var e *value
		if expected != nil && i < len(expected.items) {
			e = expected.items[i]
		}
		im.rest(fmt.Sprintf("%s/%d", pointer, i), item, e)
	}
	if expected == nil || v.kind != isObject {
		return
	}
	for _, m := range expected.members {
		if v.get(m.key) == nil {
			im.tell(join(pointer, m.key), "nothing stands here", "an export of the playbook has "+shown(m.compact())+" here, so it was taken out outside Picket", do)
		}
	}
}

// foreign is the playbook of a document from elsewhere.
func (im *importer) foreign() (*yaml.Node, error) {
	r := im.root
	r.read("type")
	r.read("spec_version")
	title := r.read("name")
	name := kebab(title)
	if name == "" {
		name = "imported"
	}
	owner := r.read("created_by")
	if im.Owner != "" {
		owner = im.Owner
	} else {
		im.tell("/created_by", owner, "the owner is a team's or a person's name, and only the id is known", "write the name at `owner`")
	}
	doc := mapping("name", scalar(name), "title", scalar(plainText(title)), "owner", scalar(plainText(owner)))
	doc.HeadComment = comment(r.read("description"), im.start(),
		fmt.Sprintf("From the CACAO playbook %s, made %s by %s, modified %s.", r.read("id"), r.read("created"), r.peek("created_by"), r.read("modified")),
		im.references("", r), im.statements())
	if labels := im.labels(); len(labels) > 0 {
		set(doc, "labels", flow(scalars(labels...)))
	}
	if attack := im.attack(); len(attack) > 0 {
		set(doc, "attack", flow(scalars(attack...)))
	}
	set(doc, "on", mapping("manual", mapping()))
	first := im.variables(doc)
	steps, err := im.workflow()
	if err != nil {
		return nil, err
	}
	all := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: im.something(append(first, steps...))}
	set(doc, "steps", all)
	return doc, nil
}

// start are the words of the start step.
func (im *importer) start() string {
	s := im.steps.get(im.root.peek("workflow_start"))
	return strings.TrimSpace(s.read("name") + "\n" + s.read("description"))
}

// workflow is the steps of the whole workflow.
func (im *importer) workflow() ([]*yaml.Node, error) {
	id := im.root.read("workflow_start")
	start := im.steps.get(id)
	start.read("type")
	im.visited[id] = true
	steps, err := im.chain(im.next(start), nil, 0)
	if err != nil {
		return nil, err
	}
	exception := im.root.read("workflow_exception")
	if exception == "" || im.steps.get(exception).peek("type") == "end" {
		return steps, im.unreached()
	}
	im.failing++
	defer func() { im.failing-- }()
	handler, err := im.chain(exception, nil, 1)
	if err != nil {
		return nil, err
	}
	return []*yaml.Node{mapping("id", scalar(im.id("workflow")), "try", mapping("steps", sequence(im.something(steps)), "catch", sequence(im.something(handler))))}, im.unreached()
}

// unreached reports the steps to which no way leads.
func (im *importer) unreached() error {
	for _, m := range im.steps.members {
		if im.visited[m.key] || m.peek("type") == "end" || ours(m.value, "step_extensions").get("part_of") != nil {
			continue
		}
		im.tell(join("/workflow", m.key), "the step "+label(m.key, m.value), "no way leads to it", "link it, or take it out")
		m.useAll()
	}
	return nil
}

// next is the step that follows, "" where none does.
func (im *importer) next(s *value) string {
	if to := s.read("on_completion"); to != "" {
		return to
	}
	return s.read("on_success")
}

var techniqueID = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)

// attack are the ATT&CK techniques that the document refers to.
func (im *importer) attack() []string {
	var ids []string
	for _, ref := range im.root.list("external_references") {
		if id := ref.peek("external_id"); isAttack(ref) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		if isAttack(ref) {
			ref.read("external_id")
			if ref.peek("name") == attackName {
				ref.read("name")
			}
			if ref.peek("url") == attackURL(ref.peek("external_id")) {
				ref.read("url")
			}
		}
	}
	return ids
}

func isAttack(ref *value) bool {
	name := strings.ToLower(ref.peek("name"))
	return (name == attackName || name == "mitre att&ck") && techniqueID.MatchString(ref.peek("external_id"))
}

// references are the other references of an object, for a comment.
func (im *importer) references(pointer string, v *value) string {
	var lines []string
	for _, ref := range v.list("external_references") {
		if pointer == "" && isAttack(ref) {
			continue
		}
		var parts []string
		for _, m := range ref.members {
			parts = append(parts, m.text)
			m.used = true
		}
		lines = append(lines, "See: "+strings.Join(parts, ", "))
	}
	return strings.Join(lines, "\n")
}

// labels are the document's labels, its types, and the levels of its markings.
func (im *importer) labels() []string {
	var labels []string
	add := func(v *value, text string) {
		l := kebab(text)
		switch {
		case l == "":
			return // stays unused, and is reported
		case l != text:
			im.tell("/labels", shown(text), "a label is in kebab-case", "nothing: it was made "+l)
		}
		v.useAll()
		if !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	for _, l := range im.root.list("labels") {
		add(l, l.text)
	}
	for _, t := range im.root.list("playbook_types") {
		add(t, t.text)
	}
	for _, marking := range im.root.list("markings") {
		definition := im.root.get("data_marking_definitions").get(marking.text)
		if level := definition.get("tlpv2_level"); level != nil {
			definition.read("type")
			definition.read("id")
			level.used, marking.used = true, true
			l := strings.ToLower(strings.NewReplacer(":", "-", "+", "-").Replace(level.text))
			if !slices.Contains(labels, l) {
				labels = append(labels, l)
			}
		}
	}
	return labels
}

// statements are the words of the document's markings.
func (im *importer) statements() string {
	var lines []string
	for _, marking := range im.root.list("markings") {
		if d := im.root.get("data_marking_definitions").get(marking.text); d.get("statement") != nil {
			marking.used = true
			d.read("id")
			lines = append(lines, "Marking: "+strings.Join(strings.Fields(d.read("name")+" "+d.read("statement")), " "))
			d.read("type")
		}
	}
	return strings.Join(lines, "\n")
}

// label is a step as errors and reports name it.
func label(id string, s *value) string {
	if name := s.peek("name"); name != "" {
		return fmt.Sprintf("%s (%s)", id, shown(name))
	}
	return id
}

// id makes a step's id of some words.
func (im *importer) id(text string) string {
	const most = 40 // characters, so that expressions stay readable
	base := strings.ReplaceAll(kebab(text), "-", "_")
	if len(base) > most {
		base = strings.TrimRight(base[:most], "_")
	}
	if base == "" {
		base = "step"
	}
	id := base
	for n := 2; im.ids[id]; n++ {
		id = fmt.Sprintf("%s_%d", base, n)
	}
	im.ids[id] = true
	return id
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// kebab is a text as a name, "" where nothing is left of it.
func kebab(text string) string {
	const most = 60 // characters
	name := strings.Trim(notName.ReplaceAllString(strings.ToLower(text), "-"), "-")
	name = strings.TrimLeft(name, "0123456789-")
	if len(name) > most {
		name = strings.TrimRight(name[:most], "-")
	}
	return name
}

// plainText is foreign text without what would mean something in our language or break a line.
func plainText(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			return ' '
		}
		return r
	}, text)
	return strings.ReplaceAll(text, "${{", "$ {{")
}

// comment is text as a comment of YAML.
func comment(parts ...string) string {
	var lines []string
	for _, part := range parts {
		for line := range strings.SplitSeq(plainText(part), "\n") {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, "# "+line)
			}
		}
	}
	return strings.Join(lines, "\n")
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

func typed(tag, text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
}

func scalars(texts ...string) *yaml.Node {
	var nodes []*yaml.Node
	for _, t := range texts {
		nodes = append(nodes, scalar(t))
	}
	return sequence(nodes)
}

func sequence(nodes []*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: nodes}
}

func mapping(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := 0; i+1 < len(pairs); i += 2 {
		set(n, pairs[i].(string), pairs[i+1].(*yaml.Node)) //nolint:forcetypeassert // written so in this package
	}
	return n
}

// flow writes a collection in one line.
func flow(n *yaml.Node) *yaml.Node {
	n.Style = yaml.FlowStyle
	return n
}

func set(n *yaml.Node, key string, to *yaml.Node) {
	n.Content = append(n.Content, scalar(key), to)
}

// branches runs what the branches of a step do, one by one, each from the variables as they are before; afterwards a
// variable that one of them set may have any of its values.
func (im *importer) branches(run ...func() error) error {
	before := maps.Clone(im.vars)
	after := maps.Clone(im.vars)
	for _, branch := range run {
		im.vars = maps.Clone(before)
		if err := branch(); err != nil {
			return err
		}
		for name, v := range im.vars {
			if !slices.Equal(v.from, before[name].from) {
				after[name] = after[name].or(v)
			}
		}
	}
	im.vars = after
	return nil
}
