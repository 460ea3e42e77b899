package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
)

// MaxJudgements bounds what one figure is computed from: the newest judgements.
const MaxJudgements = 20_000

// JudgementFilter selects judgements, the newest first; its zero value selects all, up to MaxJudgements.
type JudgementFilter struct {
	RunID           string
	Provider, Model string // both, or neither
	Since           time.Time
	Limit           int
}

// Judge keeps what a person says of a step's verdict, in the place of what was said before, and says so in the ledger.
func (s *Store) Judge(ctx context.Context, j soc.Judgement) (soc.Judgement, error) {
	doing := "judge a verdict"
	if j.RunID == "" || j.Step == "" || j.By == "" || j.Verdict == "" || j.Right == "" {
		return soc.Judgement{}, soc.Errorf(soc.Invalid, "%s: it needs a run, a step, a person, a verdict and the right one", doing)
	}
	err := s.write(ctx, doing, func(t *tx) error {
		j.At = t.now
		doc, err := json.Marshal(j)
		if err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO judgements (run_id, step, alert_id, playbook, source, rule, verdict, correct, confidence, provider, model, doc, at_ns)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run_id, step) DO UPDATE SET correct = excluded.correct, doc = excluded.doc, at_ns = excluded.at_ns`,
			plain(j.RunID), plain(j.Step), plain(j.AlertID), plain(j.Playbook), plain(j.Source), plain(j.Rule), plain(j.Verdict), plain(j.Right),
			j.Confidence, plain(j.Provider), plain(j.Model), plain(string(doc)), nanos(j.At)); err != nil {
			return err
		}
		entry := soc.LedgerEntry{
			Key: j.Step + "/judged/" + soc.NewID("jdg"), Kind: contract.KindVerdictJudged, Step: j.Step, Actor: j.By, At: j.At, Body: doc,
		}
		if err := checkEntries([]soc.LedgerEntry{entry}); err != nil {
			return err
		}
		_, err = t.append(j.RunID, []soc.LedgerEntry{entry})
		return err
	})
	return j, err
}

// Judgements lists what people say of verdicts, the newest first.
func (s *Store) Judgements(ctx context.Context, f JudgementFilter) ([]soc.Judgement, error) {
	w := where{}
	if f.RunID != "" {
		w.add("run_id = ?", plain(f.RunID))
	}
	if f.Provider != "" {
		w.add("provider = ? AND model = ?", plain(f.Provider), plain(f.Model))
	}
	if !f.Since.IsZero() {
		w.add("at_ns >= ?", nanos(f.Since))
	}
	limit := MaxJudgements
	if f.Limit > 0 {
		limit = min(f.Limit, MaxJudgements)
	}
	list, err := all(s.read(ctx), func(row scanner) (soc.Judgement, error) {
		var doc string
		var j soc.Judgement
		if err := row.Scan(&doc); err != nil {
			return j, err
		}
		if err := json.Unmarshal([]byte(doc), &j); err != nil {
			return j, fmt.Errorf("read a kept judgement: %w", err)
		}
		return j, nil
	}, "SELECT doc FROM judgements"+w.String()+" ORDER BY at_ns DESC, run_id, step LIMIT ?", append(w.args, limit)...)
	return list, wrap("list judgements", err)
}
