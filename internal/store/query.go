package store

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"time"

	"gorm.io/gorm"
)

// querier runs raw SQL, with ? for arguments on both databases.
type querier struct{ db *gorm.DB }

// read is a querier over the reading connections; it sees every commit that was answered.
func (s *Store) read(ctx context.Context) querier { return querier{s.reader.WithContext(ctx)} }

// exec answers the number of rows that were changed.
func (q querier) exec(query string, args ...any) (int64, error) {
	result := q.db.Exec(query, args...)
	return result.RowsAffected, result.Error
}

// scanner is a row of a result.
type scanner interface{ Scan(...any) error }

// row is the first row; its Scan answers sql.ErrNoRows when there is none.
func (q querier) row(query string, args ...any) scanner {
	// Not gorm's Row: with prepared statements, one that could not be prepared gives an empty row whose Scan panics.
	rows, err := q.db.Raw(query, args...).Rows()
	return firstRow{rows, err}
}

// firstRow scans the first of some rows and closes them.
type firstRow struct {
	rows *sql.Rows
	err  error
}

func (r firstRow) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	defer func() { _ = r.rows.Close() }()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(into...); err != nil {
		return err
	}
	return r.rows.Close()
}

// each calls scan for every row.
func (q querier) each(scan func(scanner) error, query string, args ...any) error {
	rows, err := q.db.Raw(query, args...).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// all collects every row.
func all[T any](q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	items := []T{}
	err := q.each(func(row scanner) error {
		item, err := scan(row)
		if err == nil {
			items = append(items, item)
		}
		return err
	}, query, args...)
	return items, err
}

// where collects conditions that are joined by AND.
type where struct {
	conditions []string
	args       []any
}

func (w *where) add(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// nanos is a time as it is kept; the zero time is 0. What is too far away for 64 bits is as far as they go.
func nanos(t time.Time) int64 {
	switch year := t.Year(); {
	case t.IsZero():
		return 0
	case year > 2261:
		return math.MaxInt64
	case year < 1678:
		return math.MinInt64
	}
	return t.UnixNano()
}

// fromNanos undoes nanos.
func fromNanos(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// optionalTime is nil for the zero time.
func optionalTime(ns int64) *time.Time {
	if ns == 0 {
		return nil
	}
	t := fromNanos(ns)
	return &t
}

// plain makes text that both databases take: valid UTF-8 without NUL.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
