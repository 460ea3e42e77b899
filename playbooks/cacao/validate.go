package cacao

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed schema/cacao-2.0.schema.json
var schemaText string

// maxProblems bounds how many problems are told of one document.
const maxProblems = 20

// strict is the schema that exports are held against: it knows every property.
var strict = sync.OnceValue(func() *jsonschema.Schema { return compiled(schemaText) })

// lenient is the schema for imports: properties that it does not know are allowed, because the report names them.
var lenient = sync.OnceValue(func() *jsonschema.Schema {
	return compiled(strings.ReplaceAll(schemaText, `"unevaluatedProperties": false`, `"unevaluatedProperties": true`))
})

func compiled(text string) *jsonschema.Schema {
	const url = "cacao-2.0.schema.json"
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err == nil {
		c := jsonschema.NewCompiler()
		if err = c.AddResource(url, doc); err == nil {
			return c.MustCompile(url)
		}
	}
	panic("cacao: the schema: " + err.Error()) // embedded: a test compiles it
}

// Schema is the JSON Schema that documents are held against.
func Schema() []byte { return []byte(schemaText) }

// Validate tells whether a text is a CACAO 2.0 playbook that has no property which the specification does not know.
// The error is an InvalidError.
func Validate(document []byte) error {
	root, err := parse(document)
	if err != nil {
		return err
	}
	return validate(root, strict())
}

func validate(root *value, schema *jsonschema.Schema) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(root.compact())))
	if err != nil {
		return fmt.Errorf("cacao: %w", err)
	}
	err = schema.Validate(doc)
	if err == nil {
		return references(root)
	}
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return fmt.Errorf("cacao: %w", err)
	}
	var problems []Problem
	leaves(failed, &problems)
	slices.SortStableFunc(problems, func(a, b Problem) int { return strings.Compare(a.Pointer, b.Pointer) })
	return &InvalidError{Problems: slices.Compact(problems)[:min(len(slices.Compact(problems)), maxProblems)]}
}

func leaves(e *jsonschema.ValidationError, to *[]Problem) {
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			leaves(cause, to)
		}
		return
	}
	pointer := ""
	for _, key := range e.InstanceLocation {
		pointer = join(pointer, key)
	}
	_, message, _ := strings.Cut(e.Error(), "': ")
	if strings.HasSuffix(message, "'not' failed") {
		message = "a step has on_completion, or it has on_success and on_failure; a start step has on_completion only, and an end step none of them"
	}
	*to = append(*to, Problem{pointer, message})
}

// links are the properties of a step that name other steps.
var links = []string{"on_completion", "on_success", "on_failure", "on_true", "on_false"}

// references checks what a schema can't say: that the steps which are named are there.
func references(root *value) error {
	workflow := root.get("workflow")
	var problems []Problem
	needed := func(pointer, id string) {
		if workflow.get(id) == nil {
			problems = append(problems, Problem{pointer, "there is no step " + id + " in /workflow; name one that is there"})
		}
	}
	needed("/workflow_start", root.peek("workflow_start"))
	if exception := root.get("workflow_exception"); exception != nil {
		needed("/workflow_exception", exception.text)
	}
	for _, m := range workflow.members {
		at := join("/workflow", m.key)
		for _, link := range links {
			if to := m.get(link); to != nil {
				needed(join(at, link), to.text)
			}
		}
		for i, to := range m.list("next_steps") {
			needed(fmt.Sprintf("%s/next_steps/%d", at, i), to.text)
		}
		if cases := m.get("cases"); cases != nil {
			for _, c := range cases.members {
				needed(join(join(at, "cases"), c.key), c.text)
			}
		}
	}
	if len(problems) > 0 {
		return &InvalidError{Problems: problems[:min(len(problems), maxProblems)]}
	}
	return nil
}
