package format

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestADiffAppliesToWhatItWasMadeOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", ""}), 0, 30), func(lines []string) string {
			return strings.Join(lines, "\n")
		})
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		diff := Diff("x", []byte(before), []byte(after))
		require.Equal(t, before == after, diff == "")
		require.Equal(t, after, patched(t, before, diff), diff)
	})
}

// patched applies a unified diff, checking each of its lines.
func patched(t require.TestingT, before, diff string) string {
	var b strings.Builder
	all := splitLines([]byte(before))
	left := all
	lines := strings.SplitAfter(diff, "\n")
	for i := 0; i < len(lines)-1; i++ {
		text := lines[i][1:]
		if i+1 < len(lines) && strings.HasPrefix(lines[i+1], `\`) {
			text = strings.TrimSuffix(text, "\n")
		}
		switch mark := lines[i][0]; {
		case strings.HasPrefix(lines[i], "--- ") || strings.HasPrefix(lines[i], "+++ "):
		case mark == '@':
			var start, count int
			if _, err := fmt.Sscanf(lines[i], "@@ -%d,%d", &start, &count); err != nil {
				count = 1 // a range of one line has no count
			}
			if count > 0 {
				start--
			}
			for len(all)-len(left) < start {
				b.WriteString(left[0])
				left = left[1:]
			}
		case mark == '+':
			b.WriteString(text)
		case mark == ' ' || mark == '-':
			require.NotEmpty(t, left)
			require.Equal(t, left[0], text)
			if mark == ' ' {
				b.WriteString(text)
			}
			left = left[1:]
		}
	}
	return b.String() + strings.Join(left, "")
}

func TestADiffOfEverythingIsBounded(t *testing.T) {
	t.Parallel()
	before, after := strings.Repeat("a\n", 5000), strings.Repeat("b\n", 5000)
	diff := Diff("x", []byte(before), []byte(after))
	require.Equal(t, after, patched(t, before, diff))
	require.True(t, strings.HasPrefix(diff, "--- x\n+++ x (formatted)\n@@ -1,5000 +1,5000 @@\n-a\n"))
}
