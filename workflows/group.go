package workflows

import (
	"go.temporal.io/sdk/workflow"

	"picket/playbooks/plan"
)

// groupEnd is where the steps end that run together with the one at i.
func groupEnd(steps []plan.Step, i int) int {
	next := i + 1
	for steps[i].Group != 0 && next < len(steps) && steps[next].Group == steps[i].Group {
		next++
	}
	return next
}

// group runs steps at once that do not depend on each other. All of them end; their results become visible, and are
// noted, in the order of the source, and the first in that order that failed is the group's error.
func (r *run) group(ctx workflow.Context, f *frame, steps []plan.Step) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ends := make([]end, len(steps))
	ended := 0
	for i := range steps {
		workflow.Go(ctx, func(ctx workflow.Context) {
			ends[i] = r.attempt(ctx, f, &steps[i])
			ended++
		})
	}
	if err := awaitAll(ctx, func() bool { return ended == len(steps) }); err != nil {
		return err
	}
	var first error
	for i := range steps {
		if err := r.settle(ctx, f, &steps[i], ends[i]); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// awaitAll waits until all of what was started has ended, also when it was cancelled: it then ends by itself, and what
// it did is kept.
func awaitAll(ctx workflow.Context, ended func() bool) error {
	all, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	return workflow.Await(all, ended)
}
