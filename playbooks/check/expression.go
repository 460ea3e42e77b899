package check

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"picket/playbooks/expr"
	"picket/playbooks/spec"
)

// result is what is known of a computed value.
type result struct {
	typ    expr.Type
	taint  taint
	from   string // where it comes from, for people
	failed bool   // something was reported
}

// expression checks a source that stands at an offset of a node's text.
func (c *checker) expression(n *spec.Node, offset int, source string, sc *scope, opts reading) result {
	out := result{typ: expr.Any(), from: source}
	refs, err := expr.Refs(source)
	if err != nil {
		c.broken(n, offset, source, err, sc)
		out.failed = true
		if c.editing {
			c.places = append(c.places, Place{Node: n, Offset: offset, Source: source, Env: environment(sc, c.stepTypes(sc)), Type: out.typ, Failed: true})
		}
		return out
	}
	known := map[string]expr.Type{}
	for _, ref := range refs {
		if ref.Path[0] == "steps" {
			out.failed = !c.stepRef(n, offset, ref, sc, opts, known) || out.failed
		}
		out.taint.all |= labelsOf(ref.Path, sc)
	}
	typ, problems := expr.Check(source, environment(sc, known))
	defer func() {
		if c.editing {
			c.places = append(c.places, Place{Node: n, Offset: offset, Source: source, Env: environment(sc, c.stepTypes(sc)), Type: out.typ, Failed: out.failed})
		}
	}()
	for _, p := range problems {
		message, help := p.Message, ""
		if p.Suggestion != "" {
			help = "did you mean " + p.Suggestion + "?"
			message = strings.TrimSuffix(message, "; "+help)
		}
		at := n.At(offset+p.Offset, p.Length)
		c.bag.Error(spec.CodeExpression, at, help, "%s", message)
		if p.Suggestion != "" {
			c.bag.Fix("Change it to "+p.Suggestion, spec.Replace(at, p.Suggestion))
		}
		out.failed = true
	}
	if !out.failed {
		out.typ = typ
	}
	return out
}

// reading says how references to steps are judged at a place.
type reading struct {
	early   []conjunct // conjuncts of the same condition: those on the left hold where one on the right is evaluated
	missing bool       // a step's whole output may be missing: evidence, whose absence is told to the model
}

func (c *checker) report(n *spec.Node, offset int, code string, err error) {
	var e *expr.Error
	if errors.As(err, &e) {
		c.bag.Error(code, n.At(offset+e.Offset, max(e.Length, 1)), "", "%s", e.Message)
		return
	}
	c.bag.Error(code, n.At(offset, len(n.Text)-offset), "", "%s", err)
}

// broken reports an expression that does not parse. A step's id with a hyphen is the usual reason that has a remedy.
func (c *checker) broken(n *spec.Node, offset int, source string, err error, sc *scope) {
	for _, id := range sc.ids() {
		if strings.Contains(id, "-") && strings.Contains(source, "steps."+id) {
			at := strings.Index(source, "steps."+id)
			c.bag.Error(spec.CodeExpression, n.At(offset+at, len("steps."+id)), "write "+stepName(id), "an id with a hyphen can't stand after a dot")
			c.bag.Fix("Change it to "+stepName(id), spec.Replace(n.At(offset+at, len("steps."+id)), stepName(id)))
			return
		}
	}
	var e *expr.Error
	if n.CutByComment() && errors.As(err, &e) {
		c.bag.Error(spec.CodeExpression, n.At(offset+e.Offset, max(e.Length, 1)), "` #` begins a comment in YAML: put the expression into quotes", "%s", e.Message)
		return
	}
	c.report(n, offset, spec.CodeExpression, err)
}

// stepRef judges one use of `steps` and notes the step's type. It tells whether the use is right.
func (c *checker) stepRef(n *spec.Node, offset int, ref expr.Ref, sc *scope, opts reading, known map[string]expr.Type) bool {
	at := n.At(offset+ref.Offset, ref.Length)
	if len(ref.Path) < 2 {
		c.bag.Error(spec.CodeStepsDynamic, at, `write steps.ID or steps["ID"]`, "`steps` must be followed by the id of a step")
		return false
	}
	id := ref.Path[1]
	step, exists := sc.steps.get(id)
	if !exists {
		known[id] = expr.Any()
		c.noStep(at, id, sc)
		if c.all[id] == nil {
			c.offerStep(n, offset+ref.Offset, id, sc)
		}
		return false
	}
	ok := sc.ok(id) || c.saidEarlier(id, ref.Offset, opts.early)
	known[id] = stepType(step, ok)
	if len(ref.Path) == 2 || ref.Path[2] == "output" {
		c.used[id] = true
	}
	whole := len(ref.Path) == 3 && ref.Path[2] == "output"
	switch {
	case ok, ref.Guarded, whole && opts.missing:
		return true
	case len(ref.Path) > 2 && ref.Path[2] != "output": // status and error say themselves that it did not run
		return true
	case comparedToNull(n.Text[offset:], ref):
		return true
	}
	c.bag.Error(spec.CodeStepMaybe, at,
		fmt.Sprintf("say what happens then with `?? ...`, or guard it with `%s.status == \"ok\"`", stepName(id)),
		"the step %s may not have run here: %s", id, c.whyMaybe(id, sc))
	c.offerNull(n, offset, ref)
	return false
}

// offerStep is the fix for a step that does not exist, named at an offset of a text: the one that was meant.
func (c *checker) offerStep(n *spec.Node, at int, id string, sc *scope) {
	rest := n.Text[at:]
	for _, known := range sc.ids() {
		if strings.HasPrefix(known, id+"-") && strings.HasPrefix(rest, "steps."+known) {
			c.bag.Fix("Change it to "+stepName(known), spec.Replace(n.At(at, len("steps."+known)), stepName(known)))
			return
		}
	}
	near := spec.Nearest(id, sc.ids())
	m := namedStep.FindStringSubmatch(rest)
	if near != "" && m != nil && m[1]+m[2] == id {
		c.bag.Fix("Change it to "+stepName(near), spec.Replace(n.At(at, len(m[0])), stepName(near)))
	}
}

var namedStep = regexp.MustCompile(`^steps` + stepForm)

// offerNull is the fix that reads null where a step has not run.
func (c *checker) offerNull(n *spec.Node, offset int, ref expr.Ref) {
	from, to := offset+ref.Offset, offset+ref.Offset+ref.Length
	if len(ref.Path) < 3 || to > len(n.Text) {
		return
	}
	if last := n.Text[to-1]; last == '"' || last == '\'' { // of a name in brackets, which the reference ends in
		closing := strings.IndexByte(n.Text[to:], ']')
		if closing < 0 {
			return
		}
		to += closing + 1
	}
	start, end := n.At(from, 1).Start, n.At(from, to-from).End
	c.bag.Fix("Read null where it has not run", spec.Replace(spec.Span{Start: start, End: start}, "("), spec.Replace(spec.Span{Start: end, End: end}, " ?? nil)"))
}

// errorType is what is known of a failure.
func errorType() expr.Type {
	return expr.Object(map[string]expr.Type{"kind": expr.String(), "message": expr.String()})
}

// stepType is a step's result as expressions see it. Where it may not have run, there may be no output.
func stepType(step visible, ok bool) expr.Type {
	output := step.output
	if !ok {
		output = expr.Optional(output)
	}
	return expr.Object(map[string]expr.Type{
		"status": expr.Enum("ok", "failed", "skipped", "denied", "unknown", "cancelled"),
		"output": output,
		"error":  expr.Optional(errorType()),
	})
}

// stepTypes are the types of all steps that can be named at a place.
func (c *checker) stepTypes(sc *scope) map[string]expr.Type {
	types := map[string]expr.Type{}
	for id, step := range sc.steps.all() {
		types[id] = stepType(step, sc.ok(id))
	}
	return types
}

// comparedToNull tells a use that asks only whether there is an output, such as steps.geo.output != nil.
func comparedToNull(source string, ref expr.Ref) bool {
	if ref.Offset+ref.Length > len(source) {
		return false
	}
	rest := strings.TrimLeft(source[ref.Offset+ref.Length:], " \t\r\n")
	after, found := strings.CutPrefix(rest, "!=")
	if !found {
		after, found = strings.CutPrefix(rest, "==")
	}
	after = strings.TrimLeft(after, " \t\r\n")
	return found && slices.Contains([]string{"nil", "null"}, word.FindString(after))
}

// saidEarlier tells whether the conjunct in which a reference stands, or one to the left of it, says that the step
// ended well: what stands to the right is evaluated only then.
func (c *checker) saidEarlier(id string, at int, early []conjunct) bool {
	return slices.ContainsFunc(early, func(p conjunct) bool { return p.from <= at && saysOK(p.text) == id })
}

// stepName is how an expression names a step.
func stepName(id string) string {
	if strings.Contains(id, "-") {
		return fmt.Sprintf("steps[%q]", id)
	}
	return "steps." + id
}

// noStep says why a step can't be referred to.
func (c *checker) noStep(at spec.Span, id string, sc *scope) {
	step, exists := c.all[id]
	if !exists {
		help := spec.Suggest(id, sc.ids())
		for _, known := range sc.ids() {
			if strings.HasPrefix(known, id+"-") {
				help = "a step's id with a hyphen is written " + stepName(known)
			}
		}
		c.bag.Error(spec.CodeNoStep, at, help, "the playbook has no step %s", id)
		return
	}
	switch {
	case step.loop != "" && step.loop != sc.loop && !c.inside(sc.loop, step.loop):
		c.bag.Error(spec.CodeStepLater, at, "the results of all items are in "+stepName(step.loop)+".output",
			"the step %s is in the loop %s and can't be seen outside", id, step.loop)
	case id == c.current:
		c.bag.Error(spec.CodeStepLater, at, "name a step before it", "the step %s can't use its own result", id)
	case step.order >= c.order:
		c.bag.Error(spec.CodeStepLater, at, "move it before this place", "the step %s comes later, on line %d", id, step.spec.Line)
	default:
		c.bag.Error(spec.CodeStepLater, at, "use it in its own branch, or after all of them", "the step %s is in another branch than this place", id)
	}
}

// inside tells whether a loop stands in another one, or is it.
func (c *checker) inside(loop, outer string) bool {
	for loop != "" && loop != outer {
		step := c.all[loop]
		if step == nil {
			return false
		}
		loop = step.loop
	}
	return loop == outer
}

func (c *checker) whyMaybe(id string, sc *scope) string {
	s := c.all[id].spec
	loop := c.all[c.all[id].loop]
	switch {
	case loop != nil && loop.spec.Foreach != nil && loop.spec.Foreach.OnFailure == "collect" && sc.collects:
		return "an item that fails is collected too"
	case s.If != nil:
		return "it has an `if`"
	case s.OnError == "continue":
		return "it may have failed and the run has gone on"
	}
	return "it stands in a part that not every run goes through"
}

// labelsOf are the labels of what a path leads to.
func labelsOf(path []string, sc *scope) labels {
	if path[0] != "steps" {
		return sc.roots[path[0]].taint.of(path[1:])
	}
	if len(path) < 2 {
		return untrustedLabels
	}
	step, _ := sc.steps.get(path[1])
	switch {
	case len(path) == 2:
		return step.taint.of(nil) | fromError
	case path[2] == "output":
		return step.taint.of(path[3:])
	case path[2] == "error":
		return fromError
	}
	return 0
}

// environment is what expr.Check needs to know: the roots, and of the steps those that are used.
func environment(sc *scope, steps map[string]expr.Type) *expr.Env {
	roots := map[string]expr.Type{"steps": expr.OpenObject(steps)}
	for name, r := range sc.roots {
		roots[name] = r.typ
	}
	return expr.NewEnv(roots)
}

// bare is the source of an expression that stands alone in `if`, `when` or `items`, with or without ${{ }} around it.
func (c *checker) bare(n *spec.Node) (source string, offset int, ok bool) {
	if !strings.Contains(n.Text, "${{") {
		source = strings.TrimSpace(n.Text)
		if source == "" {
			c.bag.Error(spec.CodeExpression, n.Span, "write one, or take the key out", "the expression is empty")
			return "", 0, false
		}
		return source, strings.Index(n.Text, source), true
	}
	segments, err := expr.Template(strings.TrimSpace(n.Text))
	if err != nil {
		c.report(n, 0, spec.CodeTemplate, err)
		return "", 0, false
	}
	if len(segments) != 1 || segments[0].Expr == "" {
		c.bag.Error(spec.CodeTemplate, n.Span, "leave ${{ }} out", "only one expression may stand here, with nothing around it")
		return "", 0, false
	}
	lead := len(n.Text) - len(strings.TrimLeft(n.Text, " \t\r\n"))
	return segments[0].Expr, lead + segments[0].Offset, true
}

// bareQuietly is bare where the mistakes have been reported.
func (c *checker) bareQuietly(n *spec.Node) (source string, offset int, ok bool) {
	quiet := &checker{bag: &spec.Bag{}}
	return quiet.bare(n)
}

// condition checks an `if` or `when`. The source is "" after a report that makes it unusable.
func (c *checker) condition(n *spec.Node, sc *scope) (string, condition) {
	if n == nil {
		return "", condition{stable: true}
	}
	source, offset, ok := c.bare(n)
	if !ok {
		return "", condition{stable: true}
	}
	cond := newCondition(source)
	r := c.expression(n, offset, source, sc, reading{early: cond.parts})
	if !r.failed && !r.typ.CanBeBool() {
		c.bag.Error(spec.CodeResult, n.At(offset, len(source)), "compare it with something", "a condition must be true or false, and this is %s", r.typ)
	}
	return source, cond
}
