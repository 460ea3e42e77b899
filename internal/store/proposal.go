package store

import (
	"context"
	"encoding/json"
	"fmt"

	"picket/internal/contract"
	"picket/internal/soc"
)

// NoteProposal says in the ledger that somebody let a model write, with every request and answer, and counts what that used.
func (s *Store) NoteProposal(ctx context.Context, by string, calls []contract.ModelBody, body contract.ProposalBody) error {
	body.Words = plain(body.Words)
	return s.noteCalls(ctx, "proposal/"+soc.NewID("prp"), contract.KindPlaybookProposed, by, calls, body)
}

// NoteEvaluation says in the ledger that somebody measured providers, and counts what that used.
func (s *Store) NoteEvaluation(ctx context.Context, by string, calls []contract.ModelBody, body contract.EvaluationBody) error {
	return s.noteCalls(ctx, "evaluation/"+soc.NewID("evl"), contract.KindModelEvaluated, by, calls, body)
}

// NoteAskedAgain says in the ledger that somebody asked a model about a run again, and counts what that used.
func (s *Store) NoteAskedAgain(ctx context.Context, by string, call contract.ModelBody, body contract.AskedAgainBody) error {
	return s.noteCalls(ctx, "again/"+soc.NewID("agn"), contract.KindModelAskedAgain, by, []contract.ModelBody{call}, body)
}

// noteCalls appends the answers of models that belong to no run, and then what they were for.
func (s *Store) noteCalls(ctx context.Context, id, kind, by string, calls []contract.ModelBody, body any) error {
	var entries []soc.LedgerEntry
	add := func(key, kind string, of any) error {
		text, err := json.Marshal(of)
		entries = append(entries, soc.LedgerEntry{Key: key, Kind: kind, Actor: by, Body: text})
		return err
	}
	for i, call := range calls {
		if err := add(fmt.Sprintf("%s/%d", id, i+1), contract.KindModelAnswered, call); err != nil {
			return err
		}
	}
	if err := add(id, kind, body); err != nil {
		return err
	}
	if err := checkEntries(entries); err != nil {
		return err
	}
	return s.write(ctx, "note what models wrote", func(t *tx) error {
		_, err := t.append("", entries)
		return err
	})
}
