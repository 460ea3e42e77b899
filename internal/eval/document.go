package eval

import (
	"context"

	"picket/internal/soc"
)

// Trial is one or two configurations on a data set.
type Trial struct {
	Set            string // what the data set is called
	Cases          []Case
	Split          float64 // share of the cases, by group, that is kept out for training
	Seed           uint64
	Limit          int // measure only so many cases, the first of the set; 0 is all
	Configurations []Configuration
}

// Try runs every configuration over the cases, and compares two. A split that leaves one side empty is a soc.Invalid.
func Try(ctx context.Context, t Trial) (Document, error) {
	train, held := Split(t.Cases, t.Split, t.Seed)
	if len(held) == 0 || (t.Split > 0 && len(train) == 0) {
		return Document{}, soc.Errorf(soc.Invalid, "the groups of the data set leave one side of a split of %g empty; give it more groups or do not split it", t.Split)
	}
	if t.Limit > 0 && len(held) > t.Limit {
		held = held[:t.Limit]
	}
	document := Document{Set: Set{Name: t.Set, All: len(t.Cases), Train: len(train), Held: len(held), Split: t.Split, Seed: t.Seed}}
	var runs [][]Result
	for _, c := range t.Configurations {
		results, err := Run(ctx, c, held)
		if err != nil {
			return document, err
		}
		runs = append(runs, results)
		document.Reports = append(document.Reports, Summarise(c.Name, results, train, t.Seed))
	}
	if len(runs) == 2 {
		c, err := Compare(document.Reports[0], document.Reports[1], runs[0], runs[1], t.Seed)
		if err != nil {
			return document, err
		}
		document.Comparison = &c
	}
	return document, nil
}
