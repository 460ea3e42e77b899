package spec

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"picket/playbooks/plan"
)

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "250ms": 250 * time.Millisecond,
		"366d": 366 * 24 * time.Hour,
	} {
		got, ok := ParseDuration(text)
		require.True(t, ok, text)
		require.Equal(t, plan.Duration(want.Milliseconds()), got, text)
	}
	for _, text := range []string{"", "0s", "-1s", "1", "s", "1 h", "1.5h", "367d", "999999999d", "99999999999s", "365d48h", "1h30"} {
		_, ok := ParseDuration(text)
		require.False(t, ok, text)
	}
}

func TestTheNearestWord(t *testing.T) {
	t.Parallel()
	known := []string{"action", "foreach", "on_error", "with"}
	for word, want := range map[string]string{
		"aciton": "action", "for_each": "foreach", "on-error": "on_error", "onerror": "on_error", "wiht": "with", "completely-else": "", "": "",
	} {
		require.Equal(t, want, Nearest(word, known), word)
	}
}

// TestEveryCharacterIsFoundInTheSource writes random texts in every style of YAML and looks for each character where its
// place says that it stands.
func TestEveryCharacterIsFoundInTheSource(t *testing.T) {
	t.Parallel()
	styles := []yaml.Style{0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle}
	words := rapid.SampledFrom([]string{
		"a", "Z9", "é", "✓", "漢字", "😀", " ", "  ", "'", "\"", "\\", "\n", "\n\n", "\t", "${{ x }}", "#", ": ", "- ", "{", "]", ", ", "long word ",
	})
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 60).Draw(t, "words") {
			b.WriteString(words.Draw(t, "word"))
		}
		text := b.String()
		node := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: styles[rapid.IntRange(0, len(styles)-1).Draw(t, "style")]}
		document, err := yaml.Marshal(map[string]any{"before": 1, "nested": map[string]any{"text": &node, "z": 2}})
		if err != nil {
			t.Skip("the writer can't write it")
		}
		bag := &Bag{}
		root := Parse(document, bag)
		if root == nil || bag.Failed() {
			t.Skip("the reader can't read what the writer wrote")
		}
		got := root.Get("nested").Get("text")
		if got == nil || got.Text != text || got.Kind != String {
			t.Skip("the writer and the reader differ")
		}
		places := got.source.align(got)
		require.Len(t, places, len(text), "%s", document)
		last := -1
		for i, r := range text {
			place := places[i]
			require.GreaterOrEqual(t, place, last, "%s", document)
			last = place
			found := got.source.runes[place]
			switch {
			case found == r:
			case found == '\\' && got.style == double: // an escape
			case isBreak(found) && (r == ' ' || r == '\n'): // a folded line
			default:
				require.Fail(t, "another character", "%q stands where %q should in\n%s", found, r, document)
			}
		}
	})
}

func TestPlacesOutsideOfATextAreItsEnds(t *testing.T) {
	t.Parallel()
	root := Parse([]byte("a: 'x'\nb: ''\nc: |\n  one\n  two\n"), &Bag{})
	a, b, c := root.Get("a"), root.Get("b"), root.Get("c")
	require.Equal(t, Span{Pos{1, 5}, Pos{1, 6}}, a.At(0, 1))
	require.Equal(t, Span{Pos{1, 6}, Pos{1, 7}}, a.At(1, 5))
	require.Equal(t, Span{Pos{1, 4}, Pos{1, 7}}, a.Span)
	require.Equal(t, a.Span, a.At(-1, 1))
	require.Equal(t, a.Span, a.At(99, 1))
	require.Equal(t, Span{Pos{2, 4}, Pos{2, 6}}, b.Span)
	require.Equal(t, b.Span, b.At(0, 1))
	require.Equal(t, Span{Pos{5, 3}, Pos{5, 6}}, c.At(4, 3))
}

func TestABagIsSortedAndBounded(t *testing.T) {
	t.Parallel()
	bag := &Bag{File: "f"}
	for i := range MaxDiagnostics + 50 {
		bag.Error("P999", Span{Start: Pos{1000 - i, 1}}, "", "%d", i)
	}
	bag.Warn("P998", Span{}, "", "late")
	all := bag.All()
	require.Len(t, all, MaxDiagnostics)
	require.True(t, bag.Failed())
	for i := 1; i < len(all); i++ {
		require.Less(t, all[i-1].Line, all[i].Line)
	}
	require.Equal(t, fmt.Sprintf("f:%d:1: error P999: %d", all[0].Line, MaxDiagnostics-1), all[0].String())
	require.True(t, utf8.ValidString(all[0].String()))
}
