package cacao

import (
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// after is the step that follows where the branches of this one are over, and where they are: a branch of a step that does
// not lead on by itself is over where the block around it is as well.
func (f *foreignStep) after() (next string, stops []string, err error) {
	if next = f.next(f.v); next != "" {
		return next, []string{next}, nil
	}
	next, err = f.join(f.id, f.stops)
	return next, f.around(next), err
}

// around are the stops of the block around the step, and one more.
func (f *foreignStep) around(stop string) []string {
	if stop == "" {
		return f.stops
	}
	return append(slices.Clone(f.stops), stop)
}

// branch is the steps of one branch.
func (f *foreignStep) branch(first string, stops []string, to *[]*yaml.Node) func() error {
	return func() error {
		steps, err := f.chain(first, stops, f.depth+1, f.before...)
		*to = steps
		return err
	}
}

// failure is what follows on a step that may fail.
func (f *foreignStep) failure() (string, error) {
	handler := f.v.peek("on_failure")
	success := f.next(f.v)
	last := f.made[len(f.made)-1]
	id := text(last, "id")
	switch {
	case handler == "":
		return success, nil
	case handler == success:
		f.v.read("on_failure")
		set(last, "on_error", scalar("continue"))
		f.mayFail(id)
		return success, nil
	case f.steps.get(handler).peek("type") == "end" && f.depth == 0:
		f.v.read("on_failure") // the run ends, as a failure ends it
		f.steps.get(handler).read("type")
		return success, nil
	}
	f.v.read("on_failure")
	set(last, "on_error", scalar("continue"))
	f.mayFail(id)
	together, err := f.join(f.id, f.stops)
	if err != nil {
		return "", err
	}
	stops := f.around(together)
	failed := "steps." + id + `.status != "ok"`
	var handling, going []*yaml.Node
	f.failing++
	err = f.branches(f.branch(handler, stops, &handling))
	f.failing--
	if err != nil {
		return "", err
	}
	choose := f.importer.id(id + "_failed")
	if f.depth == 0 && (together == "" || together == success) {
		if together == "" {
			stop := mapping("status", scalar("failed"), "reason", scalar("The step "+id+" failed"))
			handling = append(handling, mapping("id", scalar(f.importer.id(id+"_stop")), "stop", stop))
		}
		f.put(choose, "", "choose", sequence([]*yaml.Node{mapping("when", scalar(failed), "steps", sequence(f.something(handling)))}))
		return success, nil
	}
	if err := f.branches(f.branch(success, stops, &going)); err != nil {
		return "", err
	}
	f.put(choose, "", "choose", sequence([]*yaml.Node{
		mapping("when", scalar(failed), "steps", sequence(f.something(handling))), mapping("else", sequence(f.something(going))),
	}))
	return together, nil
}

// something is a block of steps: our language has no empty ones.
func (im *importer) something(steps []*yaml.Node) []*yaml.Node {
	if len(steps) > 0 {
		return steps
	}
	return []*yaml.Node{mapping("id", scalar(im.id("nothing")), "title", scalar("Nothing to do"), "set", mapping("done", typed("!!bool", "true")))}
}

// mayFail makes what a step gives something that may not be there.
func (f *foreignStep) mayFail(id string) {
	for name, v := range f.vars {
		if slices.ContainsFunc(v.from, func(from string) bool { return strings.Contains(from, "steps."+id+".") }) {
			f.vars[name] = variable{typ: v.typ, from: v.from, may: true}
		}
	}
}

// condition is the step's condition as an expression. One that can't be told is asked of a person, and the question is the
// step before.
func (f *foreignStep) condition(name string) string {
	text := f.v.read("condition")
	said, err := condition(text, func(name string) (variable, bool) {
		v, ok := f.vars[name]
		return v, ok && len(v.from) > 0 && len(v.from) <= maxWays
	})
	if err == nil {
		return said
	}
	f.tell(f.at+"/condition", shown(text), err.Error(), "a person is asked whether it holds; write it as an expression in its place")
	id := f.importer.id(name + " holds")
	f.put(id, name, "ask", mapping(
		"title", scalar("Does this hold: "+f.template(f.at+"/condition", strings.Join(strings.Fields(text), " "))+"?"),
		"by", flow(mapping("role", scalar(f.Role))),
		"fields", mapping("holds", flow(mapping("type", scalar("boolean"), "title", scalar("It holds"), "required", typed("!!bool", "true")))),
		"within", scalar(defaultWithin)))
	return "steps." + id + ".output.values.holds == true"
}

func (f *foreignStep) choice() (string, error) {
	name := f.name()
	when := f.condition(name)
	after, stops, err := f.after()
	if err != nil {
		return "", err
	}
	var yes, no []*yaml.Node
	otherwise := f.v.read("on_false")
	if err := f.branches(
		f.branch(f.v.read("on_true"), stops, &yes),
		f.branch(otherwise, stops, &no),
	); err != nil {
		return "", err
	}
	ways := []*yaml.Node{mapping("when", scalar(when), "steps", sequence(f.something(yes)))}
	if len(no) > 0 {
		ways = append(ways, mapping("else", sequence(no)))
	}
	f.put(f.importer.id(name), name, "choose", sequence(ways))
	return after, nil
}

func (f *foreignStep) parallel() (string, error) {
	name := f.name()
	after, stops, err := f.after()
	if err != nil {
		return "", err
	}
	ways := f.v.list("next_steps")
	steps := make([][]*yaml.Node, len(ways))
	var run []func() error
	for i, w := range ways {
		w.used = true
		run = append(run, f.beforeOthers(f.branch(w.text, stops, &steps[i])))
	}
	f.beside = append(f.beside, map[string]bool{})
	err = f.branches(run...)
	f.beside = f.beside[:len(f.beside)-1]
	if err != nil {
		return "", err
	}
	named := mapping()
	for i, w := range ways {
		base := strings.ReplaceAll(kebab(f.steps.get(w.text).peek("name")), "-", "_")
		if base == "" {
			base = "branch_" + strconv.Itoa(i+1)
		}
		key := base
		for n := 2; child(named, key) != nil; n++ {
			key = base + "_" + strconv.Itoa(n)
		}
		set(named, key, sequence(f.something(steps[i])))
	}
	f.put(f.importer.id(name), name, "parallel", mapping("branches", named))
	return after, nil
}

// beforeOthers notes the steps of a branch for the branches beside it.
func (f *foreignStep) beforeOthers(branch func() error) func() error {
	return func() error {
		from := len(f.order)
		err := branch()
		for _, id := range f.order[from:] {
			f.beside[len(f.beside)-1][id] = true
		}
		return err
	}
}

func (f *foreignStep) loop() (string, error) {
	name := f.name()
	after := f.next(f.v)
	var body []*yaml.Node
	first := f.v.read("on_true")
	if err := f.branches(func() error {
		// A round may end with a way back to the loop itself, as drawn workflows have it.
		steps, err := f.chain(first, []string{f.id, after}, f.depth+1, f.before...)
		body = steps
		return err
	}); err != nil {
		return "", err
	}
	body = f.something(body)
	// The condition comes after the body: what the body sets is what it reads from the second round on.
	asked := len(f.made)
	when := f.condition(name)
	questions := slices.Clone(f.made[asked:])
	f.made = f.made[:asked]
	f.tell(f.at, "the loop "+label(f.id, f.v), "a loop in a playbook has a bound", "it is at most "+strconv.Itoa(defaultRounds)+" rounds; change at_most")
	rounds := typed("!!int", strconv.Itoa(defaultRounds))
	id := f.importer.id(name)
	if len(questions) > 0 {
		body = append(questions, mapping("id", scalar(f.importer.id(id+"_round")), "choose",
			sequence([]*yaml.Node{mapping("when", scalar(when), "steps", sequence(body))})))
		f.put(id, name, "repeat", mapping("until", scalar("!("+when+")"), "at_most", rounds, "steps", sequence(body)))
		return after, nil
	}
	f.put(id, name, "repeat", mapping("while", scalar(when), "at_most", rounds, "steps", sequence(body)))
	return after, nil
}

func (f *foreignStep) cases() (string, error) {
	name := f.name()
	at := f.at + "/switch"
	on := f.v.peek("switch")
	m := reference.FindStringSubmatch(on)
	expression, typ := "", "string"
	if m != nil && m[0] == strings.TrimSpace(on) {
		if v, ok := f.lookup(at, m[1]); ok {
			expression, typ = v.expression(), v.typ
		}
	} else if variableName.MatchString(strings.TrimSpace(on)) {
		if v, ok := f.lookup(at, strings.TrimSpace(on)); ok {
			expression, typ = v.expression(), v.typ
		}
	}
	f.v.read("switch")
	if expression == "" {
		f.tell(at, shown(on), "it is no variable that has a value here", "a person is asked for the case; write an expression in its place")
		id := f.importer.id(name + " case")
		f.put(id, name, "ask", mapping("title", scalar("Which case is it: "+plainText(strings.Join(strings.Fields(on), " "))+"?"),
			"by", flow(mapping("role", scalar(f.Role))),
			"fields", mapping("case", flow(mapping("type", scalar("text"), "required", typed("!!bool", "true")))), "within", scalar(defaultWithin)))
		expression = "steps." + id + ".output.values.case"
	}
	after, stops, err := f.after()
	if err != nil {
		return "", err
	}
	cases := f.v.get("cases")
	steps := make([][]*yaml.Node, len(cases.members))
	var run []func() error
	for i, c := range cases.members {
		c.used = true
		run = append(run, f.branch(c.text, stops, &steps[i]))
	}
	if err := f.branches(run...); err != nil {
		return "", err
	}
	var ways []*yaml.Node
	var otherwise []*yaml.Node
	for i, c := range cases.members {
		if c.key == "default" {
			otherwise = steps[i]
			continue
		}
		ways = append(ways, mapping("when", scalar(expression+" == "+literal(typ, c.key)), "steps", sequence(f.something(steps[i]))))
	}
	switch {
	case len(ways) == 0: // the default alone
		f.made = append(f.made, otherwise...)
		return after, nil
	case len(otherwise) > 0:
		ways = append(ways, mapping("else", sequence(otherwise)))
	}
	f.put(f.importer.id(name), name, "choose", sequence(ways))
	return after, nil
}
