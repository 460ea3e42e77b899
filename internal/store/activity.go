package store

import (
	"context"
	"time"
)

// MaxActivityDays bounds how far back activity is counted.
const MaxActivityDays = 90

// Day is what happened on a day, UTC.
type Day struct {
	Day     string  `json:"day"` // 2026-01-31
	Alerts  int     `json:"alerts"`
	Runs    int     `json:"runs"`
	Failed  int     `json:"failed"` // of the runs: failed or timed out
	CostUSD float64 `json:"cost_usd"`
}

// Activity counts the last days, today included, the oldest first; a day without anything is there too.
func (s *Store) Activity(ctx context.Context, days int) ([]Day, error) {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	first := today.AddDate(0, 0, 1-min(max(days, 1), MaxActivityDays))
	list := []Day{}
	for d := first; !d.After(today); d = d.AddDate(0, 0, 1) {
		list = append(list, Day{Day: d.Format(time.DateOnly)})
	}
	q := s.read(ctx)
	at := func(day int64) *Day {
		i := int(day - first.UnixNano()/dayNS)
		if i < 0 || i >= len(list) {
			return &Day{} // it began while this was counted
		}
		return &list[i]
	}
	for _, count := range []struct {
		query string
		scan  func(row scanner) error
	}{
		{"SELECT received_ns / ?, COUNT(*) FROM alerts WHERE received_ns >= ? GROUP BY 1", func(row scanner) error {
			var day int64
			var n int
			err := row.Scan(&day, &n)
			at(day).Alerts = n
			return err
		}},
		{"SELECT created_ns / ?, COUNT(*), SUM(CASE WHEN status IN ('failed', 'timed_out') THEN 1 ELSE 0 END) FROM runs WHERE created_ns >= ? GROUP BY 1", func(row scanner) error {
			var day int64
			var n, failed int
			err := row.Scan(&day, &n, &failed)
			at(day).Runs, at(day).Failed = n, failed
			return err
		}},
		{"SELECT at_ns / ?, SUM(cost_usd) FROM model_usage WHERE at_ns >= ? GROUP BY 1", func(row scanner) error {
			var day int64
			var cost float64
			err := row.Scan(&day, &cost)
			at(day).CostUSD = cost
			return err
		}},
	} {
		if err := q.each(count.scan, count.query, dayNS, first.UnixNano()); err != nil {
			return nil, wrap("count what happened", err)
		}
	}
	return list, nil
}
