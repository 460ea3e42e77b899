package api_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

// asked makes a run wait for an approval of one call.
func (p *picket) asked(n int, change ...func(*soc.Approval)) soc.Approval {
	p.t.Helper()
	alertID, runID := p.accepted(n)
	require.NoError(p.t, p.store.MarkRun(p.t.Context(), runID, soc.RunRunning, "t1"))
	arguments := json.RawMessage(`{"host_id":"WS-1"}`)
	digest, err := contract.CallDigest("edr.isolate_host", "edr", arguments)
	require.NoError(p.t, err)
	a := soc.Approval{
		ID: contract.ApprovalID(runID, "gate", false), RunID: runID, Playbook: "isolate", Step: "gate", AlertID: alertID,
		Severity: soc.SeverityHigh, Title: "Isolate the host?", Role: soc.RoleResponder, Digest: "digest-of-what-is-shown",
		Calls:     []soc.ApprovalCall{{Step: "isolate", Operation: "edr.isolate_host", Connection: "edr", Arguments: arguments, Digest: digest}},
		CreatedAt: time.Now().UTC(), Deadline: time.Now().Add(time.Hour).UTC(), OnTimeout: "deny",
	}
	for _, c := range change {
		c(&a)
	}
	a, err = p.store.RequestApproval(p.t.Context(), a, nil)
	require.NoError(p.t, err)
	return a
}

func yes(a soc.Approval) map[string]string {
	return map[string]string{"outcome": "approved", "reason": "seen it", "digest": a.Digest}
}

func TestAResponderApprovesExactlyWhatWasShown(t *testing.T) {
	t.Parallel()
	p := start(t)
	a := p.asked(1)
	browser, who := p.signedIn("rita", soc.RoleResponder)
	browser = browser.with("X-Picket-CSRF", who.CSRF)

	var shown struct {
		MayDecide bool `json:"may_decide"`
		Digest    string
	}
	browser.get("/v1/approvals/" + a.ID).is(200).into(&shown)
	require.True(t, shown.MayDecide)
	require.Len(t, browser.get("/v1/approvals?status=pending").is(200).list().Items, 1)
	var counts struct {
		Approvals     int
		ApprovalsMine int `json:"approvals_mine"`
	}
	browser.get("/v1/counts").is(200).into(&counts)
	require.Equal(t, 1, counts.ApprovalsMine)

	browser.post("/v1/approvals/"+a.ID+"/decision", map[string]string{"outcome": "approved", "digest": "of something else"}).is(409)
	for _, outcome := range []string{"expired", "pending", "", "yes"} {
		browser.post("/v1/approvals/"+a.ID+"/decision", map[string]string{"outcome": outcome, "digest": a.Digest}).is(422)
	}
	browser.post("/v1/approvals/"+a.ID+"/decision", map[string]string{"outcome": "approved"}).is(422)

	first := browser.post("/v1/approvals/"+a.ID+"/decision", yes(a)).is(200)
	again := browser.post("/v1/approvals/"+a.ID+"/decision", yes(a)).is(200)
	require.JSONEq(t, string(first.body), string(again.body), "the same decision again gets the same answer")
	browser.post("/v1/approvals/"+a.ID+"/decision", map[string]string{"outcome": "denied", "digest": a.Digest}).is(409)

	d, err := p.store.DecisionFor(t.Context(), a.ID)
	require.NoError(t, err)
	require.NoError(t, p.signer.Verify(d))
	require.Equal(t, "rita", d.By)
	require.Equal(t, []string{a.Calls[0].Digest}, d.Calls)
	rows, err := p.store.ClaimOutbox(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	signals := 0
	for _, row := range rows {
		if row.Kind == store.OutboxSignal {
			signals++
		}
	}
	require.Equal(t, 1, signals, "the workflow is told once")
	steps := browser.get("/v1/runs/" + a.RunID + "/steps").is(200).list().Items
	require.Equal(t, "rita", steps[1]["decision"].(map[string]any)["by"])
}

func TestADenialReleasesNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	a := p.asked(1)
	p.as("rita", soc.RoleResponder).post("/v1/approvals/"+a.ID+"/decision",
		map[string]string{"outcome": "denied", "reason": "maintenance", "digest": a.Digest}).is(200)
	d, err := p.store.DecisionFor(t.Context(), a.ID)
	require.NoError(t, err)
	require.Empty(t, d.Calls)
	require.Equal(t, "maintenance", d.Reason)
}

func TestWhoMayNotDecideDoesNot(t *testing.T) {
	t.Parallel()
	p := start(t)
	a := p.asked(1, func(a *soc.Approval) { a.NotUser = "Rita" })
	for name, person := range map[string]*client{
		"an analyst":                         p.as("ana", soc.RoleAnalyst),
		"an administrator without the role":  p.as("root", soc.RoleAdmin, soc.RoleLead),
		"whoever asked":                      p.as("rita", soc.RoleResponder),
		"somebody without a role":            p.as("guest"),
		"a token of a user without the role": p.as("bot", soc.RoleAnalyst),
	} {
		t.Run(name, func(t *testing.T) {
			person.post("/v1/approvals/"+a.ID+"/decision", yes(a)).is(403)
			var shown struct {
				MayDecide bool   `json:"may_decide"`
				WhyNot    string `json:"why_not"`
			}
			person.get("/v1/approvals/" + a.ID).is(200).into(&shown)
			require.False(t, shown.MayDecide)
			require.NotEmpty(t, shown.WhyNot)
		})
	}
	_, err := p.store.DecisionFor(t.Context(), a.ID)
	require.Equal(t, soc.NotFound, soc.KindOf(err))
	p.as("ron", soc.RoleResponder).post("/v1/approvals/apr_none/decision", yes(a)).is(404)
	p.as("rob", soc.RoleResponder).post("/v1/approvals/"+a.ID+"/decision", yes(a)).is(200)
}

func TestADecisionAfterTheDeadlineComesTooLate(t *testing.T) {
	t.Parallel()
	p := start(t)
	a := p.asked(1, func(a *soc.Approval) { a.Deadline = time.Now().Add(-time.Second).UTC() })
	p.as("rita", soc.RoleResponder).post("/v1/approvals/"+a.ID+"/decision", yes(a)).is(409)
}

func TestOfManyDecisionsAtOnceOneStands(t *testing.T) {
	t.Parallel()
	p := start(t)
	a := p.asked(1)
	rita, ron := p.as("rita", soc.RoleResponder), p.as("ron", soc.RoleResponder)
	var all sync.WaitGroup
	var mu sync.Mutex
	won := map[string]int{}
	for name, person := range map[string]*client{"rita": rita, "ron": ron} {
		for range 5 {
			all.Go(func() {
				got := person.post("/v1/approvals/"+a.ID+"/decision", yes(a))
				mu.Lock()
				defer mu.Unlock()
				if got.status == 200 {
					won[name]++
				} else if got.status != 409 {
					won["wrong"]++
				}
			})
		}
	}
	all.Wait()
	d, err := p.store.DecisionFor(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]int{d.By: 5}, won)
}
