package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// The forms in which a verb can end. Each verb has a recorded history of each of them, in workflows/testdata/history.
var forms = []string{"ok", "failed", "retried", "cancelled", "timed-out"}

// formless are the forms that a verb can't end in, each with the reason.
var formless = map[string]string{
	"set-retried":    "it computes: what fails once fails always",
	"set-cancelled":  "no time passes while it computes",
	"set-timed-out":  "no time passes while it computes",
	"wait-retried":   "there is nothing to try again in a wait",
	"stop-retried":   "it ends the run at once",
	"stop-cancelled": "it ends the run at once",
	"stop-timed-out": "it ends the run at once",
}

// users are how the scripted directory answers for a user of a form.
var users = map[string]string{
	"ok": "ok@example.com", "failed": "missing@example.com", "retried": "flaky@example.com", "cancelled": "slow@example.com", "timed-out": "late@example.com",
}

// lookup is a step that ends in a form.
func lookup(id, form string) string {
	return fmt.Sprintf("{id: %s, action: okta.get_user, with: {user: %s}, timeout: %s, retry: {attempts: %s}}", id, users[form], limit(form), attempts(form))
}

func limit(form string) string {
	if form == "timed-out" {
		return "1s"
	}
	return "1m"
}

func attempts(form string) string {
	if form == "retried" {
		return "2"
	}
	return "1"
}

// around are a playbook's steps for each verb, with %s for a step that ends in the form.
var around = map[string]string{
	plan.VerbAction:   "steps:\n  - %s\n",
	plan.VerbChoose:   "steps:\n  - id: pick\n    choose:\n      - {when: 'alert.severity == high', steps: [%s]}\n      - else: [{id: other, set: {x: 1}}]\n",
	plan.VerbParallel: "steps:\n  - id: both\n    parallel:\n      branches:\n        a: [%s]\n        b: [{id: beside, action: okta.get_user, with: {user: ok@example.com}}]\n",
	plan.VerbForeach:  "steps:\n  - id: each\n    foreach:\n      items: [1, 2, 3]\n      at_once: 2\n      steps: [%s]\n",
	plan.VerbRepeat:   "steps:\n  - id: again\n    repeat:\n      until: index == 1\n      at_most: 3\n      steps: [%s]\n",
	plan.VerbTry:      "steps:\n  - id: careful\n    try:\n      steps: [%s]\n      catch: [{id: caught, set: {x: '${{ error.kind }}'}}]\n      finally: [{id: last, action: okta.get_user, with: {user: ok@example.com}}]\n",
	plan.VerbCall:     "steps:\n  - {id: sub, call: callee-FORM}\n",
}

// recording is one history to be recorded: a playbook, and how its run ends.
type recording struct {
	name   string
	steps  string
	status string
	cancel bool // when it has begun what does not end by itself
}

// recordings are the histories of every verb in every form that it has, and of what stands beside the verbs.
func recordings() []recording {
	ends := map[string]string{"ok": "completed", "failed": "failed", "retried": "completed", "cancelled": "cancelled", "timed-out": "failed"}
	var all []recording
	add := func(name, steps, status string) {
		all = append(all, recording{name: name, steps: steps, status: status, cancel: strings.HasSuffix(name, "-cancelled")})
	}
	for _, verb := range spec.Verbs {
		steps, ok := around[verb]
		if !ok {
			continue
		}
		for _, form := range forms {
			status := ends[form]
			if verb == plan.VerbTry && status == "failed" {
				status = "completed" // its catch deals with it
			}
			text := strings.ReplaceAll(steps, "FORM", form)
			if strings.Contains(text, "%s") {
				text = fmt.Sprintf(text, lookup("look", form))
			}
			add(verb+"-"+form, text, status)
		}
	}
	for _, form := range forms {
		add("model-"+form, fmt.Sprintf("steps:\n  - {id: judge, timeout: %s, retry: {attempts: %s}, model: {prompt: %s, returns: verdict}}\n", limit(form), attempts(form), form), ends[form])
		status := ends[form]
		if form == "timed-out" {
			status = "completed" // as inconclusive, with what it has
		}
		add("agent-"+form, fmt.Sprintf("steps:\n  - {id: judge, timeout: %s, retry: {attempts: %s}, agent: {goal: %s, tools: [okta.get_user, okta.suspend_user], returns: verdict, "+
			"max_turns: 4, approval: {by: {role: responder}, within: 1h}}}\n", limit(form), attempts(form), form), status)
		within := "1h"
		status = "completed"
		switch form {
		case "timed-out":
			within = "1s"
		case "cancelled":
			status = "cancelled"
		}
		add("approve-"+form, fmt.Sprintf("steps:\n  - {id: gate, approve: {title: %s, by: {role: responder}, covers: [act], within: %s}}\n"+
			"  - {id: act, action: okta.suspend_user, with: {user: ok@example.com}}\n", form, within), status)
		add("ask-"+form, fmt.Sprintf("steps:\n  - {id: form, ask: {title: %s, by: {role: responder}, fields: {why: {type: text}}, within: %s}}\n", form, within), ends[form])
	}
	add("set-ok", "steps:\n  - {id: a, set: {x: '${{ alert.severity }}', y: '${{ now() }}'}}\n", "completed")
	add("set-failed", "steps:\n  - {id: a, set: {x: '${{ int(alert.title) }}'}}\n", "failed")
	add("wait-ok", "steps:\n  - {id: a, wait: 1s}\n  - {id: b, wait: {event: {when: 'event.title == \"ok\"'}, within: 1h}}\n", "completed")
	add("wait-failed", "steps:\n  - {id: a, wait: {until: '${{ alert.title }}'}}\n", "failed")
	add("wait-cancelled", "steps:\n  - {id: a, wait: 1h}\n", "cancelled")
	add("wait-timed-out", "steps:\n  - {id: a, wait: {event: {when: 'event.title == \"never\"'}, within: 1s}}\n", "failed")
	add("stop-ok", "steps:\n  - {id: a, stop: {reason: enough}}\n", "completed")
	add("stop-failed", "steps:\n  - {id: a, stop: {status: failed, reason: no}}\n", "failed")

	add("reads-at-once", "steps:\n  - {id: a, action: okta.get_user, with: {user: ok@example.com}}\n  - {id: b, action: okta.list_sign_ins, with: {login: ok@example.com}}\n"+
		"  - {id: c, action: intel.lookup, with: {value: 192.0.2.1}}\n", "completed")
	add("foreach-in-child-workflows", "steps:\n  - id: each\n    foreach: {items: ["+strings.Repeat("1, ", 120)+"], at_once: 20, steps: [{id: x, set: {n: '${{ item }}'}}]}\n", "completed")
	add("undo", "steps:\n  - {id: gate, approve: {title: ok, by: {role: responder}, covers: [act], within: 1h}}\n"+
		"  - {id: act, action: okta.suspend_user, with: {user: ok@example.com}, undo: {action: okta.unsuspend_user, with: {user: ok@example.com}}}\n"+
		"  - {id: fails, action: okta.get_user, with: {user: missing@example.com}, on_error: undo}\n", "failed")
	add("key-held", "run: {key: '${{ alert.title }}'}\nsteps:\n  - {id: a, set: {x: 1}}\n", "completed")
	add("run-timed-out", "run: {timeout: 1s}\nsteps:\n  - {id: a, wait: 1h}\n", "timed_out")
	return all
}

func (r recording) source() string {
	return "name: " + r.name + "\nowner: tests\non: {alert: {}}\n" + r.steps
}

func TestEveryVerbHasAHistoryOfEveryForm(t *testing.T) {
	t.Parallel()
	recorded := map[string]bool{}
	for _, r := range recordings() {
		recorded[r.name] = true
	}
	for _, verb := range spec.Verbs {
		for _, form := range forms {
			name := verb + "-" + form
			if reason, none := formless[name]; none {
				require.NotEmpty(t, reason)
				require.False(t, recorded[name], "%s has a history: it is not formless", name)
				continue
			}
			require.True(t, recorded[name], "nobody records %s", name)
			found, err := filepath.Glob(filepath.Join(histories, "*", name+".json"))
			require.NoError(t, err)
			require.NotEmpty(t, found, "no history of %s: record it with -record", name)
		}
	}
}

func TestTheHistoriesNameNoMachine(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(histories, "*", "*.json"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if len(host) > 8 {
			require.NotContains(t, string(text), host, file)
		}
		require.NotContains(t, string(text), os.TempDir()+"/", file)
	}
}
