package connector

import (
	"context"
	"encoding/json"
	"time"

	"picket/internal/soc"
)

// Memory is what the organisation knows of entities. *store.Store is one.
type Memory interface {
	Known(ctx context.Context, kind, value string) ([]soc.Fact, error)
	ProposeFact(ctx context.Context, f soc.Fact) (soc.Fact, error)
}

// byPlaybook is who proposes what no person did.
const byPlaybook = "playbook"

type knownFact struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Text   string `json:"text"`
	Source string `json:"source"`
	Owner  string `json:"owner"`
	Until  string `json:"until"`
}

// known answers what is believed of an entity; without a memory, as in tests of playbooks, nothing is known.
func known(ctx context.Context, memory Memory, args map[string]any) (any, error) {
	out := struct {
		Value string      `json:"value"`
		Facts []knownFact `json:"facts"`
	}{textArgument(args, "value"), []knownFact{}}
	if memory == nil {
		return out, nil
	}
	facts, err := memory.Known(ctx, textArgument(args, "type"), out.Value)
	for _, f := range facts {
		out.Facts = append(out.Facts, knownFact{f.ID, f.Type, f.Text, f.Source, f.Owner, f.ExpiresAt.Format(time.RFC3339)})
	}
	return out, err
}

// toBeKnown proposes a fact.
func toBeKnown(ctx context.Context, memory Memory, args map[string]any) (any, error) {
	if memory == nil {
		return nil, soc.Errorf(soc.Unavailable, "there is no memory here to propose a fact to")
	}
	days, err := args["days"].(json.Number).Int64()
	if err != nil {
		return nil, soc.Errorf(soc.Invalid, "days is no whole number")
	}
	f, err := memory.ProposeFact(ctx, soc.Fact{
		Type: textArgument(args, "type"), Value: textArgument(args, "value"), Text: textArgument(args, "text"),
		Source: textArgument(args, "source"), Owner: textArgument(args, "owner"), ProposedBy: byPlaybook,
		ExpiresAt: time.Now().Add(time.Duration(days) * 24 * time.Hour),
	})
	return map[string]string{"id": f.ID, "status": f.Status}, err
}
