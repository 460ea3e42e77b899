package playbooks_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAWeakerProofIsNoticed takes one rule of the approval proof away at a time and runs the suite that holds the proof:
// it must fail. The weakened source is laid over the real one for the build only.
func TestAWeakerProofIsNoticed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Log("in short mode only the first rule is taken away")
	}
	for i, m := range []struct{ name, file, from, to string }{
		{
			"nothing need be approved", "proof.go",
			"if !sc.facts.holds(coveredFact(s.ID), sc.guards) && !sc.dead {", "if false {",
		},
		{
			"an approval outside of a loop is for every item", "scope.go",
			"(!isCover || c.forEach(covered, id, s.loop)) && s.facts.holds", "(covered == covered || isCover) && s.facts.holds",
		},
		{
			"one decision is for all rounds of a repeat", "scope.go",
			"around.spec.Foreach != nil && around.loop == outer", "around.loop == outer",
		},
		{
			"a yes outside of one loop is a yes inside of two", "scope.go",
			"around.spec.Foreach != nil && around.loop == outer", "around.spec.Foreach != nil",
		},
		{
			"catch knows what the steps would have made certain", "flow.go",
			"caught := before.clone()", "caught := tried.clone()",
		},
		{
			"finally knows what the steps have made certain", "flow.go",
			"final := before.clone()", "final := sc.clone()",
		},
		{
			"a catch need not approve", "flow.go",
			"live = append(live, caught.facts)", "_ = caught.facts",
		},
		{
			"a step that may fail counts as done", "steps.go",
			"if s.OnError == \"continue\" {\n\t\treturn", "if false {\n\t\treturn",
		},
		{
			"a race waits for all of its branches", "steps.go",
			`if p.Wait == "all" && p.OnFailure == "stop" {`, `if p.OnFailure == "stop" {`,
		},
		{
			"a collected failure is none", "steps.go",
			`if p.Wait == "all" && p.OnFailure == "stop" {`, `if p.Wait == "all" {`,
		},
		{
			"one branch of a choose speaks for all", "steps.go",
			"sc.facts.common(live)", "sc.facts.common(live[:min(1, len(live))])",
		},
		{
			"a condition that held once holds for ever", "condition.go",
			"return !clock.MatchString(source)", "return true",
		},
		{
			"what is under a condition is known without it", "steps.go",
			"sc.facts.learn(inner.facts, cond.set)", "sc.facts.learn(inner.facts, nil)",
		},
		{
			"arguments may change after the yes", "proof.go",
			"if _, before := asked.steps.get(used); !before {", "if false {",
		},
		{
			"a list may change after the yes", "proof.go",
			"c.boundItems(s, sc, known.approval)", "_ = each",
		},
		{
			"a consequential call is tried again", "proof.go",
			"if s.Retry != nil && s.Retry.Attempts > 1 {", "if false {",
		},
		{
			"an undo asks nobody", "action.go",
			`if out.Role == "" || out.Within == 0 {`, "if false {",
		},
	} {
		if i > 0 && testing.Short() {
			break
		}
		t.Run(m.name, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join("check", m.file))
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(source), m.from), "the rule stands elsewhere now: mend this test")
			dir := t.TempDir()
			weak := filepath.Join(dir, m.file)
			require.NoError(t, os.WriteFile(weak, []byte(strings.Replace(string(source), m.from, m.to, 1)), 0o600))
			real, err := filepath.Abs(filepath.Join("check", m.file))
			require.NoError(t, err)
			overlay, err := json.Marshal(map[string]map[string]string{"Replace": {real: weak}})
			require.NoError(t, err)
			laid := filepath.Join(dir, "overlay.json")
			require.NoError(t, os.WriteFile(laid, overlay, 0o600))
			cmd := exec.Command("go", "test", "-overlay", laid, "-count", "1", "-failfast", "-run",
				"^(TestGolden|TestTheProofHasTeeth|TestWeakeningAnApprovalIsRefused)$", ".", "-rapid.nofailfile")
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "nothing noticed it:\n%s", out)
			require.Contains(t, string(out), "--- FAIL", "it failed for another reason")
		})
	}
}
