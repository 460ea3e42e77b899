package ingest

import (
	"maps"
	"slices"
	"strings"

	"picket/internal/soc"
)

// entities reads the entities of Microsoft alerts, in which {"$ref": "9"} stands for the entity whose $id is "9", and
// the evidence of Graph and Defender, which says the same under other names.
type entities struct {
	b     *builder
	users []rated[soc.User]
	hosts []rated[soc.Host]
	ips   []rated[string]
	files []rated[soc.File]
	procs []rated[soc.Process]
}

// rated is a candidate for the alert's one user, host and so on; the highest weight wins, the first among equals.
type rated[T any] struct {
	it     T
	weight int
}

func newEntities(b *builder) *entities { return &entities{b: b} }

func (e *entities) add(d doc) {
	w := walk{entities: e, byID: map[string]doc{}, done: map[string]bool{}}
	for _, name := range []string{"Entities", "evidence", "entities", "devices", "relatedEntities"} {
		list := d.key(name).list()
		for _, item := range list {
			w.index(item)
		}
		for _, item := range list {
			w.entity(item, 10, name == "devices")
		}
		if len(list) > 0 && name == "Entities" {
			break // key finds "entities" under either name
		}
	}
	if user := d.key("relatedUser"); user.object() {
		w.entity(doc{v: map[string]any{"Type": "account", "Name": user.first("userName"), "DomainName": user.first("domainName")}, at: user.at}, 10, false)
	}
	if name := d.first("computerDnsName"); name != "" {
		e.hosts = append(e.hosts, rated[soc.Host]{soc.Host{Name: name, ID: d.first("machineId")}, 9})
	}
}

type walk struct {
	*entities
	byID map[string]doc
	done map[string]bool // by pointer: an entity is read once however often it is referred to
}

func (w *walk) index(d doc) {
	switch v := d.v.(type) {
	case map[string]any:
		if id := d.key("$id").text(); id != "" {
			if _, known := w.byID[id]; !known {
				w.byID[id] = d
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) { // of two entities with one id always the same one counts
			w.index(d.key(name))
		}
	case []any:
		for i := range v {
			w.index(d.index(i))
		}
	}
}

// resolve follows a reference; one that leads nowhere, or to another reference, is left as it is.
func (w *walk) resolve(d doc) doc {
	if id := d.key("$ref").text(); id != "" {
		if found, ok := w.byID[id]; ok {
			return found
		}
	}
	return d
}

// kindOf names the kind of an entity in one way: {"Type": "account"}, {"entityType": "User"} and
// {"@odata.type": "#microsoft.graph.security.userEvidence"} are all "account".
func kindOf(d doc) string {
	kind := strings.ToLower(d.first("Type", "entityType", "kind"))
	if kind == "" || d.key("@odata.type").there() {
		odata := strings.ToLower(d.first("@odata.type"))
		kind = strings.TrimSuffix(odata[strings.LastIndexByte(odata, '.')+1:], "evidence")
	}
	switch kind = strings.ReplaceAll(strings.ReplaceAll(kind, "-", ""), "_", ""); kind {
	case "user", "aaduser":
		return "account"
	case "machine", "device", "iotdevice":
		return "host"
	case "ipaddress":
		return "ip"
	case "dns", "dnsresolution", "domain", "domainname":
		return "domain"
	case "analyzedmessage", "mailmessage", "submissionmail":
		return "mail"
	}
	return kind
}

// weigh prefers what the product says is at the centre of the alert.
func weigh(d doc, base int) int {
	switch strings.ToLower(d.first("LastVerdict", "verdict", "remediationStatus")) {
	case "malicious":
		base += 6
	case "suspicious":
		base += 4
	}
	for _, role := range append(append(d.key("Roles").texts(), d.key("detailedRoles").texts()...), d.key("roles").texts()...) {
		switch strings.ToLower(role) {
		case "compromised", "attacked", "impacted", "attacker", "source", "malicious":
			base += 5
		case "contextual", "destination":
			base -= 3
		}
	}
	if d.key("Asset").text() == "true" {
		base += 2
	}
	return base
}

func (w *walk) entity(d doc, base int, device bool) {
	d = w.resolve(d)
	if !d.object() || w.done[d.at] {
		return
	}
	w.done[d.at] = true
	weight := weigh(d, base)
	kind := kindOf(d)
	if device && kind == "" {
		kind = "host"
	}
	switch kind {
	case "account":
		w.account(d, weight)
	case "host":
		w.host(d, weight)
	case "ip":
		if ip := address(d.first("Address", "ipAddress")); ip != "" {
			w.ips = append(w.ips, rated[string]{ip, weight})
			w.b.observe("ip", ip, "entity.ip")
		}
	case "file":
		w.file(d, weight)
	case "filehash":
		w.b.observe("hash", d.first("Value"), "entity.filehash")
	case "process":
		w.process(d, weight)
	case "url":
		if u := link(d.first("Url")); u != "" {
			w.b.URL = first(w.b.URL, u)
			w.b.observe("url", u, "entity.url")
		} else {
			w.b.observe("domain", d.first("Url"), "entity.url")
		}
	case "domain":
		w.b.observe("domain", d.first("DomainName", "HostName", "domain"), "entity.dns")
	case "mailbox":
		w.b.observe("email", first(d.first("MailboxPrimaryAddress", "primaryAddress", "Upn", "userAccount.userPrincipalName")), "entity.mailbox")
		if email := mailAddress(d.first("Upn", "MailboxPrimaryAddress", "primaryAddress")); email != "" {
			u := account(email)
			u.UID = d.first("AadId")
			w.users = append(w.users, rated[soc.User]{u, weight - 4})
		}
	case "mail", "mailcluster":
		w.mail(d)
	case "malware":
		w.b.label(d.first("Name"))
	case "azureresource":
		w.b.Cloud.Provider, w.b.Cloud.Resource = "azure", first(d.first("ResourceId", "resourceId"), w.b.Cloud.Resource)
	}
	w.nested(d, base)
}

// nested reads the entities inside of an entity: a process has its image and its parent, a session its account.
func (w *walk) nested(d doc, base int) {
	object, _ := d.v.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		child := d.key(name)
		lower := base - 5
		if strings.HasPrefix(strings.ToLower(name), "parent") {
			lower = base - 8
		}
		for _, item := range child.childObjects() {
			if resolved := w.resolve(item); kindOf(resolved) != "" {
				w.entity(resolved, lower, false)
			}
		}
	}
}

func (d doc) childObjects() []doc {
	if d.object() {
		return []doc{d}
	}
	if _, ok := d.v.([]any); !ok {
		return nil
	}
	return slices.DeleteFunc(d.list(), func(item doc) bool { return !item.object() })
}

func (w *walk) account(d doc, weight int) {
	if inner := d.key("userAccount"); inner.object() {
		d = inner
	}
	u := soc.User{
		Name:   d.first("AccountName", "Name"),
		Domain: d.first("DomainName", "NTDomain", "DnsDomain"),
		UID:    d.first("AadUserId", "azureAdUserId", "Sid", "userSid", "ObjectGuid"),
	}
	u.Email = mailAddress(d.first("UserPrincipalName", "Upn"))
	if suffix := d.first("UPNSuffix"); u.Email == "" && suffix != "" && !strings.ContainsRune(u.Name, ' ') {
		u.Email = mailAddress(u.Name + "@" + suffix)
	}
	if strings.ContainsAny(u.Name, `\@`) {
		whole := account(u.Name)
		u.Name, u.Domain, u.Email = whole.Name, first(u.Domain, whole.Domain), first(u.Email, whole.Email)
	}
	if u.Name == "" || strings.ContainsRune(u.Name, ' ') { // a display name is no account
		if name, domain, ok := strings.Cut(u.Email, "@"); ok {
			u.Name, u.Domain = name, first(u.Domain, domain)
		}
	}
	if u.Email != "" {
		weight++
	}
	if u.Name == "" {
		weight -= 3 // an id without a name is better than nothing, and worse than anything else
	}
	if u == (soc.User{}) {
		return
	}
	w.users = append(w.users, rated[soc.User]{u, weight})
	w.b.observe("user", first(u.Name, u.UID), "entity.account")
	w.b.observe("email", u.Email, "entity.account")
}

func (w *walk) host(d doc, weight int) {
	h := soc.Host{
		Name: d.first("HostName", "NetBiosName", "FQDN", "deviceDnsName", "DeviceName"),
		ID:   d.first("MdatpDeviceId", "mdeDeviceId", "AadDeviceId", "azureAdDeviceId", "AzureID", "DeviceId"),
		IP:   firstAddress(d, "LastIpAddress", "lastIpAddress", "IpAddress.Address", "ipInterfaces.0"),
		OS:   d.first("OSFamily", "osPlatform", "OperatingSystem"),
	}
	if h.Name == "" && h.ID == "" {
		return
	}
	w.hosts = append(w.hosts, rated[soc.Host]{h, weight})
	w.b.observe("host", h.Name, "entity.host")
	w.b.observe("host", d.first("FQDN", "deviceDnsName"), "entity.host.fqdn")
	w.b.observe("ip", h.IP, "entity.host.ip")
	w.b.observe("ip", d.first("LastExternalIpAddress"), "entity.host.external_ip")
}

func (w *walk) file(d doc, weight int) {
	if f := w.fileOf(d); f != (soc.File{}) {
		w.files = append(w.files, rated[soc.File]{f, weight})
	}
}

func (w *walk) fileOf(d doc) soc.File {
	d = w.resolve(d)
	if inner := d.key("fileDetails"); inner.object() {
		d = inner
	}
	name := d.first("Name", "fileName")
	path := joinPath(d.first("Directory", "filePath", "FolderPath"), name)
	if directory := d.first("filePath"); strings.HasSuffix(strings.ToLower(directory), strings.ToLower(name)) && name != "" && directory != "" {
		path = directory
	}
	if path == name {
		path = ""
	}
	f := soc.File{Name: name, Path: path, SHA256: sized(d.first("sha256"), 64), SHA1: sized(d.first("sha1"), 40), MD5: sized(d.first("md5"), 32)}
	for _, item := range d.key("FileHashes").list() {
		hash := w.resolve(item)
		switch value := hash.first("Value"); strings.ToUpper(hash.first("Algorithm")) {
		case "SHA256":
			f.SHA256 = first(f.SHA256, sized(value, 64))
		case "SHA1":
			f.SHA1 = first(f.SHA1, sized(value, 40))
		case "MD5":
			f.MD5 = first(f.MD5, sized(value, 32))
		}
	}
	for _, hash := range []string{f.SHA256, f.SHA1, f.MD5} {
		w.b.observe("hash", hash, "entity.file")
	}
	w.b.observe("file", first(path, name), "entity.file")
	return f
}

func (w *walk) process(d doc, weight int) {
	image := w.fileOf(d.member("ImageFile", "imageFile"))
	if image == (soc.File{}) {
		image = soc.File{Name: d.first("fileName"), Path: d.first("filePath"), SHA256: sized(d.first("sha256"), 64), SHA1: sized(d.first("sha1"), 40)}
	}
	p := soc.Process{
		Name: image.Name, Path: image.Path,
		CommandLine: d.first("CommandLine", "processCommandLine"),
		PID:         d.key("ProcessId").integer(),
		Parent:      d.first("parentProcessImageFile.fileName", "parentProcessFileName"),
	}
	if parent := w.resolve(d.key("ParentProcess")); parent.object() {
		p.Parent = first(parent.first("CommandLine"), w.fileOf(parent.key("ImageFile")).Name)
	}
	if p == (soc.Process{}) {
		return
	}
	// of several processes the one that was started with something to do tells most
	if len(p.CommandLine) > len(p.Name)+3 {
		weight++
	}
	if len(p.CommandLine) > 200 {
		weight++
	}
	w.procs = append(w.procs, rated[soc.Process]{p, weight})
	if image != (soc.File{}) {
		w.files = append(w.files, rated[soc.File]{image, weight - 4})
	}
	w.b.observe("process", p.Name, "entity.process")
	w.b.observeText(p.CommandLine, "entity.process.command_line")
}

func (w *walk) mail(d doc) {
	m := &w.b.Mail
	from := first(d.first("P2Sender", "p2Sender.emailAddress", "P1Sender", "p1Sender.emailAddress", "Sender"))
	w.b.observe("email", from, "mail.from")
	w.b.observe("ip", d.first("SenderIP", "senderIp"), "mail.sender_ip")
	w.b.observe("mail_subject", d.first("Subject"), "mail.subject")
	for _, item := range append(d.key("Urls").list(), d.key("urls").list()...) {
		if u := link(item.text()); u != "" && len(m.URLs) < maxURLs && !slices.Contains(m.URLs, u) {
			m.URLs = append(m.URLs, u)
		}
	}
	if to := mailAddress(d.first("Recipient", "recipientEmailAddress")); to != "" && len(m.To) < maxURLs && !slices.Contains(m.To, to) {
		m.To = append(m.To, to)
	}
	if m.From == "" {
		m.From, m.Subject = from, d.first("Subject")
		m.MessageID = d.first("InternetMessageId", "NetworkMessageId")
	}
}

// choose picks the one user, host, address, file and process that the alert is about; all are among the observables.
func (e *entities) choose(d doc) {
	b := e.b
	b.User, b.Host, b.Process = best(e.users), best(e.hosts), best(e.procs)
	b.File, b.SrcIP = best(e.files), best(e.ips)
	compromised := d.first("CompromisedEntity")
	switch {
	case compromised == "":
	case mailAddress(compromised) != "" && b.User.Name == "":
		b.User = account(compromised)
	case b.Host.Name == "" && mailAddress(compromised) == "" && address(compromised) == "":
		b.Host.Name = compromised
	}
	if b.Host.Name == "" {
		b.Host.Name = d.first("HostName", "deviceName")
	}
}

func best[T any](of []rated[T]) T {
	var found rated[T]
	for i, candidate := range of {
		if i == 0 || candidate.weight > found.weight {
			found = candidate
		}
	}
	return found.it
}
