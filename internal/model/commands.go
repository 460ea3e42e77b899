package model

import (
	"encoding/base64"
	"encoding/binary"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"picket/internal/soc"
)

// citation keeps the rules short.
type citation = soc.Citation

// commandKeys are the members that hold command lines.
var commandKeys = []string{"commandline", "processcommandline", "parent", "parentcommandline", "scriptblocktext", "command", "cmdline", "cmd", "contextinfo", "servicefilename"}

// The bounds on command lines: what is longer is looked at so far.
const (
	maxCommand  = 16 << 10 // bytes
	maxCommands = 64       // of one evidence
	maxScanned  = 64 << 10 // bytes of all of them
)

// command is a command line and the values that it is made of.
type command struct {
	text string
	at   []field
}

// commandRule is a pattern in a command line. They say how attackers work, and name the programs that come with systems
// and the tools that are known for attacks, none of any one host or data set. Patterns are RE2: their time grows with the
// text, and no text makes them hang.
type commandRule struct {
	id        string
	text      string
	weight    int
	technique string // ATT&CK
	pattern   *regexp.Regexp
}

var commandRules = []commandRule{
	{"command.credentials", "a command that takes credentials out of memory or the registry", 9, "T1003",
		regexp.MustCompile(`(?i)mimikatz|sekurlsa::|lsadump::|comsvcs(\.dll)?.{0,40}minidump|procdump.{0,60}lsass|lsass.{0,30}\.dmp|nanodump|\breg(\.exe)?"?\s+(save|export)\s+"?hk(lm|ey_local_machine)\\(sam|security|system)\b|ntdsutil.{0,80}ifm|ntds\.dit|dcsync|rubeus|kerberoast|/etc/shadow\b|harddiskvolumeshadowcopy.{0,80}\\(sam|security|ntds)|rdrleakdiag.{0,60}/memdmp|\bgsecdump|\blazagne|\bpwdump|unshadow\b|/proc/\d+/mem\b|gcore\s`)},
	{"command.secrets", "a command that looks for stored passwords", 5, "T1552",
		regexp.MustCompile(`(?i)\\(login data|web data|logins\.json|key[34]\.db|cookies)\b|vaultcmd(\.exe)?"?\s+/list|cmdkey(\.exe)?"?\s+/list|findstr.{0,40}\s(/si|/s|/m).{0,60}(pass|pwd|cpassword)|reg(\.exe)?"?\s+query.{0,120}/f\s+"?passw|select-string.{0,80}passw|grep\s.{0,40}(passw|secret|api_?key).{0,60}\s/|\.ssh/id_(rsa|ed25519|ecdsa)\b|\.aws/credentials|get-(storedcredential|vaultcredential)|\bsafetykatz|groups\.xml|\bwifi?\b.*key=clear|netsh\s+wlan\s.{0,80}key=clear|cat\s+.{0,60}\.bash_history`)},
	{"command.encoded", "PowerShell that is given an encoded script", 7, "T1059.001",
		regexp.MustCompile(`(?i)\b(powershell|pwsh)(\.exe)?\b.{0,400}?\s[-/]e(n|nc|nco|ncod|ncode|ncoded|ncodedc[a-z]*|c)?\s+["']?[a-z0-9+/=]{24,}`)},
	{"command.obfuscated", "a script that is hidden from its reader", 5, "T1027",
		regexp.MustCompile(`(?i)frombase64string|-bxor\b|\[char\[?\]?\]\s*\(?\d+.{0,40}\+|(\^[a-z&|]){5}|-join\s*\(?\s*['"(]|::gzipstream|io\.compression|\.invoke\(\)|base64\s+(-d|--decode)\b.{0,80}\|\s*(ba|z|da)?sh\b|\biex\s*[\s(($]|invoke-expression|openssl\s+enc\s+-d.{0,80}\|\s*(ba)?sh`)},
	{"command.memory", "a script that loads code into memory", 7, "T1055",
		regexp.MustCompile(`(?i)reflection\.assembly\]?::load|virtualalloc|writeprocessmemory|createremotethread|invoke-(shellcode|dllinjection|reflectivepe|mimikatz|kerberoast|bloodhound|powershelltcp|credentialinjection|tokenmanipulation|psinject|ninjacopy|wmimethod|smbexec|the\s?hash)|add-type\b.{0,200}dllimport|memoryprotection|mavinject`)},
	{"command.hidden", "a window that is hidden from the command line", 3, "T1059.001",
		regexp.MustCompile(`(?i)\s[-/]w(i|in|ind|indo|indow|indows[a-z]*)?\s+(hidden|1)\b`)},
	{"command.policy", "the policy for scripts is bypassed from the command line", 2, "T1059.001",
		regexp.MustCompile(`(?i)\s[-/]e(p|x|xec|xecutionpolicy)\s+(bypass|unrestricted)\b`)},
	{"command.download", "a command that downloads something and runs it, or writes it to disk", 6, "T1105",
		regexp.MustCompile(`(?i)downloadstring|downloadfile|downloaddata|invoke-webrequest|\biwr\b.{0,200}\bhttp|net\.webclient|net\.http\.httpclient|start-bitstransfer|certutil.{0,80}-(urlcache|verifyctl)|bitsadmin.{0,80}/(transfer|addfile)|(curl|wget|fetch)\b.{0,300}\|\s*(sudo\s+)?(ba|z|da)?sh\b|(curl|wget)(\.exe)?\b.{0,200}\s(-o|-O|--output|--output-document)\s*["']?(/tmp/|/dev/shm/|/var/tmp/|[a-z]:\\(users|windows|programdata|perflogs|temp)\\|%)|\b(curl|wget)(\.exe)?\b.{0,200}\.(exe|dll|ps1|bat|hta|vbs|elf)\b|mshta(\.exe)?"?\s+["']?https?:|regsvr32.{0,80}/i:https?:|rundll32.{0,80}javascript:|msiexec.{0,80}/(i|package|q\S*)\s*"?https?:|hh(\.exe)?"?\s+https?:|desktopimgdownldr|ieexec|finger(\.exe)?\s\S+@|\b(iex|invoke-expression)\b.{0,200}(irm|invoke-restmethod)\b`)},
	{"command.upload", "a command-line client that sends a file out", 5, "T1048",
		regexp.MustCompile(`(?i)\bcurl(\.exe)?"?\s.{0,200}(\s-T\s|--upload-file\s|(-d|--data(-binary|-raw)?|-F|--form)\s+"?'?[^\s]*(@|[a-z]:\\|/tmp/|/home/|/etc/))|\brclone(\.exe)?\s+(copy|sync)|\bscp\s.{0,200}@|invoke-restmethod.{0,120}-method\s+"?(post|put).{0,200}-(infile|body)|invoke-webrequest.{0,200}-method\s+"?(post|put)|uploadfile\(|uploadstring\(|\bmegacmd|send-mailmessage.{0,200}-attachments?`)},
	{"command.shell", "a shell that is given to somebody over the network", 9, "T1059.004",
		regexp.MustCompile(`(?i)/dev/(tcp|udp)/|\bn(c|cat|etcat)(\.exe|\.traditional|\.openbsd)?\s.{0,80}\s-[a-z]*[ec]\s*\S*(sh|cmd|powershell)|mkfifo\s.{0,120}\|\s*n(c|cat)|pty\.spawn|socket\.socket\(.{0,300}(dup2|subprocess)|use socket.{0,300}exec|fsockopen\(.{0,200}exec|socat\s.{0,120}exec:|net\.sockets\.tcpclient|system\.net\.sockets`)},
	{"command.tunnel", "a command that opens a tunnel through the network's border", 5, "T1572",
		regexp.MustCompile(`(?i)\b(ngrok|chisel|frpc|plink(\.exe)?\s.{0,120}-R|cloudflared\s+tunnel|ligolo|iodine|dnscat)|\bssh\s.{0,80}\s-[a-z]*R\s*\S*:\d+|portproxy\s+add`)},
	{"command.lateral", "a command that runs something on another machine, or writes to its administrative share", 6, "T1021",
		regexp.MustCompile(`(?i)\bpsexe(c|svc)(64)?(\.exe)?\b|\bpaexec\b|wmic(\.exe)?"?\s.{0,60}/node:|\\\\[^\s\\"]{1,100}\\(admin|c|ipc)\$|\bwinrs\b.{0,40}-r:|invoke-command\b.{0,80}-computername|enter-pssession|new-pssession\b.{0,60}-computername|(wmi|smb|at|dcom)exec(\.py)?\b|\bsc(\.exe)?"?\s+\\\\\S+\s+(create|start|config)|mmc20\.application|\\\\\S+.{0,20}\bschtasks|schtasks.{0,80}/s\s+\S+`)},
	{"command.proxy", "a tool of Windows that is made to run what it was not written for", 6, "T1218",
		regexp.MustCompile(`(?i)regsvr32.{0,120}scrobj|regsvr32(\.exe)?"?\s.{0,80}(\\users\\|\\temp\\|\\appdata\\|%temp%|\.(txt|jpg|png|dat|log)\b)|mshta(\.exe)?"?\s+["']?(javascript|vbscript|about):|mshta(\.exe)?"?\s.{0,80}(\\users\\|\\temp\\|\\appdata\\|\.hta\b)|rundll32(\.exe)?"?\s.{0,40}(\\users\\|\\temp\\|\\appdata\\|\\programdata\\|%temp%|url\.dll|pcwutl|advpack|ieadvpack|zipfldr|syssetup|shell32\.dll,?\s*(control_rundll|shellexec)|\.(dat|tmp|txt|jpg|png|lock|log)\b)|cmstp(\.exe)?"?\s.{0,20}/(s|ni|au)|msbuild(\.exe)?"?\s.{0,80}(\\users\\|\\temp\\|\.(xml|csproj|txt)\b)|installutil(\.exe)?"?\s.{0,80}/u|odbcconf.{0,60}(regsvr|/a)|pcalua(\.exe)?"?\s+-a|forfiles.{0,80}/c|(regasm|regsvcs)(\.exe)?"?\s.{0,60}(\\users\\|\\temp\\|/u)|wmic(\.exe)?"?\s+.{0,40}process\s+.{0,20}call\s+"?create|wmic.{0,60}/format:|scriptrunner|syncappvpublishingserver|control(\.exe)?"?\s.{0,60}\.cpl|presentationhost|xwizard|mavinject|register-cimprovider|infdefaultinstall|verclsid|te\.exe\s|bash(\.exe)?"?\s+-c\s|explorer(\.exe)?"?\s+/root|\bconhost(\.exe)?"?\s+[^0]`)},
	{"command.decode", "a command that turns a text into a program, or hides one in it", 5, "T1140",
		regexp.MustCompile(`(?i)certutil(\.exe)?"?\s.{0,40}-(decode|decodehex|encode)\b|\bcu?\S*\.exe\s+-decode\b|type\s+\S+\s*>\s*\S+:\S+|:[^\\/\s:]+\.(exe|dll|ps1|vbs|bat)\b.{0,40}$|\bexpand(\.exe)?\s.{0,80}\.(exe|dll)|extrac32.{0,80}\.exe|xxd\s+-r`)},
	{"command.evasion", "a command that turns protection, logging or recovery off", 8, "T1562",
		regexp.MustCompile(`(?i)(set|add)-mppreference.{0,200}(disable|exclusion|threat\S*action|mapsreporting|submitsamples)|mpcmdrun.{0,60}-(removedefinitions|disable)|vssadmin(\.exe)?"?\s+(delete|resize)\s+shadow|wmic.{0,40}shadowcopy\s+.{0,20}delete|win32_shadowcopy.{0,120}(delete|remove)|wbadmin(\.exe)?"?\s+delete|bcdedit.{0,100}(recoveryenabled\s+no|ignoreallfailures|testsigning\s+on|safeboot)|wevtutil(\.exe)?"?\s+(cl|clear-log|sl\b.{0,80}/e:false)|(clear|remove|limit)-eventlog|netsh\s+(adv)?firewall\s+set\s.{0,60}\s(off|disable)|set-netfirewallprofile.{0,100}false|(sc|net)(\.exe)?"?\s+(stop|delete|config)\s+"?(windefend|sense|wazuhsvc|ossecsvc|mpssvc|eventlog|wscsvc|sysmon)|stop-service.{0,60}(windefend|sense|wazuh|eventlog|sysmon)|amsiutils|amsiinitfailed|setenforce\s+0|history\s+-c\b|unset\s+histfile|histfile=/dev/null|histsize=0|set-psreadlineoption.{0,60}savenothing|auditctl\s+-(e\s*0|D)|auditpol(\.exe)?"?\s+/(clear|remove|set\b.{0,120}disable)|fltmc(\.exe)?"?\s+unload|systemctl\s+(stop|disable|mask)\s+(auditd|rsyslog|firewalld|ufw|wazuh|apparmor|falcon|clamav)|service\s+(auditd|rsyslog|wazuh\S*)\s+stop|(ufw\s+disable|iptables\s+(-F|--flush))|fsutil(\.exe)?\s+usn\s+deletejournal|dism.{0,80}remove.{0,60}defender|uninstall-windowsfeature.{0,40}defender|\b(rm|shred|truncate|unlink)\b.{0,80}/var/log/|(>|cat /dev/null\s*>)\s*/var/log/|disableantispyware|disablerealtimemonitoring|/v\s+"?(enablelua|tamperprotection)"?\s.{0,60}/d\s+"?0|uselogoncredential.{0,40}/d\s+"?1|taskkill.{0,60}(msmpeng|wazuh|sysmon|mssense)`)},
	{"command.cleaning", "a command that removes traces", 4, "T1070",
		regexp.MustCompile(`(?i)(del|erase|rm|remove-item)\b.{0,100}(\\prefetch\\|\.evtx|consolehost_history|\\recent\\|bash_history)|\bsdelete(64)?\b|cipher(\.exe)?\s+/w|touch\s+-(t|r|d)\s|timestomp|net\s+use\s.{0,60}/delete|creationtime\s*=|attrib(\.exe)?"?\s.{0,10}\+[hs]`)},
	{"command.persistence", "a command that makes something start again by itself", 4, "T1053",
		regexp.MustCompile(`(?i)schtasks(\.exe)?"?\s.{0,20}/create|\breg(\.exe)?"?\s+add\s.{0,160}\\(run|runonce|winlogon|userinit|appinit_dlls|image file execution options)|(set|new)-itemproperty.{0,160}\\(run|runonce|winlogon)\b|new-scheduledtask|register-scheduledtask|\bsc(\.exe)?"?\s+(\\\\\S+\s+)?create\b|new-service\b|crontab\s+(-|/tmp)|>>?\s*/etc/(cron|rc\.local|profile|systemd)|\.ssh/authorized_keys|systemctl\s+enable\s+.{0,80}(/tmp|/dev/shm)|\bat(\.exe)?\s+\d{1,2}:\d\d|\\start menu\\programs\\startup|bitsadmin.{0,80}/setnotifycmdline|>>\s*~?/\S*\.(bashrc|profile|zshrc)`)},
	{"command.subscription", "a command that has Windows run something whenever an event happens", 7, "T1546.003",
		regexp.MustCompile(`(?i)__eventfilter|commandlineeventconsumer|activescripteventconsumer|__filtertoconsumerbinding|register-wmievent|sdbinst(\.exe)?"?\s.{0,80}\.sdb`)},
	{"command.account", "a command that makes an account, or gives one more rights", 5, "T1136",
		regexp.MustCompile(`(?i)\bnet1?(\.exe)?"?\s+user\s+.{0,80}/add|\bnet1?(\.exe)?"?\s+(localgroup|group)\s.{0,100}/add|new-localuser|add-localgroupmember|add-adgroupmember|new-aduser|dsadd\s+user|usermod\s.{0,40}-[aA]*G\s*\S*(sudo|wheel|root|docker)|net1?(\.exe)?"?\s+user\s+(administrator|guest)\s+(/active|\S+$)|passwd\s+-d\s|chpasswd|/etc/sudoers\b.{0,40}nopasswd|nopasswd.{0,60}/etc/sudoers`)},
	{"command.rootaccount", "a command that makes an account with the rights of root", 8, "T1136.001",
		regexp.MustCompile(`(?i)useradd\s.{0,80}(-o\b|--non-unique).{0,40}(-u|--uid)\s*0|useradd\s.{0,60}(-u|--uid)\s*0\b|chmod\s+([ugoa]*\+s|[2467][0-7]{3})\s|setcap\s+cap_set(u|g)id`)},
	{"command.elevation", "a way to more rights that asks nobody", 6, "T1548",
		regexp.MustCompile(`(?i)(ms-settings|mscfile|exefile|folder)\\shell\\(open|runas)\\command|\b(fodhelper|computerdefaults|wsreset)\.exe|eventvwr(\.exe|\.msc)\s*["']?$|delegateexecute|cor_profiler|\bseimpersonate|juicypotato|printspoofer|sudo\s+-u#-1|pkexec\s.{0,20}--version|insmod\s+(/tmp|/dev/shm|/var/tmp)|ld_preload=|nsenter\s.{0,40}-t\s*1\b|docker\s+run\s.{0,120}(--privileged|-v\s+/:/|/var/run/docker\.sock)`)},
	{"command.firewall", "a command that lets something through the firewall", 3, "T1562.004",
		regexp.MustCompile(`(?i)netsh\s+(adv)?firewall\s+(firewall\s+)?add\s.{0,160}(allow|enable)|new-netfirewallrule.{0,160}allow|netsh\s+firewall\s+add`)},
	{"command.port", "it opens a port of its own for everybody", 3, "T1562.004",
		regexp.MustCompile(`(?i)netsh\s.{0,60}add\s+rule\s.{0,160}localport=\d+|new-netfirewallrule.{0,160}-localport\s+\d+|iptables\s+-I\s+INPUT.{0,80}ACCEPT`)},
	{"command.discovery", "a command that asks who and what there is on the machine or in the domain", 3, "T1087",
		regexp.MustCompile(`(?i)\bwhoami(\.exe)?\s+/(all|priv|groups)|\bnltest(\.exe)?"?\s+/|\bnet1?(\.exe)?"?\s+(user|group|localgroup|view|accounts|share|session)\b.{0,80}(/domain|administrators|admins)|\badfind\b|bloodhound|sharphound|\bget-(ad(user|computer|group|domain|trust)|domain(user|computer|trust|controller)|netuser|netcomputer)\b|/c\s+"?(hostname|whoami|systeminfo|ipconfig|quser|qwinsta|net\s+view|arp|netstat|tasklist)\b|dsquery\s|gpresult\s+/|setspn(\.exe)?"?\s+-[qtl]|antivirusproduct|antispywareproduct|\bq(winsta|user)(\.exe)?"?\s+/server|get-wmiobject.{0,60}(win32_computersystem|useraccount)|cat\s+/etc/passwd|\bwmic(\.exe)?"?\s.{0,40}(useraccount|qfe|product|service)\s+.{0,20}(get|list)|\bnmap\s|masscan|\bfind\s.{0,60}-perm\s+[-/]?(u=s|g=s|[0-7]?[2467]000)`)},
	{"command.survey", "one command that asks several such things", 4, "T1082",
		regexp.MustCompile(`(?i)((whoami|hostname|systeminfo|ipconfig|ifconfig|netstat|tasklist|arp|quser|net\s+(user|group|view|localgroup|share)|uname|id|route\s+print|nltest|set)\b[^&;|]{0,60}(&&?|;|\|\|?)\s*){2,}(whoami|hostname|systeminfo|ipconfig|ifconfig|netstat|tasklist|arp|quser|net\s|uname|cat\s|id\b|w\b|ps\b|nltest)`)},
	{"command.redirect", "output of a command that is written to a share, as remote-execution tools do", 3, "T1021.002",
		regexp.MustCompile(`(?i)>\s*\\\\[^\s\\]{1,100}\\[^\s\\]{1,60}\$?\\[^\s]{1,100}\s+2>&1`)},
	{"command.collection", "a command that packs data with a password, or records screen, keys or clipboard", 4, "T1560.001",
		regexp.MustCompile(`(?i)\b(rar|winrar|7z[ar]?)(\.exe)?"?\s+a\b.{0,120}\s-(hp|p)\S|get-keystrokes|getasynckeystate|\bpsr(\.exe)?"?\s+.{0,20}/start|copyfromscreen|get-clipboard|\bclip(\.exe)?\b\s*$|export-pfxcertificate|new-mailboxexportrequest`)},
	{"command.stop", "a command that stops databases, backups or other services, as ransomware does first", 5, "T1489",
		regexp.MustCompile(`(?i)(net1?|sc)(\.exe)?"?\s+stop\s+"?\S*(sql|backup|veeam|vss|exchange|oracle|acronis|sophos|spooler)|taskkill.{0,40}/im\s+"?\S*(sql|oracle|excel|outlook|veeam)|stop-service.{0,40}(sql|backup|veeam|vss|exchange)`)},
	{"command.miner", "a program that mines currency", 9, "T1496",
		regexp.MustCompile(`(?i)\bxmrig|stratum\+(tcp|ssl)|\bminerd\b|--donate-level|cryptonight|\bnbminer`)},
	{"command.scratch", "a command that makes a file in a folder for temporary files run", 5, "T1222",
		regexp.MustCompile(`(?i)chmod\s+(\+x|[0-7]?[1357][0-7]{2}|[ugoa]+\+x|a\+rwx)\s+(/tmp|/dev/shm|/var/tmp)/|(ba|da|z)?sh\s+(/tmp|/dev/shm|/var/tmp)/|(^|\s|;|&)(/tmp|/dev/shm|/var/tmp)/\.?\S+\s*(&|$)`)},
	{"command.script", "a script host that runs a script from where users and browsers write", 5, "T1059.005",
		regexp.MustCompile(`(?i)\b(w|c)script(\.exe)?"?\s.{0,120}(\\users\\|\\temp\\|\\appdata\\|\\downloads\\|%temp%|\\programdata\\).{0,120}\.(js|jse|vbs|vbe|wsf|txt)\b`)},
	{"command.wipe", "a command that destroys data", 7, "T1485",
		regexp.MustCompile(`(?i)\brm\s+-[a-z]*r[a-z]*f?\s+(--no-preserve-root\s+)?/(\s|$|\*)|dd\s+if=/dev/(zero|urandom)\s+of=/dev/[a-z]|mkfs\.\S+\s+/dev/|format\s+[a-z]:\s+/|diskpart.{0,40}clean`)},
}

// routine is what administrators and schedulers do all day: packages, services, logs. It holds for a whole command that
// hands nothing to a shell.
var routine = regexp.MustCompile(`(?i)^\s*(/usr/bin/|/bin/|/usr/sbin/|/sbin/|/snap/bin/)?(apt(-get|-cache)?|aptitude|dpkg|yum|dnf|rpm|zypper|pacman|snap|unattended-upgrade\S*|needrestart)(\s+(-\S+|update|upgrade|full-upgrade|dist-upgrade|install|remove|autoremove|clean|autoclean|list|search|show|refresh|check-update|makecache|[a-z0-9][a-z0-9.+:_=~-]*))*\s*$|^\s*(/usr/bin/|/bin/)?systemctl\s+(--\S+\s+)*(status|start|restart|reload|is-active|is-enabled|daemon-reload|list-units|show|try-restart)(\s+[a-z0-9@._-]+)*\s*$|^\s*(/usr/sbin/|/sbin/)?service\s+[a-z0-9._-]+\s+(status|start|restart|reload)\s*$|^\s*(/usr/bin/|/bin/)?(journalctl|dmesg|df|du|free|uptime|top|htop|lsblk|ss|ip|ls|tail|less|head|date|hostnamectl|timedatectl|crictl|kubectl\s+get|docker\s+(ps|images|logs|stats|inspect))(\s+[a-z0-9@._/:=-]+)*\s*$|^\s*(/usr/sbin/|/sbin/)?(logrotate|nginx\s+-t|apachectl\s+configtest|visudo\s+-c|ldconfig|update-\S+|certbot\s+renew)(\s+\S+)*\s*$`)

// looked is a package or a file that a routine command should not be about.
var looked = regexp.MustCompile(`(?i)/etc/(shadow|sudoers|gshadow)|\.ssh/|/root/|/tmp/|/dev/shm|/var/tmp`)

// commandsOf gathers the command lines of an evidence, each once: those of our own fields first, then those of the raw
// document, and what an audit has taken apart is put together again.
func commandsOf(x exhibit) []command {
	var out []command
	seen, scanned := map[string]bool{}, 0
	add := func(c command) {
		c.text = c.text[:min(len(c.text), maxCommand, maxScanned-scanned)]
		if c.text != "" && !seen[c.text] && len(out) < maxCommands {
			seen[c.text] = true
			scanned += len(c.text)
			out = append(out, c)
		}
	}
	nodes := x.nodes()
	for _, raw := range []bool{false, true} {
		for _, n := range nodes {
			if inRaw(n.pointer) != raw {
				continue
			}
			switch v := n.value.(type) {
			case string:
				if slices.Contains(commandKeys, plain(n.key)) {
					f := field{n, cleaned(v)}
					add(command{text: f.text, at: []field{f}})
				}
			case map[string]any:
				if plain(n.key) == "execve" {
					add(arguments(n, v))
				}
			}
		}
	}
	return out
}

// arguments puts a0, a1, ... of an audit's execve together.
func arguments(n node, v map[string]any) command {
	names := slices.SortedFunc(maps.Keys(v), func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b) // a10 comes after a9
		}
		return strings.Compare(a, b)
	})
	var c command
	var parts []string
	for _, name := range names {
		if text, ok := v[name].(string); ok && strings.HasPrefix(name, "a") {
			child := node{evidence: n.evidence, pointer: n.pointer + "/" + name, key: name, value: text}
			parts = append(parts, text)
			c.at = append(c.at, field{child, text})
		}
	}
	c.text = strings.Join(parts, " ")
	return c
}

// cite quotes what was found in a command; what was put together, or is written in another way, is quoted whole.
func (c command) cite(found string) []citation {
	found = strings.TrimSpace(found)
	longest := c.at[0]
	for _, f := range c.at {
		if text, ok := f.value.(string); ok {
			if found != "" && strings.Contains(text, found) {
				return []citation{cite(f.node, found)}
			}
			if len(text) > len(longest.text) {
				longest = f
			}
		}
	}
	return longest.cite()
}

// command applies the rules to one command line, and tells whether one holds.
func (s *scorer) command(c command) bool {
	held := false
	for _, rule := range commandRules {
		found := rule.pattern.FindString(c.text)
		if found == "" || rule.id == "command.policy" && scriptHome.MatchString(c.text) {
			continue
		}
		held = true
		at := c.cite(found)
		weight, text := rule.weight, rule.text
		if rule.id == "command.encoded" {
			switch script := decoded(found, c.text); {
			case script == "": // what can't be read stays what it is
			case s.script(script, c):
			default:
				weight, text = 4, "PowerShell that is given an encoded script, in which no rule finds anything"
			}
		}
		s.hit(rule.id, text, risky, weight, at...)
		if len(at) > 0 {
			s.technique(rule.technique, at[0])
		}
	}
	return held
}

var base64Text = regexp.MustCompile(`[A-Za-z0-9+/]{24,}={0,2}`)

// maxEncoded bounds the script that is decoded, in characters.
const maxEncoded = 64 << 10

// decoded is the script that PowerShell was given in Base64 of UTF-16; "" if it can't be read. A script that was cut at
// its end is read so far.
func decoded(found, whole string) string {
	at := base64Text.FindString(found)
	if at == "" {
		return ""
	}
	text := base64Text.FindString(whole[strings.Index(whole, at):])
	if len(text) > maxEncoded {
		return ""
	}
	text = strings.TrimRight(text, "=")
	text = text[:len(text)-len(text)%4+max(0, len(text)%4-len(text)%4%2)]
	bytes, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(bytes) < 2 {
		return ""
	}
	units := make([]uint16, len(bytes)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(bytes[2*i:])
	}
	return string(utf16.Decode(units))
}

// script looks into a decoded script.
func (s *scorer) script(script string, c command) bool {
	held := false
	for _, rule := range commandRules {
		if rule.weight < 4 || rule.id == "command.encoded" || !rule.pattern.MatchString(script) {
			continue
		}
		held = true
		s.hit("command.decoded", "the encoded script, once decoded, holds "+rule.text, risky, max(rule.weight, 8), c.cite(base64Text.FindString(c.text))...)
	}
	return held
}
