package cacao

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// variable is a variable of CACAO as a playbook knows it. A playbook has no variables that change: each way of getting a
// value is an expression, and From lists those that may be it where the variable is read, the latest first.
type variable struct {
	typ  string // a type of our inputs
	from []string
	may  bool // none of them may be there
}

// or is the variable after a branch that may have set it.
func (v variable) or(branch variable) variable {
	from := slices.Clone(branch.from)
	for _, f := range v.from {
		if len(from) <= maxWays && !slices.Contains(from, f) {
			from = append(from, f)
		}
	}
	return variable{typ: branch.typ, from: from, may: len(v.from) == 0 || v.may}
}

// expression reads the variable.
func (v variable) expression() string {
	from := v.from
	if v.may {
		from = append(slices.Clone(from), map[string]string{"string": `""`, "boolean": "false"}[v.typ])
		if from[len(from)-1] == "" {
			from[len(from)-1] = "nil"
		}
	}
	if len(from) == 1 {
		return from[0]
	}
	return "(" + strings.ReplaceAll(strings.Join(from, " ?? "), ".output.", ".output?.") + ")"
}

// inputType is the type of our inputs for a type of variables.
func inputType(typ string) string {
	switch typ {
	case "bool":
		return "boolean"
	case "integer", "long":
		return "integer"
	case "float":
		return "number"
	case "dictionary":
		return "object"
	case "list":
		return "array"
	}
	return "string"
}

var variableName = regexp.MustCompile(`^__([a-zA-Z_][a-zA-Z0-9_-]*)__$`)

// local is a variable's name in our language.
func local(name string) string {
	m := variableName.FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	return strings.ReplaceAll(kebab(m[1]), "-", "_")
}

// literal is a variable's value in an expression, as its type has it.
func literal(typ, text string) string {
	switch typ {
	case "boolean":
		if text == "true" || text == "false" {
			return text
		}
	case "integer", "number":
		if f, err := strconv.ParseFloat(text, 64); err == nil && numeral.MatchString(text) && f == f {
			return text
		}
	}
	return quoted(plainText(text))
}

var numeral = regexp.MustCompile(`^-?\d{1,15}(\.\d{1,15})?$`)

// constant is a variable's value in YAML, as its type has it.
func constant(typ, text string) *yaml.Node {
	l := literal(typ, text)
	switch {
	case strings.HasPrefix(l, `"`):
		return scalar(plainText(text))
	case typ == "boolean":
		return typed("!!bool", l)
	case strings.Contains(l, "."):
		return typed("!!float", l)
	}
	return typed("!!int", l)
}

// variables declares those of the playbook: what comes from outside is an input, what is fixed a step that sets it.
func (im *importer) variables(doc *yaml.Node) []*yaml.Node {
	inputs, fixed := mapping(), mapping()
	step := "variables"
	names := map[string]bool{}
	declared := im.root.get("playbook_variables")
	if declared == nil {
		return nil
	}
	for _, m := range declared.members {
		at := join("/playbook_variables", m.key)
		name := local(m.key)
		for n, base := 2, name; names[name] || name == ""; n++ {
			if base == "" {
				base = "variable"
			}
			name = base + "_" + strconv.Itoa(n)
		}
		names[name] = true
		v := variable{typ: inputType(m.read("type"))}
		if m.peek("type") != "string" && v.typ == "string" {
			im.tell(at+"/type", m.peek("type"), "inputs have no such type", "nothing: it is a string")
		}
		given := m.get("value")
		simple := given != nil && given.kind == isString
		switch {
		case m.peek("external") == "true":
			in := mapping("type", scalar(v.typ))
			if simple {
				given.used = true
			}
			switch {
			case simple && (given.text != "" || v.typ == "string"):
				if (v.typ == "object" || v.typ == "array") || strings.HasPrefix(literal(v.typ, given.text), `"`) && v.typ != "string" {
					given.used = false // is reported
				} else {
					set(in, "default", constant(v.typ, given.text))
				}
			default:
				set(in, "required", typed("!!bool", "true"))
			}
			m.read("external")
			set(inputs, name, flow(in))
			inputs.Content[len(inputs.Content)-2].HeadComment = comment(m.read("description"))
			v.from = []string{"inputs." + name}
		case simple && given.text != "":
			given.used = true
			set(fixed, name, constant(v.typ, given.text))
			fixed.Content[len(fixed.Content)-2].HeadComment = comment(m.read("description"))
			v.from = []string{"steps." + step + ".output." + name}
		case simple:
			given.used = true
			v.from = []string{`""`}
		}
		for _, flag := range []string{"constant", "external"} {
			if m.peek(flag) == "false" {
				m.read(flag) // as where it is left out
			}
		}
		im.vars[m.key] = v
	}
	if len(inputs.Content) > 0 {
		set(doc, "inputs", inputs)
	}
	if len(fixed.Content) == 0 {
		return nil
	}
	im.ids[step] = true
	return []*yaml.Node{mapping("id", scalar(step), "set", fixed)}
}

// declare knows the inputs of a playbook that the extension keeps, for steps that were put in elsewhere.
func (im *importer) declare(doc *yaml.Node) {
	for _, e := range entries(child(doc, "inputs")) {
		im.vars["__"+e[0].Value+"__"] = variable{typ: text(e[1], "type"), from: []string{"inputs." + e[0].Value}}
	}
}

var reference = regexp.MustCompile(`(__[a-zA-Z_][a-zA-Z0-9_-]*?__):value`)

// template is foreign text with its variables as expressions of ours.
func (im *importer) template(at, text string) string {
	var b strings.Builder
	rest := text
	for {
		m := reference.FindStringSubmatchIndex(rest)
		if m == nil {
			break
		}
		if im.text > maxText {
			im.tell(at, shown(rest), "the document has more text with variables than a playbook can hold", "split the playbook")
			break
		}
		b.WriteString(plainText(rest[:m[0]]))
		name := rest[m[2]:m[3]]
		if v, ok := im.lookup(at, name); ok {
			expression := "${{ " + v.expression() + " }}"
			im.text += len(expression)
			b.WriteString(expression)
		} else {
			b.WriteString(rest[m[0]:m[1]])
		}
		rest = rest[m[1]:]
	}
	b.WriteString(plainText(rest))
	if strings.Contains(text, "${{") {
		im.tell(at, shown(text), "it would be an expression in a playbook", "nothing: a space was put into it")
	}
	return b.String()
}

// lookup is a variable that is read. One that has no value here is reported.
func (im *importer) lookup(at, name string) (variable, bool) {
	v, ok := im.vars[name]
	if len(v.from) > maxWays {
		im.tell(at, "the variable "+name, fmt.Sprintf("more than %d steps may have given it its value", maxWays), "write where the value comes from")
		return variable{}, false
	}
	if ok && len(v.from) > 0 {
		return v, true
	}
	im.tell(at, "the variable "+name, "nothing that comes before gives it a value", "write where the value comes from")
	return variable{}, false
}

// assign says where a variable has its value from now on.
func (im *importer) assign(name, typ, expression string) {
	im.vars[name] = variable{typ: typ, from: []string{expression}}
}
