package graph

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"picket/playbooks/plan"
)

// maxLabel bounds one line of a label, in characters.
const maxLabel = 80

// lines are what a node's label says, a line each.
func (n *Node) lines() []string {
	switch n.Kind {
	case KindStart, KindEnd:
		return []string{or(n.Title, n.Kind)}
	case KindBlock:
		if n.Verb != "" { // the box of a step: its own node has the rest
			return []string{n.Step}
		}
		return []string{or(n.Title, n.Step)}
	}
	out := []string{n.Step + " · " + n.Verb}
	for _, line := range []string{n.Title, n.Detail} {
		if line != "" {
			out = append(out, line)
		}
	}
	if n.If != "" {
		out = append(out, "if "+n.If)
	}
	if len(n.Approvals) > 0 {
		out = append(out, "released by "+strings.Join(n.Approvals, ", "))
	}
	if len(n.Covers) > 0 {
		out = append(out, "covers "+strings.Join(n.Covers, ", "))
	}
	return out
}

func or(text, word string) string {
	if text == "" {
		return word
	}
	return text
}

// plainLine is one line of text without control and direction characters, shortened.
func plainLine(text string) []rune {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	out := make([]rune, 0, maxLabel)
	for _, r := range text {
		if !unicode.IsPrint(r) {
			continue
		}
		if len(out) == maxLabel-1 {
			return append(out, '…')
		}
		out = append(out, r)
	}
	return out
}

// names are the nodes' names in a drawing: short, and free of whatever a playbook's author wrote.
func (g *Graph) names() map[string]string {
	names := make(map[string]string, len(g.Nodes))
	for i, n := range g.Nodes {
		names[n.ID] = "n" + strconv.Itoa(i)
	}
	return names
}

// children are the nodes of each block.
func (g *Graph) children() map[string][]*Node {
	out := map[string][]*Node{}
	for i := range g.Nodes {
		out[g.Nodes[i].Parent] = append(out[g.Nodes[i].Parent], &g.Nodes[i])
	}
	return out
}

// Mermaid is the graph as the text of a Mermaid flowchart. No text of the playbook can leave the label that it is in:
// all but letters, digits and a few marks are written as character codes.
func (g *Graph) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	names, children := g.names(), g.children()
	var write func(parent, indent string)
	write = func(parent, indent string) {
		for _, n := range children[parent] {
			if n.Kind == KindBlock {
				fmt.Fprintf(&b, "%ssubgraph %s [%s]\n", indent, names[n.ID], mermaidLabel(n.lines()))
				write(n.ID, indent+"  ")
				fmt.Fprintf(&b, "%send\n", indent)
				continue
			}
			open, shut := shape(n)
			fmt.Fprintf(&b, "%s%s%s%s%s%s\n", indent, names[n.ID], open, mermaidLabel(n.lines()), shut, class(n))
		}
	}
	write("", "  ")
	for _, e := range g.Edges {
		arrow := map[string]string{EdgeReleases: "-.->", EdgeError: "-.->", EdgeBack: "-->"}[e.Kind]
		label := ""
		if e.Label != "" {
			label = "|" + mermaidLabel([]string{e.Label}) + "|"
		}
		fmt.Fprintf(&b, "  %s %s%s %s\n", names[e.From], or(arrow, "-->"), label, names[e.To])
	}
	b.WriteString("  classDef approval fill:#fff3cd,stroke:#b58900,color:#000\n")
	b.WriteString("  classDef consequential fill:#fde2e1,stroke:#c0392b,color:#000\n")
	return b.String()
}

func shape(n *Node) (open, shut string) {
	switch {
	case n.Kind == KindStart || n.Kind == KindEnd || n.Verb == plan.VerbStop:
		return "([", "])"
	case n.Verb == plan.VerbChoose:
		return "{", "}"
	case n.Verb == plan.VerbApprove || n.Verb == plan.VerbAsk:
		return "{{", "}}"
	case n.Verb == plan.VerbCall:
		return "[[", "]]"
	}
	return "[", "]"
}

func class(n *Node) string {
	switch {
	case n.Verb == plan.VerbApprove:
		return ":::approval"
	case n.Effect == plan.EffectConsequential:
		return ":::consequential"
	}
	return ""
}

func mermaidLabel(lines []string) string {
	out := make([]string, len(lines))
	for i, line := range lines {
		var b strings.Builder
		for _, r := range plainLine(line) {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,:_/-()=!?·…", r) {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, "#%d;", r)
			}
		}
		out[i] = b.String()
	}
	return `"` + strings.Join(out, "<br/>") + `"`
}

// DOT is the graph in the language of Graphviz. Text stands in quoted strings, in which quotes and backslashes are escaped.
func (g *Graph) DOT() string {
	var b strings.Builder
	b.WriteString("digraph playbook {\n  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n")
	names, children := g.names(), g.children()
	var write func(parent, indent string)
	write = func(parent, indent string) {
		for _, n := range children[parent] {
			if n.Kind == KindBlock {
				fmt.Fprintf(&b, "%ssubgraph cluster_%s {\n%s  label=%s;\n", indent, names[n.ID], indent, dotLabel(n.lines()))
				write(n.ID, indent+"  ")
				fmt.Fprintf(&b, "%s}\n", indent)
				continue
			}
			fmt.Fprintf(&b, "%s%s [label=%s%s];\n", indent, names[n.ID], dotLabel(n.lines()), look(n))
		}
	}
	write("", "  ")
	for _, e := range g.Edges {
		style := ""
		if e.Kind == EdgeReleases || e.Kind == EdgeError {
			style = ", style=dashed"
		}
		if e.Kind == EdgeReleases || e.Kind == EdgeBack {
			style += ", constraint=false"
		}
		fmt.Fprintf(&b, "  %s -> %s [label=%s%s];\n", names[e.From], names[e.To], dotLabel([]string{e.Label}), style)
	}
	b.WriteString("}\n")
	return b.String()
}

func look(n *Node) string {
	switch {
	case n.Kind == KindStart || n.Kind == KindEnd || n.Verb == plan.VerbStop:
		return ", shape=ellipse"
	case n.Verb == plan.VerbChoose:
		return ", shape=diamond"
	case n.Verb == plan.VerbApprove:
		return `, shape=hexagon, fillcolor="#fff3cd"`
	case n.Verb == plan.VerbAsk:
		return ", shape=hexagon"
	case n.Effect == plan.EffectConsequential:
		return `, fillcolor="#fde2e1"`
	}
	return ""
}

func dotLabel(lines []string) string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(string(plainLine(line)))
	}
	return `"` + strings.Join(out, `\n`) + `"`
}
