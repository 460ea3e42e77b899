package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

const testsText = `cases:
  - name: a yes isolates
    alert: {title: Mimikatz on WS-1, severity: high, source: generic, src_ip: 198.51.100.1, host: {name: WS-1}}
    answers: {gate: {approve: true, by: ria}}
    mocks: {edr.isolate_host: {example: true}}
    expect:
      status: completed
      calls: [{operation: edr.isolate_host, with: {host_id: WS-1}}]
  - name: silence isolates nobody
    alert: {title: Mimikatz on WS-1, severity: high, source: generic, src_ip: 198.51.100.1, host: {name: WS-1}}
    answers: {gate: {timeout: true}}
    expect: {never: [edr.isolate_host]}
`

type compared struct {
	Compared bool
	Changes  []struct{ Kind, Severity, Sentence, Step string }
	Text     string
	Old, New []struct{ Code string }
}

func TestVersionsAreCompared(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	loose := strings.Replace(playbookText, "by: {role: responder, not: requester}", "by: {role: responder}", 1)
	for name, old := range map[string]map[string]string{
		"as it stands": {"playbook": "isolate"}, "as runs had it": {"digest": p.playbook.Digest}, "a text": {"source": playbookText},
	} {
		var got compared
		ana.post("/v1/playbooks/diff", map[string]any{"old": old, "new": map[string]string{"source": loose}}).is(200).into(&got)
		require.True(t, got.Compared, name)
		require.Len(t, got.Changes, 1, name)
		require.Equal(t, "safety", got.Changes[0].Severity)
		require.Equal(t, "gate", got.Changes[0].Step)
		require.Contains(t, got.Text, "+      by: {role: responder}\n")
	}
	var got compared
	ana.post("/v1/playbooks/diff", map[string]any{
		"old": map[string]string{"playbook": "isolate"}, "new": map[string]string{"source": "# a word\n" + playbookText},
	}).is(200).into(&got)
	require.True(t, got.Compared)
	require.Empty(t, got.Changes)
	require.NotEmpty(t, got.Text)
	ana.post("/v1/playbooks/diff", map[string]any{
		"old": map[string]string{"playbook": "isolate"}, "new": map[string]string{"source": "name: isolate\n"},
	}).is(200).into(&got)
	require.False(t, got.Compared)
	require.NotEmpty(t, got.New)
	require.NotEmpty(t, got.Text)

	for pointer, old := range map[string]map[string]string{
		"/old/playbook": {"playbook": "none"}, "/old/digest": {"digest": "none"}, "/old": {"playbook": "isolate", "digest": "x"},
		"/old/source": {"source": strings.Repeat("#", 512<<10+1)},
	} {
		problem := ana.post("/v1/playbooks/diff", map[string]any{"old": old, "new": map[string]string{"source": ""}}).is(422).problem()
		require.Equal(t, pointer, problem.Errors[0].Pointer)
	}
	p.nobody().post("/v1/playbooks/diff", map[string]any{}).is(401)
}

func TestATextIsTested(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	var got struct {
		OK     bool
		Report struct {
			Passed, Failed int
			Suites         []struct {
				Diagnostics []struct {
					Code string
					Line int
				}
				Cases []struct {
					Name, Result string
					Failures     []struct{ Message string }
				}
			}
			Total struct{ Percent float64 }
		}
	}
	ana.post("/v1/playbooks/test", map[string]string{"source": playbookText, "tests": testsText}).is(200).into(&got)
	require.True(t, got.OK, "%+v", got)
	require.Equal(t, 2, got.Report.Passed)
	require.Positive(t, got.Report.Total.Percent)

	ana.post("/v1/playbooks/test", map[string]string{"source": playbookText, "tests": strings.Replace(testsText, "WS-1}}]", "WS-2}}]", 1)}).is(200).into(&got)
	require.False(t, got.OK)
	require.Equal(t, 1, got.Report.Failed)
	require.Contains(t, string(ana.post("/v1/playbooks/test", map[string]string{"source": "name: isolate\n", "tests": testsText}).is(200).body), `"P006"`)
	require.Contains(t, string(ana.post("/v1/playbooks/test", map[string]string{"source": playbookText, "tests": "cases: 1"}).is(200).body), `start each case with`)
	require.Equal(t, "/tests", ana.post("/v1/playbooks/test", map[string]string{"source": playbookText, "tests": strings.Repeat("#", 512<<10+1)}).is(422).problem().Errors[0].Pointer)
}

func TestAVersionIsHeldAgainstThePast(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	_, runID := p.accepted(1)
	var got struct {
		Playbook string
		Totals   struct{ Runs, LeftOut int }
		Runs     []struct {
			RunID  string `json:"run_id"`
			Result string
			Why    string
		}
	}
	ana.post("/v1/playbooks/isolate/backtest", map[string]any{}).is(200).into(&got)
	require.Equal(t, "isolate", got.Playbook)
	require.Equal(t, runID, got.Runs[0].RunID)
	require.Equal(t, "left_out", got.Runs[0].Result)
	require.Contains(t, got.Runs[0].Why, "not over")
	ana.post("/v1/playbooks/isolate/backtest", map[string]any{"since": time.Now().Add(time.Hour)}).is(200).into(&got)
	require.Empty(t, got.Runs)

	require.Equal(t, "/source", ana.post("/v1/playbooks/isolate/backtest", map[string]any{"source": "name: other\n"}).is(422).problem().Errors[0].Pointer)
	require.Contains(t, ana.post("/v1/playbooks/isolate/backtest", map[string]any{"source": "name: isolate\n"}).is(422).problem().Detail, "P006")
	require.Equal(t, "/limit", ana.post("/v1/playbooks/isolate/backtest", map[string]any{"limit": 5001}).is(422).problem().Errors[0].Pointer)
	ana.post("/v1/playbooks/none/backtest", map[string]any{}).is(404)
}

func TestSchemasAreServed(t *testing.T) {
	t.Parallel()
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	for _, name := range []string{"playbook", "plan"} {
		var schema struct {
			Schema string `json:"$schema"`
		}
		ana.get("/v1/schemas/" + name).is(200).into(&schema)
		require.Contains(t, schema.Schema, "json-schema.org")
	}
	ana.get("/v1/schemas/run").is(404)
}
