package check

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // so that a time zone is known wherever playbooks are compiled

	"github.com/robfig/cron/v3"

	"picket/playbooks/expr"
	"picket/playbooks/plan"
	"picket/playbooks/spec"
)

func containsExpression(text string) bool { return strings.Contains(text, "${{") }

func (c *checker) triggers(p *spec.Playbook, sc *scope) []plan.Trigger {
	triggers := []plan.Trigger{}
	only := emptyScope(map[string]root{"alert": sc.roots["alert"]})
	for _, a := range p.Alerts {
		when, _ := c.condition(a.When, only)
		if len(a.Sources) == 0 {
			triggers = append(triggers, plan.Trigger{Kind: "alert", When: when})
		}
		for _, source := range a.Sources {
			c.source(source)
			triggers = append(triggers, plan.Trigger{Kind: "alert", Source: source.Text, When: when})
		}
	}
	if p.Manual {
		triggers = append(triggers, plan.Trigger{Kind: "manual"})
	}
	return triggers
}

func (c *checker) source(n *spec.Node) {
	if len(c.cat.Sources) > 0 && !slices.Contains(c.cat.Sources, n.Text) {
		c.bag.Near(spec.CodeSource, n.Span, n.Text, c.cat.Sources, "there is no alert source %q", n.Text)
	}
}

// scheduled adds the triggers by the clock. Their inputs must be those that the playbook declares.
func (c *checker) scheduled(p *spec.Playbook, out *plan.Plan) {
	for _, s := range p.Clocks {
		t := plan.Trigger{Kind: "schedule", Every: s.Every}
		if s.Cron != nil {
			t.Timezone = "UTC"
			t.Cron = strings.Join(strings.Fields(s.Cron.Text), " ")
			if _, err := cron.ParseStandard(t.Cron); err != nil || strings.Contains(t.Cron, "@") || strings.Contains(t.Cron, "TZ=") {
				c.bag.Error(spec.CodeSchedule, s.Cron.Span, `write five fields: minute, hour, day of the month, month, day of the week, such as "0 6 * * 1-5"`,
					"%q is no time that crontab can write", shortened(s.Cron.Text))
				if usual := nicknames[t.Cron]; usual != "" {
					c.bag.Fix("Change it to "+usual, spec.Replace(s.Cron.Span, `"`+usual+`"`))
				}
			}
		}
		if s.Timezone != nil && s.Every > 0 {
			c.bag.Error(spec.CodeKeyForVerb, s.Timezone.Span, "take it out", "`timezone` belongs to `cron`")
			c.bag.TakeOut(s.Node, "timezone")
		} else if s.Timezone != nil {
			t.Timezone = s.Timezone.Text
			if _, err := time.LoadLocation(t.Timezone); err != nil || t.Timezone == "Local" {
				c.bag.Error(spec.CodeSchedule, s.Timezone.Span, "write it like UTC or Europe/Berlin", "there is no time zone %q", shortened(t.Timezone))
			}
		}
		t.Inputs = c.literals(s.Inputs, "an input of a schedule")
		c.scheduledInputs(p, s)
		out.Triggers = append(out.Triggers, t)
	}
}

// nicknames are what crontab has for some times, written out.
var nicknames = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
	"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}

func (c *checker) scheduledInputs(p *spec.Playbook, s spec.Schedule) {
	var names []string
	for _, in := range p.Inputs {
		names = append(names, in.Name.Text)
	}
	for _, e := range s.Inputs {
		i := slices.Index(names, e.Key.Text)
		if i < 0 {
			c.bag.Near(spec.CodeInput, e.Key.Span, e.Key.Text, names, "the playbook has no input %s", e.Key.Text)
			continue
		}
		if typ, known := inputTypes[p.Inputs[i].Type]; known && (e.Value.Kind != spec.String || !containsExpression(e.Value.Text)) {
			_, r := c.value(e.Value, emptyScope(nil), reading{})
			if fits, why := r.typ.Assignable(typ); !fits {
				c.bag.Error(spec.CodeResult, e.Value.Span, "", "the input %s %s", e.Key.Text, why)
			}
		}
	}
	for _, in := range p.Inputs {
		given := slices.ContainsFunc(s.Inputs, func(e spec.Entry) bool { return e.Key.Text == in.Name.Text })
		if in.Required && !given && s.Cron != nil {
			c.bag.Error(spec.CodeInput, s.Cron.Span, "add it to the schedule's `inputs`", "a run that this schedule starts needs the input %s", in.Name.Text)
		}
	}
}

// key checks what a run is alone with. It is computed before the first step.
func (c *checker) key(p *spec.Playbook, sc *scope, out *plan.Plan) {
	if p.Key == nil {
		return
	}
	value, r := c.value(p.Key, sc, reading{})
	if fits, _ := r.typ.Assignable(expr.Optional(expr.String())); !r.failed && !fits {
		if number, _ := r.typ.Assignable(expr.Optional(expr.Number())); !number {
			c.bag.Error(spec.CodeResult, p.Key.Span, "", "a key must be text, and this is %s", r.typ)
		}
	}
	out.Key, out.Overlap = &value, p.Overlap
}
