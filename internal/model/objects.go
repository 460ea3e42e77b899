package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"picket/internal/soc"
)

// facts reads the members of an object by which a kind of evidence is known.
type facts struct {
	node
	object map[string]any
}

func (f facts) has(names ...string) bool {
	for _, name := range names {
		if _, ok := f.object[name]; !ok {
			return false
		}
	}
	return true
}

func (f facts) text(name string) string {
	text, _ := f.object[name].(string)
	return text
}

func (f facts) yes(name string) bool {
	v, _ := f.object[name].(bool)
	return v
}

func (f facts) number(name string) int {
	n, _ := f.object[name].(json.Number)
	i, err := strconv.Atoi(n.String())
	if err != nil {
		return -1
	}
	return i
}

// cite quotes a member whole.
func (f facts) cite(name string) soc.Citation {
	quote, _ := scalar(f.object[name])
	return cite(node{evidence: f.evidence, pointer: f.pointer + "/" + name}, quote)
}

// object applies the rules on kinds of evidence. They know a kind by the members of its schema, whatever step or
// connector it came from.
func (s *scorer) object(n node) {
	object, ok := n.value.(map[string]any)
	if !ok {
		return
	}
	f := facts{n, object}
	switch {
	case f.has("listed", "suppressed", "matches"):
		s.lists(f)
	case f.has("listed", "ransomware", "cve"):
		s.exploited(f)
	case f.has("malicious", "harmless", "undetected"):
		s.engines(f)
	case f.has("score", "reports", "isp"):
		s.reports(f)
	case f.has("scope", "public", "block"):
		s.network(f)
	case f.has("found", "status", "login"):
		s.account(f)
	case f.has("found", "risk", "health"):
		s.endpoint(f)
	case f.has("class_uid", "severity"):
		s.alert(f)
	}
	if f.has("spf") || f.has("dkim") || f.has("dmarc") {
		s.authentication(f)
	}
	if f.has("from", "reply_to") {
		s.replyTo(f)
	}
	if f.has("name", "parent") {
		s.office(f)
	}
}

// lists are the indicator lists: block lists raise, suppress lists say that a hit means little.
func (s *scorer) lists(f facts) {
	var named []soc.Citation
	matches, _ := f.object["matches"].([]any)
	for i, item := range matches {
		match, _ := item.(map[string]any)
		list, _ := match["list"].(string)
		if kind, _ := match["kind"].(string); list != "" && (kind == "block") == f.yes("listed") && len(named) < 2 {
			named = append(named, cite(node{evidence: f.evidence, pointer: f.pointer + "/matches/" + strconv.Itoa(i) + "/list"}, list))
		}
	}
	citations := append([]soc.Citation{}, named...)
	if text := f.text("value"); text != "" {
		citations = append([]soc.Citation{f.cite("value")}, citations...)
	}
	switch {
	case f.yes("listed") && f.yes("suppressed"):
		s.hit("intel.doubtful", "on a block list, and on a list of what is often listed by mistake", risky, 2, append(citations, f.cite("suppressed"))...)
	case f.yes("listed"):
		s.hit("intel.listed", "on a block list", risky, 8, append(citations, f.cite("listed"))...)
	case f.yes("suppressed"):
		s.hit("intel.suppressed", "on a list of what is known to be harmless", benign, 4, append(citations, f.cite("suppressed"))...)
	}
}

func (s *scorer) exploited(f facts) {
	switch {
	case f.yes("listed") && f.yes("ransomware"):
		s.hit("kev", "a vulnerability that ransomware is known to exploit", risky, 8, f.cite("cve"), f.cite("ransomware"))
	case f.yes("listed"):
		s.hit("kev", "a vulnerability that is known to be exploited", risky, 6, f.cite("cve"), f.cite("listed"))
	}
}

func (s *scorer) engines(f facts) {
	bad, good := f.number("malicious"), f.number("harmless")+f.number("undetected")
	switch {
	case bad >= 5:
		s.hit("engines", "many engines say malicious", risky, 9, f.cite("malicious"))
	case bad >= 1 || f.number("suspicious") >= 3:
		s.hit("engines.few", "a few engines say malicious or suspicious", risky, 4, f.cite("malicious"))
	case bad == 0 && f.number("suspicious") <= 0 && good >= 40:
		s.hit("engines.none", "many engines looked at it, and none says malicious", benign, 3, f.cite("malicious"), f.cite("undetected"))
	}
}

func (s *scorer) reports(f facts) {
	score := f.number("score")
	switch {
	case f.yes("allowed"):
		s.hit("reports.allowed", "on the reporting service's own allow list", benign, 4, f.cite("allowed"))
	case score >= 75:
		s.hit("reports", "an address that many people have reported for abuse", risky, 6, f.cite("score"))
	case score >= 25:
		s.hit("reports", "an address that people have reported for abuse", risky, 3, f.cite("score"))
	}
	if f.yes("tor") {
		s.hit("tor", "a Tor exit, behind which anybody may be", risky, 4, f.cite("tor"))
	}
}

func (s *scorer) network(f facts) {
	if scope := f.text("scope"); scope == "private" || scope == "loopback" {
		s.hit("network.private", "an address inside of a private network", benign, 2, f.cite("scope"))
	}
}

func (s *scorer) account(f facts) {
	if status := f.text("status"); status == "SUSPENDED" || status == "DEPROVISIONED" || status == "LOCKED_OUT" {
		s.hit("account.closed", "an account that should not be used: it is suspended, locked or gone", risky, 3, f.cite("status"))
	}
}

func (s *scorer) endpoint(f facts) {
	switch strings.ToLower(f.text("risk")) {
	case "high":
		s.hit("endpoint.risk", "a host that its own agent sees at high risk", risky, 5, f.cite("risk"))
	case "medium":
		s.hit("endpoint.risk", "a host that its own agent sees at medium risk", risky, 3, f.cite("risk"))
	}
}

func (s *scorer) alert(f facts) {
	severity := f.text("severity")
	if weight := severityWeights[severity]; weight > 0 {
		s.hit("severity", "the source itself rates the alert "+severity, risky, weight, f.cite("severity"))
	}
}

func (s *scorer) authentication(f facts) {
	passed := 0
	for _, check := range []struct {
		name   string
		weight int
	}{{"spf", 3}, {"dkim", 3}, {"dmarc", 5}} {
		switch strings.ToLower(f.text(check.name)) {
		case "pass":
			passed++
		case "fail", "softfail", "permerror", "reject", "quarantine":
			s.hit("mail."+check.name, "a mail that fails "+strings.ToUpper(check.name), risky, check.weight, f.cite(check.name))
		}
	}
	if passed == 3 {
		s.hit("mail.authentic", "a mail that passes SPF, DKIM and DMARC, and so comes from the domain that it names", benign, 2, f.cite("dmarc"))
	}
}

func (s *scorer) replyTo(f facts) {
	from, to := mailDomain(f.text("from")), mailDomain(f.text("reply_to"))
	if from != "" && to != "" && from != to && !strings.HasSuffix(from, "."+to) && !strings.HasSuffix(to, "."+from) {
		s.hit("mail.reply_to", "answers go to another domain than the one that the mail names as its sender", risky, 4, f.cite("from"), f.cite("reply_to"))
	}
}

func mailDomain(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return strings.ToLower(strings.TrimRight(strings.TrimSpace(domain), "> "))
}

var (
	offices      = []string{"winword.exe", "excel.exe", "powerpnt.exe", "outlook.exe", "onenote.exe", "acrord32.exe", "msaccess.exe", "mspub.exe"}
	interpreters = []string{"powershell.exe", "pwsh.exe", "cmd.exe", "wscript.exe", "cscript.exe", "mshta.exe", "rundll32.exe", "regsvr32.exe", "certutil.exe", "bitsadmin.exe", "msiexec.exe", "schtasks.exe"}
)

// office is a document that starts an interpreter.
func (s *scorer) office(f facts) {
	parent := strings.ToLower(f.text("parent"))
	if slices.Contains(interpreters, strings.ToLower(f.text("name"))) && slices.ContainsFunc(offices, func(o string) bool { return strings.Contains(parent, o) }) {
		s.hit("process.office", "a document program that starts a command interpreter", risky, 7, f.cite("name"), f.cite("parent"))
	}
}

// countries compares where an address is with where the evidence says that its user usually is.
func (s *scorer) countries() {
	var usual []string
	var from soc.Citation
	var seen []node
	for _, x := range s.evidence {
		for _, n := range x.nodes() {
			if inRaw(n.pointer) {
				continue
			}
			switch plain(n.key) {
			case "usualcountries", "knowncountries", "homecountries", "usualcountry":
				if country, ok := n.value.(string); ok && len(country) == 2 {
					usual, from = append(usual, strings.ToUpper(country)), cite(n, country)
				}
			case "country":
				if country, ok := n.value.(string); ok && len(country) == 2 {
					seen = append(seen, n)
				}
			}
		}
	}
	if len(usual) == 0 {
		return
	}
	for _, n := range seen {
		country := n.value.(string)
		if slices.Contains(usual, strings.ToUpper(country)) {
			s.hit("country.usual", "a country from which the account is usually used", benign, 3, cite(n, country), from)
		} else {
			s.hit("country.unusual", fmt.Sprintf("a country (%s) from which the account is not usually used", cut(country, 2)), risky, 4, cite(n, country), from)
		}
	}
}
