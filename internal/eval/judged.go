package eval

import (
	"cmp"
	"slices"

	"picket/internal/soc"
)

// What judgements can be grouped by.
const (
	ByRule     = "rule"
	ByModel    = "model"
	ByPlaybook = "playbook"
)

// Judged is how verdicts of one rule, model or playbook did, by what people said of them. It knows only the verdicts that
// somebody judged: where people look at the doubtful ones first, it is worse than the truth.
type Judged struct {
	Key         string               `json:"key"`
	Name        string               `json:"name,omitempty"` // of a rule
	Judged      int                  `json:"judged"`
	Wrong       Rate                 `json:"wrong"`        // of the decided, those that fall on the other side
	Missed      Rate                 `json:"missed"`       // of those called benign, the malicious
	FalseAlarms Rate                 `json:"false_alarms"` // of those called malicious or suspicious, the benign
	Abstained   Rate                 `json:"abstained"`    // inconclusive, of all
	Confusion   map[string]Confusion `json:"confusion"`    // by what is right
	Calibration *Calibrated          `json:"calibration,omitempty"`
}

// side is what a verdict comes to: act on it or not. Inconclusive is neither.
func side(verdict string) string {
	switch verdict {
	case soc.Malicious, soc.Suspicious:
		return Malicious
	case soc.Benign:
		return Benign
	}
	return ""
}

// Judge sums judgements up by rule, model or playbook, the most judged first. Models have their calibration.
func Judge(judgements []soc.Judgement, by string) []Judged {
	groups := map[string][]soc.Judgement{}
	for _, j := range judgements {
		groups[judgedKey(j, by)] = append(groups[judgedKey(j, by)], j)
	}
	lines := make([]Judged, 0, len(groups))
	for key, group := range groups {
		line := judge(group)
		line.Key = key
		switch by {
		case ByRule:
			line.Name = group[0].RuleName
		case ByModel:
			line.Calibration = Calibrate(group)
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b Judged) int { return cmp.Or(cmp.Compare(b.Judged, a.Judged), cmp.Compare(a.Key, b.Key)) })
	return lines
}

func judgedKey(j soc.Judgement, by string) string {
	switch {
	case by == ByPlaybook:
		return j.Playbook
	case by == ByModel && (j.Model == "" || j.Model == j.Provider):
		return j.Provider
	case by == ByModel:
		return j.Provider + "/" + j.Model
	case j.Rule == "":
		return j.Source
	}
	return j.Source + "/" + j.Rule
}

func judge(group []soc.Judgement) Judged {
	line := Judged{Judged: len(group), Confusion: map[string]Confusion{}}
	decided, wrong, called, missed, flagged, alarms := 0, 0, 0, 0, 0, 0
	for _, j := range group {
		c := line.Confusion[j.Right]
		c.count(j.Verdict)
		line.Confusion[j.Right] = c
		said, right := side(j.Verdict), side(j.Right)
		if said == "" {
			continue
		}
		decided++
		if said != right {
			wrong++
		}
		if said == Benign {
			called++
			if right == Malicious {
				missed++
			}
			continue
		}
		flagged++
		if right == Benign {
			alarms++
		}
	}
	line.Wrong, line.Missed, line.FalseAlarms = rate(wrong, decided), rate(missed, called), rate(alarms, flagged)
	line.Abstained = rate(len(group)-decided, len(group))
	return line
}

// MinCalibration is how many judged verdicts with a stated confidence a model needs before its confidence is calibrated.
const MinCalibration = 50

// Calibrated maps what a model states as its confidence to how often it was right with it. It is rising: isotonic
// regression (pool adjacent violators; Zadrozny and Elkan 2002) over tenths, each with one right and one wrong verdict more than
// were seen, so that a few verdicts never make a certainty.
type Calibrated struct {
	Verdicts int             `json:"verdicts"`
	Bins     []CalibratedBin `json:"bins"`
}

// CalibratedBin holds for confidences from From up to To.
type CalibratedBin struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	Verdicts   int     `json:"verdicts"`
	Right      int     `json:"right"`
	Calibrated float64 `json:"calibrated"`
}

// value is how often verdicts of a bin are right, by what is known.
func (b CalibratedBin) value() float64 { return float64(b.Right+1) / float64(b.Verdicts+2) }

// Calibrate fits a calibration; nil when there are too few judgements.
func Calibrate(judgements []soc.Judgement) *Calibrated {
	const tenths = 10
	bins := make([]CalibratedBin, tenths)
	for i := range bins {
		bins[i].From, bins[i].To = float64(i)/tenths, float64(i+1)/tenths
	}
	n := 0
	for _, j := range judgements {
		said := side(j.Verdict)
		if said == "" || j.Confidence == nil {
			continue
		}
		bin := &bins[min(max(int(*j.Confidence*tenths), 0), tenths-1)]
		bin.Verdicts++
		if said == side(j.Right) {
			bin.Right++
		}
		n++
	}
	if n < MinCalibration {
		return nil
	}
	pooled := []CalibratedBin{}
	for _, bin := range bins {
		pooled = append(pooled, bin)
		for last := len(pooled) - 1; last > 0; last-- {
			before, now := pooled[last-1], pooled[last]
			if before.Verdicts > 0 && now.Verdicts > 0 && before.value() <= now.value() {
				break
			}
			// An empty tenth joins the one before it, and so does one that falls.
			pooled[last-1] = CalibratedBin{From: before.From, To: now.To, Verdicts: before.Verdicts + now.Verdicts, Right: before.Right + now.Right}
			pooled = pooled[:last]
		}
	}
	for i := range pooled {
		pooled[i].Calibrated = pooled[i].value()
	}
	return &Calibrated{Verdicts: n, Bins: pooled}
}

// Of is what a stated confidence comes to.
func (c *Calibrated) Of(stated float64) float64 {
	for _, bin := range c.Bins {
		if stated < bin.To {
			return bin.Calibrated
		}
	}
	return c.Bins[len(c.Bins)-1].Calibrated
}
