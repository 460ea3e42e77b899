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
	shown := func(s soc.AlertState, err error) (any, error) {
		return alertState{s.Status, s.Severity, s.Classification, s.Reason, s.By}, err
	}
	change := func(make func(args map[string]any, now soc.AlertState) soc.AlertChange) nativeFunc {
		return func(ctx context.Context, args map[string]any) (any, error) {
			if alerts == nil {
				return nil, soc.Errorf(soc.Unavailable, "there is no queue of alerts here")
			}
			id := textArgument(args, "alert_id")
			now, err := alerts.AlertState(ctx, id)
			if err != nil {
				return nil, err
			}
			c := make(args, now)
			if c.Status == "" && c.Severity == "" {
				return shown(now, nil)
			}
			c.AlertID, c.Reason, c.By, c.RunID = id, textArgument(args, "reason"), byPlaybook, runOf(ctx)
			return shown(alerts.ChangeAlert(ctx, c))
		}
	}
	severity := func(fits func(to, now soc.Severity) bool) nativeFunc {
		return change(func(args map[string]any, now soc.AlertState) soc.AlertChange {
			to := soc.Severity(textArgument(args, "severity"))
			if !fits(to, now.Severity) {
				return soc.AlertChange{}
			}
			return soc.AlertChange{Severity: to}
		})
	}
	return map[string]nativeFunc{
		"alerts.get": func(ctx context.Context, args map[string]any) (any, error) {
			if alerts == nil {
				return nil, soc.Errorf(soc.Unavailable, "there is no queue of alerts here")
			}
			return shown(alerts.AlertState(ctx, textArgument(args, "alert_id")))
		},
		"alerts.close": change(func(args map[string]any, _ soc.AlertState) soc.AlertChange {
			return soc.AlertChange{Status: soc.AlertClosed, Classification: textArgument(args, "classification")}
		}),
		"alerts.reopen": change(func(map[string]any, soc.AlertState) soc.AlertChange {
			return soc.AlertChange{Status: soc.AlertOpen}
		}),
		"alerts.raise_severity": severity(func(to, now soc.Severity) bool { return to.ID() > now.ID() }),
		"alerts.lower_severity": severity(func(to, now soc.Severity) bool { return to.ID() < now.ID() }),
	}
}
