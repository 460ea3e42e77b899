package model

import (
	"html"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// event is an alert as the rules of behaviour read it: every value of it by the name of its member, its raw document
// included, whatever the product nests it in.
type event struct {
	*scorer
	exhibit
	fields map[string][]field
	groups map[string]field // of the rule that fired
}

// field is a single value and where it stands. Text is what it says once the doubled backslashes and the entities are
// undone, which Wazuh writes into the fields of Windows; a citation quotes it as it stands.
type field struct {
	node
	text string
}

func (f field) there() bool { return f.text != "" }

func (f field) lower() string { return strings.ToLower(f.text) }

func (f field) number() int {
	n, err := strconv.ParseInt(f.text, 0, 64)
	if err != nil || n > 1<<31 {
		return 0
	}
	return int(n)
}

func (f field) matches(pattern *regexp.Regexp) bool { return f.there() && pattern.MatchString(f.text) }

// maxFields bounds how many values of one name an event keeps.
const maxFields = 64

// eventOf reads an alert; nil for evidence of another kind.
func (s *scorer) eventOf(x exhibit) *event {
	alert, ok := x.data.(map[string]any)
	if !ok || alert["class_uid"] == nil {
		return nil
	}
	e := &event{scorer: s, exhibit: x, fields: map[string][]field{}, groups: map[string]field{}}
	var normalised []node
	for _, n := range x.nodes() {
		if inRaw(n.pointer) {
			e.add(n)
		} else {
			normalised = append(normalised, n) // the raw document says more, and says it first
		}
	}
	for _, n := range normalised {
		e.add(n)
	}
	return e
}

func (e *event) add(n node) {
	text, single := scalar(n.value)
	if !single || text == "" || text == "-" {
		return
	}
	key := plain(n.key)
	if list := e.fields[key]; len(list) < maxFields {
		e.fields[key] = append(list, field{n, cleaned(text)})
	}
	if key == "groups" {
		e.groups[strings.ToLower(text)] = field{n, text}
	}
}

// get is the first of the named values that is there.
func (e *event) get(names ...string) field {
	for _, name := range names {
		if list := e.fields[name]; len(list) > 0 {
			return list[0]
		}
	}
	return field{}
}

// under is a value whose pointer holds a part, so that audit.command is told from sudo's.
func (e *event) under(part, name string) field {
	for _, f := range e.fields[name] {
		if strings.Contains(f.pointer, part) {
			return f
		}
	}
	return field{}
}

// group is the first of the named groups that the rule belongs to.
func (e *event) group(names ...string) field {
	for _, name := range names {
		if f, ok := e.groups[name]; ok {
			return f
		}
	}
	return field{}
}

func (f field) cite() []citation {
	if !f.there() {
		return nil
	}
	quote, _ := scalar(f.value)
	return []citation{cite(f.node, quote)}
}

// quote cites several values; those that are not there are left out.
func quote(fields ...field) []citation {
	var out []citation
	for _, f := range fields {
		out = append(out, f.cite()...)
	}
	return out
}

// cleaned undoes what Wazuh's decoder does to Windows fields.
func cleaned(text string) string {
	if strings.Contains(text, `\\`) {
		text = strings.ReplaceAll(strings.ReplaceAll(text, `\\`, `\`), `\"`, `"`)
	} else {
		text = strings.ReplaceAll(text, `\"`, `"`)
	}
	if strings.ContainsRune(text, '&') {
		text = html.UnescapeString(text)
	}
	return strings.TrimSpace(text)
}

// Where a file stands says who can have written it. Folders of the system and of installed programs take an
// administrator; the parts of them that any user can write are taken out.
var (
	protectedPath = regexp.MustCompile(`(?i)^"?(\\\?\?\\)?(([a-z]:|%systemdrive%|%homedrive%)?\\(windows|program files|program files \(x86\))\\|%systemroot%\\|\\?systemroot\\|%windir%\\|%programfiles(\(x86\))?%\\|system32\\|c:\\programdata\\(microsoft\\windows defender|package cache)\\)`)
	openPath      = regexp.MustCompile(`(?i)\\windows\\(temp|tasks|tracing|debug)\\|\\system32\\(tasks|spool\\drivers\\color|fxstmp|com\\dmp|microsoft\\crypto\\rsa\\machinekeys)\\|\\\.\.\\|\\windows\\[^\\]+\.(exe|dll|bat|ps1|cmd|vbs)"?(\s|$)`)
	shellFolder   = regexp.MustCompile(`(?i)^"?[a-z]:\\windows\\(explorer|hh|notepad|regedit|splwow64|bfsvc|helppane|winhlp32|sysmon(64a?)?)\.exe`)
	// writablePath is where users, browsers and services without rights can write.
	writablePath = regexp.MustCompile(`(?i)([a-z]:|%systemdrive%)\\(users|perflogs|\$recycle\.bin|temp|tmp)\\|\\windows\\(temp|tasks|tracing)\\|\\appdata\\|%(temp|tmp|appdata|localappdata|public|userprofile)%|([a-z]:)\\programdata\\[^\\]+\.(exe|dll|bat|ps1|vbs|js)|(^|[\s'"=:>])/(tmp|dev/shm|var/tmp|run/user)/`)
)

// homely are folders into which well-known products install themselves for a single user. A user can write there, and
// so can whoever acts as the user: that a program stands there says nothing.
var homely = regexp.MustCompile(`(?i)\\appdata\\(local\\(microsoft\\(onedrive|teams|edge|windowsapps|winget)|programs\\|google\\|mozilla|bravesoftware|slack|zoom|discord|github|postman|dropbox|spotify|grammarly|jetbrains)|roaming\\(zoom|spotify|microsoft\\(teams|word|excel)))`)

// fromAnywhere tells whether a file stands where any user can write, and no product has its home.
func fromAnywhere(path string) bool {
	return writablePath.MatchString(path) && !homely.MatchString(path)
}

// protected tells whether only an administrator can have put a file there.
func protected(path string) bool {
	return shellFolder.MatchString(path) || protectedPath.MatchString(path) && !openPath.MatchString(path)
}

// base is the name of a program in lower case, without its folder.
func base(path string) string {
	path = strings.ToLower(strings.Trim(path, `" `))
	if i := strings.LastIndexAny(path, `/\`); i >= 0 {
		path = path[i+1:]
	}
	return path
}

// doers run what others tell them to: that such a program is part of the system says nothing of what it does.
var doers = []string{
	"powershell.exe", "pwsh.exe", "powershell_ise.exe", "cmd.exe", "wscript.exe", "cscript.exe", "mshta.exe", "rundll32.exe", "regsvr32.exe",
	"certutil.exe", "bitsadmin.exe", "msbuild.exe", "installutil.exe", "regasm.exe", "regsvcs.exe", "cmstp.exe", "wmic.exe", "reg.exe", "regedit.exe",
	"schtasks.exe", "at.exe", "sc.exe", "net.exe", "net1.exe", "netsh.exe", "forfiles.exe", "pcalua.exe", "odbcconf.exe", "control.exe", "hh.exe",
	"curl.exe", "wget.exe", "ftp.exe", "ssh.exe", "scp.exe", "sftp.exe", "python.exe", "python3.exe", "perl.exe", "java.exe", "javaw.exe", "wsl.exe", "bash.exe", "sh.exe",
	"msdt.exe", "mavinject.exe", "vssadmin.exe", "wbadmin.exe", "bcdedit.exe", "wevtutil.exe", "ntdsutil.exe", "esentutl.exe", "diskshadow.exe",
	"taskkill.exe", "dllhost.exe", "wmiprvse.exe", "winrshost.exe", "psexesvc.exe", "fodhelper.exe", "computerdefaults.exe", "eventvwr.exe", "sdclt.exe",
}

// trusted is a program of the system, or of an installed product, that does what it was written for.
func trusted(path string) bool { return protected(path) && !slices.Contains(doers, base(path)) }

func doer(path string) bool { return slices.Contains(doers, base(path)) }

// Places of addresses.
const (
	inside   = "inside"  // private, loopback, link-local
	outside  = "outside" // public, and the ranges for documentation, which stand for public ones in samples
	absentIP = "absent"
)

// source tells where whoever caused the event sits.
func (e *event) source() (f field, place string) {
	for _, name := range []string{"srcip", "ipaddress", "sourceip", "sourceipaddress", "clientip", "clientipaddress", "callerip", "remoteip", "actorip"} {
		for _, f := range e.fields[name] {
			if place := placeOf(f.text); place != absentIP {
				return f, place
			}
		}
	}
	return field{}, absentIP
}

func placeOf(text string) string {
	text = strings.TrimPrefix(strings.Trim(text, "[] "), "::ffff:")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		port, err := netip.ParseAddrPort(text)
		if err != nil {
			return absentIP
		}
		addr = port.Addr()
	}
	addr = addr.Unmap()
	if addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() || cgnat.Contains(addr) {
		return inside
	}
	return outside
}

// cgnat is the shared address space of RFC 6598.
var cgnat = netip.MustParsePrefix("100.64.0.0/10")
