package ingest

import (
	"html"
	"strings"

	"picket/internal/soc"
)

// wazuh reads the alerts of Wazuh: bare, as in alerts.json, or wrapped by an integration or the indexer.
type wazuh struct{}

func (wazuh) volatile() []string { return []string{"firedtimes"} }

func (wazuh) documents(d doc) ([]doc, error) {
	if !d.object() {
		return nil, fail(Unprocessable, d.at, "an object was expected: a Wazuh alert")
	}
	inner := d
	for range 3 {
		if inner.key("rule").object() {
			return []doc{withRaw(inner, d)}, nil
		}
		found := false
		// _source: the indexer; all_fields: the integration with Shuffle; the rest: custom integrations and forwarders
		for _, name := range []string{"all_fields", "_source", "alert", "body", "data", "message", "result"} {
			if next := inner.key(name).embedded(); next.object() && (next.key("rule").object() || name == "body" || name == "message") {
				inner, found = next, true
				break
			}
		}
		if !found {
			break
		}
	}
	return nil, fail(Unprocessable, inner.at+"/rule", "missing: a Wazuh alert has an object rule")
}

// withRaw keeps the bytes of the whole document that an alert came in, if they are at hand.
func withRaw(inner, outer doc) doc {
	inner.raw = outer.raw
	return inner
}

func (wazuh) alert(d doc, b *builder) error {
	rule := d.key("rule")
	if rule.first("description", "id", "level") == "" {
		return fail(Unprocessable, rule.at+"/description", "missing: a Wazuh rule has an id, a level and a description")
	}
	b.Vendor, b.Product = "Wazuh", "Wazuh"
	b.SourceID = d.first("id", "_id")
	if b.SourceID != "" { // ids are unique within a manager
		b.identity = d.first("manager.name", "cluster.name") + "/" + b.SourceID
	}
	b.Rule.ID, b.Rule.Level = rule.first("id"), rule.key("level").integer()
	b.Title = windowsText(rule.first("description"))
	if b.Title == "" {
		b.Title = "Wazuh rule " + b.Rule.ID
	}
	b.Rule.Name = b.Title
	b.group(rule.key("groups").texts()...)
	b.Severity = wazuhSeverity(rule.key("level").text(), b.Rule.Level)
	b.attack(rule.get("mitre.id").texts()...)
	b.Time = d.whenFirst("timestamp", "@timestamp", "predecoder.timestamp", "data.timestamp")
	b.Description = d.first("full_log", "data.win.system.message", "syscheck.diff")
	b.Host = soc.Host{Name: d.first("agent.name", "predecoder.hostname"), IP: d.first("agent.ip"), ID: d.first("agent.id")}
	wazuhEvent(d, b)
	if data := d.get("data.win"); data.object() {
		b.Host.OS = "Windows"
		wazuhWindows(data, b)
	}
	wazuhCloud(d, b)
	wazuhFile(d, b)
	return nil
}

// wazuhSeverity follows the bands of Wazuh's own dashboard: low to 6, medium to 11, high to 14, critical above; level 0
// is by Wazuh's documentation "ignored, no action taken".
func wazuhSeverity(text string, level int) soc.Severity {
	switch {
	case text == "" || level < 0:
		return soc.SeverityUnknown
	case level == 0:
		return soc.SeverityInformational
	case level <= 6:
		return soc.SeverityLow
	case level <= 11:
		return soc.SeverityMedium
	case level <= 14:
		return soc.SeverityHigh
	}
	return soc.SeverityCritical
}

// wazuhEvent reads the fields that Wazuh's decoders share.
func wazuhEvent(d doc, b *builder) {
	data := d.key("data")
	b.SrcIP = firstAddress(data, "srcip", "src_ip", "source_ip", "client_ip", "remote_ip", "aws.source_ip_address", "aws.sourceIPAddress",
		"aws.srcaddr", "office365.ClientIP", "office365.ClientIPAddress", "gcp.protoPayload.requestMetadata.callerIp",
		"github.actor_ip", "src.ip", "win.eventdata.ipAddress", "win.eventdata.sourceIp", "alert.src_ip")
	b.DstIP = firstAddress(data, "dstip", "dst_ip", "dest_ip", "destination_ip", "aws.dstaddr", "dst.ip", "win.eventdata.destinationIp")
	for _, name := range []string{"dstuser", "srcuser", "user", "username", "account", "uid", "office365.UserId",
		"aws.userIdentity.userName", "gcp.protoPayload.authenticationInfo.principalEmail", "github.actor", "audit.uid"} {
		if text := data.get(name).text(); text != "" {
			if b.User.Name == "" {
				b.User = account(text)
			}
			b.observe("user", account(text).Name, "data."+name)
		}
	}
	b.URL = data.first("url", "http.url")
	b.Process.Path = data.first("audit.exe", "process.path")
	b.Process.Name = data.first("process.name", "audit.command", "program_name")
	b.Process.CommandLine = data.first("command", "audit.execve.a0", "process.cmdline")
	b.Process.PID = data.pick("audit.pid", "process.pid", "pid").integer()
	b.observe("cve", data.first("vulnerability.cve"), "data.vulnerability.cve")
	b.observe("domain", data.first("dns.question.name", "hostname", "query"), "data.dns")
	b.observe("ip", d.first("location"), "location")
}

func firstAddress(d doc, paths ...string) string {
	for _, path := range paths {
		if ip := address(d.get(path).text()); ip != "" {
			return ip
		}
	}
	return ""
}

// wazuhWindows reads an event of the Windows event channel, Sysmon's above all.
func wazuhWindows(win doc, b *builder) {
	event := func(names ...string) string { return windowsText(win.key("eventdata").first(names...)) }
	for _, name := range []string{"targetUserName", "user", "targetUser", "sourceUser", "subjectUserName", "accountName"} {
		text := event(name)
		if text == "" || text == "-" {
			continue
		}
		who := account(text)
		if b.User.Name == "" {
			b.User = who
			if strings.HasPrefix(name, "target") && who.Domain == "" {
				b.User.Domain = event("targetDomainName")
			}
			b.User.UID = event("targetUserSid", "subjectUserSid")
		}
		b.observe("user", who.Name, "win.eventdata."+name)
	}
	b.observe("host", win.get("system.computer").text(), "win.system.computer")
	if image := event("image", "sourceImage", "newProcessName", "processName", "imagePath"); image != "" {
		b.Process = soc.Process{Path: image, Name: baseName(image)}
	}
	b.Process.CommandLine = event("commandLine", "processCommandLine", "scriptBlockText", "serviceFileName", "contextInfo")
	b.Process.PID = win.get("eventdata").pick("processId", "newProcessId", "sourceProcessId").integer()
	b.Process.Parent = event("parentCommandLine", "parentImage", "parentProcessName")
	b.observe("process", baseName(event("parentImage", "parentProcessName")), "process.parent")
	b.observe("process", baseName(event("targetImage")), "win.eventdata.targetImage")
	b.observe("domain", event("queryName", "destinationHostname"), "win.eventdata.queryName")
	b.observe("ip", event("destinationIp"), "dst_ip")
	b.observe("file", event("details"), "win.eventdata.details")
	b.File.Path = event("imageLoaded", "targetFilename", "image", "path", "process Name")
	for _, part := range strings.Split(event("hashes", "hash", "sha256"), ",") {
		kind, value, ok := strings.Cut(part, "=")
		if !ok {
			value = kind
		}
		if !strings.EqualFold(kind, "IMPHASH") { // as long as an MD5, and not one
			b.hash(value)
		}
	}
	if name := event("threat Name"); name != "" { // Windows Defender's own events
		b.label(name)
	}
	if _, id, ok := strings.Cut(event("ruleName"), "technique_id="); ok {
		id, _, _ = strings.Cut(id, ",")
		b.attack(id)
	}
}

func wazuhCloud(d doc, b *builder) {
	if aws := d.get("data.aws"); aws.object() {
		b.Cloud = soc.Cloud{
			Provider: "aws", Account: aws.first("aws_account_id", "accountId", "recipientAccountId", "userIdentity.accountId"),
			Region: aws.first("region", "awsRegion"), Resource: aws.first("arn", "resources.0.ARN", "requestParameters.bucketName"),
		}
	} else if gcp := d.get("data.gcp"); gcp.object() {
		b.Cloud = soc.Cloud{Provider: "gcp", Account: gcp.first("resource.labels.project_id"), Resource: gcp.first("protoPayload.resourceName")}
	} else if d.get("data.office365").object() {
		b.Cloud = soc.Cloud{Provider: "microsoft365", Account: d.first("data.office365.OrganizationId"), Resource: d.first("data.office365.ObjectId")}
	}
}

// wazuhFile reads file integrity monitoring and the VirusTotal integration.
func wazuhFile(d doc, b *builder) {
	if syscheck := d.key("syscheck"); syscheck.object() {
		b.File = soc.File{Path: syscheck.first("path")}
		for _, name := range []string{"sha256_after", "sha1_after", "md5_after", "hash_after"} {
			b.hash(syscheck.key(name).text())
		}
		if b.User.Name == "" {
			b.User = account(syscheck.first("audit.login_user.name", "audit.user.name", "uname_after"))
		}
		if b.Process.Path == "" {
			b.Process.Path = syscheck.first("audit.process.name")
		}
	}
	if total := d.get("data.virustotal"); total.object() {
		b.File = soc.File{Path: total.first("source.file")}
		for _, name := range []string{"source.sha256", "source.sha1", "source.md5"} {
			b.hash(total.get(name).text())
		}
	}
}

// windowsText undoes what Wazuh's decoder does to Windows fields: every backslash doubled, quotes escaped, XML entities
// left in. A text in which a backslash stands alone was not treated so, and stays as it is.
func windowsText(text string) string {
	if strings.ContainsRune(text, '\\') {
		var out strings.Builder
		doubled := true
		for i := 0; i < len(text); i++ {
			if text[i] == '\\' {
				if i+1 == len(text) || (text[i+1] != '\\' && text[i+1] != '"') {
					doubled = false
					break
				}
				i++
			}
			out.WriteByte(text[i])
		}
		if doubled {
			text = out.String()
		}
	}
	if strings.ContainsRune(text, '&') {
		text = html.UnescapeString(text)
	}
	return text
}
