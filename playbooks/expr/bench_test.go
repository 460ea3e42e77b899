package expr_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

func BenchmarkEval(b *testing.B) {
	var steps strings.Builder
	for i := range 50 {
		if i > 0 {
			steps.WriteByte(',')
		}
		fmt.Fprintf(&steps, `"step%d": {"status": "completed", "output": {"rows": [%s1]}, "error": null}`, i, strings.Repeat(`{"ip": "10.0.0.1", "n": 1}, `, 200))
	}
	large := expr.Vars{"alert": documents["alert"], "steps": json.RawMessage("{" + steps.String() + "}")}
	for _, c := range []struct{ name, source string }{
		{"a trigger", `alert.rule.id == "5710" && alert.severity >= high`},
		{"a member in 300 KB of steps", `steps.step49.status`},
		{"a filter", `filter(alert.observables, .type == "ip" && !is_private_ip(.value)) | map(.value)`},
		{"indicators of the alert", `iocs(alert)`},
		{"a sum over 1,000", `sum(1..1000, # * 2)`},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := expr.Eval(c.source, expr.NewScope(large, noon)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEvalValue(b *testing.B) {
	value := plan.Value{Object: []plan.Field{
		{Name: "user", Value: plan.Value{Expr: "inputs.user"}},
		{Name: "reason", Value: plan.Value{Text: []plan.Part{{Text: "rule "}, {Expr: "alert.rule.id"}, {Text: " at "}, {Expr: "alert.time"}}}},
		{Name: "days", Value: plan.Value{Literal: json.RawMessage("30")}},
	}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := expr.EvalValue(value, scope()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	env := environment(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := expr.Check(`alert.rule.id == "5710" && alert.severity >= high && any(alert.observables, .type == "ip")`, env); problems != nil {
			b.Fatal(problems)
		}
	}
}
