package runview_test

import (
	"encoding/json"
	"fmt"
	"strconv"
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

func TestWhatModelsCostStandsOnEveryBlockAroundThem(t *testing.T) {
	t.Parallel()
	judge := plan.Step{ID: "judge", Verb: plan.VerbModel, Model: &plan.Model{}}
	p := &plan.Plan{Steps: []plan.Step{{ID: "pick", Verb: plan.VerbChoose, Choose: &plan.Choose{Branches: []plan.Branch{{When: "true", Steps: []plan.Step{
		judge, {ID: "each", Verb: plan.VerbForeach, Foreach: &plan.Foreach{Steps: []plan.Step{{ID: "weigh", Verb: plan.VerbModel, Model: &plan.Model{}}}}},
	}}}}}}}
	asked := contract.ModelBody{Provider: "p", Model: "m", TokensIn: 10, TokensOut: 2, CostUSD: 0.25}
	failed := contract.ModelBody{Provider: "p", Model: "m", TokensIn: 1, NoPrice: true, Error: &contract.CallError{Kind: "unavailable"}}
	entries := []soc.LedgerEntry{entry(t, contract.KindModelAnswered, "judge", 1, failed), entry(t, contract.KindModelAnswered, "judge", 2, asked)}
	for i := range 3 * runview.MaxItems {
		path := fmt.Sprintf("each[%d]/weigh", i)
		entries = append(entries, entry(t, contract.KindModelAnswered, path, 1, asked), end(t, path+" ok"))
	}
	steps := map[string]runview.Step{}
	for _, s := range runview.Steps(p, soc.Run{Status: soc.RunRunning}, entries) {
		steps[s.Path] = s
	}
	require.Less(t, len(steps), 2*runview.MaxItems, "not every item is shown")
	require.Equal(t, &runview.Spent{Calls: 2, TokensIn: 11, TokensOut: 2, CostUSD: 0.25, NoPrice: true}, steps["judge"].Spent)
	require.Equal(t, &runview.Spent{Calls: 1, TokensIn: 10, TokensOut: 2, CostUSD: 0.25}, steps["each[0]/weigh"].Spent)
	require.Equal(t, &runview.Spent{Calls: 600, TokensIn: 6000, TokensOut: 1200, CostUSD: 150}, steps["each"].Spent)
	require.Equal(t, &runview.Spent{Calls: 602, TokensIn: 6011, TokensOut: 1202, CostUSD: 150.25, NoPrice: true}, steps["pick"].Spent)
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

// structured is a plan with the verbs that hold blocks in other ways.
func structured() *plan.Plan {
	one, two := read("one"), read("two")
	one.Group, two.Group = 1, 1
	return &plan.Plan{Steps: []plan.Step{
		one, two,
		{ID: "poll", Verb: plan.VerbRepeat, Repeat: &plan.Repeat{AtMost: 9, Steps: []plan.Step{read("look")}}},
		{ID: "safe", Verb: plan.VerbTry, Try: &plan.Try{
			Steps: []plan.Step{read("t1"), read("t2")}, Catch: []plan.Step{read("c1")}, Finally: []plan.Step{read("f1")},
		}},
		{ID: "pause", Verb: plan.VerbWait, Wait: &plan.Wait{For: 1000}},
		{ID: "sub", Verb: plan.VerbCall, Call: &plan.Call{Playbook: "other"}},
	}}
}

func TestBlocksOfEveryKindStandWhereTheLedgerSaysTheyDo(t *testing.T) {
	t.Parallel()
	reads := []string{"one ok", "two ok"}
	polled := append(reads, "poll[0]/look ok", "poll[1]/look ok", "poll ok")
	for _, test := range []struct {
		name    string
		status  soc.RunStatus
		entries []soc.LedgerEntry
		want    string
	}{
		{"reads of a group run at once", soc.RunRunning, ends(t, "two ok"),
			"one running, two ok, poll queued, safe queued, t1 queued, t2 queued, c1 queued, f1 queued, pause queued, sub queued"},
		{"rounds stand when they have begun", soc.RunRunning, ends(t, append(reads, "poll[0]/look ok")...),
			"one ok, two ok, poll running, poll[0]/look ok, safe queued, t1 queued, t2 queued, c1 queued, f1 queued, pause queued, sub queued"},
		{"a try works on its steps first", soc.RunRunning, ends(t, append(polled, "t1 ok")...),
			"one ok, two ok, poll ok, poll[0]/look ok, poll[1]/look ok, safe running, t1 ok, t2 running, c1 queued, f1 queued, pause queued, sub queued"},
		{"what is caught leaves the rest of the try behind", soc.RunRunning, ends(t, append(polled, "t1 failed", "c1 ok")...),
			"one ok, two ok, poll ok, poll[0]/look ok, poll[1]/look ok, safe running, t1 failed, t2 skipped, c1 ok, f1 queued, pause queued, sub queued"},
		{"a catch is passed over when nothing failed", soc.RunRunning, ends(t, append(polled, "t1 ok", "t2 ok", "f1 ok", "safe ok")...),
			"one ok, two ok, poll ok, poll[0]/look ok, poll[1]/look ok, safe ok, t1 ok, t2 ok, c1 skipped, f1 ok, pause waiting, sub queued"},
		{"what follows a wait has its turn after it", soc.RunRunning, ends(t, append(polled, "t1 ok", "t2 ok", "f1 ok", "safe ok", "pause ok")...),
			"one ok, two ok, poll ok, poll[0]/look ok, poll[1]/look ok, safe ok, t1 ok, t2 ok, c1 skipped, f1 ok, pause ok, sub running"},
		{"a run that is over leaves nothing open", soc.RunCancelled, ends(t, append(polled, "t1 failed")...),
			"one ok, two ok, poll ok, poll[0]/look ok, poll[1]/look ok, safe cancelled, t1 failed, t2 skipped, c1 skipped, f1 skipped, pause skipped, sub skipped"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := runview.Steps(structured(), soc.Run{Status: test.status, StartedAt: &at}, test.entries)
			require.Equal(t, strings.ReplaceAll(test.want, ", ", "\n")+"\n", statuses(got))
		})
	}
}

func TestAStepShowsTheRunItMadeAndWhatTookItBack(t *testing.T) {
	t.Parallel()
	undo := &contract.UndoBody{Operation: "x.release", Effect: plan.EffectConsequential, Arguments: json.RawMessage(`{"host":"h"}`)}
	entries := []soc.LedgerEntry{
		entry(t, contract.KindStepFinished, "contain", 0, contract.StepBody{Status: contract.StepOK, Started: at, Ended: at, Undo: undo}),
		entry(t, contract.KindRunOpened, "sub", 0, contract.OpenBody{RunID: "run_2"}),
		entry(t, contract.KindApprovalRequested, "contain.undo", 0, soc.Approval{ID: "apr_9"}),
	}
	contain := action("contain", plan.EffectConsequential)
	p := &plan.Plan{Steps: []plan.Step{contain, {ID: "sub", Verb: plan.VerbCall, Call: &plan.Call{Playbook: "other"}}}}
	steps := runview.Steps(p, soc.Run{Status: soc.RunWaiting}, entries)
	require.Equal(t, "contain ok\ncontain.undo waiting\nsub running\n", statuses(steps))
	require.Equal(t, "contain.undo", steps[0].UndoneBy)
	require.Equal(t, "contain", steps[1].Undoes)
	require.Equal(t, "x.release", steps[1].Operation)
	require.Equal(t, "apr_9", steps[1].Approval)
	require.Equal(t, "run_2", steps[2].Run)
	over := runview.Steps(p, soc.Run{Status: soc.RunFailed}, append(entries, entry(t, contract.KindStepFinished, "contain.undo", 0,
		contract.StepBody{Status: contract.StepOK, Undoes: "contain", Started: at, Ended: at})))
	require.Equal(t, "contain ok\ncontain.undo ok\nsub cancelled\n", statuses(over))
}

func TestShadowModeShowsWhatWasNotDone(t *testing.T) {
	t.Parallel()
	steps := runview.Steps(everything(), soc.Run{Status: soc.RunCompleted}, []soc.LedgerEntry{
		entry(t, contract.KindApprovalShadowed, "gate", 0, map[string]string{}),
		entry(t, contract.KindCallShadowed, "contain", 0, contract.CallBody{Operation: "x.contain", Input: json.RawMessage(`{"host":"h"}`)}),
		end(t, "gate ok"), end(t, "contain ok"),
	})
	require.True(t, find(t, steps, "gate").Shadow)
	require.True(t, find(t, steps, "contain").Shadow)
	require.JSONEq(t, `{"host":"h"}`, string(find(t, steps, "contain").Input))
	require.Empty(t, find(t, steps, "contain").Attempts)
}

func TestALongLoopShowsItsBeginningAndWhatIsNotWell(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Steps: []plan.Step{{ID: "each", Verb: plan.VerbForeach, Foreach: &plan.Foreach{Steps: []plan.Step{read("look")}}}}}
	const all = 10 * runview.MaxItems
	var entries []soc.LedgerEntry
	for i := range all {
		status := "ok"
		if i%(all/10) == all/10-1 {
			status = "failed"
		}
		entries = append(entries, end(t, "each["+strconv.Itoa(i)+"]/look "+status))
	}
	run := soc.Run{Status: soc.RunRunning}
	steps := runview.Steps(p, run, entries)
	require.Equal(t, all, steps[0].Items)
	require.Equal(t, runview.MaxItems/2+10, steps[0].Shown)
	require.Len(t, steps, 1+steps[0].Shown)
	require.Equal(t, "each[1999]/look", steps[len(steps)-1].Path)
	require.Equal(t, contract.StepFailed, steps[len(steps)-1].Status)

	some := runview.Items(p, run, entries, "each", 1500, 3)
	require.Equal(t, "each[1500]/look ok\neach[1501]/look ok\neach[1502]/look ok\n", statuses(some))
	require.Empty(t, runview.Items(p, run, entries, "each", all, 3))
	require.Empty(t, runview.Items(p, run, entries, "nothing", 0, 3))
}
