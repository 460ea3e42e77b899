package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"picket/internal/soc"
)

// SQLite's result codes and PostgreSQL's states that mean something to us. gorm's translation does not know the
// codes of modernc.org/sqlite.
const (
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteReadOnly   = 8
	sqliteIO         = 10
	sqliteFull       = 13
	sqliteForeignKey = 787
	sqlitePrimaryKey = 1555
	sqliteUnique     = 2067

	pgUnique         = "23505"
	pgForeignKey     = "23503"
	pgSerialization  = "40001"
	pgDeadlock       = "40P01"
	pgBadEncoding    = "22021"
	pgConnectionKind = "08"
	pgResourcesKind  = "53"
	pgOperatorKind   = "57"
)

func sqliteCode(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code()
	}
	return 0
}

func pgState(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState()
	}
	return ""
}

// wrap gives a database error its kind and says what was being done. An error that has a kind keeps it.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	kind := soc.Internal
	if known, ok := errors.AsType[*soc.Error](err); ok {
		return &soc.Error{Kind: known.Kind, Message: doing, Err: err}
	}
	code, state := sqliteCode(err), pgState(err)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return soc.Errorf(soc.NotFound, "%s: there is none", doing)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), disconnected(err):
		kind = soc.Unavailable
	case code == sqliteUnique, code == sqlitePrimaryKey, state == pgUnique:
		kind = soc.Conflict
	case code == sqliteForeignKey, state == pgForeignKey, state == pgBadEncoding:
		kind = soc.Invalid
	case code&0xff == sqliteBusy, code&0xff == sqliteLocked, code&0xff == sqliteFull, code&0xff == sqliteIO,
		code&0xff == sqliteReadOnly, retryable(err),
		strings.HasPrefix(state, pgConnectionKind), strings.HasPrefix(state, pgResourcesKind), strings.HasPrefix(state, pgOperatorKind):
		kind = soc.Unavailable
	}
	return &soc.Error{Kind: kind, Message: doing, Err: err}
}

// retryable tells whether PostgreSQL rolled back a transaction that may simply be repeated.
func retryable(err error) bool {
	state := pgState(err)
	return state == pgSerialization || state == pgDeadlock
}

// disconnected tells whether the connection is gone.
func disconnected(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return true
	}
	// A deadline of ours is a net.Error too, but says nothing of the connection.
	if _, ok := errors.AsType[net.Error](err); ok && !errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	state := pgState(err)
	return strings.HasPrefix(state, pgConnectionKind) || strings.HasPrefix(state, "57P0")
}
