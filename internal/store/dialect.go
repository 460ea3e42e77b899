package store

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	_ "modernc.org/sqlite" // the driver "sqlite", the Temporal server's own

	"picket/internal/soc"
)

type dialect string

const (
	sqliteDialect   dialect = "sqlite"
	postgresDialect dialect = "postgres"
)

// readers bounds the connections that read: enough for a few slow lists beside the short lookups.
const readers = 8

// writePragmas are those of the one connection that writes. FULL makes every commit durable in WAL mode. The
// checkpoint's pages are four times the default, since each checkpoint costs two more syncs.
var writePragmas = []string{
	"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "recursive_triggers(1)",
	"wal_autocheckpoint(4000)", "journal_size_limit(67108864)", "cache_size(-16000)", "temp_store(2)", "trusted_schema(0)",
}

var readPragmas = []string{"busy_timeout(10000)", "query_only(1)", "cache_size(-4000)", "temp_store(2)", "trusted_schema(0)"}

func (s *Store) openSQLite(ctx context.Context, path string) error {
	s.dialect = sqliteDialect
	if path == "" || strings.HasPrefix(path, ":") {
		return soc.Errorf(soc.Invalid, "sqlite: needs the path of a file")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	// Made here so that it, and the files SQLite makes beside it, are ours alone.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return &soc.Error{Kind: soc.Unavailable, Message: "make the file", Err: err}
	}
	if err := file.Close(); err != nil {
		return err
	}
	if s.pool, err = sql.Open("sqlite", sqliteURI(path, writePragmas)); err != nil {
		return err
	}
	s.pool.SetMaxOpenConns(1)
	s.conn = &conn{pool: s.pool, prepare: true}
	if s.writes, err = gorm.Open(sqlite.New(sqlite.Config{Conn: s.conn}), gormConfig(false)); err != nil {
		return err
	}
	// Reading connections are opened only when the schema stands: journal_mode needs the write connection first.
	if s.reads, err = sql.Open("sqlite", sqliteURI(path, readPragmas)); err != nil {
		return err
	}
	s.reads.SetMaxOpenConns(readers)
	s.reads.SetMaxIdleConns(readers)
	s.reader, err = gorm.Open(sqlite.New(sqlite.Config{Conn: s.reads}), gormConfig(true))
	return err
}

func sqliteURI(path string, pragmas []string) string {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(path))
	return "file:" + escaped + "?" + url.Values{"_pragma": pragmas}.Encode()
}

func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	s.dialect = postgresDialect
	// The parser's error would hold the address, and that a password.
	if _, err := url.Parse(dsn); err != nil {
		return soc.Errorf(soc.Invalid, "the address is malformed; it looks like postgres://USER@HOST:5432/NAME")
	}
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(readers + 1)
	pool.SetMaxIdleConns(readers + 1)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return &soc.Error{Kind: soc.Unavailable, Message: "connect", Err: err}
	}
	s.pool, s.reads = pool, pool
	s.conn = &conn{pool: pool}
	// pgx keeps its own prepared statements, so gorm's are off.
	if s.writes, err = gorm.Open(postgres.New(postgres.Config{Conn: s.conn}), gormConfig(false)); err != nil {
		return err
	}
	s.reader, err = gorm.Open(postgres.New(postgres.Config{Conn: pool}), gormConfig(false))
	return err
}

func gormConfig(prepare bool) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true, // the writer has its own
		DisableAutomaticPing:   true,
		PrepareStmt:            prepare,
		PrepareStmtMaxSize:     200,
		Logger:                 logger.Discard, // gorm would log arguments, and they are alerts
	}
}
