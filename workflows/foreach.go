package workflows

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/expr"
	"picket/playbooks/plan"
)

// foreach runs its steps for each item, at most AtOnce at a time. The first failure ends it, unless failures are collected.
func (r *run) foreach(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	items, err := f.items(ctx, s.Foreach)
	if err != nil {
		return outcome{}, fmt.Errorf("items: %w", err)
	}
	if err := tooMany(s.Foreach, len(items)); err != nil {
		return outcome{}, err
	}
	var got collected
	if s.Foreach.Batch > 0 && len(items) > s.Foreach.Batch {
		err = r.batches(ctx, f, s, items, &got)
	} else {
		_, err = r.each(ctx, f, s, items, 0, &got, nil)
	}
	out := outcome{status: contract.StepOK}
	if r.full {
		out.body.Items, out.body.Failed = len(items), got.Failed
	}
	if err != nil {
		return out, err
	}
	out.output, err = r.list(ctx, s.Foreach, got)
	return out, err
}

func tooMany(each *plan.Foreach, n int) error {
	switch {
	case each.Batch == 0 && n > MaxForeachItems:
		return fmt.Errorf("%d items: a foreach takes at most %d; filter or slice the list", n, MaxForeachItems)
	case each.AtMost > 0 && n > each.AtMost:
		return fail("invalid", "%d items: this foreach takes at most %d (at_most); filter or slice the list", n, each.AtMost)
	case n > MaxLoopItems:
		return fail("invalid", "%d items: a foreach takes at most %d; filter or slice the list", n, MaxLoopItems)
	}
	return nil
}

// collected is what the items of a foreach have come to.
type collected struct {
	Outputs []json.RawMessage `json:"outputs,omitempty"` // by item; none when the output is discarded
	Bytes   int               `json:"bytes,omitempty"`
	Failed  int               `json:"failed,omitempty"`
}

func (c *collected) add(more collected) error {
	c.Outputs = append(c.Outputs, more.Outputs...)
	c.Failed += more.Failed
	c.Bytes += more.Bytes
	if c.Bytes > MaxCollectedBytes {
		return fail("invalid", "the items' outputs have more than %d MiB; say with `collect` what the list is to have of each item", MaxCollectedBytes>>20)
	}
	return nil
}

// each runs the steps for items, of which the first has a number. It may be paused between items; done is how many
// have been worked on.
func (r *run) each(
	ctx workflow.Context, f *frame, s *plan.Step, items []json.RawMessage, number int, got *collected, pause func() bool,
) (done int, err error) {
	loop, cancel := workflow.WithCancel(ctx)
	defer cancel()
	window := workflow.NewSemaphore(loop, int64(max(s.Foreach.AtOnce, 1)))
	outputs := make([]json.RawMessage, len(items))
	running := 0
	var first error
	for i, item := range items {
		if i > 0 && pause != nil && pause() {
			break
		}
		if window.Acquire(loop, 1) != nil {
			break // cancelled, by a failed item or from outside
		}
		running++
		done++
		workflow.Go(loop, func(ctx workflow.Context) {
			inner := f.within(fmt.Sprintf("%s%s[%d]/", f.prefix, s.ID, number+i), s.Foreach.As, item, number+i)
			err := r.item(ctx, inner, s.Foreach, &outputs[i], got)
			if err != nil && first == nil {
				first = err
				cancel()
			}
			running--
			window.Release(1)
		})
	}
	if err := awaitAll(ctx, func() bool { return running == 0 }); err != nil {
		return done, err
	}
	if !s.Foreach.Discard {
		got.Outputs = append(got.Outputs, outputs[:done]...)
	}
	if err := ctx.Err(); err != nil {
		return done, err
	}
	return done, first
}

// item runs the steps for one item and keeps what the list is to have of it.
func (r *run) item(ctx workflow.Context, inner *frame, each *plan.Foreach, output *json.RawMessage, got *collected) error {
	err := r.block(ctx, inner, each.Steps)
	var more collected
	failed := catchable(err) && each.OnFailure == "collect"
	if failed {
		err, more.Failed = nil, 1
	}
	if !each.Discard {
		value, collectErr := collect(ctx, inner, each)
		if collectErr != nil {
			value = null
			if err == nil && !failed {
				err = fmt.Errorf("collect: %w", collectErr)
			}
		}
		*output, more.Bytes = value, len(value)
	}
	if tooLarge := got.add(more); tooLarge != nil && r.full && err == nil {
		err = tooLarge
	}
	return err
}

// collect is one item's element of the output.
func collect(ctx workflow.Context, inner *frame, each *plan.Foreach) (json.RawMessage, error) {
	if each.Collect != nil {
		return inner.value(ctx, *each.Collect)
	}
	return stepOutputs(inner, each.Steps), nil
}

// stepOutputs are the outputs of a block's steps by id; null for those that have not ended.
func stepOutputs(inner *frame, steps []plan.Step) json.RawMessage {
	fields := make([]plan.Field, 0, len(steps))
	for i := range steps {
		output := null
		if result, ok := inner.level.done[steps[i].ID]; ok {
			output = result.Output
		}
		fields = append(fields, plan.Field{Name: steps[i].ID, Value: plan.Value{Literal: output}})
	}
	return object(fields)
}

// list is a foreach's output.
func (r *run) list(ctx workflow.Context, each *plan.Foreach, got collected) (json.RawMessage, error) {
	if each.Discard {
		return null, nil
	}
	if r.full {
		return array(got.Outputs), nil
	}
	items := make([]plan.Value, len(got.Outputs))
	for i, o := range got.Outputs {
		items[i] = plan.Value{Literal: o}
	}
	return expr.EvalValue(plan.Value{List: items}, expr.NewScope(nil, workflow.Now(ctx)))
}
