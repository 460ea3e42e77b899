package model

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"picket/internal/soc"
)

// The bounds on what a verdict may carry beside what its schema bounds.
const (
	maxArguments = 8 << 10 // bytes of a proposal's arguments
	maxMissing   = 60
)

// The words of a verdict.
const (
	malicious    = soc.Malicious
	suspicious   = soc.Suspicious
	benign       = soc.Benign
	inconclusive = soc.Inconclusive
	risky        = "risky"
)

var (
	techniqueID = regexp.MustCompile(`^T[0-9]{4}(\.[0-9]{3})?$`)
	operationID = regexp.MustCompile(`^[a-z0-9_]+\.[a-z0-9_]+$`)
)

// CompleteVerdict checks and completes what a provider answered: the schema; every citation; the risk score, the OCSF
// verdict_id and the provenance, which no model sets; and the ratchet: missing evidence, findings without a citation that
// resolves, instructions in the evidence, or indicators that say otherwise never leave a verdict benign, and severity does
// not fall. What was changed stands in Notes. An answer that is not usable at all is an *OutputError.
func CompleteVerdict(raw json.RawMessage, req Request, prov soc.Provenance) (soc.Verdict, error) {
	schema, err := verdictSchema()
	if err != nil {
		return soc.Verdict{}, err
	}
	if err := check(raw, schema); err != nil {
		return soc.Verdict{}, err
	}
	known, err := prune(raw)
	if err != nil {
		return soc.Verdict{}, err
	}
	var v soc.Verdict
	if err := json.Unmarshal(known, &v); err != nil {
		return soc.Verdict{}, badOutput("it does not hold to the schema: %s", cut(err.Error(), 300))
	}
	c := completion{verdict: &v, evidence: exhibits(req.AllEvidence())}
	v.Notes, v.Provenance = nil, prov
	v.Summary = cut(v.Summary, 4000)
	v.Confidence.Calibrated = nil
	if prov.NoModel {
		c.note("no model was used: declared rules weighed the evidence")
	}
	c.citations()
	c.missing(req.Missing)
	c.judge()
	c.severity(req.Severity)
	c.classify()
	v.VerdictID = verdictID(v.Verdict, v.Classification)
	c.fill()
	return v, nil
}

type completion struct {
	verdict  *soc.Verdict
	evidence []exhibit
	lost     int // citations that did not resolve
	dropped  int // findings that lost all of theirs
}

func (c *completion) note(format string, args ...any) {
	c.verdict.Notes = append(c.verdict.Notes, fmt.Sprintf(format, args...))
}

// keep leaves the citations that resolve, marked so.
func (c *completion) keep(citations []soc.Citation) []soc.Citation {
	kept := []soc.Citation{}
	for _, citation := range citations {
		if !resolve(citation, c.evidence) {
			c.lost++
			continue
		}
		citation.Resolved = true
		kept = append(kept, citation)
	}
	return kept
}

func (c *completion) citations() {
	v := c.verdict
	findings := v.Findings
	v.Findings = []soc.Finding{}
	for _, f := range findings {
		f.Claim, f.Citations, f.Entities = cut(f.Claim, 2000), c.keep(f.Citations), texts(f.Entities, 500)
		if len(f.Citations) == 0 {
			c.dropped++
			continue
		}
		v.Findings = append(v.Findings, f)
	}
	indicators, without := v.Indicators, 0
	v.Indicators = []soc.Indication{}
	for _, i := range indicators {
		i.Text, i.Citations = cut(i.Text, 1000), c.keep(i.Citations)
		if len(i.Citations) == 0 {
			without++
			continue
		}
		i.Weight = min(max(i.Weight, 1), 10)
		v.Indicators = append(v.Indicators, i)
	}
	techniques := v.Attack
	v.Attack = []soc.Technique{}
	for _, t := range techniques {
		t.ID, t.Citations = strings.ToUpper(strings.TrimSpace(t.ID)), c.keep(t.Citations)
		if techniqueID.MatchString(t.ID) && len(t.Citations) > 0 {
			v.Attack = append(v.Attack, t)
		}
	}
	for i := range v.Questions {
		q := &v.Questions[i]
		cited := len(q.Citations) > 0
		q.Text, q.Answer, q.AskedBy, q.Citations = cut(q.Text, 1000), cut(q.Answer, 4000), "model", c.keep(q.Citations)
		if q.Answer == "" || (cited && len(q.Citations) == 0) {
			q.Open = true
		}
	}
	recommended := v.Recommended
	v.Recommended = []soc.Recommended{}
	for _, r := range recommended {
		if !operationID.MatchString(r.Operation) || len(r.Arguments) > maxArguments {
			continue
		}
		r.Why = cut(r.Why, 1000)
		v.Recommended = append(v.Recommended, r)
	}
	if c.lost > 0 {
		c.note("%d citations did not resolve and were dropped, and with them %d findings and %d indicators", c.lost, c.dropped, without)
	}
	v.RiskScore = riskScore(v.Indicators)
}

// missing lists first what the playbook says is not there, then what the model would have wanted.
func (c *completion) missing(asked []string) {
	v := c.verdict
	wanted := v.Missing
	v.Missing = []string{}
	for _, m := range append(slices.Clone(asked), wanted...) {
		if m = cut(strings.TrimSpace(m), 500); m != "" && !slices.Contains(v.Missing, m) && len(v.Missing) < maxMissing {
			v.Missing = append(v.Missing, m)
		}
	}
	if len(asked) > 0 {
		c.inconclusive("evidence that the playbook asked for is missing: %s", cut(strings.Join(asked, ", "), 300))
	}
}

// inconclusive is the one way down: from any verdict, with the reason.
func (c *completion) inconclusive(format string, args ...any) {
	if was := c.verdict.Verdict; was != inconclusive {
		c.verdict.Verdict = inconclusive
		c.note("%s: inconclusive instead of %s", fmt.Sprintf(format, args...), was)
	}
}

// judge holds the verdict against what is left of its grounds.
func (c *completion) judge() {
	v := c.verdict
	if len(v.Findings) == 0 {
		c.inconclusive("no finding has a citation that resolves")
	}
	if v.Verdict != benign {
		return
	}
	if c.dropped > 0 {
		c.inconclusive("some findings have no citation that resolves")
	}
	if !slices.ContainsFunc(v.Indicators, func(i soc.Indication) bool { return i.Direction == benign }) {
		c.inconclusive("no benign indicator has a citation that resolves")
	}
	if v.RiskScore > 0 {
		c.inconclusive("the indicators weigh to a risk of %+.2f", v.RiskScore)
	}
	if where := addressed(c.evidence); len(where) > 0 {
		c.inconclusive("the evidence holds text that tries to instruct the analysis (%s%s)", where[0].evidence, where[0].pointer)
	}
}

// severity never falls here: lowering it is for a person to decide, as closing an alert is.
func (c *completion) severity(before soc.Severity) {
	s := &c.verdict.Severity
	s.Floor = ""
	if !slices.Contains(soc.Severities, before) {
		before = soc.SeverityUnknown
	}
	s.Before = before
	if !slices.Contains(soc.Severities, s.After) {
		s.After = before
	}
	if s.After.ID() < before.ID() {
		c.note("severity stays %s instead of falling to %s: lowering it takes a person's decision", before, s.After)
		s.After, s.Floor = before, "ratchet"
	}
}

// HoldUp raises a verdict's severity to a floor, where it is below. A benign verdict stays one: the severity says how bad it
// would be to be wrong.
func HoldUp(v *soc.Verdict, rule string, floor soc.Severity) {
	if v.Severity.After.ID() >= floor.ID() {
		return
	}
	v.Notes = append(v.Notes, fmt.Sprintf("severity is %s instead of %s: the floor rule %s holds it up", floor, v.Severity.After, rule))
	v.Severity.After, v.Severity.Floor = floor, rule
}

// classify makes the classification one that goes with the verdict.
func (c *completion) classify() {
	v := c.verdict
	fits := soc.Classifications(v.Verdict) // the first is taken when what the model said does not fit
	if !slices.Contains(fits, v.Classification) {
		v.Classification = fits[0]
	}
}

// verdictID is OCSF's verdict_id: 1 false positive, 2 true positive, 4 suspicious, 5 benign, 7 insufficient data.
func verdictID(verdict, classification string) int {
	switch verdict {
	case malicious:
		return 2
	case suspicious:
		return 4
	case benign:
		if classification == "false_positive" {
			return 1
		}
		return 5
	}
	return 7
}

// fill makes every list one that is written as [] when empty.
func (c *completion) fill() {
	v := c.verdict
	v.Against = texts(v.Against, 1000)
	if v.Questions == nil {
		v.Questions = []soc.Question{}
	}
	if v.Notes == nil {
		v.Notes = []string{}
	}
}

func texts(list []string, limit int) []string {
	out := []string{}
	for _, text := range list {
		if text = cut(strings.TrimSpace(text), limit); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// caution is what the risk score has to overcome: one weak indicator alone gives a weak score.
const caution = 4

// riskScore weighs indicators against each other: the difference of the weights over their sum and caution, from
// -1 to 1, to two digits.
func riskScore(indicators []soc.Indication) float64 {
	var up, down float64
	for _, i := range indicators {
		if i.Direction == risky {
			up += float64(i.Weight)
		} else {
			down += float64(i.Weight)
		}
	}
	return math.Round(100*(up-down)/(up+down+caution)) / 100
}

// CheckCitations counts the citations in a provider's own verdict, and those of them that resolve in the request's evidence.
// What is no verdict has none.
func CheckCitations(raw json.RawMessage, req Request) (all, resolved int) {
	var v soc.Verdict
	if json.Unmarshal(raw, &v) != nil {
		return 0, 0
	}
	evidence := exhibits(req.AllEvidence())
	count := func(citations []soc.Citation) {
		for _, c := range citations {
			all++
			if resolve(c, evidence) {
				resolved++
			}
		}
	}
	for _, f := range v.Findings {
		count(f.Citations)
	}
	for _, i := range v.Indicators {
		count(i.Citations)
	}
	for _, t := range v.Attack {
		count(t.Citations)
	}
	for _, q := range v.Questions {
		count(q.Citations)
	}
	return all, resolved
}
