package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"picket/internal/soc"
)

// plainWord is a text too short, and of too few kinds of characters, to say something: a name, an id, a digest, a number.
var plainWord = regexp.MustCompile(`^[\p{L}\p{N}_.:@-]{1,64}$`)

// Mask replaces texts in untrusted evidence by tokens that say of what type they are, so that nothing in them can speak.
// What can't is left as it is: numbers, times, addresses, digests and single words. The same text has the same token.
// Texts is how many were replaced; evidence that can't be read is replaced whole.
func Mask(evidence []soc.Evidence) (masked []soc.Evidence, texts int) {
	m := masking{tokens: map[string]string{}}
	for _, e := range evidence {
		if !e.Untrusted {
			masked = append(masked, e)
			continue
		}
		var data any
		dec := json.NewDecoder(bytes.NewReader(e.Data))
		dec.UseNumber()
		if deeper(e.Data, maxDepth*2) || dec.Decode(&data) != nil {
			data = string(e.Data)
		}
		if text, err := json.Marshal(m.value(data)); err == nil { // of decoded JSON
			e.Data = text
		}
		e.Title = m.text(e.Title)
		masked = append(masked, e)
	}
	return masked, len(m.tokens)
}

type masking struct{ tokens map[string]string }

func (m *masking) value(v any) any {
	switch v := v.(type) {
	case string:
		return m.text(v)
	case []any:
		for i := range v {
			v[i] = m.value(v[i])
		}
	case map[string]any:
		named := make(map[string]any, len(v))
		for key, child := range v {
			named[m.text(key)] = m.value(child)
		}
		return named
	}
	return v
}

func (m *masking) text(s string) string {
	kind := kindOf(s)
	if kind == "" {
		return s
	}
	if token, known := m.tokens[s]; known {
		return token
	}
	token := fmt.Sprintf("[%s %d, %d characters]", kind, len(m.tokens)+1, len([]rune(s)))
	m.tokens[s] = token
	return token
}

// kindOf is the type of a text that is masked, "" of one that is not.
func kindOf(s string) string {
	if s == "" || plainWord.MatchString(s) {
		return ""
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return ""
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999-0700", time.DateTime} {
		if _, err := time.Parse(layout, s); err == nil {
			return ""
		}
	}
	u, err := url.Parse(s)
	switch {
	case err == nil && u.Host != "" && u.Scheme != "":
		return "url"
	case !strings.ContainsAny(s, " \t\n") && strings.ContainsAny(s, `/\`):
		return "path"
	}
	return "text"
}

// Doubt holds a verdict against what the same question was answered with masked evidence: where benign rests on texts that
// an attacker can have written, it is inconclusive, and a note says why. Any other verdict stands.
func Doubt(v *soc.Verdict, masked string, texts int) {
	if v.Verdict != benign || masked == benign {
		return
	}
	c := completion{verdict: v}
	c.inconclusive("asked again with %d texts of the evidence masked, the verdict was %s: only what an attacker can have written speaks for benign", texts, masked)
	c.classify()
	v.VerdictID = verdictID(v.Verdict, v.Classification)
}
