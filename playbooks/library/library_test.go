package library_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/connector"
	"picket/internal/ingest"
	"picket/internal/ingest/sample"
	"picket/internal/soc"
	"picket/internal/workshop"
	"picket/playbooks"
	"picket/playbooks/expr"
	"picket/playbooks/format"
	"picket/playbooks/library"
	"picket/playbooks/plan"
)

// catalog is that of the connectors that come with Picket.
func catalog(t *testing.T) *playbooks.Catalog {
	t.Helper()
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	cat := workshop.Catalog(registry)
	cat.Connections, cat.Sources = nil, []string{"generic", "wazuh", "defender", "guardduty"}
	var diagnostics []playbooks.Diagnostic
	cat.Agents, diagnostics = playbooks.ReadAgents(fileSet(library.Agents()), cat)
	require.Empty(t, diagnostics)
	require.Len(t, cat.Agents, len(library.Agents()))
	return cat
}

func fileSet(files map[string][]byte) []playbooks.File {
	var set []playbooks.File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		set = append(set, playbooks.File{Name: name, Source: files[name]})
	}
	return set
}

// compiled compiles playbooks together, each of which must be without any diagnostic and bear its file's name.
func compiled(t *testing.T, files map[string][]byte, cat *playbooks.Catalog) map[string]*plan.Plan {
	t.Helper()
	all := map[string]*plan.Plan{}
	for _, c := range playbooks.CompileSet(fileSet(files), cat) {
		require.Empty(t, c.Diagnostics, "%v", c.Diagnostics)
		require.Equal(t, strings.TrimSuffix(c.File.Name, ".yaml"), c.Plan.Name, "a playbook's file has its name")
		all[c.Plan.Name] = c.Plan
	}
	require.Len(t, all, len(files))
	return all
}

func plans(t *testing.T) map[string]*plan.Plan {
	t.Helper()
	return compiled(t, library.Files(), catalog(t))
}

// wanted are what a SOC automates first. All of them come with Picket.
var wanted = []string{
	"phishing-mail", "suspicious-sign-in", "malware-on-host", "ransomware-containment", "brute-force", "data-exfiltration",
	"compromised-cloud-key", "malicious-oauth-app", "known-exploited-vulnerability", "lost-laptop", "insider-download", "alert-storm",
}

// harmless are the playbooks that change nothing in the world: they look up, tell and start others.
var harmless = []string{"enrich-observable", "vulnerability-sweep", "known-exploited-vulnerability", "alert-storm"}

func TestTheLibraryCompilesAgainstTheRealConnectors(t *testing.T) {
	t.Parallel()
	all := plans(t)
	for _, name := range wanted {
		require.Contains(t, all, name)
	}
	for name, p := range all {
		require.NotEmpty(t, p.Owner, name)
		text, err := p.Encode()
		require.NoError(t, err)
		require.Equal(t, !slices.Contains(harmless, name), strings.Contains(string(text), `"effect":"consequential"`), "%s changes something in the world", name)
	}
}

const portedDir = "../ported"

// ported are the playbooks that were written for other products first.
func ported(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(portedDir, "*.yaml"))
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, path := range paths {
		if !strings.HasSuffix(path, ".test.yaml") {
			files[filepath.Base(path)], err = os.ReadFile(path)
			require.NoError(t, err)
		}
	}
	return files
}

func TestThePageOfTheLibraryHasEveryPlaybook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/library.md")
	require.NoError(t, err)
	for file := range library.Files() {
		require.Contains(t, string(text), "| ["+strings.TrimSuffix(file, ".yaml")+"](../playbooks/library/"+file+") |")
	}
}

func TestThePlaybooksTheirTestsAndTheAgentsAreFormatted(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"*.yaml", "agents/*.yaml", portedDir + "/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		for _, path := range paths {
			source, err := os.ReadFile(path)
			require.NoError(t, err)
			formatted, err := format.Source(source)
			require.NoError(t, err, path)
			require.Equal(t, string(formatted), string(source), "%s: run picket playbook fmt", path)
		}
	}
}

func TestPortedPlaybooksCompileBesideTheLibrary(t *testing.T) {
	t.Parallel()
	files := ported(t)
	require.GreaterOrEqual(t, len(files), 10)
	maps.Copy(files, library.Files())
	cat := catalog(t)
	cat.Sources = append(cat.Sources, "zabbix")
	compiled(t, files, cat)
}

// started are the playbooks that an alert starts.
func started(t *testing.T, all map[string]*plan.Plan, alert soc.Alert) []string {
	t.Helper()
	document, err := json.Marshal(alert)
	require.NoError(t, err)
	scope := expr.NewScope(expr.Vars{"alert": document}, time.Unix(0, 0))
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, trigger := range all[name].Triggers {
			if trigger.Kind != "alert" || trigger.Source != "" && trigger.Source != alert.Source {
				continue
			}
			holds, err := expr.EvalBool(trigger.When, scope)
			require.NoError(t, err)
			if holds {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// An alert that starts two playbooks asks people twice; one about an account or a host that starts none is lost.
func TestEveryMixOfWhatTriggersLookAtStartsOnePlaybook(t *testing.T) {
	t.Parallel()
	all := plans(t)
	attack := func(ids ...string) (out []func(*soc.Alert)) {
		for _, id := range ids {
			out = append(out, func(a *soc.Alert) { a.Attack = append(a.Attack, id) })
		}
		return append(out, func(*soc.Alert) {})
	}
	label := func(words ...string) (out []func(*soc.Alert)) {
		for _, word := range words {
			out = append(out, func(a *soc.Alert) { a.Labels = append(a.Labels, word) })
		}
		return append(out, func(*soc.Alert) {})
	}
	mixes := [][]func(*soc.Alert){
		{
			func(*soc.Alert) {}, func(a *soc.Alert) { a.User.Name = "svc-backup" }, func(a *soc.Alert) { a.User.UID = "S-1-5-21" },
			func(a *soc.Alert) { a.User.Email = "ana@example.test" },
		},
		{func(*soc.Alert) {}, func(a *soc.Alert) { a.Host.Name = "ws-1" }},
		{func(*soc.Alert) {}, func(a *soc.Alert) { a.Mail.Subject = "Hello" }},
		{func(*soc.Alert) {}, func(a *soc.Alert) { a.Cloud = soc.Cloud{Provider: "aws", Resource: "AKIAEXAMPLE"} }},
		{func(*soc.Alert) {}, func(a *soc.Alert) { a.SrcIP = "203.0.113.7" }},
		{
			func(*soc.Alert) {}, func(a *soc.Alert) { a.Rule.Groups = []string{"authentication_failures"} },
			func(a *soc.Alert) { a.Rule.Groups = []string{"syscheck"} }, func(a *soc.Alert) { a.Rule.Groups = []string{"vulnerability-detector"} },
		},
		attack("T1059", "T1078", "T1110", "T1566.001", "T1486", "T1528", "T1550.001", "T1041", "T1567.002", "T1530", "T1213"),
		label("phishing", "ransomware", "oauth", "exfiltration", "insider", "vulnerability", "sample"),
	}
	seen := map[string]int{}
	var try func(alert soc.Alert, rest [][]func(*soc.Alert))
	try = func(alert soc.Alert, rest [][]func(*soc.Alert)) {
		if len(rest) > 0 {
			for _, change := range rest[0] {
				next := alert
				change(&next)
				try(next, rest[1:])
			}
			return
		}
		names := started(t, all, alert)
		require.LessOrEqual(t, len(names), 1, "%+v starts %v", alert, names)
		if len(names) == 1 {
			seen[names[0]]++
		} else {
			require.Empty(t, alert.User, "%+v starts nothing", alert)
			require.Empty(t, alert.Host, "%+v starts nothing", alert)
		}
	}
	try(soc.Alert{Source: "generic", Severity: soc.SeverityMedium}, mixes)
	for _, name := range wanted {
		require.Equal(t, name != "lost-laptop", seen[name] > 0, "%s: alerts start all but what a person starts", name)
	}
}

func normalise(t *testing.T, source string, body []byte) []soc.Alert {
	t.Helper()
	found, err := ingest.Normalise(ingest.Source{Name: source, Kind: ingest.Kind(source)}, body, time.Unix(1_700_000_000, 0))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	alerts := make([]soc.Alert, len(found))
	for i, f := range found {
		alerts[i] = f.Alert
	}
	return alerts
}

func TestEverySampleStartsOnePlaybook(t *testing.T) {
	t.Parallel()
	all := plans(t)
	want := map[string]string{
		"wazuh-malware": "malware-on-host", "defender-malware": "malware-on-host",
		"defender-sign-in": "suspicious-sign-in", "guardduty-key": "suspicious-sign-in", "wazuh-brute-force": "suspicious-sign-in",
		"phishing-report": "phishing-mail",
	}
	samples := sample.Alerts()
	require.Len(t, samples, len(want))
	for _, s := range samples {
		for _, alert := range normalise(t, s.Source, s.Body) {
			require.Equal(t, []string{want[s.Name]}, started(t, all, alert), s.Name)
		}
	}
}

func TestEveryRealAlertStartsOnePlaybook(t *testing.T) {
	t.Parallel()
	all := plans(t)
	seen := map[string]int{}
	for _, file := range []string{"defender/incident-38.alerts.jsonl", "defender/incident-166.alerts.jsonl", "wazuh/alerts.jsonl"} {
		for _, line := range lines(t, filepath.Join("../../../shared/corpora", file)) {
			for _, alert := range normalise(t, filepath.Dir(file), line) {
				names := started(t, all, alert)
				require.Len(t, names, 1, "%s: %s starts %v", file, alert.Title, names)
				seen[names[0]]++
			}
		}
	}
	t.Log(seen)
	require.GreaterOrEqual(t, len(seen), 2)
}

func lines(t *testing.T, path string) [][]byte {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	var out [][]byte
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		if len(strings.TrimSpace(scan.Text())) > 0 {
			out = append(out, []byte(scan.Text()))
		}
	}
	require.NoError(t, scan.Err())
	require.NotEmpty(t, out)
	return out
}
