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
	"picket/playbooks"
	"picket/playbooks/expr"
	"picket/playbooks/library"
	"picket/playbooks/plan"
)

// catalog is that of the connectors that come with Picket.
func catalog(t *testing.T) *playbooks.Catalog {
	t.Helper()
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	cat := &playbooks.Catalog{
		Operations: map[string]playbooks.Operation{},
		Roles:      []string{soc.RoleAdmin, soc.RoleLead, soc.RoleResponder, soc.RoleAnalyst},
		Sources:    []string{"generic", "wazuh", "defender", "guardduty"},
	}
	for _, op := range registry.Operations() {
		cat.Operations[op.Name] = playbooks.Operation{
			Name: op.Name, Title: op.Title, Effect: op.Effect, Input: op.Input, Output: op.Output,
			Local: op.Local, TimeoutMS: op.TimeoutMS, Untrusted: op.Untrusted,
		}
	}
	return cat
}

func plans(t *testing.T) map[string]*plan.Plan {
	t.Helper()
	cat := catalog(t)
	all := map[string]*plan.Plan{}
	for file, source := range library.Files() {
		p, diagnostics := playbooks.Compile(file, source, cat)
		require.Empty(t, diagnostics, "%v", diagnostics)
		require.Equal(t, strings.TrimSuffix(file, ".yaml"), p.Name, "a playbook's file has its name")
		all[p.Name] = p
	}
	require.GreaterOrEqual(t, len(all), 3)
	return all
}

func TestTheLibraryCompilesAgainstTheRealConnectors(t *testing.T) {
	t.Parallel()
	for name, p := range plans(t) {
		text, err := p.Encode()
		require.NoError(t, err)
		require.Contains(t, string(text), `"effect":"consequential"`, "%s contains something", name)
	}
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
