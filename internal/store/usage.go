package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"picket/internal/contract"
	"picket/internal/soc"
)

// How usage of models can be summed up.
const (
	UsageByDay      = "day" // UTC
	UsageByPlaybook = "playbook"
	UsageByProvider = "provider"
	UsageByModel    = "model"
	UsageByRun      = "run"
)

// usageMost bounds the sums of one answer.
const usageMost = 1000

// UsageFilter selects what models have used. Its zero value sums up everything.
type UsageFilter struct {
	By       string // "" is one sum
	RunID    string
	Playbook string
	Since    time.Time // zero is the beginning
	Until    time.Time // not included; zero is now
}

// Usage is what models have used, summed up by Key: a day such as 2026-01-31, or a name.
type Usage struct {
	Key       string  `json:"key"`
	Requests  int64   `json:"requests"`
	Failed    int64   `json:"failed"`
	TokensIn  int64   `json:"tokens_in"`
	TokensOut int64   `json:"tokens_out"`
	CostUSD   float64 `json:"cost_usd"` // of the requests whose price is known
	Unpriced  int64   `json:"unpriced"` // requests whose cost is not known
}

const dayNS = int64(24 * time.Hour)

// ModelUsage answers sums: days newest first, and anything else the dearest first, at most 1000.
func (s *Store) ModelUsage(ctx context.Context, f UsageFilter) ([]Usage, error) {
	key, order := "''", "cost DESC, tokens DESC, key"
	switch f.By {
	case "":
	case UsageByDay:
		key, order = fmt.Sprintf("CAST(at_ns / %d AS TEXT)", dayNS), "MAX(at_ns) DESC"
	case UsageByRun:
		key = "run_id"
	case UsageByPlaybook, UsageByProvider, UsageByModel:
		key = f.By
	default:
		return nil, soc.Errorf(soc.Invalid, "usage can be summed up by %s, %s, %s, %s or %s", UsageByDay, UsageByPlaybook, UsageByProvider, UsageByModel, UsageByRun)
	}
	w := where{}
	w.add("at_ns >= ?", nanos(f.Since))
	if !f.Until.IsZero() {
		w.add("at_ns < ?", nanos(f.Until))
	}
	if f.RunID != "" {
		w.add("run_id = ?", plain(f.RunID))
	}
	if f.Playbook != "" {
		w.add("playbook = ?", plain(f.Playbook))
	}
	query := "SELECT " + key + " AS key, COUNT(*), COALESCE(SUM(failed), 0), COALESCE(SUM(tokens_in), 0), COALESCE(SUM(tokens_out), 0)," +
		" COALESCE(SUM(cost_usd), 0) AS cost, COALESCE(SUM(no_price), 0), COALESCE(SUM(tokens_in + tokens_out), 0) AS tokens" +
		" FROM model_usage" + w.String()
	if f.By != "" {
		query += " GROUP BY 1 ORDER BY " + order + " LIMIT ?"
		w.args = append(w.args, usageMost)
	}
	sums, err := all(s.read(ctx), func(row scanner) (Usage, error) {
		var u Usage
		var tokens int64
		err := row.Scan(&u.Key, &u.Requests, &u.Failed, &u.TokensIn, &u.TokensOut, &u.CostUSD, &u.Unpriced, &tokens)
		if err == nil && f.By == UsageByDay {
			var day int64
			_, err = fmt.Sscan(u.Key, &day)
			u.Key = time.Unix(0, day*dayNS).UTC().Format(time.DateOnly)
		}
		return u, err
	}, query, w.args...)
	return sums, wrap("sum up what models have used", err)
}

// noteUsage writes down what an answer of a model has used, beside the entry that has just been appended.
func (t *tx) noteUsage(e soc.LedgerEntry) error {
	var body contract.ModelBody
	if json.Unmarshal(e.Body, &body) != nil {
		return nil // an entry of another shape stands in the ledger, and uses nothing that is known
	}
	var playbook string
	err := t.row("SELECT playbook FROM runs WHERE id = ?", e.RunID).Scan(&playbook)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	asked := body.Tried
	if len(asked) == 0 {
		one := contract.Tried{Provider: body.Provider, Model: body.Model, Answered: body.Error == nil, TokensIn: body.TokensIn, TokensOut: body.TokensOut}
		if !body.NoPrice {
			one.CostUSD = &body.CostUSD
		}
		asked = []contract.Tried{one}
	}
	for i, one := range asked {
		var cost float64
		unpriced, failed := 1, 1
		if one.CostUSD != nil {
			cost, unpriced = *one.CostUSD, 0
		}
		if one.Answered {
			failed = 0
		}
		if _, err := t.exec("INSERT INTO model_usage (seq, part, run_id, playbook, provider, model, at_ns, tokens_in, tokens_out, cost_usd, no_price, failed)"+
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			e.Seq, i, e.RunID, playbook, plain(one.Provider), plain(one.Model), nanos(e.At), one.TokensIn, one.TokensOut, cost, unpriced, failed); err != nil {
			return err
		}
	}
	return nil
}
