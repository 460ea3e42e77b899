package format

import (
	"slices"
	"strings"
)

// attach gives each comment to what it describes.
func (d *document) attach() {
	next := 0 // of the items, the first behind the comment
	for i := 0; i < len(d.comments); i++ {
		c := d.comments[i]
		for next < len(d.items) && d.items[next].at.before(c.at) {
			next++
		}
		switch {
		case !c.own:
			open := d.open(next, c.at)
			open.tail = append(open.tail, c)
		case c.flow != nil:
			d.inFlow(c, next)
		default:
			line := c.at.line
			for line < len(d.lines) && !d.content[line] {
				line++
			}
			end := i + 1
			for end < len(d.comments) && d.comments[end].at.line < line {
				end++
			}
			d.gap(d.comments[i:end], next, line)
			i = end - 1
		}
	}
}

// open is the last item before a place that a comment there can belong to: one within a closed bracket can't.
func (d *document) open(next int, at place) *item {
	if next == 0 {
		return d.root
	}
	it := d.items[next-1]
	for up := it; up.parent != nil; up = up.parent.owner {
		if end, ok := d.ends[up.parent.y]; ok && end.before(at) {
			it = up.parent.owner
		}
	}
	return it
}

// inFlow gives a comment on a line of its own within brackets to what comes next in there.
func (d *document) inFlow(c comment, next int) {
	n := d.nodes[c.flow]
	if next < len(d.items) {
		for it := d.items[next]; it.parent != nil; it = it.parent.owner {
			if it.parent == n {
				it.head = append(it.head, c)
				return
			}
		}
	}
	if len(n.items) == 0 {
		n.owner.head = append(n.owner.head, c)
		return
	}
	n.foot = append(n.foot, c)
}

// gap places the comments between two lines that say something, of which the second is given.
func (d *document) gap(comments []comment, next, line int) {
	var following, before *item
	switch {
	case next < len(d.items) && line < len(d.lines) && d.items[next].at == place{line, indentation(d.lines[line])}:
		following = d.items[next]
		siblings := following.parent.items
		if i := slices.Index(siblings, following); i > 0 {
			before = siblings[i-1]
		}
	case line >= len(d.lines) || strings.HasPrefix(d.lines[line], "..."):
		before = d.root
	default: // the line goes on with something that was begun before
		open := d.open(next, comments[0].at)
		open.head = append(open.head, comments...)
		return
	}
	column := comments[0].at.column
	for before != nil && len(comments) > 0 {
		column = min(column, comments[0].at.column) // what is less deep ends what is deeper
		foot := within(before, column)
		if foot == nil {
			break
		}
		*foot = append(*foot, comments[0])
		comments = comments[1:]
	}
	if following == nil || len(comments) == 0 {
		return
	}
	if before != nil && !comments[0].blank {
		apart := slices.IndexFunc(comments, func(c comment) bool { return c.blank })
		if apart < 0 && following.blank {
			apart = len(comments)
		}
		if apart > 0 { // right below the item before, and apart from this one
			before.foot = append(before.foot, comments[:apart]...)
			comments = comments[apart:]
		}
	}
	following.head = append(following.head, comments...)
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// within is where a comment below an item belongs that is indented deeper than it: to the innermost collection at its
// end that is not deeper than the comment. It is nil for a comment that is not deeper than the item.
func within(it *item, column int) *[]comment {
	var foot *[]comment
	for column > it.at.column {
		switch {
		case it.value.block():
			foot = &it.value.foot
			it = it.value.items[len(it.value.items)-1]
			continue
		case it.value.empty():
			return &it.inner
		}
		return &it.foot
	}
	return foot
}

// settle makes what was attached printable wherever its item goes.
func (d *document) settle() {
	if first := d.root.value; first.block() {
		it, top := first.items[0], 0
		for i, c := range it.head {
			if c.blank {
				top = i
			}
		}
		if it.blank {
			top = len(it.head)
		}
		if top > 0 { // what stands above the last blank line is about the file
			d.root.head = append(d.root.head, it.head[:top]...)
			it.head, d.root.blank = it.head[top:], true
		}
	}
	settle(d.root)
}

// settle tells whether a comment stands at an item or in it.
func settle(it *item) bool {
	if more := len(it.tail) - 1; more > 0 {
		it.head = append(it.head, it.tail[:more]...)
		it.tail = it.tail[more:]
	}
	noted := len(it.head)+len(it.tail)+len(it.inner)+len(it.foot) > 0
	n := it.value
	if len(n.items) == 0 {
		return noted
	}
	n.noted = len(n.foot) > 0
	for i, child := range n.items {
		if i == 0 {
			child.blank = false
			if len(child.head) > 0 {
				child.head[0].blank = false
			}
		}
		n.noted = settle(child) || n.noted
	}
	return noted || n.noted
}
