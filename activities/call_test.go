package activities_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/activities"
	"picket/internal/audit"
	"picket/internal/connector"
	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/secret"
	"picket/internal/soc"
	"picket/internal/store"
)

// bench is a real store and a real registry whose okta connection leads to a vendor that the test controls.
type bench struct {
	acts   *activities.Activities
	store  *store.Store
	signer *audit.Signer
	env    *testsuite.TestActivityEnvironment
	run    soc.Run
	vendor *vendor
	file   string // of the database
}

// vendor speaks the part of Okta's documented Users API that a suspension needs.
type vendor struct {
	suspensions atomic.Int32
	suspended   atomic.Bool
	fail        atomic.Int32 // status to answer a suspension with; 0 is success
	deaf        atomic.Bool  // takes effect, and then cuts the connection
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodGet {
		status := "ACTIVE"
		if v.suspended.Load() {
			status = "SUSPENDED"
		}
		_, _ = w.Write([]byte(`{"id":"u1","status":"` + status + `","created":"2024-01-01T00:00:00.000Z","profile":{"login":"ana@example.test","email":"ana@example.test"}}`))
		return
	}
	v.suspensions.Add(1)
	if code := v.fail.Load(); code != 0 {
		w.WriteHeader(int(code))
		_, _ = w.Write([]byte(`{"errorCode":"E0000009","errorSummary":"Internal Server Error"}`))
		return
	}
	v.suspended.Store(true)
	if v.deaf.Load() {
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write([]byte("{}"))
}

type builtinOnly struct{}

func (builtinOnly) Provider(string) (model.Provider, error) { return model.NewBuiltin(), nil }

func setup(t *testing.T) *bench {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	s, err := store.Open(ctx, "sqlite:"+dir+"/picket.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	signer, err := audit.OpenSigner(dir)
	require.NoError(t, err)
	b := &bench{store: s, signer: signer, vendor: &vendor{}, file: dir + "/picket.db"}
	server := httptest.NewServer(b.vendor)
	t.Cleanup(server.Close)
	registry, err := connector.New(connector.Options{})
	require.NoError(t, err)
	require.NoError(t, registry.AddConnection(connector.Connection{
		Name: "okta", Connector: "okta", BaseURL: server.URL, AllowPrivate: true,
		Secrets: map[string]connector.Secret{"token": secret.New("s3cret")},
	}))
	b.acts = &activities.Activities{Ledger: s, Desk: s, Runs: s, Caller: registry, Signer: signer, Models: builtinOnly{}, Now: time.Now}
	b.run, err = s.CreateRun(ctx, store.NewRun{Run: soc.Run{Playbook: "probe"}, Start: json.RawMessage("{}")})
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	b.env = suite.NewTestActivityEnvironment()
	b.acts.Register(b.env)
	return b
}

var arguments = json.RawMessage(`{"user":"u1"}`)

// approved asks for an approval of the suspension and decides it.
func (b *bench) decided(t *testing.T, outcome soc.ApprovalStatus) contract.CallInput {
	t.Helper()
	ctx := context.Background()
	digest, err := contract.CallDigest("okta.suspend_user", "", arguments)
	require.NoError(t, err)
	id := contract.ApprovalID(b.run.ID, "gate", false)
	_, err = b.env.ExecuteActivity(contract.ActivityRequestApproval, contract.ApprovalInput{
		Step: contract.Step{RunID: b.run.ID, Path: "gate"}, ApprovalID: id, Title: "Suspend?", Role: soc.RoleResponder,
		Calls:     []contract.ApprovalCall{{Step: "contain", Operation: "okta.suspend_user", Arguments: arguments, Digest: digest}},
		CreatedAt: time.Now(), Deadline: time.Now().Add(time.Hour), OnTimeout: "deny",
	})
	require.NoError(t, err)
	approval, err := b.store.GetApproval(ctx, id)
	require.NoError(t, err)
	if outcome != soc.ApprovalPending {
		d := soc.Decision{
			ID: soc.NewID("dec"), ApprovalID: id, RunID: b.run.ID, Outcome: outcome, By: "bo", Digest: approval.Digest, At: time.Now().UTC(),
		}
		if outcome == soc.ApprovalApproved {
			d.Calls = []string{digest}
		}
		_, err = b.store.Decide(ctx, b.signer.Sign(d))
		require.NoError(t, err)
	}
	return contract.CallInput{
		Step: contract.Step{RunID: b.run.ID, Path: "contain"}, Operation: "okta.suspend_user", Effect: "consequential",
		Arguments: arguments, Digest: digest, Approval: id, TimeoutMS: 10_000,
	}
}

func (b *bench) call(in contract.CallInput) error {
	_, err := b.env.ExecuteActivity(contract.ActivityCall, in)
	return err
}

func TestAConsequentialCallWithoutItsDecisionIsRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		outcome soc.ApprovalStatus
		change  func(t *testing.T, b *bench, in *contract.CallInput)
	}{
		"nobody has decided":         {outcome: soc.ApprovalPending},
		"it was denied":              {outcome: soc.ApprovalDenied},
		"no approval is named":       {outcome: soc.ApprovalApproved, change: func(_ *testing.T, _ *bench, in *contract.CallInput) { in.Approval = "" }},
		"an unknown one is named":    {outcome: soc.ApprovalApproved, change: func(_ *testing.T, _ *bench, in *contract.CallInput) { in.Approval = "apr_0" }},
		"the arguments are others":   {outcome: soc.ApprovalApproved, change: func(_ *testing.T, _ *bench, in *contract.CallInput) { in.Arguments = json.RawMessage(`{"user":"u2"}`) }},
		"the connection is another":  {outcome: soc.ApprovalApproved, change: func(_ *testing.T, _ *bench, in *contract.CallInput) { in.Connection = "okta" }},
		"the operation is another":   {outcome: soc.ApprovalApproved, change: func(_ *testing.T, _ *bench, in *contract.CallInput) { in.Operation = "okta.unsuspend_user" }},
		"the call is of another run": {outcome: soc.ApprovalApproved, change: func(_ *testing.T, _ *bench, in *contract.CallInput) { in.RunID = "run_0" }},
		"the digest is made to fit": {outcome: soc.ApprovalApproved, change: func(t *testing.T, _ *bench, in *contract.CallInput) {
			t.Helper()
			in.Arguments = json.RawMessage(`{"user":"u2"}`)
			var err error
			in.Digest, err = contract.CallDigest(in.Operation, in.Connection, in.Arguments)
			require.NoError(t, err)
		}},
		"the key is another, as of a row written past us": {outcome: soc.ApprovalApproved, change: func(t *testing.T, b *bench, _ *contract.CallInput) {
			t.Helper()
			other, err := audit.OpenSigner(t.TempDir())
			require.NoError(t, err)
			b.acts.Signer = other
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			in := b.decided(t, c.outcome)
			if c.change != nil {
				c.change(t, b, &in)
			}
			require.ErrorContains(t, b.call(in), "was not made")
			require.Zero(t, b.vendor.suspensions.Load())
		})
	}
}

func TestAnApprovedCallIsMadeOnceHoweverOftenItIsAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := b.decided(t, soc.ApprovalApproved)
	for range 3 {
		require.NoError(t, b.call(in))
	}
	require.EqualValues(t, 1, b.vendor.suspensions.Load())
}

func TestACallWhoseAnswerWasLostIsReadBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := b.decided(t, soc.ApprovalApproved)
	b.vendor.deaf.Store(true)
	require.NoError(t, b.call(in))
	require.EqualValues(t, 1, b.vendor.suspensions.Load())
	end, err := b.store.FindEntry(context.Background(), b.run.ID, "contain/call/1/end")
	require.NoError(t, err)
	require.Contains(t, string(end.Body), `"confirmed":true`)
}

func TestABeginningWithoutAnEndIsReadBackBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tookEffect bool
		sent       int32
	}{
		"it had taken effect":     {tookEffect: true, sent: 0},
		"it had not taken effect": {tookEffect: false, sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			in := b.decided(t, soc.ApprovalApproved)
			_, err := b.store.Append(context.Background(), b.run.ID, []soc.LedgerEntry{
				{Key: "contain/call/1", Kind: contract.KindCallStarted, Step: "contain", At: time.Now(), Body: json.RawMessage(`{}`)},
			})
			require.NoError(t, err)
			b.vendor.suspended.Store(c.tookEffect)
			require.NoError(t, b.call(in))
			require.Equal(t, c.sent, b.vendor.suspensions.Load())
			require.True(t, b.vendor.suspended.Load())
		})
	}
}

func TestARefusalOfTheVendorEndsTheCall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := b.decided(t, soc.ApprovalApproved)
	b.vendor.fail.Store(http.StatusForbidden)
	require.Error(t, b.call(in))
	require.Error(t, b.call(in), "the refusal stands")
	require.EqualValues(t, 1, b.vendor.suspensions.Load())
}

func TestARepeatedWriteGivesTheAnswerOfItsFirstTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := contract.CallInput{
		Step: contract.Step{RunID: b.run.ID, Path: "account"}, Operation: "okta.get_user", Effect: "read", Arguments: arguments,
	}
	first, err := b.env.ExecuteActivity(contract.ActivityCall, in)
	require.NoError(t, err)
	b.vendor.suspended.Store(true)
	again, err := b.env.ExecuteActivity(contract.ActivityCall, in)
	require.NoError(t, err)
	var one, two contract.CallOutput
	require.NoError(t, first.Get(&one))
	require.NoError(t, again.Get(&two))
	require.JSONEq(t, string(one.Output), string(two.Output))
	require.Contains(t, string(two.Output), "ACTIVE")
}

func TestASignalOfAForgedDecisionGivesNoOutcome(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := b.decided(t, soc.ApprovalApproved)
	standing, err := b.store.DecisionFor(context.Background(), in.Approval)
	require.NoError(t, err)
	ask := func(approval, decision string) contract.DecisionOutput {
		value, err := b.env.ExecuteActivity(contract.ActivityReadDecision, contract.DecisionInput{
			Step: contract.Step{RunID: b.run.ID, Path: "gate"}, ApprovalID: approval, DecisionID: decision,
		})
		require.NoError(t, err)
		var out contract.DecisionOutput
		require.NoError(t, value.Get(&out))
		return out
	}
	require.Equal(t, "approved", ask(in.Approval, standing.ID).Outcome)
	require.Empty(t, ask(in.Approval, "dec_forged").Outcome)
	require.Empty(t, ask("apr_other", standing.ID).Outcome)
	entries, err := b.store.Entries(context.Background(), store.Filter{RunID: b.run.ID, Kinds: []string{contract.KindSignalRefused}})
	require.NoError(t, err)
	require.Len(t, entries, 2)
}
