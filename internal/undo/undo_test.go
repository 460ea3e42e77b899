package undo_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/undo"
	"picket/playbooks/plan"
)

var over = soc.Run{ID: "run_1", Playbook: "contain", Status: soc.RunFailed}

func entry(t *testing.T, kind, step string, body any) soc.LedgerEntry {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return soc.LedgerEntry{Kind: kind, Step: step, Body: text}
}

func step(t *testing.T, path, user string, change ...func(*contract.StepBody)) soc.LedgerEntry {
	t.Helper()
	body := contract.StepBody{Verb: plan.VerbAction, Title: "Suspend", Status: contract.StepOK, Undo: &contract.UndoBody{
		Operation: "okta.unsuspend_user", Effect: plan.EffectConsequential, Arguments: json.RawMessage(fmt.Sprintf(`{"user":%q}`, user)), Role: "responder", Within: 1000,
	}}
	for _, c := range change {
		c(&body)
	}
	return entry(t, contract.KindStepFinished, path, body)
}

// calls are the arguments of a plan's actions, in their order.
func calls(p *plan.Plan) []string {
	var list []string
	for _, s := range p.Steps {
		if s.Action != nil {
			list = append(list, string(s.Action.With.Literal))
		}
	}
	return list
}

func TestWhatWasDoneLastIsTakenBackFirstEachBehindItsOwnApproval(t *testing.T) {
	t.Parallel()
	p, err := undo.Plan(over, "soc", []soc.LedgerEntry{
		step(t, "a", "ana"),
		step(t, "each[0]/b", "bo"),
		step(t, "note", "x", func(b *contract.StepBody) { b.Undo.Effect, b.Undo.Role = plan.EffectWrite, "" }),
		step(t, "failed", "cy", func(b *contract.StepBody) { b.Status = contract.StepFailed }),
		step(t, "shadowed", "dan", func(b *contract.StepBody) { b.Shadow = true }),
		step(t, "nothing", "eve", func(b *contract.StepBody) { b.Undo = nil }),
		{Kind: contract.KindStepFinished, Step: "broken", Body: json.RawMessage(`no JSON`)},
	}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{`{"user":"x"}`, `{"user":"bo"}`, `{"user":"ana"}`}, calls(p))
	covered := map[string]string{}
	for _, s := range p.Steps {
		if s.Approve != nil {
			require.Equal(t, "responder", s.Approve.Role)
			require.Equal(t, "continue", s.Approve.OnDeny)
			require.Len(t, s.Approve.Covers, 1)
			covered[s.Approve.Covers[0]] = s.ID
		}
		if s.Action != nil && s.Action.Effect == plan.EffectConsequential {
			require.Equal(t, []string{covered[s.ID]}, s.Action.Approvals, "the approval stands before the call")
			require.NotEmpty(t, covered[s.ID])
		}
	}
	require.Len(t, covered, 2)
	text, err := p.Encode()
	require.NoError(t, err)
	var again plan.Plan
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, p.Digest(), again.Digest())
}

func TestWhatIsTakenBackAlreadyIsLeftOut(t *testing.T) {
	t.Parallel()
	did := []soc.LedgerEntry{step(t, "a", "ana"), step(t, "b", "bo"), step(t, "b2", "bo"), step(t, "c", "cy")}
	inRun := append(did, step(t, "c/undo", "", func(b *contract.StepBody) { b.Undo, b.Undoes = nil, "c" }))
	took := func(user string, failed bool) soc.LedgerEntry {
		body := contract.CallBody{Operation: "okta.unsuspend_user", Input: json.RawMessage(fmt.Sprintf(`{ "user": %q }`, user))}
		if failed {
			body.Error = &contract.CallError{Kind: "denied"}
		}
		return entry(t, contract.KindCallFinished, "undo_1", body)
	}
	p, err := undo.Plan(over, "soc", inRun, [][]soc.LedgerEntry{{took("bo", false), took("ana", true)}})
	require.NoError(t, err)
	require.Equal(t, []string{`{"user":"bo"}`, `{"user":"ana"}`}, calls(p), "one of two calls for bo is taken back, a failed one is not")

	_, err = undo.Plan(over, "soc", inRun, [][]soc.LedgerEntry{{took("bo", false), took("ana", false)}, {took("bo", false)}})
	require.Equal(t, soc.Conflict, soc.KindOf(err))
	require.ErrorContains(t, err, "all that could be taken back has been")
}

func TestThereMayBeNothingToUndo(t *testing.T) {
	t.Parallel()
	_, err := undo.Plan(over, "soc", nil, nil)
	require.Equal(t, soc.Conflict, soc.KindOf(err))
	require.ErrorContains(t, err, "none of its steps names an undo")
	open := over
	open.Status = soc.RunWaiting
	_, err = undo.Plan(open, "soc", []soc.LedgerEntry{step(t, "a", "ana")}, nil)
	require.ErrorContains(t, err, "cancel it before")
}

func TestOneRunTakesBackABoundedNumber(t *testing.T) {
	t.Parallel()
	var entries []soc.LedgerEntry
	for i := range undo.MaxSteps + 10 {
		entries = append(entries, step(t, fmt.Sprintf("each[%d]/a", i), fmt.Sprint(i)))
	}
	p, err := undo.Plan(over, "soc", entries, nil)
	require.NoError(t, err)
	require.Len(t, calls(p), undo.MaxSteps)
	require.JSONEq(t, fmt.Sprintf(`{"user":"%d"}`, undo.MaxSteps+9), calls(p)[0])
}
