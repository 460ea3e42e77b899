package activities_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

// accepted keeps an alert with one run, and answers them.
func (b *bench) accepted(t *testing.T, title string) (alert, run string) {
	t.Helper()
	got, err := b.store.AcceptAlert(context.Background(), store.Accept{
		Newest: -1,
		Alert:  soc.Alert{Source: "wazuh", Title: title, Severity: soc.SeverityHigh, Raw: json.RawMessage(`{}`)},
		Runs:   []store.NewRun{{Run: soc.Run{Playbook: "probe", AlertTitle: title, RequestedBy: "ana"}}},
	})
	require.NoError(t, err)
	return got.AlertID, got.RunIDs[0]
}

func (b *bench) subscribe(t *testing.T, run, path, when string) string {
	t.Helper()
	id := contract.SubscriptionID(run, path)
	require.NoError(t, b.execute(t, contract.ActivitySubscribe, contract.SubscribeInput{
		Step: contract.Step{RunID: run, Path: path}, SubscriptionID: id, Sources: []string{"wazuh"}, When: when,
		Vars: json.RawMessage(`{"steps":{"look":{"output":{"title":"second"}}}}`), Until: time.Now().Add(time.Hour),
	}, nil))
	return id
}

func (b *bench) event(t *testing.T, run, id string, end bool) contract.EventOutput {
	t.Helper()
	var out contract.EventOutput
	require.NoError(t, b.execute(t, contract.ActivityReadEvent, contract.EventInput{
		Step: contract.Step{RunID: run, Path: "reply"}, SubscriptionID: id, Close: end,
	}, &out))
	return out
}

func (b *bench) acquire(t *testing.T, run string) contract.KeyOutput {
	t.Helper()
	var out contract.KeyOutput
	require.NoError(t, b.execute(t, contract.ActivityAcquireKey, contract.KeyInput{
		Step: contract.Step{RunID: run}, Playbook: "probe", Key: "k", Overlap: plan.OverlapJoin,
	}, &out))
	return out
}

func TestTheAlertOfAJoinedRunReachesTheRunThatHasTheKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, holder := b.accepted(t, "first")
	second, joining := b.accepted(t, "second")
	third, late := b.accepted(t, "third")
	require.Equal(t, contract.KeyHeld, b.acquire(t, holder).State)
	waiting := b.subscribe(t, holder, "reply", `event.title == steps.look.output.title`)
	deaf := b.subscribe(t, holder, "deaf", `event.title == "fourth"`)
	broken := b.subscribe(t, holder, "broken", `1 + {}`)

	for range 2 {
		require.Equal(t, contract.KeyOutput{State: contract.KeyJoined, Holder: holder}, b.acquire(t, joining))
	}
	got := b.event(t, holder, waiting, true)
	require.True(t, got.Matched)
	require.Equal(t, second, got.AlertID)
	require.Contains(t, string(got.Alert), `"title":"second"`)
	require.False(t, b.event(t, holder, deaf, false).Matched)
	require.False(t, b.event(t, holder, broken, false).Matched)
	require.False(t, b.event(t, joining, waiting, false).Matched, "another run's event is not read")

	b.acquire(t, late)
	again := b.subscribe(t, holder, "later", "")
	require.Equal(t, third, b.event(t, holder, again, false).AlertID, "what came before the wait is kept for it")
	require.False(t, b.event(t, holder, contract.SubscriptionID(holder, "none"), true).Matched)
	require.Error(t, b.execute(t, contract.ActivitySubscribe, contract.SubscribeInput{
		Step: contract.Step{RunID: holder, Path: "x"}, SubscriptionID: "sub_mine", Until: time.Now().Add(time.Hour),
	}, nil), "an id that is not the step's")
}

// kept keeps a plan of a playbook and answers its digest.
func (b *bench) kept(t *testing.T, name string) string {
	t.Helper()
	p := plan.Plan{Version: plan.Version, Name: name, Owner: "soc", Triggers: []plan.Trigger{}, Steps: []plan.Step{}}
	text, err := p.Encode()
	require.NoError(t, err)
	require.NoError(t, b.store.SavePlan(context.Background(), store.Plan{Digest: p.Digest(), Name: name, Plan: text}))
	return p.Digest()
}

func TestACalledPlaybooksRunIsOpenedOnceWithThePlanThatWasCompiled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	alert, parent := b.accepted(t, "first")
	digest := b.kept(t, "callee")
	in := contract.OpenInput{
		Step: contract.Step{RunID: parent, Path: "sub"}, ChildRunID: contract.ChildRunID(parent, "sub"), Playbook: "callee", Digest: digest, AlertID: alert,
	}
	for range 2 {
		var out contract.OpenOutput
		require.NoError(t, b.execute(t, contract.ActivityOpenRun, in, &out))
		require.Equal(t, "callee", out.Plan.Name)
		require.Equal(t, "run/"+in.ChildRunID, out.WorkflowID)
		require.Nil(t, out.Shadow)
	}
	child, err := b.store.GetRun(context.Background(), in.ChildRunID)
	require.NoError(t, err)
	require.Equal(t, soc.RunRunning, child.Status)
	require.Equal(t, parent, child.Parent)
	require.Equal(t, "ana", child.RequestedBy)
	require.Equal(t, "first", child.AlertTitle)

	for name, change := range map[string]func(*contract.OpenInput){
		"an id that is not the step's":  func(in *contract.OpenInput) { in.ChildRunID = "run_mine" },
		"a plan that is not there":      func(in *contract.OpenInput) { in.Digest = "none" },
		"a plan of another playbook":    func(in *contract.OpenInput) { in.Playbook = "other" },
		"a parent that is not there":    func(in *contract.OpenInput) { in.RunID = "run_0"; in.ChildRunID = contract.ChildRunID("run_0", "sub") },
		"another plan for the same run": func(in *contract.OpenInput) { in.Digest = b.kept(t, "callee2"); in.Playbook = "callee2" },
	} {
		wrong := in
		change(&wrong)
		require.Error(t, b.execute(t, contract.ActivityOpenRun, wrong, nil), name)
	}
	b.forge(t, `UPDATE plans SET plan = replace(plan, '"owner":"soc"', '"owner":"eve"') WHERE digest = ?`, digest)
	in.Path = "again"
	in.ChildRunID = contract.ChildRunID(parent, "again")
	require.ErrorContains(t, b.execute(t, contract.ActivityOpenRun, in, nil), "is not the one", "a plan that was changed past us")
}

func TestACalledPlaybookOnlyRecordsWhatItsCallerOnlyRecords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		parent string
		own    *soc.ShadowSetting
		want   *contract.Shadow
	}{
		"neither":                    {},
		"the caller":                 {parent: `{}`, want: &contract.Shadow{}},
		"the callee":                 {own: &soc.ShadowSetting{Operations: []string{"a.b"}}, want: &contract.Shadow{Operations: []string{"a.b"}}},
		"some of each":               {parent: `{"operations":["c.d"]}`, own: &soc.ShadowSetting{Operations: []string{"a.b"}}, want: &contract.Shadow{Operations: []string{"a.b", "c.d"}}},
		"some, and all":              {parent: `{"operations":["c.d"]}`, own: &soc.ShadowSetting{}, want: &contract.Shadow{}},
		"the callee's other version": {own: &soc.ShadowSetting{PlanDigest: "other"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			ctx := context.Background()
			parent, err := b.store.CreateRun(ctx, store.NewRun{Run: soc.Run{Playbook: "probe"}, Shadow: json.RawMessage(c.parent)})
			require.NoError(t, err)
			if c.own != nil {
				c.own.Playbook, c.own.By = "callee", "lea"
				_, err := b.store.SetShadow(ctx, *c.own)
				require.NoError(t, err)
			}
			in := contract.OpenInput{
				Step: contract.Step{RunID: parent.ID, Path: "sub"}, ChildRunID: contract.ChildRunID(parent.ID, "sub"), Playbook: "callee", Digest: b.kept(t, "callee"),
			}
			var out contract.OpenOutput
			require.NoError(t, b.execute(t, contract.ActivityOpenRun, in, &out))
			require.Equal(t, c.want, out.Shadow)
			child, err := b.store.GetRun(ctx, in.ChildRunID)
			require.NoError(t, err)
			require.Equal(t, c.want != nil, child.Shadow)
		})
	}
}

func TestSubscribingAgainTellsOfAnEventThatCameBetween(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, run := b.accepted(t, "first")
	id := b.subscribe(t, run, "reply", "true")
	again := func() (out contract.SubscribeOutput) {
		require.NoError(t, b.execute(t, contract.ActivitySubscribe, contract.SubscribeInput{
			Step: contract.Step{RunID: run, Path: "reply"}, SubscriptionID: id, Sources: []string{"wazuh"}, When: "true", Until: time.Now().Add(time.Hour),
		}, &out))
		return out
	}
	require.False(t, again().Matched)
	alert, _ := b.accepted(t, "second")
	_, err := b.store.Match(context.Background(), id, alert)
	require.NoError(t, err)
	require.True(t, again().Matched)
}
