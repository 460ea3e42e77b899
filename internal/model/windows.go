package model

import (
	"regexp"
	"slices"
	"strings"
)

// windows applies the rules on what Windows and Sysmon report. What they know is the shape of an event: who does what to
// what, and where the two stand on the disk. A detection that is explained by that is told to be benign; its title, level
// and technique are claims, and no evidence.
func (e *event) windows() {
	switch actor := e.get("image", "sourceimage"); {
	case actor.there() && e.get("targetobject").there():
		e.witnessed = true
		e.registry(actor, e.get("targetobject"), e.get("details"))
	case actor.there() && e.get("imageloaded").there():
		e.witnessed = true
		e.module(actor, e.get("imageloaded"))
	case actor.there() && e.get("targetfilename").there():
		e.witnessed = true
		e.fileWritten(actor, e.get("targetfilename"))
	case e.get("targetimage").there() && e.get("sourceimage").there():
		e.witnessed = true
		e.reachesInto(e.get("sourceimage"), e.get("targetimage"))
	case e.get("queryname").there() && actor.there():
		e.talks(actor, e.get("queryname"), outside)
	case e.get("destinationip").there() && actor.there():
		e.talks(actor, e.get("destinationip"), placeOf(e.get("destinationip").text))
	case e.get("commandline").there() && actor.there():
		e.witnessed = true
		e.started(actor)
	}
	if path := e.get("imagepath", "servicefilename"); path.there() && e.get("servicename").there() {
		e.startsAgain("service", field{}, path)
	}
	e.settings()
}

var (
	autostartKey = regexp.MustCompile(`(?i)\\currentversion\\(run(once|onceex|services)?|policies\\explorer\\run)(\\|$)|\\winlogon\\(shell|userinit|notify|taskman)|\\image file execution options\\[^\\]+\\(debugger|globalflag)|\\silentprocessexit\\|\\appinit_dlls|\\appcertdlls|\\session manager\\bootexecute|\\control\\lsa\\(authentication|notification|security) packages|\\print\\monitors\\|\\environment\\(userinitmprlogonscript|cor_profiler)|\\active setup\\installed components\\.*stubpath|\\command processor\\autorun|\\netsh\\|\\terminal server\\.*initialprogram|\\screensave|scrnsave\.exe|\\office\\.*\\(addins|perf)`)
	serviceKey   = regexp.MustCompile(`(?i)\\services\\[^\\]+\\(imagepath|parameters\\servicedll|failurecommand)`)
	comKey       = regexp.MustCompile(`(?i)\\clsid\\\{[^}]+\}\\(.*\\)?(inprocserver32|localserver32|treatas|progid|scriptleturl)|\\(localserver32|inprocserver32)\\`)
	elevateKey   = regexp.MustCompile(`(?i)(classes|_classes)\\(ms-settings|folder|exefile|mscfile|appx[a-z0-9]{20,})\\shell\\(open|runas)\\command|\\environment\\windir$|\\app paths\\control\.exe`)
	guardKey     = regexp.MustCompile(`(?i)\\windows defender\\.*(disable|exclusions)|\\(disableantispyware|disablerealtimemonitoring|disablebehaviormonitoring|tamperprotection)$|\\policies\\system\\(enablelua|consentpromptbehavioradmin|localaccounttokenfilterpolicy)|\\wdigest\\uselogoncredential|\\lsa\\(runasppl|lmcompatibilitylevel|disablerestrictedadmin|limitblankpassworduse)|\\scriptblocklogging\\enable|\\eventlog\\.*\\(enabled|maxsize|start)$|\\services\\(windefend|sense|eventlog|mpssvc|wscsvc|wazuhsvc|ossecsvc)\\start|\\firewallpolicy\\.*\\enablefirewall|\\disableregistrytools|\\disabletaskmgr`)
	shellCommand = regexp.MustCompile(`(?i)%comspec%|\b(cmd|powershell|pwsh|mshta|wscript|cscript|regsvr32|rundll32|certutil|bitsadmin)(\.exe)?"?\s|\\\\127\.0\.0\.1\\|\\\\localhost\\|https?://|scrobj\.dll`)
	namesProgram = regexp.MustCompile(`(?i)\.(exe|dll|sys|com|scr|bat|cmd|ps1|vbs|js|hta|lnk|ocx|cpl|sct)\b`)
	driverStore  = regexp.MustCompile(`(?i)^"?(\\\?\?\\|\\systemroot\\)?([a-z]:\\windows\\)?(system32|syswow64)\\(drivers|driverstore)\\`)
)

func (e *event) registry(actor, key, details field) {
	switch {
	case key.matches(elevateKey):
		e.hit("registry.elevation", "a key that makes an elevated program of Windows run something else", risky, 8, quote(key, details)...)
	case key.matches(guardKey):
		e.hit("registry.guard", "a setting of protection or logging is written in the registry", risky, 5, quote(key, details)...)
	case key.matches(autostartKey):
		e.startsAgain("start at sign-in", actor, details)
	case key.matches(serviceKey):
		e.startsAgain("service", actor, details)
	case key.matches(comKey):
		e.startsAgain("COM server", actor, details)
	case trusted(actor.text):
		e.explain("registry.own", "a program of the system or of an installed product writes a value that starts nothing", 5, quote(actor, key)...)
	}
	if doer(actor.text) && (key.matches(autostartKey) || key.matches(comKey) || key.matches(elevateKey) || key.matches(guardKey)) {
		e.hit("registry.shell", "a shell or a command-line tool writes it, and not an installer", risky, 3, quote(actor, key)...)
	}
}

// startsAgain is something that makes a program start by itself: a service, a Run key, a COM server.
func (e *event) startsAgain(what string, actor, program field) {
	switch {
	case !program.there():
	case program.matches(shellCommand) && !driverStore.MatchString(program.text):
		e.hit("autostart.shell", "what starts by itself ("+what+") is a command for a shell", risky, 8, quote(program)...)
	case fromAnywhere(program.text):
		e.hit("autostart.writable", "what starts by itself ("+what+") stands in a folder that any user can write", risky, 6, quote(program)...)
	case homely.MatchString(program.text):
	case protected(program.text) && (!actor.there() || trusted(actor.text)):
		e.explain("autostart.installed", "what starts by itself ("+what+") stands in a folder that only administrators can write, and an installer or the system put it there", 6, quote(program, actor)...)
	case program.matches(namesProgram) && !protected(program.text) && strings.ContainsAny(program.text, `\/`):
		e.hit("autostart.elsewhere", "what starts by itself ("+what+") stands outside of the folders of installed programs", risky, 5, quote(program)...)
	}
}

var (
	powershellLibrary = regexp.MustCompile(`(?i)system\.management\.automation(\.ni)?\.dll$`)
	powershellHosts   = []string{"powershell.exe", "pwsh.exe", "powershell_ise.exe", "wsmprovhost.exe", "mmc.exe", "sdiagnhost.exe", "servermanager.exe", "winrshost.exe", "ngentask.exe", "ngen.exe", "mscorsvw.exe", "sqlps.exe", "ssms.exe", "devenv.exe", "ccmexec.exe"}
)

// module is a program that loads a library.
func (e *event) module(actor, library field) {
	valid := strings.EqualFold(e.get("signaturestatus").text, "valid")
	switch {
	case fromAnywhere(library.text) && !valid:
		e.hit("module.writable", "a library without a valid signature is loaded from a folder that any user can write", risky, 6, quote(library, e.get("signaturestatus", "signed"))...)
	case fromAnywhere(actor.text) && protected(library.text):
		weight := 4
		if actor.matches(unpackFolder) {
			weight = 2
		}
		e.hit("module.stranger", "a program from a folder that any user can write loads a library of the system", risky, weight, quote(actor, library)...)
	case library.matches(powershellLibrary) && protected(library.text) && protected(actor.text) &&
		(slices.Contains(powershellHosts, base(actor.text)) || !strings.Contains(actor.lower(), `\windows\system32\`) && trusted(actor.text)):
		e.explain("module.powershell", "the library of PowerShell is loaded by a program that is known to host PowerShell, or by an installed product", 6, quote(actor, library)...)
	case library.matches(powershellLibrary) && protected(actor.text) && !doer(actor.text):
		e.hit("module.unmanaged", "the library of PowerShell is loaded by a program of the system that has no use for it", risky, 4, quote(actor, library)...)
	case trusted(actor.text) && protected(library.text):
		e.explain("module.system", "a program of the system or of an installed product loads a library from a folder that only administrators can write", 6, quote(actor, library)...)
	}
}

var (
	runsWhenOpened = regexp.MustCompile(`(?i)\.(exe|dll|scr|com|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|hta|lnk|msi|sys|cpl|bin|ocx|url|iso|img)$`)
	startupFolder  = regexp.MustCompile(`(?i)\\start menu\\programs\\startup\\`)
	publicFolder   = regexp.MustCompile(`(?i)\\users\\public\\|\\perflogs\\|\\windows\\(temp|tasks)\\[^\\]+$|\\programdata\\[^\\]+$`)
	policyProbe    = regexp.MustCompile(`(?i)\\__psscriptpolicytest_[a-z0-9]{8}\.[a-z0-9]{3}\.psm?1$`)
	taskFile       = regexp.MustCompile(`(?i)\\system32\\tasks\\`)
	encryptedName  = regexp.MustCompile(`(?i)\.(docx?|xlsx?|pptx?|pdf|jpe?g|png|sql|mdb|accdb|bak|zip|csv|dwg|psd|vmdk|vhdx?)\.([a-z0-9_-]{2,12})$`)
	harmlessSuffix = regexp.MustCompile(`(?i)\.(tmp|bak|old|gz|zip|xz|bz2|zst|asc|sig|lnk|crc|md5|sha256|part|crdownload|download|lock|swp|orig|json|xml|txt|exe|js|html?|log|dpkg-(new|old|dist)|rpm(new|save)|ucf-dist)$`)
	remoteWriters  = []string{"system", "wsmprovhost.exe", "winrshost.exe", "wmiprvse.exe", "psexesvc.exe", "lsass.exe"}
	unpackFolder   = regexp.MustCompile(`(?i)\\(ns[a-z]?[a-z0-9]{3,5}\.tmp|is-[a-z0-9]{5}\.tmp|7z[a-z0-9]{6,9}|_mei\d+|wix[a-z0-9]*|\{[0-9a-f-]{36}\}|[0-9a-f]{8}-[0-9a-f-]{27})\\`)
	// carriers write what others give them: what they write says nothing of themselves.
	carriers = append([]string{"explorer.exe", "7zfm.exe", "7zg.exe", "winrar.exe", "thunderbird.exe", "teams.exe", "slack.exe"}, browsers...)
	browsers = []string{"chrome.exe", "msedge.exe", "firefox.exe", "iexplore.exe", "brave.exe", "opera.exe"}
)

// fileWritten is a program that writes a file.
func (e *event) fileWritten(actor, file field) {
	name := base(actor.text)
	runs := file.matches(runsWhenOpened)
	switch {
	case file.matches(policyProbe):
		e.explain("file.probe", "the file by which PowerShell itself tries whether scripts may run", 6, quote(file)...)
		return
	case file.matches(encryptedName) && !file.matches(harmlessSuffix):
		e.hit("file.encrypted", "a document that has got a second extension, as ransomware gives them", risky, 6, quote(file)...)
	case file.matches(startupFolder) && !slices.Contains([]string{"msiexec.exe", "explorer.exe"}, name):
		e.hit("file.startup", "a file is put where it starts at sign-in", risky, 6, quote(file, actor)...)
	case runs && slices.Contains(remoteWriters, name):
		e.hit("file.remote", "a program is written by what writes for another machine: a share, WinRM or WMI", risky, 5, quote(file, actor)...)
	case runs && slices.Contains(offices, name):
		e.hit("file.office", "a document program writes something that runs", risky, 7, quote(file, actor)...)
	case runs && slices.Contains(doers, name) && name != "msiexec.exe":
		weight := 6
		if strings.HasPrefix(name, "powershell") || name == "cmd.exe" || name == "pwsh.exe" {
			weight = 4
		}
		e.hit("file.dropped", "a shell or a command-line tool writes something that runs", risky, weight, quote(file, actor)...)
	case trusted(actor.text) && !slices.Contains(carriers, name) && !file.matches(publicFolder) && !file.matches(taskFile):
		e.explain("file.installed", "a program of the system or of an installed product writes the file", 5, quote(actor, file)...)
	case fromAnywhere(actor.text) && runs:
		weight := 2
		if file.matches(unpackFolder) {
			weight = 1
		}
		e.hit("file.unpacked", "a program from a folder that any user can write writes another that runs, as installers do and as malware does", risky, weight, quote(actor, file)...)
	}
	if runs && file.matches(publicFolder) && !trusted(actor.text) {
		e.hit("file.public", "something that runs is put into a folder that everybody can write", risky, 4, quote(file)...)
	}
}

// The rights that change another process or read its memory: create thread, operate, read, write, duplicate handles.
const intrusive = 0x2 | 0x8 | 0x10 | 0x20 | 0x40

// reachesInto is a program that opens another, or starts a thread in it.
func (e *event) reachesInto(actor, target field) {
	keeper := base(target.text) == "lsass.exe"
	thread := e.get("startaddress").there()
	rights := e.get("grantedaccess")
	switch {
	case fromAnywhere(actor.text) || !protected(actor.text) && strings.Contains(actor.text, `\`):
		text, weight := "a program from outside of the folders of installed programs opens another process", 5
		if keeper {
			text, weight = "a program from outside of the folders of installed programs opens the process that holds credentials", 8
		}
		if thread {
			text, weight = "a program from outside of the folders of installed programs starts a thread in another process", 8
		}
		e.hit("process.intrusion", text, risky, weight, quote(actor, target)...)
	case doer(actor.text) && keeper:
		e.hit("process.credentials", "a shell or a command-line tool opens the process that holds credentials", risky, 8, quote(actor, target)...)
	case doer(actor.text):
		e.hit("process.shell", "a shell or a command-line tool opens another process", risky, 3, quote(actor, target)...)
	case rights.there() && rights.number()&intrusive == 0:
		e.explain("process.query", "a program of the system or of an installed product asks another process for information, and for no right to read or change it", 6, quote(actor, rights)...)
	case trusted(actor.text):
		e.explain("process.installed", "a program of the system or of an installed product opens the process", 5, quote(actor, target)...)
	}
	if trace := e.get("calltrace"); strings.Contains(trace.text, "UNKNOWN(") && !trusted(actor.text) {
		e.hit("process.unbacked", "the call comes from memory that belongs to no file", risky, 4, quote(trace)...)
	}
	if thread && e.get("startmodule").text == "" && !trusted(actor.text) {
		e.hit("process.thread", "the thread starts in memory that belongs to no module", risky, 3, quote(e.get("startaddress"))...)
	}
}

// talks is a program that asks for a name or connects to an address.
func (e *event) talks(actor, to field, place string) {
	switch {
	case fromAnywhere(actor.text) && place == outside:
		e.hit("network.stranger", "a program from a folder that any user can write goes to the network", risky, 5, quote(actor, to)...)
	case doer(actor.text) && place == outside:
		e.hit("network.shell", "a shell or a command-line tool goes to the network", risky, 4, quote(actor, to)...)
	case trusted(actor.text) && !slices.Contains(offices, base(actor.text)):
		e.explain("network.installed", "a program of the system or of an installed product goes to the network", 4, quote(actor, to)...)
	}
}

var (
	systemNames = []string{"svchost.exe", "lsass.exe", "csrss.exe", "services.exe", "smss.exe", "wininit.exe", "winlogon.exe", "taskhostw.exe", "spoolsv.exe", "explorer.exe", "conhost.exe", "dllhost.exe", "lsm.exe", "runtimebroker.exe", "sihost.exe"}
	servers     = []string{"w3wp.exe", "httpd.exe", "nginx.exe", "tomcat.exe", "tomcat9.exe", "php.exe", "php-cgi.exe", "sqlservr.exe", "mysqld.exe", "postgres.exe", "umworkerprocess.exe", "java.exe", "node.exe"}
	shells      = []string{"powershell.exe", "pwsh.exe", "cmd.exe", "wscript.exe", "cscript.exe", "mshta.exe", "bash.exe", "sh.exe"}
	managers    = []string{"services.exe", "svchost.exe", "taskhostw.exe", "tiworker.exe", "trustedinstaller.exe", "msiexec.exe", "ccmexec.exe", "wuauclt.exe", "usoclient.exe", "compattelrunner.exe", "mousocoreworker.exe", "gpscript.exe"}
	elevators   = []string{"fodhelper.exe", "computerdefaults.exe", "eventvwr.exe", "sdclt.exe", "slui.exe", "wsreset.exe"}
	scriptFile  = regexp.MustCompile(`(?i)\s[-/]f(ile)?\s+"?[^\s"].*\.ps1\b`)
	inline      = regexp.MustCompile(`(?i)&\s*\{|\s[-/]c(ommand)?\s+\S|\s/k\s+\S`)
	fetches     = regexp.MustCompile(`(?i)https?://|\\\\[^\s\\]+\\[^\s\\]+\$`)
	fromInside  = regexp.MustCompile(`(?i)\\(temp|tmp|downloads|public)(\\|$)`)
	logonScript = regexp.MustCompile(`(?i)\\\\[^\s\\]+\\(netlogon|sysvol)\\`)
	ownProgram  = regexp.MustCompile(`(?i)program="?[a-z]:\\program files( \(x86\))?\\`)
	nothingElse = regexp.MustCompile(`[|<>^]|&&|;`)
)

// started is a process that was started.
func (e *event) started(actor field) {
	original, parent, command := e.get("originalfilename"), e.get("parentimage"), e.get("commandline")
	name := base(actor.text)
	if is := base(original.text); original.there() && slices.Contains(doers, is) && is != name && strings.HasSuffix(name, ".exe") && is+".mui" != name {
		e.hit("process.renamed", "a copy of a tool of Windows under another name", risky, 8, quote(actor, original)...)
	}
	if slices.Contains(systemNames, name) && strings.Contains(actor.text, `\`) && !protected(actor.text) {
		e.hit("process.disguised", "a program that has the name of one of Windows, and stands elsewhere", risky, 8, quote(actor)...)
	}
	up := base(parent.text)
	isShell := slices.Contains(shells, name)
	switch {
	case slices.Contains(servers, up) && up != "java.exe" && up != "node.exe" && isShell:
		e.hit("process.server", "a server that answers the network starts a shell", risky, 7, quote(parent, actor)...)
	case up == "wmiprvse.exe" && isShell:
		e.hit("process.wmi", "WMI starts a shell, as it does for another machine", risky, 4, quote(parent, actor)...)
	case up == "services.exe" && isShell:
		e.hit("process.service", "a service is a shell", risky, 5, quote(parent, actor)...)
	case slices.Contains(elevators, up) && isShell, slices.Contains(elevators, name) && slices.Contains(shells, up):
		e.hit("process.elevator", "a program that Windows elevates without asking, and a shell", risky, 6, quote(parent, actor)...)
	case slices.Contains(shells, up) && slices.Contains(doers, name) && inline.MatchString(e.get("parentcommandline").text+" "+command.text) && fromInside.MatchString(e.get("currentdirectory").text):
		e.hit("process.scratch", "one shell hands a command to another in a folder for temporary files or downloads", risky, 4, quote(command, e.get("currentdirectory"))...)
	}
	if fromAnywhere(parent.text) && (isShell || slices.Contains(doers, name)) {
		e.hit("process.child", "a program from a folder that any user can write starts a shell or a tool", risky, 4, quote(parent, actor)...)
	}
	e.ordinary(actor, parent, command)
}

// ordinary is what a started process looks like when the system or an installed product goes about its business.
func (e *event) ordinary(actor, parent, command field) {
	if !protected(actor.text) || command.matches(fetches) && !logonScript.MatchString(e.get("parentcommandline").text) || fromAnywhere(command.text) {
		return
	}
	name, up := base(actor.text), base(parent.text)
	server := slices.Contains(servers, up) && up != "node.exe" || slices.Contains(offices, up) || slices.Contains(browsers, up)
	switch {
	case trusted(actor.text) && slices.Contains(managers, up) && protected(parent.text):
		e.explain("process.managed", "the service manager, an installer or a scheduler of Windows starts a program of the system or of an installed product", 5, quote(parent, actor)...)
	case trusted(parent.text) && !server && slices.Contains(managers, up) && scriptFile.MatchString(command.text):
		e.explain("process.script", "a management agent runs a script from a file", 5, quote(parent, command)...)
	case trusted(parent.text) && !server && strings.Contains(parent.lower(), `\program files`) && !nothingElse.MatchString(command.text):
		e.explain("process.product", "an installed product starts a program of the system or of its own", 5, quote(parent, command)...)
	case name == "netsh.exe" && slices.Contains(managers, up) && protected(parent.text) && ownProgram.MatchString(command.text):
		e.explain("process.installer", "an installer lets the program that it installs through the firewall", 5, quote(parent, command)...)
	case logonScript.MatchString(e.get("parentcommandline").text) && !nothingElse.MatchString(command.text):
		e.explain("process.logon", "the logon script of the domain runs it", 5, quote(e.get("parentcommandline"), command)...)
	case trusted(actor.text) && strings.Contains(actor.lower(), `\program files`) && slices.Contains(shells, up) && !nothingElse.MatchString(command.text):
		e.explain("process.tool", "a shell starts an installed program", 4, quote(actor, command)...)
	case scriptFile.MatchString(command.text) && protectedFolder(command.text) && !slices.Contains(offices, up) && !fromAnywhere(parent.text):
		e.hit("process.kept", "a script that stands where administrators keep theirs", benign, 2, quote(command)...)
	}
}

// protectedFolder tells whether a script stands in a folder that users don't write by habit.
func protectedFolder(command string) bool { return scriptHome.MatchString(command) }

var scriptHome = regexp.MustCompile(`(?i)[-/]f(ile)?\s+"?([a-z]:\\(program files|windows\\ccm|programdata\\[^\\]+\\|scripts\\))`)

var (
	guardProduct = regexp.MustCompile(`(?i)(windows )?defender|antivirus|antimalware|firewall|event ?log|wazuh|ossec|sysmon|security center`)
	turnedOff    = regexp.MustCompile(`(?i)\b(disabled|turned off|stopped)\b`)
	unwanted     = regexp.MustCompile(`(?i)\b(pua|pup|adware|riskware|potentially unwanted)`)
	dealtWith    = regexp.MustCompile(`(?i)\b(quarantined?|removed?|cleaned|blocked|remediated|deleted)\b`)
)

// settings are events of Windows' own components: services, Defender, error reports.
func (e *event) settings() {
	if name, to := e.get("param1"), e.get("param3"); name.there() && to.there() { // a service starts in another way than before
		switch {
		case to.matches(turnedOff) && name.matches(guardProduct):
			e.hit("service.guard", "a service that protects or records is disabled", risky, 6, quote(name, to)...)
		case !to.matches(turnedOff):
			e.explain("service.start", "a service is started in another way than before, and is not disabled", 4, quote(name, to)...)
		}
	}
	threat, action := e.get("threatname"), e.get("actionname")
	if threat.there() {
		switch {
		case threat.matches(unwanted) && action.matches(dealtWith):
			e.explain("guard.unwanted", "unwanted software, which is no attack, was dealt with", 4, quote(threat, action)...)
		case action.matches(dealtWith):
			e.hit("guard.dealt", "malware that protection has dealt with", risky, 4, quote(threat, action)...)
		default:
			e.hit("guard.malware", "malware that protection has found", risky, 6, quote(threat)...)
		}
	}
}
