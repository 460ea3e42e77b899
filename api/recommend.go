package api

import (
	"context"
	"fmt"

	"github.com/gin-gonic/gin"

	"picket/internal/recommend"
	"picket/internal/soc"
	"picket/internal/store"
	"picket/playbooks"
	"picket/playbooks/plan"
)

// askRecommended starts the run that makes a call which a verdict recommends. A consequential one asks for its approval.
func (s *Server) askRecommended(c *gin.Context) {
	var in struct {
		Step   string `json:"step"`
		Number int    `json:"number"`
		Reason string `json:"reason"`
	}
	if !s.decode(c, smallBody, &in) || !s.somebody(c, "asking for a call") {
		return
	}
	reason, ok := s.reason(c, in.Reason)
	if !ok {
		return
	}
	key, ok := s.idempotency(c)
	if !ok {
		return
	}
	run, ok := s.run(c)
	if !ok {
		return
	}
	verdict, ok := s.verdictOf(c, run, in.Step)
	if !ok {
		return
	}
	if in.Number < 0 || in.Number >= len(verdict.Recommended) {
		s.invalid(c, "/number", fmt.Sprintf("the verdict recommends %d calls, numbered from 0", len(verdict.Recommended)))
		return
	}
	operation, ok := s.operationOf(verdict.Recommended[in.Number].Operation)
	if !ok {
		s.invalid(c, "/number", "there is no operation "+bounded(verdict.Recommended[in.Number].Operation))
		return
	}
	who := me(c)
	s.startOnce(c, key, fmt.Sprintf("recommended %s %s %d", run.ID, in.Step, in.Number), func() (soc.Run, error) {
		s.undoing.Lock() // so that two people who press the button make one run
		defer s.undoing.Unlock()
		ctx := c.Request.Context()
		of, err := s.planOf(ctx, run)
		if err != nil {
			return soc.Run{}, err
		}
		p, err := recommend.Plan(recommend.Ask{
			Of: run, Owner: of.Owner, Step: in.Step, Verdict: verdict, Number: in.Number, Operation: operation, By: who.Account.Name, Reason: reason,
		})
		if err != nil {
			return soc.Run{}, err
		}
		if err := s.notAskedYet(ctx, run, p); err != nil {
			return soc.Run{}, err
		}
		s.Log.InfoContext(ctx, "recommended call asked for", "run_id", run.ID, "operation", operation.Name, "user", who.Account.Name, "token", who.Token, "request_id", requestID(c))
		return s.Intake.StartPlan(ctx, run, p, soc.TriggerRecommended, who.Account.Name)
	})
}

func (s *Server) operationOf(name string) (playbooks.Operation, bool) {
	for _, op := range s.Workshop.Operations() {
		if op.Name == name {
			return op, true
		}
	}
	return playbooks.Operation{}, false
}

// planOf is the plan that a run was started with.
func (s *Server) planOf(ctx context.Context, run soc.Run) (*plan.Plan, error) {
	kept, err := s.Reader.PlanByDigest(ctx, run.PlanDigest)
	if err != nil {
		return nil, err
	}
	return kept.Decode()
}

// notAskedYet is a Conflict while another run asks for the same call, or has made it.
func (s *Server) notAskedYet(ctx context.Context, run soc.Run, p *plan.Plan) error {
	others, _, err := s.Reader.Runs(ctx, store.RunFilter{Parent: run.ID, Trigger: soc.TriggerRecommended, Limit: 500})
	if err != nil {
		return err
	}
	for _, other := range others {
		its, err := s.planOf(ctx, other)
		if err != nil {
			return err
		}
		if recommend.Same(its, p) && !other.Status.Final() {
			return soc.Errorf(soc.Conflict, "the run %s asks for this call already", other.ID)
		}
	}
	return nil
}
