package ingest

import (
	"encoding/hex"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"picket/internal/soc"
)

// observe adds an observable if the value is one of its type; the first role of a value stands.
func (b *builder) observe(kind, value, role string) {
	switch kind {
	case "ip":
		value = address(value)
	case "hash":
		value = hashValue(value)
	case "url":
		value = link(value)
	case "domain":
		value = domainName(value)
	case "email":
		value = mailAddress(value)
	case "cve":
		value = strings.ToUpper(strings.TrimSpace(value))
	case "file", "mail_subject":
		value = clip(strings.TrimSpace(value), urlText)
	default:
		value = clip(strings.TrimSpace(value), shortText)
	}
	id := kind + "\x00" + value
	if kind == "host" || kind == "user" {
		id = strings.ToLower(id)
	}
	if value == "" || b.seen[id] || len(b.Observables) >= maxObservables {
		return
	}
	b.seen[id] = true
	b.Observables = append(b.Observables, soc.Observable{Type: kind, Value: value, Role: role})
	if kind == "url" {
		if u, err := url.Parse(value); err == nil {
			if ip := address(u.Hostname()); ip != "" {
				b.observe("ip", ip, role+".host")
			} else {
				b.observe("domain", u.Hostname(), role+".host")
			}
		}
	}
}

// observeFields lists the observables that stand in the alert's own fields, and those in its texts.
func (b *builder) observeFields() {
	a := &b.Alert
	own := b.Observables // what the adapter found comes after the fields that name a role
	b.Observables, b.seen = []soc.Observable{}, map[string]bool{}
	b.observe("ip", a.SrcIP, "src_ip")
	b.observe("ip", a.DstIP, "dst_ip")
	b.observe("host", a.Host.Name, "host.name")
	b.observe("ip", a.Host.IP, "host.ip")
	b.observe("user", a.User.Name, "user.name")
	b.observe("email", a.User.Email, "user.email")
	b.observe("hash", a.File.SHA256, "file.sha256")
	b.observe("hash", a.File.SHA1, "file.sha1")
	b.observe("hash", a.File.MD5, "file.md5")
	if a.File.Path != "" {
		b.observe("file", a.File.Path, "file.path")
	} else {
		b.observe("file", a.File.Name, "file.name")
	}
	b.observe("process", a.Process.Name, "process.name")
	b.observe("url", a.URL, "url")
	b.observe("email", a.Mail.From, "mail.from")
	b.observe("email", a.Mail.ReplyTo, "mail.reply_to")
	for _, to := range a.Mail.To {
		b.observe("email", to, "mail.to")
	}
	b.observe("mail_subject", a.Mail.Subject, "mail.subject")
	for _, link := range a.Mail.URLs {
		b.observe("url", link, "mail.urls")
	}
	for _, o := range own {
		b.observe(o.Type, o.Value, o.Role)
	}
	b.observeText(a.Process.CommandLine, "process.command_line")
	b.observeText(a.Mail.Body, "mail.body")
	b.observeText(a.Title, "title")
	b.observeText(a.Description, "description")
}

var (
	urlInText = regexp.MustCompile(`(?i)\b(?:https?|hxxps?|ftp)(?:\[:\]|:)//[^\s"'<>|^` + "`" + `{}\\]+`)
	cveInText = regexp.MustCompile(`(?i)\bCVE-[0-9]{4}-[0-9]{4,7}\b`)
	ipInText  = regexp.MustCompile(`\b(?:[0-9]{1,3}(?:\.|\[\.\])){3}[0-9]{1,3}\b`)
)

const maxInText = 50 // matches of a kind looked at in one text

func (b *builder) observeText(text, role string) {
	if text == "" {
		return
	}
	for _, found := range urlInText.FindAllString(text, maxInText) {
		b.observe("url", strings.TrimRight(found, ".,;:!?)]&"), role)
	}
	for _, found := range cveInText.FindAllString(text, maxInText) {
		b.observe("cve", found, role)
	}
	for _, found := range ipInText.FindAllString(text, maxInText) {
		b.observe("ip", found, role)
	}
}

var fangs = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "[:]", ":", "[://]", "://", "[@]", "@", "[at]", "@")

// refang undoes what analysts write to make an address harmless.
func refang(text string) string {
	text = fangs.Replace(strings.TrimSpace(text))
	if len(text) > 4 && strings.EqualFold(text[:4], "hxxp") {
		text = "http" + text[4:]
	}
	return text
}

// address is an IP address in its usual form, without zone, port or brackets; "" if it is none, or says nothing.
func address(text string) string {
	if len(text) > 100 {
		return ""
	}
	text = refang(text)
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return ""
		}
		ip = withPort.Addr()
	}
	if ip = ip.Unmap().WithZone(""); ip.IsUnspecified() {
		return ""
	}
	return ip.String()
}

// hashValue is an MD5, SHA-1, SHA-256 or SHA-512 in lower-case hexadecimal; "" if it is none.
func hashValue(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	switch len(text) {
	case 32, 40, 64, 128:
	default:
		return ""
	}
	if _, err := hex.DecodeString(text); err != nil || (len(text) < 64 && strings.Trim(text, "0") == "") {
		return "" // Sysmon writes zeros for a hash that it did not compute
	}
	return text
}

func sized(text string, length int) string {
	if text = hashValue(text); len(text) != length {
		return ""
	}
	return text
}

// link is an absolute URL of a scheme that fetches something; "" otherwise.
func link(text string) string {
	text = refang(text)
	if text == "" || len(text) > urlText || clip(text, urlText) != text || strings.ContainsAny(text, " \t\n") {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "ftp", "ftps", "ws", "wss":
		return text
	}
	return ""
}

var label = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// domainName is a DNS name of at least two labels in lower case; "" otherwise.
func domainName(text string) string {
	text = strings.TrimSuffix(strings.ToLower(refang(text)), ".")
	if len(text) > 253 || !strings.Contains(text, ".") || address(text) != "" {
		return ""
	}
	for _, part := range strings.Split(text, ".") {
		if !label.MatchString(part) {
			return ""
		}
	}
	return text
}

// mailAddress is the address, in lower case, of "name@domain" or of "Name <name@domain>"; "" otherwise.
func mailAddress(text string) string {
	text = refang(text)
	if len(text) > shortText || !strings.Contains(text, "@") {
		return ""
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		open, end := strings.LastIndexByte(text, '<'), strings.LastIndexByte(text, '>')
		if open < 0 || end < open { // a display name that RFC 5322 does not allow: the address may still be one
			return ""
		}
		if parsed, err = mail.ParseAddress(text[open+1 : end]); err != nil {
			return ""
		}
	}
	if clip(parsed.Address, shortText) != parsed.Address || strings.ContainsAny(parsed.Address, " \"") {
		return ""
	}
	return strings.ToLower(parsed.Address)
}
