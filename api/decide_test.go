package api_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
)

type object = map[string]any

func (c *client) decide(a soc.Approval, outcome string, more object) answer {
	c.p.t.Helper()
	body := object{"outcome": outcome, "digest": a.Digest}
	for name, value := range more {
		body[name] = value
	}
	return c.post("/v1/approvals/"+a.ID+"/decision", body)
}

// editable lets the approver change the host of the isolation and its comment.
func editable(a *soc.Approval) {
	a.Calls[0].Arguments = json.RawMessage(`{"host_id":"0123456789012345678901234567890123456789","comment":"found"}`)
	a.Calls[0].Digest, _ = contract.CallDigest("edr.isolate_host", "edr", a.Calls[0].Arguments)
	a.Calls[0].Edit = []soc.Edit{{Argument: "comment", Schema: json.RawMessage(`{"type":"string","minLength":3}`)}, {Argument: "isolation"}}
}

func TestAnApproverMayChangeWhatTheCallNames(t *testing.T) {
	t.Parallel()
	p := start(t)
	a := p.asked(1, editable)
	rita := p.as("rita", soc.RoleResponder)
	for name, c := range map[string]struct {
		body    object
		pointer string
	}{
		"another argument":               {object{"edited": object{"isolate": object{"host_id": "x"}}}, "/edited/isolate/host_id"},
		"a value that its schema bars":   {object{"edited": object{"isolate": object{"comment": "no"}}}, "/edited/isolate/comment"},
		"a value of another type":        {object{"edited": object{"isolate": object{"comment": 5}}}, "/edited/isolate/comment"},
		"what the operation's own bars":  {object{"edited": object{"isolate": object{"isolation": "total"}}}, "/edited/isolate"},
		"a number that is made to cost":  {object{"edited": object{"isolate": object{"comment": json.RawMessage("1e999999999")}}}, "/edited/isolate/comment"},
		"another step":                   {object{"edited": object{"gate": object{"comment": "fine"}}}, "/edited/gate"},
		"answers that nobody asked for":  {object{"answers": object{"why": "x"}}, "/answers"},
		"a step whose name has a slash~": {object{"edited": object{"a/b~": object{}}}, "/edited/a~1b~0"},
	} {
		got := rita.decide(a, "approved", c.body).is(422).problem()
		require.Equal(t, c.pointer, got.Errors[0].Pointer, name)
	}
	rita.decide(a, "denied", object{"edited": object{"isolate": object{"comment": "fine"}}}).is(422)

	changed := object{"edited": object{"isolate": object{"comment": "<seen>"}}}
	var now soc.Approval
	rita.decide(a, "approved", changed).is(200).into(&now)
	require.JSONEq(t, `{"host_id":"0123456789012345678901234567890123456789","comment":"<seen>"}`, string(now.Decision.Edited["isolate"]))
	digest, err := contract.CallDigest("edr.isolate_host", "edr", now.Decision.Edited["isolate"])
	require.NoError(t, err)
	require.Equal(t, []string{digest}, now.Decision.Calls)
	kept, err := p.store.DecisionFor(t.Context(), a.ID)
	require.NoError(t, err)
	require.NoError(t, p.signer.Verify(kept))
	rita.decide(a, "approved", changed).is(200)
	rita.decide(a, "approved", nil).is(409)
}

func TestAQuorumOfPeopleDecides(t *testing.T) {
	t.Parallel()
	p := start(t)
	a := p.asked(1, editable, func(a *soc.Approval) { a.Quorum, a.NotUser = 2, "req" })
	rita, ron, req := p.as("rita", soc.RoleResponder), p.as("ron", soc.RoleResponder), p.as("req", soc.RoleResponder)
	changed := object{"edited": object{"isolate": object{"comment": "seen it"}}}
	var shown struct {
		soc.Approval
		MayDecide bool   `json:"may_decide"`
		WhyNot    string `json:"why_not"`
	}
	req.decide(a, "approved", nil).is(403)
	for range 2 {
		rita.decide(a, "approved", changed).is(200).into(&shown)
		require.Equal(t, soc.ApprovalPending, shown.Status)
		require.Len(t, shown.Votes, 1)
		require.Equal(t, "you have said yes; it waits for 1 of 2 people", shown.WhyNot)
	}
	rita.decide(a, "approved", nil).is(409)
	ron.decide(a, "approved", nil).is(409)
	ron.get("/v1/approvals/" + a.ID).is(200).into(&shown)
	require.True(t, shown.MayDecide)
	ron.decide(a, "approved", changed).is(200).into(&shown)
	require.Equal(t, soc.ApprovalApproved, shown.Status)
	require.Len(t, shown.Decision.Votes, 2)
	ron.decide(a, "approved", changed).is(200)

	b := p.asked(2, func(a *soc.Approval) { a.Quorum = 2 })
	rita.decide(b, "approved", nil).is(200)
	ron.decide(b, "denied", nil).is(200).into(&shown)
	require.Equal(t, soc.ApprovalDenied, shown.Status)
}

func TestAFormIsAnsweredByItsFields(t *testing.T) {
	t.Parallel()
	p := start(t)
	form := func(a *soc.Approval) {
		a.Kind, a.Calls, a.OnTimeout = soc.KindAsk, nil, "fail"
		a.Form = []soc.FormField{
			{Name: "why", Type: "text", Required: true}, {Name: "hours", Type: "number"}, {Name: "urgent", Type: "boolean", Default: json.RawMessage("false")},
			{Name: "where", Type: "choice", Options: []string{"office", "home"}}, {Name: "hosts", Type: "choices", Options: []string{"a", "b"}}, {Name: "since", Type: "date"},
		}
	}
	a := p.asked(1, form)
	rita := p.as("rita", soc.RoleResponder)
	for name, answers := range map[string]object{
		"why":    {},
		"hours":  {"why": "x", "hours": "5"},
		"urgent": {"why": "x", "urgent": "yes"},
		"where":  {"why": "x", "where": "elsewhere"},
		"hosts":  {"why": "x", "hosts": []string{"a", "a"}},
		"since":  {"why": "x", "since": "yesterday"},
		"more":   {"why": "x", "more": 1},
	} {
		got := rita.decide(a, "approved", object{"answers": answers}).is(422).problem()
		require.Len(t, got.Errors, 1)
		require.Equal(t, "/answers/"+name, got.Errors[0].Pointer)
	}
	rita.decide(a, "approved", object{"answers": object{"why": "x"}, "edited": object{"a": object{}}}).is(422)
	answers := object{"answers": object{"why": "<because>", "hours": 12.5, "where": "home", "hosts": []string{"b"}, "since": "2026-01-31"}}
	var now soc.Approval
	rita.decide(a, "approved", answers).is(200).into(&now)
	require.JSONEq(t, `{"why":"<because>","hours":12.5,"urgent":false,"where":"home","hosts":["b"],"since":"2026-01-31"}`, string(now.Decision.Answers))
	rita.decide(a, "approved", answers).is(200)
	rita.decide(a, "approved", object{"answers": object{"why": "other"}}).is(409)

	b := p.asked(2, form)
	p.as("ana", soc.RoleAnalyst).decide(b, "approved", answers).is(403)
	rita.decide(b, "denied", object{"reason": "not mine to say"}).is(200).into(&now)
	require.Equal(t, soc.ApprovalDenied, now.Status)
}
