package ingest

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/ingest/sample"
	"picket/internal/soc"
)

var received = time.Date(2025, 11, 18, 14, 0, 0, 0, time.UTC)

func one(t *testing.T, kind Kind, body []byte) Normalised {
	t.Helper()
	got, err := Normalise(Source{Name: string(kind), Kind: kind}, body, received)
	require.NoError(t, err)
	require.Len(t, got, 1)
	sound(t, got[0])
	return got[0]
}

// sound checks what holds for every alert whatever was posted.
func sound(t testing.TB, n Normalised) {
	t.Helper()
	a := n.Alert
	require.NotEmpty(t, a.Title)
	require.NotEmpty(t, n.DedupKey)
	require.Empty(t, a.ID)
	require.NotNil(t, a.Attack)
	require.NotNil(t, a.Labels)
	require.NotNil(t, a.Observables)
	require.NotNil(t, a.Rule.Groups)
	require.NotNil(t, a.Mail.To)
	require.NotNil(t, a.Mail.URLs)
	require.Contains(t, soc.Severities, a.Severity)
	require.LessOrEqual(t, len(a.Observables), maxObservables)
	require.LessOrEqual(t, len(a.Title), shortText)
	require.True(t, json.Valid(a.Raw))
	text, err := json.Marshal(a)
	require.NoError(t, err)
	require.NotContains(t, string(text), "\x00")
}

func lines(t *testing.T, path string) [][]byte {
	t.Helper()
	text, err := os.ReadFile("../../../shared/corpora/" + path)
	require.NoError(t, err, "the corpora are needed for this test")
	return bytes.Split(bytes.TrimSpace(text), []byte("\n"))
}

func TestWazuhCorpus(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, line := range lines(t, "wazuh/alerts.jsonl") {
		wrapped := one(t, Wazuh, line)
		var envelope struct{ Alert json.RawMessage }
		require.NoError(t, json.Unmarshal(line, &envelope))
		bare := one(t, Wazuh, envelope.Alert)
		require.Equal(t, bare.DedupKey, wrapped.DedupKey, "an envelope does not change which alert it is")
		a := bare.Alert
		require.Equal(t, "Win11Client", a.Host.Name)
		require.Equal(t, "10.0.2.14", a.Host.IP)
		require.NotEmpty(t, a.Attack)
		require.NotEmpty(t, a.Process.Path)
		require.NotEmpty(t, a.User.Name)
		require.Equal(t, 2025, a.Time.Year())
		require.NotContains(t, a.Process.Path, `\\`)
		keys[bare.DedupKey] = true
		t.Logf("%s | %s | %s | %+v | %+v | %v", a.Title, a.Severity, a.Time, a.User, a.Process, a.Observables)
	}
	require.Len(t, keys, 7)
}

func TestDefenderCorpus(t *testing.T) {
	t.Parallel()
	for _, incident := range []string{"38", "166"} {
		var alerts []json.RawMessage
		for _, line := range lines(t, "defender/incident-"+incident+".alerts.jsonl") {
			a := one(t, Defender, line).Alert
			require.NotEmpty(t, a.SourceID)
			require.NotEqual(t, soc.SeverityUnknown, a.Severity)
			require.Equal(t, 2024, a.Time.Year())
			require.NotEqual(t, soc.User{}, a.User, a.Title)
			alerts = append(alerts, line)
			t.Logf("%s | %s | %v | %+v | %+v | src %s | %+v | %+v | %+v | %d %v", a.Title, a.Severity, a.Attack, a.User, a.Host, a.SrcIP, a.File, a.Process, a.Mail, len(a.Observables), a.Observables)
		}
		text, err := os.ReadFile("../../../shared/corpora/defender/incident-" + incident + ".json")
		require.NoError(t, err)
		bare := one(t, Defender, text)
		both, err := json.Marshal(map[string]any{"incident": json.RawMessage(text), "alerts": alerts})
		require.NoError(t, err)
		whole := one(t, Defender, both)
		require.Equal(t, bare.DedupKey, whole.DedupKey)
		require.NotEmpty(t, whole.Alert.User.Name)
		require.Greater(t, len(whole.Alert.Observables), len(bare.Alert.Observables))
		list, err := json.Marshal(map[string]any{"alerts": alerts})
		require.NoError(t, err)
		many, err := Normalise(Source{Name: "defender", Kind: Defender}, list, received)
		require.NoError(t, err)
		require.Len(t, many, len(alerts))
		t.Logf("%s %s %s %v %+v %+v", whole.DedupKey, whole.Alert.Title, whole.Alert.Severity, whole.Alert.Attack, whole.Alert.User, whole.Alert.Host)
	}
}

func TestSamplesAreReadInFull(t *testing.T) {
	t.Parallel()
	require.Len(t, sample.Alerts(), 6)
	for _, s := range sample.Alerts() {
		a := one(t, Kind(s.Source), s.Body).Alert
		text, _ := json.MarshalIndent(a.Observables, "", " ")
		a.Raw = nil
		t.Logf("%s: %+v\n%s", s.Name, a, text)
		require.NotEmpty(t, a.User.Name, s.Name)
		require.Equal(t, 2025, a.Time.Year(), s.Name)
	}
}
