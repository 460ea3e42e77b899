package model

import (
	"regexp"
)

// scorerVersion names this set of rules. A change of a rule or of a weight changes it, because verdicts are compared.
const scorerVersion = "evidence-scorer-1"

// textRule is a rule on a single text. Keys are the names of the members in which it applies, in lower case without
// underscores; nil is every member. A rule looks at an alert's own fields, not at its raw document, which says the
// same again.
type textRule struct {
	id        string
	text      string
	direction string
	weight    int
	keys      []string
	pattern   *regexp.Regexp
	technique string // ATT&CK, where the pattern shows one
}

var commands = []string{"commandline", "processcommandline", "parent", "parentcommandline", "scriptblocktext", "command", "cmdline", "cmd"}

// textRules are patterns of how attackers work, and none of any one product, host or rule of detection. Patterns are
// RE2: their time grows with the text, and no text makes them hang.
var textRules = []textRule{
	{"command.credentials", "a command that takes credentials out of memory or the registry", risky, 9, commands,
		regexp.MustCompile(`(?i)mimikatz|sekurlsa::|lsadump::|comsvcs(\.dll)?.{0,40}minidump|procdump.{0,60}lsass|lsass.{0,30}\.dmp|nanodump|reg(\.exe)?"?\s+save\s+"?hk(lm|ey_local_machine)\\(sam|security|system)\b|ntdsutil.{0,80}ifm|ntds\.dit|dcsync|rubeus|kerberoast|/etc/shadow\b`), "T1003"},
	{"command.encoded", "PowerShell that is given an encoded script", risky, 7, commands,
		regexp.MustCompile(`(?i)\b(powershell|pwsh)(\.exe)?\b.{0,400}?\s[-/]e(n|nc|nco|ncod|ncode|ncoded|ncodedc[a-z]*|c)?\s+["']?[a-z0-9+/=]{24,}`), "T1059.001"},
	{"command.hidden", "a window that is hidden, or a policy that is bypassed, from the command line", risky, 3, commands,
		regexp.MustCompile(`(?i)\s[-/]w(i|in|ind|indo|indow|indows[a-z]*)?\s+(hidden|1)\b|\s[-/]ex(ec|ecutionpolicy)?\s+(bypass|unrestricted)\b`), "T1059.001"},
	{"command.download", "a command that downloads something and runs it, or writes it to disk", risky, 6, commands,
		regexp.MustCompile(`(?i)downloadstring|downloadfile|invoke-webrequest|\biwr\b.{0,200}\bhttp|net\.webclient|start-bitstransfer|certutil.{0,80}-urlcache|bitsadmin.{0,80}/transfer|(curl|wget)\b.{0,300}\|\s*(sudo\s+)?(ba|z|da)?sh\b|mshta(\.exe)?"?\s+["']?https?:|regsvr32.{0,80}/i:https?:|rundll32.{0,80}javascript:|msiexec.{0,80}/i\s*"?https?:`), "T1105"},
	{"command.upload", "a command-line client that sends a file out", risky, 5, commands,
		regexp.MustCompile(`(?i)\bcurl(\.exe)?"?\s.{0,200}(\s-T\s|--upload-file\s|(-d|--data(-binary|-raw)?|-F|--form)\s+"?'?[^\s]*(@|[a-z]:\\|/tmp/|/home/|/etc/))|\brclone(\.exe)?\s+(copy|sync)|\bscp\s.{0,200}@|invoke-restmethod.{0,120}-method\s+(post|put).{0,120}-infile`), "T1048"},
	{"command.lateral", "a command that runs something on another machine, or writes to its administrative share", risky, 6, commands,
		regexp.MustCompile(`(?i)\bpsexe(c|svc)(64)?(\.exe)?\b|\bpaexec\b|wmic(\.exe)?"?\s.{0,60}/node:|\\\\[^\s\\"]{1,100}\\(admin|c|ipc)\$|\bwinrs\b.{0,40}-r:|invoke-command\b.{0,80}-computername|enter-pssession|(wmi|smb|at|dcom)exec(\.py)?\b`), "T1021"},
	{"command.evasion", "a command that turns protection, logging or recovery off", risky, 8, commands,
		regexp.MustCompile(`(?i)(set|add)-mppreference.{0,200}(disable|exclusion)|vssadmin(\.exe)?"?\s+(delete|resize)\s+shadow|wmic.{0,40}shadowcopy\s+delete|wbadmin(\.exe)?"?\s+delete|bcdedit.{0,100}(recoveryenabled\s+no|ignoreallfailures)|wevtutil(\.exe)?"?\s+cl\b|clear-eventlog|netsh\s+advfirewall\s+set\s.{0,60}\soff|(sc|net)(\.exe)?"?\s+stop\s+"?(windefend|sense|wazuhsvc|ossecsvc|mpssvc|eventlog)|amsiutils|setenforce\s+0|history\s+-c\b|auditctl\s+-e\s*0`), "T1562"},
	{"command.persistence", "a command that makes something start again by itself", risky, 4, commands,
		regexp.MustCompile(`(?i)schtasks(\.exe)?"?\s.{0,20}/create|\breg(\.exe)?"?\s+add\s.{0,120}\\(run|runonce|winlogon)\b|new-scheduledtask|register-scheduledtask|\bsc(\.exe)?"?\s+(\\\\\S+\s+)?create\b|crontab\s+-|\.ssh/authorized_keys`), "T1053"},
	{"command.discovery", "a command that asks who and what there is on the machine or in the domain", risky, 3, commands,
		regexp.MustCompile(`(?i)\bwhoami(\.exe)?\s+/(all|priv|groups)|\bnltest(\.exe)?"?\s+/|\bnet1?(\.exe)?"?\s+(user|group|localgroup|view|accounts)\b.{0,80}(/domain|administrators|domain admins)|\badfind\b|bloodhound|sharphound|\bget-ad(user|computer|group)\b|/c\s+"?(hostname|whoami|systeminfo|ipconfig|quser)\b`), "T1087"},
	{"command.redirect", "output of a command that is written to a share, as remote-execution tools do", risky, 3, commands,
		regexp.MustCompile(`(?i)>\s*\\\\[^\s\\]{1,100}\\[^\s\\]{1,60}\$?\\[^\s]{1,100}\s+2>&1`), "T1021.002"},

	{"path.writable", "a program that runs from a folder into which users and browsers write", risky, 3, []string{"path", "image", "name"},
		regexp.MustCompile(`(?i)^([a-z]:\\(users\\[^\\]+\\(downloads|desktop|appdata\\(local\\temp|roaming))|users\\public|windows\\temp|perflogs|programdata\\[^\\]+\.)|/tmp/|/dev/shm/|/var/tmp/).*\.(exe|dll|scr|com|bat|cmd|ps1|vbs|js|hta|lnk|msi|sh|elf|bin|py)$|^(/tmp|/dev/shm|/var/tmp)/[^.]+$`), "T1204.002"},
	{"path.disguised", "a file name with two extensions, the second of which runs", risky, 6, []string{"name", "path"},
		regexp.MustCompile(`(?i)\.(pdf|docx?|xlsx?|pptx?|jpe?g|png|txt|zip|html?)\s*\.(exe|scr|com|pif|js|jse|vbs|vbe|wsf|bat|cmd|lnk|hta|iso|img|msi|ps1)$`), "T1036.007"},

	{"mail.lure", "a mail that presses its reader for credentials, payment or haste", risky, 3, []string{"body", "subject"},
		regexp.MustCompile(`(?i)(confirm|verify|update|validate|re-?enter)\s+(your|the)\s+(password|account|identity|credentials|mailbox|payment|billing|bank)|(account|mailbox|access|password)\s+(\w+\s+){0,6}(will be|has been|is about to be|was)\s+(suspended|locked|closed|disabled|deactivated|expire)|password\s+(expires|has expired|will expire)|gift\s*cards?|wire\s+transfer|unusual\s+sign-?in|(new|changed)\s+bank\s+(details|account)`), "T1566"},
	{"url.address", "a link to a bare IP address", risky, 4, []string{"urls", "url", "links"},
		regexp.MustCompile(`(?i)^https?://(\[[0-9a-f:]+\]|[0-9]{1,3}(\.[0-9]{1,3}){3})([:/?#]|$)`), ""},
	{"url.shortened", "a link through a shortener, which hides where it leads", risky, 3, []string{"urls", "url", "links"},
		regexp.MustCompile(`(?i)^https?://(www\.)?(bit\.ly|tinyurl\.com|t\.co|goo\.gl|is\.gd|ow\.ly|buff\.ly|rebrand\.ly|cutt\.ly|shorturl\.at|rb\.gy|t\.ly|s\.id|v\.gd|tiny\.cc|bl\.ink|lnkd\.in|shorte\.st|adf\.ly)/`), ""},
	{"url.lookalike", "a link whose host is in punycode, or hides behind a user name", risky, 4, []string{"urls", "url", "links"},
		regexp.MustCompile(`(?i)^https?://([^/]*\.)?xn--|^https?://[^/@]+\.[^/@]+@`), ""},
	{"url.login", "a link to a page for signing in, away from a well-known provider", risky, 3, []string{"urls", "url", "links"},
		regexp.MustCompile(`(?i)^http://[^/]+/.*(login|signin|sign-in|logon|owa|verify|secure|account|password)`), ""},

	{"title.malware", "a detection that names malware, credential theft or an attack", risky, 3, []string{"title"},
		regexp.MustCompile(`(?i)\b(malware|ransomware|trojan|backdoor|webshell|cryptominer|coin\s*miner|rootkit|exploit|credential\s+(dump|theft|access)|mimikatz|cobalt\s*strike|beacon|command\s+and\s+control|\bc2\b|exfiltrat|process\s+injection|fraud)`), ""},
	{"title.access", "a detection of an access that may not be the owner's", risky, 3, []string{"title"},
		regexp.MustCompile(`(?i)\b(brute\s*force|password\s+spray|anonymous\s+ip|impossible\s+travel|atypical\s+travel|unfamiliar\s+sign-?in|leaked\s+credentials|unauthori[sz]ed|threat\s+list|malicious\s+ip|tor\s+(exit|node|browser)|compromised|bec\b|inbox\s+(manipulation|forwarding))`), ""},
	{"title.phishing", "a detection or a report of phishing", risky, 2, []string{"title"},
		regexp.MustCompile(`(?i)\bphish`), ""},
	{"rule.threat", "a type of finding that is about an attack and not about configuration", risky, 4, []string{"id"},
		regexp.MustCompile(`^(UnauthorizedAccess|CredentialAccess|Exfiltration|Impact|Backdoor|Trojan|CryptoCurrency|InitialAccess|Persistence|PrivilegeEscalation|DefenseEvasion|Execution|AttackSequence):[A-Za-z0-9]+/`), ""},
}

// addressing is text that speaks to whoever analyses it. It only ever counts as a risk.
var addressing = regexp.MustCompile(`(?i)` +
	`\b(ignore|disregard|forget|override|bypass)\s+(\w+\s+){0,3}(previous|prior|above|earlier|preceding|your|system|these|those|existing)\s+(\w+\s+){0,2}(instruction|prompt|rule|guideline|direction|message|polic|context)` +
	`|\b(mark|classify|treat|label|report|rate|consider|flag|score|set|return|answer|respond|reply|conclude)\s+(\w+\s+){0,6}(as|to|with|=|:|that)?\s*(\w+\s+){0,3}["'` + "`" + `]?(benign|harmless|false[\s_-]+positive|not\s+malicious|informational)\b` +
	`|\b(verdict|classification)["']?\s*(:|=|is|should\s+be|must\s+be)\s*["']?(benign|false_positive|harmless)` +
	`|\byou\s+are\s+(now\s+)?(an?|the)\s+(\w+\s+){0,3}(assistant|ai|model|analyst|agent|llm|chatbot)\b` +
	`|\b(system|developer)\s+(prompt|message|instruction)s?\b` +
	`|\b(note|message|instruction)s?\s+(to|for)\s+(\w+\s+){0,3}(automated|ai|llm|language\s+model|assistant|analysis|model|agent|triage)` +
	`|\bdo\s+not\s+(alert|notify|escalate|report|flag|investigate|raise)\b` +
	`|\b(close|dismiss|suppress|resolve)\s+(this|the)\s+(alert|case|incident|ticket|finding)\b` +
	`|<\|?/?(system|im_start|im_end|assistant|endoftext)\|?>|\[/?INST\]`)

// techniqueWeights are techniques that by themselves say more than that something was seen.
var techniqueWeights = map[string]int{
	"T1003": 4, "T1486": 6, "T1490": 6, "T1562": 4, "T1055": 3, "T1110": 3, "T1566": 2, "T1078": 2, "T1021": 3, "T1048": 4, "T1041": 4,
	"T1068": 4, "T1190": 4, "T1505": 4, "T1558": 4, "T1552": 3, "T1539": 3, "T1528": 3, "T1114": 3, "T1564": 2, "T1105": 2, "T1204": 2, "T1485": 5, "T1496": 3,
}

// severityWeights say what the source itself makes of the alert. A low severity is no sign of good.
var severityWeights = map[string]int{"medium": 2, "high": 3, "critical": 4, "fatal": 5}
