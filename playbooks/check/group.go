package check

import (
	"slices"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

// maxGroup bounds how many reads run at once.
const maxGroup = 20

// group numbers the reads that stand side by side and do not depend on each other, so that they run at once. A read
// changes nothing: that one was made although its neighbour failed is not seen by anybody.
func group(steps []plan.Step, last *int) {
	for i := 0; i < len(steps); {
		members := []string{}
		j := i
		for ; j < len(steps) && len(members) < maxGroup && readsAlone(&steps[j], members); j++ {
			members = append(members, steps[j].ID)
		}
		if len(members) > 1 {
			*last++
			for k := i; k < j; k++ {
				steps[k].Group = *last
			}
		}
		i = max(j, i+1)
	}
	for i := range steps {
		for _, block := range steps[i].Blocks() {
			group(block, last)
		}
	}
}

// readsAlone tells a read that uses none of these steps' results.
func readsAlone(s *plan.Step, members []string) bool {
	if s.Action == nil || s.Action.Effect != plan.EffectRead {
		return false
	}
	return !usesStep(s.If, members) && !valueUses(s.Action.With, members)
}

func valueUses(v plan.Value, members []string) bool {
	if usesStep(v.Expr, members) {
		return true
	}
	return slices.ContainsFunc(v.Text, func(p plan.Part) bool { return usesStep(p.Expr, members) }) ||
		slices.ContainsFunc(v.List, func(item plan.Value) bool { return valueUses(item, members) }) ||
		slices.ContainsFunc(v.Object, func(f plan.Field) bool { return valueUses(f.Value, members) })
}

func usesStep(source string, members []string) bool {
	if source == "" || len(members) == 0 {
		return false
	}
	refs, err := expr.Refs(source)
	return err != nil || slices.ContainsFunc(refs, func(r expr.Ref) bool {
		return r.Path[0] == "steps" && (len(r.Path) < 2 || slices.Contains(members, r.Path[1]))
	})
}
