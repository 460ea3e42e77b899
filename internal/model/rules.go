package model

import (
	"regexp"
)

// scorerVersion names this set of rules. A change of a rule or of a weight changes it, because verdicts are compared.
const scorerVersion = "evidence-scorer-2"

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

// textRules are patterns of how attackers work, and none of any one product, host or rule of detection. Patterns are
// RE2: their time grows with the text, and no text makes them hang.
var textRules = []textRule{
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

// hedged is a title that says itself that the detection may be wrong.
var hedged = regexp.MustCompile(`(?i)\b(may|might|possible|possibly|potential|potentially|commonly|could|suspected|evidence of|unusual)\b`)

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
	"T1003": 3, "T1486": 5, "T1490": 5, "T1562": 2, "T1055": 2, "T1110": 1, "T1566": 2, "T1021": 2, "T1048": 3, "T1041": 3,
	"T1068": 3, "T1190": 3, "T1505": 3, "T1558": 3, "T1552": 2, "T1539": 3, "T1528": 3, "T1114": 2, "T1485": 4, "T1496": 3,
}

// severityWeights say what the source itself makes of the alert. A low severity is no sign of good.
var severityWeights = map[string]int{"medium": 1, "high": 2, "critical": 3, "fatal": 4}
