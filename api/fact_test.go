package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/soc"
)

func TestAFactIsProposedAndDecidedByAnother(t *testing.T) {
	p := start(t)
	ana, rob, lea := p.as("ana", soc.RoleAnalyst), p.as("rob", soc.RoleResponder), p.as("lea", soc.RoleLead)
	propose := func(c *client, text string, days int) answer {
		c.p.t.Helper()
		return c.post("/v1/facts", map[string]any{"type": "host", "value": "scan-01", "text": text, "source": "its owner", "days": days})
	}
	decide := func(c *client, id, status string) answer {
		c.p.t.Helper()
		return c.post("/v1/facts/"+id+"/decision", map[string]any{"status": status, "reason": "asked them"})
	}
	var f soc.Fact
	propose(ana, "Scans on Mondays", 30).is(201).into(&f)
	require.Equal(t, []string{soc.FactProposed, "ana", "ana"}, []string{f.Status, f.ProposedBy, f.Owner})
	decide(ana, f.ID, soc.FactApproved).is(403)
	decide(rob, f.ID, soc.FactApproved).is(200).into(&f)
	require.Equal(t, []string{soc.FactApproved, "rob"}, []string{f.Status, f.DecidedBy})
	decide(rob, f.ID, soc.FactRejected).is(409)
	decide(rob, "fct_none", soc.FactRejected).is(404)
	decide(lea, f.ID, "forgotten").is(422)

	propose(rob, "Is rob's own", 30).is(201).into(&f)
	decide(rob, f.ID, soc.FactApproved).is(403)
	propose(lea, "Is lea's own", 30).is(201).into(&f)
	decide(lea, f.ID, soc.FactApproved).is(200)
	propose(ana, "x", 0).is(422)
	propose(ana, " ", 3).is(422)
	propose(p.as("mute"), "x", 3).is(403)
	for query, want := range map[string]int{"": 3, "?status=approved": 2, "?value=SCAN-01&type=host": 3, "?q=mondays": 1, "?type=user": 0} {
		require.Len(t, ana.get("/v1/facts"+query).is(200).list().Items, want, query)
	}
	ana.get("/v1/facts?status=known").is(422)
}
