package model

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"picket/internal/soc"
)

// BenchmarkLongCommands is what an attacker's longest command lines cost.
func BenchmarkLongCommands(b *testing.B) {
	var lines []string
	for i := range 40 {
		lines = append(lines, strings.Repeat(fmt.Sprintf("powershell -e curl net use reg add %d \\\\", i), 200))
	}
	data, err := json.Marshal(map[string]any{"class_uid": 2004, "commands": map[string]any{"command": lines}})
	if err != nil {
		b.Fatal(err)
	}
	req := Request{Returns: ReturnsVerdict, Evidence: []soc.Evidence{{ID: "x", Data: data}}}
	for b.Loop() {
		if _, err := NewBuiltin().Complete(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}
