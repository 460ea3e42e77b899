package runview_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/runview"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

func action(id, effect string) plan.Step {
	return plan.Step{ID: id, Verb: plan.VerbAction, Line: 1, Action: &plan.Action{Operation: "x." + id, Effect: effect}}
}

func read(id string) plan.Step { return action(id, plan.EffectRead) }

// everything is a plan with every verb that holds others.
func everything() *plan.Plan {
	contain := action("contain", plan.EffectConsequential)
	contain.Action.Approvals = []string{"gate"}
	return &plan.Plan{Steps: []plan.Step{
		read("first"),
		{ID: "both", Verb: plan.VerbParallel, Parallel: &plan.Parallel{Branches: []plan.Named{
			{Name: "left", Steps: []plan.Step{read("l1"), read("l2")}},
			{Name: "right", Steps: []plan.Step{read("r1")}},
		}}},
		{ID: "pick", Verb: plan.VerbChoose, Choose: &plan.Choose{
			Branches: []plan.Branch{{When: "a", Steps: []plan.Step{read("a1")}}, {When: "b", Steps: []plan.Step{read("b1"), read("b2")}}},
			Else:     []plan.Step{read("e1")},
		}},
		{ID: "each", Verb: plan.VerbForeach, Foreach: &plan.Foreach{Items: "x", Steps: []plan.Step{read("look"), {
			ID: "inner", Verb: plan.VerbForeach, Foreach: &plan.Foreach{Items: "y", Steps: []plan.Step{read("deep")}},
		}}}},
		{ID: "gate", Verb: plan.VerbApprove, Approve: &plan.Approve{Covers: []string{"contain"}}},
		contain,
	}}
}

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func entry(t *testing.T, kind, step string, attempt int, body any) soc.LedgerEntry {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return soc.LedgerEntry{Kind: kind, Step: step, Attempt: attempt, At: at, Body: text}
}

// end is how a step ended: "first ok", "pick ok when: b".
func end(t *testing.T, text string) soc.LedgerEntry {
	t.Helper()
	parts := strings.SplitN(text, " ", 3)
	reason := ""
	if len(parts) == 3 {
		reason = parts[2]
	}
	return entry(t, contract.KindStepFinished, parts[0], 0, contract.StepBody{Status: parts[1], Reason: reason, Started: at, Ended: at.Add(time.Second)})
}

func ends(t *testing.T, texts ...string) []soc.LedgerEntry {
	t.Helper()
	var all []soc.LedgerEntry
	for _, text := range texts {
		all = append(all, end(t, text))
	}
	return all
}

// statuses writes steps as "path status", and the branch and item where there is one.
func statuses(steps []runview.Step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(s.Path + " " + s.Status + "\n")
	}
	return b.String()
}

func TestStepsStandWhereTheLedgerSaysTheyDo(t *testing.T) {
	t.Parallel()
	done := []string{"first ok", "l1 ok", "l2 ok", "r1 ok", "both ok"}
	for _, test := range []struct {
		name    string
		status  soc.RunStatus
		entries []soc.LedgerEntry
		want    string
	}{
		{"a queued run has queued steps", soc.RunQueued, nil,
			"first queued, both queued, l1 queued, l2 queued, r1 queued, pick queued, a1 queued, b1 queued, b2 queued, e1 queued, each queued, gate queued, contain queued"},
		{"a run that has begun works on its first step", soc.RunRunning, nil,
			"first running, both queued, l1 queued, l2 queued, r1 queued, pick queued, a1 queued, b1 queued, b2 queued, e1 queued, each queued, gate queued, contain queued"},
		{"branches run at once", soc.RunRunning, ends(t, "first ok", "l1 ok"),
			"first ok, both running, l1 ok, l2 running, r1 running, pick queued, a1 queued, b1 queued, b2 queued, e1 queued, each queued, gate queued, contain queued"},
		{"nobody knows yet which branch it will be", soc.RunRunning, ends(t, done...),
			"first ok, both ok, l1 ok, l2 ok, r1 ok, pick running, a1 queued, b1 queued, b2 queued, e1 queued, each queued, gate queued, contain queued"},
		{"the first step inside tells the branch", soc.RunRunning, ends(t, append(done, "b1 ok")...),
			"first ok, both ok, l1 ok, l2 ok, r1 ok, pick running, a1 skipped, b1 ok, b2 running, e1 skipped, each queued, gate queued, contain queued"},
		{"else is a branch", soc.RunRunning, ends(t, append(done, "e1 ok", "pick ok else")...),
			"first ok, both ok, l1 ok, l2 ok, r1 ok, pick ok, a1 skipped, b1 skipped, b2 skipped, e1 ok, each running, gate queued, contain queued"},
		{"items stand when they have begun", soc.RunRunning,
			ends(t, append(done, "e1 ok", "pick ok else", "each[10]/look ok", "each[2]/look ok", "each[2]/inner[0]/deep ok")...),
			"first ok, both ok, l1 ok, l2 ok, r1 ok, pick ok, a1 skipped, b1 skipped, b2 skipped, e1 ok, each running, " +
				"each[2]/look ok, each[2]/inner running, each[2]/inner[0]/deep ok, each[10]/look ok, each[10]/inner running, gate queued, contain queued"},
		{"what a failure left behind was not reached", soc.RunFailed, ends(t, "first failed"),
			"first failed, both skipped, l1 skipped, l2 skipped, r1 skipped, pick skipped, a1 skipped, b1 skipped, b2 skipped, e1 skipped, each skipped, gate skipped, contain skipped"},
		{"what was being done when the run ended was cancelled", soc.RunTimedOut, ends(t, "first ok", "l1 ok"),
			"first ok, both cancelled, l1 ok, l2 skipped, r1 skipped, pick skipped, a1 skipped, b1 skipped, b2 skipped, e1 skipped, each skipped, gate skipped, contain skipped"},
		{"what is inside a skipped step is skipped", soc.RunRunning, ends(t, "first ok", "both skipped if: false", "pick skipped if: false"),
			"first ok, both skipped, l1 skipped, l2 skipped, r1 skipped, pick skipped, a1 skipped, b1 skipped, b2 skipped, e1 skipped, each running, gate queued, contain queued"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := runview.Steps(everything(), soc.Run{Status: test.status, StartedAt: &at}, test.entries)
			require.Equal(t, strings.ReplaceAll(test.want, ", ", "\n")+"\n", statuses(got))
		})
	}
}

func find(t *testing.T, steps []runview.Step, path string) runview.Step {
	t.Helper()
	for _, s := range steps {
		if s.Path == path {
			return s
		}
	}
	require.Fail(t, "no step "+path)
	return runview.Step{}
}

func TestAStepKnowsItsPlace(t *testing.T) {
	t.Parallel()
	steps := runview.Steps(everything(), soc.Run{Status: soc.RunRunning}, ends(t, "each[2]/look ok", "each[2]/inner[0]/deep ok"))
	require.Equal(t, "left", find(t, steps, "l1").Branch)
	require.Equal(t, "both", find(t, steps, "l1").Parent)
	require.Equal(t, "b", find(t, steps, "b1").Branch)
	require.Equal(t, "else", find(t, steps, "e1").Branch)
	deep := find(t, steps, "each[2]/inner[0]/deep")
	require.Equal(t, "each[2]/inner", deep.Parent)
	require.Equal(t, 0, *deep.Item)
	require.Equal(t, 2, *find(t, steps, "each[2]/look").Item)
	require.Equal(t, []string{"gate"}, find(t, steps, "contain").CoveredBy)
	require.Equal(t, []string{"contain"}, find(t, steps, "gate").Covers)
}

func TestAttemptsShowWhatWasSentAndWhatCameBack(t *testing.T) {
	t.Parallel()
	call := contract.CallBody{Operation: "x.first", Input: json.RawMessage(`{"n":12345678901234567890}`), Started: at}
	failed, answered := call, call
	failed.Error = &contract.CallError{Kind: "unavailable", Message: "no"}
	answered.Output = json.RawMessage(`{"ok":true}`)
	steps := runview.Steps(everything(), soc.Run{Status: soc.RunRunning}, []soc.LedgerEntry{
		entry(t, contract.KindCallFinished, "first", 1, failed),
		entry(t, contract.KindCallFinished, "first", 2, answered),
		{Kind: contract.KindStepFinished, Step: "first", Body: json.RawMessage(`not JSON`)},
		{Kind: contract.KindCallFinished, Step: "nowhere", Body: json.RawMessage(`{}`)},
	})
	first := find(t, steps, "first")
	require.Equal(t, runview.Running, first.Status, "an entry that can't be read says nothing")
	require.Len(t, first.Attempts, 2)
	require.Equal(t, "failed", first.Attempts[0].Status)
	require.Equal(t, "ok", first.Attempts[1].Status)
	require.JSONEq(t, `{"ok":true}`, string(first.Output))
	require.Equal(t, `{"n":12345678901234567890}`, string(first.Input))
	require.Equal(t, at, *first.Started)
}

func TestAConsequentialCallWithoutAnEndIsOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	sent := contract.CallBody{Operation: "x.contain", Effect: plan.EffectConsequential, Started: at, Decision: "dec_1", Digest: "d"}
	begun := []soc.LedgerEntry{entry(t, contract.KindCallStarted, "contain", 1, sent)}
	running := find(t, runview.Steps(everything(), soc.Run{Status: soc.RunRunning}, begun), "contain")
	require.Equal(t, runview.Running, running.Status)
	require.Equal(t, runview.Running, running.Attempts[0].Status)
	require.Equal(t, "dec_1", running.Attempts[0].Decision)
	over := find(t, runview.Steps(everything(), soc.Run{Status: soc.RunTimedOut}, begun), "contain")
	require.Equal(t, contract.StepUnknown, over.Status)
	require.Equal(t, contract.StepUnknown, over.Attempts[0].Status)

	done := sent
	done.Ended, done.Confirmed = at, true
	again := find(t, runview.Steps(everything(), soc.Run{Status: soc.RunRunning}, append(begun,
		entry(t, contract.KindCallFinished, "contain", 1, done), begun[0])), "contain")
	require.Len(t, again.Attempts, 1)
	require.Equal(t, contract.StepOK, again.Attempts[0].Status)
	require.True(t, again.Attempts[0].Confirmed)
}

func TestAnApproveStepWaitsUntilItsLastApprovalIsDecided(t *testing.T) {
	t.Parallel()
	asked := entry(t, contract.KindApprovalRequested, "gate", 0, soc.Approval{ID: "apr_1"})
	expired := entry(t, contract.KindApprovalDecided, "gate", 0, soc.Decision{ApprovalID: "apr_1", Outcome: soc.ApprovalExpired})
	escalated := entry(t, contract.KindApprovalRequested, "gate", 0, soc.Approval{ID: "apr_2"})
	approved := entry(t, contract.KindApprovalDecided, "gate", 0, soc.Decision{ApprovalID: "apr_2", Outcome: soc.ApprovalApproved, By: "rita"})
	entries := []soc.LedgerEntry{asked, expired, escalated, approved}
	for i, want := range []string{runview.Waiting, runview.Running, runview.Waiting, runview.Running} {
		gate := find(t, runview.Steps(everything(), soc.Run{Status: soc.RunWaiting}, entries[:i+1]), "gate")
		require.Equal(t, want, gate.Status, "after %d entries", i+1)
	}
	gate := find(t, runview.Steps(everything(), soc.Run{Status: soc.RunRunning}, entries), "gate")
	require.Equal(t, "apr_2", gate.Approval)
	require.Equal(t, "rita", gate.Decision.By)
	require.NotNil(t, gate.Decision.Calls)
}

func TestAModelsWordsAreShownAsTheyWere(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Steps: []plan.Step{{ID: "judge", Verb: plan.VerbModel, Model: &plan.Model{}}}}
	steps := runview.Steps(p, soc.Run{Status: soc.RunRunning}, []soc.LedgerEntry{
		entry(t, contract.KindModelAnswered, "judge", 1, contract.ModelBody{Provider: "gemini", Error: &contract.CallError{Kind: "unavailable"}}),
		entry(t, contract.KindModelAnswered, "judge", 2, contract.ModelBody{
			Provider: "gemini", Model: "m", System: "s", Prompt: "p", Answer: "<b>", Output: json.RawMessage(`{"verdict":"benign"}`), TokensIn: 3, CostUSD: 0.5,
		}),
		end(t, "judge ok"),
	})
	require.Equal(t, "<b>", steps[0].Model.Answer)
	require.Equal(t, 3, steps[0].Model.TokensIn)
	require.JSONEq(t, `{"verdict":"benign"}`, string(steps[0].Output))
	require.Len(t, steps[0].Attempts, 2)
}
