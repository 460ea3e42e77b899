package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"picket/internal/contract"
	"picket/playbooks/plan"
)

// outcome is how a step ended when it did not fail.
type outcome struct {
	status string // contract.StepOK, StepSkipped or StepDenied
	reason string
	output json.RawMessage
	kept   bool              // an activity has written the output to the ledger already
	body   contract.StepBody // what only the verb knows
}

// block runs steps one after the other, and those of a group at once. It ends at the first that fails or ends the run.
func (r *run) block(ctx workflow.Context, f *frame, steps []plan.Step) error {
	for i := 0; i < len(steps); {
		next := groupEnd(steps, i)
		var err error
		if next > i+1 {
			err = r.group(ctx, f, steps[i:next])
		} else {
			err = r.one(ctx, f, &steps[i])
		}
		if err != nil {
			return err
		}
		i = next
	}
	return nil
}

// one runs one step, notes how it ended and makes its result visible.
func (r *run) one(ctx workflow.Context, f *frame, s *plan.Step) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.settle(ctx, f, s, r.attempt(ctx, f, s))
}

// end is a step's end before anybody has seen it.
type end struct {
	started, ended time.Time
	out            outcome
	err            error
}

func (r *run) attempt(ctx workflow.Context, f *frame, s *plan.Step) end {
	e := end{started: workflow.Now(ctx).UTC()}
	e.out, e.err = r.perform(ctx, f, s)
	e.ended = workflow.Now(ctx).UTC()
	return e
}

// settle notes how a step ended, makes its result visible, and decides what its failure means.
func (r *run) settle(ctx workflow.Context, f *frame, s *plan.Step, e end) error {
	result := seen{Status: e.out.status, Output: e.out.output}
	reason := e.out.reason
	var stop *stopped
	switch {
	case e.err == nil:
	case errors.As(e.err, &stop):
		result.Status, reason = contract.StepOK, stop.reason
		if s.Verb == plan.VerbApprove {
			result.Status = contract.StepDenied
		}
	case temporal.IsCanceledError(e.err):
		result.Status = contract.StepCancelled
	default:
		result.Status, result.Error = contract.StepFailed, callError(e.err)
		if result.Error.Kind == "unknown" {
			result.Status = contract.StepUnknown
		}
	}
	body := e.out.body
	body.Verb, body.Title, body.Started, body.Ended, body.Group = s.Verb, s.Title, e.started, e.ended, s.Group
	body.Status, body.Reason, body.Error = result.Status, reason, result.Error
	if !e.out.kept {
		body.Output = e.out.output
	}
	path := f.prefix + s.ID
	r.note(ctx, path+"/end", contract.KindStepFinished, path, body)
	f.finish(s.ID, result)
	r.flushLong(ctx)
	return r.after(s, path, e.err)
}

// after is what a step's error means to the block that it stands in.
func (r *run) after(s *plan.Step, path string, err error) error {
	if !catchable(err) {
		return err
	}
	if s.OnError == "continue" {
		return nil
	}
	var named *failure
	if !errors.As(err, &named) {
		err = &failure{step: path, err: err}
	}
	if s.OnError == "undo" {
		return &undoing{err}
	}
	return err
}

// perform does what the step's verb says.
func (r *run) perform(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	if s.If != "" {
		holds, err := f.holds(ctx, s.If)
		if err != nil {
			return outcome{}, fmt.Errorf("if: %w", err)
		}
		if !holds {
			return outcome{status: contract.StepSkipped, reason: "if: " + s.If}, nil
		}
	}
	switch s.Verb {
	case plan.VerbAction:
		return r.action(ctx, f, s)
	case plan.VerbSet:
		return r.set(ctx, f, s)
	case plan.VerbChoose:
		return r.choose(ctx, f, s)
	case plan.VerbParallel:
		return r.parallel(ctx, f, s)
	case plan.VerbForeach:
		return r.foreach(ctx, f, s)
	case plan.VerbRepeat:
		return r.repeat(ctx, f, s)
	case plan.VerbWait:
		return r.wait(ctx, f, s)
	case plan.VerbCall:
		return r.call(ctx, f, s)
	case plan.VerbModel:
		return r.model(ctx, f, s)
	case plan.VerbAgent:
		return r.agent(ctx, f, s)
	case plan.VerbApprove:
		return r.approve(ctx, f, s)
	case plan.VerbAsk:
		return r.ask(ctx, f, s)
	case plan.VerbTry:
		return r.try(ctx, f, s)
	case plan.VerbStop:
		return r.stop(ctx, f, s)
	}
	return outcome{}, fmt.Errorf("verb %q is not known to this interpreter", s.Verb)
}

func (r *run) set(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	output, err := f.value(ctx, plan.Value{Object: s.Set})
	return outcome{status: contract.StepOK, output: output}, err
}

func (r *run) stop(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	reason, err := f.text(ctx, s.Stop.Reason)
	if err != nil {
		return outcome{}, fmt.Errorf("reason: %w", err)
	}
	return outcome{}, &stopped{status: s.Stop.Status, reason: reason}
}

func (r *run) choose(ctx workflow.Context, f *frame, s *plan.Step) (outcome, error) {
	for i, b := range s.Choose.Branches {
		holds, err := f.holds(ctx, b.When)
		if err != nil {
			return outcome{}, fmt.Errorf("when of branch %d: %w", i+1, err)
		}
		if holds {
			return r.branch(ctx, f, b.Steps, "when: "+b.When, fmt.Sprint(i+1))
		}
	}
	return r.branch(ctx, f, s.Choose.Else, "else", "else")
}

func (r *run) branch(ctx workflow.Context, f *frame, steps []plan.Step, reason, name string) (outcome, error) {
	out := outcome{status: contract.StepOK, reason: reason}
	if r.full {
		out.body.Branch = name
	}
	return out, r.block(ctx, f, steps)
}
