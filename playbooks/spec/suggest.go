package spec

import "strings"

// Suggest is the help for a word that is not among those known: the nearest one if it is near, else the few there are.
func Suggest(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	if len(known) > 0 && len(known) <= 12 {
		return "known here: " + strings.Join(known, ", ")
	}
	return ""
}

// Nearest is the known word at the least edit distance, "" when none is near enough to be what was meant.
func Nearest(word string, known []string) string {
	if len(word) > 80 {
		return ""
	}
	limit := max(1, len([]rune(word))/3)
	best, nearest := limit+1, ""
	for _, k := range known {
		d := distance(strings.ToLower(word), strings.ToLower(k))
		if strings.EqualFold(word, strings.ReplaceAll(k, "_", "-")) || strings.EqualFold(strings.ReplaceAll(word, "-", "_"), k) {
			d = 0
		}
		if d < best {
			best, nearest = d, k
		}
	}
	return nearest
}

// distance counts the insertions, deletions, replacements and swaps of neighbours between two words.
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	if len(b) > 80 {
		return len(b)
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
