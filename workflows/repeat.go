package workflows

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// repeat runs its steps until or while a condition holds, at most AtMost times.
func (r *run) repeat(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	rep := s.Repeat
	switch {
	case rep.AtMost > MaxLoopItems:
		return outcome{}, fail("invalid", "a repeat takes at most %d rounds", MaxLoopItems)
	case rep.Batch == 0 && rep.AtMost > MaxForeachItems:
		return outcome{}, fail("invalid", "a repeat without batches takes at most %d rounds", MaxForeachItems)
	}
	var got rounds
	var err error
	if rep.Batch > 0 && rep.AtMost > rep.Batch {
		err = r.manyRounds(ctx, f, s, &got)
	} else {
		err = r.rounds(ctx, f, s, rep.AtMost, &got, nil)
	}
	out := outcome{status: contract.StepOK}
	out.body.Rounds = got.Number
	if err == nil && !got.Ended {
		err = fail("exhausted", "%d rounds have not brought the end of this repeat", rep.AtMost)
	}
	if err != nil {
		return out, err
	}
	out.output = object([]plan.Field{
		{Name: "rounds", Value: plan.Value{Literal: encoded(got.Number)}},
		{Name: "last", Value: plan.Value{Literal: lastOutputs(got.last, rep.Steps)}},
	})
	return out, nil
}

// rounds is how far a repeat has come.
type rounds struct {
	Number int  `json:"number"` // of rounds that have run
	Ended  bool `json:"ended,omitempty"`
	last   *frame
}

// rounds runs rounds from where it stands until the condition ends it or there have been so many. It may be paused
// between rounds.
func (r *run) rounds(ctx workflow.Context, f *frame, s *plan.Step, limit int, got *rounds, pause func() bool) error {
	rep := s.Repeat
	for {
		if got.Number == limit && limit < rep.AtMost || pause != nil && pause() {
			return nil // it goes on in another history
		}
		if got.Number > 0 && got.Number < rep.AtMost && rep.Every > 0 {
			r.flushBefore(ctx, millis(rep.Every))
			every := workflow.TimerOptions{Summary: f.prefix + s.ID + " every"}
			if err := workflow.NewTimerWithOptions(ctx, millis(rep.Every), every).Get(ctx, nil); err != nil {
				return err
			}
		}
		next := f.within(fmt.Sprintf("%s%s[%d]/", f.prefix, s.ID, got.Number), "", nil, got.Number)
		next.vars["last"] = lastOutputs(got.last, rep.Steps)
		if rep.While != "" {
			holds, err := next.seeing(got.last).holds(ctx, rep.While)
			if err != nil {
				return fmt.Errorf("while: %w", err)
			}
			if got.Ended = !holds; got.Ended {
				return nil
			}
		}
		if got.Number >= rep.AtMost {
			return nil // exhausted
		}
		if err := r.block(ctx, next, rep.Steps); err != nil {
			return err
		}
		got.Number, got.last = got.Number+1, next
		if rep.Until != "" {
			holds, err := next.holds(ctx, rep.Until)
			if err != nil {
				return fmt.Errorf("until: %w", err)
			}
			if got.Ended = holds; got.Ended {
				return nil
			}
		}
	}
}

// lastOutputs are the outputs of a round's steps by id; null when there was no round.
func lastOutputs(last *frame, steps []plan.Step) json.RawMessage {
	if last == nil {
		return null
	}
	return stepOutputs(last, steps)
}

// seeing is a frame of a round that also sees the steps of the round before.
func (f *frame) seeing(last *frame) *frame {
	if last == nil {
		return f
	}
	both := *f
	both.level = last.level
	return &both
}
