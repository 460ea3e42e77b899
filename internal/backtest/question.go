package backtest

import (
	"context"
	"errors"

	"picket/internal/contract"
	"picket/internal/model"
	"picket/internal/rehearsal"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks/plan"
)

// Asked is what a model step of a run asked a model: its prompt, and its evidence as it was then. The run's own plan is
// played from its record up to there, and nothing is called. Of an agent it is what it knew in its last turn: what its tools
// answered is evidence like any other, and there are no tools. For a step that the run did not come to the error is a soc.Invalid.
func Asked(ctx context.Context, records Records, run soc.Run, p *plan.Plan, step string) (contract.ModelInput, error) {
	b := &backtest{records: records, options: Options{Plan: p}, had: map[string]bool{}}
	rec, err := load(ctx, records, run)
	if err != nil {
		return contract.ModelInput{}, err
	}
	if rec.started.IsZero() {
		return contract.ModelInput{}, soc.Errorf(soc.Invalid, "the ledger does not have the run's beginning")
	}
	world := &listener{recorded: newRecorded(ctx, b, rec), step: step}
	_, err = rehearsal.Play(rehearsal.Script{
		Plan: p, RunID: run.ID, Trigger: rec.trigger, Start: rec.started, Shadow: rec.shadow, World: world, StopAtFault: true, Effect: b.effect,
	})
	switch {
	case world.heard != nil:
		return *world.heard, nil
	case err != nil:
		return contract.ModelInput{}, err
	}
	return contract.ModelInput{}, soc.Errorf(soc.Invalid, "what the step %s asked can't be put together from the record: it is no model step, or the run did not come to it", step)
}

// listener stops a rehearsal at the question of one step.
type listener struct {
	*recorded
	step  string
	heard *contract.ModelInput
}

var errHeard = errors.New("heard")

// Model answers from the record until the step asks; an agent, until the turn that was its last.
func (l *listener) Model(m rehearsal.Model) (contract.ModelOutput, error) {
	switch {
	case m.Path == l.step && m.In.Turn == 0:
		in := m.In
		l.heard = &in
	case m.In.Turn > 0 && contract.StepPath(m.Path) == contract.StepPath(l.step):
		out, err := l.recorded.Model(m)
		if err != nil || out.Output == nil {
			return out, err
		}
		in := m.In
		in.Evidence = nil
		for _, e := range model.RequestOf(m.In).AllEvidence() {
			in.Evidence = append(in.Evidence, contract.Evidence(e))
		}
		in.Turns, in.Tools, in.Turn, in.Conclude = nil, nil, 0, ""
		l.heard = &in
	default:
		return l.recorded.Model(m)
	}
	return contract.ModelOutput{}, errHeard
}

// Plans keeps the plans of runs. *store.Store is one.
type Plans interface {
	PlanByDigest(ctx context.Context, digest string) (store.Plan, error)
}

// Gathered is what a playbook had gathered beside the alert when a step of a run asked for its verdict, and what it had asked
// for in vain; of an agent with what its tools found. It is empty where the record does not tell.
func Gathered(ctx context.Context, records Records, plans Plans, j soc.Judgement) ([]soc.Evidence, []string, error) {
	run, err := records.GetRun(ctx, j.RunID)
	if err != nil {
		return nil, nil, err
	}
	kept, err := plans.PlanByDigest(ctx, run.PlanDigest)
	if err != nil {
		return nil, nil, err
	}
	p, err := kept.Decode()
	if err != nil {
		return nil, nil, err
	}
	in, err := Asked(ctx, records, run, p, j.Step)
	if soc.KindOf(err) == soc.Invalid {
		return nil, nil, nil
	}
	var evidence []soc.Evidence
	for _, e := range in.Evidence {
		if e.ID != "alert" { // it stands in the line by itself
			evidence = append(evidence, soc.Evidence(e))
		}
	}
	return evidence, in.Missing, err
}
