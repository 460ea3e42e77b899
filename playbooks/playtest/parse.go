package playtest

import (
	"path"
	"regexp"
	"strings"
	"time"

	"picket/playbooks/spec"
)

// MaxCases bounds the cases of one file.
const MaxCases = 500

// caseKeys are the keys of a case that may also stand in `defaults`.
var caseKeys = []string{
	"at", "alert", "manual", "call", "schedule", "mocks", "models", "answers", "events", "calls", "key", "shadow", "cancel",
}

// byName are the keys whose entries a case adds to those of the defaults, one by one.
var byName = []string{"mocks", "models", "answers", "events", "calls"}

// errorKinds are the kinds of errors that a scripted call may end in.
var errorKinds = []string{"invalid", "not_found", "conflict", "denied", "unavailable", "unknown", "internal"}

// Parse reads a test file. What could be read is returned even where something is wrong; it is nil only where nothing could.
func Parse(file string, source []byte) (*Suite, []spec.Diagnostic) {
	bag := &spec.Bag{File: file}
	root := spec.Parse(source, bag)
	if root == nil {
		return nil, bag.All()
	}
	r := &reader{bag: bag}
	f := r.mapping(root, "a test file", "playbook", "defaults", "cases")
	if root.Kind != spec.Map {
		return nil, bag.All()
	}
	s := &Suite{File: file, Playbook: r.text(f.get("playbook"), "`playbook`")}
	if n := f.get("playbook"); n != nil {
		s.PlaybookAt = n.Span
	}
	defaults := f.get("defaults")
	if defaults != nil {
		r.mapping(defaults, "`defaults`", caseKeys...)
	}
	cases := f.need("cases")
	if cases != nil && cases.Kind != spec.List {
		bag.Error(spec.CodeType, cases.Span, "start each case with `- name:`", "`cases` must be a list, not %s", cases.Kind)
		return s, bag.All()
	}
	names := map[string]bool{}
	for i, n := range several(cases) {
		if i == MaxCases {
			bag.Error(spec.CodeBounds, n.Span, "split the file", "a file has at most %d cases", MaxCases)
			break
		}
		c := r.testCase(n, defaults)
		if names[c.Name] && c.Name != "" {
			bag.Error(spec.CodeDuplicateID, c.NameAt, "", "two cases have the name %q", c.Name)
		}
		names[c.Name] = true
		s.Cases = append(s.Cases, c)
	}
	return s, bag.All()
}

// PlaybookOf is the name of the playbook that a test file is about when it does not say.
func PlaybookOf(file string) string {
	name := path.Base(strings.ReplaceAll(file, `\`, "/"))
	return strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".test")
}

// layers are a case's own node and that of the defaults.
type layers struct {
	own, shared *spec.Node
}

// get is the case's value of a key, else that of the defaults.
func (l layers) get(key string) (n *spec.Node, shared bool) {
	if n := l.own.Get(key); n != nil {
		return n, false
	}
	return l.shared.Get(key), true
}

func (r *reader) testCase(n, defaults *spec.Node) Case {
	f := r.mapping(n, "a case", append([]string{"name", "expect"}, caseKeys...)...)
	c := Case{At: DefaultStart, Start: StartAlert, Key: Key{State: "held"}}
	if name := f.need("name"); name != nil {
		c.Name, c.NameAt = r.text(name, "`name`"), name.Span
	}
	l := layers{f.node, defaults}
	if at, _ := l.get("at"); at != nil {
		c.At = r.time(at)
	}
	r.start(&c, l)
	for _, key := range byName {
		own, shared := r.entries(f.get(key), "`"+key+"`"), r.entries(defaults.Get(key), "`"+key+"`")
		seen := map[string]bool{}
		for _, e := range own {
			seen[e.Key.Text] = true
			r.named(&c, key, e, false)
		}
		for _, e := range shared {
			if !seen[e.Key.Text] {
				r.named(&c, key, e, true)
			}
		}
	}
	if key, _ := l.get("key"); key != nil {
		c.Key = r.key(key)
	}
	if shadow, _ := l.get("shadow"); shadow != nil {
		c.Shadow = r.shadow(shadow)
	}
	if cancel, _ := l.get("cancel"); cancel != nil {
		c.Cancel = r.duration(cancel, "`cancel`", 0)
	}
	c.Expect = r.expect(f.get("expect"))
	if c.Start == StartAlert && c.Alert == nil && f.node.Span.Start.Line > 0 {
		r.bag.Error(spec.CodeMissing, n.Span, "add `alert:`, `manual:`, `call:` or `schedule:`", "nothing starts the run of this case")
	}
	return c
}

// start reads what starts the run. A case that names a trigger replaces that of the defaults; an alert may stand beside.
func (r *reader) start(c *Case, l layers) {
	starts := []string{StartManual, StartCall, StartSchedule}
	from := l.shared
	for _, key := range append([]string{StartAlert}, starts...) {
		if l.own.Get(key) != nil {
			from = l.own
		}
	}
	if from != nil {
		f := fields{r, from, "a case"}
		if key := f.one(starts...); key != "" {
			c.Start = key
			known := []string{"inputs"}
			if key == StartManual {
				known = append(known, "by")
			}
			if n := f.get(key); n.Kind != spec.Null {
				m := r.mapping(n, "`"+key+"`", known...)
				c.Inputs, c.By = r.object(m.get("inputs"), "`inputs`"), r.text(m.get("by"), "`by`")
			}
		}
	}
	own, shared := l.own.Get("alert"), l.shared.Get("alert")
	switch {
	case own == nil && shared == nil, own != nil && own.Kind == spec.Bool && own.Text == "false":
	case own == nil:
		c.Alert = r.alert(shared, true)
	case shared == nil || own.Kind != spec.Map || shared.Kind != spec.Map || vendor(shared) != vendor(own) && own.Get("set") == nil:
		c.Alert = r.alert(own, false)
	default:
		c.Alert = r.alert(overlay(own, shared), false)
	}
}

// vendor tells whether an alert is a vendor's document rather than of Picket's own form.
func vendor(n *spec.Node) bool { return n.Get("fixture") != nil || n.Get("body") != nil }

// overlay is a mapping with the entries of another one under its own.
func overlay(own, under *spec.Node) *spec.Node {
	joined := *own
	joined.Entries = append([]spec.Entry(nil), own.Entries...)
	for _, e := range under.Entries {
		mine := own.Get(e.Key.Text)
		switch {
		case mine == nil:
			joined.Entries = append(joined.Entries, e)
		case mine.Kind == spec.Map && e.Value.Kind == spec.Map:
			for i := range joined.Entries {
				if joined.Entries[i].Key.Text == e.Key.Text {
					joined.Entries[i].Value = overlay(mine, e.Value)
				}
			}
		}
	}
	return &joined
}

func (r *reader) alert(n *spec.Node, shared bool) *Alert {
	a := &Alert{Place: Place{n.Span, shared}}
	if n.Kind == spec.Null {
		return a
	}
	if n.Kind == spec.Map && !vendor(n) {
		a.Source, a.Fields = r.text(n.Get("source"), "`source`"), Value(n)
		return a
	}
	f := r.mapping(n, "an alert of a vendor", "source", "kind", "fixture", "body", "set")
	f.one("fixture", "body")
	a.Source, a.Kind = r.text(f.need("source"), "`source`"), r.text(f.get("kind"), "`kind`")
	a.Fields = r.object(f.get("set"), "`set`")
	if body := f.get("body"); body != nil {
		a.Body = Value(body)
	}
	if fixture := f.get("fixture"); fixture != nil {
		a.Fixture = r.text(fixture, "`fixture`")
		if !localPath(a.Fixture) {
			r.bag.Error(spec.CodeValue, fixture.Span, "name a file beside the test file or below it", "a fixture can't be %q", a.Fixture)
		}
	}
	return a
}

// localPath tells whether a path stays in its folder.
func localPath(name string) bool {
	return name != "" && !path.IsAbs(name) && !strings.ContainsAny(name, "\\:\x00") && path.Clean(name) != ".." && !strings.HasPrefix(path.Clean(name), "../")
}

func (r *reader) time(n *spec.Node) time.Time {
	text := r.text(n, "`at`")
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1970 && at.Year() < 2200 {
			return at.UTC()
		}
	}
	if text != "" {
		r.bag.Error(spec.CodeValue, n.Span, "write it like 2026-03-02T09:00:00Z", "`at` is no time: %q", text)
	}
	return DefaultStart
}

var operationName = regexp.MustCompile(`^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`)

// named reads one entry of a mapping by operation or by step.
func (r *reader) named(c *Case, key string, e spec.Entry, shared bool) {
	name := e.Key.Text
	if key == "mocks" && !operationName.MatchString(name) {
		r.bag.Error(spec.CodeName, e.Key.Span, "write it like okta.get_user", "a mock is of an operation, and %q is none", name)
		return
	}
	list := several(e.Value)
	if len(list) == 0 {
		r.bag.Error(spec.CodeMissing, e.Key.Span, "", "`%s` has no value", name)
	}
	for _, n := range list {
		at := Place{n.Span, shared}
		switch key {
		case "mocks":
			c.Mocks = append(c.Mocks, r.mock(name, n, at))
		case "models":
			c.Models = append(c.Models, r.scripted(name, n, at))
		case "answers":
			c.Answers = append(c.Answers, r.answer(name, n, at))
		case "events":
			f := r.mapping(n, "an event", "after", "alert")
			event := Event{Place: at, Target: name, After: r.duration(f.get("after"), "`after`", DefaultAfter)}
			if alert := f.need("alert"); alert != nil {
				event.Alert = *r.alert(alert, shared)
			}
			c.Events = append(c.Events, event)
		case "calls":
			f := r.mapping(n, "a called playbook", "returns", "status", "reason")
			c.Calls = append(c.Calls, SubRun{
				Place: at, Target: name, Returns: r.object(f.get("returns"), "`returns`"), Reason: r.text(f.get("reason"), "`reason`"),
				Status: r.oneOf(f.get("status"), "`status`", "completed", "completed", "failed"),
			})
		}
	}
}

func (r *reader) mock(operation string, n *spec.Node, at Place) Mock {
	f := r.mapping(n, "a mock", "with", "returns", "fails", "times", "example")
	m := Mock{
		Place: at, Operation: operation, With: r.object(f.get("with"), "`with`"), Times: r.whole(f.get("times"), "`times`"),
		Example: r.boolean(f.get("example"), "`example`", false),
	}
	if m.Example && !f.has("returns") && !f.has("fails") {
		m.Returns = []byte("{}")
		return m
	}
	m.Returns, m.Fails = r.outcome(f)
	return m
}

// scripted reads what a model answers: of an agent also the tools that it wants.
func (r *reader) scripted(target string, n *spec.Node, at Place) Scripted {
	f := r.mapping(n, "a model's answer", "returns", "fails", "calls", "says")
	m := Scripted{Place: at, Target: target, Says: r.text(f.get("says"), "`says`")}
	if !f.has("calls") {
		m.Returns, m.Fails = r.outcome(f)
		return m
	}
	if f.has("returns") || f.has("fails") {
		r.bag.Error(spec.CodeValue, f.node.Span, "make it two answers: a list", "a model calls tools or answers, not both at once")
	}
	for _, call := range several(f.get("calls")) {
		k := r.mapping(call, "a call", "operation", "with")
		w := Wanted{Operation: r.text(k.need("operation"), "`operation`"), With: r.object(k.get("with"), "`with`"), At: call.Span}
		if w.With == nil {
			w.With = []byte("{}")
		}
		m.Calls = append(m.Calls, w)
	}
	return m
}

// outcome reads `returns` or `fails`.
func (r *reader) outcome(f fields) (returns []byte, fails *Fails) {
	switch f.one("returns", "fails") {
	case "returns":
		return Value(f.get("returns")), nil
	case "fails":
		n := f.get("fails")
		k := r.mapping(n, "`fails`", "kind", "message")
		fails = &Fails{Kind: r.oneOf(k.need("kind"), "`kind`", "internal", errorKinds...), Message: r.text(k.get("message"), "`message`")}
		if fails.Message == "" {
			fails.Message = "it failed, as the test says"
		}
		return nil, fails
	}
	if f.node.Span.Start.Line > 0 {
		r.bag.Error(spec.CodeMissing, f.node.Span, "", "%s needs `returns` or `fails`", f.what)
	}
	return nil, &Fails{Kind: "internal", Message: "nothing was said"}
}

func (r *reader) answer(target string, n *spec.Node, at Place) Answer {
	f := r.mapping(n, "an answer", "approve", "deny", "timeout", "by", "after", "reason", "edit", "values")
	a := Answer{
		Place: at, Target: target, By: r.text(f.get("by"), "`by`"), Reason: r.text(f.get("reason"), "`reason`"),
		After: r.duration(f.get("after"), "`after`", DefaultAfter),
	}
	if a.By == "" {
		a.By = "tester"
	}
	switch key := f.one("approve", "deny", "timeout", "values"); key {
	case "approve":
		a.Approve = r.boolean(f.get(key), "`approve`", true)
	case "deny":
		a.Approve = !r.boolean(f.get(key), "`deny`", true)
	case "timeout":
		if a.Timeout = r.boolean(f.get(key), "`timeout`", true); !a.Timeout {
			r.bag.Error(spec.CodeValue, f.get(key).Span, "write `approve: true` or `deny: true`", "`timeout: false` does not say what is answered")
		}
	case "values":
		a.Values = r.object(f.get(key), "`values`")
	default:
		if f.node.Span.Start.Line > 0 {
			r.bag.Error(spec.CodeMissing, n.Span, "add `approve: true`, `deny: true`, `timeout: true`, or `values:` for a question", "the answer does not say what is answered")
		}
	}
	for _, e := range r.entries(f.get("edit"), "`edit`") {
		step, argument, ok := strings.Cut(e.Key.Text, ".")
		if !ok {
			r.bag.Error(spec.CodeValue, e.Key.Span, "write it like contain.reason", "`edit` names an argument of a step, and %q does not", e.Key.Text)
			continue
		}
		a.Edit = append(a.Edit, Edit{Step: step, Argument: argument, Value: Value(e.Value), At: e.Key.Span})
	}
	return a
}

func (r *reader) key(n *spec.Node) Key {
	if n.Kind != spec.Map {
		return Key{State: r.oneOf(n, "`key`", "held", "held", "skipped", "joined")}
	}
	f := r.mapping(n, "`key`", "queued")
	return Key{State: "queued", Free: r.duration(f.need("queued"), "`queued`", DefaultAfter)}
}

func (r *reader) shadow(n *spec.Node) *Shadow {
	if n.Kind == spec.List {
		s := &Shadow{}
		for _, w := range r.words(n, "an operation of `shadow`") {
			s.Operations = append(s.Operations, w.Text)
		}
		return s
	}
	if !r.boolean(n, "`shadow`", false) {
		return nil
	}
	return &Shadow{}
}
