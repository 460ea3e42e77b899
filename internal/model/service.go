package model

import (
	"encoding/json"
	"regexp"
	"strings"
)

// service applies the rules on what web servers, network sensors and cloud services report.
func (e *event) service() {
	e.web()
	e.sensor()
	e.cloud()
	e.mailbox()
	e.scanned()
}

var (
	injection = regexp.MustCompile(`(?i)(%27|'|%22|")?(\s|%20|\+|/\*.*\*/)+(union(\s|%20|\+|/\*.*\*/)+(all(\s|%20|\+)+)?select|or(\s|%20|\+)+['"%27]*1['"%27]*(=|%3d)|and(\s|%20|\+)+sleep)|information_schema|sleep(\(|%28)\d|benchmark(\(|%28)|waitfor(\s|%20|\+)+delay|xp_cmdshell|;(\s|%20)*drop(\s|%20)+table`)
	traversal = regexp.MustCompile(`(?i)(\.\.|%2e%2e|%252e%252e|\.%2e)(/|\\|%2f|%5c|%252f){1,2}.*(etc|passwd|win\.ini|boot\.ini|system32|\.\.)|/etc/(passwd|shadow)|php://(input|filter)|file://|proc/self/environ`)
	runsThere = regexp.MustCompile(`(?i)\(\)\s*\{\s*:;\s*\}|\$(\{|%7b)jndi(:|%3a)|(;|\||%7c|%3b|&&|\$\(|%24%28|` + "`" + `)(\s|%20|\+)*(wget|curl|bash|sh|nc|cat|id|whoami|powershell|certutil)(\s|%20|\+|\$\{ifs\}|%24)|cmd=|exec=|(\?|&)c=|base64_decode|eval\(|system\(|allow_url_include|class\.module\.classloader|T\(java\.lang\.Runtime`)
	scripting = regexp.MustCompile(`(?i)(<|%3c)(script|svg|img|iframe)[^>]{0,80}(onerror|onload|alert|document\.|%3e|>)|javascript(:|%3a)`)
	probing   = regexp.MustCompile(`(?i)/\.(git|env|aws|svn|ssh|htpasswd)\b|/(wp-login|xmlrpc|phpmyadmin|setup|install|shell|cmd|c99|r57)\.(php|asp)|/actuator/|/solr/admin|/manager/html|/vendor/phpunit|/cgi-bin/.*\.(sh|cgi)`)
	asset     = regexp.MustCompile(`(?i)\.(ico|png|jpe?g|gif|svg|css|js|map|woff2?|ttf|txt|webp|xml|json)(\?.*)?$`)
)

// web is a request to a web server.
func (e *event) web() {
	log := e.group("web", "accesslog", "web_accesslog", "appsec", "modsecurity", "waf")
	url, line := e.get("url"), e.get("fulllog")
	if !log.there() && !(url.there() && e.get("httpmethod", "method").there()) {
		return
	}
	from, place := e.source()
	for _, rule := range []struct {
		id, text string
		weight   int
		pattern  *regexp.Regexp
	}{
		{"web.command", "a request that makes the server run something", 8, runsThere},
		{"web.injection", "a request that puts a query of its own into the server's", 6, injection},
		{"web.traversal", "a request for files that the server does not serve", 5, traversal},
		{"web.scripting", "a request that carries a script for other readers", 5, scripting},
		{"web.probing", "a request for what scanners look for", 3, probing},
	} {
		for _, f := range []field{url, e.get("useragent"), line} {
			if f.matches(rule.pattern) {
				e.hit(rule.id, rule.text, risky, rule.weight, quote(f)...)
				if status := e.under("/data/", "id"); strings.HasPrefix(status.text, "2") && rule.weight >= 5 {
					e.hit("web.answered", "the server has answered it", risky, 2, quote(status)...)
				}
				break
			}
		}
	}
	scan := e.group("web_scan", "recon", "web_attack", "exploit_attempt")
	switch {
	case scan.there() && place == outside:
		e.hit("web.scan", "somebody outside tries the server for what it has", risky, 4, quote(scan, from)...)
	case url.matches(asset) && !url.matches(probing) && !strings.Contains(url.text, "..") && strings.HasPrefix(e.under("/data/", "id").text, "4"):
		e.explain("web.asset", "a picture, a style sheet or the like that is not there", 4, quote(url)...)
	}
}

var (
	idsNoise  = regexp.MustCompile(`(?i)^(ET|ETPRO) (INFO|POLICY|GAMES|CHAT|P2P|VOIP)\b|^SURICATA (STREAM|TCP|UDP|TLS|HTTP|DNS|SMTP|ICMP|IPv[46]|Applayer|QUIC|ETHERNET|FRAG|DECODE)|^GPL ICMP`)
	idsThreat = regexp.MustCompile(`(?i)\b(trojan|malware|command and control|c2\b|cnc\b|exploit|coinminer|currency mining|ransom|backdoor|webshell|web application attack|attempted (administrator|user) privilege|successful (administrator|user|credential)|executable code was detected|exfiltrat|botnet|cobalt|shellcode|attack_response)`)
	idsScan   = regexp.MustCompile(`(?i)\bscan\b|\battempted information leak|\bnetwork scan`)
	idsQuiet  = regexp.MustCompile(`^[34]$`)
)

// sensor is an alert of a network sensor.
func (e *event) sensor() {
	name, category, severity := e.get("signature"), e.get("category"), e.under("/alert/", "severity")
	if !name.there() {
		return
	}
	_, place := e.source()
	switch {
	case name.matches(idsThreat) || category.matches(idsThreat):
		weight := 6
		if strings.EqualFold(e.under("/alert/", "action").text, "blocked") {
			weight = 4
		}
		e.hit("sensor.threat", "the signature is one of malware or of an attack, and not of a habit", risky, weight, quote(name, category)...)
	case name.matches(idsNoise) && !severity.there(), name.matches(idsNoise) && severity.matches(idsQuiet):
		e.explain("sensor.noise", "the signature is of a habit or of a malformed packet, and not of an attack", 5, quote(name, severity)...)
	case name.matches(idsScan) || category.matches(idsScan):
		text, weight := "somebody scans the network, from inside, as inventories also do", 2
		if place == outside {
			text, weight = "somebody scans the network from outside", 4
		}
		e.hit("sensor.scan", text, risky, weight, quote(name)...)
	}
}

var (
	cloudBlind   = regexp.MustCompile(`^(StopLogging|DeleteTrail|UpdateTrail|PutEventSelectors|DeleteFlowLogs|DeleteDetector|DisassociateFromMasterAccount|StopMonitoringMembers|LeaveOrganization|DeleteConfigurationRecorder|StopConfigurationRecorder|DeleteDeliveryChannel|DeleteLogGroup|DeleteLogStream|DisassociateWebACL|DeleteWebACL|DeleteResolverQueryLogConfig|DisassociateResolverQueryLogConfig|DisableSecurityHub|DeleteEventDataStore|DisableKey|ScheduleKeyDeletion|DeleteBucketPublicAccessBlock|DeleteBucketEncryption|DisableEbsEncryptionByDefault|DeactivateMFADevice)$`)
	cloudRights  = regexp.MustCompile(`^(Attach(User|Role|Group)Policy|Put(User|Role|Group)Policy|AddUserToGroup|CreatePolicyVersion|SetDefaultPolicyVersion|UpdateAssumeRolePolicy|CreateLoginProfile|UpdateLoginProfile|CreateAccessKey|CreateTrustAnchor|CreateSAMLProvider|CreateOpenIDConnectProvider|AddPermission\d*(v2)?|GetFederationToken|CreateUser)$`)
	cloudAdmin   = regexp.MustCompile(`AdministratorAccess|IAMFullAccess|PowerUserAccess|"Action":\s*"\*"|\\"Action\\":\s*\\"\*\\"`)
	cloudShared  = regexp.MustCompile(`^(Modify(Snapshot|Image|DBSnapshot|DBClusterSnapshot)Attribute|PutBucketPolicy|PutBucketAcl|SharedSnapshotCopyInitiated|StartExportTask|PutImageRecipePolicy)$`)
	cloudSecrets = regexp.MustCompile(`^(GetPasswordData|GetSecretValue|BatchGetSecretValue|GetParameters?(ByPath)?|GetCredentialReport|Decrypt)$`)
	cloudRun     = regexp.MustCompile(`^(SendCommand|StartSession|SendSSHPublicKey|SendSerialConsoleSSHPublicKey|UpdateFunctionCode\d*(v2)?|UpdateFunctionConfiguration\d*(v2)?|ModifyInstanceAttribute|RunInstances|InvokeModel)$`)
	cloudOpen    = regexp.MustCompile(`^(AuthorizeSecurityGroup(Ingress|Egress)|CreateNetworkAclEntry|ModifyDBInstance|PutPublicAccessBlock)$`)
	reads        = regexp.MustCompile(`^(Describe|List|Get|Head|Lookup|BatchGet|Search|View|Check|Assume)`)
	everybody    = regexp.MustCompile(`^(0\.0\.0\.0/0|::/0|all|\*)$`)
	ownService   = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com$|^AWS Internal$`)
)

// cloud is a call of an interface of AWS. What it means is in the interface's own documentation.
func (e *event) cloud() {
	name, where := e.get("eventname"), e.get("eventsource")
	if !name.there() || !strings.HasSuffix(where.text, ".amazonaws.com") {
		return
	}
	by, refused := e.get("invokedby"), e.get("errorcode")
	anybody := field{}
	for _, key := range []string{"cidrip", "cidripv6", "group", "groupname", "userid", "aws", "principal", "cidrblock"} {
		for _, f := range e.fields[key] {
			if f.matches(everybody) {
				anybody = f
			}
		}
	}
	added := e.under("/add/", "userid")
	risk := func(rule, text string, weight int, at ...field) {
		if refused.there() || by.there() { // it did not happen, or a service of the cloud did it in its course
			text, weight, at = text+", which was refused or made by a service of the cloud", max(1, weight-3), append(at, refused, by)
		}
		e.hit(rule, text, risky, weight, quote(at...)...)
	}
	switch {
	case name.matches(cloudBlind):
		risk("cloud.blind", "a call that turns off logging, monitoring or a protection", 5, name)
	case name.matches(cloudRights):
		weight := 3
		var admin field
		for _, key := range []string{"policyarn", "policydocument", "groupname"} {
			for _, f := range e.fields[key] {
				if f.matches(cloudAdmin) {
					weight, admin = 5, f
				}
			}
		}
		risk("cloud.rights", "a call that gives an identity rights or credentials", weight, name, admin)
	case name.matches(cloudShared):
		weight := 3
		if added.there() || anybody.there() {
			weight = 5
		}
		risk("cloud.shared", "a call that shares data with another account or with everybody", weight, name, added, anybody)
	case name.matches(cloudOpen) && anybody.there():
		risk("cloud.open", "a call that opens a network to everybody", 5, name, anybody)
	case name.text == "ConsoleLogin":
		e.consoleLogin(name)
	case name.matches(cloudSecrets):
		risk("cloud.secrets", "a call that reads credentials", 3, name)
	case name.matches(cloudRun):
		risk("cloud.run", "a call that runs code, or opens a way into a machine", 3, name)
	case name.matches(reads) && (by.there() || ownService.MatchString(e.get("sourceipaddress").text)):
		e.explain("cloud.own", "a service of the cloud itself reads its configuration", 5, quote(name, e.get("sourceipaddress"))...)
	case name.matches(reads) && !e.is("userIdentity", "Root"):
		e.hit("cloud.reads", "a call that reads and changes nothing, as inventories do and attackers who look around", benign, 2, quote(name)...)
	}
	if e.is("userIdentity", "Root") && !by.there() {
		risk("cloud.root", "the root account was used", 4, e.under("/userIdentity/", "type"))
	}
}

func (e *event) is(object, kind string) bool { return e.under("/"+object+"/", "type").text == kind }

func (e *event) consoleLogin(name field) {
	result, second := e.under("/responseElements/", "consolelogin"), e.get("mfaused")
	switch {
	case strings.EqualFold(result.text, "failure"):
		e.hit("cloud.refused", "a sign-in to the console fails", risky, 2, quote(result)...)
	case strings.EqualFold(second.text, "no") && !strings.Contains(e.get("arn").text, ":assumed-role/"):
		e.hit("cloud.nofactor", "a sign-in to the console without a second factor", risky, 4, quote(name, second)...)
	case strings.EqualFold(second.text, "yes"):
		e.explain("cloud.factor", "a sign-in to the console with a second factor", 4, quote(name, second)...)
	}
}

var (
	forwards    = regexp.MustCompile(`(?i)^(forwardto|redirectto|forwardasattachmentto|forwardingsmtpaddress|forwardingaddress)$`)
	hides       = regexp.MustCompile(`(?i)^(deletemessage|softdeletemessage|movetofolder|markasread)$`)
	mailboxRule = regexp.MustCompile(`(?i)^(New-InboxRule|Set-InboxRule|UpdateInboxRules|Set-Mailbox|New-TransportRule)$`)
)

// mailbox is a rule of a mailbox, or a sign-in to Microsoft 365.
func (e *event) mailbox() {
	operation := e.get("operation")
	if !operation.matches(mailboxRule) {
		return
	}
	for _, f := range e.fields["name"] {
		switch {
		case f.matches(forwards):
			e.hit("mailbox.forwards", "a rule that sends mails on", risky, 6, quote(operation, f)...)
		case f.matches(hides):
			e.hit("mailbox.hides", "a rule that deletes or hides mails", risky, 4, quote(operation, f)...)
		}
	}
}

// scanned is an integration that has asked engines about a file.
func (e *event) scanned() {
	bad, all := e.get("positives"), e.get("total")
	if !bad.there() || !all.there() {
		return
	}
	if _, isNumber := bad.value.(json.Number); !isNumber && !decimal.MatchString(bad.text) {
		return
	}
	switch n := bad.number(); {
	case n >= 5:
		e.hit("engines", "many engines say malicious", risky, 9, quote(bad, all)...)
	case n >= 1:
		e.hit("engines.few", "a few engines say malicious or suspicious", risky, 4, quote(bad, all)...)
	case all.number() >= 40:
		e.explain("engines.none", "many engines looked at it, and none says malicious", 4, quote(bad, all)...)
	}
}

var decimal = regexp.MustCompile(`^\d+$`)
