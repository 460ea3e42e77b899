package backtest

import (
	"fmt"
	"io"
	"strings"
)

// Render writes a report for people: each run that would have ended otherwise, and each that the record can't answer.
func Render(w io.Writer, r *Report) error {
	p := &printer{w: w}
	for i := range r.Runs {
		p.result(&r.Runs[i])
	}
	if len(r.Runs) == 0 {
		p.line("no run of %s since %s", r.Playbook, r.Since.Format("2006-01-02 15:04"))
	}
	if r.AlsoStarts > 0 {
		p.line("%d alerts that started no run of it would start this version:", r.AlsoStarts)
		for _, a := range r.Starts[:min(len(r.Starts), shownStarts)] {
			p.line("  %s  %s  %q", a.ID, a.Source, a.Title)
		}
		if r.AlsoStarts > shownStarts {
			p.line("  and %d more", r.AlsoStarts-shownStarts)
		}
	}
	t := r.Totals
	p.line("%d runs: %d the same, %d changed, %d unanswerable, %d left out", t.Runs, t.Same, t.Changed, t.Unanswerable, t.LeftOut)
	if r.Truncated {
		p.line("there are older ones in the period; see more of them with --limit")
	}
	return p.err
}

// shownStarts bounds the alerts that the text names.
const shownStarts = 10

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// clean makes text that strangers may have written fit for a terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '\uFFFD'
		}
		return r
	}, text)
}

func (p *printer) result(r *Result) {
	if r.Result == Same && len(r.Assumed) == 0 {
		return
	}
	p.line("%s  %s  %s  %s", r.RunID, r.CreatedAt.Format("2006-01-02 15:04"), r.Result, clean(r.AlertTitle))
	if r.Why != "" {
		p.line("  %s", r.Why)
	}
	for _, c := range r.Changes {
		switch {
		case c.Old == "":
			p.line("  + %s %s", c.Of, clean(named(c, c.New)))
		case c.New == "":
			p.line("  - %s %s", c.Of, clean(named(c, c.Old)))
		default:
			p.line("  ~ %s %s", c.Of, clean(named(c, c.Old+"  →  "+c.New)))
		}
	}
	for _, q := range r.Questions {
		p.line("  ? %s", clean(q.Text))
	}
	for _, text := range r.Assumed {
		p.line("  assumed: %s", clean(text))
	}
	p.line("")
}

// named puts the name before what changed, where it says something.
func named(c Change, text string) string {
	switch c.Of {
	case OfOutput, OfApproval, OfStart:
		return c.Name + ": " + text
	}
	return text
}
