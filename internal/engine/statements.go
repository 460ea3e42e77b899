package engine

import (
	"context"
	"database/sql/driver"
	"errors"
)

// maxStatements bounds what a connection keeps prepared. The server has about a hundred statements; queries of the
// visibility store are many more, and when they fill the cache it begins anew.
const maxStatements = 256

// connector opens SQLite connections that keep their statements prepared. The driver alone parses each statement
// again each time, which was an eighth of all work, done while everybody else waited for the connection.
type connector struct {
	driver driver.Driver
	dsn    string
}

var _ driver.Connector = (*connector)(nil)

func (c *connector) Driver() driver.Driver { return c.driver }

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	inner, ok := opened.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("the sqlite driver's connections lack what the engine needs"), opened.Close())
	}
	return &conn{sqliteConn: inner, statements: map[string]*statement{}}, nil
}

// sqliteConn is what a connection of the driver can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection with its prepared statements. Like every driver's it is used by one goroutine at a time.
type conn struct {
	sqliteConn
	statements map[string]*statement
}

type statement struct {
	driver.Stmt
	busy bool // its rows are being read: another use of the same text must not disturb them
}

// statement gives the prepared statement of a query; nil when the one there is in use.
func (c *conn) statement(ctx context.Context, query string) (*statement, error) {
	if s, ok := c.statements[query]; ok {
		if s.busy {
			return nil, nil
		}
		return s, nil
	}
	if len(c.statements) >= maxStatements {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &statement{Stmt: prepared}
	c.statements[query] = s
	return s, nil
}

// forget closes every statement that is not in use.
func (c *conn) forget() (err error) {
	for query, s := range c.statements {
		if !s.busy {
			err = errors.Join(err, s.Close())
			delete(c.statements, query)
		}
	}
	return err
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	found, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &rows{Rows: found, of: s}, nil
}

func (c *conn) Close() error {
	err := c.forget()
	return errors.Join(err, c.sqliteConn.Close())
}

// rows give their statement free when they are closed.
type rows struct {
	driver.Rows
	of *statement
}

func (r *rows) Close() error {
	err := r.Rows.Close()
	r.of.busy = false
	return err
}
