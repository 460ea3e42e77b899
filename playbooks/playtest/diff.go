package playtest

import "strings"

// maxDiff bounds the lines that are compared: beyond, the texts are shown as they are.
const maxDiff = 2000

// Diff compares two texts by lines: "- " only expected, "+ " only got, "  " both. Long stretches of both are left out.
func Diff(want, got string) []string {
	a, b := lines(want), lines(got)
	if len(a) > maxDiff || len(b) > maxDiff {
		return []string{"- " + Shorten(want, 2000), "+ " + Shorten(got, 2000)}
	}
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, "  "+a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, "- "+a[i])
			i++
		default:
			out = append(out, "+ "+b[j])
			j++
		}
	}
	return around(out)
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// context is how many equal lines stand around a difference.
const context = 2

// around leaves out the equal lines that no difference is near.
func around(diff []string) []string {
	keep := make([]bool, len(diff))
	for i, line := range diff {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		for k := max(i-context, 0); k <= min(i+context, len(diff)-1); k++ {
			keep[k] = true
		}
	}
	var out []string
	for i, line := range diff {
		switch {
		case keep[i]:
			out = append(out, line)
		case len(out) > 0 && out[len(out)-1] != "  …":
			out = append(out, "  …")
		}
	}
	return out
}
