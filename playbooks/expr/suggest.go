package expr

import "strings"

// nearest is the known name that a misspelt one was likely meant to be, or "". Ties go to the first.
func nearest(name string, known []string) string {
	if len(name) > 64 {
		return ""
	}
	best, distance := "", 1+max(1, len(name)/3)
	for _, candidate := range known {
		if len(candidate) > 64 {
			continue
		}
		d := editDistance(strings.ToLower(name), strings.ToLower(candidate))
		if d == 0 && name != candidate {
			return candidate // only the case differs
		}
		if d < distance && d < len(name) {
			best, distance = candidate, d
		}
	}
	return best
}

func didYouMean(name string, known []string) string {
	if meant := nearest(name, known); meant != "" {
		return "; did you mean " + meant + "?"
	}
	return ""
}

// editDistance counts the letters to change, add, drop or swap with their neighbour.
func editDistance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = last, row, before
	}
	return rows[1][len(b)]
}
