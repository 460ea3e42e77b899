package playtest

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Render writes a report for people: a line a case, and for each that failed what was expected, what was, and the run's
// steps. Coverage is written where it is asked for.
func Render(w io.Writer, r *Report, coverage bool) error {
	p := &printer{w: w}
	for i := range r.Suites {
		p.suite(&r.Suites[i])
	}
	if coverage {
		for _, c := range r.Coverage {
			p.coverage(c)
		}
	}
	p.summary(r)
	return p.err
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// clean makes a text that strangers may have written fit for a terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '\uFFFD'
		}
		return r
	}, text)
}

func (p *printer) suite(s *SuiteResult) {
	p.line("%s", s.File)
	for _, d := range s.Diagnostics {
		p.line("  %s", clean(d.String()))
	}
	for i := range s.Cases {
		p.result(s.File, &s.Cases[i])
	}
	if s.Snapshot != "" {
		p.line("  snapshots written")
	}
}

func (p *printer) result(file string, c *CaseResult) {
	mark := "ok  "
	if c.Result != Passed {
		mark = "FAIL"
	}
	passed := ""
	if c.Skipped >= 1000 {
		passed = fmt.Sprintf("  (%s skipped)", Span(c.Skipped))
	}
	p.line("  %s  %s%s", mark, clean(c.Name), passed)
	for _, f := range c.Failures {
		p.failure(file, f)
	}
	for _, f := range c.Warnings {
		p.line("        %s:%d:%d: warning: %s", file, f.Line, f.Column, clean(f.Message))
	}
	if c.Result != Passed {
		p.trace(&c.Run)
	}
}

func (p *printer) failure(file string, f Failure) {
	p.line("        %s:%d:%d: %s", file, f.Line, f.Column, clean(f.Message))
	if f.Expected != "" || f.Got != "" {
		p.line("          expected  %s", clean(f.Expected))
		p.line("          got       %s", clean(f.Got))
	}
	for _, d := range f.Differences {
		at := d.Path
		if at == "" {
			at = "value"
		}
		p.line("          %s", clean(at))
		p.line("            - %s", clean(d.Want))
		p.line("            + %s", clean(d.Got))
	}
	for _, line := range f.Diff {
		p.line("          %s", clean(line))
	}
}

// maxTrace bounds the steps that a failure shows.
const maxTrace = 60

// trace is the run's steps in the order of their start, with when they ended and why.
func (p *printer) trace(r *Run) {
	if !r.Started {
		p.line("        the run did not start")
		return
	}
	p.line("        the run: %s%s", r.Status, because(r.Reason))
	steps := slices.Clone(r.Steps)
	slices.SortStableFunc(steps, func(a, b Step) int { return int(a.At - b.At) })
	if len(steps) > maxTrace {
		p.line("          … %d steps before", len(steps)-maxTrace)
		steps = steps[len(steps)-maxTrace:]
	}
	width := 0
	for _, s := range steps {
		width = max(width, len(s.Path))
	}
	for _, s := range steps {
		note := s.Reason
		if s.Error != "" {
			note = s.Error
		}
		p.line("          %8s  %-*s  %-8s  %-9s %s", "+"+Span(s.At+s.Took), min(width, 40), clean(s.Path), s.Verb, s.Status, clean(Shorten(note, 120)))
	}
	for _, q := range r.Asked {
		p.line("          asked %s: %s → %s%s", clean(q.Path), clean(Shorten(q.Title, 80)), q.Outcome, by(q.By))
	}
	for _, c := range r.Calls {
		p.line("          called %s %s", c.Operation, clean(Shorten(compact(c.Arguments), 160)))
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ", " + clean(Shorten(reason, 200))
}

func by(name string) string {
	if name == "" {
		return ""
	}
	return " by " + clean(name)
}

// Span is a length of time in milliseconds for people.
func Span(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	if d >= time.Second {
		d = d.Round(time.Second)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (p *printer) coverage(c *Coverage) {
	p.line("")
	p.line("coverage of %s: %.1f%%  (steps %d of %d, branches %d of %d)",
		c.Playbook, c.Percent, c.StepsReached, c.Steps, c.BranchesReached, c.Branches)
	for _, m := range c.Missed() {
		p.line("  %s:%d: %s: never %s", c.File, m.Line, m.Step, never(m.What))
	}
}

// never says of a point that it was not reached.
func never(what string) string {
	switch what {
	case whatElse:
		return "goes to its else"
	case whatNone:
		return "passes all its branches"
	case whatMatched:
		return "sees its event come"
	}
	if strings.HasPrefix(what, "branch ") {
		return "goes to its " + what
	}
	return what
}

func (p *printer) summary(r *Report) {
	p.line("")
	text := fmt.Sprintf("%d passed, %d failed", r.Passed, r.Failed)
	broken := 0
	for i := range r.Suites {
		if r.Suites[i].Broken() {
			broken++
		}
	}
	if broken > 0 {
		text += fmt.Sprintf(", %d files that can't be run", broken)
	}
	if len(r.Coverage) > 0 {
		text += fmt.Sprintf(", coverage %.1f%% (steps %d of %d, branches %d of %d)",
			r.Total.Percent, r.Total.StepsReached, r.Total.Steps, r.Total.BranchesReached, r.Total.Branches)
	}
	p.line("%s", text)
}
