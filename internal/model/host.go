package model

import (
	"regexp"
	"slices"
	"strings"
)

// host applies the rules on what hosts of any kind report: sign-ins, changed files, packages, audits, the agent itself.
func (e *event) host() {
	e.signIn()
	e.accounts()
	e.integrity()
	e.rootcheck()
	e.audits()
	e.housekeeping()
	e.ports()
}

var (
	thenSuccess = regexp.MustCompile(`(?i)fail(ed|ures?)?\b.{0,60}\bfollowed by\b.{0,30}\bsuccess`)
	succeeded   = regexp.MustCompile(`(?i)\baccepted (password|publickey|keyboard-interactive)|\bsession opened\b|\blog(on|in) success|successfully logged on|userloggedin`)
	withKey     = regexp.MustCompile(`(?i)\baccepted (publickey|hostbased|gssapi)`)
	withSecret  = regexp.MustCompile(`(?i)\baccepted (password|keyboard-interactive)`)
	bySchedule  = regexp.MustCompile(`(?i)\b(cron|crond|CRON|systemd|anacron|atd)\b.*session (opened|closed)|\(cron:session\)|\(systemd-user:session\)`)
	superUser   = regexp.MustCompile(`(?i)^(root|administrator|admin|sa|sysadmin)(\(uid=0\))?$`)
	systemUser  = regexp.MustCompile(`(?i)^(system|local service|network service|dwm-\d+|umfd-\d+|.+\$)$`)
	lockedOut   = regexp.MustCompile(`(?i)\block(ed)? ?out\b`)
)

// repeated is how often a rule has fired from which on it no longer is a slip of the hand.
const repeated = 10

func (e *event) signIn() {
	line := e.get("fulllog")
	from, place := e.source()
	failedOften := e.group("authentication_failures", "multiple_authentication_failures", "win_authentication_failures", "brute_force", "bruteforce")
	failed := e.group("authentication_failed", "win_authentication_failed", "invalid_login", "login_denied", "access_denied")
	passed := e.group("authentication_success", "win_authentication_success")
	fired, logon := e.get("firedtimes").number(), e.under("eventdata", "logontype").text
	user := e.get("dstuser", "targetusername", "username", "userid")
	if title := e.get("title"); title.matches(thenSuccess) {
		e.hit("signin.broken", "sign-ins failed again and again, and then one did not", risky, 8, quote(title)...)
		return
	}
	switch {
	case failedOften.there() && lockedOut.MatchString(e.get("title").text) && place != outside:
		e.hit("signin.locked", "an account that was locked after failed sign-ins, as forgotten passwords also do", risky, 1, quote(e.get("title"))...)
	case failedOften.there(), failed.there() && place == outside && fired >= repeated:
		weight, text := 4, "sign-ins fail again and again"
		if place == outside {
			weight, text = 5, "sign-ins fail again and again, from a public address"
		}
		e.hit("signin.guessing", text, risky, weight, quote(failedOften, failed, from)...)
		if user.matches(superUser) {
			e.hit("signin.super", "the account is one that has every right", risky, 2, quote(user)...)
		}
	case failed.there() && place == outside:
		e.hit("signin.failed", "a sign-in from a public address fails", risky, 3, quote(failed, from)...)
	case failed.there() && fired < repeated:
		e.explain("signin.slip", "a single sign-in from inside fails, as a mistyped password does", 4, quote(failed, from)...)
	case (passed.there() || line.matches(succeeded)) && bySchedule.MatchString(line.text):
		e.explain("signin.schedule", "a session that the scheduler of the host opens for itself", 5, quote(line)...)
	case passed.there() && place == outside && (logon == "10" || withSecret.MatchString(line.text)):
		weight := 4
		if user.matches(superUser) {
			weight = 6
		}
		e.hit("signin.outside", "a sign-in by password or remote desktop from a public address", risky, weight, quote(from, user)...)
	case passed.there() && place == outside && !e.get("operation").there() && !withKey.MatchString(line.text):
		e.hit("signin.public", "a sign-in from a public address", risky, 3, quote(from)...)
	case passed.there() && place == outside:
		e.hit("signin.expected", "a sign-in in a way that guessing a password does not give", benign, 2, quote(from, line)...)
	case passed.there():
		e.explain("signin.inside", "a sign-in from inside succeeds", 4, quote(passed, from)...)
	case place != outside && e.get("subjectusername").matches(systemUser) && !e.get("targetusername").there():
		e.explain("signin.system", "an account of the system itself", 4, quote(e.get("subjectusername"))...)
	case strings.HasSuffix(user.text, "$") || strings.Contains(user.text, "$@"):
		if place == inside {
			e.explain("signin.machine", "a machine's own account, from inside", 4, quote(user, from)...)
		}
	case strings.Contains(line.text, "session closed"):
		e.explain("signin.closed", "a session ends", 4, quote(line)...)
	}
}

var (
	highGroup  = regexp.MustCompile(`(?i)\b(domain|enterprise|schema) admins\b|\badministrators\b|\b(backup|account|server|print) operators\b|\bdnsadmins\b|\bwheel\b|\bsudo\b`)
	grown      = regexp.MustCompile(`(?i)\b(member|user) (was )?added|added to\b.{0,40}\bgroup`)
	rootAlike  = regexp.MustCompile(`(?i)\bnew user:.*\buid=0\b`)
	logCleared = regexp.MustCompile(`(?i)\b(audit|event|security)?\s*log\s+(was|has been)?\s*clear(ed)?\b|\blog file was cleared`)
)

func (e *event) accounts() {
	title, line := e.get("title"), e.get("fulllog")
	if line.matches(rootAlike) {
		e.hit("account.root", "a new account that has the rights of root", risky, 8, quote(line)...)
	}
	name := e.get("targetusername", "groupname")
	if (title.matches(grown) || e.group("group_changed", "win_group_changed").there()) && (name.matches(highGroup) || title.matches(highGroup)) && grown.MatchString(title.text) {
		e.hit("account.admin", "an account is put into a group with high rights", risky, 6, quote(name, title)...)
	}
	if title.matches(logCleared) || e.group("log_clearing", "log_clearing_auditlog", "logs_cleared").there() {
		e.hit("log.cleared", "a log that records what is done was cleared", risky, 7, quote(title)...)
	}
}

var (
	keyFile      = regexp.MustCompile(`(?i)/\.ssh/(authorized_keys2?|rc)$|/etc/ld\.so\.preload$`)
	rightsFile   = regexp.MustCompile(`(?i)^/etc/(passwd|shadow|group|gshadow|sudoers|sudoers\.d/.*|pam\.d/.*|security/.*)$|/authlog$`)
	startFile    = regexp.MustCompile(`(?i)^/etc/(cron[^/]*(/.*)?|rc\.local|init\.d/.*|profile(\.d/.*)?|bash\.bashrc|systemd/system/.*)$|/var/spool/cron|/\.(bashrc|bash_profile|profile|zshrc)$|/\.config/autostart/`)
	binaryFile   = regexp.MustCompile(`(?i)^/(usr/)?(local/)?s?bin/|^/(usr/)?lib(32|64|x32)?/.*\.so(\.|$)|^/boot/|\\windows\\(system32|syswow64)\\[^\\]+\.(exe|dll|sys)$`)
	webScript    = regexp.MustCompile(`(?i)(/var/www|/htdocs|/html|/public_html|/wwwroot|\\inetpub\\wwwroot|/srv/www|/usr/share/nginx|/webapps)[/\\].*\.(php[0-9]?|phtml|phar|jspx?|aspx?|ashx|cgi|war)$`)
	uploads      = regexp.MustCompile(`(?i)[/\\](uploads?|files|images?|img|media|tmp|cache|avatars?|attachments?)[/\\]`)
	webUser      = regexp.MustCompile(`(?i)^(www-data|apache|nginx|httpd|http|tomcat\d*|nobody|iusr|.*apppool.*)$`)
	scratchFile  = regexp.MustCompile(`(?i)^/(tmp|dev/shm|var/tmp)/`)
	hiddenFile   = regexp.MustCompile(`/\.[^/.][^/]*(/|$)`)
	routineFile  = regexp.MustCompile(`(?i)^/usr/share/(doc|man|locale|info|icons|mime|zoneinfo|perl|python3?)/|^/var/(cache|log|lib/(dpkg|apt|rpm|dnf|yum|snapd|systemd))/|\.(pyc|cache|dpkg-(new|old|dist|tmp)|ucf-(dist|old|new)|rpm(new|save|orig))$|^/etc/(ld\.so\.cache|mtab|resolv\.conf|adjtime|mailcap|ssl/certs/.*|alternatives/.*|cups/.*|lvm/.*|\.pwd\.lock|machine-id)$|\\windows\\(prefetch|winsxs|softwaredistribution|logs|inf|servicing|system32\\(wbem\\repository|config|catroot2?|winevt|sru|logfiles|driverstore))\\`)
	executable   = regexp.MustCompile(`x`)
	massChange   = regexp.MustCompile(`(?i)\b(multiple|many|mass)\b.{0,40}\bfiles?\b|\bransom`)
	changedTimes = regexp.MustCompile(`(?i)^(mtime|inode|perm|uid|gid|user_name|group_name)$`)
)

// integrity is a file or a registry value that was added, modified or deleted.
func (e *event) integrity() {
	path, what := e.under("/syscheck/", "path"), e.under("/syscheck/", "event")
	if !path.there() {
		return
	}
	who, how := e.under("/syscheck/", "unameafter"), e.under("/syscheck/", "mode")
	by := e.under("/syscheck/audit/process/", "name")
	switch {
	case by.there() && writablePath.MatchString(by.text):
		e.hit("integrity.stranger", "the file was changed by a program from a folder that any user can write", risky, 7, quote(path, by)...)
	case path.matches(keyFile):
		e.hit("integrity.key", "a file was changed that lets somebody in, or code into every program", risky, 6, quote(path, what)...)
	case path.matches(webScript) && (uploads.MatchString(path.text) || who.matches(webUser)):
		e.hit("integrity.webshell", "a script on a web server that the server itself wrote, or that stands among uploads", risky, 7, quote(path, who)...)
	case path.matches(scratchFile) && (hiddenFile.MatchString(path.text) || executable.MatchString(e.under("/syscheck/", "permafter").text)):
		e.hit("integrity.scratch", "a hidden file or a program in a folder for temporary files", risky, 6, quote(path)...)
	case path.matches(encryptedName) && !path.matches(harmlessSuffix):
		e.hit("integrity.encrypted", "a document that has got a second extension, as ransomware gives them", risky, 6, quote(path)...)
	case path.matches(routineFile):
		e.explain("integrity.routine", "a file that the system and its package manager change in their course", 5, quote(path, what)...)
	case path.matches(rightsFile):
		e.hit("integrity.rights", "a file was changed that says who may sign in and with what rights", risky, 3, quote(path, what)...)
	case path.matches(startFile):
		e.hit("integrity.start", "a file was changed that starts something by itself", risky, 3, quote(path, what)...)
	case path.matches(binaryFile):
		e.hit("integrity.program", "a program or a library of the system was changed, by an update or by somebody", risky, 2, quote(path, what)...)
	case strings.EqualFold(how.text, "scheduled") && strings.EqualFold(who.text, "system") && e.onlyTimes():
		e.explain("integrity.touched", "the system itself touched it, and what it says is unchanged", 5, quote(path, who)...)
	}
	if title := e.get("title"); title.matches(massChange) && e.under("/syscheck/", "event").there() {
		e.hit("integrity.mass", "many files are changed in a short time", risky, 5, quote(title)...)
	}
	for _, diff := range e.fields["diff"] {
		for added := range strings.Lines(diff.text) {
			if added = strings.TrimSpace(added); strings.HasPrefix(added, ">") {
				e.command(command{text: strings.TrimSpace(added[1:]), at: []field{diff}})
			}
		}
	}
}

// onlyTimes tells whether what was changed is the times and the owner of a file and not what it holds.
func (e *event) onlyTimes() bool {
	changed := e.fields["changedattributes"]
	return len(changed) > 0 && !slices.ContainsFunc(changed, func(f field) bool { return !f.matches(changedTimes) })
}

var (
	hiddenThing = regexp.MustCompile(`(?i)\bhidden (from|process|port)|kernel[- ]level rootkit|trojan(ed|ized)? version|rootkit '|promiscuous|file .{0,80}(is )?infected`)
	sniffing    = regexp.MustCompile(`(?i)\bentered promiscuous mode|promiscuous ?\(?sniff`)
)

func (e *event) rootcheck() {
	line := e.get("fulllog", "description")
	switch {
	case e.group("rootcheck").there() && line.matches(hiddenThing):
		e.hit("rootkit", "a scan of the host has found what rootkits leave", risky, 6, quote(line)...)
	case line.matches(sniffing):
		e.hit("sniffing", "a network interface listens to what is not for it", risky, 5, quote(line)...)
	}
}

var (
	mild     = regexp.MustCompile(`(?i)^(low|medium|none|untriaged|-)$`)
	resulted = regexp.MustCompile(`(?i)^(passed|failed|not applicable)$`)
)

// audits are findings about how a host is set up. Nobody did anything.
func (e *event) audits() {
	if f := e.group("sca", "oscap", "ciscat", "policy_check"); f.there() && (e.get("result").matches(resulted) || e.get("policy", "scanid").there()) {
		e.explain("audit.check", "a check of the configuration against a benchmark, and nothing that somebody did", 6, quote(f, e.get("result", "policy"))...)
	}
	if f := e.group("vulnerability-detector"); f.there() {
		severity := e.under("/vulnerability/", "severity")
		switch {
		case severity.matches(mild):
			e.explain("audit.vulnerability", "a known vulnerability of no high severity in an installed package, and nothing that somebody did", 5, quote(f, severity)...)
		case strings.EqualFold(e.under("/vulnerability/", "status").text, "solved"):
			e.explain("audit.solved", "a vulnerability that has been solved", 6, quote(f)...)
		default:
			e.hit("audit.exposure", "an inventory of vulnerabilities, and nothing that somebody did; how bad it is takes more", benign, 3, quote(f, severity)...)
		}
	}
}

var (
	agentLife     = regexp.MustCompile(`(?i)\bagent (started|connected|restarted|upgraded)|\b(manager|server) (re)?started|\bagent (event )?queue|agent buffer|flooding`)
	agentAway     = regexp.MustCompile(`(?i)\bagent (disconnected|stopped|removed)`)
	packageLine   = regexp.MustCompile(`(?i)\b(status (installed|half-configured|unpacked|config-files|not-installed)|(install|upgrade|configure|trigproc|remove|startup packages)\s+\S|(installed|updated|erased|upgraded): \S)`)
	attackPackage = regexp.MustCompile(`(?i)\b(nmap|masscan|hydra|john|hashcat|netcat|ncat|socat|proxychains|sqlmap|nikto|aircrack|responder|crackmapexec|metasploit\S*|chisel|tor)\b`)
	definitions   = regexp.MustCompile(`(?i)\b(definitions?|signatures?|intelligence)\b.{0,30}\bupdated\b|\bscan (has )?(started|finished|completed)\b`)
	scheduled     = regexp.MustCompile(`(?i)\bscheduled successfully\b|\bupdate (was )?(installed|successful)|\binstallation successful`)
	crash         = regexp.MustCompile(`(?i)\bapplication error\b|\berror reporting\b|\bapplication (hang|crash)|\.net runtime`)
	mailRefused   = regexp.MustCompile(`(?i)\breject(ed)?: (rcpt|helo|mail)|relay(ing)? (access )?denied|sender domain is not found|\bspam\b`)
	dropped       = regexp.MustCompile(`(?i)^(drop|dropped|deny|denied|block|blocked|reject|rejected|discard)$`)
)

// housekeeping is what systems report of their own working.
func (e *event) housekeeping() {
	title, line := e.get("title"), e.get("fulllog", "description")
	switch {
	case title.matches(agentLife) && !title.matches(agentAway):
		e.explain("own.agent", "the agent or the server of the source reports of its own working", 5, quote(title)...)
	case title.matches(agentAway):
		e.hit("own.away", "an agent went away, as hosts do that are switched off and as attackers make them", risky, 1, quote(title)...)
	case e.group("dpkg", "yum", "apt", "rpm", "package_manager", "zypper", "pacman").there() && line.matches(packageLine):
		if line.matches(attackPackage) {
			e.hit("package.tool", "a package is installed that attackers also use", risky, 4, quote(line)...)
			return
		}
		e.explain("package", "the package manager installs, updates or removes a package", 5, quote(line)...)
	case title.matches(definitions), title.matches(scheduled):
		e.explain("own.update", "a product reports that it works and keeps itself up to date", 5, quote(title)...)
	case title.matches(crash) && e.group("windows_application", "windows", "syslog").there():
		e.explain("own.crash", "a program reports an error of its own", 4, quote(title)...)
	case title.matches(mailRefused), line.matches(mailRefused):
		e.explain("mail.refused", "the mail server has refused it, as it does all day", 4, quote(title)...)
	case e.get("action").matches(dropped) && e.group("firewall", "firewall_drop").there():
		e.explain("firewall.dropped", "the firewall has dropped it", 4, quote(e.get("action"))...)
	}
	if e.group("docker").there() {
		e.containers()
	}
	if fired, level := e.get("firedtimes"), e.under("/rule/", "level"); fired.number() >= 30 && level.number() <= 5 && level.there() && !e.group("authentication_failed", "authentication_failures", "invalid_login", "attack").there() {
		e.hit("often", "the rule fires all the time, and its source gives it a low level", benign, 2, quote(fired)...)
	}
}

var (
	privileged = regexp.MustCompile(`(?i)--privileged|\bprivileged=true|/var/run/docker\.sock|\bpid=host\b|:/host\b|-v\s+/:/`)
	lifecycle  = regexp.MustCompile(`(?i)^(start|stop|create|destroy|die|pull|connect|disconnect|mount|unmount|attach|kill|restart|tag|untag|prune|health_status.*)$`)
)

func (e *event) containers() {
	for _, list := range e.fields {
		for _, f := range list {
			if inRaw(f.pointer) && f.matches(privileged) {
				e.hit("container.host", "a container with the rights of its host", risky, 6, quote(f)...)
				return
			}
		}
	}
	if status := e.under("/docker/", "status"); status.matches(lifecycle) {
		e.explain("container", "a container starts or stops, without rights on its host", 4, quote(status)...)
	}
}

var listener = regexp.MustCompile(`(?m)^(tcp6?|udp6?)\s+(\S+)\s+\S+\s+\d+/(\S+)\s*$`)

// ports compares the ports that a host listens on with those before.
func (e *event) ports() {
	now, before := e.get("fulllog"), e.get("previousoutput", "previouslog")
	if !strings.Contains(now.text, "listening ports") || !before.there() {
		return
	}
	had := map[string]bool{}
	for _, m := range listener.FindAllStringSubmatch(before.text, -1) {
		had[m[1]+m[2]+m[3]] = true
	}
	for _, m := range listener.FindAllStringSubmatch(now.text, -1) {
		if !had[m[1]+m[2]+m[3]] && !strings.HasPrefix(m[2], "127.") && !strings.HasPrefix(m[2], "::1:") {
			e.hit("ports.new", "a program listens on a port on which none did before", risky, 3, cite(now.node, m[0]))
			return
		}
	}
	e.explain("ports.same", "no program listens for others on a port on which none did before", 6, quote(now)...)
}

// routine is a command that an administrator or a scheduler runs all day. It is asked only when no other rule holds on any
// command of the event.
func (e *event) routine(list []command) {
	kind := e.group("sudo", "audit", "audit_command", "sysmon", "process")
	if !kind.there() || writablePath.MatchString(e.get("pwd", "cwd").text+"/") {
		return
	}
	for _, c := range list {
		if routine.MatchString(c.text) && !looked.MatchString(c.text) && !attackPackage.MatchString(c.text) {
			e.explain("command.routine", "a command that administrators and schedulers run all day", 5, c.cite("")...)
			return
		}
	}
}
