package store

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"gorm.io/gorm"
)

// statementLimit bounds the prepared statements of the write connection: the product has far fewer.
const statementLimit = 256

// conn is the connection that writes, as a gorm.ConnPool. It stays the same connection over BEGIN and COMMIT, keeps
// its prepared statements, and takes a fresh connection after reset. Only one goroutine may use it.
type conn struct {
	pool       *sql.DB
	prepare    bool // keep statements here; PostgreSQL's driver does that itself
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

var _ gorm.ConnPool = (*conn)(nil)

func (c *conn) open(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	fresh, err := c.pool.Conn(ctx)
	if err != nil {
		return err
	}
	c.conn, c.statements = fresh, map[string]*sql.Stmt{}
	return nil
}

// reset gives the connection back; the next use takes another.
func (c *conn) reset() error {
	if c.conn == nil {
		return nil
	}
	c.closeStatements()
	err := c.conn.Close()
	c.conn = nil
	return err
}

// discard is reset for a connection whose state is not known: the pool closes it.
func (c *conn) discard() {
	if c.conn == nil {
		return
	}
	c.closeStatements() // before the connection: SQLite's statements must not outlive it
	_ = c.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.conn.Close()
	c.conn = nil
}

func (c *conn) closeStatements() {
	for _, statement := range c.statements {
		statement.Close()
	}
	c.statements = nil
}

// statement is the kept statement of a query, or nil when it is not to be kept.
func (c *conn) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := c.open(ctx); err != nil {
		return nil, err
	}
	if !c.prepare {
		return nil, nil
	}
	if statement, ok := c.statements[query]; ok {
		return statement, nil
	}
	if len(c.statements) >= statementLimit {
		return nil, nil
	}
	statement, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.statements[query] = statement
	return statement, nil
}

// PrepareContext is part of gorm.ConnPool.
func (c *conn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := c.open(ctx); err != nil {
		return nil, err
	}
	return c.conn.PrepareContext(ctx, query)
}

// script runs several statements, which are not kept.
func (c *conn) script(ctx context.Context, text string) error {
	if err := c.open(ctx); err != nil {
		return err
	}
	_, err := c.conn.ExecContext(ctx, text)
	return err
}

// ExecContext is part of gorm.ConnPool.
func (c *conn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if statement == nil {
		return c.conn.ExecContext(ctx, query, args...)
	}
	return statement.ExecContext(ctx, args...)
}

// QueryContext is part of gorm.ConnPool.
func (c *conn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if statement == nil {
		return c.conn.QueryContext(ctx, query, args...)
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext is part of gorm.ConnPool. The row carries the error of a connection that could not be had.
func (c *conn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	statement, err := c.statement(ctx, query)
	if err != nil || statement == nil {
		if c.conn == nil {
			return c.pool.QueryRowContext(ctx, query, args...)
		}
		return c.conn.QueryRowContext(ctx, query, args...)
	}
	return statement.QueryRowContext(ctx, args...)
}
