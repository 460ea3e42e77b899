package runview

import (
	"maps"
	"slices"
	"strings"

	"picket/playbooks/plan"
)

// Spent is what was asked of models, and what it cost: every attempt, and in a loop every item, shown or not.
type Spent struct {
	Calls     int     `json:"calls"`
	TokensIn  int     `json:"tokens_in"`
	TokensOut int     `json:"tokens_out"`
	CostUSD   float64 `json:"cost_usd"`
	NoPrice   bool    `json:"no_price,omitempty"` // the cost, or a part of it, is not known
}

func (s *Spent) add(o Spent) {
	s.Calls += o.Calls
	s.TokensIn += o.TokensIn
	s.TokensOut += o.TokensOut
	s.CostUSD += o.CostUSD
	s.NoPrice = s.NoPrice || o.NoPrice
}

func (f *fact) spent() (sum Spent) {
	for _, a := range f.attempts {
		if m := a.Model; m != nil {
			sum.add(Spent{Calls: 1, TokensIn: m.TokensIn, TokensOut: m.TokensOut, CostUSD: m.CostUSD, NoPrice: m.NoPrice})
		}
	}
	return sum
}

// spend gives each step what was spent on it and inside it. A step stands before those inside it.
func (v *view) spend() {
	own := map[string]Spent{}
	for path, f := range v.facts.at {
		if spent := f.spent(); spent.Calls > 0 {
			own[path] = spent
		}
	}
	paths := slices.Sorted(maps.Keys(own)) // in order, so that sums of floats are the same each time
	items := func(loop string) (sum Spent) {
		from, _ := slices.BinarySearch(paths, loop+"[")
		for _, path := range paths[from:] {
			if !strings.HasPrefix(path, loop+"[") {
				break
			}
			sum.add(own[path])
		}
		return sum
	}
	inside := map[string]Spent{}
	for i := range slices.Backward(v.steps) {
		s := &v.steps[i]
		sum := inside[s.Path]
		if s.Verb == plan.VerbForeach || s.Verb == plan.VerbRepeat {
			sum = items(s.Path)
		}
		sum.add(own[s.Path])
		if sum.Calls == 0 {
			continue
		}
		s.Spent = &sum
		outer := inside[s.Parent]
		outer.add(sum)
		inside[s.Parent] = outer
	}
}
