package app_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/audit"
	"picket/internal/connector"
	"picket/internal/consent"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/internal/testcase"
	"picket/internal/workshop"
	"picket/playbooks"
	"picket/playbooks/plan"
)

const triaged = `name: triaged
owner: soc
on: {alert: {when: 'true'}}
steps:
  - {id: look, action: net.classify, with: {ip: '${{ alert.src_ip ?? "10.0.0.9" }}'}}
  - id: each
    foreach:
      items: [10.0.0.1, 203.0.113.9]
      steps: [{id: one, action: net.classify, with: {ip: '${{ item }}'}}]
  - id: triage
    model: {prompt: 'Is it ours?', evidence: ['${{ steps.look.output }}'], returns: verdict}
  - id: gate
    approve: {title: 'Close it?', by: {role: responder}, covers: [close], within: 4h, on_timeout: deny}
  - id: close
    action: alerts.close
    with: {alert_id: '${{ alert.id }}', classification: false_positive, reason: 'Picket run ${{ run.id }}'}
outputs: {scope: '${{ steps.look.output.scope }}', run: '${{ run.id }}'}
`

func TestARunBecomesATestThatPasses(t *testing.T) {
	t.Parallel()
	a := instance(t, options(t), map[string]string{"triaged.yaml": triaged})
	run, err := a.StartOn(t.Context(), "triaged", soc.Alert{Source: "generic", Title: "Seen", Severity: soc.SeverityHigh, SrcIP: "10.20.0.1", Host: soc.Host{Name: "ws-1"}})
	require.NoError(t, err)
	var asked soc.Approval
	require.Eventually(t, func() bool {
		waiting := undecided(t, a, run.ID)
		if len(waiting) == 1 {
			asked = waiting[0]
		}
		return asked.ID != ""
	}, time.Minute, 20*time.Millisecond)
	signer, err := audit.OpenSigner(a.KeysDir())
	require.NoError(t, err)
	calls, err := consent.Calls(&asked, nil)
	require.NoError(t, err)
	_, err = a.Store().Decide(t.Context(), signer.Sign(soc.Decision{
		ID: soc.NewID("dec"), ApprovalID: asked.ID, RunID: run.ID, Outcome: soc.ApprovalApproved, By: "ana", Digest: asked.Digest, Calls: calls, At: time.Now().UTC(),
	}))
	require.NoError(t, err)
	run = over(t, a, func() (soc.Run, error) { return run, nil })

	kept, err := a.Store().PlanByDigest(t.Context(), run.PlanDigest)
	require.NoError(t, err)
	var p plan.Plan
	require.NoError(t, json.Unmarshal(kept.Plan, &p))
	entries, err := a.Store().RunEntries(t.Context(), run.ID)
	require.NoError(t, err)
	approvals, _, err := a.Store().Approvals(t.Context(), store.ApprovalFilter{RunID: run.ID})
	require.NoError(t, err)
	alert, err := a.Store().GetAlert(t.Context(), run.AlertID)
	require.NoError(t, err)
	text, err := testcase.Of(testcase.Record{Run: run, Plan: &p, Alert: &alert, Entries: entries, Approvals: approvals})
	require.NoError(t, err)
	require.Contains(t, text, "alerts.close")
	require.NotContains(t, text, run.ID, "another run has another id")

	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	shop := workshop.Workshop{Catalog: func() *playbooks.Catalog { return workshop.Catalog(registry) }, Library: func() []playbooks.File { return nil }, Connectors: registry}
	report, err := shop.Test(t.Context(), []byte(triaged), []byte("cases:\n"+text))
	require.NoError(t, err)
	require.Empty(t, report.Suites[0].Diagnostics, text)
	require.Equal(t, 1, report.Passed, "%s\n%+v", text, report.Suites[0].Cases)
}
