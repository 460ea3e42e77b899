package cacao

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// What an imported step has where the document says nothing of it.
const (
	defaultWithin = "1d" // for an answer of a person
	defaultRounds = 100  // of a loop, for which our language wants a bound
)

// foreignStep is a workflow step from elsewhere on its way into steps of ours.
type foreignStep struct {
	*importer
	id, at string
	v      *value
	stops  []string // where the block around it is over
	depth  int
	before []string // the steps on the way to here, this one included
	made   []*yaml.Node
}

// read answers the steps that it gives and the workflow step that follows.
func (f *foreignStep) read() ([]*yaml.Node, string, error) {
	typ := f.v.read("type")
	about := comment(f.v.read("description"), f.references(f.at, f.v))
	f.delay()
	undo := f.stepVariables()
	var err error
	next := ""
	switch typ {
	case "action":
		f.action()
		next, err = f.failure()
	case "playbook-action":
		f.call()
		next, err = f.failure()
	case "parallel":
		next, err = f.parallel()
	case "if-condition":
		next, err = f.choice()
	case "while-condition":
		next, err = f.loop()
	case "switch-condition":
		next, err = f.cases()
	default:
		return nil, "", invalid(f.at, "a step of the type %q can't stand in the middle of a workflow", typ)
	}
	undo()
	if len(f.made) > 0 && about != "" {
		f.made[0].HeadComment = about
	}
	return f.made, next, err
}

// unnamed are the names of steps that have none.
var unnamed = map[string]string{
	"action": "Do", "playbook-action": "Run a playbook", "parallel": "At once",
	"if-condition": "Decide", "while-condition": "Repeat", "switch-condition": "Choose",
}

// name is the words for the step's id and title, variables by their names.
func (f *foreignStep) name() string {
	name := f.v.read("name")
	if name == "" {
		return unnamed[f.v.peek("type")]
	}
	name = reference.ReplaceAllStringFunc(name, func(r string) string { return strings.ReplaceAll(local(strings.TrimSuffix(r, ":value")), "_", " ") })
	return strings.Join(strings.Fields(plainText(name)), " ")
}

// put adds a step of ours, with what is common to all.
func (f *foreignStep) put(id, title string, pairs ...any) *yaml.Node {
	n := mapping("id", scalar(id))
	if title != "" && f.v.get("name") != nil {
		set(n, "title", scalar(title))
	}
	n.Content = append(n.Content, mapping(pairs...).Content...)
	f.made = append(f.made, n)
	return n
}

// delay is a wait before the step.
func (f *foreignStep) delay() {
	if f.v.get("delay") == nil || f.v.peek("delay") == "0" {
		return
	}
	if d, ok := f.duration("delay"); ok {
		f.put(f.importer.id("wait"), "", "wait", scalar(d))
	}
}

// duration is a property in milliseconds as our language writes it. One that it can't hold is left for the report.
func (f *foreignStep) duration(key string) (string, bool) {
	n, err := strconv.ParseInt(f.v.peek(key), 10, 64)
	if err != nil || n <= 0 || n > spec.MaxDuration.Milliseconds() {
		return "", false
	}
	f.v.read(key)
	return plan.Duration(n).String(), true
}

// stepVariables makes the step's own variables known while it is read. A variable without a value keeps the one from
// outside, or waits for the step to give it one.
func (f *foreignStep) stepVariables() (undo func()) {
	before := maps.Clone(f.vars)
	var own []string
	declared := f.v.get("step_variables")
	if declared == nil {
		return func() {}
	}
	for _, m := range declared.members {
		typ := inputType(m.peek("type"))
		if given := m.get("value"); given != nil && given.kind == isString && given.text != "" {
			m.read("type")
			given.used = true
			f.assign(m.key, typ, literal(typ, given.text))
			own = append(own, m.key)
		} else if _, outside := f.vars[m.key]; !outside {
			m.read("type")
			f.vars[m.key] = variable{typ: typ}
		}
	}
	return func() {
		for _, name := range own {
			if slices.Equal(f.vars[name].from, []string{literal(f.vars[name].typ, declared.get(name).peek("value"))}) {
				if was, ok := before[name]; ok {
					f.vars[name] = was
				} else {
					delete(f.vars, name)
				}
			}
		}
	}
}

// action is the step's commands, one after the other, each for every target.
func (f *foreignStep) action() {
	name := f.name()
	commands := f.v.list("commands")
	for i, c := range commands {
		at := fmt.Sprintf("%s/commands/%d", f.at, i)
		if c.peek("type") == "http-api" && f.request(name, at, c) {
			continue
		}
		f.byHand(name, at, c, i == len(commands)-1)
	}
}

// actor is an agent or a target: its name, and what else is known of it.
func (f *foreignStep) actor(dictionary, id string) *value { return f.root.get(dictionary).get(id) }

// who are the names of the agent and the targets.
func (f *foreignStep) who() string {
	var names []string
	add := func(dictionary string, id *value) {
		if id == nil {
			return
		}
		name := id.text
		if a := f.actor(dictionary, id.text); a != nil {
			name = a.read("name") + " (" + a.read("type") + ")"
			id.used = true
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add("agent_definitions", f.v.get("agent"))
	for _, t := range f.v.list("targets") {
		add("target_definitions", t)
	}
	return strings.Join(names, ", ")
}

// byHand is a command that a person carries out. The last one of a step gives what the step gives.
func (f *foreignStep) byHand(name, at string, c *value, last bool) {
	typ := c.read("type")
	command := f.template(at+"/command", c.read("command"))
	for _, key := range []string{"command_b64", "content_b64"} {
		if decoded, ok := decoded(c.peek(key)); ok && decoded != "" {
			c.read(key)
			command = strings.TrimSpace(command + "\n" + f.template(at+"/"+key, decoded))
		}
	}
	if content := c.read("content"); content != "" {
		command += "\n" + f.template(at+"/content", content)
	}
	var message []string
	if typ != "manual" {
		message = append(message, "A command of the type "+plainText(typ)+":")
		f.tell(at, "a command of the type "+typ, "Picket has no operation for it", "a person is asked to do it; put an action of a connector in its place")
	}
	for _, line := range []string{command, plainText(c.read("description"))} {
		if line != "" && line != name {
			message = append(message, line)
		}
	}
	if who := f.who(); who != "" {
		message = append(message, "Agent and targets: "+plainText(who))
	}
	f.ask(name, strings.Join(message, "\n"), last)
}

func decoded(text string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	return string(b), err == nil && utf8.Valid(b)
}

// ask is a form for what a person has done, and for the variables that the step gives.
func (f *foreignStep) ask(name, message string, gives bool) {
	id := f.importer.id(name)
	fields := mapping()
	type given struct{ variable, typ, field string }
	var out []given
	for _, arg := range f.v.list("out_args") {
		if !gives {
			break
		}
		declared := f.v.get("step_variables").get(arg.text)
		if declared == nil {
			declared = f.root.get("playbook_variables").get(arg.text)
		}
		field := local(arg.text)
		if declared == nil || field == "" || child(fields, field) != nil {
			continue // stays for the report
		}
		arg.used = true
		typ := inputType(declared.peek("type"))
		takes := map[string]string{"boolean": "boolean", "integer": "number", "number": "number"}[typ]
		if takes == "" {
			takes = "text"
		}
		about := mapping("type", scalar(takes))
		if title := strings.Join(strings.Fields(plainText(declared.read("description"))), " "); title != "" {
			set(about, "title", scalar(title))
		}
		set(about, "required", typed("!!bool", "true"))
		set(fields, field, flow(about))
		out = append(out, given{arg.text, typ, field})
	}
	if len(out) == 0 {
		set(fields, "done", flow(mapping("type", scalar("boolean"), "title", scalar("It is done"), "required", typed("!!bool", "true"))))
	}
	within, ok := f.duration("timeout")
	if !ok {
		within = defaultWithin
	}
	body := mapping("title", scalar(name))
	if message != "" {
		set(body, "message", scalar(message))
	}
	set(body, "by", flow(mapping("role", scalar(f.Role))))
	set(body, "fields", fields)
	set(body, "within", scalar(within))
	f.put(id, name, "ask", body)
	for _, g := range out {
		f.assign(g.variable, g.typ, "steps."+id+".output.values."+g.field)
	}
}

// request is an HTTP request that an operation of the http connector makes, once for every target. It answers false
// where there is none for it.
func (f *foreignStep) request(name, at string, c *value) bool {
	method, rest, _ := strings.Cut(c.peek("command"), " ")
	target, version, _ := strings.Cut(rest, " ")
	operation := map[string]string{"GET": httpGet, "POST": httpPost}[method]
	path, query, _ := strings.Cut(target, "?")
	path = strings.TrimPrefix(path, "/")
	if operation == "" || path == "" || !strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "__") || version != "" && !strings.HasPrefix(version, "HTTP/") {
		return false
	}
	body, isJSON := f.body(at, c)
	if body != nil && (!isJSON || operation == httpGet) {
		return false
	}
	with := mapping("path", scalar(f.template(at+"/command", path)))
	if query != "" {
		parameters := mapping()
		for part := range strings.SplitSeq(query, "&") {
			key, val, _ := strings.Cut(part, "=")
			key, err := url.QueryUnescape(key)
			if err != nil || key == "" || reference.MatchString(key) || child(parameters, key) != nil {
				return false
			}
			if plain, err := url.QueryUnescape(val); err == nil {
				val = plain
			}
			set(parameters, plainText(key), scalar(f.template(at+"/command", val)))
		}
		set(with, "query", parameters)
	}
	if body != nil {
		set(with, "body", body)
	}
	c.read("type")
	c.read("command")
	c.read("content")
	c.read("content_b64")
	f.headers(at, c)
	f.engine()
	targets := f.v.list("targets")
	connections := []string{""}
	if len(targets) > 0 {
		connections = nil
		for _, t := range targets {
			t.used = true
			connections = append(connections, f.connection("target_definitions", t.text))
		}
	} else if agent := f.v.get("agent"); f.actor("agent_definitions", agent.text).peek("type") == "http-api" {
		connections = []string{f.connection("agent_definitions", agent.text)}
	}
	about := plainText(c.read("description"))
	timeout, limited := "", false
	for _, connection := range connections {
		id := f.importer.id(name)
		n := f.put(id, name, "action", scalar(operation))
		if connection != "" {
			set(n, "connection", scalar(connection))
		}
		set(n, "with", with)
		if !limited {
			timeout, limited = f.duration("timeout")
		}
		if limited {
			set(n, "timeout", scalar(timeout))
		}
		n.HeadComment = comment(about)
		for _, arg := range f.v.list("out_args") {
			f.assign(arg.text, "string", "string(steps."+id+".output.body)")
			if !arg.used {
				f.tell(f.at+"/out_args", arg.text, "CACAO does not say which part of the answer it is",
					"it is the whole answer, of the last target where there are several; name the part in the steps that read it")
			}
			arg.used = true
		}
	}
	return true
}

// body is the document that a request sends, nil where it sends none.
func (f *foreignStep) body(at string, c *value) (n *yaml.Node, isJSON bool) {
	content := c.peek("content")
	if encoded := c.peek("content_b64"); content == "" && encoded != "" {
		var ok bool
		if content, ok = decoded(encoded); !ok {
			return scalar(""), false
		}
	}
	if content == "" {
		return nil, true
	}
	v, err := parse([]byte(content))
	if err != nil {
		return scalar(""), false
	}
	return f.document(at+"/content", v), true
}

// document is a JSON value as YAML, with its variables as expressions.
func (f *foreignStep) document(at string, v *value) *yaml.Node {
	switch v.kind {
	case isNull:
		return typed("!!null", "null")
	case isBool:
		return typed("!!bool", v.text)
	case isNumber:
		if strings.ContainsAny(v.text, ".eE") {
			return typed("!!float", v.text)
		}
		return typed("!!int", v.text)
	case isList:
		var items []*yaml.Node
		for _, item := range v.items {
			items = append(items, f.document(at, item))
		}
		return sequence(items)
	case isObject:
		n := mapping()
		for _, m := range v.members {
			set(n, plainText(m.key), f.document(at, m.value))
		}
		return n
	}
	return scalar(f.template(at, v.text))
}

// headers uses those that the connector sends anyhow, and reports the others.
func (f *foreignStep) headers(at string, c *value) {
	headers := c.get("headers")
	if headers == nil {
		return
	}
	for _, h := range headers.members {
		name := strings.ToLower(h.key)
		if (name == "accept" || name == "content-type") && len(h.items) == 1 && h.items[0].text == "application/json" {
			h.useAll()
			continue
		}
		h.useAll()
		f.tell(join(at+"/headers", h.key), "a header, whose value may be a secret", "requests have the headers of their connection", "give it to the connection if it is needed")
	}
}

// connection is the connection of the http connector that stands for an agent or a target. Each is reported once, with
// what the one who makes it has to know.
func (f *foreignStep) connection(dictionary, id string) string {
	a := f.actor(dictionary, id)
	name := kebab(a.peek("name"))
	if name == "" {
		name = "service"
	}
	if f.needs[name] {
		a.useAll()
		return name
	}
	f.needs[name] = true
	f.tell(join("/"+dictionary, id), shown(a.compact()), "addresses and secrets are kept in connections, and no playbook holds them",
		"make a connection "+name+" of the connector http with this address")
	a.useAll()
	return name
}

// arguments are the inputs that a step passes on, or why the playbook can't be called with them.
func (f *foreignStep) arguments(called string) (inputs *yaml.Node, unfit string) {
	inputs = mapping()
	given := map[string]*value{}
	for _, arg := range f.v.list("in_args") {
		given[local(arg.text)] = arg // those that are no input stay for the report
	}
	for _, in := range f.Catalog.Playbooks[called].Inputs {
		arg := given[in.Name]
		if arg == nil {
			if in.Required {
				return nil, "it needs the input " + in.Name
			}
			continue
		}
		v, ok := f.lookup(f.at+"/in_args", arg.text)
		if !ok {
			continue
		}
		if ok, why := expressionType(v.typ).Assignable(in.Type); !ok {
			return nil, "the variable for its input " + in.Name + " " + why
		}
		arg.used = true
		set(inputs, in.Name, scalar("${{ "+v.expression()+" }}"))
	}
	return inputs, ""
}

// expressionType is a type of our inputs as expressions know it.
func expressionType(typ string) expr.Type {
	switch typ {
	case "boolean":
		return expr.Bool()
	case "integer", "number":
		return expr.Number()
	case "array":
		return expr.List(expr.Any())
	case "object":
		return expr.OpenObject(nil)
	}
	return expr.String()
}

// engine is the agent that makes requests: with us Picket does, whatever the agent is. Each is reported once.
func (f *foreignStep) engine() {
	agent := f.v.get("agent")
	agent.used = true
	a := f.actor("agent_definitions", agent.text)
	if a.peek("type") == "http-api" || f.needs[agent.text] {
		return
	}
	f.needs[agent.text] = true
	f.tell(join("/agent_definitions", agent.text), shown(a.compact()), "Picket makes the requests itself", "nothing")
	a.useAll()
}

// call is another playbook.
func (f *foreignStep) call() {
	name := f.name()
	id := f.v.read("playbook_id")
	called := ""
	if f.Catalog != nil {
		for _, known := range slices.Sorted(maps.Keys(f.Catalog.Playbooks)) {
			if PlaybookID(known) == id {
				called = known
			}
		}
	}
	if called == "" {
		f.tell(f.at+"/playbook_id", id, "no playbook that is known here has this id", "a person is asked to run it; put a call of a playbook in its place")
		f.ask(name, "Run the playbook "+id, true)
		return
	}
	inputs, unfit := f.arguments(called)
	if unfit != "" {
		f.tell(f.at+"/in_args", "the playbook "+called, unfit, "a person is asked to run it; call it with the inputs that it needs in its place")
		f.ask(name, "Run the playbook "+called, true)
		return
	}
	body := mapping("playbook", scalar(called))
	if len(inputs.Content) > 0 {
		set(body, "inputs", inputs)
	}
	step := f.importer.id(name)
	f.put(step, name, "call", body)
	for _, arg := range f.v.list("out_args") {
		arg.used = true
		f.assign(arg.text, "string", "steps."+step+".output."+local(arg.text))
	}
}
