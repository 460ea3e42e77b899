package format

import (
	"fmt"
	"slices"
	"strings"
)

// around is how many unchanged lines a diff shows before and after a change.
const around = 3

// maxEdits bounds the search for the shortest difference, which takes its square; past it the whole text is one change.
const maxEdits = 1500

// Diff is how after differs from before in the unified format; it is empty if it does not.
func Diff(name string, before, after []byte) string {
	x, y := splitLines(before), splitLines(after)
	list := edits(x, y)
	var b strings.Builder
	for from := 0; from < len(list); {
		first := from
		for first < len(list) && list[first].mark == ' ' {
			first++
		}
		if first == len(list) {
			break
		}
		last := first // of the changes that are near each other
		for i := first; i < len(list) && i-last <= 2*around; i++ {
			if list[i].mark != ' ' {
				last = i
			}
		}
		if b.Len() == 0 {
			fmt.Fprintf(&b, "--- %s\n+++ %s (formatted)\n", name, name)
		}
		from = min(last+1+around, len(list))
		hunk(&b, list[max(first-around, 0):from], x, y)
	}
	return b.String()
}

func splitLines(text []byte) []string {
	lines := strings.SplitAfter(string(text), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// edit is a line of a difference: kept, removed or added, and how far x and y were read before it.
type edit struct {
	mark byte // ' ', '-' or '+'
	x, y int
}

func hunk(b *strings.Builder, list []edit, x, y []string) {
	var removed, added int
	for _, e := range list {
		if e.mark != '+' {
			removed++
		}
		if e.mark != '-' {
			added++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", lineRange(list[0].x, removed), lineRange(list[0].y, added))
	for _, e := range list {
		text := ""
		if e.mark == '+' {
			text = y[e.y]
		} else {
			text = x[e.x]
		}
		b.WriteByte(e.mark)
		b.WriteString(text)
		if !strings.HasSuffix(text, "\n") {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// lineRange counts from 1; an empty range is named by the line before it.
func lineRange(start, count int) string {
	switch count {
	case 0:
		return fmt.Sprintf("%d,0", start)
	case 1:
		return fmt.Sprint(start + 1)
	}
	return fmt.Sprintf("%d,%d", start+1, count)
}

// edits is a shortest way from x to y (Myers 1986): how far x can be read with d changes is kept for each diagonal, and
// the way is then walked back.
func edits(x, y []string) []edit {
	limit := min(len(x)+len(y), maxEdits)
	reach := make([]int, 2*limit+3)
	at := func(k int) *int { return &reach[k+limit+1] }
	var trail [][]int
	for d := 0; d <= limit; d++ {
		trail = append(trail, slices.Clone(reach[limit+1-d:limit+2+d]))
		for k := -d; k <= d; k += 2 {
			i := 0
			switch {
			case d == 0:
			case down(*at(k - 1), *at(k + 1), k, d):
				i = *at(k + 1)
			default:
				i = *at(k - 1) + 1
			}
			for i < len(x) && i-k < len(y) && x[i] == y[i-k] {
				i++
			}
			if *at(k) = i; i >= len(x) && i-k >= len(y) {
				return walkBack(trail, len(x), len(y))
			}
		}
	}
	var all []edit
	for i := range x {
		all = append(all, edit{'-', i, 0})
	}
	for j := range y {
		all = append(all, edit{'+', len(x), j})
	}
	return all
}

// down tells whether diagonal k is reached by an added line rather than a removed one.
func down(below, above, k, d int) bool { return k == -d || k != d && below < above }

func walkBack(trail [][]int, i, j int) (list []edit) {
	for d := len(trail) - 1; d >= 0; d-- {
		k, from := i-j, 0
		before := trail[d] // of diagonals -d to d
		if d > 0 {
			below, above := 0, 0
			if k > -d {
				below = before[k-1+d]
			}
			if k < d {
				above = before[k+1+d]
			}
			if down(below, above, k, d) {
				k, from = k+1, above
			} else {
				k, from = k-1, below
			}
		}
		for i > from && j > from-k { // equal lines, back to where the change was made
			i, j = i-1, j-1
			list = append(list, edit{' ', i, j})
		}
		switch {
		case d == 0:
		case i > from:
			i--
			list = append(list, edit{'-', i, j})
		default:
			j--
			list = append(list, edit{'+', i, j})
		}
	}
	slices.Reverse(list)
	return list
}
