package activities_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/consent"
	"picket/internal/contract"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

func (b *bench) execute(t *testing.T, name string, in, out any) error {
	t.Helper()
	value, err := b.env.ExecuteActivity(name, in)
	if err == nil && out != nil {
		require.NoError(t, value.Get(out))
	}
	return err
}

// ask requests the approval of the suspension, of a reason that may be changed, by so many people.
func (b *bench) ask(t *testing.T, quorum int, change ...func(*contract.ApprovalInput)) soc.Approval {
	t.Helper()
	digest, err := contract.CallDigest("okta.suspend_user", "", arguments)
	require.NoError(t, err)
	in := contract.ApprovalInput{
		Step: contract.Step{RunID: b.run.ID, Path: "gate"}, ApprovalID: contract.ApprovalID(b.run.ID, "gate", false),
		Title: "Suspend?", Role: soc.RoleResponder, Quorum: quorum, CreatedAt: time.Now(), Deadline: time.Now().Add(time.Hour), OnTimeout: "deny",
		Calls: []contract.ApprovalCall{{
			Step: "contain", Operation: "okta.suspend_user", Arguments: arguments, Digest: digest,
			Edit: []plan.Edit{{Step: "contain", Argument: "user", Schema: json.RawMessage(`{"type":"string"}`)}},
		}},
	}
	for _, c := range change {
		c(&in)
	}
	require.NoError(t, b.execute(t, contract.ActivityRequestApproval, in, nil))
	a, err := b.store.GetApproval(context.Background(), in.ApprovalID)
	require.NoError(t, err)
	return a
}

// vote says yes as the API would.
func (b *bench) vote(t *testing.T, a soc.Approval, by string) soc.Approval {
	t.Helper()
	calls, err := consent.Calls(&a, nil)
	require.NoError(t, err)
	v := b.signer.SignVote(soc.Vote{ID: soc.NewID("vot"), ApprovalID: a.ID, RunID: a.RunID, By: by, Digest: a.Digest, Calls: calls, At: time.Now()})
	a, err = b.store.Vote(context.Background(), v, func(votes []soc.Vote) soc.Decision {
		return b.signer.Sign(soc.Decision{
			ID: soc.NewID("dec"), ApprovalID: a.ID, RunID: a.RunID, Outcome: soc.ApprovalApproved, By: by, Digest: a.Digest, Calls: calls,
			Votes: votes, At: time.Now(),
		})
	})
	require.NoError(t, err)
	return a
}

// forge writes into the database past the store, as somebody who has its file would.
func (b *bench) forge(t *testing.T, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", b.file)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec(query, args...)
	require.NoError(t, err)
}

func (b *bench) callInput(approval string, arguments json.RawMessage) contract.CallInput {
	digest, _ := contract.CallDigest("okta.suspend_user", "", arguments)
	return contract.CallInput{
		Step: contract.Step{RunID: b.run.ID, Path: "contain"}, Operation: "okta.suspend_user", Effect: "consequential",
		Arguments: arguments, Digest: digest, Approval: approval, TimeoutMS: 10_000,
	}
}

func (b *bench) read(t *testing.T, a soc.Approval) contract.DecisionOutput {
	t.Helper()
	d, err := b.store.DecisionFor(context.Background(), a.ID)
	require.NoError(t, err)
	var out contract.DecisionOutput
	require.NoError(t, b.execute(t, contract.ActivityReadDecision, contract.DecisionInput{
		Step: contract.Step{RunID: b.run.ID, Path: "gate"}, ApprovalID: a.ID, DecisionID: d.ID,
	}, &out))
	return out
}

func TestAQuorumReleasesTheCallAndOneYesDoesNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.vote(t, b.ask(t, 2), "ana")
	require.Equal(t, soc.ApprovalPending, a.Status)
	require.ErrorContains(t, b.call(b.callInput(a.ID, arguments)), "there is no decision on it")
	a = b.vote(t, a, "ana")
	require.Equal(t, soc.ApprovalPending, a.Status, "one person is one person")
	a = b.vote(t, a, "bo")
	require.Equal(t, soc.ApprovalApproved, a.Status)
	require.Equal(t, "ana, bo", b.read(t, a).By)
	require.NoError(t, b.call(b.callInput(a.ID, arguments)))
	require.EqualValues(t, 1, b.vendor.suspensions.Load())
}

func TestWhatIsWrittenPastUsReleasesNothing(t *testing.T) {
	t.Parallel()
	// A signed yes of one person to an approval that needs two, as a stolen session gets it by changing the row.
	alone := func(b *bench, a soc.Approval, votes []soc.Vote) soc.Decision {
		calls, _ := consent.Calls(&a, nil)
		return b.signer.Sign(soc.Decision{
			ID: soc.NewID("dec"), ApprovalID: a.ID, RunID: a.RunID, Outcome: soc.ApprovalApproved, By: "ana", Digest: a.Digest,
			Calls: calls, Votes: votes, At: time.Now(),
		})
	}
	insert := func(t *testing.T, b *bench, d soc.Decision) {
		t.Helper()
		doc, err := json.Marshal(d)
		require.NoError(t, err)
		b.forge(t, "INSERT INTO decisions (id, approval_id, doc) VALUES (?, ?, ?)", d.ID, d.ApprovalID, string(doc))
	}
	signed := func(b *bench, a soc.Approval, by string) soc.Vote {
		calls, _ := consent.Calls(&a, nil)
		return b.signer.SignVote(soc.Vote{ID: "vot_" + by, ApprovalID: a.ID, RunID: a.RunID, By: by, Digest: a.Digest, Calls: calls, At: time.Now()})
	}
	for name, forge := range map[string]func(t *testing.T, b *bench, a soc.Approval){
		"a yes of one": func(t *testing.T, b *bench, a soc.Approval) { t.Helper(); insert(t, b, alone(b, a, nil)) },
		"one person's vote twice": func(t *testing.T, b *bench, a soc.Approval) {
			t.Helper()
			insert(t, b, alone(b, a, []soc.Vote{signed(b, a, "ana"), signed(b, a, "ANA")}))
		},
		"a vote without its signature": func(t *testing.T, b *bench, a soc.Approval) {
			t.Helper()
			other := signed(b, a, "bo")
			other.By = "cy"
			insert(t, b, alone(b, a, []soc.Vote{signed(b, a, "ana"), other}))
		},
		"a vote on other calls": func(t *testing.T, b *bench, a soc.Approval) {
			t.Helper()
			other := signed(b, a, "bo")
			other.Calls = []string{"another"}
			insert(t, b, alone(b, a, []soc.Vote{signed(b, a, "ana"), b.signer.SignVote(other)}))
		},
		"the vote of whoever asked": func(t *testing.T, b *bench, a soc.Approval) {
			t.Helper()
			insert(t, b, alone(b, a, []soc.Vote{signed(b, a, "ana"), signed(b, a, "req")}))
		},
		"an approval that was made to need one only": func(t *testing.T, b *bench, a soc.Approval) {
			t.Helper()
			b.forge(t, `UPDATE approvals SET doc = json_remove(doc, '$.quorum')`)
			insert(t, b, alone(b, a, nil))
		},
		"an approval made to need one, with its digest made to fit": func(t *testing.T, b *bench, a soc.Approval) {
			t.Helper()
			a.Quorum = 0
			var err error
			a.Digest, err = consent.Digest(a)
			require.NoError(t, err)
			b.forge(t, `UPDATE approvals SET doc = json_remove(json_set(doc, '$.digest', ?), '$.quorum')`, a.Digest)
			insert(t, b, alone(b, a, nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			a := b.ask(t, 2, func(in *contract.ApprovalInput) { in.NotUser = "req" })
			forge(t, b, a)
			require.ErrorContains(t, b.call(b.callInput(a.ID, arguments)), "was not made")
			require.Zero(t, b.vendor.suspensions.Load())
		})
	}
}

func TestAChangedCallIsReleasedAsItWasChangedAndNotAsItWasShown(t *testing.T) {
	t.Parallel()
	decide := func(t *testing.T, b *bench, a soc.Approval, edited soc.EditedCalls, calls []string) error {
		t.Helper()
		_, err := b.store.Decide(context.Background(), b.signer.Sign(soc.Decision{
			ID: soc.NewID("dec"), ApprovalID: a.ID, RunID: a.RunID, Outcome: soc.ApprovalApproved, By: "ana", Digest: a.Digest,
			Calls: calls, Edited: edited, At: time.Now(),
		}))
		return err
	}
	b := setup(t)
	a := b.ask(t, 0)
	changed := json.RawMessage(`{"user":"u<2>"}`)
	edited := soc.EditedCalls{"contain": changed}
	calls, err := consent.Calls(&a, edited)
	require.NoError(t, err)
	require.Error(t, decide(t, b, a, edited, []string{a.Calls[0].Digest}), "the original is not released")
	require.Error(t, decide(t, b, a, soc.EditedCalls{"contain": json.RawMessage(`{"user":"u1","force":true}`)}, nil), "another argument")
	require.Error(t, decide(t, b, a, soc.EditedCalls{"elsewhere": changed}, nil))
	require.NoError(t, decide(t, b, a, edited, calls))

	out := b.read(t, a)
	require.Equal(t, "approved", out.Outcome)
	require.JSONEq(t, string(changed), string(out.Edited["contain"]))
	require.Equal(t, calls, out.Calls)
	require.ErrorContains(t, b.call(b.callInput(a.ID, arguments)), "on another call")
	require.NoError(t, b.call(b.callInput(a.ID, changed)))
	require.EqualValues(t, 1, b.vendor.suspensions.Load())

	forged := setup(t)
	a = forged.ask(t, 0)
	d := forged.signer.Sign(soc.Decision{
		ID: "dec_1", ApprovalID: a.ID, RunID: a.RunID, Outcome: soc.ApprovalApproved, By: "ana", Digest: a.Digest, Calls: []string{a.Calls[0].Digest}, At: time.Now(),
	})
	d.Edited, d.Calls = edited, calls
	doc, err := json.Marshal(d)
	require.NoError(t, err)
	forged.forge(t, "INSERT INTO decisions (id, approval_id, doc) VALUES (?, ?, ?)", d.ID, d.ApprovalID, string(doc))
	require.ErrorContains(t, forged.call(forged.callInput(a.ID, changed)), "signature is not ours")
}

func TestAFormIsAnsweredAndReleasesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.ask(t, 0, func(in *contract.ApprovalInput) {
		in.Calls, in.Form = nil, []plan.FormField{{Name: "why", Type: "text", Required: true}}
	})
	require.True(t, a.Ask())
	d := soc.Decision{ID: "dec_1", ApprovalID: a.ID, RunID: a.RunID, Outcome: soc.ApprovalApproved, By: "ana", Digest: a.Digest, At: time.Now()}
	_, err := b.store.Decide(context.Background(), b.signer.Sign(d))
	require.Error(t, err, "a form wants answers")
	d.Answers = json.RawMessage(`{"why":"<because>"}`)
	_, err = b.store.Decide(context.Background(), b.signer.Sign(d))
	require.NoError(t, err)
	out := b.read(t, a)
	require.Equal(t, "approved", out.Outcome)
	require.JSONEq(t, `{"why":"<because>"}`, string(out.Answers))
	require.Error(t, b.call(b.callInput(a.ID, arguments)))
}

func TestAReminderCountsWhileNobodyHasDecided(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.ask(t, 0)
	remind := func(n int) soc.Approval {
		require.NoError(t, b.execute(t, contract.ActivityRemindApproval, contract.RemindInput{
			Step: contract.Step{RunID: b.run.ID, Path: "gate"}, ApprovalID: a.ID, Number: n,
		}, nil))
		got, err := b.store.GetApproval(context.Background(), a.ID)
		require.NoError(t, err)
		return got
	}
	remind(1)
	require.Equal(t, 2, remind(2).Reminders)
	require.NotNil(t, remind(1).Reminded)
	b.vote(t, b.ask(t, 0), "ana")
	require.Equal(t, 2, remind(3).Reminders)
}

func TestAskingAgainAnswersTheDecisionThatStands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var first, again contract.ApprovalOutput
	a := b.ask(t, 0)
	in := contract.ApprovalInput{Step: contract.Step{RunID: b.run.ID, Path: "gate"}, ApprovalID: a.ID, Title: "Suspend?", Deadline: a.Deadline, CreatedAt: a.CreatedAt}
	require.NoError(t, b.execute(t, contract.ActivityRequestApproval, in, &first))
	require.Empty(t, first.DecisionID, "nobody has decided")
	decided := b.vote(t, a, "bo")
	require.NoError(t, b.execute(t, contract.ActivityRequestApproval, in, &again))
	require.Equal(t, decided.Decision.ID, again.DecisionID)
}
