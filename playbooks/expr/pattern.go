package expr

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// pattern is a compiled regular expression (RE2: its time grows with the text, never faster) and its size.
type pattern struct {
	re   *regexp.Regexp
	size int // instructions
}

// maxInstructions bounds the compiled size of a pattern: .{1000} is 1,000 instructions, and each may be tried at
// each character of the text.
const maxInstructions = 4000

func compilePattern(text string) (*pattern, error) {
	if len(text) > MaxPattern {
		return nil, fmt.Errorf("the pattern has %d bytes; at most %d are allowed", len(text), MaxPattern)
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, patternError(err)
	}
	if instructions(parsed) > maxInstructions {
		return nil, errors.New("the pattern is too large: fewer or smaller {repeats} are needed")
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, patternError(err)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, patternError(err)
	}
	return &pattern{re: re, size: len(program.Inst)}, nil
}

// instructions estimates the compiled size of a pattern without compiling it.
func instructions(re *syntax.Regexp) int {
	size := 1
	for _, sub := range re.Sub {
		size += instructions(sub)
	}
	switch re.Op {
	case syntax.OpLiteral:
		size += len(re.Rune)
	case syntax.OpRepeat:
		size *= max(1, re.Min, re.Max)
	}
	return min(size, 1<<24)
}

func patternError(err error) error {
	if found, ok := errors.AsType[*syntax.Error](err); ok {
		return errors.New("the pattern is wrong: " + found.Code.String())
	}
	return errors.New("the pattern is wrong")
}

// pattern compiles a pattern that is only known now.
func (r *run) pattern(n ast.Node, text string) *pattern {
	compiled, err := compilePattern(text)
	if err != nil {
		r.fail(n, "%s", err.Error())
	}
	r.spend(n, 100+20*compiled.size)
	return compiled
}

// match counts the work of looking for a pattern once through a text.
func (r *run) match(n ast.Node, p *pattern, text string) {
	work := uint64(len(text)) * uint64(p.size) / 16 // both are bounded far below overflow
	r.spend(n, int(min(work, MaxSteps))+1+len(text)/8)
}

func validPattern(text string) error {
	_, err := compilePattern(text)
	return err
}

var aPattern = param{kinds: kString, valid: validPattern}

var patternFunctions = map[string]function{
	"regex_match": {params: []param{aText, aPattern}, null: false, result: always(Bool()), call: func(c call) any {
		return c.compiled().re.MatchString(c.text(0))
	}},
	"regex": {params: []param{aText, aPattern}, result: always(Optional(String())), call: func(c call) any {
		found := c.compiled().re.FindStringSubmatch(c.text(0))
		if found == nil {
			return nil
		}
		return found[min(1, len(found)-1)]
	}},
	"regex_all": {params: []param{aText, aPattern}, null: []any{}, result: always(List(String())), call: func(c call) any {
		p := c.compiled()
		out := make([]any, 0)
		for _, found := range p.re.FindAllStringSubmatch(c.text(0), maxMatches) {
			c.r.grow(c.n, slot*(1+len(found)))
			out = append(out, found[min(1, len(found)-1)])
		}
		return out
	}},
	"regex_groups": {params: []param{aText, aPattern}, result: always(Optional(OpenObject(nil))), call: func(c call) any {
		re := c.compiled().re
		found := re.FindStringSubmatch(c.text(0))
		if found == nil {
			return nil
		}
		out := make(map[string]any)
		for i, name := range re.SubexpNames() {
			if name != "" {
				out[name] = found[i]
			}
		}
		return out
	}},
	"regex_replace": {params: []param{aText, aPattern, aText}, result: always(String()), call: regexReplace},
}

// maxMatches bounds what regex_all and regex_replace look at: each match may cost a pass through the rest.
const maxMatches = 10000

// compiled is the pattern of the second argument. A constant one is found compiled with the program.
func (c call) compiled() *pattern {
	p := c.r.p.constant(c.n)
	if p == nil {
		p = c.r.pattern(c.n, c.text(1))
	}
	c.r.match(c.n, p, c.text(0))
	return p
}

func regexReplace(c call) any {
	p := c.compiled()
	text, template := c.text(0), c.text(2)
	var out []byte
	last := 0
	for _, found := range p.re.FindAllStringSubmatchIndex(text, maxMatches) {
		before := len(out)
		out = append(out, text[last:found[0]]...)
		c.r.spend(c.n, 1+len(template)/8)
		out = p.re.ExpandString(out, template, text, found)
		c.r.grow(c.n, len(out)-before)
		last = found[1]
	}
	return strings.ToValidUTF8(string(append(out, text[last:]...)), "\uFFFD")
}
