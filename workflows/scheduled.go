package workflows

import (
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
)

// Scheduled starts a run because its time has come. Temporal makes one workflow of it for each time of a schedule, and
// the run's id derives from the workflow's, so that a time starts one run.
func Scheduled(ctx workflow.Context, in contract.ScheduledInput) error {
	return workflow.ExecuteLocalActivity(recording(ctx), contract.ActivityStartScheduled, in).Get(ctx, nil)
}
