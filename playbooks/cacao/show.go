package cacao

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// showing is one step of ours on its way into workflow steps.
type showing struct {
	*exporter
	node, body *yaml.Node
	id, verb   string
	path       string
	blocks     []block
	firsts     []string  // of each block
	bodies     [][]*step // likewise
	decided    []string  // conditions that a person has to decide, for the report
	made       fragment
	asked      *step // a question that the next step follows
	natively   bool  // the action is a command that CACAO has
}

// inner writes the blocks inside the step.
func (s *showing) inner() error {
	s.blocks = blocksOf(s.node)
	for _, b := range s.blocks {
		first, steps, err := s.block(b.steps, s.id+"/"+b.at)
		if err != nil {
			return err
		}
		s.firsts, s.bodies = append(s.firsts, first), append(s.bodies, steps)
	}
	return nil
}

// add makes a workflow step that is a part of this one.
func (s *showing) add(kind, role, name, about string, pairs ...any) *step {
	v := object("type", str(kind), "name", str(name))
	if about != "" {
		v.put("description", str(about))
	}
	for _, m := range object(pairs...).members {
		v.put(m.key, m.value)
	}
	v.put("step_extensions", object(Extension, object("part_of", str(s.id))))
	made := &step{id: objectID(kind, s.playbook, s.id, role), v: v, next: "on_completion"}
	if s.made.entry == "" {
		s.made.entry = made.id
	}
	if s.asked != nil {
		s.asked.v.put("on_completion", str(made.id))
		s.asked = nil
	}
	s.made.steps = append(s.made.steps, made)
	s.made.last = made
	return made
}

// end is an end step for a branch that the step does not have.
func (s *showing) end(role string) *value {
	made := &step{id: objectID("end", s.playbook, s.id, role), v: object("type", str("end"), "step_extensions", object(Extension, object("part_of", str(s.id))))}
	s.made.steps = append(s.made.steps, made)
	return str(made.id)
}

func (s *showing) title() string {
	if t := text(s.node, "title"); t != "" {
		return t
	}
	return s.id
}

// guarded puts the step behind its condition.
func (s *showing) guarded(condition string) fragment {
	inside := s.made
	s.made = fragment{}
	c := s.decide("if", condition)
	guard := s.add("if-condition", "guard", s.title(), "Only if this holds: "+condition, "condition", str(c), "on_true", str(inside.entry))
	s.does["if_logic"] = true
	inside.last.leads(s.end("guarded").text)
	s.made.steps = append(s.made.steps, inside.steps...)
	s.made.last = guard
	return s.made
}

// comparison is a condition that both languages can say: something that is a variable, compared to a literal.
var comparison = regexp.MustCompile(`^((?:inputs|steps)\.[a-z0-9_.-]+) (==|!=|<=|>=|<|>) ("(?:[^"\\']|\\")*"|-?\d+(?:\.\d+)?|true|false)$`)

// native is a condition in CACAO's words, where it can be said in them.
func (s *showing) native(condition string) (string, bool) {
	var parts []string
	for part := range strings.SplitSeq(strings.TrimSpace(condition), " && ") {
		m := comparison.FindStringSubmatch(part)
		if m == nil || s.says[m[1]] == "" {
			return "", false
		}
		literal := m[3]
		if strings.HasPrefix(literal, `"`) {
			literal = "'" + strings.ReplaceAll(strings.Trim(literal, `"`), `\"`, `"`) + "'"
		}
		operator := m[2]
		if operator == "==" {
			operator = "="
		}
		parts = append(parts, fmt.Sprintf("%s:value %s %s", s.says[m[1]], operator, literal))
	}
	return strings.Join(parts, " AND "), true
}

// fill is an expression in text that only reads a value.
var fill = regexp.MustCompile(`\$\{\{ *((?:inputs|steps)\.[a-z0-9_.-]+) *\}\}`)

// said is text with what is a variable written as one.
func (x *exporter) said(text string) string {
	return fill.ReplaceAllStringFunc(text, func(expression string) string {
		if name := x.says[fill.FindStringSubmatch(expression)[1]]; name != "" {
			return name + ":value"
		}
		return expression
	})
}

// decide is a condition in CACAO's words. One that can't be said in them is decided in a step before, as a variable.
func (s *showing) decide(role, condition string) string {
	if said, ok := s.native(condition); ok {
		return said
	}
	s.decided = append(s.decided, "the condition of "+role)
	name := s.variable(s.id+"_"+role, "bool", "Whether this holds: "+condition)
	s.asked = s.question(role, "Set "+name+" to whether this holds: "+condition, name)
	return name + ":value = true"
}

// question is a step in which something is found out and put into variables.
func (s *showing) question(role, command string, out ...string) *step {
	return s.act("decide_"+role, "Decide for "+s.id, "", object("type", str("manual"), "command", str(command)), s.people("Playbook operator"), nil, out...)
}

func (s *showing) act(role, name, about string, command *value, agent string, targets *value, out ...string) *step {
	made := s.add("action", role, name, about, "commands", list(command), "agent", str(agent), "targets", targets)
	if len(out) > 0 {
		made.v.put("out_args", words(out...))
	}
	return made
}

// people is the agent that stands for those with a role.
func (s *showing) people(role string) string {
	id := objectID("group", role)
	s.agents.put(id, object("type", str("group"), "name", str(role)))
	return id
}

// picket is the agent that stands for the product.
func (s *showing) picket() string {
	id := objectID("security-category", "agent", "picket")
	s.agents.put(id, object("type", str("security-category"), "name", str("Picket"), "category", words("orchestrator")))
	return id
}

// fails says what a failure of the step leads to: the end of the run, or the next step.
func (s *showing) fails(made *step) {
	made.next, made.fail = "on_success", text(s.node, "on_error") == "continue"
	if d, ok := spec.ParseDuration(text(s.node, "timeout")); ok {
		made.v.put("timeout", number(int64(d)))
		s.does["temporal_logic"] = true
	}
}

// by are the people whom a step asks.
func (s *showing) by() string { return text(child(s.body, "by"), "role") }

// lines are sentences about the keys that a step has.
func (s *showing) lines(keys ...string) string {
	var lines []string
	for _, key := range keys {
		if c := child(s.body, key); c != nil {
			lines = append(lines, strings.ToUpper(key[:1])+strings.ReplaceAll(key[1:], "_", " ")+": "+s.said(inline(c)))
		}
	}
	return strings.Join(lines, "\n")
}

// show writes the step in CACAO's own words, as near as they come.
func (s *showing) show() {
	switch s.verb {
	case plan.VerbAction:
		s.action()
	case plan.VerbSet:
		s.set()
	case plan.VerbChoose:
		s.choose()
	case plan.VerbParallel:
		s.parallel()
	case plan.VerbForeach, plan.VerbRepeat:
		s.loop()
	case plan.VerbWait:
		s.wait()
	case plan.VerbCall:
		s.call()
	case plan.VerbModel:
		s.fails(s.act("ask", s.title(), s.lines("prompt", "evidence", "returns", "missing"), s.command("Asks a language model"), s.picket(), nil))
	case plan.VerbAgent:
		s.fails(s.act("ask", s.title(), s.lines("use", "goal", "evidence", "tools", "returns", "missing", "max_turns", "budget", "approval"),
			s.command("Lets a language model call tools until it can answer"), s.picket(), nil))
	case plan.VerbApprove:
		s.does["approval"] = true
		about := s.lines("by", "covers", "edit", "on_timeout", "escalate_to", "evidence")
		s.person(s.act("approve", s.title(), about+"\nThe step fails where the answer is no, and nothing that it covers is done.", s.asking("Approve or refuse: "), s.people(s.by()), nil))
		s.made.last.next = "on_success"
	case plan.VerbAsk:
		s.ask()
	case plan.VerbTry:
		s.try()
	case plan.VerbStop:
		status, reason := s.body.Value, ""
		if s.body.Kind == yaml.MappingNode {
			status, reason = text(s.body, "status"), text(s.body, "reason")
		}
		if status == "" || s.body.Tag == "!!null" {
			status = "completed"
		}
		s.act("stop", s.title(), "The run ends here, whatever follows.", s.command(strings.TrimSuffix("Ends the run as "+status+": "+reason, ": ")), s.picket(), nil)
	default: // a verb that is younger than this package
		s.fails(s.act("do", s.title(), "", s.command(s.verb+": "+inline(s.body)), s.picket(), nil))
	}
}

// command is the command of what Picket does itself.
func (s *showing) command(about string) *value {
	return object("type", str(CommandType), "description", str(s.said(about)), "version", str("1"))
}

func (s *showing) asking(what string) *value {
	question := what + text(s.body, "title")
	if message := text(s.body, "message"); message != "" {
		question += "\n" + message
	}
	return object("type", str("manual"), "command", str(s.said(question)))
}

// person gives a step the time that a person has.
func (s *showing) person(made *step) {
	if d, ok := spec.ParseDuration(text(s.body, "within")); ok {
		made.v.put("timeout", number(int64(d)))
		s.does["temporal_logic"] = true
	}
}

func (s *showing) action() {
	operation := s.body.Value
	with := child(s.node, "with")
	connector, _, _ := strings.Cut(operation, ".")
	name := connector
	if c := text(s.node, "connection"); c != "" {
		name = c
	}
	if command := s.request(operation, with); command != nil {
		s.natively = true
		address := s.variable("http_"+name, "string", "The host of the connection "+name)
		s.variables.get(address).put("external", boolean(true))
		id := objectID("http-api", name)
		s.targets.put(id, object("type", str("http-api"), "name", str(name), "address", object("dname", words(address+":value"))))
		s.fails(s.act("call", s.title(), "", command, s.picket(), words(id)))
		return
	}
	about := operation
	for _, e := range entries(with) {
		about += "\n" + e[0].Value + ": " + inline(e[1]) // the command writes variables
	}
	id := objectID("security-category", "target", name)
	s.targets.put(id, object("type", str("security-category"), "name", str(name), "category", words("server")))
	s.fails(s.act("call", s.title(), "", s.command(about), s.picket(), words(id)))
}

// The operations that are HTTP requests of one's own.
const (
	httpGet  = "http.get_json"
	httpPost = "http.post_json"
)

// request is the command of an operation that is an HTTP request, nil for others.
func (s *showing) request(operation string, with *yaml.Node) *value {
	method := map[string]string{httpGet: "GET", httpPost: "POST"}[operation]
	path := child(with, "path")
	query := child(with, "query")
	if method == "" || path == nil || path.Kind != yaml.ScalarNode || query != nil && query.Kind != yaml.MappingNode {
		return nil
	}
	target := "/" + strings.TrimPrefix(s.said(path.Value), "/")
	if strings.ContainsAny(target, "?# \n") {
		return nil
	}
	for i, e := range entries(query) {
		is := s.said(e[1].Value)
		if e[1].Kind != yaml.ScalarNode || strings.Contains(is, "${{") {
			return nil
		}
		if !reference.MatchString(is) {
			is = url.QueryEscape(is)
		}
		target += [2]string{"?", "&"}[min(i, 1)] + url.QueryEscape(e[0].Value) + "=" + is
	}
	command := object("type", str("http-api"), "command", str(method+" "+target+" HTTP/1.1"))
	if body := child(with, "body"); body != nil {
		command.put("headers", object("Content-Type", words("application/json")))
		command.put("content", str(asJSON(body, s.said).compact()))
	}
	return command
}

func (s *showing) set() {
	var lines, out []string
	given := map[string]string{} // a value does not read another of its step
	for _, e := range entries(s.body) {
		name := s.variable(s.id+"_"+e[0].Value, "string", "Set by the step "+s.id+": "+inline(e[1]))
		lines, out = append(lines, "Set "+name+" to "+s.said(inline(e[1]))), append(out, name)
		given["steps."+s.id+".output."+e[0].Value] = name
	}
	s.fails(s.act("set", s.title(), "", object("type", str("manual"), "command", str(strings.Join(lines, "\n"))), s.people("Playbook operator"), nil, out...))
	maps.Copy(s.says, given)
}

func (s *showing) ask() {
	var out []string
	for _, e := range entries(child(s.body, "fields")) {
		about := text(e[1], "title")
		if options := child(e[1], "options"); options != nil {
			about += " (" + inline(options) + ")"
		}
		typ := map[string]string{"number": "float", "boolean": "bool"}[text(e[1], "type")]
		if typ == "" {
			typ = "string"
		}
		out = append(out, s.variable(s.id+"_"+e[0].Value, typ, strings.TrimSpace("Answer to "+s.id+": "+about)))
		s.says["steps."+s.id+".output.values."+e[0].Value] = out[len(out)-1]
	}
	made := s.act("ask", s.title(), s.lines("by", "on_timeout", "escalate_to", "evidence"), s.asking(""), s.people(s.by()), nil, out...)
	s.timed(made)
	s.person(made)
}

func (s *showing) wait() {
	var about string
	var milliseconds plan.Duration
	if s.body.Kind == yaml.ScalarNode {
		milliseconds, _ = spec.ParseDuration(s.body.Value)
		about = "Wait for " + s.body.Value
	} else {
		milliseconds, _ = spec.ParseDuration(text(s.body, "for"))
		about = "Wait. " + strings.ReplaceAll(s.lines("for", "until", "event", "within", "on_timeout"), "\n", ". ")
	}
	made := s.act("wait", s.title(), "", s.command(about), s.picket(), nil)
	if milliseconds > 0 {
		made.v.put("delay", number(int64(milliseconds)))
	}
	s.person(made)
	s.does["temporal_logic"] = true
	s.timed(made)
}

// timed says what a failure of the step leads to, for steps that may go on without an answer.
func (s *showing) timed(made *step) {
	made.next = "on_success"
	made.fail = text(s.node, "on_error") == "continue" || text(s.body, "on_timeout") == "continue"
}

func (s *showing) call() {
	name, about := s.body.Value, ""
	variables := object()
	if s.body.Kind == yaml.MappingNode {
		name = text(s.body, "playbook")
		about = s.lines("detached")
		for _, e := range entries(child(s.body, "inputs")) {
			variables.put("__"+e[0].Value+"__", object("type", str("string"), "value", str(s.said(inline(e[1])))))
		}
	}
	made := s.add("playbook-action", "call", s.title(), about, "playbook_id", str(PlaybookID(name)))
	if len(variables.members) > 0 {
		made.v.put("step_variables", variables)
		in := list()
		for _, m := range variables.members {
			in.items = append(in.items, str(m.key))
		}
		made.v.put("in_args", in)
	}
	s.does["external_playbooks"] = true
	s.fails(made)
}

// take puts the steps of a block where they belong in the document, and answers the id with which it begins.
func (s *showing) take(i int) string {
	s.made.steps = append(s.made.steps, s.bodies[i]...)
	return s.firsts[i]
}

func (s *showing) choose() {
	branches := s.body
	if s.body.Kind == yaml.MappingNode {
		branches = child(s.body, "branches")
	}
	var conditions []string
	for _, b := range branches.Content {
		if c := child(b, "when"); c != nil {
			conditions = append(conditions, c.Value)
		}
	}
	otherwise := -1
	if len(s.blocks) > len(conditions) {
		otherwise = len(conditions)
	}
	if s.switched(conditions, otherwise) {
		return
	}
	s.does["if_logic"] = true
	// Each condition but the first is asked where the one before does not hold, in the branch for that.
	var outer fragment
	var before *step
	for i, c := range conditions {
		s.made = fragment{}
		said := s.decide(fmt.Sprintf("branch_%d", i+1), c)
		about := "If this holds: " + c
		made := s.add("if-condition", fmt.Sprintf("branch_%d", i+1), s.title(), about, "condition", str(said), "on_true", str(s.firsts[i]))
		s.take(i)
		if before == nil {
			outer = s.made
		} else {
			before.v.put("on_false", str(s.made.entry))
			outer.steps = append(outer.steps, s.made.steps...)
		}
		if i > 0 {
			s.made = fragment{}
			made.v.put("on_completion", s.end(fmt.Sprintf("branch_%d", i+1)))
			outer.steps = append(outer.steps, s.made.steps...)
		}
		before = made
	}
	s.made = outer
	s.made.last = outer.steps[slices.IndexFunc(outer.steps, func(made *step) bool {
		return made.id == objectID("if-condition", s.playbook, s.id, "branch_1")
	})]
	if otherwise >= 0 {
		before.v.put("on_false", str(s.take(otherwise)))
	}
}

// caseWord is a text that can be the key of a case.
var caseWord = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,250}$`)

// switched writes branches that all compare one input to a word as a switch.
func (s *showing) switched(conditions []string, otherwise int) bool {
	cases, variable := object(), ""
	for i, c := range conditions {
		m := comparison.FindStringSubmatch(strings.TrimSpace(c))
		if m == nil || m[2] != "==" || !strings.HasPrefix(m[3], `"`) || s.says[m[1]] == "" || variable != "" && variable != s.says[m[1]] {
			return false
		}
		word := strings.Trim(m[3], `"`)
		if !caseWord.MatchString(word) || word == "default" || cases.get(word) != nil {
			return false
		}
		variable = s.says[m[1]]
		cases.put(word, str(s.firsts[i]))
	}
	if len(conditions) < 2 {
		return false
	}
	if otherwise >= 0 {
		cases.put("default", str(s.firsts[otherwise]))
	}
	s.does["switch_logic"] = true
	s.add("switch-condition", "switch", s.title(), "", "switch", str(variable+":value"), "cases", cases)
	last := s.made.last
	for i := range s.blocks {
		s.take(i)
	}
	s.made.last = last
	return true
}

func (s *showing) parallel() {
	if len(s.blocks) == 1 {
		s.always("branch", s.title(), s.take(0))
		return
	}
	next := words(s.firsts...)
	s.does["parallel_processing"] = true
	made := s.add("parallel", "parallel", s.title(), s.lines("wait", "on_failure"), "next_steps", next)
	for i := range s.blocks {
		s.take(i)
	}
	s.fails(made)
	s.made.last = made
}

// always is a branch that is taken in any case, for blocks that have a step of their own.
func (s *showing) always(role, name, first string) *step {
	variable := s.variable("picket_always", "bool", "True: for blocks of steps that are done in any case.")
	s.variables.get(variable).put("value", str("true"))
	s.variables.get(variable).put("constant", boolean(true))
	s.does["if_logic"] = true
	return s.add("if-condition", role, name, "", "condition", str(variable+":value = true"), "on_true", str(first))
}

func (s *showing) loop() {
	s.does["while_logic"] = true
	role, condition := "more", "there is a further item of "+inline(child(s.body, "items"))
	about := s.lines("items", "as", "at_once", "at_most", "on_failure", "collect")
	if s.verb == plan.VerbRepeat {
		role, about = "again", s.lines("until", "while", "every", "at_most")
		if condition = text(s.body, "while"); condition == "" {
			condition = "it is the first round, or this does not hold: " + text(s.body, "until")
		}
	}
	said := s.decide(role, condition)
	made := s.add("while-condition", "loop", s.title(), about, "condition", str(said), "on_true", str(s.firsts[0]))
	body := s.bodies[0]
	// The condition is decided anew at the end of each round.
	end := body[len(body)-1]
	var again *step
	if len(s.decided) > 0 {
		s.question(role+"_again", "Set "+strings.TrimSuffix(said, ":value = true")+" to whether this holds: "+condition, strings.TrimSuffix(said, ":value = true"))
		again = s.made.last
		again.v.put("on_completion", str(end.id))
		if d, ok := spec.ParseDuration(text(s.body, "every")); ok {
			again.v.put("delay", number(int64(d)))
			s.does["temporal_logic"] = true
		}
		s.made.steps = s.made.steps[:len(s.made.steps)-1]
		for _, b := range body {
			for _, link := range []string{"on_completion", "on_success", "on_failure"} {
				if to := b.v.get(link); to != nil && to.text == end.id {
					b.v.put(link, str(again.id))
				}
			}
		}
		if s.firsts[0] == end.id {
			s.firsts[0] = again.id
			made.v.put("on_true", str(again.id))
		}
		s.bodies[0] = append(body[:len(body)-1:len(body)-1], again, end)
	}
	s.take(0)
	s.made.last = made
	s.fails(made)
}

func (s *showing) try() {
	at := map[string]int{"steps": -1, "catch": -1, "finally": -1}
	for i, b := range s.blocks {
		at[strings.TrimPrefix(b.at, plan.VerbTry+"/")] = i
	}
	tried := s.always("try", s.title()+": try", s.firsts[at["steps"]])
	s.take(at["steps"])
	var caught *step
	if i := at["catch"]; i >= 0 {
		caught = s.always("catch", s.title()+": catch", s.firsts[i])
		s.take(i)
	}
	var last *step
	if i := at["finally"]; i >= 0 {
		last = s.always("finally", s.title()+": finally", s.firsts[i])
		s.take(i)
	} else {
		last = s.always("after", s.title()+": after", "")
		last.v.put("on_true", s.end("after"))
	}
	if caught == nil {
		tried.v.put("on_completion", str(last.id))
	} else {
		tried.v.put("on_success", str(last.id))
		tried.v.put("on_failure", str(caught.id))
		caught.v.put("on_completion", str(last.id))
	}
	s.made.last = last
}
