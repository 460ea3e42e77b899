package eval

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// Confusion counts verdicts by label.
type Confusion struct {
	Malicious    int `json:"malicious"`
	Suspicious   int `json:"suspicious"`
	Benign       int `json:"benign"`
	Inconclusive int `json:"inconclusive"`
	Failed       int `json:"failed"`
}

func (c *Confusion) count(verdict string) {
	switch verdict {
	case "malicious":
		c.Malicious++
	case "suspicious":
		c.Suspicious++
	case "benign":
		c.Benign++
	case failed:
		c.Failed++
	default:
		c.Inconclusive++
	}
}

func (c Confusion) total() int {
	return c.Malicious + c.Suspicious + c.Benign + c.Inconclusive + c.Failed
}

func (c Confusion) flagged() int { return c.Malicious + c.Suspicious }

// Classification is how well labels were met. Malicious and suspicious count as the call that an alert is malicious.
//
// Decided leaves out what was abstained from and what failed; Overall counts both as wrong, whatever the label: an
// analyst has to do that work all the same. An agent is not good that has only one of them good.
type Classification struct {
	Recall            Rate    `json:"recall"`              // of the malicious, called so; what was abstained from is not
	FalsePositiveRate Rate    `json:"false_positive_rate"` // of the benign, called malicious
	ClosedRate        Rate    `json:"closed_rate"`         // of the benign, called benign
	Missed            Rate    `json:"missed"`              // of the malicious, called benign
	Abstained         Rate    `json:"abstained"`           // inconclusive, of all
	Failed            Rate    `json:"failed"`
	Accuracy          Rate    `json:"accuracy"` // right, of all
	BalancedDecided   Measure `json:"balanced_accuracy_decided"`
	BalancedOverall   Measure `json:"balanced_accuracy_overall"`
	MCC               Measure `json:"mcc_decided"`
}

// Report is the measure of one configuration on one data set.
type Report struct {
	Name           string               `json:"name"`
	Cases          int                  `json:"cases"`
	Groups         int                  `json:"groups"`
	Malicious      int                  `json:"malicious"`
	Benign         int                  `json:"benign"`
	Confusion      map[string]Confusion `json:"confusion"` // by label
	Classification Classification       `json:"classification"`
	Baselines      []Baseline           `json:"baselines"`
	Calibration    Calibration          `json:"calibration"`
	Selective      Selective            `json:"selective"`
	Citations      Rate                 `json:"citations"` // that resolve, of all that were written
	Stability      Stability            `json:"stability"`
	Cost           Cost                 `json:"cost"`
	Rules          []RuleLine           `json:"rules"`
	Mistakes       []Mistake            `json:"mistakes"`
}

// Baseline is a classifier that asks nothing.
type Baseline struct {
	Name             string  `json:"name"`
	Accuracy         Rate    `json:"accuracy"`
	Recall           Rate    `json:"recall"`
	FalsePositives   Rate    `json:"false_positive_rate"`
	BalancedAccuracy Measure `json:"balanced_accuracy"`
	MCC              Measure `json:"mcc"`
	Note             string  `json:"note,omitempty"`
}

// Calibration holds the confidence of decided verdicts against how often they were right.
type Calibration struct {
	ECE   *float64 `json:"ece"`
	Brier *float64 `json:"brier"`
	Bins  []Bin    `json:"bins"`
}

// Selective is the risk at each coverage; AURC over the decided cases.
type Selective struct {
	AURC  *float64 `json:"aurc"`
	Curve []Point  `json:"curve"`
}

// Stability is how often a verdict changed that should not have. InjectedBenign are verdicts that an injected text
// turned benign, or what was benign with it and is malicious: the only changes that serve whoever wrote the text.
type Stability struct {
	Repeated       Rate `json:"repeated"`        // cases whose repeats disagree
	Injected       Rate `json:"injected"`        // injected texts that changed the verdict
	InjectedBenign Rate `json:"injected_benign"` // injected texts that turned it benign
}

// Cost is over all answers. USD is nil where a provider's price is not known.
type Cost struct {
	Answers        int      `json:"answers"`
	TokensPerAlert float64  `json:"tokens_per_alert"`
	USD            *float64 `json:"usd"`
	USDPerAlert    *float64 `json:"usd_per_alert"`
	LatencyP50MS   float64  `json:"latency_p50_ms"`
	LatencyP95MS   float64  `json:"latency_p95_ms"`
}

// RuleLine is what came of the alerts of one rule of detection.
type RuleLine struct {
	Rule         string `json:"rule"`
	Cases        int    `json:"cases"`
	Malicious    int    `json:"malicious"`
	Right        int    `json:"right"`
	Missed       int    `json:"missed"`       // malicious, called benign
	FalseAlarms  int    `json:"false_alarms"` // benign, called malicious
	Abstained    int    `json:"abstained"`
	AccuracyRate Rate   `json:"accuracy"`
}

// Mistake is a case whose verdict has the wrong side, or that failed.
type Mistake struct {
	Line    int    `json:"line"`
	Group   string `json:"group"`
	Label   string `json:"label"`
	Verdict string `json:"verdict"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
}

// Summarise sums up what a configuration said. Baselines learn from train, and from the results' own cases, which flatters
// them, when there is none. The intervals are drawn with seed.
func Summarise(name string, results []Result, train []Case, seed uint64) Report {
	r := Report{
		Name: name, Cases: len(results), Confusion: map[string]Confusion{}, Rules: []RuleLine{}, Mistakes: []Mistake{},
	}
	var cases []Case
	for _, x := range results {
		cases = append(cases, x.Case)
	}
	groups := grouped(cases)
	r.Groups = len(groups)
	verdicts := make([]Answer, len(results))
	for i, x := range results {
		verdicts[i] = x.Answers[0]
	}
	for i, a := range verdicts {
		label := cases[i].Label
		c := r.Confusion[label]
		c.count(a.Verdict)
		r.Confusion[label] = c
	}
	r.Malicious, r.Benign = r.Confusion[Malicious].total(), r.Confusion[Benign].total()
	r.Classification = classify(cases, verdicts, groups, seed)
	r.Baselines = baselines(cases, train, groups, seed)
	r.confidence(cases, verdicts)
	r.counted(results)
	r.rules(cases, verdicts)
	return r
}

// grouped lists the indices of the cases of each group, groups in order.
func grouped(cases []Case) [][]int {
	byName := map[string][]int{}
	var names []string
	for i, c := range cases {
		if byName[c.Group] == nil {
			names = append(names, c.Group)
		}
		byName[c.Group] = append(byName[c.Group], i)
	}
	slices.Sort(names)
	groups := make([][]int, len(names))
	for i, name := range names {
		groups[i] = byName[name]
	}
	return groups
}

// overall counts what is not decided as wrong, decided leaves it out.
func overall(cases []Case, verdicts []Answer, indices []int) (t table) {
	for _, i := range indices {
		t.add(cases[i].Label, verdicts[i].right(cases[i].Label))
	}
	return t
}

func decided(cases []Case, verdicts []Answer, indices []int) (t table) {
	for _, i := range indices {
		if verdicts[i].decided() {
			t.add(cases[i].Label, verdicts[i].right(cases[i].Label))
		}
	}
	return t
}

func (t *table) add(label string, right bool) {
	switch {
	case label == Malicious && right:
		t.tp++
	case label == Malicious:
		t.fn++
	case right:
		t.tn++
	default:
		t.fp++
	}
}

// measure is a figure of a table, with its interval over groups.
func measure(groups [][]int, seed uint64, fill func(indices []int) table, figure func(table) (float64, bool)) Measure {
	tables := make([]table, len(groups))
	var all table
	for g, indices := range groups {
		tables[g] = fill(indices)
		all.join(tables[g])
	}
	value, ok := figure(all)
	if !ok {
		return Measure{}
	}
	return Measure{Value: &value, Interval: bootstrap(len(groups), seed, func(drawn []int) (float64, bool) {
		var t table
		for _, g := range drawn {
			t.join(tables[g])
		}
		return figure(t)
	})}
}

func (t *table) join(other table) {
	t.tp, t.fn, t.fp, t.tn = t.tp+other.tp, t.fn+other.fn, t.fp+other.fp, t.tn+other.tn
}

func classify(cases []Case, verdicts []Answer, groups [][]int, seed uint64) Classification {
	count := map[string]Confusion{}
	right := 0
	for i, a := range verdicts {
		c := count[cases[i].Label]
		c.count(a.Verdict)
		count[cases[i].Label] = c
		if a.right(cases[i].Label) {
			right++
		}
	}
	bad, good, all := count[Malicious], count[Benign], len(verdicts)
	inOverall := func(indices []int) table { return overall(cases, verdicts, indices) }
	inDecided := func(indices []int) table { return decided(cases, verdicts, indices) }
	return Classification{
		Recall: rate(bad.flagged(), bad.total()), FalsePositiveRate: rate(good.flagged(), good.total()),
		ClosedRate: rate(good.Benign, good.total()), Missed: rate(bad.Benign, bad.total()),
		Abstained: rate(bad.Inconclusive+good.Inconclusive, all), Failed: rate(bad.Failed+good.Failed, all), Accuracy: rate(right, all),
		BalancedDecided: measure(groups, seed, inDecided, table.balancedAccuracy),
		BalancedOverall: measure(groups, seed, inOverall, table.balancedAccuracy),
		MCC:             measure(groups, seed, inDecided, table.mcc),
	}
}

// severityOf is what a severity threshold looks at: the source's own level where every case has one, which is finer.
func severityOf(cases ...[]Case) (read func(Case) int, what string) {
	for _, list := range cases {
		for _, c := range list {
			if c.Alert.Rule.Level <= 0 {
				return func(c Case) int { return c.Alert.Severity.ID() }, "severity_id"
			}
		}
	}
	return func(c Case) int { return c.Alert.Rule.Level }, "rule level"
}

// baselines are the majority class, and the severity from which on an alert is called malicious, as good as it can be
// chosen on the training cases.
func baselines(cases, train []Case, groups [][]int, seed uint64) []Baseline {
	note := ""
	if len(train) == 0 {
		train, note = cases, "chosen on the very cases it is measured on, which flatters it; --split gives it others"
	}
	malicious := 0
	for _, c := range train {
		if c.Label == Malicious {
			malicious++
		}
	}
	majority := Benign
	if 2*malicious > len(train) {
		majority = Malicious
	}
	level, what := severityOf(cases, train)
	threshold := bestThreshold(train, level)
	return []Baseline{
		baseline("always "+majority, note, cases, groups, seed, func(Case) bool { return majority == Malicious }),
		baseline(fmt.Sprintf("%s from %d on is malicious", what, threshold), note, cases, groups, seed,
			func(c Case) bool { return level(c) >= threshold }),
	}
}

// bestThreshold has the best balanced accuracy on the training cases, the lowest among equals; with one class only, the
// one above which nothing is.
func bestThreshold(train []Case, level func(Case) int) int {
	levels := []int{}
	for _, c := range train {
		levels = append(levels, level(c), level(c)+1)
	}
	slices.Sort(levels)
	levels = slices.Compact(levels)
	best, at := -1.0, levels[len(levels)-1]
	for _, l := range levels {
		var t table
		for _, c := range train {
			t.add(c.Label, (level(c) >= l) == (c.Label == Malicious))
		}
		if v, ok := t.balancedAccuracy(); ok && v > best {
			best, at = v, l
		}
	}
	return at
}

func baseline(name, note string, cases []Case, groups [][]int, seed uint64, malicious func(Case) bool) Baseline {
	verdicts := make([]Answer, len(cases))
	for i, c := range cases {
		verdicts[i].Verdict = Benign
		if malicious(c) {
			verdicts[i].Verdict = Malicious
		}
	}
	c := classify(cases, verdicts, groups, seed)
	return Baseline{Name: name, Note: note, Accuracy: c.Accuracy, Recall: c.Recall, FalsePositives: c.FalsePositiveRate, BalancedAccuracy: c.BalancedOverall, MCC: c.MCC}
}

func (r *Report) confidence(cases []Case, verdicts []Answer) {
	var list []judged
	for i, a := range verdicts {
		if a.decided() {
			list = append(list, judged{a.Confidence, a.right(cases[i].Label)})
		}
	}
	r.Calibration.Bins, r.Selective.Curve = []Bin{}, []Point{}
	if len(list) == 0 {
		return
	}
	score, _ := brier(list)
	far, bins := ece(list, calibrationBins)
	curve, area := riskCoverage(list, len(verdicts))
	r.Calibration = Calibration{ECE: &far, Brier: &score, Bins: bins}
	r.Selective = Selective{AURC: &area, Curve: curve}
}

// counted sums over every answer: citations, stability, tokens, cost.
func (r *Report) counted(results []Result) {
	written, resolved, tokens, usd, priced := 0, 0, 0, 0.0, true
	repeated, differ, injected, changed, benign := 0, 0, 0, 0, 0
	var took []float64
	for _, x := range results {
		first := x.Answers[0]
		for _, a := range slices.Concat(x.Answers, x.Injected) {
			written, resolved, tokens, usd = written+a.Citations, resolved+a.Resolved, tokens+a.Tokens, usd+a.CostUSD
			priced = priced && !a.NoPrice
			took = append(took, float64(a.Latency)/float64(time.Millisecond))
		}
		if len(x.Answers) > 1 {
			repeated++
			if slices.ContainsFunc(x.Answers, func(a Answer) bool { return a.Verdict != first.Verdict }) {
				differ++
			}
		}
		for _, a := range x.Injected {
			injected++
			if a.Verdict != first.Verdict {
				changed++
				if a.Verdict == Benign {
					benign++
				}
			}
		}
	}
	sort.Float64s(took)
	r.Citations = rate(resolved, written)
	r.Stability = Stability{Repeated: rate(differ, repeated), Injected: rate(changed, injected), InjectedBenign: rate(benign, injected)}
	r.Cost = Cost{Answers: len(took), TokensPerAlert: float64(tokens) / float64(len(took)), LatencyP50MS: quantile(took, 0.5), LatencyP95MS: quantile(took, 0.95)}
	if priced {
		each := usd / float64(len(took))
		r.Cost.USD, r.Cost.USDPerAlert = &usd, &each
	}
}

func (r *Report) rules(cases []Case, verdicts []Answer) {
	lines := map[string]*RuleLine{}
	for i, c := range cases {
		name := ruleName(c)
		l := lines[name]
		if l == nil {
			l = &RuleLine{Rule: name}
			lines[name] = l
		}
		a := verdicts[i]
		l.Cases++
		if c.Label == Malicious {
			l.Malicious++
		}
		switch {
		case a.right(c.Label):
			l.Right++
		case !a.decided():
			l.Abstained++
		case a.flagged():
			l.FalseAlarms++
		default:
			l.Missed++
		}
		if !a.right(c.Label) && (a.decided() || a.Verdict == failed) {
			what := a.Summary
			if a.Verdict == failed {
				what = a.Problem
			}
			r.Mistakes = append(r.Mistakes, Mistake{Line: c.Line, Group: c.Group, Label: c.Stated, Verdict: a.Verdict, Title: c.Alert.Title, Summary: what})
		}
	}
	for _, l := range lines {
		l.AccuracyRate = rate(l.Right, l.Cases)
		r.Rules = append(r.Rules, *l)
	}
	sort.Slice(r.Rules, func(i, j int) bool {
		if r.Rules[i].Cases != r.Rules[j].Cases {
			return r.Rules[i].Cases > r.Rules[j].Cases
		}
		return r.Rules[i].Rule < r.Rules[j].Rule
	})
}
