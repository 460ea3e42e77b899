package model

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
)

// maxMembers bounds a committee: each member is paid for every question.
const maxMembers = 7

// Committee asks several providers the same question. Their verdict is the one on which all agree, and inconclusive
// otherwise. It takes no tools: which of several conversations to go on with is nobody's to say.
type Committee struct {
	name    string
	members []Provider
}

var _ Provider = (*Committee)(nil)

// NewCommittee returns a committee of two or more providers with names of their own.
func NewCommittee(name string, members ...Provider) (*Committee, error) {
	names := map[string]bool{}
	for _, m := range members {
		names[m.Name()] = true
	}
	if len(members) < 2 || len(members) > maxMembers || len(names) != len(members) {
		return nil, soc.Errorf(soc.Invalid, "%s: a committee has 2 to %d different members", name, maxMembers)
	}
	return &Committee{name: name, members: members}, nil
}

// Name is what playbooks call the committee.
func (c *Committee) Name() string { return c.name }

// opinion is what a member has said.
type opinion struct {
	member  string
	out     Response
	err     error
	took    time.Duration
	verdict soc.Verdict
}

// Complete asks all members at once. A member that does not answer abstains: there is no verdict but inconclusive then. Where none
// answers, the first one's error is the committee's.
func (c *Committee) Complete(ctx context.Context, req Request) (Response, error) {
	if len(req.Tools) > 0 {
		return Response{}, soc.Errorf(soc.Invalid, "%s is a committee, and a committee uses no tools; choose a single provider or a chain for an agent", c.name)
	}
	opinions := make([]opinion, len(c.members))
	var asked sync.WaitGroup
	for i, m := range c.members {
		asked.Go(func() {
			started := time.Now()
			o := opinion{member: m.Name()}
			o.out, o.err = m.Complete(ctx, req)
			if o.err == nil && req.Returns != ReturnsSchema {
				// Each is held against the evidence by itself, before it counts.
				o.verdict, o.err = CompleteVerdict(o.out.Output, req, soc.Provenance{NoModel: true})
			}
			o.took = time.Since(started)
			opinions[i] = o
		})
	}
	asked.Wait()

	out := Response{Stop: contract.StopEnd}
	var models []string
	var requests []json.RawMessage
	answered := 0
	for i, o := range opinions {
		one := triedOf(c.members[i], o.out, o.err)
		one.LatencyMS = o.took.Milliseconds()
		one.Verdict = o.verdict.Verdict
		out.Tried = append(out.Tried, one)
		out.TokensIn += o.out.TokensIn
		out.TokensOut += o.out.TokensOut
		out.CostUSD += o.out.CostUSD
		out.NoPrice = out.NoPrice || o.out.NoPrice
		models = append(models, o.out.Model)
		if out.Prompt == "" {
			out.System, out.Prompt, out.PromptDigest = o.out.System, o.out.Prompt, o.out.PromptDigest
		}
		if json.Valid(o.out.Request) {
			requests = append(requests, o.out.Request)
		}
		out.Text += fmt.Sprintf("%s: %s\n", o.member, o.out.Text)
		if o.err == nil {
			answered++
		}
	}
	out.Model = cut(strings.Join(models, ", "), 300)
	out.Request, _ = told(requests)
	if answered == 0 {
		return out, opinions[0].err
	}
	var err error
	if req.Returns == ReturnsSchema {
		out.Output, err = same(c.name, opinions)
	} else {
		out.Output, err = told(c.merge(opinions))
	}
	return out, err
}

// same is the one document that all members gave, or an error that says who said what.
func same(name string, opinions []opinion) (json.RawMessage, error) {
	var first json.RawMessage
	agreed := true
	var said []string
	for i, o := range opinions {
		if o.err != nil {
			agreed = false
			said = append(said, o.member+" did not answer ("+cut(o.err.Error(), 200)+")")
			continue
		}
		canonical, err := contract.Canonical(o.out.Output)
		if err != nil {
			return nil, badOutput("%s: it is not valid JSON", o.member)
		}
		if i == 0 {
			first = canonical
		}
		agreed = agreed && string(canonical) == string(first)
		said = append(said, o.member+" said "+cut(string(canonical), 200))
	}
	if !agreed {
		return nil, soc.Errorf(soc.Invalid, "the members of %s do not agree: %s", name, strings.Join(said, "; "))
	}
	return first, nil
}

// merge makes one verdict of many. It holds to the schema of verdicts, and CompleteVerdict checks it as any other.
func (c *Committee) merge(opinions []opinion) map[string]any {
	verdict, classification, unanimous := "", "", true
	confidence := 1.0
	var said, summaries, against, missing []string
	indicators, findings := indicationsOf(opinions), []soc.Finding{}
	techniques := map[string]soc.Technique{}
	recommended := map[string]soc.Recommended{}
	var after soc.Severity
	for _, o := range opinions {
		if o.err != nil {
			unanimous = false
			said = append(said, o.member+" did not answer ("+cut(o.err.Error(), 200)+")")
			continue
		}
		v := o.verdict
		if verdict == "" {
			verdict, classification = v.Verdict, v.Classification
		}
		if v.Verdict != verdict {
			unanimous = false
		}
		if v.Classification != classification {
			classification = "" // CompleteVerdict takes the one that fits the verdict
		}
		word := o.member + " says " + v.Verdict
		if notes := without(v.Notes, "no model was used"); len(notes) > 0 {
			word += " (" + cut(strings.Join(notes, "; "), 300) + ")"
		}
		said = append(said, word)
		summaries = append(summaries, o.member+": "+cut(v.Summary, 3000/len(opinions)))
		confidence = min(confidence, v.Confidence.Stated)
		if v.Severity.After.ID() > after.ID() || after == "" {
			after = v.Severity.After
		}
		for _, f := range v.Findings {
			f.Claim = o.member + ": " + cut(f.Claim, 1800)
			findings = append(findings, f)
		}
		for _, text := range v.Against {
			against = append(against, o.member+": "+cut(text, 800))
		}
		missing = append(missing, v.Missing...)
		for _, t := range v.Attack {
			techniques[t.ID] = t
		}
		for _, r := range v.Recommended {
			key := r.Operation + string(r.Arguments)
			if _, known := recommended[key]; !known {
				r.Why = o.member + ": " + cut(r.Why, 800)
				recommended[key] = r
			}
		}
	}
	summary := fmt.Sprintf("All %d members agree: %s. %s", len(opinions), verdict, strings.Join(summaries, " "))
	if !unanimous {
		verdict, classification, confidence = inconclusive, "", 0
		summary = "The members do not agree: " + strings.Join(said, "; ") + "."
		against = append([]string{cut(summary, 900)}, against...)
	}
	slices.Sort(missing)
	out := map[string]any{
		"verdict": verdict, "summary": cut(summary, 3900), "confidence": map[string]any{"stated": confidence},
		"indicators": atMost(indicators, 60), "findings": atMost(findings, 60), "against": atMost(against, 30),
		"missing": atMost(slices.Compact(missing), 30), "attack": atMost(sorted(techniques), 30), "recommended": atMost(sorted(recommended), 20),
	}
	if classification != "" {
		out["classification"] = classification
	}
	if after != "" {
		out["severity"] = map[string]any{"after": after}
	}
	return out
}

// indicationsOf merges what members say of one place in the evidence, so that a fact does not weigh more because several have
// seen it. The heaviest weight stands.
func indicationsOf(opinions []opinion) []soc.Indication {
	type place struct{ direction, evidence, pointer string }
	var out []soc.Indication
	var by [][]string
	at := map[place]int{}
	for _, o := range opinions {
		for _, in := range o.verdict.Indicators {
			first := in.Citations[0] // CompleteVerdict leaves none without
			key := place{in.Direction, first.Evidence, first.Pointer}
			i, known := at[key]
			if !known {
				at[key] = len(out)
				out, by = append(out, in), append(by, []string{o.member})
				continue
			}
			out[i].Weight = max(out[i].Weight, in.Weight)
			for _, c := range in.Citations {
				if !slices.Contains(out[i].Citations, c) && len(out[i].Citations) < 30 {
					out[i].Citations = append(out[i].Citations, c)
				}
			}
			if !slices.Contains(by[i], o.member) {
				by[i] = append(by[i], o.member)
			}
		}
	}
	for i := range out {
		out[i].Text = strings.Join(by[i], ", ") + ": " + cut(out[i].Text, 800)
	}
	slices.SortStableFunc(out, func(a, b soc.Indication) int { return b.Weight - a.Weight })
	return out
}

func without(notes []string, prefix string) []string {
	return slices.DeleteFunc(slices.Clone(notes), func(n string) bool { return strings.HasPrefix(n, prefix) })
}

func atMost[T any](list []T, most int) []T {
	if list == nil {
		return []T{}
	}
	return list[:min(len(list), most)]
}

func sorted[T any](by map[string]T) []T {
	list := make([]T, 0, len(by))
	for _, key := range slices.Sorted(maps.Keys(by)) {
		list = append(list, by[key])
	}
	return list
}
