package ingest

import (
	"strconv"
	"strings"

	"picket/internal/soc"
)

// guardduty reads AWS GuardDuty findings: bare, from EventBridge, through SNS, or as the API lists them, where every
// name starts with a capital.
type guardduty struct{}

func (guardduty) volatile() []string {
	return []string{"updatedAt", "UpdatedAt", "eventLastSeen", "EventLastSeen", "count", "Count"}
}

func (guardduty) documents(d doc) ([]doc, error) {
	if !d.object() {
		return nil, fail(Unprocessable, d.at, "an object was expected: a GuardDuty finding")
	}
	inner := d
	if message := inner.key("Message").embedded(); message.object() && inner.key("TopicArn").there() {
		inner = message
	}
	if findings := inner.key("Findings"); findings.there() {
		var out []doc
		out = append(out, findings.list()...)
		return out, nil
	}
	if kind := inner.key("detail-type"); kind.there() {
		if !strings.EqualFold(kind.text(), "GuardDuty Finding") {
			return nil, fail(Unprocessable, kind.at, "the event is a %q, not a GuardDuty Finding", clip(kind.text(), 100))
		}
		inner = inner.key("detail")
		if !inner.object() {
			return nil, fail(Unprocessable, inner.at, "missing: the finding stands in the event's detail")
		}
	}
	return []doc{withRaw(inner, d)}, nil
}

func (guardduty) alert(d doc, b *builder) error {
	kind := d.key("type")
	if !strings.Contains(kind.text(), ":") {
		return fail(Unprocessable, kind.at, "missing: a GuardDuty finding has a type such as Recon:EC2/PortProbeUnprotectedPort")
	}
	if d.first("id", "arn") == "" {
		return fail(Unprocessable, d.at+"/id", "missing: a GuardDuty finding has an id")
	}
	b.Vendor, b.Product = "AWS", "GuardDuty"
	b.SourceID = d.first("id", "arn")
	b.identity = d.first("accountId") + "/" + d.first("region") + "/" + b.SourceID
	b.Title, b.Description = d.first("title", "type"), d.first("description")
	b.Rule.ID, b.Rule.Name = kind.text(), kind.text()
	b.Rule.Level = d.key("severity").integer()
	b.Severity = guarddutySeverity(d.key("severity").text())
	purpose, _, _ := strings.Cut(kind.text(), ":")
	b.group(purpose)
	b.Time = d.whenFirst("service.eventFirstSeen", "createdAt", "service.eventLastSeen", "updatedAt")
	b.Cloud = soc.Cloud{Provider: "aws", Account: d.first("accountId"), Region: d.first("region")}
	if sample := d.get("service.additionalInfo"); sample.key("sample").text() == "true" {
		b.label("sample")
	}
	for _, indicator := range d.get("service.detection.sequence.indicators").list() {
		if indicator.first("key") == "ATTACK_TECHNIQUE" {
			b.attack(indicator.key("values").texts()...)
		}
	}
	guarddutyResource(d.key("resource"), b)
	guarddutyAction(d.get("service.action"), b)
	guarddutyMalware(d.key("service"), b)
	return nil
}

// guarddutySeverity follows the bands that AWS documents: low from 1.0, medium from 4.0, high from 7.0, critical from 9.0.
func guarddutySeverity(text string) soc.Severity {
	level, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return severity(text) // some forwarders send the word
	case level >= 9:
		return soc.SeverityCritical
	case level >= 7:
		return soc.SeverityHigh
	case level >= 4:
		return soc.SeverityMedium
	case level >= 1:
		return soc.SeverityLow
	}
	return soc.SeverityInformational
}

func guarddutyResource(resource doc, b *builder) {
	if key := resource.key("accessKeyDetails"); key.object() {
		b.User.Name, b.User.UID = key.first("userName", "principalId"), key.first("accessKeyId", "principalId")
		if email := mailAddress(b.User.Name); email != "" {
			b.User.Email = email
		}
		b.Cloud.Resource = key.first("accessKeyId")
	}
	if user := resource.get("kubernetesDetails.kubernetesUserDetails"); user.object() && b.User.Name == "" {
		b.User.Name, b.User.UID = user.first("username"), user.first("uid")
	}
	if user := resource.get("rdsDbUserDetails.user").text(); user != "" && b.User.Name == "" {
		b.User.Name = user
	}
	if instance := resource.key("instanceDetails"); instance.object() {
		b.Host.ID, b.Host.Name = instance.first("instanceId"), instance.first("instanceId")
		b.Host.OS = instance.first("platform")
		for _, tag := range instance.key("tags").list() {
			if strings.EqualFold(tag.first("key"), "Name") && tag.first("value") != "" {
				b.Host.Name = tag.first("value")
			}
		}
		for _, network := range instance.key("networkInterfaces").list() {
			if b.Host.IP == "" {
				b.Host.IP = network.first("privateIpAddress")
			}
			b.observe("ip", network.first("privateIpAddress"), "host.ip")
			b.observe("ip", network.first("publicIp"), "host.public_ip")
		}
		b.Cloud.Resource = instance.first("instanceId")
		b.observe("user", resource.first("instanceDetails.iamInstanceProfile.id"), "host.profile")
	}
	for _, place := range []string{"s3BucketDetails.0.arn", "s3BucketDetails.0.name", "eksClusterDetails.arn", "ecsClusterDetails.arn",
		"lambdaDetails.functionArn", "rdsDbInstanceDetails.dbInstanceArn", "rdsDbInstanceDetails.dbInstanceIdentifier", "ebsSnapshotDetails.snapshotArn"} {
		if text := resource.get(place).text(); text != "" && b.Cloud.Resource == "" {
			b.Cloud.Resource = text
		}
	}
}

// guarddutyAction reads who did it from where. The remote end is the source, unless our host opened the connection.
func guarddutyAction(action doc, b *builder) {
	outbound := strings.EqualFold(action.first("networkConnectionAction.connectionDirection"), "OUTBOUND")
	for _, kind := range []string{"awsApiCallAction", "networkConnectionAction", "kubernetesApiCallAction", "rdsLoginAttemptAction"} {
		guarddutyRemote(action.get(kind+".remoteIpDetails"), outbound, kind, b)
	}
	for _, probe := range action.get("portProbeAction.portProbeDetails").list() {
		guarddutyRemote(probe.key("remoteIpDetails"), false, "portProbeAction", b)
	}
	for _, ip := range action.get("kubernetesApiCallAction.sourceIps").list() {
		b.observe("ip", ip.text(), "kubernetesApiCallAction.sourceIps")
	}
	b.observe("domain", action.first("dnsRequestAction.domain"), "dnsRequestAction.domain")
	b.observe("domain", action.first("awsApiCallAction.domainDetails.domain"), "awsApiCallAction.domain")
}

func guarddutyRemote(remote doc, outbound bool, role string, b *builder) {
	ip := firstAddress(remote, "ipAddressV4", "ipAddressV6")
	if ip == "" {
		return
	}
	b.observe("ip", ip, role+".remote")
	switch {
	case outbound && b.DstIP == "":
		b.DstIP = ip
	case !outbound && b.SrcIP == "":
		b.SrcIP = ip
	}
}

// guarddutyMalware reads what Malware Protection and Runtime Monitoring have found.
func guarddutyMalware(service doc, b *builder) {
	keep := func(file doc) {
		if b.File == (soc.File{}) {
			b.File = soc.File{Name: file.first("fileName"), Path: file.first("filePath", "objectPath")}
			b.hash(file.first("hash", "fileSha256"))
		}
		b.observe("hash", file.first("hash", "fileSha256"), "malware")
		b.observe("file", file.first("filePath", "objectPath", "fileName"), "malware")
	}
	for _, threat := range service.get("ebsVolumeScanDetails.scanDetections.threatDetectedByName.threatNames").list() {
		b.label(threat.first("name"))
		for _, file := range threat.key("filePaths").list() {
			keep(file)
		}
	}
	for _, threat := range service.get("malwareScanDetails.threats").list() {
		b.label(threat.first("name"))
		for _, file := range threat.key("itemPaths").list() {
			keep(doc{v: map[string]any{"filePath": file.first("nestedItemPath", "objectPath"), "hash": file.first("hash")}, at: file.at})
		}
	}
	if process := service.get("runtimeDetails.process"); process.object() {
		b.Process = soc.Process{Name: process.first("name"), Path: process.first("executablePath"), PID: process.key("pid").integer()}
		b.Process.CommandLine = service.first("runtimeDetails.context.commandLineExample", "runtimeDetails.process.commandLine")
		b.Process.Parent = process.first("lineage.0.executablePath", "lineage.0.name")
		if b.File == (soc.File{}) {
			b.File.Path = process.first("executablePath")
			b.hash(process.first("executableSha256"))
		}
		if b.User.Name == "" {
			b.User.Name = process.first("user")
		}
	}
}
