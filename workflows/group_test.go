package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"picket/internal/contract"
)

// read is a step that reads, with what stands beside its verb.
func read(id, operation, more string) string {
	return `{"id":"` + id + `","line":1,"verb":"action",` + more + `"action":{"operation":"` + operation + `","effect":"read","with":{"lit":{}}}}`
}

func setLast(expression string) string {
	return `{"id":"last","line":9,"verb":"set","set":[{"name":"v","value":{"expr":` + quoted(expression) + `}}]}`
}

func quoted(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(out)
}

var (
	refused = temporal.NewNonRetryableApplicationError("no such user", "not_found", nil)
	busy    = temporal.NewApplicationError("come back", "unavailable")
)

// failing answers {} but to the operations that fail.
func failing(operations map[string]error) func(contract.CallInput) (string, error) {
	return func(in contract.CallInput) (string, error) { return "{}", operations[in.Operation] }
}

func TestGroupsRunAtOnce(t *testing.T) {
	t.Parallel()
	const group = `"group":1,`
	steps := `[` + read("a", "x.a", group) + `,` + read("b", "x.b", group) + `,` + read("c", "x.c", group) + `,` +
		read("d", "x.d", `"group":2,`) + `,` + setLast("[steps.a.status, steps.c.status, steps.d.status]") + `]`

	t.Run("all of a group have begun before one has ended, and are noted in the order of the source", func(t *testing.T) {
		t.Parallel()
		w := &world{full: true}
		others := make(chan string, 3)
		w.answer = func(in contract.CallInput) (string, error) {
			if in.Operation == "x.a" { // the first ends last
				<-others
				<-others
			} else {
				others <- in.Operation
			}
			return "{}", nil
		}
		out := play(t, w, steps, nil)
		require.Equal(t, "completed", out.Status, out.Reason)
		require.JSONEq(t, `{"last":{"v":["ok","ok","ok"]}}`, string(out.Outputs))
		var order []string
		for _, e := range w.kinds(contract.KindStepFinished) {
			order = append(order, e.Step)
		}
		require.Equal(t, []string{"a", "b", "c", "d", "last"}, order)
		require.Equal(t, 1, w.bodies(t)["b"].Group)
	})
	t.Run("the first in the order of the source fails the block, and the others end", func(t *testing.T) {
		t.Parallel()
		w := &world{full: true, answer: failing(map[string]error{"x.b": refused, "x.c": refused})}
		out := play(t, w, steps, nil)
		require.Equal(t, "failed", out.Status)
		require.Equal(t, "step b: no such user", out.Reason)
		require.Equal(t, map[string]string{"a": "ok", "b": "failed", "c": "failed"}, w.ended(t))
	})
	t.Run("one that is retried holds the group up, and not its result", func(t *testing.T) {
		t.Parallel()
		w := &world{full: true}
		tries := 0
		w.answer = func(in contract.CallInput) (string, error) {
			if in.Operation == "x.b" {
				if tries++; tries < 3 {
					return "", busy
				}
			}
			return "{}", nil
		}
		require.Equal(t, "completed", play(t, w, steps, nil).Status)
		require.Equal(t, 3, tries)
	})
	t.Run("a cancelled run cancels all of them", func(t *testing.T) {
		t.Parallel()
		w := &world{full: true, answer: func(contract.CallInput) (string, error) { return "hang", nil }}
		out := play(t, w, steps, func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
		})
		require.Equal(t, "cancelled", out.Status)
		require.Equal(t, map[string]string{"a": "cancelled", "b": "cancelled", "c": "cancelled"}, w.ended(t))
	})
}
