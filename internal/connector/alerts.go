package connector

import (
	"context"

	"picket/internal/soc"
)

// Alerts is the queue of alerts. It refuses with Denied what a floor rule forbids.
type Alerts interface {
	AlertState(ctx context.Context, id string) (soc.AlertState, error)
	ChangeAlert(ctx context.Context, c soc.AlertChange) (soc.AlertState, error)
}

type runKey struct{}

// runOf is the run that a native operation is called by; "" for none.
func runOf(ctx context.Context) string {
	id, _ := ctx.Value(runKey{}).(string)
	return id
}

// alertState is an output of the connector alerts.
type alertState struct {
	Status         string       `json:"status"`
	Severity       soc.Severity `json:"severity"`
	Classification string       `json:"classification"`
	Reason         string       `json:"reason"`
	By             string       `json:"by"`
}

func alertFuncs(alerts Alerts) map[string]nativeFunc {
	on := func(do func(ctx context.Context, id string, args map[string]any) (soc.AlertState, error)) nativeFunc {
		return func(ctx context.Context, args map[string]any) (any, error) {
			if alerts == nil {
				return nil, soc.Errorf(soc.Unavailable, "there is no queue of alerts here")
			}
			s, err := do(ctx, textArgument(args, "alert_id"), args)
			return alertState{s.Status, s.Severity, s.Classification, s.Reason, s.By}, err
		}
	}
	change := func(ctx context.Context, id string, args map[string]any, c soc.AlertChange) (soc.AlertState, error) {
		c.AlertID, c.Reason, c.By, c.RunID = id, textArgument(args, "reason"), byPlaybook, runOf(ctx)
		return alerts.ChangeAlert(ctx, c)
	}
	severity := func(fits func(to, now int) bool) nativeFunc {
		return on(func(ctx context.Context, id string, args map[string]any) (soc.AlertState, error) {
			now, err := alerts.AlertState(ctx, id)
			to := soc.Severity(textArgument(args, "severity"))
			if err != nil || !fits(to.ID(), now.Severity.ID()) {
				return now, err
			}
			return change(ctx, id, args, soc.AlertChange{Severity: to})
		})
	}
	return map[string]nativeFunc{
		"alerts.get": on(func(ctx context.Context, id string, _ map[string]any) (soc.AlertState, error) {
			return alerts.AlertState(ctx, id)
		}),
		"alerts.close": on(func(ctx context.Context, id string, args map[string]any) (soc.AlertState, error) {
			return change(ctx, id, args, soc.AlertChange{Status: soc.AlertClosed, Classification: textArgument(args, "classification")})
		}),
		"alerts.reopen": on(func(ctx context.Context, id string, args map[string]any) (soc.AlertState, error) {
			return change(ctx, id, args, soc.AlertChange{Status: soc.AlertOpen})
		}),
		"alerts.raise_severity": severity(func(to, now int) bool { return to > now }),
		"alerts.lower_severity": severity(func(to, now int) bool { return to < now }),
	}
}
