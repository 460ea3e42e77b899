package backtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"picket/activities"
	"picket/internal/audit"
	"picket/internal/backtest"
	"picket/internal/connector"
	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks"
	"picket/playbooks/plan"
	"picket/workflows"
)

const source = `name: contain
owner: soc
on: {alert: {source: okta, when: 'alert.severity >= high'}}
steps:
  - id: account
    action: okta.get_user
    with: {user: '${{ alert.user.name ?? "" }}'}
  - id: triage
    model:
      prompt: Is it bad?
      evidence: ['${{ steps.account.output }}']
      returns: {type: object, required: [bad], additionalProperties: false, properties: {bad: {type: boolean}}}
  - id: act
    choose:
      - when: steps.triage.output.bad
        steps:
          - id: gate
            approve: {title: 'Suspend?', by: {role: responder}, covers: [suspend], within: 1h}
          - id: suspend
            action: okta.suspend_user
            with: {user: '${{ steps.account.output.id }}'}
outputs:
  suspended: '${{ steps.suspend.status == "ok" }}'
`

// vendors answer with the recorded examples of the connectors.
type vendors struct{ examples map[string]json.RawMessage }

func (v vendors) Call(_ context.Context, r connector.Request) (json.RawMessage, error) {
	return v.examples[r.Operation], nil
}
func (vendors) Confirm(context.Context, connector.Request) (bool, bool, error) {
	return false, false, nil
}

// says is a model that always says the same; what it is asked is assembled as the builtin one does it.
type says struct{ text string }

func (s says) Provider(string) (model.Provider, error) { return s, nil }
func (s says) Name() string                            { return "scripted" }
func (s says) Complete(_ context.Context, req model.Request) (model.Response, error) {
	prompt, err := model.Prompt(req)
	return model.Response{Text: s.text, Output: json.RawMessage(s.text), Model: "scripted", Prompt: prompt, TokensIn: 10}, err
}

// bench is a real store in which runs are recorded by the real interpreter and the real activities.
type bench struct {
	store   *store.Store
	signer  *audit.Signer
	catalog *playbooks.Catalog
	vendors vendors
}

func setup(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), "sqlite:"+dir+"/picket.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	b := &bench{store: s, catalog: &playbooks.Catalog{Operations: map[string]playbooks.Operation{}}, vendors: vendors{map[string]json.RawMessage{}}}
	b.signer, err = audit.OpenSigner(dir)
	require.NoError(t, err)
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	for _, op := range registry.Operations() {
		b.vendors.examples[op.Name] = op.Example.Output
		b.catalog.Operations[op.Name] = playbooks.Operation{
			Name: op.Name, Effect: op.Effect, Input: op.Input, Output: op.Output, Local: op.Local, Untrusted: op.Untrusted,
		}
	}
	return b
}

func (b *bench) compile(t *testing.T, text string) *plan.Plan {
	t.Helper()
	p, diagnostics := playbooks.Compile("contain.yaml", []byte(text), b.catalog)
	require.NotNil(t, p, "%v", diagnostics)
	return p
}

// happen lets an alert start a run, which a person decides after a second.
func (b *bench) happen(t *testing.T, bad string, outcome soc.ApprovalStatus) soc.Run {
	t.Helper()
	ctx, p := t.Context(), b.compile(t, source)
	alert := soc.Alert{ID: soc.NewID("alr"), Source: "okta", Title: "Odd", Severity: soc.SeverityHigh, User: soc.User{Name: "ana"}}
	run := soc.Run{ID: soc.NewID("run"), Playbook: p.Name, PlanDigest: p.Digest(), AlertID: alert.ID, Trigger: soc.TriggerAlert}
	_, err := b.store.AcceptAlert(ctx, store.Accept{Alert: alert, Newest: -1, Runs: []store.NewRun{{Run: run, Start: json.RawMessage("{}")}}})
	require.NoError(t, err)
	document, err := json.Marshal(alert)
	require.NoError(t, err)

	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.RegisterWorkflowWithOptions(workflows.Playbook, workflow.RegisterOptions{Name: contract.WorkflowPlaybook})
	acts := &activities.Activities{
		Ledger: b.store, Desk: b.store, Runs: b.store, Caller: b.vendors, Signer: b.signer, Models: says{`{"bad":` + bad + `}`}, Now: time.Now,
	}
	acts.Register(env)
	env.RegisterDelayedCallback(func() {
		id := contract.ApprovalID(run.ID, "gate", false)
		a, err := b.store.GetApproval(ctx, id)
		if err != nil {
			return // nobody was asked
		}
		d := soc.Decision{ID: soc.NewID("dec"), ApprovalID: id, RunID: run.ID, Outcome: outcome, By: "bo", Digest: a.Digest, At: time.Now().UTC()}
		if outcome == soc.ApprovalApproved {
			d.Calls = []string{a.Calls[0].Digest}
		}
		d, err = b.store.Decide(ctx, b.signer.Sign(d))
		if err == nil {
			env.SignalWorkflow(contract.SignalApprovalDecided, contract.ApprovalDecided{ApprovalID: id, DecisionID: d.ID})
		}
	}, time.Second)
	env.ExecuteWorkflow(contract.WorkflowPlaybook, contract.PlaybookInput{
		RunID: run.ID, Plan: *p, Trigger: contract.Trigger{Kind: "alert", AlertID: alert.ID, Alert: document},
	})
	require.NoError(t, env.GetWorkflowError())
	kept, err := b.store.GetRun(ctx, run.ID)
	require.NoError(t, err)
	require.Equal(t, soc.RunCompleted, kept.Status, kept.Reason)
	return kept
}

func TestAVersionAgainstWhatHappened(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.happen(t, "true", soc.ApprovalApproved)
	b.happen(t, "true", soc.ApprovalDenied)
	b.happen(t, "false", soc.ApprovalDenied)
	id := "00ub0oNGTSWTBKOLGLNR"
	cases := map[string]struct {
		change  []string // pairs: what stands in the source, and what instead
		results map[string]int
		says    []string
	}{
		"the same version ends the same": {results: map[string]int{backtest.Same: 3}},
		"a condition that never holds takes the question and the action away": {
			change:  []string{"when: steps.triage.output.bad", `when: steps.account.output.status == "LOCKED_OUT"`},
			results: map[string]int{backtest.Changed: 2, backtest.Same: 1},
			says:    []string{"- approval gate: Suspend? (responder)", `- action okta.suspend_user {"user":"` + id + `"}`, "~ output suspended: true  →  false"},
		},
		"a condition that always holds asks what nobody decided": {
			change:  []string{"when: steps.triage.output.bad", `when: steps.account.output.status == "ACTIVE"`},
			results: map[string]int{backtest.Same: 2, backtest.Unanswerable: 1},
			says:    []string{"+ approval gate: Suspend? (responder)", `? nobody was asked "Suspend?" then`},
		},
		"other arguments are another call, on which nobody decided": {
			change:  []string{"steps.account.output.id", "steps.account.output.login"},
			results: map[string]int{backtest.Same: 1, backtest.Unanswerable: 2},
			says:    []string{"? people decided on other calls at this step then, not on okta.suspend_user"},
		},
		"a read that the old run never made can't be answered": {
			change:  []string{"action: okta.get_user", "action: okta.list_sign_ins", "{user: '${{ alert.user", "{login: '${{ alert.user", "steps.account.output.id", `alert.user.name ?? ""`},
			results: map[string]int{backtest.Unanswerable: 3},
			says:    []string{`? the old run never called okta.list_sign_ins with {"login":"ana"}`},
		},
		"another question is answered by the step alone, and that is said": {
			change:  []string{"Is it bad?", "Is it really bad?"},
			results: map[string]int{backtest.Same: 3},
			says:    []string{"assumed: step triage asks the model otherwise"},
		},
		"a trigger that takes no such alert starts nothing": {
			change:  []string{"alert.severity >= high", "alert.severity >= critical"},
			results: map[string]int{backtest.Changed: 3},
			says:    []string{"no trigger of the new version takes the alert"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := source
			for i := 0; i < len(c.change); i += 2 {
				require.Contains(t, text, c.change[i])
				text = strings.ReplaceAll(text, c.change[i], c.change[i+1])
			}
			report, err := backtest.Run(t.Context(), b.store, backtest.Options{
				Plan: b.compile(t, text), Catalog: b.catalog, Since: time.Now().Add(-time.Hour),
			})
			require.NoError(t, err)
			var out bytes.Buffer
			require.NoError(t, backtest.Render(&out, report))
			got := map[string]int{}
			for _, r := range report.Runs {
				got[r.Result]++
			}
			require.Equal(t, c.results, got, out.String())
			for _, want := range c.says {
				require.Contains(t, out.String(), want)
			}
		})
	}
}
