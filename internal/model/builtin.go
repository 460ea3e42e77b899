package model

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

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
	s := scorer{evidence: exhibits(req.allEvidence()), found: map[string]int{}}
	s.score()
	output, err := json.Marshal(s.verdict(req))
	if err != nil {
		return Response{}, soc.Errorf(soc.Internal, "the builtin verdict can't be written: %v", err)
	}
	var ids []string
	for _, e := range req.allEvidence() {
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
	indicators []soc.Indication
	found      map[string]int // index in indicators by rule
	techniques []soc.Technique
}

// hit counts a rule once however often it holds; further places become further citations.
func (s *scorer) hit(rule, text, direction string, weight int, citations ...soc.Citation) {
	if len(citations) == 0 {
		return
	}
	i, known := s.found[rule]
	if !known {
		s.found[rule] = len(s.indicators)
		s.indicators = append(s.indicators, soc.Indication{Text: text, Direction: direction, Weight: weight, Citations: citations})
		return
	}
	in := &s.indicators[i]
	in.Weight = max(in.Weight, weight)
	for _, c := range citations {
		if len(in.Citations) < maxCited && !slices.Contains(in.Citations, c) {
			in.Citations = append(in.Citations, c)
		}
	}
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
		for _, n := range x.nodes() {
			if !inRaw(n.pointer) {
				s.object(n)
				s.text(n)
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

func plain(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(key))
}

func (s *scorer) text(n node) {
	text, ok := n.value.(string)
	if !ok || text == "" {
		return
	}
	key := plain(n.key)
	for _, rule := range textRules {
		if rule.keys != nil && !slices.Contains(rule.keys, key) {
			continue
		}
		found := rule.pattern.FindString(text)
		if found == "" {
			continue
		}
		c := cite(n, strings.TrimSpace(found))
		s.hit(rule.id, rule.text, rule.direction, rule.weight, c)
		s.technique(rule.technique, c)
		if rule.id == "command.encoded" {
			s.decoded(n, found)
		}
	}
	if plain(n.key) == "attack" && techniqueID.MatchString(text) {
		base, _, _ := strings.Cut(text, ".")
		s.technique(text, cite(n, text))
		if weight := techniqueWeights[base]; weight > 0 {
			s.hit("attack", "techniques that attackers use to do harm, by the source's own mapping", risky, weight, cite(n, text))
		}
	}
}

var base64Text = regexp.MustCompile(`[A-Za-z0-9+/]{24,}={0,2}`)

// decoded looks into a script that PowerShell was given in Base64 of UTF-16.
func (s *scorer) decoded(n node, found string) {
	encoded := base64Text.FindString(found)
	whole := base64Text.FindString(n.value.(string)[strings.Index(n.value.(string), encoded):])
	if len(whole) > 64<<10 {
		return
	}
	bytes, err := base64.StdEncoding.DecodeString(whole)
	if err != nil || len(bytes) < 2 {
		return
	}
	units := make([]uint16, len(bytes)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(bytes[2*i:])
	}
	script := string(utf16.Decode(units))
	for _, rule := range textRules {
		if rule.id == "command.download" && rule.pattern.MatchString(script) {
			s.hit("command.decoded", "the encoded script, once decoded, downloads and runs something", risky, 8, cite(n, encoded))
		}
		if rule.id == "command.credentials" && rule.pattern.MatchString(script) {
			s.hit("command.decoded", "the encoded script, once decoded, takes credentials", risky, 9, cite(n, encoded))
		}
	}
}

// verdict concludes from the indicators. Findings are the indicators that count, in words.
func (s *scorer) verdict(req Request) soc.Verdict {
	slices.SortStableFunc(s.indicators, func(a, b soc.Indication) int { return b.Weight - a.Weight })
	score := riskScore(s.indicators)
	v := soc.Verdict{
		Verdict: inconclusive, Classification: "undetermined", Indicators: s.indicators, Attack: s.techniques, RiskScore: score,
		Findings: []soc.Finding{}, Against: []string{}, Missing: []string{}, Questions: []soc.Question{}, Recommended: []soc.Recommended{}, Notes: []string{},
	}
	heaviest := map[string]int{}
	for _, i := range s.indicators {
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
	v.Confidence.Stated = math.Round(100*min(0.9, math.Abs(score))) / 100
	if v.Verdict == inconclusive {
		v.Confidence.Stated = 0
	}
	towards := risky
	if v.Verdict == benign {
		towards = benign
	}
	for _, i := range s.indicators {
		if i.Direction == towards || v.Verdict == inconclusive {
			v.Findings = append(v.Findings, soc.Finding{Claim: sentence(i.Text), Entities: []string{}, Citations: i.Citations})
		} else {
			v.Against = append(v.Against, sentence(i.Text))
		}
	}
	v.Severity.Before, v.Severity.After = req.Severity, req.Severity
	if v.Verdict == malicious && req.Severity.ID() < soc.SeverityHigh.ID() {
		v.Severity.After = soc.SeverityHigh
	}
	v.Summary = summary(v)
	if len(v.Attack) == 0 {
		v.Attack = []soc.Technique{}
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
