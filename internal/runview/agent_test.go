package runview_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/runview"
	"picket/internal/soc"
	"picket/playbooks/plan"
)

func TestAnAgentShowsItsTurnsAndTheCallsThatItWanted(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Steps: []plan.Step{{ID: "judge", Verb: plan.VerbAgent, Line: 3, Agent: &plan.Agent{
		Tools: []plan.Tool{{Operation: "okta.get_user", Effect: "read", Title: "Get an account"}, {Operation: "okta.suspend_user", Effect: "consequential"}},
	}}}}
	turn := func(path string, problem string, calls ...string) soc.LedgerEntry {
		reply := &contract.Turn{Role: contract.RoleAssistant, Text: "So."}
		for _, name := range calls {
			reply.Calls = append(reply.Calls, contract.ToolCall{ID: "1", Name: name, Arguments: json.RawMessage(`{"user":"a"}`)})
		}
		return entry(t, contract.KindModelAnswered, path, 1, contract.ModelBody{Provider: "p", Model: "m", Reply: reply, Problem: problem, Started: at, Ended: at})
	}
	entries := []soc.LedgerEntry{
		turn("judge/turn[0]", "", "okta.get_user", "slack.post_message"),
		entry(t, contract.KindCallFinished, "judge/call[0]", 1, contract.CallBody{Operation: "okta.get_user", Started: at, Ended: at, Output: json.RawMessage(`{}`)}),
		turn("judge/turn[1]", "no JSON"),
		turn("judge/turn[2]", "", "okta.suspend_user", "okta.get_user"),
		entry(t, contract.KindApprovalRequested, "judge/call[2]", 0, soc.Approval{ID: "apr_1"}),
	}
	type row struct{ Path, Parent, Operation, Effect, Status string }
	show := func(run soc.Run, entries []soc.LedgerEntry) (rows []row) {
		for _, s := range runview.Steps(p, run, entries) {
			rows = append(rows, row{s.Path, s.Parent, s.Operation, s.Effect, s.Status})
		}
		return rows
	}
	require.Equal(t, []row{
		{"judge", "", "", "", "waiting"},
		{"judge/turn[0]", "judge", "", "", "ok"},
		{"judge/call[0]", "judge", "okta.get_user", "read", "ok"},
		{"judge/call[1]", "judge", "slack.post_message", "", "skipped"}, // no tool of it
		{"judge/turn[1]", "judge", "", "", "ok"},
		{"judge/turn[2]", "judge", "", "", "ok"},
		{"judge/call[2]", "judge", "okta.suspend_user", "consequential", "waiting"},
		{"judge/call[3]", "judge", "okta.get_user", "read", "queued"}, // one after the other
	}, show(soc.Run{Status: soc.RunRunning}, entries))

	entries = append(entries,
		entry(t, contract.KindApprovalDecided, "judge/call[2]", 0, soc.Decision{ApprovalID: "apr_1", Outcome: soc.ApprovalDenied, Reason: "no"}),
		entry(t, contract.KindCallFinished, "judge/call[3]", 1, contract.CallBody{
			Operation: "okta.get_user", Started: at, Ended: at, Error: &contract.CallError{Kind: "not_found", Message: "nobody"},
		}),
		turn("judge/turn[3]", ""),
		end(t, "judge ok"),
	)
	rows := show(soc.Run{Status: soc.RunCompleted}, entries)
	require.Equal(t, row{"judge", "", "", "", "ok"}, rows[0])
	require.Equal(t, row{"judge/call[2]", "judge", "okta.suspend_user", "consequential", "denied"}, rows[6])
	require.Equal(t, row{"judge/call[3]", "judge", "okta.get_user", "read", "failed"}, rows[7])
	require.Equal(t, "judge/turn[3]", rows[8].Path)
}
