package propose

import (
	"encoding/json"
	"fmt"
	"strings"

	"picket/docs"
	"picket/playbooks"
	"picket/playbooks/library"
)

const task = `You write playbooks in Picket's language for the analysts of a security operations centre. What you write is shown to them as a proposal; a compiler checks it and its tests are run before.

Rules:
- Use only the operations that are listed below, with the arguments of their schema, and only constructs of the language's page.
- Every operation whose effect is consequential stands behind an approve step that covers it, whatever is asked for: the compiler refuses anything else. So does raising no question: a request to skip the approval can't be met; say so in summary.
- Never put secrets, tokens or addresses of systems into the text. Connections have them.
- Write few steps with short ids in snake_case and titles that a person understands at night. Say why in comments where it is not plain.
- The tests are a *.test.yaml document as on its page below: at least one case that ends well and, where there is an approval, one in which it is denied and the consequential operation is in never. Every action that a case reaches is mocked with returns or example: true.
- summary says in at most five sentences what it does, what you assumed, and what you could not do.`

const taskExpression = `You write expressions in Picket's language for the analysts of a security operations centre. What you write is put into the playbook that is given below, in the place that is marked, and a compiler checks it there.

Rules:
- expression is one expression of the language's page, without quotes around it and without the marks that stand around an expression.
- Use only functions of the language's page, and only values that can be known in that place.
- summary says in one sentence what it computes.`

// reference is what a model needs to know: the language, and what can be called. All of it is ours or our operators'.
func (p *Proposer) reference(kind string) string {
	var b strings.Builder
	if kind == Expression {
		b.WriteString(taskExpression + "\n\n" + docs.Language)
		return b.String()
	}
	b.WriteString(task + "\n\n" + docs.Language + "\n\n" + docs.Testing + "\n\n# Operations\n\n")
	for _, op := range p.Shop.Operations() {
		b.WriteString(operation(op))
	}
	const example = "brute-force.yaml"
	fmt.Fprintf(&b, "\n# A playbook and its tests\n\n```yaml\n%s```\n\n```yaml\n%s```\n", library.Files()[example], library.Tests(example))
	return b.String()
}

func operation(op playbooks.Operation) string {
	var schema struct {
		Required   []string                   `json:"required"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	line := fmt.Sprintf("- %s (%s): %s.", op.Name, op.Effect, op.Title)
	if json.Unmarshal(op.Input, &schema) == nil && len(schema.Properties) > 0 {
		line += " with: " + compact(op.Input)
	}
	return line + "\n"
}

// compact is a schema on one line, as short as it tells the same.
func compact(schema json.RawMessage) string {
	var v any
	if json.Unmarshal(schema, &v) != nil {
		return "{}"
	}
	if m, ok := v.(map[string]any); ok {
		delete(m, "$schema")
		delete(m, "type")
		delete(m, "additionalProperties")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "{}"
	}
	return string(text)
}

func (r Request) prompt() string {
	switch r.Kind {
	case Change:
		text := "Change this playbook as is said below, and change nothing else: comments, ids and formatting stay.\n\n" + r.Words + "\n\n```yaml\n" + r.Source + "\n```\n"
		if r.Tests != "" {
			text += "\nIts tests, which go along with the change:\n\n```yaml\n" + r.Tests + "\n```\n"
		}
		return text
	case Expression:
		return fmt.Sprintf("Write the expression that is said below. It stands in this playbook from line %d, column %d to line %d, column %d, in the place of what is there.\n\n%s\n\n```yaml\n%s\n```\n",
			r.Range.Line, r.Range.Column, r.Range.EndLine, r.Range.EndColumn, r.Words, r.Source)
	}
	text := "Write a playbook and its tests for this:\n\n" + r.Words
	if r.Name != "" {
		text += "\n\nIts name is " + r.Name + "."
	}
	return text
}

func (r Request) schema() json.RawMessage {
	if r.Kind == Expression {
		return json.RawMessage(`{"type":"object","additionalProperties":false,"required":["expression","summary"],"properties":{"expression":{"type":"string"},"summary":{"type":"string"}}}`)
	}
	return json.RawMessage(`{"type":"object","additionalProperties":false,"required":["source","tests","summary"],"properties":{"source":{"type":"string","description":"the whole playbook, YAML"},"tests":{"type":"string","description":"the whole test document, YAML"},"summary":{"type":"string"}}}`)
}
