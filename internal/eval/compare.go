package eval

import "picket/internal/soc"

// Comparison holds two configurations side by side on the same cases.
type Comparison struct {
	Names       [2]string `json:"names"`
	OnlyFirst   int       `json:"only_first_right"`  // cases that only the first has right
	OnlySecond  int       `json:"only_second_right"` // and only the second; what is not decided is not right
	PValue      float64   `json:"p_value"`           // McNemar's exact test on the two
	Overall     Measure   `json:"balanced_accuracy_overall_difference"`
	Decided     Measure   `json:"balanced_accuracy_decided_difference"`
	USDPerAlert *float64  `json:"usd_per_alert_difference"`
}

// Compare compares two runs over the same cases, in pairs: differences are the second less the first, and their intervals
// are drawn over groups with seed. Runs over other cases are a *soc.Error of kind Invalid.
func Compare(first, second Report, a, b []Result, seed uint64) (Comparison, error) {
	c := Comparison{Names: [2]string{first.Name, second.Name}}
	if len(a) != len(b) {
		return c, soc.Errorf(soc.Invalid, "the two runs are over %d and %d alerts; compare them on the same data set", len(a), len(b))
	}
	cases := make([]Case, len(a))
	verdicts := [2][]Answer{make([]Answer, len(a)), make([]Answer, len(a))}
	for i := range a {
		if a[i].Case.Line != b[i].Case.Line || a[i].Case.Label != b[i].Case.Label {
			return c, soc.Errorf(soc.Invalid, "the two runs differ in alert %d; compare them on the same data set", i+1)
		}
		cases[i], verdicts[0][i], verdicts[1][i] = a[i].Case, a[i].Answers[0], b[i].Answers[0]
		switch one, two := verdicts[0][i].right(cases[i].Label), verdicts[1][i].right(cases[i].Label); {
		case one && !two:
			c.OnlyFirst++
		case two && !one:
			c.OnlySecond++
		}
	}
	c.PValue = mcnemar(c.OnlyFirst, c.OnlySecond)
	groups := grouped(cases)
	c.Overall = difference(groups, seed, func(who int, indices []int) table { return overall(cases, verdicts[who], indices) })
	c.Decided = difference(groups, seed, func(who int, indices []int) table { return decided(cases, verdicts[who], indices) })
	if x, y := first.Cost.USDPerAlert, second.Cost.USDPerAlert; x != nil && y != nil {
		more := *y - *x
		c.USDPerAlert = &more
	}
	return c, nil
}

// difference is that of two balanced accuracies, each resample being of the same groups for both.
func difference(groups [][]int, seed uint64, fill func(who int, indices []int) table) Measure {
	tables := make([][2]table, len(groups))
	everything := make([]int, len(groups))
	for g, indices := range groups {
		tables[g] = [2]table{fill(0, indices), fill(1, indices)}
		everything[g] = g
	}
	figure := func(drawn []int) (float64, bool) {
		var t [2]table
		for _, g := range drawn {
			t[0].join(tables[g][0])
			t[1].join(tables[g][1])
		}
		x, ok := t[0].balancedAccuracy()
		y, also := t[1].balancedAccuracy()
		return y - x, ok && also
	}
	value, ok := figure(everything)
	if !ok {
		return Measure{}
	}
	return Measure{Value: &value, Interval: bootstrap(len(groups), seed, figure)}
}
