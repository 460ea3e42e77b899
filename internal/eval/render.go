package eval

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Document is what a run of picket eval has to say.
type Document struct {
	Set        Set         `json:"set"`
	Reports    []Report    `json:"reports"`
	Comparison *Comparison `json:"comparison,omitempty"`
}

// Set says what was measured on.
type Set struct {
	Name  string  `json:"name"`
	All   int     `json:"all"`
	Train int     `json:"train"` // cases that were kept out; baselines learned from them
	Held  int     `json:"held"`  // cases that were measured
	Split float64 `json:"split"`
	Seed  uint64  `json:"seed"`
}

// The bounds on lists in the text; JSON has all of them.
const (
	shownRules    = 25
	shownMistakes = 20
	shownCurve    = 8
)

// Render writes the document for people.
func Render(w io.Writer, d Document) error {
	p := &printer{w: tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)}
	p.line("%s: %d alerts, %d of them measured", d.Set.Name, d.Set.All, d.Set.Held)
	if d.Set.Train > 0 {
		p.line("%d alerts of other groups were kept for training (split %.2f, seed %d)", d.Set.Train, d.Set.Split, d.Set.Seed)
	}
	for i := range d.Reports {
		p.report(&d.Reports[i])
	}
	if d.Comparison != nil {
		p.comparison(d.Comparison)
	}
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

type printer struct {
	w   *tabwriter.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) title(format string, args ...any) { p.line("\n"+format, args...) }

func (p *printer) report(r *Report) {
	p.title("== %s: %d malicious and %d benign alerts in %d groups", r.Name, r.Malicious, r.Benign, r.Groups)
	p.title("label\tmalicious\tsuspicious\tbenign\tinconclusive\tfailed")
	for _, label := range []string{Malicious, Benign} {
		c := r.Confusion[label]
		p.line("%s\t%d\t%d\t%d\t%d\t%d", label, c.Malicious, c.Suspicious, c.Benign, c.Inconclusive, c.Failed)
	}
	c := &r.Classification
	p.title("\tfigure\t95 %% interval\t")
	for _, row := range []struct {
		name string
		rate Rate
	}{
		{"recall on malicious", c.Recall}, {"missed: malicious called benign", c.Missed}, {"false positives: benign called malicious", c.FalsePositiveRate},
		{"benign called benign", c.ClosedRate}, {"abstained", c.Abstained}, {"failed", c.Failed}, {"right, of all", c.Accuracy},
	} {
		p.line("%s\t%s\t%s\t%d of %d", row.name, percent(row.rate.Value), span(row.rate.Interval, true), row.rate.Count, row.rate.Of)
	}
	p.line("balanced accuracy, decided\t%s\t%s\t", figure(c.BalancedDecided.Value), span(c.BalancedDecided.Interval, false))
	p.line("balanced accuracy, overall\t%s\t%s\tabstained counts as wrong", figure(c.BalancedOverall.Value), span(c.BalancedOverall.Interval, false))
	p.line("MCC, decided\t%s\t%s\t", figure(c.MCC.Value), span(c.MCC.Interval, false))

	p.title("baseline\tbalanced accuracy\t95 %% interval\trecall\tfalse positives\tMCC")
	for _, b := range r.Baselines {
		p.line("%s\t%s\t%s\t%s\t%s\t%s", b.Name, figure(b.BalancedAccuracy.Value), span(b.BalancedAccuracy.Interval, false), percent(b.Recall.Value), percent(b.FalsePositives.Value), figure(b.MCC.Value))
	}
	if note := r.Baselines[0].Note; note != "" {
		p.line("(%s)", note)
	}
	p.calibration(r)
	p.title("citations that resolve\t%s\t%s\t%d of %d", percent(r.Citations.Value), span(r.Citations.Interval, true), r.Citations.Count, r.Citations.Of)
	for _, row := range []struct {
		name string
		rate Rate
	}{
		{"verdict flips over repeats", r.Stability.Repeated}, {"verdict changes under injected text", r.Stability.Injected}, {"turned benign by injected text", r.Stability.InjectedBenign},
	} {
		if row.rate.Of > 0 {
			p.line("%s\t%s\t%s\t%d of %d", row.name, percent(row.rate.Value), span(row.rate.Interval, true), row.rate.Count, row.rate.Of)
		}
	}
	p.line("answers\t%d\t\t", r.Cost.Answers)
	p.line("tokens per alert\t%.0f\t\t", r.Cost.TokensPerAlert)
	if r.Cost.USD != nil {
		p.line("cost\t$%.4f\t\t$%.6f per alert", *r.Cost.USD, *r.Cost.USDPerAlert)
	} else {
		p.line("cost\tnot known\t\tno price is configured for the model")
	}
	p.line("latency, median and 95th percentile\t%.1f ms\t%.1f ms\t", r.Cost.LatencyP50MS, r.Cost.LatencyP95MS)
	p.rules(r)
}

func (p *printer) calibration(r *Report) {
	if r.Calibration.ECE == nil {
		p.title("nothing was decided: there is no calibration")
		return
	}
	p.title("calibration error (ECE)\t%.3f\tBrier\t%.3f\tarea under risk-coverage\t%.3f", *r.Calibration.ECE, *r.Calibration.Brier, *r.Selective.AURC)
	p.line("confidence\tverdicts\tmean confidence\tright")
	for _, b := range r.Calibration.Bins {
		p.line("%.1f to %.1f\t%d\t%.2f\t%.2f", b.Low, b.High, b.Count, b.Confidence, b.Accuracy)
	}
	p.line("\nonly verdicts at least so sure\tcoverage\twrong of them")
	for i, at := range r.Selective.Curve {
		if n := len(r.Selective.Curve); n <= shownCurve || i == n-1 || i*shownCurve/n != (i-1)*shownCurve/n || i == 0 {
			p.line("%.2f\t%s\t%s", at.Confidence, percent(&at.Coverage), percent(&at.Risk))
		}
	}
}

func (p *printer) rules(r *Report) {
	p.title("rule\talerts\tmalicious\tright\tmissed\tfalse alarms\tabstained")
	for i, l := range r.Rules {
		if i == shownRules {
			p.line("and %d more rules, in --json", len(r.Rules)-i)
			break
		}
		p.line("%s\t%d\t%d\t%d\t%d\t%d\t%d", inert(l.Rule, 60), l.Cases, l.Malicious, l.Right, l.Missed, l.FalseAlarms, l.Abstained)
	}
	if len(r.Mistakes) == 0 {
		return
	}
	p.title("wrong\tlabel\tverdict\ttitle")
	for i, m := range r.Mistakes {
		if i == shownMistakes {
			p.line("and %d more, in --json", len(r.Mistakes)-i)
			break
		}
		p.line("line %d\t%s\t%s\t%s", m.Line, m.Label, m.Verdict, inert(m.Title, 80))
	}
}

func (p *printer) comparison(c *Comparison) {
	p.title("== %s against %s, on the same alerts", c.Names[1], c.Names[0])
	p.line("only %s is right\t%d\t\t", c.Names[0], c.OnlyFirst)
	p.line("only %s is right\t%d\t\t", c.Names[1], c.OnlySecond)
	p.line("McNemar's exact test\tp = %.4f\t\t", c.PValue)
	p.line("balanced accuracy, overall, difference\t%s\t%s\t", signed(c.Overall.Value), span(c.Overall.Interval, false))
	p.line("balanced accuracy, decided, difference\t%s\t%s\t", signed(c.Decided.Value), span(c.Decided.Interval, false))
	if c.USDPerAlert != nil {
		p.line("cost per alert, difference\t$%+.6f\t\t", *c.USDPerAlert)
	}
}

func percent(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100**v)
}

func figure(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f", *v)
}

func signed(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%+.3f", *v)
}

func span(i *Interval, percents bool) string {
	switch {
	case i == nil:
		return "-"
	case percents:
		return fmt.Sprintf("%.1f to %.1f %%", 100*i.Low, 100*i.High)
	}
	return fmt.Sprintf("%.3f to %.3f", i.Low, i.High)
}

// inert is a text from an alert on one line of a terminal: bounded, without control characters.
func inert(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return text
}
