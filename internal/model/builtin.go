package model

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"picket/internal/contract"
	"picket/internal/soc"
)

// Builtin is the provider without a model: declared rules weigh the evidence. The same evidence gives the same verdict,
// every point of it cites where it was seen, and where the rules do not decide the verdict is inconclusive.
type Builtin struct{}

var _ Provider = Builtin{}

// NewBuiltin returns the builtin provider.
func NewBuiltin() Builtin { return Builtin{} }

// Name is what playbooks call the provider.
func (Builtin) Name() string { return "builtin" }

// The thresholds of the builtin verdicts, on the risk score.
const (
	maliciousAt  = 0.60 // and a single indicator of at least decisive
	suspiciousAt = 0.45 // one weak indicator alone stays below
	benignAt     = -0.50
	decisive     = 6
	maxCited     = 4 // citations of one indicator
)

// Complete scores the evidence, tools' results among it; it calls no tools. It answers verdicts only: any other schema takes a
// model.
func (Builtin) Complete(ctx context.Context, req Request) (Response, error) {
	if err := ctx.Err(); err != nil {
		return Response{}, err
	}
	if req.Returns != ReturnsVerdict && req.Returns != "" {
		return Response{Model: scorerVersion}, soc.Errorf(soc.Invalid,
			"the builtin provider answers verdicts only: a step that returns a schema of its own needs a model provider; configure one under models")
	}
	sent, err := assemble(req)
	if err != nil {
		return Response{Model: scorerVersion}, err
	}
	s := scorer{evidence: exhibits(req.AllEvidence()), found: map[string]int{}}
	s.score()
	output, err := json.Marshal(s.verdict(req))
	if err != nil {
		return Response{}, soc.Errorf(soc.Internal, "the builtin verdict can't be written: %v", err)
	}
	var ids []string
	for _, e := range req.AllEvidence() {
		ids = append(ids, e.ID)
	}
	request, _ := json.Marshal(map[string]any{"scorer": scorerVersion, "evidence": ids, "prompt_digest": sent.digest})
	return Response{
		Text: string(output), Output: output, Stop: contract.StopEnd, Model: scorerVersion, Request: request,
		System: "No model was used. Declared rules (" + scorerVersion + ") weighed the evidence.",
		Prompt: sent.prompt, PromptDigest: sent.digest,
	}, nil
}

type scorer struct {
	evidence   []exhibit
	indicators []weighed
	found      map[string]int // index in indicators by rule
	techniques []soc.Technique
	explained  bool // an event is one that has an ordinary explanation
	witnessed  bool // an event says itself who did what to what
}

// weighed is an indication, and whether it is the detection's own claim about the event instead of something that can be
// seen in it: its title, its level, the technique that its rule is filed under.
type weighed struct {
	soc.Indication
	claim bool
}

// claims are the rules that repeat what the detection says of itself.
var claims = []string{"severity", "attack", "title.malware", "title.access", "title.phishing"}

// hit counts a rule once however often it holds; further places become further citations.
func (s *scorer) hit(rule, text, direction string, weight int, citations ...soc.Citation) {
	if len(citations) == 0 {
		return
	}
	i, known := s.found[rule]
	if !known {
		s.found[rule] = len(s.indicators)
		s.indicators = append(s.indicators, weighed{
			soc.Indication{Text: text, Direction: direction, Weight: weight, Citations: citations}, slices.Contains(claims, rule),
		})
		return
	}
	in := &s.indicators[i]
	if weight > in.Weight {
		in.Weight, in.Text = weight, text
	}
	for _, c := range citations {
		if len(in.Citations) < maxCited && !slices.Contains(in.Citations, c) {
			in.Citations = append(in.Citations, c)
		}
	}
}

// explain is a benign indication that says why the event happened, so that the detection's claims are answered by it.
func (s *scorer) explain(rule, text string, weight int, citations ...soc.Citation) {
	if len(citations) > 0 {
		s.explained = true
	}
	s.hit(rule, text, benign, weight, citations...)
}

func (s *scorer) technique(id string, c soc.Citation) {
	if id != "" && !slices.ContainsFunc(s.techniques, func(t soc.Technique) bool { return t.ID == id }) {
		s.techniques = append(s.techniques, soc.Technique{ID: id, Citations: []soc.Citation{c}})
	}
}

// cite quotes a value as it stands, or the part of it that matters.
func cite(n node, quote string) soc.Citation {
	if len(quote) > 300 {
		quote = strings.ToValidUTF8(quote[:300], "") // a quote cut at its end is still a quote
	}
	return soc.Citation{Evidence: n.evidence, Pointer: n.pointer, Quote: quote}
}

func (s *scorer) score() {
	for _, x := range s.evidence {
		e := s.eventOf(x)
		for _, n := range x.nodes() {
			if !inRaw(n.pointer) {
				s.object(n)
				s.text(n, e)
			}
		}
		commanded := false
		for _, c := range commandsOf(x) {
			commanded = s.command(c) || commanded
		}
		if e != nil {
			e.windows()
			e.host()
			e.service()
			if !commanded {
				e.routine(commandsOf(x))
			}
		}
	}
	for _, n := range addressed(s.evidence) {
		quote := addressing.FindString(n.value.(string))
		s.hit("text.addressing", "text in the evidence that tries to instruct the analysis", risky, 7, cite(n, quote))
	}
	s.countries()
}

// inRaw tells whether a value belongs to an alert's raw document.
func inRaw(pointer string) bool { return pointer == "/raw" || strings.HasPrefix(pointer, "/raw/") }

// addressed lists the texts that speak to whoever analyses them, raw documents included.
func addressed(evidence []exhibit) []node {
	var out []node
	for _, x := range evidence {
		for _, n := range x.nodes() {
			if text, ok := n.value.(string); ok && addressing.MatchString(text) {
				out = append(out, n)
			}
		}
	}
	return out
}

var separators = strings.NewReplacer("_", "", "-", "", " ", "")

// plain makes one name of command_line, commandLine and "command line".
func plain(key string) string { return strings.ToLower(separators.Replace(key)) }

// text applies the rules on single texts. What a program wrote or loaded is not what ran: an event that is about a file
// says so itself.
func (s *scorer) text(n node, e *event) {
	text, ok := n.value.(string)
	if !ok || text == "" {
		return
	}
	key := plain(n.key)
	for _, rule := range textRules {
		if rule.keys != nil && !slices.Contains(rule.keys, key) {
			continue
		}
		if rule.id == "path.writable" && e != nil && e.get("targetfilename", "imageloaded", "targetobject", "changedattributes").there() {
			continue
		}
		found := rule.pattern.FindString(text)
		if found == "" {
			continue
		}
		c := cite(n, strings.TrimSpace(found))
		weight := rule.weight
		if slices.Contains(claims, rule.id) && hedged.MatchString(text) {
			weight = 1
		}
		s.hit(rule.id, rule.text, rule.direction, weight, c)
		s.technique(rule.technique, c)
	}
	if plain(n.key) == "attack" && techniqueID.MatchString(text) {
		base, _, _ := strings.Cut(text, ".")
		s.technique(text, cite(n, text))
		if weight := techniqueWeights[base]; weight > 0 {
			s.hit("attack", "techniques that attackers use to do harm, by the source's own mapping", risky, weight, cite(n, text))
		}
	}
}

// maxClaim is what a detection's claims weigh together where the event itself can be looked at.
const maxClaim = 2

// conclude orders the indications and answers claims. Where the event itself has an ordinary explanation and nothing in
// the evidence speaks against it, what the detection says of itself weighs no more, and is told as what speaks against.
// Where the event can be looked at, one claim is left of them, and it weighs little.
func (s *scorer) conclude() (indicators []soc.Indication, answered []string) {
	settled := s.explained && !slices.ContainsFunc(s.indicators, func(w weighed) bool { return !w.claim && w.Direction == risky })
	var heaviest *soc.Indication
	for i, w := range s.indicators {
		switch {
		case settled && w.claim:
			answered = append(answered, sentence(w.Text))
		case w.claim && s.witnessed:
			if heaviest == nil || w.Weight > heaviest.Weight {
				heaviest = &s.indicators[i].Indication
			}
		default:
			indicators = append(indicators, w.Indication)
		}
	}
	if heaviest != nil {
		claim := *heaviest
		claim.Weight = min(claim.Weight, maxClaim)
		indicators = append(indicators, claim)
	}
	slices.SortStableFunc(indicators, func(a, b soc.Indication) int { return b.Weight - a.Weight })
	return indicators, answered
}

// verdict concludes from the indicators. Findings are the indicators that count, in words.
func (s *scorer) verdict(req Request) soc.Verdict {
	indicators, answered := s.conclude()
	score := riskScore(indicators)
	v := soc.Verdict{
		Verdict: inconclusive, Classification: "undetermined", Indicators: indicators, Attack: s.techniques, RiskScore: score,
		Findings: []soc.Finding{}, Against: slices.Clone(answered), Missing: []string{}, Questions: []soc.Question{}, Recommended: []soc.Recommended{}, Notes: []string{},
	}
	heaviest := map[string]int{}
	for _, i := range indicators {
		heaviest[i.Direction] = max(heaviest[i.Direction], i.Weight)
	}
	switch {
	case score >= maliciousAt && heaviest[risky] >= decisive:
		v.Verdict, v.Classification = malicious, "true_positive"
	case score >= suspiciousAt, score > 0 && heaviest[risky] >= decisive: // what is decisive is not talked away, only doubted
		v.Verdict = suspicious
	case score <= benignAt && heaviest[risky] <= 3:
		v.Verdict, v.Classification = benign, "benign_true_positive"
	}
	if v.Verdict != inconclusive { // what is as good as tossed is right in half of the cases
		v.Confidence.Stated = math.Round(100*(0.5+min(0.9, math.Abs(score))/2)) / 100
	}
	towards := risky
	if v.Verdict == benign {
		towards = benign
	}
	for _, i := range indicators {
		if i.Direction == towards || v.Verdict == inconclusive {
			v.Findings = append(v.Findings, soc.Finding{Claim: sentence(i.Text), Entities: []string{}, Citations: i.Citations})
		} else {
			v.Against = append(v.Against, sentence(i.Text))
		}
	}
	v.Severity.Before, v.Severity.After = req.Severity, req.Severity
	if !slices.Contains(soc.Severities, req.Severity) {
		v.Severity.Before, v.Severity.After = soc.SeverityUnknown, soc.SeverityUnknown
	}
	if v.Verdict == malicious && req.Severity.ID() < soc.SeverityHigh.ID() {
		v.Severity.After = soc.SeverityHigh
	}
	v.Summary = summary(v)
	if v.Attack == nil {
		v.Attack = []soc.Technique{}
	}
	if v.Against == nil {
		v.Against = []string{}
	}
	if v.Indicators == nil {
		v.Indicators = []soc.Indication{}
	}
	return v
}

// lower starts a claim in lower case, unless it starts with a name such as PowerShell.
func lower(claim string) string {
	if first, _, _ := strings.Cut(claim, " "); strings.ToLower(first[1:]) != first[1:] {
		return claim
	}
	return strings.ToLower(claim[:1]) + claim[1:]
}

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }

func summary(v soc.Verdict) string {
	if len(v.Indicators) == 0 {
		return "No model was used. None of the declared rules holds on the evidence, so there is no conclusion."
	}
	var strongest []string
	for _, f := range v.Findings[:min(3, len(v.Findings))] {
		strongest = append(strongest, strings.TrimSuffix(lower(f.Claim), "."))
	}
	word := map[string]string{malicious: "Malicious", suspicious: "Suspicious", benign: "Benign", inconclusive: "Inconclusive"}[v.Verdict]
	return fmt.Sprintf("%s, by declared rules; no model was used. %d of them hold, with a risk of %+.2f: %s.",
		word, len(v.Indicators), v.RiskScore, strings.Join(strongest, "; "))
}
