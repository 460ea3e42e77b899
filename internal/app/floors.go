package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/expr"
)

// FloorConfig is a floor rule: below which severity no verdict brings the alerts that it holds for. It raises what stands
// below.
type FloorConfig struct {
	Name     string       `yaml:"name"`
	Owner    string       `yaml:"owner"`
	Reason   string       `yaml:"reason"`
	When     string       `yaml:"when"` // an expression over alert
	Severity soc.Severity `yaml:"severity"`
}

// check says what is wrong with a floor rule.
func (f FloorConfig) check() error {
	switch {
	case f.Name == "" || f.Owner == "" || f.Reason == "":
		return fmt.Errorf("floors: the rule %q needs a name, an owner and a reason: somebody will ask why it is there", f.Name)
	case !slices.Contains(soc.Severities[1:], f.Severity):
		return fmt.Errorf("floors.%s: severity is one of %v, not %q", f.Name, soc.Severities[1:], f.Severity)
	}
	result, problems := expr.Check(f.When, expr.NewEnv(map[string]expr.Type{"alert": expr.AlertType()}))
	if len(problems) > 0 {
		return fmt.Errorf("floors.%s.when: %s (at character %d)", f.Name, problems[0].Message, problems[0].Offset+1)
	}
	if !result.CanBeBool() {
		return fmt.Errorf("floors.%s.when: it is a %s and not a condition", f.Name, result)
	}
	return nil
}

// floors are the floor rules of an instance.
type floors struct {
	rules []FloorConfig
	store *store.Store
}

// Floor is the highest of the floors that hold for the alert of a run; "" where there is none.
func (f floors) Floor(ctx context.Context, runID string) (name string, severity soc.Severity, err error) {
	if len(f.rules) == 0 {
		return "", "", nil
	}
	run, err := f.store.GetRun(ctx, runID)
	if err != nil || run.AlertID == "" {
		return "", "", err
	}
	alert, err := f.store.GetAlert(ctx, run.AlertID)
	if err != nil {
		return "", "", err
	}
	return f.of(alert)
}

// of is the highest of the floors that hold for an alert. A rule that fails on it holds for it: a floor errs on the high side.
func (f floors) of(alert soc.Alert) (name string, severity soc.Severity, err error) {
	document, err := json.Marshal(alert)
	if err != nil {
		return "", "", err
	}
	scope := expr.NewScope(expr.Vars{"alert": document}, time.Now())
	for _, rule := range f.rules {
		holds, err := expr.EvalBool(rule.When, scope)
		if (err != nil || holds) && rule.Severity.ID() > severity.ID() {
			name, severity = rule.Name, rule.Severity
		}
	}
	return name, severity, nil
}
