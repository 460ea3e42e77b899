package ingest

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"picket/internal/soc"
)

// Mapping reads an alert out of any JSON document. Places are RFC 6901 pointers ("/event/src~1ip") or dotted paths
// ("event.src_ip", "items.0.name").
type Mapping struct {
	// Alerts is the place of an array of alerts, when the document holds several.
	Alerts string `json:"alerts,omitempty" yaml:"alerts,omitempty"`
	// Fields maps a field of the alert ("src_ip", "file.sha256") to its place. A field that is not named is read from
	// where it usually stands.
	Fields map[string]string `json:"fields,omitempty" yaml:"fields,omitempty"`
	// Severity maps the source's words and numbers to ours.
	Severity map[string]string `json:"severity,omitempty" yaml:"severity,omitempty"`
	// Values are fields that are the same for all alerts of the source, such as vendor and product.
	Values map[string]string `json:"values,omitempty" yaml:"values,omitempty"`
}

// usual lists, per field, where it stands in the alerts of most products.
var usual = map[string][]string{
	"source_id":   {"alert_id", "alertId", "id", "uid", "uuid", "event_id", "finding_info.uid", "_id"},
	"title":       {"title", "name", "alert_name", "alertname", "rule_name", "rule.name", "rule.description", "finding_info.title", "signature", "alert.signature", "event.action", "summary", "subject", "message"},
	"description": {"description", "details", "message", "finding_info.desc", "summary"},
	"severity":    {"severity", "alert_severity", "level", "priority", "event.severity", "risk"},
	"time":        {"timestamp", "time", "@timestamp", "event_time", "created_at", "createdAt", "occurred_at", "detected_at", "date", "finding_info.created_time"},
	"vendor":      {"vendor", "metadata.product.vendor_name"},
	"product":     {"product", "metadata.product.name"},

	"rule.id":    {"rule.id", "rule_id", "signature_id", "alert.signature_id", "finding_info.analytic.uid"},
	"rule.name":  {"rule.name", "rule_name", "rule", "rule.description", "finding_info.analytic.name"},
	"rule.level": {"rule.level", "rule_level"},

	"user.name":   {"user.name", "user", "username", "user_name", "account", "actor.user.name", "principal"},
	"user.domain": {"user.domain", "user_domain", "domain_name"},
	"user.email":  {"user.email", "user_email", "email_address", "actor.user.email_addr", "reported_by", "recipient"},
	"user.uid":    {"user.id", "user.uid", "user_id", "actor.user.uid"},

	"host.name": {"host.name", "host", "hostname", "host_name", "device", "device.hostname", "computer", "computer_name", "endpoint"},
	"host.ip":   {"host.ip", "host_ip", "device.ip", "host.ip.0"},
	"host.id":   {"host.id", "host_id", "device_id", "device.uid", "agent.id"},
	"host.os":   {"host.os.name", "host.os", "os", "device.os.name"},

	"src_ip": {"src_ip", "source_ip", "srcip", "src", "source.ip", "src_endpoint.ip", "client_ip", "remote_ip", "ip", "ip_address"},
	"dst_ip": {"dst_ip", "dest_ip", "destination_ip", "dstip", "dst", "destination.ip", "dst_endpoint.ip"},

	"file.name":   {"file.name", "file_name", "filename"},
	"file.path":   {"file.path", "file_path", "path"},
	"file.sha256": {"sha256", "file.sha256", "file_sha256", "file.hash.sha256", "hash.sha256", "hash", "file_hash"},
	"file.sha1":   {"sha1", "file.sha1", "file.hash.sha1", "hash.sha1", "hash", "file_hash"},
	"file.md5":    {"md5", "file.md5", "file.hash.md5", "hash.md5", "hash", "file_hash"},

	"process.name":         {"process.name", "process_name", "process"},
	"process.path":         {"process.path", "process.executable", "process_path", "image"},
	"process.command_line": {"process.command_line", "command_line", "commandline", "cmdline", "process.cmd_line", "cmd"},
	"process.pid":          {"process.pid", "pid", "process_id"},
	"process.parent":       {"process.parent.name", "process.parent", "parent_process", "process.parent_process.name"},

	"url": {"url", "uri", "link", "url.full", "http_request.url.url_string"},

	"mail.message_id": {"mail.message_id", "email.message_id", "message_id"},
	"mail.from":       {"mail.from", "email.from", "from", "sender", "email.from.address"},
	"mail.reply_to":   {"mail.reply_to", "email.reply_to", "reply_to"},
	"mail.to":         {"mail.to", "email.to", "to", "recipients", "recipient"},
	"mail.subject":    {"mail.subject", "email.subject", "subject"},
	"mail.body":       {"mail.body", "email.body", "body", "body_text", "email.raw_body"},
	"mail.urls":       {"mail.urls", "email.urls", "urls", "links", "email.links"},
	"mail.spf":        {"mail.spf", "email.spf", "spf", "authentication.spf", "mail.authentication.spf"},
	"mail.dkim":       {"mail.dkim", "email.dkim", "dkim", "authentication.dkim", "mail.authentication.dkim"},
	"mail.dmarc":      {"mail.dmarc", "email.dmarc", "dmarc", "authentication.dmarc", "mail.authentication.dmarc"},

	"cloud.provider": {"cloud.provider", "cloud_provider"},
	"cloud.account":  {"cloud.account.id", "cloud.account.uid", "cloud.account", "account_id", "aws_account_id"},
	"cloud.region":   {"cloud.region", "region"},
	"cloud.resource": {"cloud.resource", "resource", "resource_id"},

	"attack":      {"attack", "mitre", "mitre_techniques", "techniques", "technique", "threat.technique.id", "mitre.id"},
	"labels":      {"labels", "tags"},
	"rule.groups": {"rule.groups", "groups", "rule.category", "category"},
	"cve":         {"cve", "cve_id", "vulnerability.id", "vulnerability.cve"},
	"domain":      {"domain", "dns.question.name", "query", "dns_query", "dest_domain", "destination.domain"},
}

// Fields lists the fields that a mapping may name, in alphabetical order.
func Fields() []string { return slices.Sorted(maps.Keys(usual)) }

// Validate reports unknown fields, malformed places and words that are no severity. A nil mapping is valid.
func (m *Mapping) Validate() error {
	if m == nil {
		return nil
	}
	for _, field := range slices.Sorted(maps.Keys(m.Fields)) {
		if _, ok := usual[field]; !ok {
			return soc.Errorf(soc.Invalid, "mapping: no field %q in an alert; there are %s", field, strings.Join(Fields(), ", "))
		}
		if m.Fields[field] == "" {
			return soc.Errorf(soc.Invalid, "mapping: the place of %q is empty", field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(m.Values)) {
		if _, ok := usual[field]; !ok {
			return soc.Errorf(soc.Invalid, "mapping: no field %q in an alert; there are %s", field, strings.Join(Fields(), ", "))
		}
	}
	for _, word := range slices.Sorted(maps.Keys(m.Severity)) {
		if to := soc.Severity(m.Severity[word]); !slices.Contains(soc.Severities, to) {
			return soc.Errorf(soc.Invalid, "mapping: %q is no severity (for %q); there are unknown, informational, low, medium, high, critical and fatal", to, word)
		}
	}
	return nil
}

type generic struct{ mapping *Mapping }

func (generic) volatile() []string {
	return []string{"received_at", "ingested_at", "sent_at", "delivered_at", "delivery_id", "request_id", "attempt", "retry", "retries"}
}

func (g generic) documents(d doc) ([]doc, error) {
	if !d.object() {
		return nil, fail(Unprocessable, d.at, "an object was expected: an alert")
	}
	if g.mapping == nil || g.mapping.Alerts == "" {
		return []doc{d}, nil
	}
	place := d.get(g.mapping.Alerts)
	if _, ok := place.v.([]any); !ok {
		return nil, fail(Unprocessable, place.at, "missing: the mapping names an array of alerts here")
	}
	out := place.list()
	for _, item := range out {
		if !item.object() {
			return nil, fail(Unprocessable, item.at, "an object was expected: an alert")
		}
	}
	return out, nil
}

// field is where a field stands in a document: where the mapping says, or the first usual place that has something.
func (g generic) field(d doc, name string, fits func(doc) bool) doc {
	if g.mapping != nil {
		if place, ok := g.mapping.Fields[name]; ok {
			return d.get(place)
		}
		if value, ok := g.mapping.Values[name]; ok {
			return doc{v: value, at: d.at}
		}
	}
	for _, place := range usual[name] {
		if found := d.get(place); fits(found) {
			return found
		}
	}
	return doc{at: d.at + "/" + usual[name][0]}
}

func isText(d doc) bool { return d.text() != "" }

func (g generic) alert(d doc, b *builder) error {
	text := func(name string) string { return g.field(d, name, isText).text() }
	title := g.field(d, "title", isText)
	if title.text() == "" {
		return fail(Unprocessable, title.at, "missing: an alert needs a title; name its place in the source's mapping")
	}
	b.Title, b.Description = title.text(), text("description")
	b.Vendor, b.Product, b.SourceID = text("vendor"), text("product"), text("source_id")
	b.Severity = g.severity(d)
	b.Time = when(g.field(d, "time", func(d doc) bool { return !when(d.text()).IsZero() }).text())
	b.Rule.ID, b.Rule.Name, b.Rule.Level = text("rule.id"), text("rule.name"), g.field(d, "rule.level", isText).integer()
	b.User = account(text("user.name"))
	for to, name := range map[*string]string{&b.User.Domain: "user.domain", &b.User.Email: "user.email", &b.User.UID: "user.uid"} {
		if v := text(name); v != "" {
			*to = v
		}
	}
	b.Host = soc.Host{Name: text("host.name"), ID: text("host.id"), OS: text("host.os")}
	isIP := func(d doc) bool { return address(d.text()) != "" }
	b.Host.IP = g.field(d, "host.ip", isIP).text()
	b.SrcIP, b.DstIP = g.field(d, "src_ip", isIP).text(), g.field(d, "dst_ip", isIP).text()
	hash := func(name string, length int) string {
		return g.field(d, name, func(d doc) bool { return sized(d.text(), length) != "" }).text()
	}
	b.File = soc.File{
		Name: text("file.name"), Path: text("file.path"),
		SHA256: hash("file.sha256", 64), SHA1: hash("file.sha1", 40), MD5: hash("file.md5", 32),
	}
	b.Process = soc.Process{
		Name: text("process.name"), Path: text("process.path"), CommandLine: text("process.command_line"),
		PID: g.field(d, "process.pid", isText).integer(), Parent: text("process.parent"),
	}
	b.URL = g.field(d, "url", func(d doc) bool { return link(d.text()) != "" }).text()
	g.mail(d, b)
	b.Cloud = soc.Cloud{Provider: text("cloud.provider"), Account: text("cloud.account"), Region: text("cloud.region"), Resource: text("cloud.resource")}
	many := func(name string) []string {
		return g.field(d, name, func(d doc) bool { return len(d.texts()) > 0 }).texts()
	}
	b.attack(many("attack")...)
	b.label(many("labels")...)
	b.group(many("rule.groups")...)
	for _, cve := range many("cve") {
		if cveInText.MatchString(cve) {
			b.observe("cve", cveInText.FindString(cve), "cve")
		}
	}
	for _, name := range many("domain") {
		b.observe("domain", name, "domain")
	}
	return nil
}

func (g generic) mail(d doc, b *builder) {
	text := func(name string) string { return g.field(d, name, isText).text() }
	b.Mail.MessageID, b.Mail.From, b.Mail.ReplyTo = text("mail.message_id"), text("mail.from"), text("mail.reply_to")
	b.Mail.Subject = text("mail.subject")
	if b.Mail.From == "" && b.Mail.MessageID == "" && b.Mail.Subject == "" {
		return // not about a mail: body, links and the like mean something else then
	}
	b.Mail.Body = text("mail.body")
	b.Mail.SPF, b.Mail.DKIM, b.Mail.DMARC = strings.ToLower(text("mail.spf")), strings.ToLower(text("mail.dkim")), strings.ToLower(text("mail.dmarc"))
	some := func(d doc) bool { return len(d.list()) > 0 }
	for _, to := range g.field(d, "mail.to", some).list() {
		for _, one := range strings.Split(to.text(), ",") {
			if one = mailAddress(one); one != "" && len(b.Mail.To) < maxURLs {
				b.Mail.To = append(b.Mail.To, one)
			}
		}
	}
	for _, item := range g.field(d, "mail.urls", some).list() {
		if item.object() {
			item = item.pick("url", "href", "link")
		}
		if u := link(item.text()); u != "" && len(b.Mail.URLs) < maxURLs {
			b.Mail.URLs = append(b.Mail.URLs, u)
		}
	}
}

// severity reads a word, or an OCSF severity_id; any other number means something by the mapping only.
func (g generic) severity(d doc) soc.Severity {
	found := g.field(d, "severity", isText).text()
	if g.mapping != nil {
		for _, word := range []string{found, strings.ToLower(found)} {
			if to, ok := g.mapping.Severity[word]; ok {
				return soc.Severity(to)
			}
		}
		if to, ok := g.mapping.Severity["*"]; ok {
			return soc.Severity(to)
		}
	}
	if s := severity(found); s != soc.SeverityUnknown {
		return s
	}
	if id, err := strconv.Atoi(d.first("severity_id")); err == nil && id > 0 && id < len(soc.Severities) {
		return soc.Severities[id]
	}
	return soc.SeverityUnknown
}
