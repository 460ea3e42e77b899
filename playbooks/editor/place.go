package editor

import (
	"strings"

	"picket/playbooks/spec"
)

// where is what stands around a place of a text that need not be whole: the keys that lead to it, read from the
// lines above by their indentation and from the brackets of its own line.
type where struct {
	path  []segment
	inKey bool   // a key is being written, not a value
	word  string // what is written up to the place
	start spec.Pos
	expr  *expression // the place is in an expression
}

// segment is a key that leads to a place, or an item of a list.
type segment struct {
	key    string // "" for an item
	line   int    // from 0
	indent int    // the column from 0 of the key or the dash
}

// expression is the expression around a place.
type expression struct {
	line, from, to int // its runes on the line
	before         string
}

// lines of a text, without their ends.
func lines(text string) []string { return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") }

// locate finds what stands around a place.
func locate(text string, at spec.Pos) where {
	all := lines(text)
	if at.Line < 1 || at.Line > len(all) {
		return where{inKey: true, start: at}
	}
	var stack []segment
	block := -1 // the indentation of a key whose value is a block of text
	for i, line := range all[:at.Line] {
		last := i == at.Line-1
		runes := []rune(line)
		if last {
			runes = runes[:min(at.Column-1, len(runes))]
		}
		indent := leading(runes)
		if blank := indent == len(runes); blank && !last || block >= 0 && indent > block && !blank {
			if last {
				return inBlock(stack, i, runes, []rune(line), at)
			}
			continue
		}
		block = -1
		if !last && indent < len(runes) && runes[indent] == '#' {
			continue
		}
		if last {
			indent = min(indent, at.Column-1)
		}
		stack = shallower(stack, indent)
		for indent < len(runes) && runes[indent] == '-' && (indent+1 == len(runes) || runes[indent+1] == ' ') {
			stack = append(stack, segment{line: i, indent: indent})
			indent++
			for indent < len(runes) && runes[indent] == ' ' {
				indent++
			}
		}
		key, value, isKey := splitKey(runes[indent:])
		if isKey {
			stack = append(stack, segment{key: key, line: i, indent: indent})
			if v := strings.TrimSpace(value); strings.HasPrefix(v, "|") || strings.HasPrefix(v, ">") {
				block = indent
			}
		}
		if last {
			return onLine(stack, i, runes, []rune(line), indent, isKey, at)
		}
	}
	return where{inKey: true, start: at}
}

func leading(runes []rune) int {
	n := 0
	for n < len(runes) && runes[n] == ' ' {
		n++
	}
	return n
}

// shallower drops the segments that a line of this indentation does not stand under.
func shallower(stack []segment, indent int) []segment {
	for len(stack) > 0 && stack[len(stack)-1].indent >= indent {
		stack = stack[:len(stack)-1]
	}
	return stack
}

// splitKey parts a line into its key and what follows the colon.
func splitKey(runes []rune) (key, value string, ok bool) {
	for i, r := range runes {
		switch {
		case r == ':' && (i+1 == len(runes) || runes[i+1] == ' '):
			return strings.Trim(string(runes[:i]), `'" `), string(runes[i+1:]), i > 0
		case strings.ContainsRune("{}[]#,", r) || (r == '"' || r == '\'') && i > 0:
			return "", "", false
		}
	}
	return "", "", false
}

// inBlock is a place in a block of text.
func inBlock(stack []segment, line int, runes, whole []rune, at spec.Pos) where {
	w := where{path: stack, start: at}
	w.word, w.start = lastWord(runes, line)
	w.expr = inTemplate(line, runes, whole)
	return w
}

// onLine is a place on a line whose first key has been read: in the key, in its value, or in brackets.
func onLine(stack []segment, line int, runes, whole []rune, indent int, isKey bool, at spec.Pos) where {
	w := where{path: stack, start: at}
	from := indent
	if isKey {
		from = indent + strings.IndexRune(string(runes[indent:]), ':') + 1
	}
	w.inKey = !isKey
	w.path, w.inKey = flow(stack, line, runes, from, w.inKey)
	w.word, w.start = lastWord(runes, line)
	if w.expr = inTemplate(line, runes, whole); w.expr != nil {
		w.inKey = false
	}
	return w
}

// flow follows the brackets of a line up to the place.
func flow(stack []segment, line int, runes []rune, from int, inKey bool) ([]segment, bool) {
	path := append([]segment(nil), stack...)
	type bracket struct {
		open rune
		keep int // segments outside of it
	}
	var open []bracket
	word, quote := from, rune(0)
	for i := from; i < len(runes); i++ {
		r := runes[i]
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '{' || r == '[':
			open = append(open, bracket{r, len(path)})
			if r == '[' {
				path = append(path, segment{line: line, indent: i})
			}
			word, inKey = i+1, r == '{'
		case (r == '}' || r == ']') && len(open) > 0:
			path = path[:open[len(open)-1].keep]
			open = open[:len(open)-1]
			inKey = false
		case r == ',' && len(open) > 0:
			top := open[len(open)-1]
			path = path[:top.keep]
			if top.open == '[' {
				path = append(path, segment{line: line, indent: i})
			}
			word, inKey = i+1, top.open == '{'
		case r == ':' && len(open) > 0 && inKey && (i+1 == len(runes) || runes[i+1] == ' '):
			path = append(path, segment{key: strings.Trim(string(runes[word:i]), `'" `), line: line, indent: word})
			inKey = false
		}
	}
	return path, inKey
}

// lastWord is the word that ends at the place, and where it begins.
func lastWord(runes []rune, line int) (string, spec.Pos) {
	from := len(runes)
	for from > 0 && !strings.ContainsRune(" \t{}[],:'\"", runes[from-1]) {
		from--
	}
	return string(runes[from:]), spec.Pos{Line: line + 1, Column: from + 1}
}

// inTemplate finds the ${{ }} around the end of runes, on its line.
func inTemplate(line int, runes, whole []rune) *expression {
	text := string(runes)
	open := strings.LastIndex(text, "${{")
	if open < 0 || strings.Contains(text[open:], "}}") {
		return nil
	}
	from := len([]rune(text[:open])) + 3
	to := len(whole)
	if end := strings.Index(string(whole[from:]), "}}"); end >= 0 {
		to = from + len([]rune(string(whole[from:])[:end]))
	}
	return &expression{line: line, from: from, to: to, before: string(runes[from:])}
}

// construct walks the path through the language: the construct that the place is in, the key whose value it is (if it is
// not in a key itself), and the segment of the step around it.
func (w where) construct() (c spec.Construct, key spec.Key, step *segment, known bool) {
	c, _ = spec.Find("playbook")
	known = true
	named := false // names of a mapping come next
	for i := range w.path {
		s := &w.path[i]
		if s.key == "" {
			if inner, ok := pick(key, true); ok && !named {
				c, key = inner, spec.Key{}
				if c.Name == "step" {
					step = s
				}
			}
			continue
		}
		if named { // a name of an input, a branch or a field
			named = false
			if inner, ok := pick(spec.Key{In: key.In}, false); ok {
				c, key = inner, spec.Key{}
			} else if len(key.In) == 1 && key.In[0] == "steps" {
				key = spec.Key{Name: s.key, Takes: []string{spec.TakesSteps}}
			}
			continue
		}
		if key.Name != "" {
			inner, ok := pick(key, false)
			if !ok {
				return c, key, step, key.Name == "with" || key.Name == "inputs" || key.Name == "set" || key.Name == "outputs"
			}
			c, key = inner, spec.Key{}
		}
		k, ok := c.Key(s.key)
		if !ok {
			return c, spec.Key{Name: s.key}, step, false
		}
		key = k
		for _, takes := range k.Takes {
			named = named || takes == spec.TakesMap
		}
	}
	if w.inKey && key.Name != "" && !named {
		if inner, ok := pick(key, false); ok {
			return inner, spec.Key{}, step, true
		}
	}
	if named {
		return spec.Construct{}, spec.Key{}, step, false
	}
	return c, key, step, known
}

// pick is the construct that a key's value is, or that an item of it is.
func pick(key spec.Key, item bool) (spec.Construct, bool) {
	for _, takes := range key.Takes {
		if takes == spec.TakesSteps && item {
			return spec.Find("step")
		}
	}
	for _, name := range key.In {
		if name == "branch" && !item {
			continue // a list of branches, or a mapping that holds one
		}
		if name == "choose" && item {
			continue
		}
		return spec.Find(name)
	}
	return spec.Construct{}, false
}
