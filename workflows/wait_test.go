package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
)

func waitStep(more string) string { return waitAs("last", more) }

func waitAs(id, more string) string {
	return `{"id":"` + id + `","line":1,"verb":"wait","wait":` + more + `}`
}

func TestWaitsForATime(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		steps  string
		takes  time.Duration
		status string
		reason string
	}{
		"for a while":                           {steps: waitStep(`{"for":600000}`), takes: 10 * time.Minute, status: "completed"},
		"until a time":                          {steps: waitStep(`{"until":{"expr":"now() + duration(\"72h\")"}}`), takes: 72 * time.Hour, status: "completed"},
		"a time that is past goes on at once":   {steps: waitStep(`{"until":{"lit":"2001-01-01T00:00:00Z"}}`), status: "completed"},
		"what is no time fails":                 {steps: waitStep(`{"until":{"lit":"soon"}}`), status: "failed", reason: "a time is needed"},
		"null is no time":                       {steps: waitStep(`{"until":{"lit":"null"}}`), status: "failed", reason: "a time is needed"},
		"a time beyond what is kept is refused": {steps: waitStep(`{"until":{"lit":"9001-01-01T00:00:00Z"}}`), status: "failed", reason: "400 days"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true}
			var env *testsuite.TestWorkflowEnvironment
			var began time.Time
			out := play(t, w, `[`+c.steps+`]`, func(e *testsuite.TestWorkflowEnvironment) { env, began = e, e.Now() })
			require.Equal(t, c.status, out.Status, out.Reason)
			require.Contains(t, out.Reason, c.reason)
			require.WithinDuration(t, began.Add(c.takes), env.Now(), time.Minute)
			if c.status == "completed" {
				var outputs struct {
					Last struct {
						WaitedUntil time.Time `json:"waited_until"`
					} `json:"last"`
				}
				require.NoError(t, json.Unmarshal(out.Outputs, &outputs))
				require.Equal(t, *w.bodies(t)["last"].Waited, outputs.Last.WaitedUntil)
			}
		})
	}
	t.Run("a cancelled run waits no longer", func(t *testing.T) {
		t.Parallel()
		w := &world{full: true}
		out := play(t, w, `[`+waitStep(`{"for":600000}`)+`]`, func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
		})
		require.Equal(t, "cancelled", out.Status)
		require.Equal(t, "cancelled", w.ended(t)["last"])
	})
}

func TestWaitsForAnEvent(t *testing.T) {
	t.Parallel()
	id := contract.SubscriptionID("run_1", "last")
	found := map[string]contract.EventOutput{id: {Matched: true, AlertID: "alr_2", Alert: json.RawMessage(`{"title":"again"}`)}}
	event := func(onTimeout string) string {
		return `[` + read("geo", "geoip.lookup", "") + `,` + read("other", "geoip.lookup", "") + `,` +
			waitStep(`{"event":{"sources":["wazuh"],"when":"event.user.name == alert.user.name && steps.geo.status == \"ok\"",
				"uses":["alert","event","steps.geo"]},"within":3600000,"on_timeout":"`+onTimeout+`"}`) + `]`
	}
	tell := func(after time.Duration, id string) func(env *testsuite.TestWorkflowEnvironment) {
		return func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() { env.SignalWorkflow(contract.SignalEventMatched, contract.EventMatched{SubscriptionID: id}) }, after)
		}
	}
	cases := map[string]struct {
		onTimeout string
		events    map[string]contract.EventOutput
		script    func(env *testsuite.TestWorkflowEnvironment)
		status    string
		last      string
		reads     []bool // with Close
	}{
		"an event that matches ends it": {
			onTimeout: "fail", events: found, script: tell(time.Minute, id), status: "completed",
			last: `{"matched":true,"event":{"title":"again"}}`, reads: []bool{false},
		},
		"a forged signal is looked into and forgotten": {
			onTimeout: "continue", script: tell(time.Minute, id), status: "completed",
			last: `{"matched":false,"event":null}`, reads: []bool{false, true},
		},
		"a signal for another wait is not even looked into": {
			onTimeout: "continue", script: tell(time.Minute, "sub_other"), status: "completed",
			last: `{"matched":false,"event":null}`, reads: []bool{true},
		},
		"at the end of the time it is looked once more": {
			onTimeout: "fail", events: found, status: "completed", last: `{"matched":true,"event":{"title":"again"}}`, reads: []bool{true},
		},
		"no event in time fails it":         {onTimeout: "fail", status: "failed", last: `{"matched":false,"event":null}`, reads: []bool{true}},
		"no event in time may be gone past": {onTimeout: "continue", status: "completed", last: `{"matched":false,"event":null}`, reads: []bool{true}},
		"a cancelled run closes what it waits for": {
			onTimeout: "fail", status: "cancelled", last: "null", reads: []bool{true},
			script: func(env *testsuite.TestWorkflowEnvironment) {
				env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{full: true, events: c.events}
			out := play(t, w, event(c.onTimeout), c.script)
			require.Equal(t, c.status, out.Status, out.Reason)
			require.JSONEq(t, `{"last":`+c.last+`}`, string(out.Outputs))
			require.Len(t, w.subscribed, 1)
			require.Equal(t, []string{"wazuh"}, w.subscribed[0].Sources)
			var vars map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(w.subscribed[0].Vars, &vars))
			require.Contains(t, string(vars["alert"]), "ana")
			require.JSONEq(t, `{"geo":{"status":"ok","output":{},"error":null}}`, string(vars["steps"]))
			require.Len(t, vars, 2)
			var closes []bool
			for _, r := range w.reads {
				closes = append(closes, r.Close)
			}
			require.Equal(t, c.reads, closes)
			if c.status == "failed" {
				body := w.bodies(t)["last"]
				require.Equal(t, "timeout", body.Error.Kind)
				require.True(t, body.Expired)
			}
		})
	}
}
