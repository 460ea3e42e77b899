package cacao

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

// native are the keys of each verb for which CACAO has a counterpart.
var native = map[string][]string{
	plan.VerbChoose: {"branches", "else"}, plan.VerbParallel: {"branches"}, plan.VerbForeach: {"items", "steps"},
	plan.VerbRepeat: {"until", "while", "steps"}, plan.VerbWait: {"for"}, plan.VerbCall: {"playbook", "inputs"},
	plan.VerbModel: {"prompt"}, plan.VerbAgent: {"goal"}, plan.VerbApprove: {"title", "message", "by", "within"},
	plan.VerbAsk: {"title", "message", "by", "fields", "within"}, plan.VerbTry: {"steps"}, plan.VerbStop: {"status", "reason"},
}

// TestEveryKeyIsNativeOrReported holds the report of exports against the table of the language, so that a new key of it is noticed.
func TestEveryKeyIsNativeOrReported(t *testing.T) {
	t.Parallel()
	for _, verb := range spec.Verbs {
		construct, ok := spec.Find(verb)
		if !ok {
			continue // its value is no mapping
		}
		for _, key := range construct.Names() {
			require.True(t, slices.Contains(native[verb], key) != slices.Contains(kept[verb], key), "%s.%s", verb, key)
		}
	}
	step, _ := spec.Find("step")
	known := []string{"id", "title", "if", "connection", "with", "undo", "timeout", "retry", "on_error"}
	for _, key := range step.Names() {
		require.True(t, slices.Contains(known, key) || slices.Contains(spec.Verbs, key), key)
	}
}
