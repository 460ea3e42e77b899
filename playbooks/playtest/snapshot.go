package playtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Snapshot is what a run did, as text that people review: its status, its steps, its calls and its outputs.
func Snapshot(r Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, "status: %s\n", r.Status)
	if r.Reason != "" {
		fmt.Fprintf(&b, "reason: %s\n", oneLine(r.Reason))
	}
	b.WriteString("steps:\n")
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "  %s %s", s.Path, s.Status)
		if s.Error != "" {
			fmt.Fprintf(&b, " (%s)", oneLine(s.Error))
		}
		b.WriteByte('\n')
	}
	b.WriteString("calls:\n")
	for _, c := range r.Calls {
		name := c.Operation
		if c.Connection != "" {
			name += "@" + c.Connection
		}
		if c.Shadowed {
			name += " (shadowed)"
		}
		fmt.Fprintf(&b, "  %s %s %s\n", c.Path, name, compact(c.Arguments))
	}
	fmt.Fprintf(&b, "outputs: %s\n", indented(r.Outputs))
	return b.String()
}

const snapshotHead = "=== "

// JoinSnapshots is a snapshot file: the snapshots by case, in the order of the names.
func JoinSnapshots(names []string, texts map[string]string) string {
	var b strings.Builder
	b.WriteString("Snapshots of a playbook's tests. Reviewed by people, written by `picket playbook test --update`.\n")
	for _, name := range names {
		fmt.Fprintf(&b, "\n%s%s\n%s", snapshotHead, name, texts[name])
	}
	return b.String()
}

// SplitSnapshots reads a snapshot file: the snapshot of each case by its name.
func SplitSnapshots(file string) map[string]string {
	texts := map[string]string{}
	for i, part := range strings.Split("\n"+strings.ReplaceAll(file, "\r\n", "\n"), "\n"+snapshotHead) {
		name, text, ok := strings.Cut(part, "\n")
		if i == 0 || !ok {
			continue
		}
		texts[name] = strings.TrimRight(text, "\n") + "\n"
	}
	return texts
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func compact(document json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, document) != nil {
		return string(document)
	}
	return b.String()
}

func indented(document json.RawMessage) string {
	var b bytes.Buffer
	if len(document) == 0 || json.Indent(&b, document, "", "  ") != nil {
		return "none"
	}
	return b.String()
}
